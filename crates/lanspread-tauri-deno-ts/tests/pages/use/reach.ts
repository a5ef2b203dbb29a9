// Whether everything is reached from the keyboard.
//
// Invariant: what a mouse can press, Tab comes to. Radios of one group, and cards of the library, are reached
// together and walked through with arrows.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Step, Steps } from "./steps.ts";

/** More than any view has of what can be pressed. */
const TABS_MAX = 400;

const PRESSED = "button, a[href], input:not([type=radio]), select, textarea, summary";

/** Walks with Tab until the walk begins again, and says what it did not come to. */
async function missed(page: Page): Promise<string[]> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press("Tab");
    const goesOn = await page.evaluate(() => {
      const held = document.activeElement;
      if (held === null || held === document.body) return true;
      const isNew = !held.hasAttribute("data-reached");
      held.setAttribute("data-reached", "");
      return isNew;
    });
    if (!goesOn) break;
  }
  return await page.evaluate((pressed) => {
    const within = document.querySelector("dialog[open]") ?? document.body;
    const isAsked = (it: HTMLElement) =>
      it.checkVisibility({ visibilityProperty: true }) && it.tabIndex >= 0 &&
      !it.hasAttribute("data-reached") && !(it as HTMLButtonElement).disabled;
    return [...within.querySelectorAll<HTMLElement>(pressed)].filter(isAsked)
      .map((it) => it.ariaLabel ?? it.textContent ?? it.outerHTML);
  }, PRESSED);
}

function reaches(scenario: string, hash: string): Step {
  return [scenario, hash, async (page) => {
    await page.locator("main").waitFor();
    if (hash.includes("game=")) await page.locator("dialog.panel[open]").waitFor();
    assert.deepEqual(await missed(page), []);
    assert.ok(await page.locator("[data-reached]").count() > 5, "it was walked through");
  }];
}

export const REACH: Steps = {
  "Tab comes to everything of a game": reaches("party", "#/library?game=openarena"),
  "Tab comes to everything of the transfers": reaches("queue", "#/transfers"),
  "Tab comes to everything of the party": reaches("talk", "#/party"),
  "Tab comes to everything of the logs": reaches("party", "#/logs"),
  "Tab comes to everything of the help": reaches("more-folder-gone", "#/help"),
  "Tab comes to everything of the settings": reaches("party", "#/settings"),
};
