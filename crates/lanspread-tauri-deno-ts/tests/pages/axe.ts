// Looks for what people with other senses or hands would stumble over, in every scenario and view.
//
// Invariant: one violation of WCAG 2.2 A or AA, or of the engine's good practices, fails the check.

import axe from "axe-core";
import { finish, type Look, type Pages, withPages } from "./browser.ts";

const PLACES: [scenario: string, hash: string][] = [
  ["party", "#/library"],
  ["party", "#/library?game=0ad"],
  ["party", "#/library?game=teeworlds"],
  ["party", "#/library?game=xonotic"],
  ["party", "#/transfers"],
  ["party", "#/party"],
  ["talk", "#/party"],
  ["talk", "#/library"],
  ["party", "#/help"],
  ["party", "#/settings"],
  ["party", "#/library?words=qqqq"],
  ["empty", "#/library"],
  ["dozen", "#/library"],
  ["many", "#/library"],
  ["stalled", "#/transfers"],
  ["failing", "#/transfers"],
  ["failing", "#/library?game=openarena"],
  ["waiting", "#/transfers"],
  ["told", "#/transfers"],
  ["told", "#/party"],
  ["told", "#/help"],
  ["told", "#/library?game=teeworlds"],
  ["no-peers", "#/help"],
  ["no-peers", "#/party"],
  ["no-folder", "#/help"],
  ["many", "#/party"],
  ["multicast-blocked", "#/help"],
  ["read-only", "#/help"],
  ["slow-clock", "#/help"],
  ["nearly-full", "#/transfers"],
  ["no-network", "#/library"],
  ["long-titles", "#/library"],
  ["rtl", "#/library"],
  ["rtl", "#/party"],
  ["errors", "#/library"],
  ["lost", "#/library"],
  ["lost", "#/help"],
  ["guest", "#/library"],
  ["guest", "#/library?game=teeworlds"],
  ["guest", "#/library?game=xonotic"],
  ["guest", "#/party"],
  ["guest", "#/help"],
  ["guest", "#/settings"],
  ["elsewhere", "#/library?game=teeworlds"],
  ["first-run", ""],
  ["dropped", "#/library"],
  ["restart-needed", "#/settings"],
  ["queue", "#/transfers"],
  ["evening", "#/party"],
  ["party", "#/logs"],
  ["party", "#/logs?log=games"],
  ["party", "#/logs?log=program"],
  ["empty", "#/logs?log=program"],
  ["queue", "#/library?game=nexuiz"],
  ["browser", "#/settings"],
  ["elsewhere", "#/settings"],
  ["code-given", "#/settings"],
  ["full", "#/library"],
];

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
const LOOKS: Look[] = [
  { ...WIDE, theme: "dark", language: "en" },
  { ...WIDE, theme: "light", language: "de" },
  { ...NARROW, theme: "dark", language: "de", density: "compact" },
];
const ACCENTS = ["lagoon", "moss", "plum", "coral"];

/** The side sheet slides in; colours are measured when it has come to rest. */
const SETTLE_MS = 600;

async function inspect(pages: Pages, scenario: string, hash: string, look: Look): Promise<void> {
  const page = await pages.open(scenario, hash, look);
  if (scenario === "errors") {
    await page.locator(".button-main").first().click();
    await page.locator(".refusal").waitFor();
  }
  // Whatever can be opened is looked at, too.
  await page.evaluate(() => {
    for (const closed of document.querySelectorAll("details")) closed.open = true;
  });
  await page.waitForTimeout(SETTLE_MS);
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: engine } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await engine.run(document, { resultTypes: ["violations"] });
    return violations.flatMap((violation) =>
      violation.nodes.map((node) =>
        `${violation.id}: ${node.target.join(" ")} ${node.failureSummary}`
      )
    );
  });
  const where = `${scenario}${hash} ${look.width} ${look.theme} ${look.language}`;
  pages.errors.push(...found.map((line) => `${where}: ${line}`));
  await page.context().close();
}

/** With `--short`, as the default tests have it, each place is looked at once, in one look after the other, and each
 * accent on white, where it has the least contrast. */
const short = Deno.args.includes("--short");

await withPages(async (pages) => {
  let count = 0;
  for (const [place, [scenario, hash]] of PLACES.entries()) {
    const looks = short ? [LOOKS[place % LOOKS.length]!] : LOOKS;
    for (const look of looks) {
      await inspect(pages, scenario, hash, look);
      count += 1;
    }
  }
  for (const accent of ACCENTS) {
    for (const theme of short ? ["light"] as const : ["dark", "light"] as const) {
      await inspect(pages, "party", "#/library", { ...WIDE, theme, language: "en", accent });
      count += 1;
    }
  }
  finish(pages.errors, `${count} pages inspected, ${pages.errors.length} violations`);
});
