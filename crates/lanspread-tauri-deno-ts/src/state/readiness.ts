// Who has a game, and who does not yet.
//
// Invariant: only peers that are connected are counted, each in exactly one list, so the lists together are
// the party. A peer whose games are not all known yet is neither counted as having a game nor as lacking it.

import type { Game, Peer } from "../api/types.ts";

export interface Readiness {
  have: Peer[];
  /** Who has another version than this party plays. */
  old: Peer[];
  lack: Peer[];
  unknown: Peer[];
}

/** How the party stands with one game. */
export function readiness(
  game: Pick<Game, "holders" | "outdated">,
  peers: readonly Peer[],
): Readiness {
  const holders = new Set(game.holders);
  const outdated = new Set(game.outdated);
  const result: Readiness = { have: [], old: [], lack: [], unknown: [] };
  for (const peer of peers) {
    if (holders.has(peer.peer_id)) result.have.push(peer);
    else if (outdated.has(peer.peer_id)) result.old.push(peer);
    else if (peer.in_sync) result.lack.push(peer);
    else result.unknown.push(peer);
  }
  return result;
}
