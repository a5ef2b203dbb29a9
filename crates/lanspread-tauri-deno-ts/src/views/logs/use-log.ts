// Reads a log while it is looked at: its history at once, and its end as it grows.
//
// Invariant: nothing is asked for while the page is hidden or another view is open, and at most one page is
// on its way.

import { useEffect, useState } from "react";
import type { LogPage } from "../../api/types.ts";
import { joined, type Tail, UNREAD } from "../../state/log-tail.ts";

const PERIOD_MS = 1_000;

/** A log as far as it was read. */
export interface Log<E> {
  tail: Tail<E>;
  hasFailed: boolean;
}

/** Follows a log. The function stays the same while it reads the same log. */
export function useLog<E extends { number: number }>(
  read: (after: number) => Promise<LogPage<E>>,
): Log<E> {
  const [log, setLog] = useState<Log<E>>({ tail: UNREAD, hasFailed: false });
  useEffect(() => {
    let wanted = true;
    let known: Log<E> = { tail: UNREAD, hasFailed: false };
    let timer: ReturnType<typeof setTimeout> | undefined;

    const show = (next: Log<E>) => {
      if (next.tail === known.tail && next.hasFailed === known.hasFailed) return;
      known = next;
      setLog(next);
    };
    const later = (ms: number) => {
      timer = setTimeout(() => void step(), ms);
    };
    const step = async () => {
      if (document.hidden) return later(PERIOD_MS);
      try {
        const page = await read(known.tail.after);
        if (!wanted) return;
        show({ tail: joined(known.tail, page), hasFailed: false });
      } catch {
        if (!wanted) return;
        show({ tail: known.tail, hasFailed: true });
      }
      later(known.tail.isWhole || known.hasFailed ? PERIOD_MS : 0);
    };

    void step();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [read]);
  return log;
}
