// The games as a grid of which only the visible part exists.
//
// Invariant: the number of elements depends on the size of the window and not on the number of games.
// Every card can be reached by the arrow keys, also those that are not there yet, and keeps the focus wherever
// it moves.

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Game } from "../../api/types.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { queuedWords } from "../game/queued.tsx";
import { Card } from "./card.tsx";
import { layout, neighbour } from "./layout.ts";

const OVERSCAN_ROWS = 3;

/** The game whose card has the focus, or is to have it because an arrow key leads there. */
interface Held {
  id: string;
  isSought: boolean;
}

export function Grid({ games }: { games: readonly Game[] }) {
  const { texts, preferences } = useApp();
  const operations = usePart("operations");
  const party = usePart("peers").length;
  const list = useRef<HTMLDivElement>(null);
  const box = useBox(list);
  const { columns, cardWidth, cardHeight, artHeight, gap } = layout(
    box.width,
    box.rem,
    preferences.density,
    preferences.shape,
  );
  const rowHeight = cardHeight + gap;
  const sizes = {
    "--columns": columns,
    "--gap": `${gap}px`,
    "--card-height": `${cardHeight}px`,
    "--art-height": `${artHeight}px`,
    "--art-edge": `${Math.min(cardWidth, artHeight)}px`,
  };
  const rows = useWindowVirtualizer({
    count: Math.ceil(games.length / columns),
    estimateSize: () => rowHeight,
    overscan: OVERSCAN_ROWS,
    // Rows are made between two frames and not within one: there are some ahead of what is seen.
    useFlushSync: false,
    scrollMargin: box.top,
  });
  useLayoutEffect(() => rows.measure(), [rows, rowHeight]);

  const queue = usePart("queue");
  const waiting = new Map(
    queue.filter((one) => one.turn !== "running").map(({ id }) => [
      id,
      queuedWords(texts, queue, id),
    ]),
  );
  const running = new Map(operations.map((operation) => [operation.id, operation]));

  const held = useRef<Held | null>(null);
  const hold = () => {
    if (held.current === null) return;
    const { id, isSought } = held.current;
    const title = list.current?.querySelector<HTMLElement>(`[data-game="${id}"]`);
    const { activeElement } = document;
    const isFree = activeElement === document.body || list.current?.contains(activeElement);
    if (!title || !isFree || title.closest(".card")?.contains(activeElement)) return;
    title.focus({ preventScroll: !isSought });
  };
  // A card that was far away exists only once its row is made, and one that comes into another row is made anew.
  useLayoutEffect(hold);

  const onFocus = ({ target }: FocusEvent) => {
    const title = target.closest(".card")?.querySelector<HTMLElement>("[data-game]");
    const id = title?.dataset.game;
    held.current = id === undefined ? null : { id, isSought: false };
  };
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    if (!list.current?.contains(relatedTarget)) held.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const from = event.target instanceof HTMLElement ? event.target.dataset.index : undefined;
    if (from === undefined) return;
    const to = neighbour(Number(from), event.key, columns, games.length);
    const sought = games[to];
    if (to === Number(from) || sought === undefined) return;
    event.preventDefault();
    rows.scrollToIndex(Math.floor(to / columns));
    held.current = { id: sought.id, isSought: true };
    hold();
  };

  return (
    <div
      ref={list}
      className="grid"
      role="list"
      aria-label={texts.library.grid}
      style={{ ...sizes, height: rows.getTotalSize() }}
      onFocus={onFocus}
      onBlur={onBlur}
      onKeyDown={onKeyDown}
    >
      {box.width > 0 && rows.getVirtualItems().map((row) => (
        <div
          key={row.index}
          className="grid-row"
          role="none"
          style={{ transform: `translateY(${row.start - box.top}px)` }}
        >
          {games.slice(row.index * columns, (row.index + 1) * columns).map((game, column) => (
            <Card
              key={game.id}
              game={game}
              operation={running.get(game.id) ?? null}
              queued={waiting.get(game.id) ?? null}
              party={party}
              index={row.index * columns + column}
              count={games.length}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Where the grid begins, how wide it is, and how large letters are. */
function useBox(list: RefObject<HTMLDivElement | null>) {
  const [box, setBox] = useState({ width: 0, top: 0, rem: 16 });
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const { width, top } = element.getBoundingClientRect();
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      setBox((old) => {
        const next = { width, top: top + scrollY, rem };
        return old.width === width && old.top === next.top && old.rem === rem ? old : next;
      });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    if (element.parentElement) observer.observe(element.parentElement);
    return () => observer.disconnect();
  }, [list]);
  return box;
}
