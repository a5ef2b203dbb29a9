// Filters, counters, search and orders of the library.

import assert from "node:assert/strict";
import { manyGames } from "../../src/api/mock/library.ts";
import { counts, FILTER_NAMES, filtered, genres, narrowed } from "../../src/state/filters.ts";
import { localized } from "../../src/state/localized.ts";
import { search, searchLines } from "../../src/state/search.ts";
import { SORT_NAMES, sorted } from "../../src/state/sort.ts";
import { game, party } from "../support/games.ts";

const found = (words: string, games = party().games) =>
  search(games, searchLines(games, "en"), words).map(({ id }) => id);

Deno.test("every counter counts the list that its filter shows", () => {
  const games = manyGames(500, ["a", "b", "c"]);
  const counted = counts(games);
  for (const name of FILTER_NAMES) assert.equal(counted[name], filtered(games, name).length);
  assert.equal(counted.all, 500);
  assert.ok(FILTER_NAMES.every((name) => counted[name] > 0));
});

Deno.test("a game that only can be played here is ready and here, and nothing to update", () => {
  const games = [game("a", { state: "local-only", installed: true })];
  assert.deepEqual(counts(games), { all: 1, ready: 1, here: 1, others: 0, update: 0, take: 0 });
});

Deno.test("games are narrowed by genre in the user's language and by players", () => {
  const { games } = party();
  const racing = narrowed(games, { genre: "Rennen", players: 8 }, "de");
  assert.deepEqual(racing.map(({ id }) => id), ["supertuxkart"]);
  assert.deepEqual(narrowed(games, { genre: "Rennen", players: null }, "en"), []);
});

Deno.test("genres are listed once and sorted in the language that they are read in", () => {
  assert.deepEqual(genres(party().games, "de").slice(0, 2), ["Action", "Knobeln"]);
  assert.equal(new Set(genres(party().games, "en")).size, 5);
});

Deno.test("a text that is missing in a language falls back to one that was written", () => {
  assert.equal(localized({ en: "Racing", fr: "Course" }, "de"), "Racing");
  assert.equal(localized({ fr: "Course" }, "de"), "Course");
  assert.equal(localized({}, "de"), null);
});

Deno.test("the search finds a title by any of its words, in any order and any case", () => {
  assert.deepEqual(found("tux RACER").slice(0, 1), ["extremetuxracer"]);
  assert.deepEqual(found("racer tux").slice(0, 1), ["extremetuxracer"]);
  assert.deepEqual(found("wesnoth"), ["wesnoth"]);
});

Deno.test("the search forgives one slip in a word: missing, doubled, wrong and swapped letters", () => {
  for (const words of ["supertxkart", "superttuxkart", "supertuxkert", "supertuxakrt"]) {
    assert.ok(found(words).includes("supertuxkart"), words);
  }
});

Deno.test("accents do not count in a search", () => {
  const games = [game("neon", { title: "Néon Chérie" })];
  assert.deepEqual(found("neon cherie", games), ["neon"]);
});

Deno.test("no words find everything in its order, and nonsense finds nothing", () => {
  assert.equal(found("   ").length, party().games.length);
  assert.deepEqual(found("qqqqzz"), []);
  assert.deepEqual(found("((("), []);
});

Deno.test("every order is total: the games it gives do not depend on how they came", () => {
  const games = manyGames(200, ["a", "b", "c"]);
  for (const name of SORT_NAMES) {
    const forth = sorted(games, name, "en").map(({ id }) => id);
    const back = sorted(games.toReversed(), name, "en").map(({ id }) => id);
    assert.deepEqual(forth, back, name);
  }
});

Deno.test("orders put the largest, the best held, the most players and the newest first", () => {
  const games = [
    game("a", { size: 1, holders: ["x"], players: { text: "2", count: 2 }, first_seen_ms: 1 }),
    game("b", {
      size: 2,
      holders: ["x", "y"],
      players: { text: "8", count: 8 },
      first_seen_ms: 2,
    }),
    game("c", { size: 0, first_seen_ms: null }),
  ];
  for (const name of ["size", "availability", "players", "recent"] as const) {
    assert.equal(sorted(games, name, "en")[0]?.id, "b", name);
  }
  assert.equal(sorted(games, "name", "en")[0]?.id, "a");
});

Deno.test("titles with numbers are sorted as people count", () => {
  const games = [game("a", { title: "Quest 10" }), game("b", { title: "Quest 9" })];
  const titles = sorted(games, "name", "en").map(({ title }) => title);
  assert.deepEqual(titles, ["Quest 9", "Quest 10"]);
});
