// How a game stands whose download waits for its turn, rests, or was left unfinished.
//
// Invariant: it says what happens by itself and what does not, and how much is here already.

import type { Game, Queued } from "../../api/types.ts";
import { placeOf } from "../../state/queue.ts";
import { subject } from "../../state/store.ts";
import { Button } from "../../ui/button.tsx";
import { CancelButton } from "../../ui/cancel-button.tsx";
import { useApp, usePart, useView } from "../../ui/context.ts";
import { GatheredLine } from "../../ui/gathered.tsx";

/** The words on a card. */
export function queuedWords(
  texts: ReturnType<typeof useApp>["texts"],
  queue: readonly Queued[],
  id: string,
): string {
  const place = placeOf(queue, id);
  return place === null ? texts.queue.paused : texts.queue.waiting(place);
}

export function QueuedNote({ game, queued }: { game: Game; queued: Queued }) {
  const { texts, store } = useApp();
  const { id, turn } = queued;
  const state = queuedWords(texts, usePart("queue"), id);
  const asked = useView((view) => view.asked.has(subject({ cmd: "pause", id })));
  const isPaused = turn === "paused";
  return (
    <div className="warning warning-calm" role="note">
      <strong>{state}</strong>
      <GatheredLine game={game} />
      <p>{isPaused ? texts.queue.pausedHint : texts.queue.waitingHint}</p>
      {isPaused
        ? <CancelButton id={id} game={game} operation={null} />
        : (
          <Button waits={asked} onPress={() => void store.send({ cmd: "pause", id })}>
            {texts.actions.pause}
          </Button>
        )}
    </div>
  );
}

/** A download that nobody asks for at the moment, and that left something here. */
export function UnfinishedNote({ game }: { game: Game }) {
  const { texts } = useApp();
  if (game.gathered === null) return null;
  return (
    <div className="warning warning-calm" role="note">
      <strong>{texts.queue.unfinished}</strong>
      <GatheredLine game={game} />
      <p>{texts.queue.unfinishedHint}</p>
      <CancelButton id={game.id} game={game} operation={null} />
    </div>
  );
}
