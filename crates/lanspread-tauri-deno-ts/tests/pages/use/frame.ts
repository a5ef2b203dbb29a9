// How the party is used, and the page as a whole.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import type { Steps } from "./steps.ts";

export const FRAME: Steps = {
  "the evening's games are chosen from a game and from the party, and stay chosen": [
    "party",
    "#/library?game=xonotic",
    async (page) => {
      await page.getByRole("button", { name: "Tonight" }).click();
      await page.getByRole("button", { name: "Tonight", pressed: true }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "Party" }).click();
      const columns = page.locator(".matrix thead th[scope=col]");
      await columns.filter({ hasText: "Xonotic" }).waitFor();
      assert.equal(await columns.count(), 2);
      await page.getByLabel("Add a game").selectOption({ label: "Teeworlds" });
      await columns.filter({ hasText: "Teeworlds" }).waitFor();
      await page.reload();
      await columns.filter({ hasText: "Teeworlds" }).waitFor();
      await page.getByRole("button", { name: /^Take off the evening: .*Xonotic/ }).click();
      await columns.filter({ hasText: "Xonotic" }).waitFor({ state: "detached" });
      await page.getByRole("button", { name: /^Take off the evening: .*Teeworlds/ }).click();
      await page.getByText("These are the games that most of you have").waitFor();
    },
  ],
  "somebody is expelled after a question, and let in again": [
    "party",
    "#/party",
    async (page) => {
      await page.getByRole("button", { name: /^Expel….*tobi/ }).click();
      await page.locator("dialog.question").getByRole("button", { name: "Expel" }).click();
      await page.getByRole("button", { name: /^Let in again.*tobi/ }).click();
      await page.getByRole("button", { name: /^Let in again.*tobi/ }).waitFor({
        state: "detached",
      });
    },
  ],
  "a refused command is told in the user's words with the peer's reason, and can be dismissed": [
    "party",
    "#/party",
    async (page) => {
      await page.getByRole("textbox", { name: "Address" }).fill("192.168.1.99:47000");
      await page.getByRole("button", { name: "Connect" }).click();
      await page.getByText("The peer does not answer").waitFor();
      await page.getByText("nobody answered at 192.168.1.99:47000").waitFor();
      await page.getByRole("button", { name: "Dismiss" }).click();
      await page.locator(".refusal").waitFor({ state: "detached" });
    },
  ],
  "in German a refusal is explained in German, and the peer's own words are a click away": [
    "party",
    "#/settings",
    async (page) => {
      await page.getByRole("radio", { name: "Deutsch" }).click();
      await page.getByRole("heading", { name: "Optionen" }).waitFor();
      await page.getByRole("link", { name: /^Party/ }).click();
      await page.getByRole("textbox", { name: "Adresse" }).fill("192.168.1.99:47000");
      await page.getByRole("button", { name: "Verbinden" }).click();
      await page.getByText("lässt die Firewall dort es herein?").waitFor();
      const exact = page.locator('.refusal [lang="en"]');
      assert.equal(await exact.isVisible(), false);
      await page.locator(".refusal").getByText("Genauer Wortlaut").click();
      await exact.getByText("nobody answered at 192.168.1.99:47000").waitFor();
    },
  ],
  "the page can be used from the keyboard alone, beginning with a link past the header": [
    "party",
    "#/library",
    async (page) => {
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement?.className), "filter");
    },
  ],
};
