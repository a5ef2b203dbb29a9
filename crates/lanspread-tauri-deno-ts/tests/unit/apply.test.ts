// How updates become the state.

import assert from "node:assert/strict";
import { apply, type Known } from "../../src/state/apply.ts";
import { game, snapshot } from "../support/games.ts";

const known = (ids: string[]): Known => ({
  sequence: 7,
  seat: "here",
  snapshot: snapshot({ games: ids.map((id) => game(id)) }),
});

function applied(before: Known | null, ...update: Parameters<typeof apply>[1][]): Known {
  let state = before;
  for (const one of update) {
    const next = apply(state, one);
    assert.notEqual(next, "gap");
    state = next as Known;
  }
  assert.ok(state);
  return state;
}

Deno.test("a snapshot replaces whatever was known, whatever its number", () => {
  const update = { type: "snapshot", sequence: 2, seat: "guest", snapshot: snapshot() } as const;
  const { type: _, ...expected } = update;
  assert.deepEqual(applied(known(["a"]), update), expected);
});

Deno.test("a patch replaces the parts that it names and keeps the others as they are", () => {
  const before = known(["a"]);
  const next = applied(before, { type: "patch", sequence: 8, patch: { playing: true } });
  assert.equal(next.snapshot.playing, true);
  assert.equal(next.seat, before.seat);
  assert.equal(next.snapshot.games, before.snapshot.games);
  assert.equal(next.snapshot.peers, before.snapshot.peers);
});

Deno.test("games are changed, added and gone, and stay sorted by id", () => {
  const patch = {
    games: { changed: [game("a"), game("c", { title: "new" }), game("e")], gone: ["b"] },
  };
  const next = applied(known(["b", "c", "d"]), { type: "patch", sequence: 8, patch });
  assert.deepEqual(next.snapshot.games.map(({ id }) => id), ["a", "c", "d", "e"]);
  assert.equal(next.snapshot.games[1]?.title, "new");
});

Deno.test("games that did not change are the same objects, so their cards are not drawn anew", () => {
  const before = known(["a", "b"]);
  const patch = { games: { changed: [game("b")], gone: [] } };
  const next = applied(before, { type: "patch", sequence: 8, patch });
  assert.equal(next.snapshot.games[0], before.snapshot.games[0]);
});

Deno.test("a missing number is a gap, and so is a repeated one, and a patch before any snapshot", () => {
  const patch = { playing: true };
  assert.equal(apply(known([]), { type: "patch", sequence: 9, patch }), "gap");
  assert.equal(apply(known([]), { type: "patch", sequence: 7, patch }), "gap");
  assert.equal(apply(null, { type: "patch", sequence: 1, patch }), "gap");
});
