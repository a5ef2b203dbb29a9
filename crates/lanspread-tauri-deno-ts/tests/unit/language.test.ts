// In which language the page speaks.

import assert from "node:assert/strict";
import type { Language, Seat } from "../../src/api/types.ts";
import { spoken } from "../../src/state/language.ts";
import { snapshot } from "../support/games.ts";

function known(seat: Seat, language: Language | null) {
  const { settings } = snapshot();
  return { sequence: 1, seat, snapshot: snapshot({ settings: { ...settings, language } }) };
}

Deno.test("the page speaks the language that the peer keeps, and the browser's until there is one", () => {
  assert.equal(spoken(known("here", "de"), "en"), "de");
  assert.equal(spoken(known("elsewhere", "de"), "en"), "de");
  assert.equal(spoken(known("here", null), "de"), "de");
  assert.equal(spoken(null, "de"), "de");
});

Deno.test("French is a language of games, and the page stays in the browser's", () => {
  assert.equal(spoken(known("here", "fr"), "de"), "de");
});

Deno.test("a guest reads his own language, whatever the peer's user speaks", () => {
  assert.equal(spoken(known("guest", "de"), "en"), "en");
});
