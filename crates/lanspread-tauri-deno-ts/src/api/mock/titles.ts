// Parties whose titles and names are hard to draw.
//
// Invariant: each is a snapshot that a peer could send.

import type { Snapshot } from "../types.ts";
import { message, NAMES, partySnapshot } from "./parties.ts";

/** A title that goes on and on. */
export const LONG =
  "The Extraordinarily Long and Somewhat Tiring Chronicles of the Very Last Penguin Who Ever Raced Down an Icy Mountain: Definitive Anniversary Edition";

/** Titles and names that go on and on. */
export function longTitles(): Snapshot {
  const snapshot = partySnapshot([
    "AVeryLongPlayerNameWithoutAnySpacesAtAllThatGoesOnAndOn",
    ...NAMES.slice(1),
  ]);
  const all = snapshot.games.map((game, index) => ({
    ...game,
    title: index % 3 === 0 ? LONG : `${game.title}${"unbroken".repeat(index % 9)}`,
    genre: { en: "Massively Multiplayer Strategy Simulation", de: "Wirtschaftsaufbausimulation" },
  }));
  const text = "unbroken".repeat(60);
  const messages = [...snapshot.messages, message(5, snapshot.peers[0]!, text, 1)];
  return { ...snapshot, games: all, messages };
}

/** Titles and names that are written from right to left. */
export function rightToLeft(): Snapshot {
  const snapshot = partySnapshot(["סוסן", "ليلى", "Mara", "דן", "Okke", "أمير"]);
  const titles = ["סופר טוקס קארט (1.4)", "حرب العالم ٢١٠٠", "OpenArena", "משחק ה-LAN!"];
  const all = snapshot.games.map((game, index) => ({
    ...game,
    title: titles[index % titles.length]!,
  }));
  const [first, second] = snapshot.peers;
  const messages = [
    message(1, first!, "הפיצה כאן! OpenArena בשעה 20:30?", 9),
    message(2, second!, "البيتزا هنا (OpenArena 20:30)", 3),
    message(3, first!, "Mixed: שלום, see you at table 3", 1),
  ];
  return { ...snapshot, games: all, messages };
}
