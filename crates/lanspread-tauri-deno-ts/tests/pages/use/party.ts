// How people at the party are talked to and heard.
//
// Invariant: every step waits for what a person would see.

import assert from "node:assert/strict";
import type { Steps } from "./steps.ts";

export const PARTY: Steps = {
  "something is said to everybody with the keyboard, and stands there at once": [
    "party",
    "#/party",
    async (page) => {
      const field = page.getByRole("textbox", { name: "Say something to everybody" });
      const log = page.getByRole("log", { name: "What people say" });
      await field.fill("<i>Table 3</i> needs a switch");
      await field.press("Enter");
      await log.getByText("<i>Table 3</i> needs a switch").waitFor();
      assert.equal(await field.inputValue(), "");
      await field.fill("x".repeat(450));
      await page.getByText("Room for about 50 more letters").waitFor();
      await field.fill("x".repeat(501));
      await page.getByText("That is too long").waitFor();
      await field.press("Enter");
      assert.equal(await field.inputValue(), "x".repeat(501));
    },
  ],
  "what somebody says is shown wherever one is, counted, and read when the party is opened": [
    "talk",
    "#/library",
    async (page) => {
      const party = page.getByRole("link", { name: /^Party/ });
      const heard = page.getByRole("status").filter({ hasText: "says" });
      await heard.getByText("Server is up").waitFor();
      assert.equal(await page.locator(".badge-party").textContent(), "9+");
      await party.getByText(/^\d+ new messages$/).waitFor({ state: "attached" });
      await heard.getByRole("link", { name: "Open the party" }).click();
      const log = page.getByRole("log", { name: "What people say" });
      await log.getByText("Server is up").waitFor();
      await page.locator(".badge-party").waitFor({ state: "detached" });
      await heard.waitFor({ state: "detached" });
      await log.getByText("5 minutes!").waitFor();
      assert.equal(await page.locator(".badge-party").count(), 0);
      await page.reload();
      await party.waitFor();
      const isAtTheEnd = await log.evaluate((it) =>
        it.scrollHeight - it.scrollTop - it.clientHeight < 2
      );
      assert.ok(isAtTheEnd, "the newest message is in sight");
    },
  ],
  "a toast can be dismissed, and what it said stays unread": [
    "talk",
    "#/transfers",
    async (page) => {
      await page.getByText("Server is up").waitFor();
      await page.locator(".heard-card").getByRole("button", { name: "Dismiss" }).click();
      await page.locator(".heard-card").waitFor({ state: "detached" });
      await page.locator(".badge-party").waitFor();
    },
  ],
};
