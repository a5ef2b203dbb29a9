// A whole party before the first round: five games that nearly everybody has, and those who hold it up.
//
// Invariant: it is a snapshot that a peer could send, and every state of the matrix is in it.

import type { Game, Peer, PeerStatus, Snapshot } from "../types.ts";
import { ready } from "./library.ts";
import { partySnapshot, peerId } from "./parties.ts";

const GIBIBYTE = 1024 ** 3;
const GAMES = ["openarena", "supertuxkart", "teeworlds", "warzone2100", "xonotic"];

/** The machine in the corner that only shares. */
const SERVER = 11;

/** What holds a peer up, by its place in the party. */
function status(at: number): PeerStatus | null {
  if (at % 17 === 16) return null;
  const downloads = (id: string, percent: number, left: number | null, waiting = false) => ({
    id,
    kind: "download" as const,
    percent,
    time_left_ms: left,
    waiting,
    sources: waiting ? [] : [1, 4, 7, 10].map((step) => ({
      peer_id: peerId((at + step) % 12),
      rate_bytes_per_s: (9 + (at * step) % 40) * 1024 ** 2,
    })),
  });
  const operations: PeerStatus["operations"] = [];
  if (at % 11 === 3) operations.push(downloads("xonotic", 40 + at, 60_000 + at * 4_000));
  if (at % 19 === 5) operations.push(downloads("openarena", 0, null, true));
  if (at % 13 === 6) {
    operations.push({
      id: "supertuxkart",
      kind: "install",
      percent: 71,
      time_left_ms: null,
      waiting: false,
      sources: [],
    });
  }
  return {
    version: at % 9 === 7 ? "0.0.9" : "0.1.0",
    free_bytes: at % 23 === 8 ? 0.4 * GIBIBYTE : (40 + (at * 29) % 600) * GIBIBYTE,
    games_folder: at !== 30,
    playing: at % 8 === 1,
    player: at !== SERVER,
    installed: [],
    operations,
  };
}

/** The peer with most of what it holds unpacked. */
function unpacked(peer: Peer, at: number, games: readonly Game[]): Peer {
  if (peer.status === null || at === SERVER) return peer;
  const installed = games.filter(({ id, holders }) =>
    holders.includes(peer.peer_id) && (at + GAMES.indexOf(id) * 3) % 14 !== 4
  );
  return { ...peer, status: { ...peer.status, installed: installed.map(({ id }) => id) } };
}

/** The party with these peers. */
export function eveningSnapshot(names: readonly string[]): Snapshot {
  const snapshot = partySnapshot(names);
  const peers: Peer[] = snapshot.peers.map((peer, at) => ({
    ...peer,
    games: 5 + (at * 3) % 17,
    in_sync: at % 25 !== 24,
    status: status(at),
  }));
  const games = snapshot.games.map((game): Game => {
    const index = GAMES.indexOf(game.id);
    if (index < 0) return { ...game, holders: game.holders.slice(0, 6), outdated: [] };
    const lacks = (peer: Peer, at: number) =>
      !peer.in_sync || at % 23 === 8 || (at + index * 5) % 16 === 9 ||
      peer.status?.operations.some(({ id, kind }) => id === game.id && kind === "download");
    const holders = peers.filter((peer, at) => !lacks(peer, at));
    const outdated = peers.filter((peer, at) => lacks(peer, at) && at % 4 === 1);
    const held = {
      ...game,
      holders: holders.map(({ peer_id }) => peer_id),
      outdated: outdated.map(({ peer_id }) => peer_id),
    };
    return game.id === "xonotic" || game.id === "warzone2100" ? ready(held) : held;
  });
  return { ...snapshot, peers: peers.map((peer, at) => unpacked(peer, at, games)), games };
}
