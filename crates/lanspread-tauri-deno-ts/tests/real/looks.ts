// How the checks open the page of a real peer, and find a game on it.
//
// Invariant: whatever the page throws or complains of is noted, and fails the check at its end.

import type { Browser, Locator, Page } from "playwright-core";

/** The card of a game. */
export function card(page: Page, title: string): Locator {
  return page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: title }) });
}

/** Opens a page in a browser that knows nothing of earlier ones. */
export async function open(browser: Browser, address: string, errors: string[]): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => errors.push(`the page threw: ${error.message}`));
  page.on("console", (line) => {
    // A browser complains by itself of a socket that a peer's end has closed.
    if (line.type() === "error" && !line.text().includes("WebSocket")) errors.push(line.text());
  });
  await page.goto(address);
  return page;
}
