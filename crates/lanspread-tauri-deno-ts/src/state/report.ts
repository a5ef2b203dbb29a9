// The report that a user can hand to somebody who helps.
//
// Invariant: it holds no name, no path beyond its last part, no peer id beyond eight digits and no party
// code. Sentences of the peer can hold all of these, so they are counted by kind and not repeated.

import type { Connection } from "../api/shell.ts";
import type { NetworkAdapter, Snapshot } from "../api/types.ts";
import { lastPart, shortId } from "./names.ts";

/** The report, in terms that are the same in every language. */
export function report(connection: Connection, snapshot: Snapshot, now: Date): string {
  const { me, health } = snapshot;
  const lines = [
    `lanspread ${me.version}, wire ${me.protocol_version}`,
    `time: ${now.toISOString()}`,
    `connection: ${connection}`,
    `peer: ${shortId(me.peer_id)}`,
    `listen_addrs: ${me.listen_addrs.join(" ") || "none"}`,
    `discovery: ${me.discovery.state}`,
    `mode: ${me.mode}, party_code: ${me.party_code}, unencrypted_lanes: ${me.unencrypted_lanes}`,
    `games_dir: …/${lastPart(me.games_dir)}, catalog: ${
      me.catalog ? lastPart(me.catalog) : "none"
    }`,
    `games_dir_problem: ${me.games_dir_problem !== null}, folder: ${health.folder.state}`,
    `more_games_dirs: ${
      tally(me.more_games_dirs.map(({ problem }) => problem === null ? "fine" : problem.fault))
    }`,
    `free: ${me.free_bytes === null ? "unknown" : mebibytes(me.free_bytes)}`,
    `adapters: ${tally(health.adapters.map(kindOf))}`,
    `clock: ${health.clock.state}${
      health.clock.state === "differs" ? ` ${health.clock.ahead_min} min` : ""
    }`,
    `archive_formats: ${health.archive_formats.join(" ")}`,
    `games: ${tally(snapshot.games.map((game) => game.state))}`,
    `problems: ${idsOf(snapshot.games.filter((game) => game.problem !== null))}`,
    `peers: ${snapshot.peers.length}`,
    ...snapshot.peers.map((peer) =>
      `  ${shortId(peer.peer_id)} ${peer.addr} games ${peer.games} in_sync ${peer.in_sync}`
    ),
    `kept_away: ${snapshot.kept_away.map((peer) => shortId(peer.peer_id)).join(" ") || "none"}`,
    `operations: ${snapshot.operations.length}`,
    ...snapshot.operations.map((operation) =>
      `  ${operation.kind} ${operation.id} ${operation.progress?.phase ?? "unknown"}`
    ),
    `queue: ${tally(snapshot.queue.map((queued) => queued.turn))}`,
    `uploads: ${snapshot.uploads.length}`,
    `playing: ${snapshot.playing}, limits: ${Object.values(snapshot.limits).join(" ")}`,
    `failed: ${tally(failures(snapshot))}`,
    `notices: ${tally(snapshot.notices.map((notice) => notice.about.kind))}`,
  ];
  return lines.join("\n") + "\n";
}

function failures({ finished }: Snapshot): string[] {
  return finished.flatMap(({ outcome }) => outcome.result === "failed" ? [outcome.kind] : []);
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}

/** Names of adapters are the user's to choose, so they are not repeated. */
function kindOf({ kind, addrs, offered }: NetworkAdapter): string {
  return `${kind}${addrs.length === 0 ? " without address" : ""}${offered ? " offered" : ""}`;
}

function idsOf(games: readonly { id: string }[]): string {
  return games.map((game) => game.id).join(" ") || "none";
}

/** How often each kind occurs, sorted. */
function tally(kinds: readonly string[]): string {
  const counted = new Map<string, number>();
  for (const kind of kinds) counted.set(kind, (counted.get(kind) ?? 0) + 1);
  const parts = [...counted].sort().map(([kind, count]) => `${kind} ${count}`);
  return parts.join(", ") || "none";
}
