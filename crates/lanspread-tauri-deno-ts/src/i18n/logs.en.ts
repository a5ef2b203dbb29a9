// The words of the logs, in English.
//
// Invariant: it is a part of the English catalog. What a log says is shown as it was written.

import { counting } from "./plurals.ts";

const n = counting("en");

export const logsEn = {
  title: "Logs",
  names: { unpacking: "Unpacking", games: "Games", program: "Program" },
  level: "Show",
  levels: { error: "Errors", warn: "Warnings", info: "Everything" },
  marks: { error: "ERROR", warn: "WARN", info: "INFO" },
  search: "Search the log",
  follow: "Follow the end",
  stopFollowing: "Stop following",
  copy: "Copy what is shown",
  copyFailed: "It could not be copied. Select it here:",
  lines: "Lines of the program's log",
  errorsOnly: "Errors only",
  kinds: {
    unpacking: {
      runs: "Archives that were unpacked",
      search: "Game or archive",
      errorsOnlyHint: "Only what could not be unpacked.",
    },
    games: {
      runs: "Scripts of games that ran",
      search: "Game or script",
      errorsOnlyHint: "Only what did not start or ended with an error.",
    },
  },
  reading: "The log is being read…",
  failed: "The log cannot be read at the moment. It is tried again.",
  empty: "Nothing has been written yet.",
  noHits: "Nothing matches.",
  shown: (count: number) => n(count, { one: "# entry shown", other: "# entries shown" }),
  results: { unpacked: "Unpacked", ended: "Ended", failed: "Failed", cancelled: "Cancelled" },
  output: (lines: number) => n(lines, { one: "# line of output", other: "# lines of output" }),
};
