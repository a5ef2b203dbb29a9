// Looks whether every view fits: from 800 to 3840 pixels, zoomed to 200 %, in both themes and languages; and
// whether nothing moves for people who asked for that.
//
// Invariant: it measures what the browser laid out. A page that is wider than its window fails, as does a
// button, a card or a dialog that holds more than can be seen, and an animation that runs where none may.

import type { Page } from "playwright-core";
import { finish, type Look, type Pages, withPages } from "./browser.ts";

/** The main views, and what opens over them. */
const PLACES = [
  "#/library",
  "#/library?game=0ad",
  "#/library?game=teeworlds",
  "#/transfers",
  "#/party",
  "#/logs",
  "#/logs?log=program",
  "#/help",
  "#/settings",
];

/** A window of 800 pixels whose page is zoomed to 200 % has room for 400 of its pixels. */
const SIZES = {
  "800 px": { width: 800, height: 600 },
  "3840 px": { width: 3840, height: 2160 },
  "800 px at 200 %": { width: 400, height: 300, scale: 2 },
};

const LOOKS = [
  { theme: "dark", language: "en", shape: "wide" },
  { theme: "light", language: "de", shape: "box" },
] as const;

const PARTIES = ["party", "long-titles", "told", "waiting"];

/** What is seen by others, or is long where the views are short: a question over the page is one. */
const RARER: Record<string, string[]> = {
  "first-run": [""],
  "guest": ["#/library", "#/library?game=teeworlds", "#/party", "#/help"],
  "evening": ["#/party"],
  "more-folder-gone": ["#/help", "#/settings"],
  "multicast-blocked": ["#/help"],
  "rtl": ["#/library", "#/library?game=0ad", "#/transfers", "#/party"],
  "dropped": ["#/library"],
};

/** Where something moves by itself: a bar without a figure, and the picture of the swarm. */
const MOVING: [scenario: string, hash: string][] = [
  ["stalled", "#/transfers"],
  ["party", "#/party"],
  ["stalled", "#/library?game=redeclipse"],
];

interface Misfits {
  widerPx: number;
  cut: string[];
}

/** Goes to another place of a page that is open, and waits until it is drawn. */
async function visit(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  if (hash.includes("game=")) await page.locator("dialog.panel[open]").waitFor();
  else await page.locator("dialog.panel").waitFor({ state: "detached" });
  await page.evaluate(() =>
    new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  );
}

function misfits(): Misfits {
  const isCut = ({ scrollWidth, clientWidth }: HTMLElement) => scrollWidth > clientWidth + 1;
  const holders = [
    ...document.querySelectorAll<HTMLElement>("button.button, a.button, .card, dialog, main"),
  ];
  return {
    widerPx: document.documentElement.scrollWidth - innerWidth,
    cut: holders.filter(isCut).map((holder) => (holder.textContent ?? "").slice(0, 80)),
  };
}

async function fits(
  pages: Pages,
  scenario: string,
  places: readonly string[],
  where: string,
  look: Look,
): Promise<number> {
  const page = await pages.open(scenario, "#/library", look);
  for (const hash of places) {
    await visit(page, hash);
    const { widerPx, cut } = await page.evaluate(misfits);
    const at = `${scenario}${hash} ${where} ${look.theme} ${look.language}`;
    if (widerPx > 0) pages.errors.push(`${at}: the page is ${widerPx} px wider than its window`);
    for (const words of cut) pages.errors.push(`${at}: “${words}” is cut off`);
  }
  await page.context().close();
  return places.length;
}

/** How many animations run that have no end, or have not come to it. */
async function running(pages: Pages, place: [string, string], motion: Look["motion"]) {
  const [scenario, hash] = place;
  const look: Look = { width: 1280, height: 800, theme: "dark", language: "en", motion };
  const page = await pages.open(scenario, hash, look);
  const names = await page.evaluate(() =>
    document.getAnimations()
      .filter(({ playState }) => playState === "running")
      .map((animation) =>
        animation instanceof CSSAnimation ? animation.animationName : "transition"
      )
  );
  await page.context().close();
  return names;
}

await withPages(async (pages) => {
  let count = 0;
  const parties = PARTIES.map((scenario) => [scenario, PLACES] as const);
  for (const [scenario, places] of [...parties, ...Object.entries(RARER)]) {
    for (const [where, size] of Object.entries(SIZES)) {
      for (const look of LOOKS) {
        count += await fits(pages, scenario, places, where, { ...size, ...look });
      }
    }
  }
  for (const place of MOVING) {
    const [moving, still] = [
      await running(pages, place, "no-preference"),
      await running(pages, place, "reduce"),
    ];
    const at = place.join("");
    if (moving.length === 0) pages.errors.push(`${at}: nothing moves, so nothing is shown here`);
    if (still.length > 0) pages.errors.push(`${at}: moves in spite of the wish: ${still}`);
    count += 1;
  }
  finish(pages.errors, `${count} places looked at, ${pages.errors.length} do not fit`);
});
