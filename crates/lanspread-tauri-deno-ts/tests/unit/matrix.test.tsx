// "Can we start?": what a cell is, who stands first, what is said in a sentence, which games are meant.

import assert from "node:assert/strict";
import type { PeerOperation, PeerStatus, Queued } from "../../src/api/types.ts";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { TEXTS } from "../../src/i18n/texts.ts";
import {
  EVENING_MAX,
  eveningGames,
  loadChosen,
  PROPOSED_MAX,
  saveChosen,
  withGame,
  withoutGame,
} from "../../src/state/evening.ts";
import { formats } from "../../src/state/format.ts";
import { type CellState, matrix, RULES } from "../../src/state/matrix.ts";
import { columnSentence } from "../../src/views/party/cell-words.ts";
import { EveningMatrix } from "../../src/views/party/matrix.tsx";
import { game, party, peer, snapshot } from "../support/games.ts";
import { render, wordsOf } from "../support/render.tsx";

const GIBIBYTE = 1024 ** 3;
const chess = game("chess", { size: 12 * GIBIBYTE });

function status(rest: Partial<PeerStatus> = {}): PeerStatus {
  return {
    version: "0.1.0",
    free_bytes: 100 * GIBIBYTE,
    games_folder: true,
    playing: false,
    player: true,
    installed: ["chess"],
    operations: [],
    ...rest,
  };
}

const running = (rest: Partial<PeerOperation> = {}): PeerOperation => ({
  id: "chess",
  kind: "download",
  percent: 40,
  time_left_ms: 180_000,
  waiting: false,
  sources: [],
  ...rest,
});

/** The state of one peer for a game. */
function stateOf(it: Parameters<typeof peer>[1], of: Partial<typeof chess> = {}): CellState {
  const anna = peer("anna", it);
  const id = anna.peer_id;
  const known = {
    ...chess,
    ...of,
    holders: of.holders ? [id] : [],
    outdated: of.outdated ? [id] : [],
  };
  const { rows } = matrix(snapshot({ peers: [anna], games: [known] }), [known], "en");
  return rows.find(({ isMe }) => !isMe)!.cells[0]!.state;
}

Deno.test("a peer is what it says it does, before what its list says it has", () => {
  const has = { holders: ["it"] };
  assert.equal(stateOf({ status: status() }, has), "ready");
  assert.equal(stateOf({ status: status({ operations: [running()] }) }), "downloading");
  const waits = status({ operations: [running({ waiting: true })] });
  assert.equal(stateOf({ status: waits }), "waiting");
  const unpacks = status({ operations: [running({ kind: "install" })] });
  assert.equal(stateOf({ status: unpacks }, has), "unpacking");
  assert.equal(stateOf({ status: status({ installed: [] }) }, has), "packed");
  assert.equal(stateOf({ status: status({ installed: null }) }, has), "ready");
  const checks = status({ operations: [running({ kind: "verify" })] });
  assert.equal(stateOf({ status: checks }, has), "ready");
  const other = status({ installed: [], operations: [running({ id: "go" })] });
  assert.equal(stateOf({ status: other }), "missing");
});

Deno.test("whoever plays a game without its files is ready for it, unless its files are old", () => {
  assert.equal(stateOf({ status: status() }), "ready");
  assert.equal(stateOf({ status: status() }, { outdated: ["it"] }), "old");
});

Deno.test("a machine that nobody plays at has the last row and counts in no sum", () => {
  const server = status({ player: false, installed: [] });
  assert.equal(stateOf({ status: server }, { holders: ["it"] }), "shares");
  assert.equal(stateOf({ status: server }), "absent");
  const fetching = { ...server, operations: [running()] };
  assert.equal(stateOf({ status: fetching }), "downloading");
  const peers = [peer("NAS", { status: server }), peer("Anna", { status: status() })];
  const known = { ...chess, state: "ready" as const, installed: true };
  const { rows, columns } = matrix(snapshot({ peers, games: [known] }), [known], "en");
  assert.deepEqual(rows.map(({ name }) => name), ["Anna", "Juno", "NAS"]);
  assert.deepEqual([columns[0]!.ready, columns[0]!.others.length], [2, 0]);
  const { me } = snapshot();
  const alone = snapshot({ me: { ...me, player: false }, games: [known] });
  const [column] = matrix(alone, [known], "en").columns;
  assert.equal(columnSentence(column!, TEXTS.en, formats("en")), TEXTS.en.evening.noPlayers);
});

Deno.test("whoever lacks a game has no room, another version, or nothing of it", () => {
  const lacking = (rest: Partial<PeerStatus> = {}) => status({ installed: [], ...rest });
  const full = lacking({ free_bytes: 3 * GIBIBYTE });
  assert.equal(stateOf({ status: full }), "disk-full");
  assert.equal(stateOf({ status: full }, { outdated: ["it"] }), "disk-full");
  assert.equal(stateOf({ status: lacking() }, { outdated: ["it"] }), "old");
  assert.equal(stateOf({ status: lacking() }), "missing");
  assert.equal(stateOf({ status: lacking({ free_bytes: null }) }), "missing");
});

Deno.test("of a peer that says nothing only its list is believed, and without a list nothing", () => {
  assert.equal(stateOf({ status: null }, { holders: ["it"] }), "ready");
  assert.equal(stateOf({ status: null }, { outdated: ["it"] }), "old");
  assert.equal(stateOf({ status: null }), "missing");
  assert.equal(stateOf({ status: null, in_sync: false }), "unknown");
  const silent = status({ free_bytes: 1, installed: [] });
  assert.equal(stateOf({ status: silent, in_sync: false }), "unknown");
});

Deno.test("what is here is told from the snapshot, with what is still to be unpacked", () => {
  const mine = (rest: Parameters<typeof game>[1], more: Parameters<typeof snapshot>[0] = {}) => {
    const one = game("chess", rest);
    const { rows } = matrix(snapshot({ games: [one], ...more }), [one], "en");
    return rows[0]!.cells[0]!.state;
  };
  assert.equal(mine({ state: "ready", downloaded: true, installed: true }), "ready");
  assert.equal(mine({ state: "local-only", installed: true }), "ready");
  assert.equal(mine({ state: "downloaded", downloaded: true }), "packed");
  assert.equal(mine({ state: "update-available", downloaded: true, installed: true }), "old");
  assert.equal(mine({ state: "on-others" }), "missing");
  const queue: Queued[] = [{ id: "chess", install: true, turn: "paused" }];
  assert.equal(mine({ state: "on-others" }, { queue }), "waiting");
  const ended = {
    number: 1,
    at_ms: 0,
    id: "chess",
    kind: "download" as const,
    outcome: { result: "failed" as const, kind: "no-space", message: "" },
  };
  assert.equal(mine({ state: "on-others" }, { finished: [ended] }), "disk-full");
});

Deno.test("the own disk is told of as the others' are, and only what is still to come has to fit", () => {
  const { me } = snapshot();
  const told = (free_bytes: number | null, rest: Parameters<typeof game>[1] = {}) => {
    const one = game("chess", { title: "Chess", size: 12 * GIBIBYTE, ...rest });
    const state = snapshot({ me: { ...me, free_bytes }, games: [one] });
    const { columns } = matrix(state, [one], "en");
    return columnSentence(columns[0]!, TEXTS.en, formats("en")).replace(/[\u2068\u2069]/g, "")
      .replaceAll("\u00a0", " ");
  };
  assert.match(told(3 * GIBIBYTE), /Juno has no room \(needs 12\.0 GiB, has 3\.0 GiB\)/);
  assert.match(told(12 * GIBIBYTE), /Juno does not have it/);
  assert.match(told(null), /Juno does not have it/);
  const gathered = { verified_bytes: 10 * GIBIBYTE, total_bytes: 12 * GIBIBYTE };
  assert.match(told(3 * GIBIBYTE, { gathered }), /Juno does not have it/);
});

Deno.test("every state has a rule, and the last rule holds always", () => {
  const states = RULES.map(([state]) => state);
  assert.equal(new Set(states).size, states.length);
  assert.deepEqual(states.toSorted(), Object.keys(TEXTS.en.evening.states).sort());
  assert.equal(RULES.at(-1)?.[0], "missing");
});

Deno.test("the evening of the mock shows every state that others can be in", () => {
  const state = SCENARIOS.evening().snapshot;
  const { rows } = matrix(state, eveningGames(state.games, null), "en");
  const seen = new Set(rows.flatMap(({ cells }) => cells.map((cell) => cell.state)));
  assert.equal(rows.length, 51);
  for (const [one] of RULES) assert.ok(seen.has(one) || one === "absent", one);
});

Deno.test("those who hold the evening up stand first, and the order does not depend on how they came", () => {
  const state = SCENARIOS.evening().snapshot;
  const games = eveningGames(state.games, null);
  const { rows } = matrix(state, games, "en");
  const players = rows.filter(({ plays }) => plays);
  assert.deepEqual(rows.slice(0, players.length), players);
  const late = players.map(({ cells }) => cells.filter(({ state }) => state !== "ready").length);
  assert.deepEqual(late, late.toSorted((a, b) => b - a));
  const turned = matrix({ ...state, peers: state.peers.toReversed() }, games, "en").rows;
  assert.deepEqual(turned.map(({ peerId }) => peerId), rows.map(({ peerId }) => peerId));
});

Deno.test("the sentence of a game names the worst first, and counts those that nobody would read", () => {
  const peers = [
    peer("Anna", { status: status({ operations: [running()] }) }),
    peer("Bert", { status: status({ free_bytes: 3 * GIBIBYTE, installed: [] }) }),
    peer("Cleo", { status: status({ installed: [] }) }),
    peer("Dora", { status: status() }),
  ];
  const known = { ...chess, state: "on-others" as const, holders: [peers[3]!.peer_id] };
  const told = (count: number) => {
    const state = snapshot({ peers: peers.slice(0, count), games: [known] });
    const [column] = matrix(state, [known], "en").columns;
    return columnSentence(column!, TEXTS.en, formats("en")).replace(/[\u2068\u2069]/g, "")
      .replaceAll("\u00a0", " ");
  };
  assert.equal(
    told(4),
    "1 of 5 ready; Bert has no room (needs 12.0 GiB, has 3.0 GiB); Cleo does not have it; Juno does not have it; and 1 more",
  );
  assert.match(told(1), /^0 of 2 ready; Juno does not have it; Anna 3 min$/);
  const mine = { ...known, state: "ready" as const, installed: true };
  const [column] = matrix(snapshot({ games: [mine] }), [mine], "en").columns;
  assert.equal(columnSentence(column!, TEXTS.de, formats("de")), "Alle 1 sind bereit");
});

Deno.test("until somebody chooses, the evening is what most have, and nothing that nobody has", () => {
  const proposed = eveningGames(party().games, null);
  assert.equal(proposed.length, PROPOSED_MAX);
  const havers = proposed.map(({ holders, installed, downloaded }) =>
    holders.length + Number(installed || downloaded)
  );
  assert.deepEqual(havers, havers.toSorted((a, b) => b - a));
  assert.deepEqual(eveningGames([game("a")], null), []);
});

Deno.test("what was chosen is kept in its order, within bounds, and what is gone is not shown", () => {
  const { games } = party();
  assert.deepEqual(eveningGames(games, ["xonotic", "gone", "0ad"]).map(({ id }) => id), [
    "xonotic",
    "0ad",
  ]);
  const full = Array.from({ length: EVENING_MAX }, (_, index) => `g${index}`);
  assert.deepEqual(withGame(full, "more"), full);
  assert.deepEqual(withGame(["a"], "a"), ["a"]);
  assert.deepEqual(withoutGame(["a", "b"], "a"), ["b"]);
  assert.equal(withoutGame(["a"], "a"), null);
});

Deno.test("a choice that was kept is read again, and a broken one is none", () => {
  const kept = new Map<string, string>();
  saveChosen({ setItem: (key, value) => kept.set(key, value) }, ["a", "b"]);
  const read = (text: string | null) => loadChosen({ getItem: () => text });
  assert.deepEqual(read([...kept.values()][0] ?? null), ["a", "b"]);
  assert.deepEqual(read('["a","a",7,""]'), ["a"]);
  for (const text of ["{", "null", "[]", "{}", '"a"', null]) assert.equal(read(text), null, text!);
});

Deno.test("the matrix is a table whose cells say in a word what they are", () => {
  const markup = render("evening", <EveningMatrix />, "de");
  assert.equal(markup.match(/<th scope="row"/g)?.length, 51);
  assert.equal(markup.match(/<th scope="col"/g)?.length, 6);
  assert.equal(markup.match(/<td data-state/g)?.length, 51 * 5);
  const words = wordsOf(markup);
  for (const part of ["Können wir anfangen?", "Kein Platz", "Lädt", "von 50 bereit"]) {
    assert.ok(words.includes(part), part);
  }
});
