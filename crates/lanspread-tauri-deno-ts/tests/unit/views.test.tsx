// The views, drawn without a browser.

import assert from "node:assert/strict";
import { type ScenarioName, SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { Frame } from "../../src/frame/frame.tsx";
import { LANGUAGES } from "../../src/state/preferences.ts";
import { TABS } from "../../src/state/route.ts";
import { Card } from "../../src/views/library/card.tsx";
import { LastOutcome } from "../../src/views/game/last-outcome.tsx";
import { party } from "../support/games.ts";
import { render, wordsOf } from "../support/render.tsx";

const scenarios = Object.keys(SCENARIOS) as ScenarioName[];

Deno.test("every view can be drawn in every scenario and language, and shows no value that is none", () => {
  for (const scenario of scenarios) {
    for (const language of LANGUAGES) {
      for (const tab of TABS) {
        const markup = render(scenario, <Frame />, language, { tab });
        assert.doesNotMatch(
          wordsOf(markup),
          /undefined|NaN|\[object|Infinity/,
          `${scenario} ${tab} ${language}`,
        );
      }
    }
  }
});

Deno.test("a library without its folder says so, and asks nobody to put games into it", () => {
  const words = wordsOf(render("folder-awaited", <Frame />));
  assert.match(words, /games folder cannot be used.*SSD\/games.*Open Settings/);
  assert.doesNotMatch(words, /Put games into/);
});

Deno.test("an open game is drawn with its title, its versions and who has it", () => {
  const words = wordsOf(render("party", <Frame />, "de", { game: "openarena" }));
  for (const part of ["OpenArena", "20250117", "20260301", "Aktualisieren", "Wer es hat"]) {
    assert.ok(words.includes(part), part);
  }
});

Deno.test("a game that left the party is said to be gone and breaks nothing", () => {
  const words = wordsOf(render("party", <Frame />, "en", { game: "../evil" }));
  assert.match(words, /not at the party any more/);
});

Deno.test("a card has one state, one count of holders and one button", () => {
  const game = party().games.find(({ id }) => id === "xonotic")!;
  const place = { index: 0, count: 1 };
  const markup = render(
    "party",
    <Card game={game} operation={null} queued={null} party={6} {...place} />,
  );
  assert.equal(markup.match(/class="chip/g)?.length, 1);
  assert.equal(markup.match(/class="holders/g)?.length, 1);
  assert.equal(markup.match(/class="button /g)?.length, 1);
  assert.match(wordsOf(markup), /Not here yet.*have it.*Get it/);
});

Deno.test("files that are checked say how far that is, and why others cannot fetch the game yet", () => {
  const now = wordsOf(render("hashing", <Frame />, "en", { game: "hedgewars" }));
  assert.match(
    now,
    /Checking files, 34.?%.*Its files are being checked: 34.?%.*Others can fetch it/,
  );
  const waits = wordsOf(render("hashing", <Frame />, "de", { game: "supertuxkart" }));
  assert.match(waits, /Seine Dateien müssen noch geprüft werden.*Danach können andere/);
  const done = wordsOf(render("hashing", <Frame />, "en", { game: "teeworlds" }));
  assert.doesNotMatch(done, /checked/);
});

Deno.test("a card with which nothing can be done says why, and one of another PC where it is played", () => {
  const place = { index: 0, count: 1 };
  const shown = (scenario: ScenarioName, id: string) => {
    const game = SCENARIOS[scenario]().snapshot.games.find((one) => one.id === id)!;
    const card = <Card game={game} operation={null} queued={null} party={6} {...place} />;
    return wordsOf(render(scenario, card));
  };
  assert.match(shown("party", "etlegacy"), /In the catalog only/);
  assert.match(shown("elsewhere", "hedgewars"), /Start it at .*Juno/);
  assert.doesNotMatch(shown("party", "hedgewars"), /Start it at/);
  const panel = wordsOf(render("elsewhere", <Frame />, "en", { game: "hedgewars" }));
  assert.match(panel, /games start on the screen of that PC/);
});

Deno.test("a card whose operation runs shows how far it is and offers a rest", () => {
  const { games, operations } = party();
  const game = games.find(({ id }) => id === "0ad")!;
  const place = { index: 0, count: 1 };
  const operation = operations[0]!;
  const markup = render(
    "party",
    <Card game={game} operation={operation} queued={null} party={6} {...place} />,
  );
  assert.match(markup, /aria-valuenow="2"/);
  assert.match(wordsOf(markup), /Downloading · 2% · 68\.0.MiB\/s.*Pause/);
});

Deno.test("what the user cancelled is not shown as a failure, and a full disk offers a way on", () => {
  const { games } = SCENARIOS.failing().snapshot;
  const shown = (id: string) =>
    render("failing", <LastOutcome game={games.find((game) => game.id === id)!} />);
  assert.equal(shown("nexuiz"), "");
  assert.match(wordsOf(shown("openarena")), /The disk is full.*Delete the old version and update/);
  assert.doesNotMatch(wordsOf(shown("xonotic")), /Delete the old version/);
});

Deno.test("what a stranger wrote is shown as text and never as markup", () => {
  const game = { ...party().games[0]!, title: "<img src=x onerror=alert(1)>" };
  const place = { index: 0, count: 1 };
  const markup = render(
    "party",
    <Card game={game} operation={null} queued={null} party={6} {...place} />,
  );
  assert.ok(!markup.includes("<img"));
});

Deno.test("a lost connection is said, and what was known stays to be seen", () => {
  const words = wordsOf(render("lost", <Frame />, "en", { tab: "party" }));
  assert.match(words, /connection to Lanspread is lost/);
  assert.match(words, /Mara/);
});

Deno.test("of a party code it is said what holds, and that something else is kept", () => {
  const words = (scenario: ScenarioName) =>
    wordsOf(render(scenario, <Frame />, "en", { tab: "settings" }));
  const given = words("code-given");
  assert.match(given, /only peers with the same one connect.*not kept for the next start/);
  assert.doesNotMatch(given, /every peer on this network connects|Remove it/);
  const changed = words("restart-needed");
  assert.match(changed, /every peer on this network connects.*A code is kept for the next start/);
  assert.doesNotMatch(words("party"), /next start, unless|is kept for the next start/);
});

Deno.test("help names each folder that is gone, where it says what is wrong and where it looked", () => {
  for (const language of LANGUAGES) {
    const markup = render("more-folder-gone", <Frame />, language, { tab: "help" });
    for (const path of ["/media/juno/SSD/games", "/media/juno/Stick/older games"]) {
      const named = markup.split(`<p class="path"><bdi>${path}</bdi></p>`).length - 1;
      assert.equal(named, 2, `${path} ${language}`);
    }
  }
});

Deno.test("whoever is not let in is told why, and not that nobody answers", () => {
  assert.match(wordsOf(render("full", <Frame />)), /All places here are taken/);
  assert.match(wordsOf(render("refused", <Frame />)), /Guests are not let in here/);
});

Deno.test("what happened names whom it was about, and a game leads to the game", () => {
  const markup = render("party", <Frame />, "en", { tab: "help" });
  const words = wordsOf(markup);
  assert.match(words, /Peer left Rook .*it said goodbye/);
  assert.match(words, /Peer kept away mallory /);
  assert.match(markup, /href="[^"]*game=0ad"><bdi class="name">0 A\.D\./);
});
