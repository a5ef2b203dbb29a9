// What goes on while the window is hidden, and what brings it back.
//
// Invariant: what is told to the system is heard where the system hears it, on the bus; whoever looks at the window
// sees what was chosen in the tray.

import { until, type Window } from "./webdriver.ts";
import { seesPlaying } from "./window-control.ts";
import type { Desktop, Listening } from "./window-desktop.ts";
import { choose } from "./window-tray.ts";

/** A window that can be hidden. */
interface Hideable {
  desktop: Desktop;
  title: string;
}

/** Closes the window, which leaves the peer where it is. */
export async function hide({ desktop, title }: Hideable): Promise<void> {
  await desktop.close(title);
  await until("the window to be hidden", async () => !(await desktop.shows(title)));
}

/** Listens to what the system is asked to tell while the window is hidden; then the tray shows the window again. */
export async function whileHidden(
  { desktop, title }: Hideable,
  work: (bus: Listening) => Promise<void>,
): Promise<void> {
  await hide({ desktop, title });
  const bus = await desktop.listen("org.freedesktop.Notifications");
  try {
    await work(bus);
  } finally {
    await bus.end();
  }
  await choose(desktop, "Show Lanspread");
  await until("the window to be shown", () => desktop.shows(title));
}

/** The check in the tray is the switch in the window. */
export async function playsFromTheTray(desktop: Desktop, window: Window): Promise<void> {
  await window.run(`location.hash = "#/transfers"`);
  for (const isPlaying of [true, false]) {
    await choose(desktop, "I am playing");
    await seesPlaying(window, isPlaying);
  }
  await window.run(`location.hash = "#/library"`);
}
