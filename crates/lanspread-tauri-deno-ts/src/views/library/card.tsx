// One game of the library, as a card or as a row.
//
// Invariant: it is drawn anew only when its game or its operation changed, so a download does not cost
// the cards that have nothing to do with it.

import { memo } from "react";
import type { Game, Operation } from "../../api/types.ts";
import { localized } from "../../state/localized.ts";
import { shareGathered } from "../../state/progress.ts";
import { ActionButton } from "../../ui/action-button.tsx";
import { Art } from "../../ui/art.tsx";
import { HoldersChip, StateChip } from "../../ui/chip.tsx";
import { useApp } from "../../ui/context.ts";
import { OperationLine } from "../../ui/operation.tsx";

interface CardProps {
  game: Game;
  operation: Operation | null;
  /** How its download stands that was asked for and does not run. */
  queued: string | null;
  party: number;
  index: number;
  count: number;
}

export const Card = memo(function Card(props: CardProps) {
  const { game, operation, queued, party, index, count } = props;
  const { texts, preferences, format, go } = useApp();
  const facts = [
    localized(game.genre, preferences.language),
    game.size > 0 ? format.bytes(game.size) : null,
    game.players ? texts.library.players(game.players.text) : null,
  ].filter((fact) => fact !== null);
  // Of a game that is not here the chip says it already.
  const share = game.downloaded ? shareGathered(game) : null;
  const waits = queued !== null && share !== null
    ? `${queued} · ${texts.queue.partly(format.percent(share))}`
    : queued;
  const isNarrow = preferences.density === "compact" || preferences.shape === "box";

  return (
    <div
      className={`card card-${preferences.density} card-${preferences.shape}`}
      data-running={operation !== null || undefined}
      role="listitem"
      aria-setsize={count}
      aria-posinset={index + 1}
    >
      <Art id={game.id} title={game.title} cover={game.cover} />
      <h2 className="card-title">
        <button
          type="button"
          data-index={index}
          data-game={game.id}
          onClick={() => go({ game: game.id })}
        >
          <bdi>{game.title}</bdi>
        </button>
      </h2>
      {operation === null
        ? <p className="card-facts">{waits ?? facts.join(" · ")}</p>
        : <OperationLine operation={operation} title={game.title} />}
      <StateChip game={game} runs={operation !== null} />
      <HoldersChip game={game} party={party} brief={isNarrow} />
      <ActionButton game={game} operation={operation} brief />
    </div>
  );
});
