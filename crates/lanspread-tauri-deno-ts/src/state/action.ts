// What the one main button of a game does, and the others beside it.
//
// Invariant: the peer decides what can be done (`game.action`, `game.also`); this only puts it into a command. What is
// fetched takes its turn. A download that runs rests by it, so that nothing is lost where "Get it" stood a
// moment before; one that rests goes on by it, one that waits is taken back, and any other operation is
// ended. While a command about the game is asked, it waits.

import type { Action, Command, Game, Operation, Queued, Script } from "../api/types.ts";
import type { May } from "./seat.ts";

export interface MainAction {
  name: "cancel" | "pause" | "resume" | "download" | "update" | "install" | "play";
  command: Command;
}

/** The main action of a game; `null` if there is nothing to do. */
export function mainAction(
  game: Game,
  operation: Operation | null,
  queued: Queued | null,
): MainAction | null {
  const { id } = game;
  if (operation?.kind === "download") return { name: "pause", command: { cmd: "pause", id } };
  if (operation !== null) return { name: "cancel", command: { cmd: "cancel", id } };
  if (queued?.turn === "paused") return { name: "resume", command: { cmd: "resume", id } };
  if (queued !== null) return { name: "cancel", command: { cmd: "cancel", id } };
  return begins(game.action, id);
}

/** What else can be done with a game on which nothing runs, such as playing it without its update. */
export function otherActions(game: Game, may: Pick<May, "play">): MainAction[] {
  const others = game.also.map((action) => begins(action, game.id));
  return others.filter((it) => it !== null).filter(({ name }) => name !== "play" || may.play);
}

function begins(action: Action, id: string): MainAction | null {
  switch (action) {
    case "download":
    case "update":
      return { name: action, command: { cmd: "queue", id } };
    case "install":
      return { name: "install", command: { cmd: "install", id } };
    case "play":
      return { name: "play", command: { cmd: "play", id } };
    case "none":
      return null;
  }
}

/** Whether a script of a game that runs keeps an action from it: its files are not replaced under a player. */
export function isKept(name: MainAction["name"], scripts: readonly Script[]): boolean {
  switch (name) {
    case "play":
      return scripts.some((script) => script !== "server");
    case "update":
    case "install":
    case "download":
      return scripts.length > 0;
    case "cancel":
    case "pause":
    case "resume":
      return false;
  }
}

/** Why a game has no main action for whoever looks. */
export type NoAction = "nobody-has-it" | "nothing-starts-it" | "plays-there";

/** Why there is nothing to press; `null` where there is. */
export function whyNoAction(game: Game, may: Pick<May, "play">): NoAction | null {
  if (game.action === "play") return may.play ? null : "plays-there";
  if (game.action !== "none") return null;
  if (game.installed) return "nothing-starts-it";
  return "nobody-has-it";
}
