// How a game is used: fetched, played, uninstalled, deleted.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import { card, type Steps } from "./steps.ts";

export const GAME: Steps = {
  "a game is fetched by one click, shows its progress, rests by the next, and asks before it is cancelled":
    [
      "party",
      "#/library",
      async (page) => {
        const xonotic = card(page, "Xonotic");
        await xonotic.scrollIntoViewIfNeeded().catch(() => {});
        await page.keyboard.press("/");
        await page.keyboard.type("xonotic");
        await xonotic.getByRole("button", { name: "Get it" }).click();
        await xonotic.getByRole("progressbar").waitFor();
        await xonotic.getByRole("button", { name: "Pause" }).click();
        await xonotic.getByRole("button", { name: "Resume" }).click();
        await xonotic.getByRole("progressbar").waitFor();
        await page.getByRole("link", { name: "Transfers" }).click();
        const plate = page.locator(".plate", { hasText: "0 A.D." });
        const cancel = plate.getByRole("button", { name: /^Cancel/ });
        await cancel.click();
        const question = page.locator("dialog.question");
        await question.getByText("/home/juno/lan/games/0ad").waitFor();
        await question.getByText(/iB have come and are deleted/).waitFor();
        await question.getByRole("button", { name: "Pause" }).click();
        await page.getByRole("button", { name: /^Resume: .*0 A\.D\./ }).click();
        await plate.getByText(/iB of .* verified/).waitFor();
        await cancel.click();
        await question.getByRole("button", { name: "Cancel and delete them" }).click();
        await page.getByText("Download cancelled").waitFor();
      },
    ],
  "a game that runs is not uninstalled, and its folder can be opened while anything runs on it": [
    "party",
    "#/library?game=teeworlds",
    async (page) => {
      const panel = page.locator("dialog.panel");
      await panel.getByRole("button", { name: /^Play/ }).click();
      await panel.getByText(/It runs since/).waitFor();
      await panel.getByText("end it before it is updated, unpacked or uninstalled").waitFor();
      const uninstall = panel.getByRole("button", { name: "Uninstall…" });
      assert.equal(await uninstall.getAttribute("aria-disabled"), "true");
      await uninstall.click({ force: true });
      assert.equal(await page.locator("dialog.question").count(), 0);
      await page.keyboard.press("Escape");
      await page.keyboard.press("/");
      await page.keyboard.type("0 a.d.");
      await card(page, "0 A.D.").getByRole("button").first().click();
      await panel.getByRole("progressbar").waitFor();
      await panel.getByRole("button", { name: "Open folder" }).waitFor();
      assert.equal(await panel.getByRole("button", { name: "Check files" }).count(), 0);
    },
  ],
  "an old version is played without its update, which is still offered": [
    "party",
    "#/library?game=openarena",
    async (page) => {
      const panel = page.locator("dialog.panel");
      const update = panel.getByRole("button", { name: /^Update/ });
      await update.waitFor();
      await panel.getByRole("button", { name: "Play", exact: true }).click();
      await panel.getByText(/It runs since/).waitFor();
      await panel.getByRole("button", { name: /^Running/ }).waitFor();
      assert.equal(await update.count(), 0);
    },
  ],
  "a game that no script starts says so in place of Play, and one without a server offers none": [
    "party",
    "#/library?game=openttd",
    async (page) => {
      const panel = page.locator("dialog.panel");
      await panel.getByText("It brings no game_start.sh").waitFor();
      assert.equal(await panel.getByRole("button", { name: /^Play/ }).count(), 0);
      assert.equal(await panel.getByRole("button", { name: "Start a server" }).count(), 0);
      await panel.getByRole("button", { name: "Open folder" }).waitFor();
    },
  ],
  "uninstalling names the folder and the saves first, and does nothing when it is kept": [
    "party",
    "#/library?game=teeworlds",
    async (page) => {
      await page.getByRole("button", { name: "Uninstall…" }).click();
      const question = page.locator("dialog.question");
      await question.getByText("/home/juno/lan/games/teeworlds/local").waitFor();
      await question.getByText(/^[\d.]+\sMiB are deleted, with saves/).waitFor();
      await page.keyboard.press("Escape");
      await question.waitFor({ state: "detached" });
      await page.locator("dialog.panel").getByText("Ready to play").waitFor();
      await page.getByRole("button", { name: "Uninstall…" }).click();
      await question.getByRole("button", { name: "Uninstall and lose saves" }).click();
      await page.locator("dialog.panel").getByText("Not unpacked yet").waitFor();
    },
  ],
  "the files of a game are asked for when they are opened, and only the visible ones are drawn": [
    "party",
    "#/library?game=0ad",
    async (page) => {
      assert.equal(await page.locator(".file").count(), 0);
      const files = page.getByRole("heading", { name: "Files" });
      await files.click();
      await page.getByText("9,341 files would be fetched").waitFor();
      await page.getByText("And 4,341 more.").waitFor();
      const list = page.locator(".panel .virtual-list");
      await list.locator(".file").first().waitFor();
      assert.ok(await page.locator(".file").count() < 60);
      await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
      await list.getByText("04999.pmd").waitFor();
      await files.click();
      await list.waitFor({ state: "detached" });
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
