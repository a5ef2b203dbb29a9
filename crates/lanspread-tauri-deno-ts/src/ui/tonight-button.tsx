// Puts a game on this evening's list, or takes it off.
//
// Invariant: it says whether the game is on the list that was chosen; what is only proposed is not.

import type { Game } from "../api/types.ts";
import { EVENING_MAX, withGame, withoutGame } from "../state/evening.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";

export function TonightButton({ game }: { game: Game }) {
  const { texts, evening, decideEvening } = useApp();
  const chosen = evening ?? [];
  const isOn = chosen.includes(game.id);
  const isFull = !isOn && chosen.length >= EVENING_MAX;
  const words = texts.evening;
  return (
    <button
      type="button"
      className="filter tonight"
      aria-pressed={isOn}
      aria-disabled={isFull || undefined}
      title={isFull ? words.full(EVENING_MAX) : words.tonightHint}
      onClick={() => {
        if (isFull) return;
        decideEvening(isOn ? withoutGame(chosen, game.id) : withGame(chosen, game.id));
      }}
    >
      <Icon name="moon" />
      {words.tonight}
    </button>
  );
}
