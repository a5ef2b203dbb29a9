// The logs of the mock: a history, and lines that come while one looks.
//
// Invariant: the same number is always the same entry, and a page holds as many as a peer's does.

import type { GameRun, LogLevel, LogLine, LogPage, UnpackRun } from "../types.ts";

const PAGE_ENTRIES_MAX = 1_000;
const PERIOD_MS = 1_500;
const HISTORY = 2_400;
const RUNS = 36;

const LINES: [LogLevel, target: string, message: string][] = [
  ["info", "lanspread_peer::discovery", "a peer was found: Mara at 192.168.1.20:47000"],
  ["info", "lanspread_core::conduct", "mallory is kept away for 10 min: it sent wrong bytes"],
  ["info", "lanspread_app::tend", "the download of redeclipse begins: its turn has come"],
  ["info", "lanspread_peer::server", "this peer is reached at 192.168.1.10:47000"],
  ["warn", "lanspread_core::sources", "Okke sends less than a tenth of what others send"],
  ["info", "lanspread_core::operations", "openarena is unpacked: 2 archives, 431 MiB in 6 s"],
  ["info", "lanspread_core::hashing", "xonotic is hashed and can be fetched from here"],
  [
    "error",
    "lanspread_core::unpack",
    "etlegacy.eti cannot be unpacked: the archive ends in the middle of maps/goldrush.pk3; it is fetched anew when somebody has it whole",
  ],
];

/** The logs, from a moment on. */
export class MockLogs {
  readonly #isEmpty: boolean;
  readonly #beganMs: number;

  constructor(isEmpty: boolean, nowMs: number) {
    this.#isEmpty = isEmpty;
    this.#beganMs = nowMs;
  }

  lines(after: number, nowMs: number): LogPage<LogLine> {
    const newest = HISTORY + Math.floor((nowMs - this.#beganMs) / PERIOD_MS);
    return this.#page(after, newest, (number) => {
      const [level, target, message] = LINES[(number * 7 + Math.floor(number / 5)) % LINES.length]!;
      return {
        number,
        at_ms: this.#beganMs - (HISTORY - number) * PERIOD_MS,
        level,
        target,
        message,
      };
    });
  }

  runs(after: number): LogPage<UnpackRun> {
    return this.#page(after, RUNS, (number) => run(number, this.#beganMs));
  }

  scripts(after: number): LogPage<GameRun> {
    return this.#page(after, SCRIPTS.length * 3, (number) => script(number, this.#beganMs));
  }

  #page<E>(after: number, newest: number, entry: (number: number) => E): LogPage<E> {
    if (this.#isEmpty) return { entries: [], newest: 0 };
    const count = Math.max(0, Math.min(PAGE_ENTRIES_MAX, newest - after));
    return { entries: Array.from({ length: count }, (_, at) => entry(after + 1 + at)), newest };
  }
}

const UNPACKED = ["teeworlds", "hedgewars", "openttd", "supertuxkart", "openarena", "etlegacy"];

function run(number: number, nowMs: number): UnpackRun {
  const id = UNPACKED[number % UNPACKED.length]!;
  const result = id === "etlegacy" ? "failed" : number % 9 === 4 ? "cancelled" : "unpacked";
  return {
    number,
    at_ms: nowMs - (RUNS - number) * 412_000,
    id,
    archive: `${id}${number % 2 === 0 ? "" : "-data"}.eti`,
    elapsed_ms: 900 + (number * 731) % 24_000,
    bytes: (number * 37_123_456) % 900_000_000,
    result,
    output: result === "failed"
      ? [
        "the archive ends in the middle of maps/goldrush.pk3",
        "expected 48,211,003 bytes more",
        "everything that was unpacked is removed again",
      ]
      : result === "cancelled"
      ? ["it was cancelled; everything that was unpacked is removed again"]
      : number % 3 === 0
      ? ["a name is kept as it is: Dokumente/Lies mich.txt"]
      : [],
  };
}

type Played = Pick<GameRun, "id" | "script" | "file" | "result" | "output">;

const SCRIPTS: Played[] = [
  {
    id: "teeworlds",
    script: "start",
    file: "game_start.sh",
    result: "ended",
    output: ["[client]: version 0.7.5 on linux amd64", "[client]: connected to 192.168.1.20:8303"],
  },
  {
    id: "teeworlds",
    script: "server",
    file: "server_start.sh",
    result: "failed",
    output: ["[server]: couldn't open socket", "[server]: port 8303 might already be in use"],
  },
  {
    id: "hedgewars",
    script: "setup",
    file: "game_setup.sh",
    result: "ended",
    output: [],
  },
  {
    id: "hedgewars",
    script: "start",
    file: "game_start.sh",
    result: "failed",
    output: ["hedgewars: error while loading shared libraries: libphysfs.so.1"],
  },
];

function script(number: number, nowMs: number): GameRun {
  const played = SCRIPTS[number % SCRIPTS.length]!;
  const isLong = played.script === "start" && played.result === "ended";
  const elapsed_ms = isLong ? 1_000 * (300 + (number * 977) % 4_000) : 640;
  const at_ms = nowMs - (SCRIPTS.length * 3 - number) * 2_700_000;
  return { number, at_ms, elapsed_ms, ...played };
}
