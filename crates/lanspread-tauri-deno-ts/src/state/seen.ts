// Remembers when each game was first seen, for the order "recently added".
//
// Invariant: a time is written once and never changed, and games that came together share it, so the
// first party that a page sees counts as one arrival. It says nothing about whether a game is there.

import type { Game } from "../api/types.ts";

/** A catalog that is larger is a mistake or an attack; the rest counts as old. */
export const SEEN_MAX = 20_000;

const KEY = "lanspread-seen";

/** Game id to the time at which it was first seen, in milliseconds since 1970. */
export type FirstSeen = Readonly<Record<string, number>>;

/** The record with the games that are new to it; the same record if there are none. */
export function noteSeen(seen: FirstSeen, games: readonly Game[], nowMs: number): FirstSeen {
  const room = SEEN_MAX - Object.keys(seen).length;
  const fresh = games.filter((game) => !Object.hasOwn(seen, game.id)).slice(0, Math.max(0, room));
  if (fresh.length === 0) return seen;
  return { ...seen, ...Object.fromEntries(fresh.map((game) => [game.id, nowMs])) };
}

/** What was kept, as far as it can be read. */
export function loadSeen(storage: Pick<Storage, "getItem">): FirstSeen {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return Object.fromEntries(
      Object.entries(kept).filter((entry): entry is [string, number] =>
        typeof entry[1] === "number"
      ),
    );
  } catch {
    return {};
  }
}

/** Keeps the record. A browser that refuses to store it costs no more than the order. */
export function saveSeen(storage: Pick<Storage, "setItem">, seen: FirstSeen): void {
  try {
    storage.setItem(KEY, JSON.stringify(seen));
  } catch {
    return;
  }
}
