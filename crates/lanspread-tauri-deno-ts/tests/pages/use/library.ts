// How the library is used: searched, walked through, narrowed.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import { card, type Steps } from "./steps.ts";

export const LIBRARY: Steps = {
  "the search is reached by a key, forgives a slip, and Escape clears it": [
    "party",
    "#/party",
    async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("supertxkart");
      await card(page, "SuperTuxKart").waitFor();
      assert.match(page.url(), /#\/library\?words=supertxkart/);
      assert.equal(await page.locator(".card").count(), 1);
      await page.keyboard.press("Escape");
      await card(page, "0 A.D.").waitFor();
      assert.equal(await page.locator(".search input").inputValue(), "");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+f");
      assert.ok(
        await page.locator(".search input").evaluate((it) => it === document.activeElement),
      );
    },
  ],
  "arrow keys walk through five thousand games, also past those that are drawn": [
    "huge",
    "#/library",
    async (page) => {
      await page.locator("[data-index='0']").focus();
      await page.keyboard.press("ArrowRight");
      await page.locator("[data-index='1']:focus").waitFor();
      await page.keyboard.press("ArrowDown");
      await page.locator("[data-index='5']:focus").waitFor();
      await page.keyboard.press("End");
      await page.locator("[data-index='4999']:focus").waitFor();
      await page.keyboard.press("Enter");
      await page.locator("dialog.panel[open]").waitFor();
    },
  ],
  "pictures on cards become upright when that is chosen, and the arrow keys follow the new columns":
    [
      "huge",
      "#/settings",
      async (page) => {
        await page.getByLabel("Upright, as on a box").check();
        await page.getByRole("link", { name: "Library" }).click();
        const first = page.locator(".card").first();
        const art = await first.locator(".art").boundingBox();
        assert.ok(art !== null && art.height > art.width);
        await page.locator("[data-index='0']").focus();
        await page.keyboard.press("End");
        await page.locator("[data-index='4999']:focus").waitFor();
      },
    ],
  "a card that comes into another row keeps the focus, and one that is left does not take it again":
    [
      "many",
      "#/library",
      async (page) => {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.locator("[data-index='3']").focus();
        await page.setViewportSize({ width: 800, height: 800 });
        await page.locator(".grid-row:nth-child(2) [data-index='3']:focus").waitFor();
        await page.locator("h1").first().evaluate(() => {
          if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        });
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.locator(".grid-row:nth-child(1) [data-index='3']").waitFor();
        assert.ok(await page.evaluate(() => document.activeElement === document.body));
      },
    ],
  "an open game has an address, Escape closes it, and Back opens it again": [
    "party",
    "#/library",
    async (page) => {
      await card(page, "AssaultCube").getByRole("button", { name: "AssaultCube" }).first().click();
      await page.locator("dialog.panel[open]").waitFor();
      assert.match(page.url(), /game=assaultcube/);
      await page.keyboard.press("Escape");
      await page.locator("dialog.panel").waitFor({ state: "detached" });
      await card(page, "AssaultCube").locator("[data-index]:focus").waitFor();
      await page.goBack();
      await page.locator("dialog.panel[open]").waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "AssaultCube" }).last().waitFor();
    },
  ],
  "a filter shows as many games as its counter says": [
    "many",
    "#/library",
    async (page) => {
      const filter = page.getByRole("button", { name: /^Ready to play \d+$/ });
      const count = (await filter.textContent())?.match(/\d+/)?.[0];
      await filter.click();
      await page.getByText(`${count} games shown`).waitFor();
    },
  ],
  "games are narrowed by genre and number of players, and sorted by size": [
    "party",
    "#/library",
    async (page) => {
      const facts = () => page.locator(".card-facts").allTextContents();
      const sizes = async () =>
        (await facts()).map((words) => {
          const [, size, unit] = words.match(/([\d.]+)\s(MiB|GiB)/) ?? [];
          return Number(size) * (unit === "GiB" ? 1024 : 1);
        });
      await page.getByLabel("Genre").selectOption({ label: "Shooter" });
      await page.locator("label:has-text('Players') select").first().selectOption({ index: 1 });
      await page.getByLabel("Sort by").selectOption({ label: "Size" });
      assert.match(page.url(), /genre=Shooter&players=2/);
      await page.locator(".card").first().getByRole("heading", { name: "Xonotic" }).waitFor();
      const shown = await sizes();
      assert.ok(shown.length > 1);
      assert.deepEqual(shown, [...shown].sort((a, b) => b - a));
      assert.ok((await facts()).every((words) => words.includes("Shooter")));
    },
  ],
  "rows on a telephone show how many have a game, whatever the chip beside it says": [
    "hashing",
    "#/library",
    async (page) => {
      await page.getByRole("radio", { name: "Rows" }).press("Space");
      await page.setViewportSize({ width: 360, height: 800 });
      await page.locator(".card-compact").first().waitFor();
      const cut = await page.locator(".card-compact .card-holders").evaluateAll((all) =>
        all.filter((it) => it.scrollWidth > it.clientWidth || it.clientWidth === 0)
          .map((it) => it.parentElement?.textContent)
      );
      // A row whose operation runs says that instead.
      assert.deepEqual(cut.filter((words) => !words?.includes("Downloading")), []);
    },
  ],
};
