// What a person starts from the window: a game, its server in a console, the folder of a game.
//
// Invariant: whatever is started tells itself, in a file of the game or of the desktop, how it was started; a
// server is believed to have a console only if it says that it reads from one.

import { until, type Window } from "./webdriver.ts";
import type { Desktop } from "./window-desktop.ts";

/** A game that is ready to play. */
interface Played {
  desktop: Desktop;
  window: Window;
  /** Its root. */
  root: string;
  /** Where the window shows it. */
  card: string;
}

const RUNS = "//*[contains(.,'It is running: end it before')]";
/** How the console is called, after the game. */
const CONSOLE = "chess: server";

const button = (name: string) => `//button[normalize-space()='${name}']`;

/** Puts the scripts of a game into its root. */
export function addScripts(root: string): void {
  const scripts = {
    game_start: 'for told in "$@" end; do echo "$told"; done >local/told.txt',
    server_start: `[ -t 0 ] && [ -t 1 ] && echo "$2 end" >local/console.txt
until [ -e local/over ]; do sleep 0.1; done`,
  };
  for (const [name, text] of Object.entries(scripts)) {
    Deno.writeTextFileSync(`${root}/${name}.sh`, `${text}\n`);
  }
}

/** Where the file manager that stands in for the user's own notes what it is to show. */
const shown = (desktop: Desktop) => `${desktop.home}/shown.txt`;

/** The variables with which the terminal is one that is there, and the file manager notes what it is to show. */
export function standsInForPrograms(desktop: Desktop): Record<string, string> {
  const programs = `${desktop.home}/programs`;
  Deno.mkdirSync(programs);
  const opener = `${programs}/xdg-open`;
  Deno.writeTextFileSync(opener, `#!/bin/sh\nprintf '%s end\\n' "$1" >'${shown(desktop)}'\n`);
  Deno.chmodSync(opener, 0o755);
  return { PATH: `${programs}:${Deno.env.get("PATH")}`, TERMINAL: "xterm" };
}

/** What a program wrote into a file, when it has written its last word. */
function told(file: string): Promise<string> {
  return until(`what stands in ${file}`, () => {
    try {
      const text = Deno.readTextFileSync(file);
      return text.endsWith("end\n") && text;
    } catch {
      return null;
    }
  });
}

/** The game's script is told the folder, the game, the language and the player. */
export async function play({ window, root, card }: Played, player: string): Promise<void> {
  await window.click(card + button("Play"));
  const lines = (await told(`${root}/local/told.txt`)).trim().split("\n");
  if (lines.join() !== [root, "chess", "en", player, "end"].join()) {
    throw new Error(`the script was told ${JSON.stringify(lines)}`);
  }
}

/** A server has a console of its own, which stays for its last words when it has ended. */
export async function startsAServer({ desktop, window, root, card }: Played): Promise<void> {
  await window.click(`${card}//h2/button`);
  await window.click(button("Start a server"));
  await told(`${root}/local/console.txt`);
  await until("the console's name", () => desktop.shows(CONSOLE));
  await window.see(RUNS);
  Deno.writeTextFileSync(`${root}/local/over`, "");
  await window.unsee(RUNS);
  if (!(await desktop.shows(CONSOLE))) throw new Error("the console is gone with its server");
  await desktop.close(CONSOLE);
}

/** "Open folder" has the file manager show the game's root. */
export async function opensTheFolder({ desktop, window, root, card }: Played): Promise<void> {
  await window.click(button("Open folder"));
  const folder = await told(shown(desktop));
  if (folder !== `${root} end\n`) throw new Error(`the folder that was shown is ${folder}`);
  await window.run(`location.hash = "#/library"`);
  await window.see(card);
}
