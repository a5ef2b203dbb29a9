// How much moves between this peer and each other one, and how much each fetches from whomever.
//
// Invariant: sums of what the snapshot tells of sources and uploads, and nothing remembered. What others say
// that they fetch from here is not counted: of its own uploads this peer knows better itself.

import type { Snapshot } from "../api/types.ts";

/** Bytes per second from a peer to this one, and from this one to it; `null` where nothing is under way. */
export interface Traffic {
  from: number | null;
  to: number | null;
  /** All that it fetches, from this peer and from those that it names. */
  fetches: number | null;
}

/** The traffic with every peer with which there is some. */
export function traffic(
  { me, peers, operations, uploads }: Snapshot,
): ReadonlyMap<string, Traffic> {
  const found = new Map<string, Traffic>();
  const known = (peerId: string) => found.get(peerId) ?? { from: null, to: null, fetches: null };
  for (const { progress } of operations) {
    if (progress?.phase !== "transferring") continue;
    for (const { peer_id, rate_bytes_per_s } of progress.sources) {
      const before = known(peer_id);
      found.set(peer_id, { ...before, from: (before.from ?? 0) + rate_bytes_per_s });
    }
  }
  for (const { peer_id, rate_bytes_per_s } of uploads) {
    const before = known(peer_id);
    const to = (before.to ?? 0) + rate_bytes_per_s;
    found.set(peer_id, { ...before, to, fetches: to });
  }
  for (const { peer_id, status } of peers) {
    const sources = status?.operations.flatMap((operation) => operation.sources) ?? [];
    const others = sources.filter((source) => source.peer_id !== me.peer_id);
    if (others.length === 0) continue;
    const before = known(peer_id);
    const rate = others.reduce((sum, source) => sum + source.rate_bytes_per_s, 0);
    found.set(peer_id, { ...before, fetches: (before.fetches ?? 0) + rate });
  }
  return found;
}
