// Who of the party has a game, and who does not.
//
// Invariant: everybody who is connected stands in exactly one of the lists.

import type { Game, Peer } from "../../api/types.ts";
import { readiness } from "../../state/readiness.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { Name, Nothing, Section } from "../../ui/parts.tsx";

export function Holders({ game }: { game: Game }) {
  const { texts } = useApp();
  const { have, old, lack, unknown } = readiness(game, usePart("peers"));
  return (
    <>
      <Section title={texts.game.holders}>
        {have.length === 0
          ? <Nothing>{texts.game.noHolders}</Nothing>
          : <Names peers={have} tone="has" />}
      </Section>
      {old.length > 0 && (
        <Section title={texts.game.old}>
          <Names peers={old} tone="lacks" />
        </Section>
      )}
      {lack.length > 0 && (
        <Section title={texts.game.lack}>
          <Names peers={lack} tone="lacks" />
        </Section>
      )}
      {unknown.length > 0 && (
        <Section title={texts.game.unknown}>
          <Names peers={unknown} tone="lacks" />
        </Section>
      )}
    </>
  );
}

function Names({ peers, tone }: { peers: Peer[]; tone: "has" | "lacks" }) {
  return (
    <ul className={`names names-${tone}`}>
      {peers.map((peer) => (
        <li key={peer.peer_id}>
          <Name>{peer.name}</Name>
        </li>
      ))}
    </ul>
  );
}
