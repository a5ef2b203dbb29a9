// How a game is used: fetched, played, uninstalled, deleted.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import { card, type Steps } from "./steps.ts";

export const GAME: Steps = {
  "a game is fetched by one click, shows its progress, and can be cancelled": [
    "party",
    "#/library",
    async (page) => {
      const xonotic = card(page, "Xonotic");
      await xonotic.scrollIntoViewIfNeeded().catch(() => {});
      await page.keyboard.press("/");
      await page.keyboard.type("xonotic");
      await xonotic.getByRole("button", { name: "Get it" }).click();
      await xonotic.getByRole("progressbar").waitFor();
      await xonotic.getByRole("button", { name: "Cancel" }).click();
      await xonotic.getByRole("button", { name: "Get it" }).waitFor();
      await page.getByRole("link", { name: "Transfers" }).click();
      await page.getByText("Download cancelled").waitFor();
    },
  ],
  "uninstalling names the folder and the saves first, and does nothing when it is kept": [
    "party",
    "#/library?game=teeworlds",
    async (page) => {
      await page.getByRole("button", { name: "Uninstall…" }).click();
      const question = page.locator("dialog.question");
      await question.getByText("/home/juno/lan/games/teeworlds/local").waitFor();
      await question.getByText("saves").first().waitFor();
      await page.keyboard.press("Escape");
      await question.waitFor({ state: "detached" });
      await page.locator("dialog.panel").getByText("Ready to play").waitFor();
      await page.getByRole("button", { name: "Uninstall…" }).click();
      await question.getByRole("button", { name: "Uninstall and lose saves" }).click();
      await page.locator("dialog.panel").getByText("Not unpacked yet").waitFor();
    },
  ],
  "a game that is installed cannot be deleted, and one that is not can": [
    "party",
    "#/library?game=supertuxkart",
    async (page) => {
      await page.getByRole("button", { name: "Delete…" }).click();
      await page.locator("dialog.question").getByRole("button", { name: "Delete the files" })
        .click();
      await page.locator("dialog.panel").getByText("Not here yet").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog.panel").waitFor({ state: "detached" });
      await page.keyboard.press("/");
      await page.keyboard.type("teeworlds");
      await card(page, "Teeworlds").getByRole("button").first().click();
      await page.locator("dialog.panel").getByText("Uninstall it first").waitFor();
      assert.equal(await page.getByRole("button", { name: "Delete…" }).count(), 0);
    },
  ],
};
