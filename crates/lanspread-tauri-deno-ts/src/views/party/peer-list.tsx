// The peers by name: what they have, what they run, how much they fetch, what their machine is short of.
//
// Invariant: what a peer says of itself is shown as it said it, and what it does not say is not guessed.
// Nobody is expelled without a question.

import { useState } from "react";
import type { Peer, PeerSource, PeerStatus } from "../../api/types.ts";
import type { Texts } from "../../i18n/texts.ts";
import { isNearlyFull } from "../../state/checks.ts";
import { roomBytes } from "../../state/folders.ts";
import type { Formats } from "../../state/format.ts";
import { gameTitle, peerName } from "../../state/names.ts";
import { type Traffic, traffic } from "../../state/traffic.ts";
import { Button } from "../../ui/button.tsx";
import { Chip } from "../../ui/chip.tsx";
import { useApp, useMay, usePart, useSnapshot } from "../../ui/context.ts";
import { Confirm } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Name, Nothing } from "../../ui/parts.tsx";

/** More names than this make a line that nobody reads. */
const SOURCES_NAMED_MAX = 3;

export function PeerList() {
  const { texts, store, format, href } = useApp();
  const snapshot = useSnapshot();
  const { me, peers, games, playing } = snapshot;
  const { ask } = useMay();
  const [leaving, setLeaving] = useState<Peer | null>(null);
  const mine = games.filter((game) => game.downloaded).length;
  const moving = traffic(snapshot);
  const room = roomBytes(me);
  return (
    <>
      <ul className="lines peer-list" tabIndex={0} aria-label={texts.party.peers}>
        <li>
          <Name>{me.name}</Name> <em>{ask ? texts.party.you : texts.guest.host}</em>
          <span className="lines-more">
            {texts.party.games(mine)} · {texts.evening.version(me.version)}
            {room !== null && ` · ${texts.evening.free(format.bytes(room))}`}
          </span>
          <Chips
            playing={playing}
            player={me.player}
            games_folder={me.games_dir_problem === null}
            free_bytes={room}
          />
        </li>
        {peers.map((peer) => (
          <li key={peer.peer_id} className="lines-action">
            <div>
              <Name>{peer.name}</Name>
              <PeerFacts peer={peer} />
              {peer.status !== null && <PeerState status={peer.status} />}
              <PeerTraffic moving={moving.get(peer.peer_id)} />
            </div>
            {ask && (
              <Button
                kind="plain"
                label={texts.actions.of(texts.party.expel, peer.name)}
                onPress={() => setLeaving(peer)}
              >
                {texts.party.expel}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {peers.length === 0 && (
        <Nothing>
          {texts.party.noPeers} <a href={href({ tab: "help" })}>{texts.party.noPeersHelp}</a>
        </Nothing>
      )}
      {leaving && (
        <Confirm
          question={{
            title: texts.confirm.expelTitle(leaving.name),
            body: texts.confirm.expelBody,
            confirm: texts.confirm.expel,
            onConfirm: () => void store.send({ cmd: "expel", peer_id: leaving.peer_id }),
          }}
          onClose={() => setLeaving(null)}
        />
      )}
    </>
  );
}

function PeerFacts({ peer }: { peer: Peer }) {
  const { texts, format } = useApp();
  const { status } = peer;
  const facts = [
    peer.in_sync ? texts.party.games(peer.games) : texts.party.syncing,
    status === null ? texts.evening.saysNothing : texts.evening.version(status.version),
    status?.free_bytes == null ? null : texts.evening.free(format.bytes(status.free_bytes)),
    peer.addr,
  ].filter((fact) => fact !== null);
  return (
    <span className="lines-more">
      {facts.map((fact, index) => (
        <span key={fact} className="peer-fact">
          <bdi>{fact}</bdi>
          {index < facts.length - 1 && " · "}
        </span>
      ))}
    </span>
  );
}

type Said = Pick<PeerStatus, "playing" | "player" | "games_folder" | "free_bytes">;

function Chips({ playing, player, games_folder: isReadable, free_bytes: free }: Said) {
  const { texts: { evening } } = useApp();
  const isFull = isNearlyFull(free);
  if (!playing && player && isReadable && !isFull) return null;
  return (
    <span className="peer-chips">
      {!player && <Chip tone="none" icon="cloud" words={evening.noPlayer} />}
      {playing && <Chip tone="info" icon="play" words={evening.playing} />}
      {!isReadable && <Chip tone="bad" icon="alert" words={evening.noFolder} />}
      {isFull && <Chip tone="warn" icon="alert" words={evening.lowSpace} />}
    </span>
  );
}

function PeerState({ status }: { status: PeerStatus }) {
  const { texts, format } = useApp();
  const games = usePart("games");
  return (
    <>
      <Chips {...status} />
      {status.operations.map(({ id, kind, percent, time_left_ms: left, waiting, sources }) => (
        <span key={id} className="lines-more">
          {texts.evening.operation(
            waiting ? texts.progress.waiting : texts.operations[kind],
            gameTitle(games, id),
          )}
          {" · "}
          {format.percent(percent / 100)}
          {left !== null && ` · ${texts.evening.left(format.duration(left))}`}
          <Sources of={sources} />
        </span>
      ))}
    </>
  );
}

/** From whom it comes, by name: the picture of the swarm in words. */
function Sources({ of }: { of: readonly PeerSource[] }) {
  const { texts } = useApp();
  const snapshot = useSnapshot();
  if (of.length === 0) return null;
  const names = of.slice(0, SOURCES_NAMED_MAX).map(({ peer_id }) => peerName(snapshot, peer_id));
  const more = of.length - names.length;
  return (
    <>
      {" · "}
      {texts.transfers.from(names)}
      {more > 0 && ` ${texts.evening.more(more)}`}
    </>
  );
}

function PeerTraffic({ moving }: { moving: Traffic | undefined }) {
  const { texts, format } = useApp();
  const { ask } = useMay();
  if (moving === undefined) return null;
  const { from, fetches } = moving;
  const to = ask ? moving.to : null;
  return (
    <span className="lines-more peer-traffic">
      {ask && from !== null && (
        <span>
          <Icon name="down" />
          {texts.evening.from(format.rate(from))}
        </span>
      )}
      {fetches !== null && (
        <span>
          <Icon name={to === null ? "transfers" : "up"} />
          {fetchesWords(texts, format, fetches, to)}
        </span>
      )}
    </span>
  );
}

/** How much it fetches, and how much of that from this PC. */
function fetchesWords(
  { evening }: Texts,
  format: Formats,
  fetches: number,
  to: number | null,
): string {
  const rate = format.rate(fetches);
  if (to === null) return evening.fetches(rate);
  return to === fetches ? evening.fetchesHere(rate) : evening.fetchesPartly(rate, format.rate(to));
}
