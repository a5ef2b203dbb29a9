// The catalogs by language, and the headline of an error.
//
// Invariant: a kind of error that is not known has a headline too, since a newer peer may send one.

import type { Language } from "../state/preferences.ts";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";

export type { Texts } from "./en.ts";

export const TEXTS: Record<Language, Texts> = { en, de };

/** The headline of a kind of error. */
export function headline(texts: Texts, kind: string): string {
  const known: Record<string, string> = texts.errors;
  return known[kind] ?? texts.errors.io;
}
