// A headline in German for each kind of error, and what it means and what to do.
//
// Invariant: the kinds are those of the English catalog; a missing one does not compile.

import type { errorsEn } from "./errors.en.ts";

export const errorsDe: typeof errorsEn = {
  "unknown-game": {
    title: "Dieses Spiel ist nicht bekannt",
    body:
      "Weder dieser PC noch jemand, der verbunden ist, hat es. Wer es hatte, ist vielleicht gegangen.",
  },
  "not-in-catalog": {
    title: "Kein Spiel dieser Party",
    body: "Es steht nicht im Katalog. Bitte den Veranstalter, es aufzunehmen.",
  },
  "busy": {
    title: "Mit diesem Spiel passiert gerade etwas anderes",
    body: "Warte, bis das zu Ende ist, oder beende es, und versuche es dann noch einmal.",
  },
  "no-operation": {
    title: "Es gibt nichts abzubrechen",
    body: "Es ist schon zu Ende oder hat nie begonnen.",
  },
  "no-source": {
    title: "Niemand hat die Dateien",
    body:
      "Kein Peer, der verbunden ist, hat, was gebraucht wird. Versuche es wieder, wenn jemand mit dieser Version da ist.",
  },
  "conflict": {
    title: "Die Peers sind sich über die Dateien uneins",
    body:
      "Unter derselben Version gibt es verschiedene Dateien. Einigt euch, wessen richtig sind; die anderen prüfen oder löschen ihre.",
  },
  "not-downloaded": {
    title: "Das Spiel ist nicht hier",
    body: "Seine Dateien sind nicht auf diesem PC. Hole es zuerst.",
  },
  "not-installed": {
    title: "Das Spiel ist nicht entpackt",
    body: "Entpacke es zuerst.",
  },
  "installed": {
    title: "Das Spiel ist noch installiert",
    body: "Deinstalliere es zuerst; danach lassen sich seine Dateien löschen.",
  },
  "up-to-date": {
    title: "Alles ist schon da",
    body: "Es ist in der Version hier, die diese Party spielt. Es gibt nichts zu tun.",
  },
  "no-script": {
    title: "Das Spiel lässt sich von hier nicht starten",
    body:
      "Es bringt nichts mit, was dieses System starten könnte. Öffne seinen Ordner und starte es von Hand.",
  },
  "not-ready": {
    title: "Lanspread startet noch",
    body: "Versuche es gleich noch einmal.",
  },
  "folder-away": {
    title: "Der Spieleordner dafür ist nicht lesbar",
    body: "Schließ die Platte an, auf der er liegt, oder wähle in den Optionen andere Ordner.",
  },
  "folders-clash": {
    title: "Diese Ordner gehen nicht zusammen",
    body:
      "Jeder steht einmal da, keiner liegt in einem anderen, und in keinem liegen Lanspreads eigene Dateien.",
  },
  "shutting-down": {
    title: "Lanspread wird gerade beendet",
    body: "Starte es neu; was schon gekommen ist, bleibt erhalten.",
  },
  "unreachable": {
    title: "Der Peer antwortet nicht",
    body: "Läuft Lanspread dort, stimmt die Adresse, und lässt die Firewall dort es herein?",
  },
  "other-version": {
    title: "Der Peer hat ein anderes Lanspread",
    body: "Die beiden verstehen einander nicht. Installiert auf beiden PCs dieselbe Ausgabe.",
  },
  "kept-away": {
    title: "Der Peer wird ferngehalten",
    body:
      "Er hat sich danebenbenommen oder wurde ausgeschlossen. Unter Party steht der Grund, und du kannst ihn wieder hereinlassen.",
  },
  "other-party": {
    title: "Der Peer gehört zu einer anderen Party",
    body:
      "Nur Peers mit demselben Partycode treffen sich. Vergleicht die Codes oder fragt den Veranstalter.",
  },
  "no-space": {
    title: "Die Festplatte ist voll",
    body:
      "Schaffe Platz: Lösche Spiele, die niemand mehr spielt, oder wähle einen Ordner auf einer anderen Platte.",
  },
  "not-allowed": {
    title: "Das System erlaubt es nicht",
    body:
      "Erlaube deinem Benutzer, dort zu schreiben, und schließe Programme, die die Datei benutzen.",
  },
  "foreign": {
    title: "Etwas Fremdes ist im Weg",
    body:
      "Was dort liegt, stammt nicht von Lanspread und wird nicht angerührt. Sieh nach, was es ist, und räume es weg.",
  },
  "bad-archive": {
    title: "Ein Archiv ist beschädigt",
    body: "Es lässt sich nicht entpacken. Lass die Dateien prüfen: Beschädigtes wird neu geholt.",
  },
  "sources-failed": {
    title: "Alle Quellen sind ausgefallen",
    body:
      "Wer es hatte, ist gegangen oder hat nichts Brauchbares geschickt. Was gekommen ist, bleibt; beginne noch einmal, wenn jemand das Spiel hat.",
  },
  "cancelled": {
    title: "Abgebrochen",
    body: "Es wurde beendet, bevor es fertig war.",
  },
  "timeout": {
    title: "Es hat zu lange gedauert",
    body: "Es kam nicht rechtzeitig eine Antwort. Versuche es noch einmal.",
  },
  "bad-input": {
    title: "Das wurde nicht verstanden",
    body:
      "Was eingegeben oder verlangt wurde, lässt sich nicht verwenden. Sieh es dir noch einmal an.",
  },
  "io": {
    title: "Das System meldet einen Fehler",
    body:
      "Eine Platte, eine Datei oder das Netz hat nicht getan, was es soll. Versuche es noch einmal; bleibt es so, sieh nach der Platte.",
  },
  "connection": {
    title: "Die Verbindung ist abgerissen",
    body:
      "Niemand weiß, ob es noch getan wurde. Sieh nach, und versuche es wieder, wenn die Verbindung zurück ist.",
  },
};
