// Parties whose titles and names are hard to draw.
//
// Invariant: each is a snapshot that a peer could send.

import type { Snapshot } from "../types.ts";
import { NAMES, partySnapshot } from "./parties.ts";

const LONG =
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
  return { ...snapshot, games: all };
}

/** Titles and names that are written from right to left. */
export function rightToLeft(): Snapshot {
  const snapshot = partySnapshot(["סוסן", "ليلى", "Mara", "דן", "Okke", "أمير"]);
  const titles = ["סופר טוקס קארט (1.4)", "حرب العالم ٢١٠٠", "OpenArena", "משחק ה-LAN!"];
  const all = snapshot.games.map((game, index) => ({
    ...game,
    title: titles[index % titles.length]!,
  }));
  return { ...snapshot, games: all };
}
