// The folders of games, as a list to be shown and changed.
//
// Invariant: the first is where new games go; what is sent is always the whole list of the others.

import type { FolderProblem, Game, Me } from "../api/types.ts";
import { joinPath } from "./names.ts";

export interface GamesFolder {
  path: string;
  /** Whether new games go there. */
  isFirst: boolean;
  problem: FolderProblem | null;
  freeBytes: number | null;
}

/** All of them, in their order. */
export function gamesFolders(me: Me): GamesFolder[] {
  const first = {
    path: me.games_dir,
    isFirst: true,
    problem: me.games_dir_problem,
    freeBytes: me.free_bytes,
  };
  const further = me.more_games_dirs.map(({ path, problem, free_bytes }) => ({
    path,
    isFirst: false,
    problem,
    freeBytes: free_bytes,
  }));
  return [first, ...further];
}

/** How much a further game may need: it goes to the first folder, or else to the next that has the room. */
export function roomBytes(me: Me): number | null {
  const known = gamesFolders(me).flatMap(({ problem, freeBytes }) =>
    problem === null && freeBytes !== null ? [freeBytes] : []
  );
  return known.length === 0 ? null : Math.max(...known);
}

/** Those beside the first. */
export function furtherFolders(me: Me): string[] {
  return me.more_games_dirs.map(({ path }) => path);
}

/** Those beside the first, without one. */
export function withoutFolder(me: Me, path: string): string[] {
  return furtherFolders(me).filter((one) => one !== path);
}

/** The folder of a game: where it lies, or where it would. */
export function gameFolder(me: Me, id: string, game: Game | null): string {
  return joinPath(game?.games_dir ?? me.games_dir, id);
}
