// What is wrong, from the snapshot alone.
//
// Invariant: nothing is found by waiting: each finding is a fact of the snapshot or of the connection,
// and goes when the fact goes. It does not know the words; the view has them.

import type { Connection } from "../api/shell.ts";
import type {
  DiscoveryTrouble,
  FolderProblem,
  Game,
  KeptAway,
  Problem,
  Snapshot,
} from "../api/types.ts";
import { isNearlyFull, isWithoutNetwork, unwritable } from "./checks.ts";
import { roomBytes } from "./folders.ts";
import type { Tab } from "./route.ts";

export type Finding =
  | { about: "connection" }
  | { about: "games-dir"; problem: FolderProblem }
  | { about: "more-games-dir"; path: string; problem: FolderProblem }
  | { about: "read-only"; problem: FolderProblem }
  | { about: "no-address" }
  | { about: "discovery"; trouble: DiscoveryTrouble; message: string; alone: boolean }
  | { about: "no-peers" }
  | { about: "low-space"; freeBytes: number }
  | { about: "clock"; aheadMin: number }
  | { about: "problem-games"; games: { game: Game; problem: Problem }[] }
  | { about: "kept-away"; peers: KeptAway[] };

/** Whether the way to the peer is not open, and will not be in a moment. */
export function isDown(connection: Connection): boolean {
  return connection !== "open" && connection !== "connecting";
}

/** Everything that is wrong, what keeps all else from working first. */
export function diagnose(connection: Connection, snapshot: Snapshot | null): Finding[] {
  if (isDown(connection) || snapshot === null) return [{ about: "connection" }];
  const findings: Finding[] = [];
  const { games_dir_problem: problem, listen_addrs, discovery } = snapshot.me;
  const { folder, adapters } = snapshot.health;
  const alone = snapshot.peers.length === 0;
  const kept = unwritable(folder);
  if (problem !== null) findings.push({ about: "games-dir", problem });
  // A further one that only shares, such as an old disk, is nothing to be mended.
  else if (kept?.path === snapshot.me.games_dir) {
    findings.push({ about: "read-only", problem: kept.problem });
  }
  for (const { path, problem } of snapshot.me.more_games_dirs) {
    if (problem !== null) findings.push({ about: "more-games-dir", path, problem });
  }
  if (listen_addrs.length === 0 || (alone && isWithoutNetwork(adapters))) {
    findings.push({ about: "no-address" });
  } else if (discovery.state === "trouble") {
    const { kind: trouble, message } = discovery;
    findings.push({ about: "discovery", trouble, message, alone });
  } else if (alone) findings.push({ about: "no-peers" });
  const freeBytes = roomBytes(snapshot.me);
  if (freeBytes !== null && isNearlyFull(freeBytes)) {
    findings.push({ about: "low-space", freeBytes });
  }
  const { clock } = snapshot.health;
  // Of two clocks nobody knows which is wrong.
  if (clock.state === "differs" && clock.peers > 1) {
    findings.push({ about: "clock", aheadMin: clock.ahead_min });
  }
  const games = snapshot.games.flatMap((game) =>
    game.problem === null ? [] : [{ game, problem: game.problem }]
  );
  if (games.length > 0) findings.push({ about: "problem-games", games });
  if (snapshot.kept_away.length > 0) {
    findings.push({ about: "kept-away", peers: snapshot.kept_away });
  }
  return findings;
}

/** What tells a finding from the others: of folders that are gone there can be several. */
export function keyOf(finding: Finding): string {
  return "path" in finding ? `${finding.about} ${finding.path}` : finding.about;
}

/** Where a finding stands in the way, besides Help. */
const IN_THE_WAY: Partial<Record<Finding["about"], readonly Tab[]>> = {
  "games-dir": ["library", "transfers"],
  "read-only": ["library", "transfers"],
  "more-games-dir": ["library"],
  "no-address": ["library", "party"],
  "discovery": ["library", "party"],
  "low-space": ["transfers"],
};

/** The finding that a view has to tell first, if there is one that stands in its way. */
export function inTheWay(findings: readonly Finding[], tab: Tab): Finding | null {
  return findings.find(({ about }) => IN_THE_WAY[about]?.includes(tab)) ?? null;
}
