// How the logs are used: narrowed, followed, opened.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Steps } from "./steps.ts";

/** Copies what is shown of a game with the keyboard, and pastes it where one would search. */
async function copyAndPaste(page: Page, game: string): Promise<void> {
  const field = page.getByLabel("Game or archive");
  await field.fill(game);
  await page.getByRole("button", { name: "Copy what is shown" }).press("Enter");
  const copied = page.getByRole("button", { name: "Copied", exact: true });
  await copied.waitFor();
  assert.ok(await copied.evaluate((button) => button === document.activeElement));
  assert.equal(await page.locator(".copy-by-hand").count(), 0);
  await field.fill("");
  await field.press("Control+V");
  const pasted = await field.inputValue();
  assert.ok(pasted.includes(game) && !pasted.includes("openttd"), pasted);
}

export const LOGS: Steps = {
  "what a log shows is copied, and can be pasted elsewhere": [
    "party",
    "#/logs",
    (page) => copyAndPaste(page, "hedgewars"),
  ],
  "over plain HTTP, where the browser has no clipboard for a page, it is copied all the same": [
    "party",
    "#/library",
    async (page) => {
      await page.addInitScript(() =>
        Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined })
      );
      await page.reload();
      await page.getByRole("link", { name: "Logs" }).click();
      await copyAndPaste(page, "teeworlds");
    },
  ],
  "the unpack log shows each archive, opens what was said, and only errors where they are wanted": [
    "party",
    "#/logs",
    async (page) => {
      const list = page.getByRole("region", { name: "Archives that were unpacked" });
      await list.getByText("Hedgewars").first().waitFor();
      await page.getByRole("switch", { name: /Errors only/ }).click();
      await page.getByText("6 entries shown").waitFor();
      await list.getByRole("button", { name: "3 lines of output" }).first().click();
      await list.getByText("expected 48,211,003 bytes more").first().waitFor();
      await page.getByLabel("Game or archive").fill("legacy-data");
      await page.getByText("6 entries shown").waitFor();
      await page.getByLabel("Game or archive").fill("teeworlds");
      await page.getByText("Nothing matches").waitFor();
    },
  ],
  "the log of games shows each script that ran, and what the one that failed said last": [
    "party",
    "#/logs",
    async (page) => {
      await page.getByRole("link", { name: "Games", exact: true }).click();
      const list = page.getByRole("region", { name: "Scripts of games that ran" });
      await list.getByText("game_setup.sh").first().waitFor();
      await page.getByRole("switch", { name: /Errors only/ }).click();
      await page.getByText("6 entries shown").waitFor();
      await page.getByLabel("Game or script").fill("hedgewars");
      await page.getByText("3 entries shown").waitFor();
      await list.getByRole("button", { name: "1 line of output" }).first().click();
      await list.getByText("libphysfs.so.1").waitFor();
    },
  ],
  "the program's log follows its end, stays where the user scrolls, and draws few of many lines": [
    "party",
    "#/library",
    async (page) => {
      await page.getByRole("link", { name: "Logs" }).click();
      await page.getByRole("link", { name: "Program" }).click();
      const list = page.getByRole("region", { name: "Lines of the program's log" });
      const shown = page.locator("[role=status]", { hasText: "entries shown" });
      await page.waitForFunction(() => {
        const box = document.querySelector(".virtual-list");
        return box !== null && box.scrollTop > 10_000 &&
          box.scrollTop + box.clientHeight >= box.scrollHeight - 2;
      });
      const before = await shown.textContent();
      await page.waitForFunction(
        (text) => document.querySelector("[role=status]")?.textContent !== text,
        before,
      );
      assert.ok(await list.locator("li").count() < 120);
      await list.hover();
      await page.mouse.wheel(0, -4_000);
      await page.getByRole("button", { name: "Follow the end" }).waitFor();
      await page.getByRole("radio", { name: "Errors" }).check({ force: true });
      await list.locator("[data-level=error]").first().waitFor();
      assert.equal(await list.locator("[data-level=info]").count(), 0);
      await page.getByLabel("Search the log").fill("GOLDRUSH");
      await list.getByText("goldrush.pk3").first().waitFor();
      await page.goBack();
      await page.getByRole("region", { name: "Archives that were unpacked" }).waitFor();
    },
  ],
};
