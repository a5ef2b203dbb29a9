// What narrows and orders the library.
//
// Invariant: the counters count what the list would show with that filter, since both ask `filters.ts`.

import type { FilterName } from "../../state/filters.ts";
import { FILTERS_OFFERED, PLAYER_COUNTS } from "../../state/filters.ts";
import { DENSITIES } from "../../state/preferences.ts";
import { SORT_NAMES, type SortName } from "../../state/sort.ts";
import { useApp, useMay } from "../../ui/context.ts";
import { Choice, Select } from "../../ui/parts.tsx";

interface FilterBarProps {
  counted: Record<FilterName, number>;
  genres: string[];
}

export function FilterBar({ counted, genres }: FilterBarProps) {
  const { texts, format, route, go, preferences, choose } = useApp();
  const words = texts.filters;
  const { ask } = useMay();
  const offered = ask ? FILTERS_OFFERED.users : FILTERS_OFFERED.guests;
  const sortWords: Record<SortName, string> = {
    name: words.name,
    availability: words.availability,
    players: words.playerCount,
    size: words.size,
    recent: words.recent,
  };
  return (
    <div className="filter-bar">
      <div className="filters" role="group" aria-label={words.label}>
        {offered.map((name) => (
          <button
            key={name}
            type="button"
            className="filter"
            aria-pressed={route.filter === name}
            onClick={() => go({ filter: name })}
          >
            {words[name]} <span className="filter-count">{format.number(counted[name])}</span>
          </button>
        ))}
      </div>
      <div className="narrowing">
        {genres.length > 0 && (
          <Select
            label={words.genre}
            value={route.genre ?? ""}
            options={[
              { value: "", words: words.anyGenre },
              ...genres.map((genre) => ({ value: genre, words: genre })),
            ]}
            onChoose={(genre) => go({ genre: genre || null })}
          />
        )}
        <Select
          label={words.players}
          value={String(route.players ?? "")}
          options={[
            { value: "", words: words.anyPlayers },
            ...PLAYER_COUNTS.map((count) => ({
              value: String(count),
              words: words.playersAtLeast(count),
            })),
          ]}
          onChoose={(players) => go({ players: Number(players) || null })}
        />
        <Select
          label={words.sort}
          value={preferences.sort}
          options={SORT_NAMES.map((name) => ({ value: name, words: sortWords[name] }))}
          onChoose={(value) =>
            choose({ sort: SORT_NAMES.find((name) => name === value) ?? "name" })}
        />
        <Choice
          label={words.density}
          options={DENSITIES}
          value={preferences.density}
          words={(density) => words[density]}
          onChoose={(density) => choose({ density })}
        />
      </div>
    </div>
  );
}
