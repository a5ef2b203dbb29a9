// A newer version of a game that is here comes up at somebody else's, while nobody looks at the window.
//
// Invariant: what the party offers within a minute after it is found is no news, so this is the one check that waits
// for time to pass: for that minute.

import type { Party } from "./peers.ts";
import { isThere, until } from "./webdriver.ts";
import { Terminal } from "./window-control.ts";
import type { Desktop } from "./window-desktop.ts";

const GAME = "draughts";
const GAME_BYTES = 65_536;
const OLD = "20230101";

/** As long as what the window finds is no news to it (`PARTY_IS_FOUND_WITHIN` of its `notify.rs`), and a little. */
const FOUND_WITHIN_MS = 60_000 + 5_000;

/** A window that is started for it, hidden, with a state directory of its own. */
interface Told {
  desktop: Desktop;
  binary: string;
  env: Record<string, string>;
  /** The state directory of a window that ran, of whose settings it takes what is not its own. */
  state: string;
  party: Party;
  /** What each peer of the party is started with. */
  options: string[];
}

/** An update that comes up is told by the system. */
export async function tellsOfAnUpdate(told: Told): Promise<void> {
  const { desktop, binary, env, state, party, options } = told;
  const own = `${desktop.home}/third`;
  const games = party.games("third");
  for (const name of ["third", "frida"]) await party.addGame(name, GAME, GAME_BYTES);
  Deno.writeTextFileSync(`${games}/${GAME}/version.ini`, `${OLD}\n`);
  Deno.mkdirSync(own);
  const settings = JSON.parse(Deno.readTextFileSync(`${state}/settings.json`));
  const third = { ...settings, name: "third", language: "en", games_dir: games };
  Deno.writeTextFileSync(`${own}/settings.json`, JSON.stringify(third));

  const around = { ...env, LANSPREAD_STATE_DIR: own };
  const terminal = new Terminal(Deno.env.get("LANSPREAD_BIN") ?? "", around);
  const bus = await desktop.listen("org.freedesktop.Notifications");
  const window = new Deno.Command(binary, { args: ["--hidden"], env: around, stdout: "null" })
    .spawn();
  try {
    // Whoever asks earlier is told by a peer of his own, which would have the window's place.
    await until("the window's peer", () => isThere(`${own}/control.sock`));
    await party.start({ name: "emil", options });
    await until("the first peer", () => terminal.tells(/^emil/m, "peers"));
    await new Promise((resolve) => setTimeout(resolve, FOUND_WITHIN_MS));
    await party.start({ name: "frida", options });
    await bus.hears(`There is an update of ${GAME}.`);
  } finally {
    window.kill("SIGTERM");
    await window.status;
    await bus.end();
  }
}
