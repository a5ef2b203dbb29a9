// What ended, of this PC's own work and of what others fetched from here, in one list.
//
// Invariant: the newest stands first, everything once; where two ended in the same moment, the own work.

import type { Finished, UploadEnded } from "../api/types.ts";

export type Ended =
  | { what: "operation"; entry: Finished }
  | { what: "upload"; entry: UploadEnded };

/** Both lists as one, the newest first. */
export function ended(
  finished: readonly Finished[],
  uploads: readonly UploadEnded[],
): Ended[] {
  const all: Ended[] = [
    ...finished.toReversed().map((entry) => ({ what: "operation" as const, entry })),
    ...uploads.toReversed().map((entry) => ({ what: "upload" as const, entry })),
  ];
  return all.toSorted((a, b) => b.entry.at_ms - a.entry.at_ms);
}
