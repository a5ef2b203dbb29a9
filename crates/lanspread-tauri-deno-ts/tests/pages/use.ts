// Uses the page as a guest would, with keyboard and mouse, and checks what comes of it.
//
// Invariant: nothing sleeps; every step waits for the fact that it is about. Arguments narrow it down: only
// steps whose sentence contains all of them are taken.

import { finish, type Look, withPages } from "./browser.ts";
import { BEGIN } from "./use/begin.ts";
import { FRAME } from "./use/frame.ts";
import { GAME } from "./use/game.ts";
import { LIBRARY } from "./use/library.ts";
import { LOGS } from "./use/logs.ts";
import { PARTY } from "./use/party.ts";
import { REACH } from "./use/reach.ts";
import type { Steps } from "./use/steps.ts";
import { TRANSFERS } from "./use/transfers.ts";

const LOOK: Look = { width: 1280, height: 800, theme: "dark", language: "en" };

const STEPS: Steps = {
  ...BEGIN,
  ...LIBRARY,
  ...GAME,
  ...TRANSFERS,
  ...LOGS,
  ...PARTY,
  ...FRAME,
  ...REACH,
};

const wanted = Object.entries(STEPS).filter(([name]) =>
  Deno.args.every((part) => name.includes(part))
);

await withPages(async (pages) => {
  let passed = 0;
  for (const [name, [scenario, hash, step]] of wanted) {
    const page = await pages.open(scenario, hash, LOOK);
    page.setDefaultTimeout(10_000);
    try {
      await step(page);
      passed += 1;
      console.log(`ok    ${name}`);
    } catch (error) {
      pages.errors.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
    await page.context().close();
  }
  finish(pages.errors, `${passed} passed, ${wanted.length - passed} failed`);
});
