// A list in a box of its own, of which only the visible part exists.
//
// Invariant: the number of elements depends on the box and not on the list. Where it follows its end, it
// stays there while lines are added, until the user scrolls up.

import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

const OVERSCAN = 12;
const ROW_PX = 32;
/** Less than this is a rounding of sizes and not the user. */
const UP_PX = 8;

interface VirtualListProps<E> {
  items: readonly E[];
  keyOf(item: E): number;
  label: string;
  follows?: boolean;
  onLeaveEnd?(): void;
  row(item: E): ReactNode;
}

export function VirtualList<E>(
  { items, keyOf, label, follows = false, onLeaveEnd, row }: VirtualListProps<E>,
) {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef({ top: 0, height: 0 });
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    getItemKey: (index) => keyOf(items[index]!),
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const height = rows.getTotalSize();

  // Rows are measured once they are drawn, so the end moves after it was reached.
  useEffect(() => {
    if (follows && items.length > 0) rows.scrollToIndex(items.length - 1, { align: "end" });
  }, [rows, follows, items.length, height]);

  const onScroll = () => {
    const { scrollTop: top = 0, scrollHeight = 0 } = box.current ?? {};
    const wasPulledUp = top < before.current.top - UP_PX && scrollHeight === before.current.height;
    before.current = { top, height: scrollHeight };
    if (follows && wasPulledUp) onLeaveEnd?.();
  };

  return (
    <div
      ref={box}
      className="virtual-list"
      role="region"
      aria-label={label}
      tabIndex={0}
      onScroll={onScroll}
    >
      <ol style={{ height }}>
        {rows.getVirtualItems().map(({ index, start, key }) => (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            aria-setsize={items.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${start}px)` }}
          >
            {row(items[index]!)}
          </li>
        ))}
      </ol>
    </div>
  );
}
