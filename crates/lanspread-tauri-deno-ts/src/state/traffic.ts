// How much moves between this peer and each other one.
//
// Invariant: sums of what the snapshot tells of sources and uploads, and nothing remembered.

import type { Snapshot } from "../api/types.ts";

/** Bytes per second from a peer, and to it; `null` where nothing is under way. */
export interface Traffic {
  from: number | null;
  to: number | null;
}

/** The traffic with every peer with which there is some. */
export function traffic(
  { operations, uploads }: Pick<Snapshot, "operations" | "uploads">,
): ReadonlyMap<string, Traffic> {
  const found = new Map<string, Traffic>();
  const known = (peerId: string) => found.get(peerId) ?? { from: null, to: null };
  for (const { progress } of operations) {
    if (progress?.phase !== "transferring") continue;
    for (const { peer_id, rate_bytes_per_s } of progress.sources) {
      const before = known(peer_id);
      found.set(peer_id, { ...before, from: (before.from ?? 0) + rate_bytes_per_s });
    }
  }
  for (const { peer_id, rate_bytes_per_s } of uploads) {
    const before = known(peer_id);
    found.set(peer_id, { ...before, to: (before.to ?? 0) + rate_bytes_per_s });
  }
  return found;
}
