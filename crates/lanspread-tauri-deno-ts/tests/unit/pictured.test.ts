// Pictures: nothing that the mock can play goes unseen.

import assert from "node:assert/strict";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { MAIN, PLAYED, TOLD } from "../pages/pictured.ts";

Deno.test("a picture is taken of every scenario, and none twice under one name", () => {
  const seen = new Set([...MAIN, ...PLAYED, ...TOLD].map(([scenario]) => scenario));
  assert.deepEqual([...seen].sort(), Object.keys(SCENARIOS).sort());
  for (const places of [[...MAIN, ...PLAYED], TOLD]) {
    const names = places.map(([scenario, , name]) => `${scenario}-${name}`);
    assert.deepEqual(names, [...new Set(names)]);
  }
});
