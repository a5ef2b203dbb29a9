// The parties that the scenarios of the mock begin with: nobody at all, and six peers with their games.
//
// Invariant: each is a snapshot that a peer could send.

import type {
  AwayReason,
  Game,
  Message,
  Notice,
  NoticeAbout,
  Peer,
  PeerStatus,
  Progress,
  Snapshot,
  Source,
} from "../types.ts";
import * as games from "./library.ts";

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

export const NAMES = ["Mara", "tobi", "PixelPia", "den", "Okke", "NAS"];

export const peerId = (index: number): string =>
  `${(index + 1).toString(16)}a7c3e5f`.repeat(8).slice(0, 64);

/** What a peer says of itself; every fifth is an old one that says nothing. */
function status(index: number): PeerStatus | null {
  if (index % 5 === 4) return null;
  return {
    version: index % 4 === 3 ? "0.0.9" : "0.1.0",
    free_bytes: index === 3 ? 1.5 * GIBIBYTE : (60 + (index * 37) % 400) * GIBIBYTE,
    games_folder: index !== 7,
    playing: index % 6 === 1,
    player: index !== 5,
    installed: index === 5 ? [] : ["teeworlds", "hedgewars", "openarena", "openttd", "xonotic"],
    operations: index % 6 === 2
      ? [{
        id: "xonotic",
        kind: "download",
        percent: 62,
        time_left_ms: 190_000,
        waiting: false,
        sources: [
          { peer_id: peerId(0), rate_bytes_per_s: 42 * MEBIBYTE },
          { peer_id: peerId(5), rate_bytes_per_s: 17 * MEBIBYTE },
          { peer_id: "f0".repeat(32), rate_bytes_per_s: 12 * MEBIBYTE },
        ],
      }]
      : [],
  };
}

function party(names: readonly string[]): Peer[] {
  return names.map((name, index) => ({
    peer_id: peerId(index),
    name,
    addr: `192.168.1.${20 + index}:47000`,
    games: 3 + (index * 5) % 17,
    in_sync: index !== 4,
    status: status(index),
  }));
}

export function quiet(): Snapshot {
  return {
    me: {
      peer_id: "f0".repeat(32),
      name: "Juno",
      version: "0.1.0",
      protocol_version: 7,
      listen_addrs: ["192.168.1.10:47000", "[fe80::1c2d:3eff:fe4f:5a6b]:47000"],
      mode: "open",
      party_code: false,
      unencrypted_lanes: false,
      games_dir: "/home/juno/lan/games",
      games_dir_problem: null,
      more_games_dirs: [],
      free_bytes: 143 * GIBIBYTE,
      player: true,
      discovery: { state: "works" },
      state_dir: "/home/juno/.local/state/lanspread",
      script_ending: ".sh",
      catalog: null,
    },
    health: {
      adapters: [
        { name: "Ethernet", kind: "network", addrs: ["192.168.1.10"], offered: true },
        { name: "Wi-Fi", kind: "network", addrs: [], offered: false },
        { name: "vEthernet (WSL)", kind: "virtual", addrs: ["172.22.16.1"], offered: true },
        { name: "Loopback", kind: "loopback", addrs: ["127.0.0.1"], offered: false },
      ],
      folder: { state: "writable", at_ms: Date.now() - 3_600_000 },
      clock: { state: "unknown" },
      archive_formats: ["RAR", "ZIP", "7z", "tar", "tar.gz", "tar.zst"],
    },
    games: [],
    peers: [],
    kept_away: [],
    messages: [],
    operations: [],
    uploads: [],
    hashing: [],
    running: [],
    limits: {
      upload_bytes_per_s: null,
      upload_per_peer_bytes_per_s: null,
      download_bytes_per_s: null,
      download_per_peer_bytes_per_s: null,
    },
    playing: false,
    queue: [],
    settings: {
      name: null,
      language: null,
      party_code: false,
      party_code_differs: false,
      start_with_system: false,
      keep_in_tray: true,
      guests: false,
      restart_needed: false,
    },
    finished: [],
    uploads_ended: [],
    notices: [],
  };
}

/** Which state each of the known games is in, where that is not "on others". */
const VARIED: Record<string, (game: Game) => Game> = {
  teeworlds: games.ready,
  hedgewars: games.ready,
  openttd: games.withoutScripts,
  supertuxkart: games.downloaded,
  openarena: games.outdated,
  wesnoth: games.otherVersion,
  frozenbubble: games.localOnly,
  etlegacy: games.nowhere,
  freeciv: games.nowhere,
  armagetronad: (game) => ({
    ...games.downloaded(game),
    problem: {
      kind: "not-allowed",
      file: null,
      message: "armagetronad.eti cannot be read: permission denied",
    },
  }),
};

function variedGames(peers: readonly Peer[]): Game[] {
  return games.knownGames().map((game, index) => {
    const holders = peers.filter((_, at) => (index * 5 + at * 7) % 11 < 5).map((p) => p.peer_id);
    const held = { ...game, holders: holders.length > 0 ? holders : [peers[0]!.peer_id] };
    const late = peers.filter((_, at) => (index * 3 + at) % 13 === 0).map((p) => p.peer_id);
    held.outdated = late.filter((peerId) => !held.holders.includes(peerId));
    return (VARIED[game.id] ?? ((same: Game) => same))(held);
  });
}

function source(peer: Peer, rate: number, bytes: number): Source {
  return {
    peer_id: peer.peer_id,
    name: peer.name,
    chunks: Math.ceil(bytes / 262_144),
    bytes,
    rate_bytes_per_s: rate,
  };
}

export function transferring(total: number, share: number, sources: Source[]): Progress {
  const rate = sources.reduce((sum, one) => sum + one.rate_bytes_per_s, 0);
  const verified = Math.floor(total * share);
  return {
    phase: "transferring",
    verified_bytes: verified,
    total_bytes: total,
    rate_bytes_per_s: rate,
    time_left_ms: rate > 0 ? Math.round(((total - verified) / rate) * 1000) : null,
    efficiency_percent: rate > 0 ? 94 : null,
    sources,
  };
}

const MISCONDUCT: AwayReason = {
  kind: "misconduct",
  offence: "wrong-bytes",
  time_ms: 10 * 60_000,
};

export function notice(
  number: number,
  about: NoticeAbout,
  message: string,
): Notice {
  return { number, at_ms: Date.now() - 60_000 * (9 - number), about, message };
}

/** Something that a peer said so many minutes ago. */
export function message(number: number, by: Peer, text: string, minutesAgo: number): Message {
  const { peer_id, name } = by;
  return { number, at_ms: Date.now() - 60_000 * minutesAgo, peer_id, name, text, own: false };
}

function partyMessages(peers: readonly Peer[]): Message[] {
  const [first, second, third] = [peers[0]!, peers[1]!, peers[2]!];
  return [
    message(1, first, "Pizza is here, kitchen, first come first served", 34),
    { ...message(2, first, "On my way", 33), peer_id: "f0".repeat(32), name: "Juno", own: true },
    message(3, third, "Next: OpenArena, 20:30, the server is mine", 6),
    message(4, second, "Whoever parked before the gate: please let Okke's car in", 2),
  ];
}

export function partySnapshot(names: readonly string[] = NAMES): Snapshot {
  const peers = party(names);
  const all = variedGames(peers);
  const total = all.find((game) => game.id === "0ad")!.size;
  const [first, second, third] = [peers[0]!, peers[1]!, peers[5] ?? peers[0]!];
  const { health } = quiet();
  const more_games_dirs = [{
    path: "/mnt/ssd/games",
    problem: null,
    free_bytes: 812 * GIBIBYTE,
  }];
  return {
    ...quiet(),
    me: { ...quiet().me, more_games_dirs },
    health: { ...health, clock: { state: "agrees", peers: peers.length } },
    games: all,
    peers,
    operations: [{
      id: "0ad",
      kind: "download",
      progress: transferring(total, 0.03, [
        source(first, 38 * MEBIBYTE, 52 * MEBIBYTE),
        source(second, 21 * MEBIBYTE, 31 * MEBIBYTE),
        source(third, 9 * MEBIBYTE, 15 * MEBIBYTE),
      ]),
    }],
    queue: [{ id: "0ad", install: true, turn: "running" }],
    uploads: [
      {
        peer_id: second.peer_id,
        id: "teeworlds",
        requests: 4,
        rate_bytes_per_s: 31 * MEBIBYTE,
      },
      {
        peer_id: peers[2]!.peer_id,
        id: "hedgewars",
        requests: 2,
        rate_bytes_per_s: 12 * MEBIBYTE,
      },
    ],
    finished: [{
      number: 1,
      at_ms: Date.now() - 540_000,
      id: "teeworlds",
      kind: "download",
      outcome: {
        result: "finished",
        bytes: 9 * MEBIBYTE,
        elapsed_ms: 1_400,
        sources: [source(first, 6 * MEBIBYTE, 9 * MEBIBYTE)],
        notes: [],
      },
    }, {
      number: 2,
      at_ms: Date.now() - 539_000,
      id: "teeworlds",
      kind: "install",
      outcome: {
        result: "finished",
        bytes: 27 * MEBIBYTE,
        elapsed_ms: 800,
        sources: [],
        notes: [],
      },
    }],
    uploads_ended: [{
      number: 1,
      at_ms: Date.now() - 300_000,
      id: "teeworlds",
      peer_id: first.peer_id,
      name: first.name,
      bytes: 9 * MEBIBYTE,
      elapsed_ms: 900,
    }],
    messages: partyMessages(peers),
    kept_away: [{
      peer_id: peerId(8),
      name: "mallory",
      reasons: [MISCONDUCT],
    }],
    notices: [
      notice(
        1,
        { kind: "peer-kept-away", name: "mallory", reason: MISCONDUCT },
        "it is kept away for 10 min because it sent wrong bytes again and again",
      ),
      notice(
        2,
        { kind: "peer-lost", name: "Rook", reason: { kind: "goodbye" } },
        "it said goodbye",
      ),
      notice(
        3,
        {
          kind: "source-dropped",
          id: "0ad",
          peer_id: peers[4]?.peer_id ?? peerId(4),
          name: "Okke",
          reason: { kind: "failed", attempts: 5 },
        },
        "Okke: failed 5 times in a row, at last because the source stopped sending",
      ),
    ],
  };
}
