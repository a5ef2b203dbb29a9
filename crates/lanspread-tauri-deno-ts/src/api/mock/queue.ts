// What the mock does with downloads that take their turn, as a peer does it.
//
// Invariant: so many gather at the same time and no more, and the others begin in their order.

import { CommandError } from "../shell.ts";
import type { Command, GamesPatch, Patch, Queued, Snapshot } from "../types.ts";

/** Most downloads that gather at the same time. */
const GATHERING_MAX = 2;

type QueueCommand = Extract<Command, { cmd: "queue" | "pause" | "resume" | "move" }>;

/** The change that a command on the queue makes. */
export function changeQueue(snapshot: Snapshot, command: QueueCommand): Patch {
  const { id } = command;
  if (command.cmd === "queue") return { queue: asked(snapshot, id) };
  const isPastQueue = command.cmd === "pause" && !snapshot.queue.some((one) => one.id === id) &&
    snapshot.operations.some((one) => one.id === id && one.kind === "download");
  const queue = isPastQueue ? asked(snapshot, id) : snapshot.queue;
  const queued = queue.find((one) => one.id === id);
  if (!queued) throw new CommandError("no-operation", `${id} is not asked for`);
  const turned = (turn: Queued["turn"]) =>
    queue.map((one) => one === queued ? { id, install: true, turn } : one);
  switch (command.cmd) {
    case "pause":
      return {
        queue: turned("paused"),
        operations: snapshot.operations.filter((one) => one.id !== id),
        games: gathered(snapshot, id),
      };
    case "resume":
      return { queue: turned("waiting") };
    case "move": {
      const others = queue.filter((one) => one !== queued);
      const at = others.findIndex((one) => one.id === command.before);
      return { queue: others.toSpliced(at < 0 ? others.length : at, 0, queued) };
    }
  }
}

/** What came of a running download, as it stands when that rests. */
function gathered({ games, operations }: Snapshot, id: string): GamesPatch {
  const progress = operations.find((one) => one.id === id)?.progress;
  const game = games.find((one) => one.id === id);
  if (progress?.phase !== "transferring" || !game) return { changed: [], gone: [] };
  const { verified_bytes, total_bytes } = progress;
  return { changed: [{ ...game, gathered: { verified_bytes, total_bytes } }], gone: [] };
}

function asked({ games, queue }: Snapshot, id: string): Queued[] {
  const game = games.find((one) => one.id === id);
  if (!game) throw new CommandError("unknown-game", `there is no game ${id} at this party`);
  if (game.holders.length === 0) {
    throw new CommandError("no-source", `cannot get ${id}: no peer has ${id}`);
  }
  const others = queue.filter((one) => one.id !== id);
  return [...others, { id, install: true, turn: "waiting" }];
}

/** The download whose turn it is, if there is room for one more. */
export function due({ queue, operations }: Snapshot): Queued | null {
  const gathering = operations.filter((one) => one.kind === "download").length;
  if (gathering >= GATHERING_MAX) return null;
  const busy = new Set(operations.map((one) => one.id));
  return queue.find((one) => one.turn === "waiting" && !busy.has(one.id)) ?? null;
}
