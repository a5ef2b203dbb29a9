// What the one main button of a game does.
//
// Invariant: the peer decides what can be done (`game.action`); this only puts it into a command. What is
// fetched takes its turn. While an operation runs or waits for its turn the button ends it, one that rests
// goes on by it, and while a command about the game is asked, it waits.

import type { Command, Game, Operation, Queued } from "../api/types.ts";

export interface MainAction {
  name: "cancel" | "resume" | "download" | "update" | "install" | "play";
  command: Command;
}

/** The main action of a game; `null` if there is nothing to do. */
export function mainAction(
  game: Game,
  operation: Operation | null,
  queued: Queued | null,
): MainAction | null {
  const { id } = game;
  if (operation !== null) return { name: "cancel", command: { cmd: "cancel", id } };
  if (queued?.turn === "paused") return { name: "resume", command: { cmd: "resume", id } };
  if (queued !== null) return { name: "cancel", command: { cmd: "cancel", id } };
  switch (game.action) {
    case "download":
    case "update":
      return { name: game.action, command: { cmd: "queue", id } };
    case "install":
      return { name: "install", command: { cmd: "install", id } };
    case "play":
      return { name: "play", command: { cmd: "play", id } };
    case "none":
      return null;
  }
}
