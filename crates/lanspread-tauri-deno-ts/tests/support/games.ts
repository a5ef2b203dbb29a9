// Games, peers and snapshots for tests, complete but for what a test is about.
//
// Invariant: everything that a test does not name is plain and the same.

import type { Game, Peer, Snapshot } from "../../src/api/types.ts";
import { mockGame } from "../../src/api/mock/library.ts";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";

export function game(id: string, rest: Partial<Game> = {}): Game {
  return mockGame(id, rest.title ?? id, rest);
}

export function peer(name: string, rest: Partial<Peer> = {}): Peer {
  const id = name.padEnd(64, "-");
  const addr = "192.168.1.20:47000";
  return { peer_id: id, name, addr, games: 1, in_sync: true, status: null, ...rest };
}

export function snapshot(rest: Partial<Snapshot> = {}): Snapshot {
  return { ...SCENARIOS.empty().snapshot, ...rest };
}

export function party(): Snapshot {
  return SCENARIOS.party().snapshot;
}
