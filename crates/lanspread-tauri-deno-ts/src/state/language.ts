// In which language the page speaks.
//
// Invariant: on the user's own machine it is the one that the peer keeps, so that page, window and games
// agree; French is a language of games only. A guest's is his browser's, and nobody else's.

import type { Known } from "./apply.ts";
import { type Language, LANGUAGES } from "./preferences.ts";

/** The language of the page, given what this browser prefers. */
export function spoken(known: Known | null, preferred: Language): Language {
  if (known === null || known.seat === "guest") return preferred;
  const { language } = known.snapshot.settings;
  return LANGUAGES.find((one) => one === language) ?? preferred;
}
