// The real window on a desktop without a screen, driven as a person would, with a real peer beside it.
//
// Invariant: nothing is waited for by time; every step waits for what a person would see. How soon things are there
// is printed and fails nothing.

import { finish } from "../pages/browser.ts";
import { Party } from "./peers.ts";
import { Driver, until, type Window } from "./webdriver.ts";
import { Desktop } from "./window-desktop.ts";
import { choose } from "./window-tray.ts";

const MIB = 1024 * 1024;
const TITLE = "Lanspread";

/** A download of this many bytes at this rate takes long enough to be looked at. */
const GAME_BYTES = 24 * MIB;
const SLOW_UPLOADS = ["--upload-limit", "4MiB"];

/** Other parties on this machine are none of ours. */
const PARTY_CODE = "wave-7391-kelp";

const PLAYER = "Berta Ö";
const PICTURES = "screenshots";

const short = Deno.args.includes("--short");

function program(variable: string): string {
  const path = Deno.env.get(variable);
  if (path === undefined) throw new Error(`${variable} has to name a program`);
  return path;
}

const button = (name: string) => `//button[normalize-space()='${name}' or @aria-label='${name}']`;
const field = (label: string) => `//label[contains(.,'${label}')]//input`;
const card = (title: string) => `//*[@role='listitem'][.//h2[normalize-space()='${title}']]`;

async function picture(window: Window, name: string): Promise<void> {
  Deno.mkdirSync(PICTURES, { recursive: true });
  // What is in the document is on the screen one picture later.
  await window.later(
    "await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))",
  );
  await window.picture(`${PICTURES}/window-${name}.png`);
}

/** The first start asks for a name and a folder, proposes both, and takes the answers. */
async function firstRun(window: Window, games: string): Promise<void> {
  await window.see(field("Your name"));
  await picture(window, "first-run");
  await window.type(field("Your name"), PLAYER);
  await window.type(field("Where your games lie"), games);
  await window.click(button("Join the party"));
}

/** A game comes; what is verified grows on the way. */
async function download(window: Window): Promise<void> {
  const game = card("chess");
  await window.see(`${game}//*[contains(.,'1 has it')]`);
  await picture(window, "library");
  await window.click(game + button("Get it"));
  const seen = new Set<string>();
  await until("progress that grows", async () => {
    const text = await window.text();
    const percent = text.match(/Downloading · (\d+)%/)?.[1];
    if (percent !== undefined) seen.add(percent);
    return seen.size >= 3;
  });
  await picture(window, "download");
  await window.see(`${game}//*[contains(.,'Ready to play')]`);
}

/** The game's script is told the folder, the game, the language and the player. */
async function play(window: Window, games: string): Promise<void> {
  await window.click(card("chess") + button("Play"));
  const told = await until("the script's arguments", () => {
    try {
      const text = Deno.readTextFileSync(`${games}/chess/local/told.txt`);
      return text.endsWith("end\n") && text;
    } catch {
      return null;
    }
  });
  const expected = [`${games}/chess/local`, "chess", "en", PLAYER, "end"];
  const alternative = [`${games}/chess`, ...expected.slice(1)];
  const lines = told.trim().split("\n");
  if (lines.join() !== expected.join() && lines.join() !== alternative.join()) {
    throw new Error(`the script was told ${JSON.stringify(lines)}`);
  }
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

/** Every view in both themes and languages, for people to look at. */
async function pictures(window: Window): Promise<void> {
  for (const [theme, language] of [["dark", "en"], ["light", "de"]] as const) {
    const wished = JSON.stringify({ theme, language });
    for (const tab of ["library", "transfers", "party", "help", "settings"]) {
      await window.run(
        `localStorage.setItem("lanspread-preferences", arguments[0]);
        location.hash = "#/" + arguments[1]; location.reload();`,
        wished,
        tab,
      );
      await window.see("//main");
      await picture(window, `${tab}-${theme}-${language}`);
    }
  }
}

/** Another peer has the state directory: that is said in a dialog, and when it is read all ends. */
async function busy(desktop: Desktop, env: Record<string, string>): Promise<void> {
  const other = new Deno.Command(program("LANSPREAD_BIN"), {
    args: ["serve", "--listen", "127.0.0.1"],
    env,
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  try {
    await until("the other peer", () => {
      try {
        return Deno.statSync(`${env.LANSPREAD_STATE_DIR}/control.sock`);
      } catch {
        return null;
      }
    });
    const window = new Deno.Command(binary, { env, stdout: "null", stderr: "null" }).spawn();
    await until("the dialog", () => desktop.shows("Lanspread cannot start"));
    await desktop.close("Lanspread cannot start");
    await window.status;
  } finally {
    other.kill("SIGTERM");
    await other.status;
  }
}

/** Every process of the program, by its number. */
async function processes(desktop: Desktop, binary: string): Promise<number[]> {
  const found: number[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    try {
      const environment = Deno.readTextFileSync(`/proc/${entry.name}/environ`);
      const program = Deno.readLinkSync(`/proc/${entry.name}/exe`);
      if (program === binary && environment.includes(`HOME=${desktop.home}\0`)) {
        found.push(Number(entry.name));
      }
    } catch { /* it is gone, or somebody else's */ }
  }
  return found;
}

const binary = Deno.realPathSync(program("LANSPREAD_WINDOW_BIN"));
const party = new Party(program("LANSPREAD_BIN"));
const errors: string[] = [];
const times: string[] = [];
const desktop = await Desktop.start();
const games = `${desktop.home}/games`;
const env = {
  ...desktop.env,
  LANSPREAD_STATE_DIR: `${desktop.home}/state`,
  LANSPREAD_LISTEN: "127.0.0.1",
  LANSPREAD_PARTY_CODE: PARTY_CODE,
};
let driver: Driver | null = null;
try {
  await party.addGame("anna", "chess", GAME_BYTES);
  Deno.writeTextFileSync(
    `${party.games("anna")}/chess/game_start.sh`,
    'for told in "$@" end; do echo "$told"; done >local/told.txt\n',
  );
  const anna = ["--party-code", PARTY_CODE, ...SLOW_UPLOADS];
  await party.start({ name: "anna", options: anna });

  driver = await Driver.start(env);
  const began = performance.now();
  const window = await driver.open(binary, []);
  await firstRun(window, games);
  const paint = await window.run(
    "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null",
  );
  times.push(`first paint ${paint} ms after the page began`);
  times.push(`answered ${Math.round(performance.now() - began)} ms after the start`);
  await isClosed(window);
  await download(window);
  await play(window, games);

  // Closing the window leaves the peer where it is; another start shows the same window again.
  const before = await processes(desktop, binary);
  await desktop.close(TITLE);
  await until("the window to be hidden", async () => !(await desktop.shows(TITLE)));
  const second = new Deno.Command(binary, { env, stdout: "null", stderr: "inherit" }).spawn();
  const { success } = await second.status;
  if (!success) throw new Error("the second start did not end well");
  await until("the window to be shown", () => desktop.shows(TITLE));
  const after = await processes(desktop, binary);
  if (before.join() !== after.join()) {
    throw new Error(`the processes were ${before} before closing, and are ${after}`);
  }
  await window.see(`${card("chess")}//*[contains(.,'Ready to play')]`);
  await picture(window, "again");

  if (!short) await pictures(window);

  // The tray ends it, and the others are told: a peer that says goodbye is not waited for.
  const asked = performance.now();
  await choose(desktop, "Quit");
  await until("the end", async () => (await processes(desktop, binary)).length === 0);
  times.push(`ended ${Math.round(performance.now() - asked)} ms after it was asked to`);
  if (!short) await busy(desktop, env);
} catch (error) {
  errors.push(error instanceof Error ? error.stack ?? error.message : String(error));
} finally {
  await driver?.end();
  for (const process of await processes(desktop, binary)) Deno.kill(process, "SIGKILL");
  await party.end();
  await desktop.end();
}
finish(errors, `the window: ${times.join(", ")}; ${errors.length} errors`);
