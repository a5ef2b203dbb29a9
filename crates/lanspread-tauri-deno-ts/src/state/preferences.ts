// What the user chose about how things look.
//
// Invariant: whatever is stored, or is not, gives preferences that can be used. They never leave this
// machine, and the peer knows nothing of them; a language that the peer keeps goes before the one here.

import { SORT_NAMES } from "./sort.ts";

export const LANGUAGES = ["en", "de"] as const;
export const THEMES = ["system", "dark", "light"] as const;
export const ACCENTS = ["lamp", "lagoon", "moss", "plum", "coral"] as const;
export const DENSITIES = ["comfortable", "compact"] as const;
/** The shape of pictures on cards: as wide as a screen, or upright as on a box. */
export const SHAPES = ["wide", "box"] as const;

export type Language = (typeof LANGUAGES)[number];
export type Theme = (typeof THEMES)[number];
export type Accent = (typeof ACCENTS)[number];
export type Density = (typeof DENSITIES)[number];
export type Shape = (typeof SHAPES)[number];

const CHOICES = {
  language: LANGUAGES,
  theme: THEMES,
  accent: ACCENTS,
  density: DENSITIES,
  shape: SHAPES,
  sort: SORT_NAMES,
} as const;

export type Preferences = { [Name in keyof typeof CHOICES]: (typeof CHOICES)[Name][number] };

const KEY = "lanspread-preferences";

/** What is used where nothing was chosen; dark, because halls are. */
export function defaults(browserLanguages: readonly string[]): Preferences {
  const spoken = browserLanguages.map((tag) => tag.slice(0, 2).toLowerCase());
  const language = spoken.find((tag): tag is Language => LANGUAGES.some((known) => known === tag));
  return {
    language: language ?? "en",
    theme: "dark",
    accent: "lamp",
    density: "comfortable",
    shape: "wide",
    sort: "name",
  };
}

/** The stored preferences, with defaults for whatever is missing or not known. */
export function loadPreferences(
  storage: Pick<Storage, "getItem">,
  fallback: Preferences,
): Preferences {
  const stored = readObject(storage);
  const chosen = Object.entries(CHOICES).flatMap(([name, choices]) => {
    const value = choices.find((choice) => choice === stored[name]);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...fallback, ...Object.fromEntries(chosen) };
}

/** Keeps the preferences. A browser that refuses costs no more than choosing again. */
export function savePreferences(storage: Pick<Storage, "setItem">, chosen: Preferences): void {
  try {
    storage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    return;
  }
}

function readObject(storage: Pick<Storage, "getItem">): Record<string, unknown> {
  try {
    const stored: unknown = JSON.parse(storage.getItem(KEY) ?? "{}");
    return typeof stored === "object" && stored !== null ? { ...stored } : {};
  } catch {
    return {};
  }
}
