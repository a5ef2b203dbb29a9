// What the checks of use are made of.
//
// Invariant: a step is told where it begins and does the rest as a person would.

import type { Locator, Page } from "playwright-core";

/** What is done and waited for, in a party that the mock plays. */
export type Step = [scenario: string, hash: string, step: (page: Page) => Promise<void>];

/** Steps by the sentence that they show. */
export type Steps = Record<string, Step>;

/** The card of a game. */
export function card(page: Page, title: string): Locator {
  return page.locator(".card", {
    has: page.getByRole("heading", { name: title, exact: true }),
  });
}
