// What the one main button of a game does.
//
// Invariant: the peer decides what can be done (`game.action`); this only puts it into a command. While
// an operation runs, the button cancels it, and while a command about the game is asked, it waits.

import type { Command, Game, Operation } from "../api/types.ts";

export interface MainAction {
  name: "cancel" | "download" | "update" | "install" | "play";
  command: Command;
}

/** The main action of a game; `null` if there is nothing to do. */
export function mainAction(game: Game, operation: Operation | null): MainAction | null {
  const { id } = game;
  if (operation !== null) return { name: "cancel", command: { cmd: "cancel", id } };
  switch (game.action) {
    case "download":
      return { name: "download", command: { cmd: "download", id } };
    case "update":
      return { name: "update", command: { cmd: "update", id } };
    case "install":
      return { name: "install", command: { cmd: "install", id } };
    case "play":
      return { name: "play", command: { cmd: "play", id } };
    case "none":
      return null;
  }
}
