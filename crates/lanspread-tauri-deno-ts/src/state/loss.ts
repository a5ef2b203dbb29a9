// What is lost by a cancel, and from when on that is worth a question.
//
// Invariant: the bytes are the snapshot's, of a download that runs or of one that rests; where it does not say
// how many have come, none are named.

import type { Game, Operation } from "../api/types.ts";

/** From so many bytes on one is asked first: less comes again in a moment. */
export const ASK_FROM_BYTES = 4 * 1024 * 1024;

/** How many verified bytes a cancel throws away; `null` where that is not worth a question. */
export function lostByCancel(game: Game | null, operation: Operation | null): number | null {
  const bytes = operation === null ? game?.gathered?.verified_bytes : cameSoFar(operation);
  return bytes === undefined || bytes < ASK_FROM_BYTES ? null : bytes;
}

function cameSoFar({ kind, progress }: Operation): number | undefined {
  return kind === "download" && progress?.phase === "transferring"
    ? progress.verified_bytes
    : undefined;
}
