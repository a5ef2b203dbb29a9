// A headline in German for each kind of error.
//
// Invariant: the kinds are those of the English catalog; a missing one does not compile.

import type { errorsEn } from "./errors.en.ts";

export const errorsDe: typeof errorsEn = {
  "unknown-game": "Dieses Spiel ist nicht bekannt",
  "not-in-catalog": "Kein Spiel dieser Party",
  "busy": "Mit diesem Spiel passiert gerade etwas anderes",
  "no-operation": "Es gibt nichts abzubrechen",
  "no-source": "Niemand hat die Dateien",
  "conflict": "Die Peers sind sich über die Dateien uneins",
  "not-downloaded": "Das Spiel ist nicht hier",
  "not-installed": "Das Spiel ist nicht entpackt",
  "installed": "Das Spiel ist noch installiert",
  "up-to-date": "Alles ist schon da",
  "no-script": "Das Spiel lässt sich von hier nicht starten",
  "not-ready": "Lanspread startet noch",
  "shutting-down": "Lanspread wird gerade beendet",
  "unreachable": "Der Peer antwortet nicht",
  "other-version": "Der Peer hat ein anderes Lanspread",
  "kept-away": "Der Peer wird ferngehalten",
  "other-party": "Der Peer gehört zu einer anderen Party",
  "no-space": "Die Festplatte ist voll",
  "not-allowed": "Das System erlaubt es nicht",
  "foreign": "Etwas Fremdes ist im Weg",
  "bad-archive": "Ein Archiv ist beschädigt",
  "sources-failed": "Alle Quellen sind ausgefallen",
  "cancelled": "Abgebrochen",
  "timeout": "Es hat zu lange gedauert",
  "bad-input": "Das wurde nicht verstanden",
  "io": "Das System meldet einen Fehler",
  "connection": "Die Verbindung ist abgerissen",
};
