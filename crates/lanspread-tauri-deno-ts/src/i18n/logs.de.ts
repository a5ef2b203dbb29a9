// The words of the logs, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import type { logsEn } from "./logs.en.ts";
import { counting } from "./plurals.ts";

const n = counting("de");

export const logsDe: typeof logsEn = {
  title: "Logs",
  names: { unpacking: "Entpacken", program: "Programm" },
  level: "Anzeigen",
  levels: { error: "Fehler", warn: "Warnungen", info: "Alles" },
  marks: { error: "ERROR", warn: "WARN", info: "INFO" },
  search: "Log durchsuchen",
  searchGame: "Spiel oder Archiv",
  follow: "Dem Ende folgen",
  stopFollowing: "Nicht mehr folgen",
  copy: "Angezeigtes kopieren",
  copyFailed: "Es ließ sich nicht kopieren. Markiere es hier:",
  lines: "Zeilen des Programm-Logs",
  runs: "Archive, die entpackt wurden",
  errorsOnly: "Nur Fehler",
  errorsOnlyHint: "Nur was sich nicht entpacken ließ.",
  reading: "Das Log wird gelesen…",
  failed: "Das Log lässt sich im Moment nicht lesen. Es wird weiter versucht.",
  empty: "Noch ist nichts geschrieben.",
  noHits: "Nichts passt.",
  shown: (count) => n(count, { one: "# Eintrag angezeigt", other: "# Einträge angezeigt" }),
  results: { unpacked: "Entpackt", failed: "Fehlgeschlagen", cancelled: "Abgebrochen" },
  output: (lines) => n(lines, { one: "# Zeile Ausgabe", other: "# Zeilen Ausgabe" }),
};
