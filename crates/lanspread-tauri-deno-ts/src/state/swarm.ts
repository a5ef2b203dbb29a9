// Who sends to whom, as a picture.
//
// Invariant: an edge is drawn only for bytes that the snapshot tells of: a source of a download here, an
// upload from here, or a source that another peer says it has. The same party gives the same picture, so
// nothing moves until somebody comes or goes.

import type { Peer, Snapshot } from "../api/types.ts";
import { traffic } from "./traffic.ts";

/** More peers than this would lie on top of each other; the list below the picture has them all. */
export const SWARM_PEERS_MAX = 24;

/** With more than this, every second peer stands further in, so that names do not touch. */
const ONE_RING_MAX = 10;
const OUTER_RING = 0.8;
const INNER_RING = 0.52;

export interface SwarmNode {
  peerId: string;
  name: string;
  x: number;
  y: number;
}

/** Whether bytes come to this PC, leave it, or pass between others. */
export type Way = "to-me" | "from-me" | "between";

export interface SwarmEdge {
  from: string;
  to: string;
  way: Way;
  /** From 0 to 1, against the strongest. */
  strength: number;
}

export interface Swarm {
  me: SwarmNode;
  nodes: SwarmNode[];
  /** Those between others first, so that the own lie on top of them. */
  edges: SwarmEdge[];
  hidden: number;
}

type Flow = Omit<SwarmEdge, "strength"> & { rate: number };

/** The picture of a party around this peer, in a box of the given size. */
export function swarm(snapshot: Snapshot, width: number, height: number): Swarm {
  const { me } = snapshot;
  const flows = [...between(snapshot), ...own(snapshot)];
  const busy = new Set(flows.flatMap(({ from, to }) => [from, to]));
  const busyFirst = snapshot.peers.toSorted((a, b) =>
    Number(busy.has(b.peer_id)) - Number(busy.has(a.peer_id))
  );
  const shown = new Set(busyFirst.slice(0, SWARM_PEERS_MAX).map((peer) => peer.peer_id));
  const peers = snapshot.peers.filter((peer) => shown.has(peer.peer_id));
  const seen = shown.add(me.peer_id);
  const drawn = flows.filter(({ from, to }) => seen.has(from) && seen.has(to));
  const strongest = Math.max(1, ...drawn.map(({ rate }) => rate));
  return {
    me: { peerId: me.peer_id, name: me.name, x: width / 2, y: height / 2 },
    nodes: around(peers, width, height),
    edges: drawn.map(({ rate, ...edge }) => ({ ...edge, strength: rate / strongest })),
    hidden: snapshot.peers.length - peers.length,
  };
}

function around(peers: readonly Peer[], width: number, height: number): SwarmNode[] {
  return peers.map((peer, index) => {
    const angle = (index / peers.length) * 2 * Math.PI - Math.PI / 2;
    const isInner = peers.length > ONE_RING_MAX && index % 2 === 1;
    const ring = isInner ? INNER_RING : OUTER_RING;
    return {
      peerId: peer.peer_id,
      name: peer.name,
      x: width / 2 + Math.cos(angle) * (width / 2) * ring,
      y: height / 2 + Math.sin(angle) * (height / 2) * ring,
    };
  });
}

/** What this PC itself measures. */
function own(snapshot: Snapshot): Flow[] {
  const me = snapshot.me.peer_id;
  return [...traffic(snapshot)].flatMap(([peerId, { from, to }]) => {
    const flows: Flow[] = [];
    if (from !== null) flows.push({ from: peerId, to: me, way: "to-me", rate: from });
    if (to !== null) flows.push({ from: me, to: peerId, way: "from-me", rate: to });
    return flows;
  });
}

/** What others say of their sources. Of this PC's uploads it knows better itself. */
function between({ me, peers }: Snapshot): Flow[] {
  return peers.flatMap(({ peer_id: to, status }) => {
    const rates = new Map<string, number>();
    for (const { sources } of status?.operations ?? []) {
      for (const { peer_id: from, rate_bytes_per_s: rate } of sources) {
        if (from !== me.peer_id && from !== to) rates.set(from, (rates.get(from) ?? 0) + rate);
      }
    }
    return [...rates].map(([from, rate]): Flow => ({ from, to, way: "between", rate }));
  });
}
