// What a person does with the page of a real peer: fetches, lets rest, looks into logs, sets.
//
// Invariant: every step waits for what a person would see, and for nothing else.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { card } from "./looks.ts";

export async function fetchInstallAndUninstall(page: Page): Promise<void> {
  const chess = card(page, "chess");
  await chess.getByRole("button", { name: "Get it" }).click();
  await chess.getByText("Ready to play").waitFor();
  await chess.getByRole("heading").getByRole("button").click();
  const panel = page.getByRole("dialog", { name: "chess" });
  await panel.getByRole("button", { name: "Uninstall…" }).click();
  const question = page.getByRole("dialog", { name: /Uninstall/ });
  await question.getByText("chess/local").waitFor();
  await question.getByRole("button", { name: "Uninstall and lose saves" }).click();
  await panel.getByRole("button", { name: "Unpack" }).click();
  await panel.getByText("Ready to play").first().waitFor();
  await page.keyboard.press("Escape");
}

/** The script of a game that is played until there is a file. */
export const PLAYED_SCRIPT = 'echo "$4 plays $2"\nuntil [ -e local/over ]; do sleep 0.1; done\n';

/** A game that is played is seen to run, is not uninstalled meanwhile, and has ended when it ends. */
export async function playUntilItEnds(page: Page, root: string): Promise<void> {
  const chess = card(page, "chess");
  await chess.getByRole("button", { name: "Play" }).click();
  await chess.getByText("Running").waitFor();
  await chess.getByRole("heading").getByRole("button").click();
  const panel = page.getByRole("dialog", { name: "chess" });
  await panel.getByText("It is running: end it before").waitFor();
  assert.ok(await panel.getByRole("button", { name: "Uninstall…" }).isDisabled());
  Deno.writeTextFileSync(`${root}/local/over`, "");
  await panel.getByText("It is running: end it before").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await chess.getByRole("button", { name: "Play" }).waitFor();
}

/** Lets a long download rest: what came stays, and it goes on from there; then ends it. */
export async function restAndEndALongDownload(page: Page): Promise<void> {
  await card(page, "go").getByRole("button", { name: "Get it" }).click();
  await page.getByRole("link", { name: /Transfers/ }).click();
  const verified = page.getByText(/\sMiB of .* verified/);
  await page.waitForFunction(() => {
    const told = document.body.textContent?.match(/([\d.]+)\sMiB of [\d.]+\sMiB verified/)?.[1];
    return Number(told) >= 8;
  });
  await seeItAtTheParty(page);
  const before = await mebibytes(verified.textContent());
  await page.getByRole("button", { name: /^Pause: .*go/ }).click();
  await page.getByText("Paused").waitFor();
  await page.getByText("Nothing is running").waitFor();
  await page.getByRole("button", { name: /^Resume: .*go/ }).click();
  await verified.waitFor();
  const after = await mebibytes(verified.textContent());
  assert.ok(after >= before, `${before} MiB were there before the rest, and ${after} after it`);
  await page.getByRole("button", { name: /^Cancel: .*go/ }).click();
  const question = page.getByRole("dialog", { name: /Cancel the download/ });
  await question.getByText(/MiB have come and are deleted/).waitFor();
  await question.getByRole("button", { name: "Cancel and delete them" }).click();
  await page.getByText("Download cancelled").waitFor();
  await page.getByRole("link", { name: "Library" }).click();
  await card(page, "go").getByRole("button", { name: "Get it" }).waitFor();
}

/** While it flows, the party sees who fetches it and from whom. */
async function seeItAtTheParty(page: Page): Promise<void> {
  await page.getByRole("link", { name: /^Party/ }).click();
  const matrix = page.getByRole("region", { name: "The evening's games" });
  await matrix.getByText(/\d+%/).first().waitFor();
  await page.getByRole("img", { name: /1 peer sends to you/ }).waitFor();
  await page.getByRole("link", { name: /Transfers/ }).click();
}

async function mebibytes(text: Promise<string | null>): Promise<number> {
  return Number((await text)?.match(/[\d.]+/)?.[0] ?? NaN);
}

/** The archive that was unpacked stands in one log, the script that ran in another, and lines of the program in the last. */
export async function lookIntoLogs(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Logs" }).click();
  const runs = page.getByRole("region", { name: "Archives that were unpacked" });
  await runs.getByText("chess.eti").first().waitFor();
  await runs.getByText(/^Unpacked · /).first().waitFor();
  await page.getByRole("link", { name: "Games", exact: true }).click();
  const scripts = page.getByRole("region", { name: "Scripts of games that ran" });
  await scripts.getByText("game_start.sh").first().waitFor();
  await scripts.getByText(/^Ended · /).first().waitFor();
  await page.getByRole("link", { name: "Program" }).click();
  const lines = page.getByRole("region", { name: "Lines of the program's log" });
  await lines.locator("[data-level=info]").first().waitFor();
}

/** What another peer said is told wherever one is, and counted until the party is opened; then an answer. */
export async function hearAndAnswer(page: Page): Promise<void> {
  const heard = page.getByRole("status").filter({ hasText: /anna.* says/ });
  await heard.getByText("Pizza is here").waitFor();
  assert.equal(await page.locator(".badge-party").textContent(), "1");
  await heard.getByRole("link", { name: "Open the party" }).click();
  await page.locator(".badge-party").waitFor({ state: "detached" });
  const log = page.getByRole("log", { name: "What people say" });
  await log.getByText("Pizza is here").waitFor();
  const field = page.getByRole("textbox", { name: "Say something to everybody" });
  await field.fill("On my way");
  await field.press("Enter");
  await log.getByText("On my way").waitFor();
}

/** A name is kept by the peer and holds after its next start, which a browser cannot order. */
export async function changeTheName(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Player name").fill("Benedikt");
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await page.getByText("Something holds after the next start").waitFor();
  assert.equal(await page.getByRole("button", { name: "Restart now" }).count(), 0);
  await page.reload();
  await page.getByText("Something holds after the next start").waitFor();
  assert.equal(await page.getByLabel("Player name").inputValue(), "Benedikt");
  await page.getByRole("radio", { name: "Deutsch" }).click();
  await page.getByRole("heading", { name: "Optionen" }).waitFor();
  await page.getByRole("radio", { name: "English" }).click();
  await page.getByRole("heading", { name: "Settings" }).waitFor();
}
