// A guest at the page of a real peer: looks, takes a game along, and can do nothing else.
//
// Invariant: the guest's browser never had the token; what it is refused is asked for as a guest's own
// program would ask.

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { zipEntries } from "../support/zip.ts";
import { card, open } from "./looks.ts";

/** Looks at the page behind a link without its token. The peer has the game `mill` and not `chess`. */
export async function lookAsAGuest(
  browser: Browser,
  link: string,
  errors: string[],
): Promise<void> {
  const { origin } = new URL(link);
  const page = await open(browser, origin, errors);
  await page.getByText(/^You look at the PC of .*carla.* as a guest\.$/).waitFor();
  // What was said meanwhile is counted beside a name.
  const tabs = await page.getByRole("navigation").getByRole("link").allTextContents();
  const names = tabs.map((words) => words.replace(/\d.*$/, ""));
  assert.deepEqual(names, ["Library", "Party", "Help", "Settings"]);
  await takeAGame(page);
  await card(page, "chess").getByText("On other PCs").waitFor();
  assert.equal(await card(page, "chess").getByRole("link").count(), 0);
  await commandsAreRefused(page);
  for (const place of ["log", "unpack-log", "game-log"]) {
    const answer = await fetch(`${origin}/api/${place}`);
    await answer.body?.cancel();
    assert.equal(answer.status, 403, `a guest is shown the ${place}`);
  }
  await page.context().close();
}

/** Takes a game along by its link, and looks at what came. */
async function takeAGame(page: Page): Promise<void> {
  const came = page.waitForEvent("download");
  await card(page, "mill").getByRole("link", { name: /Download as ZIP/ }).click();
  const download = await came;
  assert.equal(download.suggestedFilename(), "mill.zip");
  const path = await download.path();
  const names = zipEntries(await Deno.readFile(path));
  assert.deepEqual(names, ["mill/mill.eti", "mill/version.ini"]);
}

/** Says on a socket of its own what the page would not say. */
async function commandsAreRefused(page: Page): Promise<void> {
  for (const command of ["queue", "remove", "play"]) {
    const kind = await page.evaluate((cmd) => {
      const socket = new WebSocket(`ws://${location.host}/api/live`);
      return new Promise<string>((resolve) => {
        socket.onopen = () => socket.send(JSON.stringify({ seq: 1, cmd, id: "mill" }));
        socket.onclose = () => resolve("closed");
        socket.onmessage = ({ data }) => {
          const line = JSON.parse(data);
          if (line.type !== "result") return;
          resolve(line.ok ? "ok" : line.error.kind);
          socket.close();
        };
      });
    }, command);
    assert.equal(kind, "not-allowed", command);
  }
}

/** Looks at the same page with its token, from another machine: nothing opens on that one's screen. */
export async function lookFromElsewhere(
  browser: Browser,
  link: string,
  errors: string[],
): Promise<void> {
  const page = await open(browser, link, errors);
  await card(page, "mill").getByRole("heading").getByRole("button").click();
  const panel = page.getByRole("dialog", { name: "mill" });
  await panel.getByRole("button", { name: "Check files" }).waitFor();
  assert.equal(await panel.getByRole("button", { name: /^Play/ }).count(), 0);
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByText("It can be changed on the machine itself").waitFor();
  await page.context().close();
}
