// Which versions of a game are at the party, and at how many peers.
//
// Invariant: each version stands once, the newest first, and a peer counts once for each version that it
// offers. Until the offers are known, the snapshot says what it can: who has the party's version.

import type { Game, Offer } from "../api/types.ts";

export interface VersionAtParty {
  version: string;
  peers: number;
}

/** The versions that other peers have, the newest first. */
export function versionsAtParty(
  game: Pick<Game, "expected_version" | "holders">,
  offers: readonly Offer[] | null,
): VersionAtParty[] {
  const holders = new Map<string, Set<string>>();
  const add = (version: string, peers: readonly string[]) => {
    if (peers.length === 0) return;
    const known = holders.get(version) ?? new Set();
    holders.set(version, known);
    peers.forEach((peer) => known.add(peer));
  };
  if (offers !== null) offers.forEach(({ version, peers }) => add(version, peers));
  else if (game.expected_version !== null) add(game.expected_version, game.holders);
  return [...holders]
    .map(([version, peers]) => ({ version, peers: peers.size }))
    .toSorted((a, b) => (a.version < b.version ? 1 : -1));
}
