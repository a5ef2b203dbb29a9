// Turns the wheel of a mouse, and counts the frames that reach the screen.
//
// Invariant: frames are counted where they are shown. The browser scrolls by itself and the page makes what comes
// into sight, so what a user feels is the refreshes of the screen without a new frame, which the browser counts
// for its own measure of jerks ("ScrollJankV4" in Chromium's trace `input.scrolling`).

import type { Browser, Page } from "playwright-core";

/** How far and how fast a wheel is turned. */
export interface Turn {
  distancePx: number;
  pxPerSecond: number;
}

/** What was shown while a wheel was turned. */
export interface Shown {
  frames: number;
  /** Refreshes of the screen at which no new frame was there. */
  missed: number;
}

interface ScrollEvent {
  name?: string;
  args?: { scroll_jank_v4?: { vsyncs_since_previous_frame?: number } };
}

/** Turns the wheel over the middle of a page. */
export async function turnWheel(page: Page, { distancePx, pxPerSecond }: Turn): Promise<Shown> {
  const tracing = await browserOf(page).newBrowserCDPSession();
  const input = await page.context().newCDPSession(page);
  const events: ScrollEvent[] = [];
  tracing.on(
    "Tracing.dataCollected",
    ({ value }) => events.push(...value as { name?: unknown }[] as ScrollEvent[]),
  );
  const complete = new Promise((resolve) => tracing.once("Tracing.tracingComplete", resolve));

  await tracing.send("Tracing.start", {
    traceConfig: { includedCategories: ["input.scrolling"] },
    transferMode: "ReportEvents",
  });
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  await input.send("Input.synthesizeScrollGesture", {
    x: width / 2,
    y: height / 2,
    yDistance: -distancePx,
    speed: pxPerSecond,
    gestureSourceType: "mouse",
  });
  await tracing.send("Tracing.end");
  await complete;
  await Promise.all([tracing.detach(), input.detach()]);

  const shown = events.flatMap(({ name, args }) =>
    name === "ScrollJankV4" && args?.scroll_jank_v4 ? [args.scroll_jank_v4] : []
  );
  const missed = shown.map((one) => Math.max(0, (one.vsyncs_since_previous_frame ?? 1) - 1));
  return { frames: shown.length, missed: missed.reduce((sum, one) => sum + one, 0) };
}

/** Opens a page as large as another that has nothing to do while it is scrolled: coloured boxes, all there from the beginning. */
export async function openPlain(beside: Page): Promise<Page> {
  const page = await browserOf(beside).newPage({ viewport: beside.viewportSize() });
  await page.evaluate(() => {
    const hues = Array.from({ length: 600 }, (_, index) => (index * 37) % 360);
    document.body.style.cssText = "display: grid; grid-template-columns: repeat(6, 1fr); gap: 16px";
    document.body.append(...hues.map((hue) => {
      const box = document.createElement("div");
      box.style.cssText = `height: 280px; background: hsl(${hue} 40% 40%)`;
      return box;
    }));
  });
  return page;
}

function browserOf(page: Page): Browser {
  const browser = page.context().browser();
  if (browser === null) throw new Error("the page belongs to no browser");
  return browser;
}
