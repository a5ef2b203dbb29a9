// The real window on a desktop without a screen, driven as a person would, with a real peer beside it.
//
// Invariant: nothing is waited for by time; every step waits for what a person would see. How soon things are there
// is printed and fails nothing.

import { finish } from "../pages/browser.ts";
import { Party } from "./peers.ts";
import { Driver, until, type Window } from "./webdriver.ts";
import { Desktop } from "./window-desktop.ts";
import { lookAfter, lookOn } from "./window-look.ts";
import { showInDocuments } from "./window-pictures.ts";
import { reachesTheWindow, staysReachable, Terminal } from "./window-control.ts";
import { awaitsItsFolder, takesAFolder } from "./window-folders.ts";
import { letsGuestsIn } from "./window-guests.ts";
import { startsAgain } from "./window-again.ts";
import { listenFor } from "./window-events.ts";
import { hide, playsFromTheTray, whileHidden } from "./window-hidden.ts";
import {
  addScripts,
  opensTheFolder,
  play,
  standsInForPrograms,
  startsAServer,
} from "./window-play.ts";
import { tellsOfAnUpdate } from "./window-update.ts";
import { quit } from "./window-tray.ts";

const MIB = 1024 * 1024;
const TITLE = "Lanspread";

/** A download of this many bytes at this rate takes long enough to be looked at. */
const GAME_BYTES = 24 * MIB;
const OTHER_GAME_BYTES = 8 * MIB;
const SMALL_GAME_BYTES = MIB / 16;
const SLOW_UPLOADS = ["--upload-limit", "4MiB"];

/** Other parties on this machine are none of ours. */
const PARTY_CODE = "wave-7391-kelp";

const PLAYER = "Berta Ö";

const short = Deno.args.includes("--short");

function program(variable: string): string {
  const path = Deno.env.get(variable);
  if (path === undefined) throw new Error(`${variable} has to name a program`);
  return path;
}

const button = (name: string) => `//button[normalize-space()='${name}' or @aria-label='${name}']`;
const QUESTION = "Your name";
const field = (label: string) => `//label[contains(.,'${label}')]//input`;
const card = (title: string) => `//*[@role='listitem'][.//h2[normalize-space()='${title}']]`;

/** The party's catalog beside the games, and a picture beside the catalog. */
async function addCatalog(of: string, beside: string): Promise<void> {
  Deno.mkdirSync(`${beside}/covers`, { recursive: true });
  const args = ["catalog", "build", of, "-o", `${beside}/game.db`];
  const { success } = await new Deno.Command(program("LANSPREAD_BIN"), { args, stdout: "null" })
    .output();
  if (!success) throw new Error("the catalog could not be built");
  Deno.copyFileSync("src-tauri/icons/128x128.png", `${beside}/covers/chess.png`);
}

/** The first start asks for a name and a folder, proposes both, and takes the answers. */
async function firstRun(window: Window, games: string): Promise<void> {
  await window.see(field(QUESTION));
  await window.picture("first-run");
  await window.type(field(QUESTION), PLAYER);
  await window.type(field("Where your games lie"), games);
  await window.click(button("Join the party"));
}

/** A game comes; what is verified grows on the way, and events say what moves. */
async function download(window: Window): Promise<void> {
  const game = card("chess");
  await window.see(`${game}//*[contains(.,'1 has it')]`);
  await until(
    "the picture of the game",
    () =>
      window.run(`return [...document.images].some(({ src, naturalWidth }) =>
      src.startsWith("cover:") && naturalWidth === 128)`) as Promise<boolean>,
  );
  await window.picture("library");
  const told = await listenFor(window, [
    ...["began", "progress", "finished"].map((what) => `game-download-${what}`),
    "games-list-updated",
  ]);
  await window.click(game + button("Get it"));
  const seen = new Set<string>();
  await until("progress that grows", async () => {
    const text = await window.text();
    const percent = text.match(/Downloading · (\d+)%/)?.[1];
    if (percent !== undefined) seen.add(percent);
    return seen.size >= 3;
  });
  await window.picture("download");
  await window.see(`${game}//*[contains(.,'Ready to play')]`);
  await told();
}

/** The page can load, send and call nothing but its own. */
async function isClosed(window: Window): Promise<void> {
  const found = await window.run(`
    const script = document.createElement("script");
    script.textContent = "globalThis.let = true";
    document.body.append(script);
    script.remove();
    return { script: "let" in globalThis, tauri: "__TAURI__" in globalThis };
  `);
  await window.run(`location.href = "http://127.0.0.1:9/"; open("http://127.0.0.1:9/");`);
  const refused = await window.later(`
    const refused = (asked) => asked.then(() => "done", () => "refused");
    const { invoke } = globalThis.__TAURI_INTERNALS__;
    return Promise.all([
      refused(fetch("http://127.0.0.1:9/")),
      refused(fetch("asset://localhost/etc/passwd")),
      refused(invoke("plugin:window-state|save_window_state", { flags: 1 })),
      refused(invoke("plugin:window|close", { label: "main" })),
      refused(invoke("open_folder", { id: ".." })),
    ]);
  `) as string[];
  const seen = JSON.stringify([found, new Set(refused).size, refused[0]]);
  const wanted = JSON.stringify([{ script: false, tauri: false }, 1, "refused"]);
  if (seen !== wanted) throw new Error(`the page may more than it should: ${seen} ${refused}`);
}

/** A peer that only the window can serve fetches the game. */
async function serves(desktop: Desktop): Promise<void> {
  const get = new Deno.Command(program("LANSPREAD_BIN"), {
    args: [
      ...["get", "chess", "--name", "carl", "--listen", "127.0.0.1"],
      ...["--games-dir", `${desktop.home}/carl/games`, "--state-dir", `${desktop.home}/carl/state`],
    ],
    env: { ...desktop.env, LANSPREAD_PARTY_CODE: PARTY_CODE },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await get.output();
  const told = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) throw new Error(`nobody could fetch from the hidden window:\n${told}`);
}

const binary = Deno.realPathSync(program("LANSPREAD_WINDOW_BIN"));
const party = new Party(program("LANSPREAD_BIN"));
const errors: string[] = [];
const times: string[] = [];
const desktop = await Desktop.start();
const games = `${desktop.home}/games`;
/** Where the window and the terminal look when nobody says anything else. */
const state = `${desktop.home}/.local/share/lanspread`;
const env = {
  ...desktop.env,
  ...standsInForPrograms(desktop),
  LANSPREAD_LISTEN: "127.0.0.1",
  LANSPREAD_PARTY_CODE: PARTY_CODE,
};
let driver: Driver | null = null;
try {
  await party.addGame("anna", "chess", GAME_BYTES);
  await party.addGame("anna", "go", OTHER_GAME_BYTES);
  await party.addGame("anna", "checkers", SMALL_GAME_BYTES);
  addScripts(`${party.games("anna")}/chess`);
  await addCatalog(party.games("anna"), games);
  const anna = ["--party-code", PARTY_CODE, ...SLOW_UPLOADS];
  const holder = await party.start({ name: "anna", options: anna });

  driver = await Driver.start(env);
  const began = Date.now();
  let window = await driver.open(binary, []);
  await firstRun(window, games);
  const paint = await window.run(`
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return performance.timeOrigin + paint.startTime;
  `) as number;
  times.push(`first paint ${Math.round(paint - began)} ms after the start`);
  await isClosed(window);
  await download(window);
  const chess = { desktop, window, root: `${games}/chess`, card: card("chess") };
  await play(chess, PLAYER);
  await startsAServer(chess);
  await opensTheFolder(chess);
  const terminal = new Terminal(program("LANSPREAD_BIN"), desktop.env);
  await reachesTheWindow({ window, terminal, id: "go", card: card("go") });
  await staysReachable(window, terminal);
  const drag = program("LANSPREAD_DRAG_BIN");
  await takesAFolder({ desktop, window, terminal, binary: drag, title: TITLE });

  // Closing the window leaves the peer where it is; what comes meanwhile is told by the system.
  const before = await desktop.running(binary);
  await whileHidden({ desktop, title: TITLE }, async (bus) => {
    await party.say("anna", "Who plays chess?");
    await bus.hears("anna: Who plays chess?");
    await window.call("download_game", { id: "checkers", install: false });
    await bus.hears("checkers is here.");
  });
  await playsFromTheTray(desktop, window);

  // Another start shows the same window again.
  await hide({ desktop, title: TITLE });
  await holder.end();
  await serves(desktop);
  const second = new Deno.Command(binary, { env, stdout: "null", stderr: "inherit" }).spawn();
  const { success } = await second.status;
  if (!success) throw new Error("the second start did not end well");
  await until("the window to be shown", () => desktop.shows(TITLE));
  const after = await desktop.running(binary);
  if (before.join() !== after.join()) {
    throw new Error(`the processes were ${before} before closing, and are ${after}`);
  }
  await window.see(`${card("chess")}//*[contains(.,'Ready to play')]`);
  await window.picture("again");
  await awaitsItsFolder(window, games, card("chess"));
  await letsGuestsIn(window);

  const sight = `${card("chess")}//*[contains(.,'Ready to play')]`;
  window = await startsAgain({ desktop, driver, window, binary, sight, question: QUESTION });
  const end = short ? "Quit" : await lookOn({ desktop, window, binary, title: TITLE });
  times.push(`ended ${await quit(desktop, binary, end)} ms after it was asked to`);
  if (!short) {
    await lookAfter({ desktop, binary, title: TITLE, env, state });
    await tellsOfAnUpdate({
      desktop,
      binary,
      env,
      state,
      party,
      options: ["--party-code", PARTY_CODE],
    });
    await showInDocuments();
  }
} catch (error) {
  errors.push(error instanceof Error ? error.stack ?? error.message : String(error));
} finally {
  await driver?.end();
  for (const process of await desktop.running(binary)) Deno.kill(process, "SIGKILL");
  await party.end();
  await desktop.end();
}
finish(errors, `the window: ${times.join(", ")}; ${errors.length} errors`);
