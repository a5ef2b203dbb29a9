// Which games the library shows.
//
// Invariant: `FILTERS` is the only place that says what a filter lets through. The counters and the
// list both read it, so a counter can never disagree with the list that it counts.

import type { Game } from "../api/types.ts";
import { canTake } from "./seat.ts";
import { localized } from "./localized.ts";

/** What each filter lets through. */
export const FILTERS = {
  all: () => true,
  ready: (game: Game) => game.state === "ready" || game.state === "local-only",
  here: (game: Game) => game.downloaded || game.installed,
  others: (game: Game) => game.state === "on-others",
  update: (game: Game) => game.state === "update-available" || game.state === "other-version",
  take: canTake,
} as const satisfies Record<string, (game: Game) => boolean>;

export type FilterName = keyof typeof FILTERS;

/** Every filter that an address can name. */
export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];

/** The filters that are offered, in their order: to guests those that mean something to them. */
export const FILTERS_OFFERED = {
  users: FILTER_NAMES.filter((name) => name !== "take"),
  guests: ["all", "take"],
} as const satisfies Record<string, readonly FilterName[]>;

/** Counts of players that the library can be narrowed to. */
export const PLAYER_COUNTS = [2, 4, 8, 16, 32] as const;

/** What the library is narrowed to, besides words. */
export interface Narrowing {
  filter: FilterName;
  genre: string | null;
  players: number | null;
}

/** The games within a genre and a number of players, whatever the filter: what the counters count. */
export function narrowed(
  games: readonly Game[],
  { genre, players }: Pick<Narrowing, "genre" | "players">,
  language: string,
): Game[] {
  return games.filter((game) =>
    (genre === null || localized(game.genre, language) === genre) &&
    (players === null || (game.players?.count ?? 0) >= players)
  );
}

/** The games that a filter lets through. */
export function filtered(games: readonly Game[], filter: FilterName): Game[] {
  return games.filter(FILTERS[filter]);
}

/** How many games each filter lets through. */
export function counts(games: readonly Game[]): Record<FilterName, number> {
  const entries = FILTER_NAMES.map((name) => [name, filtered(games, name).length]);
  return Object.fromEntries(entries) as Record<FilterName, number>;
}

/** The genres that occur, sorted, in one language. */
export function genres(games: readonly Game[], language: string): string[] {
  const found = new Set<string>();
  for (const game of games) {
    const genre = localized(game.genre, language);
    if (genre) found.add(genre);
  }
  return [...found].sort(new Intl.Collator(language).compare);
}
