// Whether the evening can start, what people say, who is at the party, who is kept away, and who sends to whom.
//
// Invariant: it shows the peers that are connected and no others; one who left is gone at once.

import { awayWords } from "../../state/told.ts";
import { useApp, useMay, useSnapshot } from "../../ui/context.ts";
import { Button } from "../../ui/button.tsx";
import { Name, Nothing, Section } from "../../ui/parts.tsx";
import { ConnectForm } from "./connect.tsx";
import { EveningMatrix } from "./matrix.tsx";
import { Messages } from "./messages.tsx";
import { PeerList } from "./peer-list.tsx";
import { SwarmPicture } from "./swarm-picture.tsx";

export function Party() {
  const { texts } = useApp();
  const { ask } = useMay();
  return (
    <div className="view view-split">
      <h1>{texts.party.title}</h1>
      <EveningMatrix />
      <div className="view-main">
        <Messages />
        <Section title={texts.party.picture}>
          <SwarmPicture />
        </Section>
        {ask && <ConnectForm />}
      </div>
      <div className="view-side">
        <Section title={texts.party.peers}>
          <PeerList />
        </Section>
        {ask && <KeptAway />}
      </div>
    </div>
  );
}

function KeptAway() {
  const { texts, store, format } = useApp();
  const { kept_away: away } = useSnapshot();
  return (
    <Section title={texts.party.away}>
      {away.length === 0 && <Nothing>{texts.party.noAway}</Nothing>}
      <ul className="lines">
        {away.map((peer) => (
          <li key={peer.peer_id} className="lines-action">
            <div>
              <Name>{peer.name}</Name>
              {peer.reasons.map((reason) => (
                <span key={reason.kind} className="lines-more">
                  {awayWords(texts, format, reason)}
                </span>
              ))}
            </div>
            <Button
              label={texts.actions.of(texts.party.readmit, peer.name)}
              onPress={() => void store.send({ cmd: "readmit", peer_id: peer.peer_id })}
            >
              {texts.party.readmit}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
