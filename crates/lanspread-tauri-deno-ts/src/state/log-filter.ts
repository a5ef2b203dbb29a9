// Which lines of a log are shown, and how they are copied.
//
// Invariant: what is copied is what is shown.

import type { LogLevel, LogLine } from "../api/types.ts";
import type { Run } from "./runs.ts";

/** The levels, what matters most first: each shows itself and those before it. */
export const LEVELS = ["error", "warn", "info"] as const satisfies readonly LogLevel[];

/** The lines down to a level whose text holds some words. */
export function shownLines(
  lines: readonly LogLine[],
  level: LogLevel,
  words: string,
): readonly LogLine[] {
  const most = LEVELS.indexOf(level);
  const needle = words.trim().toLowerCase();
  return lines.filter((line) =>
    LEVELS.indexOf(line.level) <= most &&
    (needle === "" || `${line.target} ${line.message}`.toLowerCase().includes(needle))
  );
}

/** The runs of games and files whose name holds some words, the newest first. */
export function shownRuns(
  runs: readonly Run[],
  titles: ReadonlyMap<string, string>,
  words: string,
  errorsOnly: boolean,
): readonly Run[] {
  const needle = words.trim().toLowerCase();
  return runs.filter((run) =>
    (!errorsOnly || run.result === "failed") &&
    (needle === "" ||
      `${titles.get(run.id) ?? ""} ${run.id} ${run.file}`.toLowerCase().includes(needle))
  ).toReversed();
}

/** Lines as text, in terms that are the same in every language. */
export function linesText(lines: readonly LogLine[]): string {
  const written = lines.map(({ at_ms, level, target, message }) =>
    `${new Date(at_ms).toISOString()} ${level.toUpperCase().padEnd(5)} ${target}: ${message}`
  );
  return `${written.join("\n")}\n`;
}

/** Runs as text. */
export function runsText(runs: readonly Run[]): string {
  const written = runs.flatMap(({ at_ms, id, file, elapsed_ms, bytes, result, output }) => {
    const figures = bytes === null ? `${elapsed_ms} ms` : `${bytes} bytes, ${elapsed_ms} ms`;
    return [
      `${new Date(at_ms).toISOString()} ${result} ${id}/${file} ${figures}`,
      ...output.map((line) => `  ${line}`),
    ];
  });
  return `${written.join("\n")}\n`;
}
