// The library: every game of the party, narrowed, searched and sorted.
//
// Invariant: the list is worked out from the games of the snapshot and the address alone.

import { useDeferredValue, useMemo } from "react";
import { counts, filtered, genres, narrowed } from "../../state/filters.ts";
import { isNarrowed, widened } from "../../state/route.ts";
import { search, searchLines } from "../../state/search.ts";
import { sorted } from "../../state/sort.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { NoGames, NoHits } from "./empty.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { Grid } from "./grid.tsx";

export function Library() {
  const { texts, route, go, preferences } = useApp();
  const { language, sort } = preferences;
  const games = usePart("games");
  const words = useDeferredValue(route.words);

  const known = useMemo(() => genres(games, language), [games, language]);
  const lines = useMemo(() => searchLines(games, language), [games, language]);
  const inOrder = useMemo(
    () => {
      const hits = search(games, lines, words);
      return words.trim() === "" || sort !== "name" ? sorted(hits, sort, language) : hits;
    },
    [games, lines, words, sort, language],
  );
  const candidates = useMemo(
    () => narrowed(inOrder, { genre: route.genre, players: route.players }, language),
    [inOrder, route.genre, route.players, language],
  );
  const counted = useMemo(() => counts(candidates), [candidates]);
  const shown = useMemo(() => filtered(candidates, route.filter), [candidates, route.filter]);

  if (games.length === 0) return <NoGames />;
  return (
    <div className="library">
      <h1 className="unseen">{texts.library.title}</h1>
      <FilterBar counted={counted} genres={known} />
      <p className="unseen" role="status">{texts.filters.found(shown.length)}</p>
      {shown.length === 0 && isNarrowed(route)
        ? <NoHits onClear={() => go(widened(route))} />
        : <Grid games={shown} />}
    </div>
  );
}
