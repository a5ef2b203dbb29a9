// Everything that a peer can tell, once each: waits, notices, problems, notes, errors, who is kept away.
//
// Invariant: every kind that `types.ts` knows occurs, so that all of them can be looked at in every language.

import { errorsEn } from "../../i18n/errors.en.ts";
import type {
  AwayReason,
  Finished,
  FolderFault,
  LostReason,
  Note,
  NoticeAbout,
  Offence,
  Problem,
  Progress,
  Snapshot,
  StateFile,
  WaitReason,
} from "../types.ts";
import { notice, partySnapshot, peerId } from "./parties.ts";

/** An operation that waits. */
export function waiting(why: WaitReason, what: string): Progress {
  return { phase: "waiting", what, why };
}

/** A download for every reason to wait. */
export function allWaits(): Snapshot {
  const snapshot = partySnapshot();
  const [mara, tobi] = [snapshot.peers[0]!, snapshot.peers[1]!];
  const peers = [mara, tobi].map(({ peer_id, name }) => ({ peer_id, name }));
  const reasons: [why: WaitReason, what: string][] = [
    [{ kind: "files-in-use" }, "waiting for running uploads and the hashing of the game to end"],
    [{ kind: "source" }, "waiting for a peer that has it"],
    [{ kind: "asking", peer: peers[0]! }, "Mara is asked for the list of files"],
    [{ kind: "retry" }, "all sources failed; they are asked again in a moment"],
    [{ kind: "no-peer" }, "no peer has it"],
    [{ kind: "no-peer-has-files" }, "no peer has these files of it"],
    [
      {
        kind: "no-peer-has-version",
        expected: "20260301",
        found: [
          { version: "20250117", peers },
          { version: "20240101", peers: peers.slice(0, 1) },
        ],
      },
      "no peer has version 20260301 of it, which this party plays; there is 20250117 at Mara, tobi",
    ],
    [
      { kind: "no-peer-has-pinned", version: "20260301", peers },
      "no peer has the files that are pinned by the catalog; Mara, tobi offer other files",
    ],
    [
      { kind: "hashing", version: "20260301", peers: peers.slice(1) },
      "tobi hashes version 20260301 of it, so that it can be checked on arrival",
    ],
  ];
  const free = snapshot.games.filter((game) => game.state === "on-others");
  const operations = reasons.map(([why, what], index) => ({
    id: free[index]!.id,
    kind: "download" as const,
    progress: waiting(why, what),
  }));
  return { ...snapshot, operations, queue: [] };
}

const OFFENCES: readonly Offence[] = [
  "wrong-bytes",
  "false-manifest",
  "false-library",
  "broken-answer",
  "trickled-answer",
  "impersonation",
  "foreign-address",
  "malformed-request",
  "silent-stream",
  "abandoned-stream",
  "announce-storm",
  "request-storm",
];
const FAULTS: readonly FolderFault[] = [
  "gone",
  "no-folder",
  "not-allowed",
  "full",
  "hangs",
  "broken",
];
const FILES: readonly StateFile[] = ["identity", "expelled", "rates", "settings", "queue"];
const LOST: readonly LostReason[] = [
  { kind: "goodbye" },
  { kind: "silent", seconds: 22 },
  { kind: "kept-away" },
  { kind: "other-version" },
  { kind: "other-party" },
  { kind: "connection" },
];

const AWAY: readonly AwayReason[] = [
  ...OFFENCES.map((offence) => ({ kind: "misconduct" as const, offence, time_ms: 600_000 })),
  { kind: "expelled", by: "this-peer", time_ms: 12 * 3_600_000 },
  { kind: "expelled", by: "organiser", time_ms: 12 * 3_600_000 },
];

const PROBLEMS: readonly Problem[] = [
  { kind: "damaged", file: "maps/dm4.pk3", message: "`maps/dm4.pk3` is not what was downloaded" },
  { kind: "bad-name", file: "aux.txt", message: "`aux.txt` cannot be shared: rename it" },
  { kind: "unfit", file: null, message: "it has more than 200000 files and cannot be shared" },
  { kind: "no-version", file: null, message: "version.ini holds no version" },
  { kind: "in-the-way", file: null, message: "`.local.backup` stands in the way" },
  { kind: "newer", file: null, message: "a newer Lanspread is at work here" },
  { kind: "not-allowed", file: null, message: "cannot open `game.eti`: permission denied" },
  { kind: "unreadable", file: null, message: "cannot read `game.eti`: input/output error" },
  { kind: "not-in-catalog", file: null, message: "it is not in the catalog of this party" },
  { kind: "not-pinned", file: null, message: "these are not the files that the catalog pins" },
];

const NOTES: readonly Note[] = [
  { kind: "files-stay", names: ["my.cfg", "mods/maps.zip"], more: 4 },
  { kind: "taken", files: 12 },
  { kind: "kept-aside", files: 1, folder: "local/.kept/20250117" },
  { kind: "not-taken", entries: 2 },
  { kind: "intent-damaged", detail: "expected value at line 1 column 1" },
  { kind: "left-out", archive: "game.eti", entry: "bin/run", why: "dangling-link" },
  { kind: "left-out", archive: "game.eti", entry: "bin/link", why: "links-unavailable" },
  { kind: "left-out", archive: "game.eti", entry: "label", why: "not-a-file" },
  { kind: "not-looked-at", detail: "cannot list `games`: input/output error" },
  { kind: "all-right" },
  { kind: "nothing-to-compare", version: "20260301" },
];

/** A notice of every kind, and of every reason that it can have. */
export function everyNotice(): NoticeAbout[] {
  const [id, name] = ["xonotic", "Mara"];
  const dropped = { kind: "source-dropped" as const, id, peer_id: peerId(0), name };
  const script = { kind: "script-failed" as const, id };
  const conflict = { kind: "conflict" as const, id, version: "20260301", sets: 3 };
  return [
    { kind: "peer-refused", name, error: "other-version" },
    ...AWAY.map((reason) => ({ kind: "peer-kept-away" as const, name, reason })),
    ...LOST.map((reason) => ({ kind: "peer-lost" as const, name, reason })),
    { kind: "connect-failed", addr: "192.168.1.44:47000", error: "unreachable" },
    { ...conflict, result: "pinned" },
    { ...conflict, result: "pinned-missing" },
    { ...conflict, result: "most" },
    { ...conflict, result: "tie" },
    { kind: "game-failed", id, error: "no-source" },
    { ...dropped, reason: { kind: "wrong-bytes", file: "data/maps.pk3" } },
    { ...dropped, reason: { kind: "protocol" } },
    { ...dropped, reason: { kind: "refused" } },
    { ...dropped, reason: { kind: "failed", attempts: 5 } },
    { ...script, script: "start", fault: "not-prepared" },
    { ...script, script: "server", fault: "not-started" },
    { ...script, script: "start", fault: "ended-badly" },
    { ...script, script: "uninstall", fault: "too-long" },
    { kind: "broken" },
    { kind: "discovery-fails", trouble: "no-interface" },
    { kind: "discovery-fails", trouble: "fails" },
    { kind: "discovery-works" },
    { kind: "too-many-advertised" },
    ...FAULTS.map((fault) => ({ kind: "folder-unreadable" as const, fault })),
    { kind: "folder-readable" },
    { kind: "more-folder-unreadable", path: "/mnt/ssd/games", fault: "gone" },
    { kind: "more-folder-readable", path: "/mnt/ssd/games" },
    { kind: "found-twice", games: ["chess", "go"] },
    { kind: "folder-read-only", fault: "not-allowed" },
    { kind: "folder-writable" },
    { kind: "folder-made", path: "/home/juno/Lanspread" },
    { kind: "library-full", games: 5_001 },
    { kind: "not-shared", id, fault: "broken" },
    { kind: "expulsions-not-kept" },
    { kind: "queue-not-kept" },
    ...FILES.map((file) => ({ kind: "state-file" as const, file })),
    { kind: "catalog-beside", path: "/home/juno/lan/games/game.db" },
    { kind: "catalog-row" },
    { kind: "catalog-rows", more: 7 },
    { kind: "no-covers" },
    { kind: "no-control" },
  ];
}

/** What a peer says of it in its own words, which the mock makes up. */
const EXACT = "the peer's own words stand here (os error 13)";

/** Everything that can be told, at once. */
export function allTold(): Snapshot {
  const snapshot = partySnapshot();
  const mine = snapshot.games.filter((game) => game.downloaded);
  const broken = new Map(mine.map((game, index) => [game.id, PROBLEMS[index % PROBLEMS.length]!]));
  const others = snapshot.games.filter((game) => !game.downloaded);
  const more = PROBLEMS.slice(mine.length);
  more.forEach((problem, index) => broken.set(others[index]!.id, problem));
  const games = snapshot.games.map((game) => ({ ...game, problem: broken.get(game.id) ?? null }));
  return {
    ...snapshot,
    games,
    operations: [],
    queue: [],
    kept_away: AWAY.map((reason, index) => ({
      peer_id: peerId(20 + index),
      name: `mallory ${index + 1}`,
      reasons: [reason],
    })),
    finished: finished(),
    notices: everyNotice().map((about, index) => notice(index + 1, about, EXACT)),
  };
}

/** An operation that ended with every note, and one for every kind of error. */
function finished(): Finished[] {
  const at = { kind: "download" as const, at_ms: Date.now() - 60_000 };
  const whole = { result: "finished" as const, bytes: 0, elapsed_ms: 4_000, sources: [] };
  return [
    ...Object.keys(errorsEn).map((kind, index) => ({
      ...at,
      number: index + 1,
      id: "openarena",
      outcome: { result: "failed" as const, kind, message: EXACT },
    })),
    { ...at, number: 100, id: "teeworlds", outcome: { ...whole, notes: [...NOTES] } },
  ];
}
