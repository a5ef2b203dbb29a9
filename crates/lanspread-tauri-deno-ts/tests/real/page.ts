// The page of a real peer in a real browser, with real transfers between real peers.
//
// Invariant: nothing is waited for by time; every step waits for what a person would see, and an error in
// the browser's console fails the check. How soon the page is of use is printed, and fails only a full look:
// a time says more of a shared machine than of the page.

import { type Browser, chromium } from "playwright-core";
import { ARGUMENTS, finish } from "../pages/browser.ts";
import { lookAsAGuest, lookFromElsewhere } from "./guest.ts";
import { card, open } from "./looks.ts";
import { Party } from "./peers.ts";
import {
  changeTheName,
  fetchInstallAndUninstall,
  hearAndAnswer,
  lookIntoLogs,
  PLAYED_SCRIPT,
  playUntilItEnds,
  restAndEndALongDownload,
} from "./uses.ts";

/** The first game is seen within a second, as a guest's first look should be. */
const FIRST_CARD_MS_MAX = 1_000;

const MIB = 1024 * 1024;

/** A download of this many bytes at this rate takes long enough to be looked at and ended. */
const LONG_GAME_BYTES = 64 * MIB;
const SLOW_UPLOADS = ["--upload-limit", "4MiB"];
const LETS_GUESTS_IN = ["--web", "127.0.0.1:0", "--web-lan", "--guests"];

function binary(): string {
  const path = Deno.env.get("LANSPREAD_BIN");
  if (path === undefined) throw new Error("LANSPREAD_BIN has to name the program lanspread");
  return path;
}

/** With `--short`, as the default tests have it, no time fails the check. */
const short = Deno.args.includes("--short");

/** Opens the page of a peer that knows a game as somebody who was never there, and looks how soon that is seen. */
async function firstCard(browser: Browser, address: string, errors: string[]): Promise<number> {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    new MutationObserver((_, watching) => {
      if (document.querySelector(".card") === null) return;
      watching.disconnect();
      // Behind the frame in which it is drawn.
      requestAnimationFrame(() => setTimeout(() => performance.mark("first-card")));
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(address);
  await page.waitForFunction(() => performance.getEntriesByName("first-card").length > 0);
  const ms = await page.evaluate(() =>
    performance.getEntriesByName("first-card")[0]?.startTime ?? Infinity
  );
  await page.close();
  if (ms > FIRST_CARD_MS_MAX && !short) errors.push(`the first game was seen after ${ms} ms`);
  return ms;
}

const party = new Party(binary());
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
const errors: string[] = [];
let seen = Infinity;
try {
  await party.addGame("anna", "chess", 3 * MIB);
  Deno.writeTextFileSync(`${party.games("anna")}/chess/game_start.sh`, PLAYED_SCRIPT);
  await party.addGame("anna", "go", LONG_GAME_BYTES);
  const anna = await party.start({ name: "anna", options: SLOW_UPLOADS });
  const near = ["--connect", anna.address];
  let ben = await party.start({ name: "ben", options: [...near, "--web", "127.0.0.1:0"] });
  const address = new URL(ben.page ?? "").host;
  const page = await open(browser, ben.page ?? "", errors);
  await card(page, "chess").getByText("1 has it").waitFor();
  seen = await firstCard(browser, ben.page ?? "", errors);

  await fetchInstallAndUninstall(page);
  await playUntilItEnds(page, `${ben.games}/chess`);
  await restAndEndALongDownload(page);
  await lookIntoLogs(page);
  await party.say("anna", "Pizza is here");
  await hearAndAnswer(page);
  await changeTheName(page);

  // Another peer lets guests in: they look and take games along, and do nothing else.
  await party.addGame("carla", "mill", 2 * MIB);
  const carla = await party.start({ name: "carla", options: [...near, ...LETS_GUESTS_IN] });
  await lookAsAGuest(browser, carla.page ?? "", errors);
  await lookFromElsewhere(browser, carla.page ?? "", errors);
  await carla.end();
  await page.getByRole("link", { name: "Library" }).click();

  // A peer that goes is seen to be gone, and so is what only it had.
  await anna.end();
  await card(page, "go").waitFor({ state: "detached" });
  await card(page, "chess").getByText("no other peer").waitFor();

  // The peer behind the page goes and comes again; the page finds it by itself.
  await ben.end();
  await page.getByText("The connection to Lanspread is lost").waitFor();
  ben = await party.start({ name: "ben", options: [...near, "--web", address] });
  await page.getByText("The connection to Lanspread is lost").waitFor({ state: "detached" });
  await card(page, "chess").getByText("Ready to play").waitFor();

  // The folder of games goes away, as a disk that is unplugged, and comes again.
  Deno.renameSync(ben.games, `${ben.games}-unplugged`);
  await page.getByRole("link", { name: /Help/ }).click();
  await page.getByText("The games folder cannot be used").waitFor();
  Deno.renameSync(`${ben.games}-unplugged`, ben.games);
  await page.getByText("The games folder cannot be used").waitFor({ state: "detached" });
} catch (error) {
  errors.push(String(error));
} finally {
  await browser.close();
  await party.end();
}
finish(
  errors,
  `the page of a real peer: first game after ${Math.round(seen)} ms, ${errors.length} errors`,
);
