// How transfers are used: put in order, let rest, limited.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import { card, type Steps } from "./steps.ts";

export const TRANSFERS: Steps = {
  "a download rests and goes on where it was, and one that waits gets another place with the keyboard":
    [
      "queue",
      "#/transfers",
      async (page) => {
        const queue = page.locator(".queue > li");
        const titles = async () => (await queue.locator(".name").allTextContents()).join(", ");
        await page.getByRole("button", { name: /^Pause: .*Red Eclipse/ }).click();
        await page.getByRole("button", { name: /^Resume: .*Red Eclipse/ }).waitFor();
        await queue.filter({ hasText: "Xonotic" }).waitFor({ state: "detached" });
        const up = page.getByRole("button", { name: /^Move up: .*Warzone 2100/ });
        await up.focus();
        const before = await titles();
        await page.keyboard.press("Enter");
        await page.waitForFunction(
          (old) =>
            [...document.querySelectorAll(".queue .name")].map((it) => it.textContent).join(
              ", ",
            ) !==
              old,
          before,
        );
        await page.locator("[data-move='up warzone2100'] button:focus").waitFor();
        const down = page.getByRole("button", { name: /^Move down: .*Warzone 2100/ });
        await down.focus();
        await page.keyboard.press("Enter");
        await page.waitForFunction(
          (old) =>
            [...document.querySelectorAll(".queue .name")].map((it) => it.textContent).join(
              ", ",
            ) ===
              old,
          before,
        );
        await page.locator("[data-move='down warzone2100'] button:focus").waitFor();
        await page.getByRole("button", { name: /^Cancel: .*Speed Dreams/ }).click();
        await queue.filter({ hasText: "Speed Dreams" }).waitFor({ state: "detached" });
      },
    ],
  "a download that rests asks before what has come of it is thrown away": [
    "queue",
    "#/transfers",
    async (page) => {
      await page.getByRole("button", { name: /^Cancel: .*Nexuiz/ }).click();
      const question = page.locator("dialog.question");
      await question.getByText(/296\sMiB have come and are deleted/).waitFor();
      await question.getByText("it goes on from there").waitFor();
      await question.getByRole("button", { name: "Cancel and delete them" }).click();
      await page.locator(".queue > li", { hasText: "Nexuiz" }).waitFor({ state: "detached" });
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
};
