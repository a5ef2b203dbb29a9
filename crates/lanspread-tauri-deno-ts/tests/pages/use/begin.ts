// How the page is begun and set up.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import { card, type Steps } from "./steps.ts";

export const BEGIN: Steps = {
  "the first start asks for a name and a folder, says what does not do, and leads to the party": [
    "first-run",
    "",
    async (page) => {
      const join = page.getByRole("button", { name: "Join the party" });
      await page.getByLabel("Your name").fill("");
      await page.getByText("Others have to call you something").waitFor();
      await page.getByLabel("Your name").fill("Juno");
      await page.getByLabel("Where your games lie").fill("games");
      await join.click();
      await page.getByText("games is no whole path of a folder").waitFor();
      await page.getByRole("button", { name: "Choose…" }).click();
      await join.click();
      await card(page, "0 A.D.").waitFor();
    },
  ],
  "a folder that is dragged onto the first start is the one to join with, and is not asked about again":
    [
      "first-run-dropped",
      "",
      async (page) => {
        const folder = page.getByLabel("Where your games lie");
        await page.locator("input[value='/media/juno/SSD/games']").waitFor();
        assert.equal(await folder.inputValue(), "/media/juno/SSD/games");
        await page.getByRole("button", { name: "Join the party" }).click();
        await card(page, "0 A.D.").waitFor();
        assert.equal(await page.locator("dialog.question").count(), 0);
        await page.getByRole("link", { name: "Settings" }).click();
        await page.getByText("/media/juno/SSD/games").waitFor();
      },
    ],
  "a folder that is dragged onto the window is used only after a question": [
    "dropped",
    "#/settings",
    async (page) => {
      const question = page.locator("dialog.question");
      await question.getByText("/media/juno/SSD/games").waitFor();
      await question.getByRole("button", { name: "Leave it" }).click();
      await question.waitFor({ state: "detached" });
      await page.getByText("/home/juno/lan/games").waitFor();
    },
  ],
  "the language and the theme change at once and are kept": [
    "party",
    "#/settings",
    async (page) => {
      await page.getByRole("radio", { name: "Deutsch" }).click();
      await page.getByRole("heading", { name: "Optionen" }).waitFor();
      await page.getByRole("radio", { name: "Hell" }).check();
      await page.locator(":root[lang=de][data-theme=light]").waitFor({ state: "attached" });
      const kept = await page.evaluate(() => localStorage.getItem("lanspread-preferences"));
      assert.match(kept ?? "", /"language":"de","theme":"light"/);
    },
  ],
  "a name is kept, holds after a restart, and can be restarted for": [
    "party",
    "#/settings",
    async (page) => {
      await page.getByLabel("Player name").fill("Juno II");
      await page.getByRole("button", { name: "Keep", exact: true }).click();
      await page.getByText("Something holds after the next start").waitFor();
      await page.getByRole("button", { name: "Restart now" }).click();
      await page.getByText("Something holds after the next start").waitFor({ state: "detached" });
      assert.equal(await page.getByLabel("Player name").inputValue(), "Juno II");
    },
  ],
  "a party code that could be guessed is refused and stays in its field, and a good one is not shown":
    [
      "party",
      "#/settings",
      async (page) => {
        const code = page.getByLabel("New code");
        await code.fill("1234");
        await page.getByRole("button", { name: "Set the code" }).click();
        await page.getByText("that party code could be guessed").waitFor();
        assert.equal(await code.inputValue(), "1234");
        await code.fill("k7m2-x9qd");
        await page.getByRole("button", { name: "Set the code" }).click();
        await page.getByText("A code is kept for the next start").waitFor();
        assert.equal(await page.getByLabel("Another code").inputValue(), "");
        assert.ok(!(await page.content()).includes("k7m2-x9qd"));
        await page.getByRole("button", { name: "Remove it" }).click();
        await page.getByText("every peer on this network connects").waitFor();
      },
    ],
  "where no dialog can be opened, the folder of games is typed": [
    "browser",
    "#/settings",
    async (page) => {
      await page.getByRole("link", { name: "Transfers" }).click();
      await page.getByRole("button", { name: /^Cancel/ }).first().click();
      await page.getByRole("button", { name: "Cancel and delete them" }).click();
      await page.getByText("Nothing is running").waitFor();
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByLabel("Another folder").fill("/srv/games");
      await page.getByRole("button", { name: "Use it" }).click();
      await page.getByText("/srv/games").waitFor();
    },
  ],
};
