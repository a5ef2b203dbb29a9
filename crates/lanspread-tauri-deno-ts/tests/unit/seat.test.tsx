// What may be done from where, and what a guest is shown.

import assert from "node:assert/strict";
import type { Abilities } from "../../src/api/shell.ts";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { Frame } from "../../src/frame/frame.tsx";
import { canTake, mayDo, offersTaking } from "../../src/state/seat.ts";
import { GUEST_TABS, TABS } from "../../src/state/route.ts";
import { render, wordsOf } from "../support/render.tsx";
import { game } from "../support/games.ts";

const ALL: Abilities = { chooseFolder: true, openFolder: true, restart: true, desktop: true };
const NONE: Abilities = { chooseFolder: false, openFolder: false, restart: false, desktop: false };

Deno.test("on the machine itself everything may be done that the shell can do", () => {
  assert.ok(Object.values(mayDo("here", ALL)).every(Boolean));
  const browser = mayDo("here", NONE);
  assert.deepEqual([browser.ask, browser.play, browser.setFolder], [true, true, true]);
  assert.deepEqual([browser.chooseFolder, browser.restart, browser.desktop], [false, false, false]);
});

Deno.test("from another machine nothing opens on the screen of this one, and a guest asks for nothing", () => {
  const { ask, ...rest } = mayDo("elsewhere", ALL);
  assert.ok(ask && Object.values(rest).every((may) => !may));
  assert.ok(Object.values(mayDo("guest", ALL)).every((may) => !may));
});

Deno.test("a game is taken along only where its files are here and sound, and where guests may come", () => {
  assert.ok(canTake(game("a", { downloaded: true })));
  assert.ok(
    !canTake(
      game("a", {
        downloaded: true,
        problem: { kind: "unreadable", file: null, message: "it cannot be read" },
      }),
    ),
  );
  assert.ok(!canTake(game("a", { installed: true })));
  assert.ok(!canTake(game("a", { downloaded: true, to_hash: true })));
  assert.ok(offersTaking("guest", false) && offersTaking("elsewhere", true));
  assert.ok(!offersTaking("elsewhere", false) && !offersTaking("here", true));
});

Deno.test("a guest has links to take games along, and no button that would ask the peer for anything", () => {
  const { games } = SCENARIOS.guest().snapshot;
  for (const one of games) {
    const markup = render("guest", <Frame />, "en", { game: one.id });
    const links = [...markup.matchAll(/<a class="button[^>]*download=""/g)].length;
    assert.equal(links > 0, canTake(one), one.id);
    const buttons = [...markup.matchAll(/<button[^>]*class="button [^>]*>/g)].map(([tag]) => tag);
    const asking = buttons.filter((tag) => !/aria-label="(Close|Clear the search)"/.test(tag));
    assert.deepEqual(asking, [], one.id);
  }
});

Deno.test("a guest who follows a link to a place that is not for guests sees the library", () => {
  for (const tab of TABS) {
    const markup = render("guest", <Frame />, "en", { tab });
    const shown = markup.match(/<main.*<\/main>/s)?.[0] ?? "";
    const isThere = GUEST_TABS.some((known) => known === tab);
    assert.equal(/class="library"/.test(shown), !isThere || tab === "library", tab);
  }
});

Deno.test("a guest is told who has a game that is not here, and never that it is on this PC", () => {
  const words = wordsOf(render("guest", <Frame />, "en", { game: "xonotic" }));
  assert.match(words, /It is not on this page's PC, but on those of .*Mara/);
  for (const tab of TABS) {
    for (const one of ["teeworlds", "xonotic", null]) {
      const shown = wordsOf(render("guest", <Frame />, "en", { tab, game: one }));
      assert.doesNotMatch(shown, /On this PC|on this PC/, `${tab} ${one}`);
    }
  }
});

Deno.test("from another machine a game can be fetched as a file where guests may, and is not played", () => {
  const markup = render("elsewhere", <Frame />, "en", { game: "teeworlds" });
  assert.match(markup, /href="archive-of-teeworlds\.zip"/);
  assert.doesNotMatch(wordsOf(markup), /Start a server/);
  assert.doesNotMatch(render("party", <Frame />, "en", { game: "teeworlds" }), /archive-of/);
});
