// The party as a picture: this PC in the middle, and lines where bytes move.
//
// Invariant: it shows what `swarm.ts` found and nothing more. Whoever cannot see it finds what concerns this
// PC under Transfers, and what others fetch in the list of peers, in words.

import { type Swarm, swarm, type SwarmNode, type Way } from "../../state/swarm.ts";
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
  const count = (way: Way) => picture.edges.filter((edge) => edge.way === way).length;
  const length = picture.nodes.length > CROWD ? NAME_LENGTH_CROWD_MAX : NAME_LENGTH_MAX;
  if (picture.nodes.length === 0) return <Nothing>{texts.party.noPeers}</Nothing>;
  return (
    <figure className="swarm">
      <svg
        role="img"
        aria-label={texts.party.pictureLabel(count("to-me"), count("from-me"), count("between"))}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      >
        <Edges picture={picture} />
        {picture.nodes.map((node) => <Node key={node.peerId} node={node} length={length} />)}
        <g className="swarm-me" transform={`translate(${picture.me.x} ${picture.me.y})`}>
          <circle r={20} />
          <text y={40}>{shortened(name, length)}</text>
        </g>
      </svg>
      <figcaption>
        <span className="swarm-key swarm-key-to-me">
          {ask ? texts.party.toYou : texts.guest.toHost(name)}
        </span>
        <span className="swarm-key swarm-key-from-me">
          {ask ? texts.party.fromYou : texts.guest.fromHost(name)}
        </span>
        <span className="swarm-key swarm-key-between">{texts.party.between}</span>
        {picture.hidden > 0 && <span>{texts.party.more(picture.hidden)}</span>}
      </figcaption>
    </figure>
  );
}

function Edges({ picture: { me, nodes, edges } }: { picture: Swarm }) {
  const byId = new Map([me, ...nodes].map((node) => [node.peerId, node]));
  return edges.map(({ from, to, way, strength }) => {
    const [sender, receiver] = [byId.get(from), byId.get(to)];
    if (sender === undefined || receiver === undefined) return null;
    return (
      <path
        key={`${from} ${to}`}
        className={`swarm-edge swarm-edge-${way}`}
        style={{ strokeWidth: 2 + 5 * strength }}
        d={curve(sender, receiver)}
      />
    );
  });
}

/** From where the bytes are to where they go, bent so that both directions can be seen. */
function curve(from: SwarmNode, to: SwarmNode): string {
  const bend = 0.12;
  const middleX = (from.x + to.x) / 2 + (to.y - from.y) * bend;
  const middleY = (from.y + to.y) / 2 + (from.x - to.x) * bend;
  return `M${from.x} ${from.y}Q${middleX} ${middleY} ${to.x} ${to.y}`;
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
