// Downloads that wait for their turn or rest, in their order, with what changes it.
//
// Invariant: every place can be reached with the keyboard, and whoever moves one keeps the focus on the
// button that he pressed, wherever the row has gone.

import { useLayoutEffect, useRef } from "react";
import type { Queued } from "../../api/types.ts";
import { gameById } from "../../state/names.ts";
import { bytesAhead, type Direction, moved, notRunning, placeOf } from "../../state/queue.ts";
import { subject } from "../../state/store.ts";
import { Button } from "../../ui/button.tsx";
import { CancelButton } from "../../ui/cancel-button.tsx";
import { useApp, useSnapshot, useView } from "../../ui/context.ts";
import { GatheredLine } from "../../ui/gathered.tsx";
import { Name, Section } from "../../ui/parts.tsx";

export function QueueList() {
  const { texts, format } = useApp();
  const { queue, operations, games } = useSnapshot();
  const list = useRef<HTMLOListElement>(null);
  const pressed = useRef<string | null>(null);
  const shown = notRunning(queue, operations);

  // A row that is put elsewhere in the page loses the focus that was in it.
  useLayoutEffect(() => {
    const wanted = pressed.current;
    if (wanted === null || document.activeElement !== document.body) return;
    list.current?.querySelector<HTMLElement>(`[data-move="${CSS.escape(wanted)}"] button`)?.focus();
  });

  if (shown.length === 0) return null;
  return (
    <Section title={texts.queue.title}>
      <p className="nothing">
        {texts.queue.ahead(shown.length, format.bytes(bytesAhead(shown, games)))}
      </p>
      <ol
        className="lines queue"
        ref={list}
        onBlur={(event) => {
          if (event.relatedTarget !== null) pressed.current = null;
        }}
      >
        {shown.map((queued) => (
          <QueueItem
            key={queued.id}
            queued={queued}
            shown={shown}
            onMove={(direction) => {
              pressed.current = `${direction} ${queued.id}`;
            }}
          />
        ))}
      </ol>
    </Section>
  );
}

interface QueueItemProps {
  queued: Queued;
  shown: readonly Queued[];
  onMove(direction: Direction): void;
}

function QueueItem({ queued, shown, onMove }: QueueItemProps) {
  const { texts, store, format, go } = useApp();
  const { games, queue } = useSnapshot();
  const { id, turn } = queued;
  const game = gameById(games, id);
  const title = game?.title ?? id;
  const asked = useView((view) => view.asked.has(subject({ cmd: "cancel", id })));
  const place = placeOf(queue, id);
  const isPaused = turn === "paused";
  const state = place === null ? texts.queue.paused : texts.queue.waiting(place);
  const label = (words: string) => texts.actions.of(words, title);

  const step = (direction: Direction) => {
    const command = moved(queue, shown, id, direction);
    const words = direction === "up" ? texts.queue.up : texts.queue.down;
    return (
      <span data-move={`${direction} ${id}`}>
        <Button
          kind="plain"
          icon={direction === "up" ? "higher" : "lower"}
          label={label(words)}
          waits={asked || command === null}
          onPress={() => {
            onMove(direction);
            if (command !== null) void store.send(command);
          }}
        />
      </span>
    );
  };

  return (
    <li className="lines-action" data-turn={turn}>
      <div>
        <button type="button" className="link" onClick={() => go({ game: id })}>
          <Name>{title}</Name>
        </button>
        <span className="lines-more">
          {game !== null && game.size > 0 && game.gathered === null
            ? `${state} · ${format.bytes(game.size)}`
            : state}
        </span>
        {game !== null && <GatheredLine game={game} />}
      </div>
      <div className="queue-buttons">
        {step("up")}
        {step("down")}
        <Button
          label={label(isPaused ? texts.actions.resume : texts.actions.pause)}
          waits={asked}
          onPress={() => void store.send({ cmd: isPaused ? "resume" : "pause", id })}
        >
          {isPaused ? texts.actions.resume : texts.actions.pause}
        </Button>
        <CancelButton id={id} game={game} operation={null} brief />
      </div>
    </li>
  );
}
