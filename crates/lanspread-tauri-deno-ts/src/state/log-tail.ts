// The history of a log and its live end, joined by number.
//
// Invariant: every entry is there once and in its order, however often a page is asked for; the newest stay
// when there are more than are kept. A log that begins anew, because its file was lost, is read anew.

import type { LogPage } from "../api/types.ts";

/** As many as the peer keeps. */
export const ENTRIES_MAX = 5_000;

interface Numbered {
  number: number;
}

/** What is known of a log, and whether the peer has more of it. */
export interface Tail<E> {
  entries: readonly E[];
  /** The number after which is asked next. */
  after: number;
  isWhole: boolean;
}

/** Nothing is known yet. */
export const UNREAD: Tail<never> = { entries: [], after: 0, isWhole: false };

/** What is known after one more page; the same if there is nothing new. */
export function joined<E extends Numbered>(tail: Tail<E>, page: LogPage<E>): Tail<E> {
  if (page.newest < tail.after) return UNREAD;
  const fresh = page.entries.filter(({ number }) => number > tail.after);
  const after = fresh.at(-1)?.number ?? tail.after;
  // An empty page is the end, also where the newest entries are none that can be had.
  const isWhole = fresh.length === 0 || after >= page.newest;
  if (fresh.length === 0 && tail.isWhole === isWhole) return tail;
  return { entries: [...tail.entries, ...fresh].slice(-ENTRIES_MAX), after, isWhole };
}
