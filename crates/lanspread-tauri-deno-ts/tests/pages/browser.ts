// A browser for the checks that need one: Debian's Chromium without a screen.
//
// Invariant: a page that writes an error to its console, or throws, fails the check that opened it. The
// browser talks to the loopback interface only.

import { type Browser, chromium, type Page } from "playwright-core";
import { serve } from "./server.ts";

export const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type Theme = "dark" | "light";
export type Language = "en" | "de";

/** How a page is opened. */
export interface Look {
  width: number;
  height: number;
  theme: Theme;
  language: Language;
  density?: "comfortable" | "compact";
  shape?: "wide" | "box";
  accent?: string;
  /** Pixels of the screen to one of the page: 2 in a page that is zoomed to 200 %. */
  scale?: number;
  /** Whether the user asked for less motion. */
  motion?: "reduce" | "no-preference";
}

/** Opens pages of the mock build. */
export interface Pages {
  open(scenario: string, hash: string, look: Look): Promise<Page>;
  errors: string[];
}

/** Runs a check with a browser and the mock build, and ends both whatever happens. */
export async function withPages(check: (pages: Pages) => Promise<void>): Promise<void> {
  const served = serve("dist-mock");
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
  const errors: string[] = [];
  try {
    await check({ errors, open: (...how) => open(browser, served.origin, errors, ...how) });
  } finally {
    await browser.close();
    await served.close();
  }
}

async function open(
  browser: Browser,
  origin: string,
  errors: string[],
  scenario: string,
  hash: string,
  look: Look,
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    locale: look.language,
    deviceScaleFactor: look.scale ?? 1,
    reducedMotion: look.motion ?? "no-preference",
  });
  const page = await context.newPage();
  const where = `${scenario}${hash}`;
  page.on("console", (line) => {
    if (line.type() === "error") errors.push(`${where}: ${line.text()}`);
  });
  page.on("pageerror", (error) => errors.push(`${where}: ${error.message}`));
  const { theme, language, density = "comfortable", shape = "wide", accent = "lamp" } = look;
  await page.addInitScript(
    (kept) => localStorage.setItem("lanspread-preferences", kept),
    JSON.stringify({ theme, language, density, shape, accent }),
  );
  await page.goto(`${origin}/?mock=${scenario}${hash}`);
  await page.locator("main").waitFor();
  return page;
}

/** Prints what went wrong and ends with a failure, if anything did. */
export function finish(errors: string[], summary: string): void {
  for (const error of errors) console.error(error);
  console.log(summary);
  if (errors.length > 0) Deno.exit(1);
}
