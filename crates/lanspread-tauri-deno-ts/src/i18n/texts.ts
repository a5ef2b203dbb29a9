// The catalogs by language, and the words of an error.
//
// Invariant: a kind of error that is not known has words too, since a newer peer may send one.

import type { Language } from "../state/preferences.ts";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";

export type { Texts } from "./en.ts";

export const TEXTS: Record<Language, Texts> = { en, de };

/** What an error is, in a few words, and what it means and what to do. */
export interface ErrorWords {
  title: string;
  body: string;
}

/** The words of a kind of error. */
export function errorWords(texts: Texts, kind: string): ErrorWords {
  const known: Record<string, ErrorWords> = texts.errors;
  return known[kind] ?? texts.errors.io;
}

/** The headline of a kind of error. */
export function headline(texts: Texts, kind: string): string {
  return errorWords(texts, kind).title;
}
