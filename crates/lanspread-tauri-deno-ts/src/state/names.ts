// What peers, folders and games are called on the screen.
//
// Invariant: everything has some name: a peer that is gone is called by the first digits of its id.

import type { Game, Snapshot } from "../api/types.ts";

/** So many digits of a peer's id tell it apart at a party. */
export const SHORT_ID_LENGTH = 8;

/** The short form of a peer's id. */
export function shortId(peerId: string): string {
  return peerId.slice(0, SHORT_ID_LENGTH);
}

/** A peer's name. */
export function peerName(snapshot: Snapshot, peerId: string): string {
  if (peerId === snapshot.me.peer_id) return snapshot.me.name;
  const known = [...snapshot.peers, ...snapshot.kept_away].find((peer) => peer.peer_id === peerId);
  return known?.name ?? shortId(peerId);
}

/** A game, if the party knows it. */
export function gameById(games: readonly Game[], id: string): Game | null {
  return games.find((game) => game.id === id) ?? null;
}

/** A game's title, or its id where the title is not known. */
export function gameTitle(games: readonly Game[], id: string): string {
  return gameById(games, id)?.title ?? id;
}

/** A path with one more part, with the separator that the path uses. */
export function joinPath(folder: string, ...parts: string[]): string {
  const separator = folder.includes("\\") ? "\\" : "/";
  return [folder.replace(/[\\/]+$/, ""), ...parts].join(separator);
}

/** The last part of a path. */
export function lastPart(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== "") ?? path;
}

/** The port of an address such as `192.168.1.10:47000` or `[fe80::1]:47000`. */
export function portOf(addr: string): string {
  return addr.slice(addr.lastIndexOf(":") + 1);
}
