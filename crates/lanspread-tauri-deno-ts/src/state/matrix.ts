// Whether the evening's games can start: each of the party against each game.
//
// Invariant: `RULES` is the only place that says what a cell is, and the first rule that holds decides, so
// every cell is exactly one thing. What only a peer itself can tell (its progress, its disk, what it unpacked)
// is guessed by nobody: a peer that says nothing of itself is ready, lacks the game, or is not known. A
// machine that nobody plays at has a row and counts in no sum.

import type { Game, Operation, Peer, Snapshot } from "../api/types.ts";
import { roomBytes } from "./folders.ts";
import { bytesLeft } from "./queue.ts";
import { lastFinished, operationOn, shareDone } from "./progress.ts";

/** How one of the party stands with one game. */
export type CellState =
  | "unpacking"
  | "downloading"
  | "waiting"
  | "shares"
  | "ready"
  | "packed"
  | "unknown"
  | "absent"
  | "disk-full"
  | "old"
  | "missing";

/** What is known of one of the party and one game. */
export interface Facts {
  /** Whether somebody can play there. */
  plays: boolean;
  /** Whether the files of this party's version are there, or the game is unpacked without them. */
  has: boolean;
  /** Whether they are unpacked; `null` where only the peer could tell and does not. */
  unpacked: boolean | null;
  /** Whether another version is there. */
  old: boolean;
  /** Whether its list of games is known as it stands. */
  listed: boolean;
  running: Running | null;
  /** Whether it was asked for and waits or rests. */
  queued: boolean;
  /** Whether it ended because the disk was full. */
  ranFull: boolean;
  needsBytes: number;
  freeBytes: number | null;
}

interface Running {
  kind: Operation["kind"];
  percent: number | null;
  timeLeftMs: number | null;
  waits: boolean;
}

/** What each state takes, in the order in which they are looked at. */
export const RULES: readonly [CellState, (facts: Facts) => boolean][] = [
  ["unpacking", ({ running }) => running?.kind === "install"],
  ["downloading", ({ running }) => running?.kind === "download" && !running.waits],
  ["waiting", ({ running, queued }) => running?.kind === "download" || queued],
  ["shares", ({ plays, has }) => !plays && has],
  ["ready", ({ has, unpacked }) => has && unpacked !== false],
  ["packed", ({ has }) => has],
  ["unknown", ({ listed }) => !listed],
  ["absent", ({ plays }) => !plays],
  [
    "disk-full",
    ({ ranFull, freeBytes, needsBytes }) => ranFull || lacksRoom(freeBytes, needsBytes),
  ],
  ["old", ({ old }) => old],
  ["missing", () => true],
];

/** Whether it is known that there is less room than is needed. */
export function lacksRoom(freeBytes: number | null, needsBytes: number): freeBytes is number {
  return freeBytes !== null && freeBytes < needsBytes;
}

/** One cell. */
export interface Cell {
  state: CellState;
  facts: Facts;
}

/** One of the party, with a cell for each game. */
export interface Row {
  peerId: string;
  name: string;
  isMe: boolean;
  /** Whether somebody can play there: others share, and nobody waits for them. */
  plays: boolean;
  cells: Cell[];
}

/** How the party stands with one game. */
export interface Column {
  game: Game;
  ready: number;
  /** Those who are not ready, the worst first. */
  others: { name: string; cell: Cell }[];
}

export interface Matrix {
  columns: Column[];
  /** Those who hold the evening up stand first, and machines without a player last. */
  rows: Row[];
}

/** The matrix of some games. */
export function matrix(snapshot: Snapshot, games: readonly Game[], language: string): Matrix {
  const { me, peers } = snapshot;
  const mine = games.map((game) => cellOf(factsOfMe(snapshot, game)));
  const rows: Row[] = [
    { peerId: me.peer_id, name: me.name, isMe: true, plays: me.player, cells: mine },
    ...peers.map((peer) => ({
      peerId: peer.peer_id,
      name: peer.name,
      isMe: false,
      plays: playsAt(peer),
      cells: games.map((game) => cellOf(factsOfPeer(peer, game))),
    })),
  ];
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  rows.sort((a, b) =>
    Number(b.plays) - Number(a.plays) || late(b) - late(a) || collator.compare(a.name, b.name) ||
    (a.peerId < b.peerId ? -1 : 1)
  );
  return { rows, columns: games.map((game, index) => column(game, index, rows)) };
}

/** The state that the facts come to. */
export function cellOf(facts: Facts): Cell {
  const [state] = RULES.find(([, holds]) => holds(facts)) ?? ["missing" as const];
  return { state, facts };
}

function late({ cells }: Row): number {
  return cells.filter(({ state }) => state !== "ready").length;
}

/** From what takes longest to mend to what mends itself. */
const WORST_FIRST: readonly CellState[] = [
  "disk-full",
  "missing",
  "old",
  "packed",
  "waiting",
  "downloading",
  "unpacking",
  "unknown",
  "ready",
  "shares",
  "absent",
];

function column(game: Game, index: number, rows: readonly Row[]): Column {
  const all = rows.filter(({ plays }) => plays)
    .map(({ name, cells }) => ({ name, cell: cells[index]! }));
  const others = all.filter(({ cell }) => cell.state !== "ready").sort((a, b) =>
    WORST_FIRST.indexOf(a.cell.state) - WORST_FIRST.indexOf(b.cell.state) ||
    (b.cell.facts.running?.timeLeftMs ?? 0) - (a.cell.facts.running?.timeLeftMs ?? 0)
  );
  return { game, ready: all.length - others.length, others };
}

/** Whether somebody can play there; whoever says nothing of it is waited for. */
function playsAt({ status }: Peer): boolean {
  return status?.player ?? true;
}

function factsOfPeer(peer: Peer, game: Game): Facts {
  const { status } = peer;
  const running = status?.operations.find((operation) => operation.id === game.id) ?? null;
  const unpacked = status?.installed?.includes(game.id) ?? null;
  const old = game.outdated.includes(peer.peer_id);
  return {
    plays: playsAt(peer),
    has: game.holders.includes(peer.peer_id) || (unpacked === true && !old),
    unpacked,
    old,
    listed: peer.in_sync,
    running: running && {
      kind: running.kind,
      percent: running.percent,
      timeLeftMs: running.time_left_ms,
      waits: running.waiting,
    },
    queued: false,
    ranFull: false,
    needsBytes: game.size,
    freeBytes: status?.free_bytes ?? null,
  };
}

function factsOfMe(snapshot: Snapshot, game: Game): Facts {
  const operation = operationOn(snapshot.operations, game.id);
  const last = lastFinished(snapshot.finished, game.id)?.outcome;
  const { state } = game;
  return {
    plays: snapshot.me.player,
    has: state === "ready" || state === "local-only" || state === "downloaded",
    unpacked: game.installed,
    old: state === "update-available" || state === "other-version",
    listed: true,
    running: operation && runningHere(operation),
    queued: snapshot.queue.some(({ id }) => id === game.id),
    ranFull: last?.result === "failed" && last.kind === "no-space",
    needsBytes: bytesLeft(game),
    freeBytes: roomBytes(snapshot.me),
  };
}

function runningHere({ kind, progress }: Operation): Running {
  const share = shareDone(progress);
  return {
    kind,
    percent: share === null ? null : Math.floor(share * 100),
    timeLeftMs: progress?.phase === "transferring" ? progress.time_left_ms : null,
    waits: progress?.phase === "waiting",
  };
}
