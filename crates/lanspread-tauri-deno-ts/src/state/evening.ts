// Which games this evening is about.
//
// Invariant: whatever is kept, or is not, gives a list that can be shown: games that the party knows, each
// once, no more than fit beside each other. Until somebody chooses, it is what most of the party have.

import type { Game } from "../api/types.ts";

/** More columns than this cannot be told apart at a glance. */
export const EVENING_MAX = 8;

/** So many are proposed while nobody has chosen. */
export const PROPOSED_MAX = 5;

/** The ids that were chosen; `null` while none are. */
export type Chosen = readonly string[] | null;

const KEY = "lanspread-evening";

/** The games of the evening. */
export function eveningGames(games: readonly Game[], chosen: Chosen): Game[] {
  if (chosen === null) return proposed(games);
  const byId = new Map(games.map((game) => [game.id, game]));
  return chosen.flatMap((id) => byId.get(id) ?? []);
}

/** What most of the party have, and among those what most can play together. */
function proposed(games: readonly Game[]): Game[] {
  const havers = (game: Game) => game.holders.length + Number(game.downloaded || game.installed);
  const players = (game: Game) => game.players?.count ?? 0;
  return games
    .filter((game) => havers(game) > 0)
    .toSorted((a, b) => havers(b) - havers(a) || players(b) - players(a) || (a.id < b.id ? -1 : 1))
    .slice(0, PROPOSED_MAX);
}

/** The choice with one more; the same if there is no room. */
export function withGame(ids: readonly string[], id: string): Chosen {
  return ids.includes(id) || ids.length >= EVENING_MAX ? ids : [...ids, id];
}

/** The choice without one; none at all if it was the last. */
export function withoutGame(ids: readonly string[], id: string): Chosen {
  const left = ids.filter((one) => one !== id);
  return left.length === 0 ? null : left;
}

/** The choice that was kept, as far as it can be read. */
export function loadChosen(storage: Pick<Storage, "getItem">): Chosen {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
    if (!Array.isArray(kept)) return null;
    const ids = kept.filter((id): id is string => typeof id === "string" && id !== "");
    const once = [...new Set(ids)].slice(0, EVENING_MAX);
    return once.length === 0 ? null : once;
  } catch {
    return null;
  }
}

/** Keeps the choice. A browser that refuses to store it costs no more than choosing again. */
export function saveChosen(storage: Pick<Storage, "setItem">, chosen: Chosen): void {
  try {
    storage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    return;
  }
}
