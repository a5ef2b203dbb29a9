// Downloads that were asked for and do not run: which is next, and how one gets another place.
//
// Invariant: the order is the peer's. A step up or down is worked out among those that are shown, and put
// into the peer's terms: before which other one it goes.

import type { Command, Game, Operation, Queued } from "../api/types.ts";

/** Those that wait or rest, in their order; what runs is shown as an operation. */
export function notRunning(
  queue: readonly Queued[],
  operations: readonly Operation[],
): Queued[] {
  const running = new Set(operations.map((operation) => operation.id));
  return queue.filter((queued) => queued.turn !== "running" && !running.has(queued.id));
}

/** The download of a game that was asked for. */
export function queuedOf(queue: readonly Queued[], id: string): Queued | null {
  return queue.find((queued) => queued.id === id) ?? null;
}

/** The place among those that wait for their turn, from 1; `null` for one that does not wait. */
export function placeOf(queue: readonly Queued[], id: string): number | null {
  const waiting = queue.filter((queued) => queued.turn === "waiting");
  const index = waiting.findIndex((queued) => queued.id === id);
  return index < 0 ? null : index + 1;
}

export type Direction = "up" | "down";

/** The command that moves one by a step among those that are shown; `null` at an end. */
export function moved(
  queue: readonly Queued[],
  shown: readonly Queued[],
  id: string,
  direction: Direction,
): Command | null {
  const at = shown.findIndex((queued) => queued.id === id);
  if (at < 0) return null;
  if (direction === "up") {
    const before = shown[at - 1];
    return before === undefined ? null : { cmd: "move", id, before: before.id };
  }
  const over = shown[at + 1];
  if (over === undefined) return null;
  const behind = queue[queue.indexOf(over) + 1];
  return { cmd: "move", id, before: behind?.id ?? null };
}

/** How many bytes are still to come for those that wait or rest, as far as sizes are known. */
export function bytesAhead(shown: readonly Queued[], games: readonly Game[]): number {
  const left = new Map(games.map((game) => [game.id, bytesLeft(game)]));
  return shown.reduce((sum, queued) => sum + (left.get(queued.id) ?? 0), 0);
}

/** How many bytes of a game are still to come. */
export function bytesLeft({ size, gathered }: Game): number {
  return gathered === null ? size : Math.max(0, gathered.total_bytes - gathered.verified_bytes);
}
