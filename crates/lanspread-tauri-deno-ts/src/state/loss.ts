// What is lost by a cancel, and from when on that is worth a question.
//
// Invariant: the bytes are the snapshot's; where it does not say how many have come, none are named.

import type { Operation } from "../api/types.ts";

/** From so many bytes on one is asked first: less comes again in a moment. */
export const ASK_FROM_BYTES = 4 * 1024 * 1024;

/** How many verified bytes a cancel throws away; `null` where that is not worth a question. */
export function lostByCancel(operation: Operation | null): number | null {
  if (operation?.kind !== "download" || operation.progress?.phase !== "transferring") return null;
  const { verified_bytes } = operation.progress;
  return verified_bytes < ASK_FROM_BYTES ? null : verified_bytes;
}
