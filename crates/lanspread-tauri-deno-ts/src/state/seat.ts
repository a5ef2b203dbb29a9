// What may be done from where the user sits: on the machine itself, on another one with the token, or as
// a guest.
//
// Invariant: this is the only place that decides it, from what the peer says of the seat and what the
// shell can do. The peer decides again for itself; what it would refuse is not offered.

import type { Abilities } from "../api/shell.ts";
import type { Game, Seat } from "../api/types.ts";

/** What may be done. */
export interface May {
  /** Whether anything may be asked for: a guest only looks, and takes games along. */
  ask: boolean;
  /** Whether games may be started: they open on the screen of the machine itself. */
  play: boolean;
  /** Whether the folder of games may be another one. */
  setFolder: boolean;
  /** Whether a folder is chosen in a dialog of the system, and not typed. */
  chooseFolder: boolean;
  /** Whether a game's folder can be shown in the file manager. */
  openFolder: boolean;
  /** Whether the peer can be started anew from here. */
  restart: boolean;
  /** Whether there is a tray to go on in, and a system to start with. */
  desktop: boolean;
}

/** What may be done from a seat with a shell. */
export function mayDo(seat: Seat, can: Abilities): May {
  const isHere = seat === "here";
  return {
    ask: seat !== "guest",
    play: isHere,
    setFolder: isHere,
    chooseFolder: isHere && can.chooseFolder,
    openFolder: isHere && can.openFolder,
    restart: isHere && can.restart,
    desktop: isHere && can.desktop,
  };
}

/** Whether a game can be taken along as one file: its files are here, were checked, and are sound. */
export function canTake(game: Game): boolean {
  return game.downloaded && !game.to_hash && game.problem === null;
}

/** Whether taking games along is offered: to guests, and where guests may, to whoever sits elsewhere. */
export function offersTaking(seat: Seat, guests: boolean): boolean {
  return seat === "guest" || (seat === "elsewhere" && guests);
}
