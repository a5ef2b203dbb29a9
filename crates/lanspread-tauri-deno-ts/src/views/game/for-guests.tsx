// What a guest is told of how a game can be had.
//
// Invariant: it names who has the game, and offers nothing that a guest cannot do.

import type { Game } from "../../api/types.ts";
import { peerName } from "../../state/names.ts";
import { canTake } from "../../state/seat.ts";
import { useApp, useSnapshot } from "../../ui/context.ts";

/** More names than this are counted and not told. */
const NAMES_MAX = 3;

export function ForGuests({ game }: { game: Game }) {
  const { texts } = useApp();
  const snapshot = useSnapshot();
  const host = snapshot.me.name;
  if (canTake(game)) return <p>{texts.guest.takeHint(host)}</p>;
  if (game.to_hash) return <p>{texts.hashing.guest}</p>;
  if (game.downloaded) return <p>{texts.guest.hasProblem(host)}</p>;
  const names = game.holders.slice(0, NAMES_MAX).map((peerId) => peerName(snapshot, peerId));
  if (names.length === 0) return <p>{texts.guest.heldByNobody}</p>;
  return <p>{texts.guest.heldBy(names, game.holders.length - names.length)}</p>;
}
