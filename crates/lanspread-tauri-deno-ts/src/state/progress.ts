// How far an operation is, as one share.
//
// Invariant: a share counts verified bytes and nothing else; where nothing can be counted it is `null`,
// and then a bar that moves without a figure is shown. It does not know when it will end.

import type { Finished, Game, Hashing, Operation, Progress } from "../api/types.ts";

/** The done share from 0 to 1; `null` where there is none to tell. */
export function shareDone(progress: Progress | null): number | null {
  if (progress === null) return null;
  switch (progress.phase) {
    case "waiting":
      return null;
    case "checking":
      return share(progress.done_bytes, progress.total_bytes);
    case "transferring":
      return share(progress.verified_bytes, progress.total_bytes);
    case "step":
      return progress.percent === null ? null : progress.percent / 100;
  }
}

/** How far the files of a game are checked, in whole percent; `null` if they are not being checked. */
export function percentHashed(hashing: readonly Hashing[], id: string): number | null {
  const found = hashing.find((one) => one.id === id);
  return found === undefined ? null : Math.floor(share(found.done_bytes, found.total_bytes) * 100);
}

function share(done: number, total: number): number {
  return total > 0 ? Math.min(1, done / total) : 0;
}

/** The share of an unfinished download that is here, from 0 to 1; `null` where none is known to be. */
export function shareGathered({ gathered }: Pick<Game, "gathered">): number | null {
  return gathered === null ? null : share(gathered.verified_bytes, gathered.total_bytes);
}

/** The operation that runs on a game. */
export function operationOn(operations: readonly Operation[], id: string): Operation | null {
  return operations.find((operation) => operation.id === id) ?? null;
}

/** How the last operation on a game ended. */
export function lastFinished(finished: readonly Finished[], id: string): Finished | null {
  return finished.findLast((entry) => entry.id === id) ?? null;
}

/** Whether the old version stands in the way of the new: the disk is full, and it could be given up. */
export function canGiveUpOld(game: Game | null, finished: Finished | null): boolean {
  return finished?.outcome.result === "failed" && finished.outcome.kind === "no-space" &&
    game?.state === "update-available" && game.downloaded;
}
