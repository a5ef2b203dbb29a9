// The orders in which the library can be shown.
//
// Invariant: every order is total: where its own measure ties, the title decides, and then the id, so
// cards do not jump about when something unrelated changes.

import type { Game } from "../api/types.ts";

export const SORT_NAMES = ["name", "availability", "players", "size", "recent"] as const;

export type SortName = (typeof SORT_NAMES)[number];

/** The games in an order. */
export function sorted(games: readonly Game[], sort: SortName, language: string): Game[] {
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  const byName = (a: Game, b: Game) =>
    collator.compare(a.title, b.title) || (a.id < b.id ? -1 : Number(a.id > b.id));
  const measure = MEASURES[sort];
  return games.toSorted((a, b) => measure(b) - measure(a) || byName(a, b));
}

/** Each measure puts the greatest first. */
const MEASURES: Record<SortName, (game: Game) => number> = {
  name: () => 0,
  availability: (game) => game.holders.length,
  players: (game) => game.players?.count ?? 0,
  size: (game) => game.size,
  recent: (game) => game.first_seen_ms ?? 0,
};
