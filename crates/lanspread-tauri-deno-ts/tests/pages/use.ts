// Uses the page as a guest would, with keyboard and mouse, and checks what comes of it.
//
// Invariant: nothing sleeps; every step waits for the fact that it is about.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { finish, type Look, type Pages, withPages } from "./browser.ts";

const LOOK: Look = { width: 1280, height: 800, theme: "dark", language: "en" };

type Step = (page: Page, pages: Pages) => Promise<void>;

const card = (page: Page, title: string) =>
  page.locator(".card", { has: page.getByRole("heading", { name: title, exact: true }) });

const STEPS: Record<string, [scenario: string, hash: string, step: Step]> = {
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
  "a game that is ready is played by one click, and a server is started from its panel": [
    "party",
    "#/library?filter=ready&game=teeworlds",
    async (page) => {
      const panel = page.locator("dialog.panel");
      await panel.getByRole("button", { name: /^Play/ }).click();
      await panel.getByText(/It runs since/).waitFor();
      await panel.getByRole("button", { name: "Start a server" }).click();
      await panel.getByText(/A server runs here since/).waitFor();
      await page.keyboard.press("Escape");
      await card(page, "Teeworlds").getByRole("button", { name: /^Running/ }).waitFor();
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
  "a limit that is too low is refused beside its field, and one that is right is set": [
    "party",
    "#/transfers",
    async (page) => {
      const field = page.getByLabel("Upload, all together");
      await field.fill("0.1");
      await page.getByText("At least 0.25 MiB/s").waitFor();
      await field.fill("2,5");
      await page.getByRole("button", { name: "Set limits" }).click();
      await page.locator(".limits .button").waitFor({ state: "detached" });
      assert.equal(await field.inputValue(), "2.5");
      await page.getByRole("switch").click();
      await page.locator("[role=switch]:checked").waitFor();
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
        await page.getByText("A code is set").waitFor();
        assert.equal(await page.getByLabel("Another code").inputValue(), "");
        assert.ok(!(await page.content()).includes("k7m2-x9qd"));
        await page.getByRole("button", { name: "Remove it" }).click();
        await page.getByText("No code is set").waitFor();
      },
    ],
  "where no dialog can be opened, the folder of games is typed": [
    "browser",
    "#/settings",
    async (page) => {
      await page.getByRole("link", { name: "Transfers" }).click();
      await page.getByRole("button", { name: /^Cancel/ }).first().click();
      await page.getByText("Nothing is running").waitFor();
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByLabel("Another folder").fill("/srv/games");
      await page.getByRole("button", { name: "Use it" }).click();
      await page.getByText("/srv/games").waitFor();
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

await withPages(async (pages) => {
  let passed = 0;
  for (const [name, [scenario, hash, step]] of Object.entries(STEPS)) {
    const page = await pages.open(scenario, hash, LOOK);
    page.setDefaultTimeout(10_000);
    try {
      await step(page, pages);
      passed += 1;
      console.log(`ok    ${name}`);
    } catch (error) {
      pages.errors.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
    await page.context().close();
  }
  finish(pages.errors, `${passed} passed, ${Object.keys(STEPS).length - passed} failed`);
});
