// A party in which much is said.
//
// Invariant: it is a snapshot that a peer could send.

import type { Snapshot } from "../types.ts";
import { message, partySnapshot } from "./parties.ts";
import { LONG } from "./titles.ts";

/** More is said than fits. */
export function talk(): Snapshot {
  const snapshot = partySnapshot();
  const texts = [
    "gg",
    "Who has the patch for Red Eclipse? Mine stops at 41 % and says that nobody has the rest of it",
    "Pizza is here 🍕",
    "<b>nice try</b>",
    LONG.repeat(3),
  ];
  const messages = Array.from({ length: 30 }, (_, at) => {
    const said = message(at + 1, snapshot.peers[(at * 5) % 6]!, texts[at % 5]!, 60 - at * 2);
    return at % 7 === 3 ? { ...said, peer_id: snapshot.me.peer_id, name: "Juno", own: true } : said;
  });
  return { ...snapshot, messages };
}
