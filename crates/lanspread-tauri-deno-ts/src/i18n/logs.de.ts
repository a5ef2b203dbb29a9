// The words of the logs, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import type { logsEn } from "./logs.en.ts";
import { counting } from "./plurals.ts";

const n = counting("de");

export const logsDe: typeof logsEn = {
  title: "Logs",
  names: { unpacking: "Entpacken", games: "Spiele", program: "Programm" },
  level: "Anzeigen",
  levels: { error: "Fehler", warn: "Warnungen", info: "Alles" },
  marks: { error: "ERROR", warn: "WARN", info: "INFO" },
  search: "Log durchsuchen",
  follow: "Dem Ende folgen",
  stopFollowing: "Nicht mehr folgen",
  copy: "Angezeigtes kopieren",
  copyFailed: "Es ließ sich nicht kopieren. Markiere es hier:",
  lines: "Zeilen des Programm-Logs",
  errorsOnly: "Nur Fehler",
  kinds: {
    unpacking: {
      runs: "Archive, die entpackt wurden",
      search: "Spiel oder Archiv",
      errorsOnlyHint: "Nur was sich nicht entpacken ließ.",
    },
    games: {
      runs: "Skripte von Spielen, die liefen",
      search: "Spiel oder Skript",
      errorsOnlyHint: "Nur was nicht startete oder mit einem Fehler endete.",
    },
  },
  reading: "Das Log wird gelesen…",
  failed: "Das Log lässt sich im Moment nicht lesen. Es wird weiter versucht.",
  empty: "Noch ist nichts geschrieben.",
  noHits: "Nichts passt.",
  shown: (count) => n(count, { one: "# Eintrag angezeigt", other: "# Einträge angezeigt" }),
  results: {
    unpacked: "Entpackt",
    ended: "Beendet",
    failed: "Fehlgeschlagen",
    cancelled: "Abgebrochen",
  },
  output: (lines) => n(lines, { one: "# Zeile Ausgabe", other: "# Zeilen Ausgabe" }),
};
