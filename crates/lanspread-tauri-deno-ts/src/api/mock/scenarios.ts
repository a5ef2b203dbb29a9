// The parties that the mock can play.
//
// Invariant: each is a snapshot that a peer could send, and shows one thing that is otherwise hard to
// come by.

import type { Abilities, Connection, GuestLinks, Proposal } from "../shell.ts";
import type { Game, Seat, Snapshot, Turn } from "../types.ts";
import { GUEST_LINKS } from "./guest-links.ts";
import { manyGames } from "./library.ts";
import { eveningSnapshot } from "./evening.ts";
import { NAMES, partySnapshot, quiet, transferring } from "./parties.ts";
import { talk } from "./talk.ts";
import { longTitles, rightToLeft } from "./titles.ts";
import { allTold, allWaits, waiting } from "./told.ts";
import {
  alone,
  codeGiven,
  folderAwaited,
  folderGone,
  moreFolderGone,
  multicastBlocked,
  nearlyFull,
  readOnly,
  slowClock,
  withoutNetwork,
} from "./troubles.ts";

const MEBIBYTE = 1024 * 1024;
const DROPPED = "/media/juno/SSD/games";
const FIRST_RUN: Proposal = { name: "Juno", games_dir: "/home/juno/Lanspread" };

/** What a scenario is: a state, and how the mock behaves in it. */
export interface Scenario {
  snapshot: Snapshot;
  /** How the way to the peer stands, if it is not open. */
  connection?: Connection;
  /** From where it is seen, if not from the machine itself. */
  seat?: Seat;
  /** What is proposed at the first start, where nobody has answered yet. */
  firstRun?: Proposal;
  /** How guests reach the page, where it is open to the network. */
  guestLinks?: GuestLinks;
  /** A folder that is dragged onto the window. */
  dropped?: string;
  /** What its shell can do; all that a desktop can, unless it says otherwise. */
  can?: Abilities;
  /** Whether downloads go on, stand still, or fail after a while. */
  downloads?: "run" | "stand" | "fail";
  /** What others say one after the other while one looks. */
  says?: readonly string[];
  /** The kind of error with which every command is refused. */
  refuses?: string;
}

function stalled(): Scenario {
  const snapshot = partySnapshot();
  const size = (id: string) => snapshot.games.find((game) => game.id === id)?.size ?? 0;
  const operations: Snapshot["operations"] = [
    { id: "0ad", kind: "download", progress: transferring(size("0ad"), 0.41, []) },
    {
      id: "redeclipse",
      kind: "download",
      progress: waiting(
        { kind: "asking", peer: { peer_id: snapshot.peers[0]!.peer_id, name: "Mara" } },
        "Mara is asked for the list of files",
      ),
    },
    {
      id: "supertuxkart",
      kind: "install",
      progress: {
        phase: "step",
        work: "unpacking",
        what: "unpacking supertuxkart.eti",
        archive: "supertuxkart.eti",
        index: 1,
        count: 1,
        done_bytes: 212 * MEBIBYTE,
        total_bytes: 624 * MEBIBYTE,
        percent: 33,
      },
    },
    {
      id: "openttd",
      kind: "download",
      progress: {
        phase: "step",
        work: "moving",
        what: "moving files into place",
        archive: null,
        index: 812,
        count: 9_341,
        done_bytes: 0,
        total_bytes: null,
        percent: 8,
      },
    },
    {
      id: "teeworlds",
      kind: "verify",
      progress: { phase: "checking", done_bytes: 4 * MEBIBYTE, total_bytes: size("teeworlds") },
    },
  ];
  const games = snapshot.games.map((game) =>
    game.id === "nexuiz" || game.id === "0ad"
      ? { ...game, gathered: partOf(game.size, 0.12) }
      : game
  );
  return { snapshot: { ...snapshot, games, operations }, downloads: "stand" };
}

function failing(): Scenario {
  const snapshot = partySnapshot();
  const failed = (id: string, kind: string, message: string, number: number) => ({
    number,
    at_ms: Date.now() - 60_000 * (10 - number),
    id,
    kind: "download" as const,
    outcome: { result: "failed" as const, kind, message },
  });
  const finished: Snapshot["finished"] = [
    failed(
      "xonotic",
      "sources-failed",
      "cannot get xonotic: all 3 sources failed, the last with: the connection was closed",
      1,
    ),
    failed("speeddreams", "no-source", "cannot get speeddreams: no peer has speeddreams", 2),
    {
      number: 3,
      at_ms: Date.now() - 90_000,
      id: "nexuiz",
      kind: "download",
      outcome: { result: "cancelled" },
    },
    failed(
      "openarena",
      "no-space",
      "openarena needs 431 MiB more than is free in /home/juno/lan/games",
      4,
    ),
  ];
  return { snapshot: { ...snapshot, operations: [], finished }, downloads: "fail" };
}

const CROWD = [
  ...["Mara", "tobi", "PixelPia", "den", "Okke", "NAS", "Frieda", "zwerg", "Kalle", "Nuri"],
  ...["Anouk", "bit_bot", "Levi", "Schorsch", "Tilda", "mo", "Ida", "Ragnar", "Yuki", "Paul"],
  ...["Fips", "Selma", "h0lger", "Bene", "Ruth", "Kim", "Emil", "Jonte", "Wanda", "Lou"],
];

function large(count: number, names = NAMES): Scenario {
  const snapshot = partySnapshot(names);
  const holders = snapshot.peers.map((peer) => peer.peer_id);
  return { snapshot: { ...snapshot, games: manyGames(count, holders) } };
}

/** A small party: a dozen of the games, and whatever moves is among them. */
function dozen(): Scenario {
  const snapshot = partySnapshot();
  const moving = ["0ad", "hedgewars", "teeworlds"];
  const isMoving = ({ id }: { id: string }) => moving.includes(id);
  const others = snapshot.games.filter((game) => !isMoving(game)).slice(0, 12 - moving.length);
  const games = snapshot.games.filter((game) => isMoving(game) || others.includes(game));
  return { snapshot: { ...snapshot, games } };
}

/** What the page of a browser can do. */
const BROWSER: Abilities = {
  chooseFolder: false,
  openFolder: false,
  restart: false,
  desktop: false,
};

/** What a guest is shown of a party, as the peer leaves it out. */
function asGuest(snapshot: Snapshot): Snapshot {
  const { me } = snapshot;
  const { kept_away, running, queue, settings, finished, uploads_ended, notices } = quiet();
  const unknown = { state: "unknown" as const };
  const health = { adapters: [], folder: unknown, clock: unknown, archive_formats: [] };
  return {
    ...snapshot,
    ...{ health, kept_away, running, queue, settings, finished, uploads_ended, notices },
    me: { ...me, games_dir: "", more_games_dirs: [], state_dir: "" },
  };
}

function fromElsewhere(): Scenario {
  const snapshot = partySnapshot();
  const settings = { ...snapshot.settings, guests: true };
  return {
    snapshot: { ...snapshot, settings },
    seat: "elsewhere",
    can: BROWSER,
    guestLinks: GUEST_LINKS,
  };
}

function partOf(total_bytes: number, share: number): Game["gathered"] {
  return { verified_bytes: Math.ceil(total_bytes * share), total_bytes };
}

function queued(): Scenario {
  const snapshot = partySnapshot();
  const size = snapshot.games.find((game) => game.id === "redeclipse")?.size ?? 0;
  const [first, , second] = snapshot.peers;
  const sources = [first!, second!].map(({ peer_id, name }, index) => ({
    peer_id,
    name,
    chunks: 900 - index * 400,
    bytes: (230 - index * 100) * MEBIBYTE,
    rate_bytes_per_s: (29 - index * 13) * MEBIBYTE,
  }));
  const progress = transferring(size, 0.38, sources);
  const operations: Snapshot["operations"] = [
    ...snapshot.operations,
    { id: "redeclipse", kind: "download", progress },
  ];
  const turns: [id: string, turn: Turn][] = [
    ["0ad", "running"],
    ["redeclipse", "running"],
    ["xonotic", "waiting"],
    ["nexuiz", "paused"],
    ["speeddreams", "waiting"],
    ["warzone2100", "waiting"],
  ];
  const queue = turns.map(([id, turn]) => ({ id, install: true, turn }));
  const games = snapshot.games.map((game) =>
    game.id === "nexuiz" ? { ...game, gathered: partOf(game.size, 0.34) } : game
  );
  return { snapshot: { ...snapshot, games, operations, queue } };
}

function evening(): Scenario {
  const names = Array.from({ length: 50 }, (_, at) => {
    const round = Math.floor(at / CROWD.length);
    return `${CROWD[at % CROWD.length]}${round === 0 ? "" : ` ${round + 1}`}`;
  });
  return { snapshot: eveningSnapshot(names) };
}

function restartNeeded(): Scenario {
  const snapshot = partySnapshot();
  const settings = {
    ...snapshot.settings,
    name: "Juno the Second",
    language: "fr" as const,
    party_code: true,
    party_code_differs: true,
    restart_needed: true,
  };
  return { snapshot: { ...snapshot, settings } };
}

function hashing(): Scenario {
  const snapshot = partySnapshot();
  const first = ["hedgewars", "openttd", "supertuxkart"];
  const games = snapshot.games.map((game) => ({ ...game, to_hash: first.includes(game.id) }));
  const total = games.find((game) => game.id === "hedgewars")?.size ?? 0;
  const done = { id: "hedgewars", done_bytes: Math.ceil(total * 0.34), total_bytes: total };
  return { snapshot: { ...snapshot, games, hashing: [done] }, downloads: "stand" };
}

/** Somebody who is not let in, and is shown nothing of the party. */
function outside(connection: Connection): Scenario {
  return { snapshot: quiet(), connection, seat: "guest", can: BROWSER };
}

/** Every scenario by its name. */
export const SCENARIOS = {
  "party": () => ({ snapshot: partySnapshot() }),
  "empty": () => ({ snapshot: quiet() }),
  "dozen": dozen,
  "many": () => large(500, CROWD),
  "huge": () => large(5_000),
  "stalled": stalled,
  "failing": failing,
  "no-peers": () => ({ snapshot: alone([]) }),
  "multicast-blocked": () => ({ snapshot: multicastBlocked() }),
  "no-folder": () => ({ snapshot: folderGone() }),
  "folder-awaited": () => ({ snapshot: folderAwaited() }),
  "more-folder-gone": () => ({ snapshot: moreFolderGone() }),
  "read-only": () => ({ snapshot: readOnly() }),
  "no-network": () => ({ snapshot: withoutNetwork() }),
  "nearly-full": () => ({ snapshot: nearlyFull() }),
  "slow-clock": () => ({ snapshot: slowClock() }),
  "long-titles": () => ({ snapshot: longTitles(), downloads: "stand" as const }),
  "rtl": () => ({ snapshot: rightToLeft(), downloads: "stand" as const }),
  "errors": () => ({ snapshot: partySnapshot(), refuses: "busy" }),
  "lost": () => ({ snapshot: partySnapshot(), connection: "lost", downloads: "stand" }),
  "first-run": () => ({ snapshot: partySnapshot(), firstRun: FIRST_RUN }),
  "first-run-dropped": () => ({
    snapshot: partySnapshot(),
    firstRun: FIRST_RUN,
    dropped: DROPPED,
  }),
  "dropped": () => ({ snapshot: partySnapshot(), dropped: DROPPED }),
  "evening": evening,
  "queue": queued,
  "hashing": hashing,
  "talk": () => ({ snapshot: talk(), says: ["Server is up", "5 minutes!"] }),
  "waiting": () => ({ snapshot: allWaits(), downloads: "stand" as const }),
  "told": () => ({ snapshot: allTold() }),
  "restart-needed": restartNeeded,
  "code-given": () => ({ snapshot: codeGiven() }),
  "browser": () => ({ snapshot: partySnapshot(), can: BROWSER }),
  "elsewhere": fromElsewhere,
  "guest": () => ({ snapshot: asGuest(partySnapshot()), seat: "guest", can: BROWSER }),
  "full": () => outside("full"),
  "refused": () => outside("refused"),
} as const satisfies Record<string, () => Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
