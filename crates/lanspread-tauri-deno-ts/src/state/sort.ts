// The orders in which the library can be shown.
//
// Invariant: every order is total: where its own measure ties, the title decides, and then the id, so
// cards do not jump about when something unrelated changes.

import type { Game } from "../api/types.ts";
import type { FirstSeen } from "./seen.ts";

export const SORT_NAMES = ["name", "availability", "players", "size", "recent"] as const;

export type SortName = (typeof SORT_NAMES)[number];

/** What an order may look at besides the games. */
export interface SortContext {
  language: string;
  seen: FirstSeen;
}

/** The games in an order. */
export function sorted(games: readonly Game[], sort: SortName, context: SortContext): Game[] {
  const collator = new Intl.Collator(context.language, { numeric: true, sensitivity: "base" });
  const byName = (a: Game, b: Game) =>
    collator.compare(a.title, b.title) || (a.id < b.id ? -1 : Number(a.id > b.id));
  const measure = measures(context)[sort];
  return games.toSorted((a, b) => measure(b) - measure(a) || byName(a, b));
}

/** Each measure puts the greatest first. */
function measures({ seen }: SortContext): Record<SortName, (game: Game) => number> {
  return {
    name: () => 0,
    availability: (game) => game.holders.length,
    players: (game) => game.players?.count ?? 0,
    size: (game) => game.size,
    recent: (game) => seen[game.id] ?? 0,
  };
}
