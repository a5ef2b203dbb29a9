// Logs: joined without a double line, narrowed, copied.

import assert from "node:assert/strict";
import type { LogLevel, LogLine } from "../../src/api/types.ts";
import { MockLogs } from "../../src/api/mock/logs.ts";
import { LEVELS, linesText, runsText, shownLines, shownRuns } from "../../src/state/log-filter.ts";
import { ENTRIES_MAX, joined, type Tail, UNREAD } from "../../src/state/log-tail.ts";
import { ofArchives, ofScripts, type Run } from "../../src/state/runs.ts";

function line(number: number, level: LogLevel = "info", message = `line ${number}`): LogLine {
  return { number, at_ms: 1_700_000_000_000 + number, level, target: "lanspread_core", message };
}

const numbers = (tail: Tail<LogLine>) => tail.entries.map(({ number }) => number);
const page = (from: number, to: number, newest = to) => ({
  entries: Array.from({ length: to - from + 1 }, (_, at) => line(from + at)),
  newest,
});

Deno.test("history and live end are joined without a double line, however pages overlap", () => {
  let tail: Tail<LogLine> = joined<LogLine>(UNREAD, page(1, 3, 5));
  assert.ok(!tail.isWhole);
  tail = joined(tail, page(2, 5));
  assert.deepEqual(numbers(tail), [1, 2, 3, 4, 5]);
  assert.ok(tail.isWhole);
  tail = joined(tail, page(6, 6));
  assert.deepEqual(numbers(tail), [1, 2, 3, 4, 5, 6]);
});

Deno.test("where nothing is new, nothing changes, so nothing is drawn anew", () => {
  const tail = joined<LogLine>(UNREAD, page(1, 3));
  assert.equal(joined(tail, { entries: [], newest: 3 }), tail);
  assert.equal(joined(tail, page(1, 3)), tail);
});

Deno.test("a log that begins behind its first number is read from where it begins", () => {
  const tail = joined<LogLine>(UNREAD, page(4_001, 5_000, 9_000));
  assert.equal(tail.after, 5_000);
  assert.equal(joined(tail, page(5_001, 6_000, 9_000)).after, 6_000);
});

Deno.test("the newest entries stay when there are more than are kept", () => {
  let tail: Tail<LogLine> = UNREAD;
  for (let from = 1; from <= ENTRIES_MAX + 2_000; from += 1_000) {
    tail = joined(tail, page(from, from + 999, ENTRIES_MAX + 2_000));
  }
  assert.equal(tail.entries.length, ENTRIES_MAX);
  assert.equal(tail.entries[0]?.number, 2_001);
});

Deno.test("a log whose file was lost is read anew", () => {
  const tail = joined<LogLine>(UNREAD, page(1, 30));
  assert.equal(joined(tail, { entries: [], newest: 2 }), UNREAD);
});

Deno.test("an empty log is whole, and one of which a page is missing is not", () => {
  assert.ok(joined<LogLine>(UNREAD, { entries: [], newest: 0 }).isWhole);
  assert.ok(!joined<LogLine>(UNREAD, page(1, 1_000, 2_400)).isWhole);
});

Deno.test("a level shows itself and what matters more, and words narrow it in any case", () => {
  const lines = LEVELS.map((level, at) => line(at + 1, level, `About ${level}`));
  const levels = (level: LogLevel, words = "") =>
    shownLines(lines, level, words).map((one) => one.level);
  assert.deepEqual(levels("error"), ["error"]);
  assert.deepEqual(levels("info"), ["error", "warn", "info"]);
  assert.deepEqual(levels("info", " ABOUT warn "), ["warn"]);
  assert.deepEqual(levels("info", "lanspread_CORE").length, 3);
});

function run(number: number, rest: Partial<Run> = {}): Run {
  return {
    number,
    at_ms: 1_700_000_000_000,
    id: "chess",
    file: "chess.eti",
    elapsed_ms: 900,
    bytes: 7,
    result: "unpacked",
    output: [],
    ...rest,
  };
}

Deno.test("runs stand with the newest first, and are found by title, id and file", () => {
  const runs = [run(1), run(2, { id: "go", file: "board.eti", result: "failed" }), run(3)];
  const titles = new Map([["go", "The Game of Go"]]);
  const found = (words: string, errorsOnly = false) =>
    shownRuns(runs, titles, words, errorsOnly).map(({ number }) => number);
  assert.deepEqual(found(""), [3, 2, 1]);
  assert.deepEqual(found("game of"), [2]);
  assert.deepEqual(found("BOARD"), [2]);
  assert.deepEqual(found("chess"), [3, 1]);
  assert.deepEqual(found("", true), [2]);
});

Deno.test("what is copied has one line for each entry, with time, level and source", () => {
  assert.equal(
    linesText([line(1, "warn", "odd")]),
    "2023-11-14T22:13:20.001Z WARN  lanspread_core: odd\n",
  );
  assert.equal(
    runsText([run(1, { result: "failed", output: ["it ends early"] })]),
    "2023-11-14T22:13:20.000Z failed chess/chess.eti 7 bytes, 900 ms\n  it ends early\n",
  );
  assert.equal(
    runsText([run(1, { file: "game_start.sh", bytes: null, result: "ended" })]),
    "2023-11-14T22:13:20.000Z ended chess/game_start.sh 900 ms\n",
  );
});

Deno.test("archives and scripts are runs of one shape, and a script has no bytes", () => {
  const rest = { number: 1, at_ms: 5, id: "chess", elapsed_ms: 900, output: ["told"] };
  const archives = ofArchives({
    entries: [{ ...rest, archive: "a.eti", bytes: 7, result: "unpacked" }],
    newest: 1,
  });
  assert.deepEqual(archives.entries, [{ ...rest, file: "a.eti", bytes: 7, result: "unpacked" }]);
  const scripts = ofScripts({
    entries: [{ ...rest, script: "start", file: "game_start.sh", result: "failed" }],
    newest: 9,
  });
  assert.deepEqual(scripts, {
    entries: [{ ...rest, file: "game_start.sh", bytes: null, result: "failed" }],
    newest: 9,
  });
});

Deno.test("the mock's log is read whole in pages, and grows", () => {
  const logs = new MockLogs(false, 0);
  let tail: Tail<LogLine> = UNREAD;
  let pages = 0;
  while (!tail.isWhole) {
    tail = joined(tail, logs.lines(tail.after, 0));
    pages += 1;
  }
  assert.equal(pages, 3);
  assert.deepEqual(numbers(tail), Array.from({ length: 2_400 }, (_, at) => at + 1));
  assert.equal(logs.lines(2_400, 3_000).entries.length, 2);
  assert.ok(logs.runs(0).entries.some(({ result }) => result === "failed"));
});
