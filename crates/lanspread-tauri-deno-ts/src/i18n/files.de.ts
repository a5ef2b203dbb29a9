// The words about the files of a game, in German.
//
// Invariant: it is a part of the German catalog.

import type { filesEn } from "./files.en.ts";
import { counting } from "./plurals.ts";

const n = counting("de");

const files = (count: number) => n(count, { one: "# Datei", other: "# Dateien" });

export const filesDe: typeof filesEn = {
  title: "Dateien",
  loading: "Die Liste der Dateien wird geholt",
  here: (count, bytes) => `${files(count)} auf der Platte, ${bytes}`,
  fetched: (count, bytes) => `${files(count)} würden geholt, ${bytes}`,
  more: (count) => n(count, { one: "Und eine weitere.", other: "Und # weitere." }),
};
