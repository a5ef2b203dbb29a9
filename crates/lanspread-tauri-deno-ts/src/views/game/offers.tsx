// Who offers which files as a game, where peers do not agree.
//
// Invariant: nothing is shown while everybody offers the same, because then there is nothing to decide.

import type { GameDetails } from "../../api/types.ts";
import { peerName, shortId } from "../../state/names.ts";
import { useApp, useSnapshot } from "../../ui/context.ts";
import { Name, Section } from "../../ui/parts.tsx";

export function Offers({ details }: { details: GameDetails }) {
  const { texts, format } = useApp();
  const snapshot = useSnapshot();
  if (details.offers.every((offer) => offer.standing === "source")) return null;
  return (
    <Section title={texts.game.offers}>
      <p>{details.pinned === null ? texts.game.offersHint : texts.game.offerPinned}</p>
      <ul className="offers">
        {details.offers.map((offer) => (
          <li key={`${offer.version} ${offer.manifest}`} data-standing={offer.standing}>
            <div className="offer-head">
              <span>{texts.game.offer(offer.version, format.bytes(offer.size))}</span>
              <strong>{texts.standings[offer.standing]}</strong>
            </div>
            {offer.manifest !== null && (
              <p className="offer-manifest">{texts.game.fingerprint(shortId(offer.manifest))}</p>
            )}
            <ul className="names">
              {offer.peers.map((peerId) => (
                <li key={peerId}>
                  <Name>{peerName(snapshot, peerId)}</Name>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Section>
  );
}
