// A start after a real end: another process, with what the one before it kept.
//
// Invariant: the first process is gone before the second one starts, and nothing that the test could have kept itself
// reaches the second one.

import { type Driver, type Place, until, type Window } from "./webdriver.ts";
import type { Desktop } from "./window-desktop.ts";
import { quit } from "./window-tray.ts";

/** Neither what the program proposes nor what a frame makes of it. */
const PLACE: Place = { x: 100, y: 80, width: 900, height: 600 };

/** A window that ends and comes again. */
interface Ending {
  desktop: Desktop;
  driver: Driver;
  window: Window;
  binary: string;
  /** A place that only a window with a peer shows. */
  sight: string;
  /** Words that only the first start shows. */
  question: string;
}

/** Ends the program and starts it again: nothing is asked, and its window stands where it stood. */
export async function startsAgain(ending: Ending): Promise<Window> {
  const { desktop, driver, window, binary, sight, question } = ending;
  // A frame of this desktop is as large as the screen, whatever anybody wishes.
  const again = await desktop.unframed(async () => {
    await window.move(PLACE);
    await until("the window to move", () => stands(window));
    await quit(desktop, binary, "Quit");
    await window.end();
    const again = await driver.open(binary, []);
    await again.see(sight);
    if ((await again.text()).includes(question)) throw new Error(`${question} is asked again`);
    if (!await stands(again)) {
      throw new Error(`the window stands at ${JSON.stringify(await again.place())}`);
    }
    return again;
  });
  await until("a frame around the window", async () => !await stands(again));
  return again;
}

async function stands(window: Window): Promise<boolean> {
  const { x, y, width, height } = await window.place();
  return x === PLACE.x && y === PLACE.y && width === PLACE.width && height === PLACE.height;
}
