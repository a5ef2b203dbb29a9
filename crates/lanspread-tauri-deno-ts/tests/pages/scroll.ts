// Scrolls through five thousand games and counts what a user would feel as a jerk.
//
// Invariant: the number of cards that exist stays bounded, and at no time is there none to be seen. Times are
// printed for people to compare; only a count of long tasks far beyond what a slow machine causes is a failure,
// since machines are shared, and in the short form, as the default tests have it, not even that.

import { finish, withPages } from "./browser.ts";

const short = Deno.args.includes("--short");

const STEPS = short ? 60 : 240;
/** Pixels at each frame: a wheel that is turned briskly, and a page that is flung, 3,600 and 10,800 a second. */
const STEPS_PX = { briskly: 60, flung: 180 };
const CARDS_MAX = 120;
const LONG_TASKS_MAX = 12;

interface Scrolled {
  frames: number;
  elapsedMs: number;
  slowestMs: number;
  late: number;
  longTasks: number[];
  cardsMost: number;
  empty: number;
  height: number;
}

await withPages(async (pages) => {
  const page = await pages.open("huge", "#/library", {
    width: 1920,
    height: 1080,
    theme: "dark",
    language: "en",
  });
  await page.waitForTimeout(1_000);
  const said: string[] = [];
  for (const [how, stepPx] of Object.entries(STEPS_PX)) {
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(500);
    said.push(judge(how, await page.evaluate(scroll, { steps: STEPS, stepPx }), pages.errors));
  }
  const typed = await page.evaluate(typeWords);
  said.push(`search answered in ${Math.round(typed)} ms`);
  finish(pages.errors, said.join("\n"));
});

/** What was measured, in words; what is wrong with it goes to the errors. */
function judge(how: string, scrolled: Scrolled, errors: string[]): string {
  const { frames, elapsedMs, slowestMs, late, longTasks, cardsMost, empty, height } = scrolled;
  if (cardsMost > CARDS_MAX) errors.push(`${how}: ${cardsMost} cards existed at once`);
  if (empty > 0) errors.push(`${how}: in ${empty} frames no card was to be seen`);
  if (!short && longTasks.length > LONG_TASKS_MAX) {
    errors.push(`${how}: ${longTasks.length} tasks were longer than 50 ms`);
  }
  const rate = (1_000 * frames) / elapsedMs;
  return [
    `5,000 games, ${height} px, ${how}: ${rate.toFixed(1)} frames a second`,
    `${frames} in ${Math.round(elapsedMs)} ms, the slowest ${Math.round(slowestMs)} ms`,
    `${late} later than 34 ms`,
    `${longTasks.length} tasks longer than 50 ms (${longTasks.map(Math.round).join(", ")})`,
    `at most ${cardsMost} cards at once`,
  ].join("; ");
}

async function scroll({ steps, stepPx }: { steps: number; stepPx: number }): Promise<Scrolled> {
  const longTasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    longTasks.push(...list.getEntries().map((entry) => entry.duration));
  });
  observer.observe({ type: "longtask" });
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
  const began = await frame();
  const gaps: number[] = [];
  let before = began;
  let cardsMost = 0;
  let empty = 0;
  for (let step = 0; step < steps; step += 1) {
    scrollBy(0, stepPx);
    const now = await frame();
    gaps.push(now - before);
    before = now;
    const cards = [...document.querySelectorAll(".card")];
    cardsMost = Math.max(cardsMost, cards.length);
    const isSeen = (card: Element) => {
      const { top, bottom } = card.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    };
    if (!cards.some(isSeen)) empty += 1;
  }
  observer.disconnect();
  return {
    frames: steps,
    elapsedMs: before - began,
    slowestMs: Math.max(...gaps),
    late: gaps.filter((gap) => gap > 34).length,
    longTasks,
    cardsMost,
    empty,
    height: document.documentElement.scrollHeight,
  };
}

/** How long it takes from a letter typed to a list that is drawn. */
async function typeWords(): Promise<number> {
  const field = document.querySelector<HTMLInputElement>(".search input");
  if (!field) throw new Error("there is no search field");
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
  const began = performance.now();
  setter?.call(field, "supertxkart");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const status = () => document.querySelector("[role=status]")?.textContent ?? "";
  const all = status();
  while (status() === all) await new Promise((resolve) => requestAnimationFrame(resolve));
  return performance.now() - began;
}
