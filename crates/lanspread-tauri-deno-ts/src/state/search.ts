// Finds games by words that may be misspelt.
//
// Invariant: what is found depends on the games and the words alone. One slip in each word is forgiven
// (a letter missing, doubled, wrong or swapped), words may come in any order, and accents do not count.

import UFuzzy from "@leeoniya/ufuzzy";
import type { Game } from "../api/types.ts";
import { localized } from "./localized.ts";

/** Up to so many hits are ranked; with more, the list is too long to read anyway and keeps its order. */
const RANKED_MAX = 1_000;
const WORDS_MAX = 4;

const fuzzy = new UFuzzy({ intraMode: 1 });

/** The lines in which games are looked for. Made once for each list of games. */
export function searchLines(games: readonly Game[], language: string): string[] {
  const lines = games.map((game) =>
    [game.title, game.id, localized(game.genre, language) ?? ""].join(" ")
  );
  return UFuzzy.latinize(lines);
}

/** The games that match, the best first; all of them in their order if there is nothing to look for. */
export function search(games: readonly Game[], lines: string[], words: string): readonly Game[] {
  const needle = UFuzzy.latinize(words.trim().split(/\s+/).slice(0, WORDS_MAX).join(" "));
  if (needle === "") return games;
  const [indexes, info, order] = fuzzy.search(lines, needle, WORDS_MAX, RANKED_MAX);
  const ranked = info && order ? order.map((at) => info.idx[at]) : indexes ?? [];
  return ranked.flatMap((index) => (index === undefined ? [] : games[index] ?? []));
}
