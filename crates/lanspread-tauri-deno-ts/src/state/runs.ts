// Runs of two kinds in one shape: archives that were unpacked, and scripts of games.
//
// Invariant: nothing is made up: what one kind has not is `null`.

import type { GameResult, GameRun, LogPage, UnpackResult, UnpackRun } from "../api/types.ts";

/** Something that ran for a game, and what came of it. */
export interface Run {
  number: number;
  /** When it ended. */
  at_ms: number;
  /** The game. */
  id: string;
  /** The file that was unpacked or run. */
  file: string;
  elapsed_ms: number;
  /** What came out of an archive. */
  bytes: number | null;
  result: UnpackResult | GameResult;
  output: readonly string[];
}

/** Archives as runs. */
export function ofArchives({ entries, newest }: LogPage<UnpackRun>): LogPage<Run> {
  return { entries: entries.map(({ archive, ...run }) => ({ ...run, file: archive })), newest };
}

/** Scripts as runs. */
export function ofScripts({ entries, newest }: LogPage<GameRun>): LogPage<Run> {
  return { entries: entries.map(({ script: _, ...run }) => ({ ...run, bytes: null })), newest };
}
