// What is worked out from a snapshot: readiness, progress, findings, the swarm, names, the report.

import assert from "node:assert/strict";
import type { Finished, Game, Offer, Operation, Progress, Turn } from "../../src/api/types.ts";
import { isKept, mainAction, otherActions, whyNoAction } from "../../src/state/action.ts";
import { diagnose } from "../../src/state/diagnose.ts";
import { ASK_FROM_BYTES, lostByCancel } from "../../src/state/loss.ts";
import { ended } from "../../src/state/ended.ts";
import { joinPath, lastPart, peerName, portOf } from "../../src/state/names.ts";
import { canGiveUpOld, shareDone } from "../../src/state/progress.ts";
import { readiness } from "../../src/state/readiness.ts";
import { report } from "../../src/state/report.ts";
import { swarm, SWARM_PEERS_MAX } from "../../src/state/swarm.ts";
import { versionsAtParty } from "../../src/state/versions.ts";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { game, party, peer, snapshot } from "../support/games.ts";

Deno.test("everybody connected has a game, has another version, lacks it or is not known, and never two", () => {
  const peers = [peer("a"), peer("b"), peer("c", { in_sync: false }), peer("d")];
  const [a, , , d] = peers.map(({ peer_id }) => peer_id);
  const of = { holders: [a!, "gone"], outdated: [d!, "gone too"] };
  const { have, old, lack, unknown } = readiness(of, peers);
  assert.deepEqual([have, old, lack, unknown].map((list) => list.map(({ name }) => name)), [
    ["a"],
    ["d"],
    ["b"],
    ["c"],
  ]);
});

/** The progress of what runs on a game in the scenario "stalled". */
function stalled(id: string): Progress {
  const operation = SCENARIOS.stalled().snapshot.operations.find((one) => one.id === id);
  return operation!.progress!;
}

Deno.test("progress counts what is verified and says nothing where nothing can be counted", () => {
  const transferring = { ...party().operations[0]!.progress, verified_bytes: 5, total_bytes: 20 };
  assert.equal(shareDone(transferring as Progress), 0.25);
  assert.equal(shareDone({ phase: "checking", done_bytes: 0, total_bytes: 0 }), 0);
  assert.equal(shareDone({ phase: "waiting", what: "alpha", why: { kind: "retry" } }), null);
  const step = { ...stalled("supertuxkart"), percent: null } as Progress;
  assert.equal(shareDone(step), null);
  assert.equal(shareDone({ ...step, percent: 33 } as Progress), 0.33);
  assert.equal(shareDone(null), null);
});

Deno.test("versions at the party stand once each, the newest first, with how many peers have them", () => {
  const offer = (version: string, manifest: string | null, peers: string[]): Offer => ({
    version,
    manifest,
    size: 1,
    standing: "source",
    peers,
  });
  const here = { expected_version: "20250101", holders: ["a", "b"] };
  const offers = [
    offer("20240101", "m", ["d"]),
    offer("20250101", "m", ["a", "b"]),
    offer("20250101", "other", ["b", "c"]),
    offer("20230101", null, []),
  ];
  assert.deepEqual(versionsAtParty(here, offers), [
    { version: "20250101", peers: 3 },
    { version: "20240101", peers: 1 },
  ]);
  assert.deepEqual(versionsAtParty(here, null), [{ version: "20250101", peers: 2 }]);
  assert.deepEqual(versionsAtParty({ expected_version: null, holders: [] }, null), []);
});

Deno.test("what ended here and what others fetched stand in one list, the newest first", () => {
  const { finished, uploads_ended } = party();
  const at = (entries: { at_ms: number }[], times: number[]) =>
    entries.map((entry, index) => ({ ...entry, at_ms: times[index]! }));
  const list = ended(
    at(finished, [10, 30]) as typeof finished,
    at([...uploads_ended, ...uploads_ended], [20, 30]) as typeof uploads_ended,
  );
  assert.deepEqual(list.map(({ what, entry }) => [what, entry.at_ms]), [
    ["operation", 30],
    ["upload", 30],
    ["upload", 20],
    ["operation", 10],
  ]);
});

Deno.test("the main action is what the peer offers, and what is fetched takes its turn", () => {
  const command = (action: Game["action"]) =>
    mainAction(game("a", { action }), null, null)?.command ?? null;
  assert.deepEqual(command("download"), { cmd: "queue", id: "a" });
  assert.deepEqual(command("update"), { cmd: "queue", id: "a" });
  assert.deepEqual(command("install"), { cmd: "install", id: "a" });
  assert.deepEqual(command("play"), { cmd: "play", id: "a" });
  assert.equal(command("none"), null);
});

Deno.test("an old version can be played beside its update, where the machine is one's own", () => {
  const old = game("a", { action: "update", also: ["play"] });
  const others = (play: boolean) => otherActions(old, { play }).map(({ command }) => command);
  assert.deepEqual(others(true), [{ cmd: "play", id: "a" }]);
  assert.deepEqual(others(false), []);
  const unpacked = game("a", { action: "play", also: ["download"] });
  assert.deepEqual(otherActions(unpacked, { play: true })[0]?.command, { cmd: "queue", id: "a" });
});

Deno.test("where there is nothing to press, there is a reason, and never both", () => {
  const why = (state: Game["state"], action: Game["action"], play: boolean) =>
    whyNoAction(game("a", { state, action }), { play });
  assert.equal(why("nowhere", "none", true), "nobody-has-it");
  assert.equal(
    whyNoAction(game("a", { state: "ready", installed: true, action: "none" }), { play: true }),
    "nothing-starts-it",
  );
  assert.equal(why("ready", "play", true), null);
  assert.equal(why("ready", "play", false), "plays-there");
  assert.equal(why("on-others", "download", false), null);
});

Deno.test("a download that runs rests by it, one that waits is taken back, and what rests goes on", () => {
  const offered = game("a", { action: "update" });
  const action = (running: boolean, turn: Turn | null) =>
    mainAction(
      offered,
      running ? { id: "a", kind: "download", progress: null } : null,
      turn === null ? null : { id: "a", install: true, turn },
    )?.name;
  assert.equal(action(true, null), "pause");
  assert.equal(action(true, "running"), "pause");
  assert.equal(action(false, "waiting"), "cancel");
  assert.equal(action(false, "paused"), "resume");
  const install = { id: "a", kind: "install" as const, progress: null };
  assert.equal(mainAction(offered, install, null)?.name, "cancel");
});

Deno.test("a game that runs is neither started again nor replaced, and beside its server it can be played", () => {
  assert.ok(isKept("play", ["start"]) && !isKept("play", ["server"]) && !isKept("play", []));
  for (const name of ["update", "install", "download"] as const) {
    assert.ok(isKept(name, ["start"]) && isKept(name, ["server"]) && !isKept(name, []));
  }
  for (const name of ["cancel", "pause", "resume"] as const) assert.ok(!isKept(name, ["start"]));
});

Deno.test("a cancel asks from a few MiB on, and only where a download has something to lose", () => {
  const operation = (verified_bytes: number): Operation => ({
    id: "a",
    kind: "download",
    progress: {
      phase: "transferring",
      verified_bytes,
      total_bytes: 1 << 30,
      rate_bytes_per_s: 0,
      time_left_ms: null,
      efficiency_percent: null,
      sources: [],
    },
  });
  const here = game("a");
  assert.equal(lostByCancel(here, operation(ASK_FROM_BYTES)), ASK_FROM_BYTES);
  assert.equal(lostByCancel(here, operation(ASK_FROM_BYTES - 1)), null);
  assert.equal(lostByCancel(here, { ...operation(1 << 29), kind: "install" }), null);
  assert.equal(lostByCancel(here, { ...operation(0), progress: null }), null);
  assert.equal(lostByCancel(here, null), null);
  const gathered = { verified_bytes: 7 * ASK_FROM_BYTES, total_bytes: 1 << 30 };
  assert.equal(lostByCancel(game("a", { gathered }), null), 7 * ASK_FROM_BYTES);
  assert.equal(lostByCancel(null, null), null);
});

Deno.test("the old version is offered to be given up only when the disk was full and it lies here", () => {
  const failed = (kind: string): Finished => ({
    number: 1,
    at_ms: 0,
    id: "a",
    kind: "download",
    outcome: { result: "failed", kind, message: "" },
  });
  const old = game("a", { state: "update-available", downloaded: true });
  assert.ok(canGiveUpOld(old, failed("no-space")));
  assert.ok(!canGiveUpOld(old, failed("no-source")));
  assert.ok(!canGiveUpOld(game("a"), failed("no-space")));
  assert.ok(!canGiveUpOld(old, null));
});

Deno.test("findings are facts: each goes when the snapshot no longer says it", () => {
  const about = (scenario: keyof typeof SCENARIOS) =>
    diagnose("open", SCENARIOS[scenario]().snapshot).map((finding) => finding.about);
  assert.deepEqual(about("party"), ["problem-games", "kept-away"]);
  assert.deepEqual(about("no-peers"), ["no-peers"]);
  assert.deepEqual(diagnose("lost", party()), [{ about: "connection" }]);
  const { me } = snapshot();
  const problem = { fault: "gone" as const, message: "no such folder" };
  const unplugged = snapshot({ me: { ...me, games_dir_problem: problem } });
  assert.deepEqual(diagnose("open", unplugged)[0], { about: "games-dir", problem });
  const nowhere = snapshot({ me: { ...me, listen_addrs: [] } });
  assert.deepEqual(diagnose("open", nowhere), [{ about: "no-address" }]);
});

Deno.test("it is told apart whether nobody is found or finding does not work", () => {
  const [blocked] = diagnose("open", SCENARIOS["multicast-blocked"]().snapshot);
  const [alone] = diagnose("open", SCENARIOS["no-peers"]().snapshot);
  const { me } = SCENARIOS["multicast-blocked"]().snapshot;
  assert.ok(me.discovery.state === "trouble");
  const { kind: trouble, message } = me.discovery;
  assert.deepEqual(blocked, { about: "discovery", trouble, message, alone: true });
  assert.deepEqual(alone, { about: "no-peers" });
  const others = diagnose("open", { ...party(), me: { ...party().me, discovery: me.discovery } });
  assert.deepEqual(others[0], { about: "discovery", trouble, message, alone: false });
});

Deno.test("the swarm has an edge for every source and every upload, and none besides", () => {
  const { edges, nodes, hidden } = swarm(party(), 640, 420);
  assert.equal(nodes.length, 6);
  assert.equal(hidden, 0);
  const count = (way: string) => edges.filter((edge) => edge.way === way).length;
  assert.equal(count("to-me"), 3);
  assert.equal(count("from-me"), 2);
  assert.equal(count("between"), 2, "what another one fetches from here is the own upload");
  assert.equal(Math.max(...edges.map((edge) => edge.strength ?? 0)), 1);
  assert.ok(nodes.every(({ x, y }) => x > 0 && x < 640 && y > 0 && y < 420));
});

Deno.test("of a large party the swarm shows those who are busy and counts the others", () => {
  const peers = Array.from({ length: 40 }, (_, index) => peer(`p${index}`));
  const uploads = [{ peer_id: peers[39]!.peer_id, id: "a", requests: 1, rate_bytes_per_s: 9 }];
  const picture = swarm(snapshot({ peers, uploads }), 640, 420);
  assert.equal(picture.nodes.length, SWARM_PEERS_MAX);
  assert.equal(picture.hidden, 40 - SWARM_PEERS_MAX);
  assert.ok(picture.nodes.some(({ peerId }) => peerId === peers[39]!.peer_id));
});

Deno.test("paths keep the separator of their system, and ports are found in both kinds of address", () => {
  assert.equal(joinPath("/srv/games/", "0ad", "local"), "/srv/games/0ad/local");
  assert.equal(joinPath("D:\\Games", "0ad"), "D:\\Games\\0ad");
  assert.equal(lastPart("D:\\Games\\"), "Games");
  assert.equal(portOf("192.168.1.10:47000"), "47000");
  assert.equal(portOf("[fe80::1]:47001"), "47001");
});

Deno.test("a peer that is gone is called by the first digits of its id", () => {
  assert.equal(peerName(party(), "0123456789abcdef"), "01234567");
  assert.equal(peerName(party(), party().peers[0]!.peer_id), "Mara");
});

Deno.test("the report holds no name, no whole path, no whole id and no sentence of the peer", () => {
  const state = SCENARIOS.failing().snapshot;
  const text = report("open", state, new Date(0));
  const secrets = [
    state.me.name,
    state.me.games_dir,
    state.me.peer_id,
    "juno",
    ...state.peers.flatMap(({ name, peer_id }) => [name, peer_id]),
    ...state.kept_away.flatMap(({ name, peer_id }) => [name, peer_id]),
    ...state.notices.map(({ message }) => message),
    ...state.messages.map(({ text }) => text),
  ].filter((secret) => secret !== "den");
  for (const secret of secrets) assert.ok(!text.includes(secret), secret);
  assert.ok(!/[0-9a-f]{9}/.test(text.replace(/fe80\S+/g, "")), text);
  assert.match(text, /games_dir: …\/games/);
  assert.match(text, /failed: no-source 1, no-space 1, sources-failed 1/);
});
