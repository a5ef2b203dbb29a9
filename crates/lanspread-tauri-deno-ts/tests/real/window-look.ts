// What a full look at the window adds to the check that every change has to pass.
//
// Invariant: as there, nothing is waited for by time.

import { isThere, until, type Window } from "./webdriver.ts";
import { endsWhenAsked } from "./window-control.ts";
import type { Desktop } from "./window-desktop.ts";
import { whileHidden } from "./window-hidden.ts";

/** A window that is looked at. */
interface Looked {
  desktop: Desktop;
  window: Window;
  binary: string;
  title: string;
}

/** Looks at a window that runs, and says how its tray calls the end from then on. */
export async function lookOn(looked: Looked): Promise<string> {
  await pictures(looked.window);
  await notifications(looked);
  await startsWithTheSystem(looked);
  await anotherName(looked.window);
  await noFolder(looked);
  await anotherStateDirectory(looked);
  await looked.window.call("change_settings", { language: "de" });
  return "Beenden";
}

/** What is looked at when no window runs. */
interface Ended extends Omit<Looked, "window"> {
  /** What surrounds the program. */
  env: Record<string, string>;
  /** Its state directory. */
  state: string;
}

/** Looks at what happens when no window runs and another program has the peer's place. */
export async function lookAfter({ desktop, binary, title, env, state }: Ended): Promise<void> {
  const start = () => new Deno.Command(binary, { env, stdout: "null", stderr: "null" }).spawn();

  // Nothing is asked again; without a wish to stay in the tray, closing it ends it.
  const settings = `${state}/settings.json`;
  const kept = JSON.parse(Deno.readTextFileSync(settings));
  Deno.writeTextFileSync(settings, JSON.stringify({ ...kept, keep_in_tray: false }));
  // A place that was written half does not stand in its way, and is a whole one from then on.
  const place = `${state}/window.json`;
  Deno.writeTextFileSync(place, "{");
  const window = start();
  await desktop.close(title);
  await window.status;
  JSON.parse(Deno.readTextFileSync(place));

  await endsWhenAsked(`${state}/control.sock`, start());

  // Another peer has the state directory: that is told in a dialog, and when it is read all ends.
  const other = new Deno.Command(Deno.env.get("LANSPREAD_BIN") ?? "", {
    args: ["serve", "--listen", "127.0.0.1"],
    env,
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  try {
    await until("the other peer", () => isThere(`${state}/control.sock`));
    const refused = start();
    const dialog = "Lanspread kann nicht starten";
    await until("the dialog", () => desktop.shows(dialog));
    await desktop.close(dialog);
    await refused.status;
  } finally {
    other.kill("SIGTERM");
    await other.status;
  }
}

/** Every view in both themes and languages. */
async function pictures(window: Window): Promise<void> {
  for (const [theme, language] of [["light", "de"], ["dark", "en"]] as const) {
    // The language is the peer's to keep, the theme the browser engine's.
    await window.call("change_settings", { language });
    const wished = JSON.stringify({ theme });
    for (const tab of ["transfers", "party", "help", "settings", "library"]) {
      await window.run(
        `localStorage.setItem("lanspread-preferences", arguments[0]);
        location.hash = "#/" + arguments[1];
        location.reload();`,
        wished,
        tab,
      );
      await window.see("//main");
      await window.picture(`${tab}-${theme}-${language}`);
    }
  }
}

/** Also what became of a game that is installed is told while the window is hidden. */
async function notifications({ desktop, window, title }: Looked): Promise<void> {
  await whileHidden({ desktop, title }, async (bus) => {
    await window.call("uninstall_game", { id: "chess" });
    await until(
      "the end of the uninstallation",
      () => window.call("install_game", { id: "chess" }).then(() => true, () => false),
    );
    await bus.hears("chess is ready to play.");
  });
}

/** The wish to start with the system is followed at once, both ways. */
async function startsWithTheSystem({ desktop, window }: Looked): Promise<void> {
  const entry = `${desktop.home}/.config/autostart/Lanspread.desktop`;
  await window.call("change_settings", { start_with_system: true });
  await until("the entry", () => isThere(entry));
  const text = Deno.readTextFileSync(entry);
  if (!text.includes("--hidden")) throw new Error(`it would start with a window:\n${text}`);
  await window.call("change_settings", { start_with_system: false });
  await until("the end of the entry", () => !isThere(entry));
}

/** Another name holds after a restart of the peer, and the window follows the new one by itself. */
async function anotherName(window: Window): Promise<void> {
  await window.call("change_settings", { name: "Cleo" });
  await window.call("restart", {});
  await window.run(`location.hash = "#/party"`);
  await window.see("//*[contains(text(),'Cleo')]");
}

/** On another state directory it is another program, with a window of its own. */
async function anotherStateDirectory({ desktop, binary, title }: Looked): Promise<void> {
  const env = { ...desktop.env, LANSPREAD_STATE_DIR: `${desktop.home}/other` };
  const other = new Deno.Command(binary, { env, stdout: "null", stderr: "null" }).spawn();
  await until("a second window", async () => await desktop.count(title) === 2);
  other.kill("SIGTERM");
  await other.status;
  await until("the end of the second window", async () => await desktop.count(title) === 1);
}

/** The system's dialog comes, and closing it chooses nothing. */
async function noFolder({ desktop, window }: Looked): Promise<void> {
  const dialog = "Choose the folder of your games";
  const chosen = window.call("choose_folder", {});
  await until("the dialog", () => desktop.shows(dialog));
  await desktop.close(dialog);
  if (await chosen !== null) throw new Error(`nobody chose ${await chosen}`);
}
