// How updates become the state that is shown.
//
// Invariant: a patch is applied only to the state that it was made from, so its number is one more than
// that of the update before. Anything else is a gap, and the state has to be asked for anew. It does not
// know what the parts mean.

import type { Game, GamesPatch, Patch, Seat, Snapshot, Update } from "../api/types.ts";

/** A state, from where it is seen, and the number of the update that led to it. */
export interface Known {
  sequence: number;
  seat: Seat;
  snapshot: Snapshot;
}

/** The state after an update; `"gap"` if an update before it was missed. */
export function apply(known: Known | null, update: Update): Known | "gap" {
  if (update.type === "snapshot") {
    return { sequence: update.sequence, seat: update.seat, snapshot: update.snapshot };
  }
  if (known === null || update.sequence !== known.sequence + 1) return "gap";
  const { sequence, patch } = update;
  return { sequence, seat: known.seat, snapshot: applyPatch(known.snapshot, patch) };
}

function applyPatch(snapshot: Snapshot, { games, ...parts }: Patch): Snapshot {
  const next = { ...snapshot, ...parts };
  return games === undefined ? next : { ...next, games: applyGames(snapshot.games, games) };
}

/** Both lists are sorted by id, so one walk over both keeps the order. */
function applyGames(games: Game[], { changed, gone }: GamesPatch): Game[] {
  const absent = new Set(gone);
  const merged: Game[] = [];
  let next = 0;
  for (const game of games) {
    for (; next < changed.length && changed[next]!.id < game.id; next += 1) {
      merged.push(changed[next]!);
    }
    if (changed[next]?.id === game.id) {
      merged.push(changed[next]!);
      next += 1;
    } else if (!absent.has(game.id)) {
      merged.push(game);
    }
  }
  return merged.concat(changed.slice(next));
}
