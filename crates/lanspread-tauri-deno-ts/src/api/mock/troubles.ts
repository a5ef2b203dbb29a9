// What can be wrong with the machine of the mock.
//
// Invariant: each is a snapshot that a peer could send, and shows one trouble.

import type { Notice, Snapshot } from "../types.ts";
import { notice, partySnapshot, quiet } from "./parties.ts";

/** Nobody else is there. */
export function alone(notices: Notice[]): Snapshot {
  const snapshot = partySnapshot();
  const mine = snapshot.games.filter((game) => game.downloaded || game.installed);
  return {
    ...quiet(),
    games: mine.map((game) => ({ ...game, holders: [], problem: null })),
    notices,
  };
}

/** The disk with the games was unplugged. */
export function folderGone(): Snapshot {
  const snapshot = partySnapshot();
  const problem = {
    fault: "gone" as const,
    message: "cannot read the games directory: the device is not there",
  };
  const me = { ...snapshot.me, games_dir: "/media/juno/SSD/games", games_dir_problem: problem };
  const others = snapshot.games.filter((game) => game.state === "on-others");
  return { ...snapshot, me, games: others, operations: [] };
}

/** That disk was not there when the peer started, and nobody else is. */
export function folderAwaited(): Snapshot {
  return { ...folderGone(), games: [], peers: [], uploads: [] };
}

/** Disks with further folders of games were unplugged; what is known of their games is still shown. */
export function moreFolderGone(): Snapshot {
  const snapshot = partySnapshot();
  const gone = ["/media/juno/SSD/games", "/media/juno/Stick/older games"].map((path) => ({
    path,
    problem: {
      fault: "gone" as const,
      message: `${path} cannot be listed: No such file or directory (os error 2)`,
    },
    free_bytes: null,
  }));
  const more_games_dirs = [...snapshot.me.more_games_dirs, ...gone];
  const games_dir = gone[0]!.path;
  const notices = gone.map(({ path, problem: { fault, message } }, index) =>
    notice(
      index + 1,
      { kind: "more-folder-unreadable", path, fault },
      `the game directory ${path} cannot be read: ${message}; its games wait for it`,
    )
  );
  return {
    ...snapshot,
    me: { ...snapshot.me, more_games_dirs },
    games: snapshot.games.map((game) => game.installed ? { ...game, games_dir } : game),
    operations: [],
    notices,
  };
}

const DISCOVERY_BROKEN =
  "this peer is not advertised: no network interface is up, or another program keeps UDP port 5353 to itself; discovery goes on trying, meanwhile connect by address";

/** The state tells it for as long as it is so, and a notice once. */
export function multicastBlocked(): Snapshot {
  const trouble = "no-interface" as const;
  const snapshot = alone([notice(1, { kind: "discovery-fails", trouble }, DISCOVERY_BROKEN)]);
  const discovery = { state: "trouble" as const, kind: trouble, message: DISCOVERY_BROKEN };
  return { ...snapshot, me: { ...snapshot.me, discovery } };
}

/** A folder that can be read and not written to, such as one of somebody else. */
export function readOnly(): Snapshot {
  const snapshot = partySnapshot();
  const message =
    `${snapshot.me.games_dir} cannot be written to (Permission denied (os error 13)): its games can be shared, and none can be fetched or unpacked`;
  const fault = "not-allowed" as const;
  const path = snapshot.me.games_dir;
  const folder = { state: "read-only" as const, path, at_ms: Date.now(), fault, message };
  return { ...snapshot, health: { ...snapshot.health, folder } };
}

/** No cable: nothing leads anywhere. */
export function withoutNetwork(): Snapshot {
  const snapshot = alone([]);
  const adapters = snapshot.health.adapters.filter(({ kind, addrs }) =>
    kind === "loopback" || addrs.length === 0
  );
  const me = { ...snapshot.me, listen_addrs: ["127.0.0.1:47000"] };
  return { ...snapshot, me, health: { ...snapshot.health, adapters } };
}

/** Disks on none of which more than a hundred songs have room. */
export function nearlyFull(): Snapshot {
  const snapshot = partySnapshot();
  const { me } = snapshot;
  const more_games_dirs = me.more_games_dirs.map((dir) => ({ ...dir, free_bytes: 90 * 1024 ** 2 }));
  return { ...snapshot, me: { ...me, free_bytes: 700 * 1024 ** 2, more_games_dirs } };
}

/** A clock that was not told of summer time. */
export function slowClock(): Snapshot {
  const snapshot = partySnapshot();
  const clock = { state: "differs" as const, peers: snapshot.peers.length, ahead_min: 63 };
  return { ...snapshot, health: { ...snapshot.health, clock } };
}

/** A code came with the command line: it holds, and none is kept. */
export function codeGiven(): Snapshot {
  const snapshot = partySnapshot();
  const settings = { ...snapshot.settings, party_code_differs: true };
  return { ...snapshot, me: { ...snapshot.me, party_code: true }, settings };
}
