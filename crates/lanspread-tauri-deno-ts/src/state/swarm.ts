// Who sends to whom, as a picture.
//
// Invariant: an edge is drawn only for bytes that the snapshot tells of: a source of a running download,
// or an upload. The same party gives the same picture, so nothing moves until somebody comes or goes.

import type { Snapshot } from "../api/types.ts";
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

export interface SwarmEdge {
  peerId: string;
  direction: "to-me" | "from-me";
  /** From 0 to 1, against the strongest. */
  strength: number;
}

export interface Swarm {
  nodes: SwarmNode[];
  edges: SwarmEdge[];
  hidden: number;
}

/** The picture of a party around this peer, in a box of the given size. */
export function swarm(snapshot: Snapshot, width: number, height: number): Swarm {
  const moving = traffic(snapshot);
  const busyFirst = snapshot.peers.toSorted((a, b) =>
    Number(moving.has(b.peer_id)) - Number(moving.has(a.peer_id))
  );
  const shown = new Set(busyFirst.slice(0, SWARM_PEERS_MAX).map((peer) => peer.peer_id));
  const peers = snapshot.peers.filter((peer) => shown.has(peer.peer_id));
  const strongest = Math.max(
    1,
    ...[...moving.values()].flatMap(({ from, to }) => [from ?? 0, to ?? 0]),
  );
  const nodes = peers.map((peer, index) => {
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
  const edges = nodes.flatMap(({ peerId }) => {
    const { from = null, to = null } = moving.get(peerId) ?? {};
    const found: SwarmEdge[] = [];
    if (from !== null) found.push({ peerId, direction: "to-me", strength: from / strongest });
    if (to !== null) found.push({ peerId, direction: "from-me", strength: to / strongest });
    return found;
  });
  return { nodes, edges, hidden: snapshot.peers.length - peers.length };
}
