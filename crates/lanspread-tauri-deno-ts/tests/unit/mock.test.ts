// The mock: it sends what a peer would send.

import assert from "node:assert/strict";
import type { ShellEvent } from "../../src/api/shell.ts";
import type { Snapshot } from "../../src/api/types.ts";
import { applyCommand } from "../../src/api/mock/commands.ts";
import { asked, links } from "../../src/api/mock/mock.ts";
import { type ScenarioName, SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { World } from "../../src/api/mock/world.ts";
import { apply, type Known } from "../../src/state/apply.ts";
import { LANGUAGES } from "../../src/state/preferences.ts";
import { party } from "../support/games.ts";

const names = Object.keys(SCENARIOS) as ScenarioName[];

Deno.test("every scenario has games sorted by id, each once, and operations on games that exist", () => {
  for (const name of names) {
    const { games, operations } = SCENARIOS[name]().snapshot;
    const ids = games.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)].sort(), name);
    assert.ok(operations.every(({ id }) => ids.includes(id)), name);
  }
  const counts = ([SCENARIOS.empty, SCENARIOS.dozen, SCENARIOS.many, SCENARIOS.huge] as const)
    .map((scenario) => scenario().snapshot.games.length);
  assert.deepEqual(counts, [0, 12, 500, 5_000]);
});

Deno.test("every scenario is listed in every language, and its address leads to it", () => {
  const listed = links();
  assert.equal(listed.length, names.length * LANGUAGES.length);
  for (const { name, language, href } of listed) {
    assert.deepEqual(asked(href), { scenario: name, language });
  }
  assert.deepEqual(asked(""), { scenario: "party", language: null });
  assert.deepEqual(asked("?mock=guest"), { scenario: "guest", language: null });
  assert.deepEqual(asked("?mock=list&language=fr"), { scenario: null, language: null });
});

Deno.test("patches of the mock lead to the state that it holds", () => {
  const world = new World(SCENARIOS.party());
  let known: Known | null = null;
  const leave = world.follow((event: ShellEvent) => {
    if (event.type !== "update") return;
    const next = apply(known, event.update);
    assert.notEqual(next, "gap");
    known = next as Known;
  });
  world.change({ playing: true });
  const [game] = world.snapshot.games;
  world.change({ games: { changed: [{ ...game!, title: "changed" }], gone: ["xonotic"] } });
  leave();
  assert.deepEqual((known as Known | null)?.snapshot, world.snapshot);
});

Deno.test("the mock refuses what a peer refuses, with the same kinds", () => {
  const state = party();
  const kind = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return (error as { kind?: string }).kind;
    }
    return undefined;
  };
  assert.equal(kind(() => applyCommand(state, { cmd: "download", id: "0ad" })), "busy");
  assert.equal(kind(() => applyCommand(state, { cmd: "cancel", id: "xonotic" })), "no-operation");
  assert.equal(kind(() => applyCommand(state, { cmd: "download", id: "freeciv" })), "no-source");
  assert.equal(kind(() => applyCommand(state, { cmd: "install", id: "none" })), "unknown-game");
});

Deno.test("a peer that is expelled is kept away, and can be let in again", () => {
  const state = party();
  const [gone] = state.peers;
  const expelled = applyCommand(state, { cmd: "expel", peer_id: gone!.peer_id });
  const after: Snapshot = {
    ...state,
    peers: expelled.peers ?? [],
    kept_away: expelled.kept_away ?? [],
  };
  assert.equal(after.peers.length, state.peers.length - 1);
  const readmitted = applyCommand(after, { cmd: "readmit", peer_id: gone!.peer_id });
  assert.deepEqual(readmitted.kept_away, state.kept_away);
});
