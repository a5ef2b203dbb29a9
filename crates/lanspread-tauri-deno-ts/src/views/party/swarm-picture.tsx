// The party as a picture: this PC in the middle, and lines where bytes move.
//
// Invariant: it shows what `swarm.ts` found and nothing more. Whoever cannot see it finds the same under
// Transfers, in words.

import { type Swarm, swarm, type SwarmEdge, type SwarmNode } from "../../state/swarm.ts";
import { useApp, useMay, useSnapshot } from "../../ui/context.ts";
import { Nothing } from "../../ui/parts.tsx";

const WIDTH = 640;
const HEIGHT = 420;
/** So many letters of a name have room, and so many in a crowd. */
const NAME_LENGTH_MAX = 14;
const NAME_LENGTH_CROWD_MAX = 8;
const CROWD = 10;

export function SwarmPicture() {
  const { texts } = useApp();
  const snapshot = useSnapshot();
  const { ask } = useMay();
  const { name } = snapshot.me;
  const picture = swarm(snapshot, WIDTH, HEIGHT);
  const count = (direction: SwarmEdge["direction"]) =>
    picture.edges.filter((edge) => edge.direction === direction).length;
  const length = picture.nodes.length > CROWD ? NAME_LENGTH_CROWD_MAX : NAME_LENGTH_MAX;
  if (picture.nodes.length === 0) return <Nothing>{texts.party.noPeers}</Nothing>;
  return (
    <figure className="swarm">
      <svg
        role="img"
        aria-label={texts.party.pictureLabel(count("to-me"), count("from-me"))}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      >
        <Edges picture={picture} />
        {picture.nodes.map((node) => <Node key={node.peerId} node={node} length={length} />)}
        <g className="swarm-me" transform={`translate(${WIDTH / 2} ${HEIGHT / 2})`}>
          <circle r={20} />
          <text y={40}>{shortened(snapshot.me.name, length)}</text>
        </g>
      </svg>
      <figcaption>
        <span className="swarm-key swarm-key-to-me">
          {ask ? texts.party.toYou : texts.guest.toHost(name)}
        </span>
        <span className="swarm-key swarm-key-from-me">
          {ask ? texts.party.fromYou : texts.guest.fromHost(name)}
        </span>
        {picture.hidden > 0 && <span>{texts.party.more(picture.hidden)}</span>}
      </figcaption>
    </figure>
  );
}

function Edges({ picture: { nodes, edges } }: { picture: Swarm }) {
  const byId = new Map(nodes.map((node) => [node.peerId, node]));
  return edges.map((edge) => {
    const node = byId.get(edge.peerId);
    if (node === undefined) return null;
    return (
      <path
        key={`${edge.peerId} ${edge.direction}`}
        className={`swarm-edge swarm-edge-${edge.direction}`}
        style={{ strokeWidth: 2 + 5 * edge.strength }}
        d={curve(node, edge.direction)}
      />
    );
  });
}

/** From where the bytes are to where they go, bent so that both directions can be seen. */
function curve(node: SwarmNode, direction: SwarmEdge["direction"]): string {
  const [x, y] = [WIDTH / 2, HEIGHT / 2];
  const bend = 0.12;
  const middleX = (node.x + x) / 2 + (y - node.y) * (direction === "to-me" ? bend : -bend);
  const middleY = (node.y + y) / 2 + (node.x - x) * (direction === "to-me" ? bend : -bend);
  const [from, to] = direction === "to-me" ? [`${node.x} ${node.y}`, `${x} ${y}`] : [
    `${x} ${y}`,
    `${node.x} ${node.y}`,
  ];
  return `M${from}Q${middleX} ${middleY} ${to}`;
}

function Node({ node, length }: { node: SwarmNode; length: number }) {
  return (
    <g className="swarm-node" transform={`translate(${node.x} ${node.y})`}>
      <circle r={13} />
      <text y={32}>{shortened(node.name, length)}</text>
    </g>
  );
}

function shortened(name: string, length: number): string {
  const letters = [...name];
  return letters.length <= length ? name : `${letters.slice(0, length - 1).join("")}…`;
}
