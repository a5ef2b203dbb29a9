// The peers by name, with what they have and where they are.
//
// Invariant: nobody is expelled without a question.

import { useState } from "react";
import type { Peer } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, useSnapshot } from "../../ui/context.ts";
import { Confirm } from "../../ui/dialog.tsx";
import { Name, Nothing } from "../../ui/parts.tsx";

export function PeerList() {
  const { texts, store, href } = useApp();
  const { me, peers, games } = useSnapshot();
  const { ask } = useMay();
  const [leaving, setLeaving] = useState<Peer | null>(null);
  const mine = games.filter((game) => game.downloaded).length;
  return (
    <>
      <ul className="lines">
        <li>
          <Name>{me.name}</Name> <em>{ask ? texts.party.you : texts.guest.host}</em>
          <span className="lines-more">{texts.party.games(mine)}</span>
        </li>
        {peers.map((peer) => (
          <li key={peer.peer_id} className="lines-action">
            <div>
              <Name>{peer.name}</Name>
              <span className="lines-more">
                {peer.in_sync ? texts.party.games(peer.games) : texts.party.syncing}
                {" · "}
                <bdi>{peer.addr}</bdi>
              </span>
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
