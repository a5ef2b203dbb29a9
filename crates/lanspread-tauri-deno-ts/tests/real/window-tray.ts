// The icon in the tray, chosen from as a desktop's panel does it: over the bus.
//
// Invariant: it sees what a panel would be sent, and nothing of the program.

import { until } from "./webdriver.ts";
import type { Desktop } from "./window-desktop.ts";

const MENU = "/org/ayatana/NotificationItem/tray_icon_tray_app_lanspread/Menu";

/** Chooses an item of the menu, as soon as it is there under these words. */
export async function choose(desktop: Desktop, words: string): Promise<void> {
  const [owner, item] = await until(`${words} in the tray`, async () => {
    for (const owner of await owners(desktop)) {
      const item = (await layout(desktop, owner)).get(words);
      if (item !== undefined) return [owner, item] as const;
    }
    return null;
  });
  await call(desktop, owner, MENU, "com.canonical.dbusmenu.Event", [item, "clicked", "<0>", "0"]);
}

/** Chooses the end, under these words, and waits for it; gives how many milliseconds that took. */
export async function quit(desktop: Desktop, binary: string, words: string): Promise<number> {
  const asked = Date.now();
  await choose(desktop, words);
  await until("the end", async () => (await desktop.running(binary)).length === 0);
  return Date.now() - asked;
}

/** The items of a menu, by their words. */
async function layout(desktop: Desktop, owner: string): Promise<Map<string, string>> {
  const told = await call(desktop, owner, MENU, "com.canonical.dbusmenu.GetLayout", [
    ...["0", "--", "-1", "[]"],
  ]);
  const items = told.matchAll(/\((\d+), \{[^}]*'label': <'([^']*)'>/g);
  return new Map([...items].map(([_, item = "", words = ""]) => [words, item]));
}

async function owners(desktop: Desktop): Promise<string[]> {
  const bus = "org.freedesktop.DBus";
  const told = await call(desktop, bus, "/", `${bus}.ListNames`, []);
  return [...told.matchAll(/':[\d.]+'/g)].map(([name]) => name.slice(1, -1));
}

function call(
  desktop: Desktop,
  owner: string,
  path: string,
  method: string,
  args: string[],
): Promise<string> {
  const whom = ["--session", "--timeout", "5", "--dest", owner, "--object-path", path];
  return desktop.run("gdbus", ["call", ...whom, "--method", method, ...args]);
}
