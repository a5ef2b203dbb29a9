// Picks a text of the catalog in the user's language.
//
// Invariant: whoever wrote a text in any language is heard: a missing language falls back to English,
// then German, then French, before there is nothing.

import type { Game } from "../api/types.ts";

/** One text in the languages in which it was written. */
export type Localized = Game["genre"];

const FALLBACKS = ["en", "de", "fr"] as const;

/** The text in a language, or in the next best; `null` if there is none. */
export function localized(text: Localized, language: string): string | null {
  const found = localizedWithLanguage(text, language);
  return found === null ? null : found.text;
}

/** The same with the language that it is in, so that it can be read aloud rightly. */
export function localizedWithLanguage(
  text: Localized,
  language: string,
): { text: string; language: string } | null {
  const wanted = FALLBACKS.filter((candidate) => candidate === language);
  for (const candidate of [...wanted, ...FALLBACKS]) {
    const found = text[candidate];
    if (found) return { text: found, language: candidate };
  }
  return null;
}
