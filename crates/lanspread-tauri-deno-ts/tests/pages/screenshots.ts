// Takes a picture of every scenario and view in both themes, several sizes and both languages.
//
// Invariant: the names of the files say everything that is needed to open the same page by hand.
// Arguments narrow it down: only files whose name contains all of them are made. Those that the
// documents show go there, too.

import { finish, type Language, type Look, type Theme, withPages } from "./browser.ts";
import { MAIN, type Place, PLAYED, TOLD } from "./pictured.ts";

const FOLDER = "screenshots";
const SETTLE_MS = 900;

/** The pictures that the documents show: what they are called there, and how high they are. */
const DOCUMENTS_FOLDER = "../../docs/pictures";
const IN_DOCUMENTS: Record<string, [name: string, height: number]> = {
  "party-library-1280-dark-en.png": ["library", 800],
  "party-game-running-1280-dark-en.png": ["game", 800],
  "queue-transfers-1280-dark-en.png": ["transfers", 1_500],
  "party-party-1280-light-de.png": ["party", 1_400],
  "evening-party-1280-dark-en.png": ["evening", 1_000],
  "party-logs-program-1280-dark-en.png": ["logs", 800],
  "party-settings-1280-dark-en.png": ["settings", 1_180],
  "first-run-first-run-1280-dark-en.png": ["first-run", 800],
  "guest-library-1280-dark-en.png": ["guest", 800],
  "no-peers-help-1280-dark-en.png": ["help", 800],
};
/** The graph of rates needs a while until there is something to see. */
const GRAPH_MS = 4_000;

const SIZES: Record<string, { width: number; height: number }> = {
  "1280": { width: 1280, height: 800 },
  "1920": { width: 1920, height: 1080 },
  "800": { width: 800, height: 600 },
  "390": { width: 390, height: 844 },
};
const RARE_SIZES: Record<string, { width: number; height: number }> = {
  "360": { width: 360, height: 640 },
  "640": { width: 640, height: 400 },
  "3840": { width: 3840, height: 2160 },
};

interface Shot {
  file: string;
  place: Place;
  look: Look;
}

function shots(): Shot[] {
  const all: Shot[] = [];
  const add = (
    places: Place[],
    sizes: Record<string, { width: number; height: number }>,
    themes: Theme[],
    languages: Language[],
    rest: Partial<Look> = {},
  ) => {
    for (const [scenario, hash, name] of places) {
      for (const [size, box] of Object.entries(sizes)) {
        for (const theme of themes) {
          for (const language of languages) {
            const file = [scenario, name, size, theme, language, ...Object.values(rest)].join("-");
            all.push({
              file: `${file}.png`,
              place: [scenario, hash, name],
              look: { ...box, theme, language, ...rest },
            });
          }
        }
      }
    }
  };
  add(MAIN, SIZES, ["dark", "light"], ["en", "de"]);
  add(PLAYED, SIZES, ["dark", "light"], ["en"]);
  add(TOLD, { "1280": SIZES["1280"]!, "390": SIZES["390"]! }, ["dark", "light"], ["de"]);
  add(MAIN.slice(0, 2), RARE_SIZES, ["dark"], ["de"]);
  add(MAIN.slice(0, 1), SIZES, ["dark", "light"], ["de"], { density: "compact" });
  add(MAIN.slice(0, 1), { ...SIZES, ...RARE_SIZES }, ["dark", "light"], ["de"], { shape: "box" });
  for (const accent of ["lagoon", "moss", "plum", "coral"]) {
    add(MAIN.slice(0, 1), { "1280": SIZES["1280"]! }, ["dark", "light"], ["en"], { accent });
  }
  return all;
}

const wanted = shots().filter(({ file }) => Deno.args.every((part) => file.includes(part)));
await Deno.mkdir(FOLDER, { recursive: true });
await withPages(async (pages) => {
  for (const { file, place: [scenario, hash, name], look } of wanted) {
    const page = await pages.open(scenario, hash, look);
    if (scenario === "errors") {
      await page.locator(".button-main").first().click();
      await page.locator(".refusal").waitFor();
    }
    if (name === "heard") await page.locator(".heard-card").waitFor();
    await page.waitForTimeout(hash.startsWith("#/transfers") ? GRAPH_MS : SETTLE_MS);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) {
      pages.errors.push(`${file}: the page is ${overflow} px wider than its window`);
    }
    await page.screenshot({ path: `${FOLDER}/${file}` });
    const shown = IN_DOCUMENTS[file];
    if (shown !== undefined) {
      // Ten times smaller than the same picture without loss.
      const [picture, height] = shown;
      const path = `${DOCUMENTS_FOLDER}/${picture}.jpg`;
      await page.setViewportSize({ width: look.width, height });
      await page.screenshot({ path, type: "jpeg", quality: 82 });
    }
    await page.context().close();
  }
  finish(pages.errors, `${wanted.length} pictures in ${FOLDER}/`);
});
