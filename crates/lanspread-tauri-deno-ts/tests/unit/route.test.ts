// Addresses and preferences.

import assert from "node:assert/strict";
import {
  formatRoute,
  isNarrowed,
  isStep,
  parseRoute,
  type Route,
  START,
  widened,
} from "../../src/state/route.ts";
import { defaults, loadPreferences, savePreferences } from "../../src/state/preferences.ts";

Deno.test("a route survives its address", () => {
  const routes: Route[] = [
    START,
    { ...START, tab: "party" },
    { ...START, game: "../evil&game=x", words: "a b+c#ü%", filter: "update" },
    { ...START, tab: "logs", log: "program" },
    { ...START, genre: "Rennen & Sport", players: 16, filter: "ready" },
  ];
  for (const route of routes) assert.deepEqual(parseRoute(formatRoute(route)), route);
});

Deno.test("the first place has the shortest address", () => {
  assert.equal(formatRoute(START), "#/library");
});

Deno.test("whatever stands in an address gives a place that can be shown", () => {
  for (const hash of ["", "#", "#/nowhere?filter=x&players=7", "#?game=", "#/library?%E0%A4%A"]) {
    assert.deepEqual(parseRoute(hash).tab, "library", hash);
    assert.deepEqual(parseRoute(hash).filter, "all", hash);
  }
});

Deno.test("Back undoes a step to another tab or game, and not a letter typed", () => {
  assert.ok(isStep(START, { ...START, tab: "help" }));
  assert.ok(isStep(START, { ...START, game: "0ad" }));
  assert.ok(!isStep(START, { ...START, words: "0", filter: "ready" }));
});

Deno.test("a place is narrowed by words, a filter, a genre or players, and widening undoes all", () => {
  const narrow = { ...START, words: "x", filter: "here", genre: "Sport", players: 4 } as const;
  assert.ok(isNarrowed(narrow));
  assert.ok(!isNarrowed({ ...START, words: "  " }));
  assert.ok(!isNarrowed(widened(narrow)));
});

Deno.test("the browser's first known language is the default, and else English", () => {
  assert.equal(defaults(["fr-FR", "de-AT", "en"]).language, "de");
  assert.equal(defaults(["fr"]).language, "en");
  assert.equal(defaults([]).theme, "dark");
});

Deno.test("stored preferences are read again, and what is not known falls back", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  const chosen = { ...defaults(["de"]), accent: "moss", density: "compact" } as const;
  savePreferences(storage, chosen);
  assert.deepEqual(loadPreferences(storage, defaults([])), chosen);
  const broken = ['{"theme":"neon","accent":7,"language":"de"}', "[", "7"];
  const read = broken.map((text) => loadPreferences({ getItem: () => text }, defaults([])));
  assert.deepEqual(
    read.map(({ theme, accent }) => [theme, accent]),
    Array(3).fill(["dark", "lamp"]),
  );
  assert.equal(read[0]?.language, "de");
});
