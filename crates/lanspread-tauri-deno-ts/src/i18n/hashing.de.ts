// The words of files that are checked before others can fetch them, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import type { hashingEn } from "./hashing.en.ts";

export const hashingDe: typeof hashingEn = {
  chip: (percent) => percent === null ? "Dateien werden geprüft" : `Prüft Dateien, ${percent}`,
  now: (percent) => `Seine Dateien werden geprüft: ${percent}`,
  waits: "Seine Dateien müssen noch geprüft werden",
  why: "Danach können andere es von dir holen.",
  guest: "Seine Dateien werden dort gerade geprüft. Gleich danach kann es geladen werden.",
};
