// Scrolls through five thousand games and counts what a user would feel as a jerk.
//
// Invariant: the number of cards that exist stays bounded, and at no time is there none to be seen. Times are
// printed for people to compare; only a count of long tasks far beyond what a slow machine causes is a failure,
// since machines are shared, and in the short form, as the default tests have it, not even that.
//
// It is scrolled twice: by a script, for which the page has to be done at every frame, and by a wheel, as users
// do it. What a machine shows at most says a page of plain boxes in the same run, turn by turn.

import type { Page } from "playwright-core";
import { finish, withPages } from "./browser.ts";
import { openPlain, type Shown, turnWheel } from "./wheel.ts";

const short = Deno.args.includes("--short");

const STEPS = short ? 60 : 240;
/** Pixels at each frame: a wheel that is turned briskly, and a page that is flung, 3,600 and 10,800 a second. */
const STEPS_PX = { briskly: 60, flung: 180 };
const WHEEL = { distancePx: short ? 1_800 : 14_400, pxPerSecond: 3_600 };
const WHEEL_ROUNDS = short ? 1 : 5;
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
  const [library, boxes] = await turnWheels(page, await openPlain(page), pages.errors);
  said.push(ofWheel("the library", library), ofWheel("a page of plain boxes", boxes));
  await page.bringToFront();
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

/** Turns the wheel over the library and over a page of plain boxes, one after the other. */
async function turnWheels(page: Page, plain: Page, errors: string[]): Promise<[Shown[], Shown[]]> {
  const library: Shown[] = [];
  const boxes: Shown[] = [];
  for (let round = 0; round < WHEEL_ROUNDS; round += 1) {
    for (const [turned, shown] of [[page, library], [plain, boxes]] as const) {
      await turned.bringToFront();
      await turned.evaluate(() => scrollTo(0, 0));
      await turned.waitForTimeout(500);
      const now = await turnWheel(turned, WHEEL);
      shown.push(now);
      if (now.frames === 0) errors.push("the browser counted no frame that was scrolled");
      const scrolledPx = await turned.evaluate(() => scrollY);
      if (scrolledPx < WHEEL.distancePx) errors.push(`the wheel moved ${scrolledPx} px only`);
    }
    const { empty } = await page.evaluate(scroll, { steps: 1, stepPx: 0 });
    if (empty > 0) errors.push("after the wheel no card was to be seen");
  }
  return [library, boxes];
}

/** What a wheel showed, turn by turn. */
function ofWheel(what: string, turns: Shown[]): string {
  const missed = turns.map((turn) => `${turn.missed} of ${turn.frames + turn.missed}`);
  return `${what}, by a wheel: frames missed ${missed.join(", ")}`;
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
