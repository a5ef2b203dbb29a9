// What happened, in German: a title for each kind of notice, and its sentence.
//
// Invariant: it is a part of the German catalog.

import type { noticesEn } from "./notices.en.ts";
import { isolated } from "./plurals.ts";

export const noticesDe: typeof noticesEn = {
  titles: {
    "peer-refused": "Peer abgewiesen",
    "peer-kept-away": "Peer ferngehalten",
    "peer-lost": "Peer gegangen",
    "connect-failed": "Keine Verbindung",
    "conflict": "Dateien weichen ab",
    "game-failed": "Problem mit einem Spiel",
    "source-dropped": "Quelle fallen gelassen",
    "script-failed": "Ein Spiel endete mit einem Fehler",
    "broken": "Etwas funktioniert nicht",
    "discovery-fails": "Das Finden funktioniert nicht",
    "discovery-works": "Das Finden funktioniert wieder",
    "too-many-advertised": "Sehr viele Peers",
    "folder-unreadable": "Der Spieleordner ist nicht lesbar",
    "folder-readable": "Der Spieleordner ist wieder da",
    "more-folder-unreadable": "Ein Spieleordner ist nicht lesbar",
    "more-folder-readable": "Ein Spieleordner ist wieder da",
    "found-twice": "Spiele, die zweimal da sind",
    "folder-read-only": "In den Spieleordner lässt sich nicht schreiben",
    "folder-writable": "In den Spieleordner lässt sich wieder schreiben",
    "folder-made": "Spieleordner angelegt",
    "library-full": "Zu viele Spiele zum Teilen",
    "not-shared": "Ein Spiel lässt sich nicht teilen",
    "expulsions-not-kept": "Ausschlüsse werden nicht behalten",
    "queue-not-kept": "Die Warteschlange wird nicht behalten",
    "state-file": "Eine Datei von Lanspread war beschädigt",
    "catalog-beside": "Ein Katalog wird benutzt",
    "catalog-row": "Der Katalog hat eine fehlerhafte Zeile",
    "catalog-rows": "Der Katalog hat weitere fehlerhafte Zeilen",
    "no-covers": "Bilder der Spiele sind nicht brauchbar",
    "no-control": "Andere Programme erreichen diesen Peer nicht",
  },

  lost: {
    "goodbye": "Er hat sich verabschiedet.",
    "silent": (time) => `Seit ${time} war nichts von ihm zu hören.`,
    "kept-away": "Er wird ferngehalten.",
    "other-version": "Er hat inzwischen eine andere Version von Lanspread.",
    "other-party": "Er gehört nicht mehr zu dieser Party.",
    "connection": "Die Verbindung mit ihm ist abgerissen.",
  },

  conflict: {
    offered: (version, sets) =>
      `Version ${version} wird mit ${sets} verschiedenen Sätzen von Dateien angeboten.`,
    "pinned": "Geladen wird der, den der Katalog nennt.",
    "pinned-missing": "Den, den der Katalog nennt, hat niemand; deshalb wird keiner geladen.",
    "most": "Geladen wird der, den die meisten haben.",
    "tie":
      "Den einen haben so viele wie den anderen; deshalb wird keiner geladen: Bitte einigt euch.",
  },

  dropped: {
    "wrong-bytes": (name, file) =>
      `${isolated(name)} hat falsche Bytes von ${
        isolated(file)
      } geschickt. Keines davon wurde behalten.`,
    "protocol": (name) => `Was ${isolated(name)} geschickt hat, ergibt keinen Sinn.`,
    "refused": (name) => `${isolated(name)} hat es nicht hergegeben.`,
    "failed": (name, times) => `${isolated(name)} ist ${times}-mal hintereinander ausgefallen.`,
  },

  scripts: {
    "not-prepared": "Was vor dem Start zu tun ist, ließ sich nicht tun.",
    "not-started": "Sein Skript ließ sich nicht starten.",
    "ended-badly": "Sein Skript endete mit einem Fehler.",
    "too-long": "Sein Skript brauchte zu lange und wurde beendet.",
  },
  uninstalled: "Deinstalliert wird es trotzdem.",

  files: {
    "identity":
      "Der Schlüssel dieses Peers war nicht brauchbar. Er ist jetzt ein neuer Peer, den die anderen noch nicht kennen.",
    "expelled":
      "Die Liste der Ausgeschlossenen war nicht brauchbar. Von hier aus ist niemand mehr ausgeschlossen.",
    "rates": "Die Grenzen der Übertragungen waren nicht brauchbar. Nichts ist mehr begrenzt.",
    "settings": "Die Einstellungen waren nicht brauchbar. Sie beginnen von vorn.",
    "queue": "Die wartenden Downloads waren nicht lesbar. Es wartet nichts mehr.",
  },

  broken: "Lanspread kann nicht weitermachen und wird beendet.",
  discoveryWorks: "Die Peers finden einander wieder von selbst.",
  tooManyAdvertised:
    "In diesem Netz kündigen sich mehr Peers an, als verfolgt werden. Die übrigen warten, bis einer geht.",
  folderReadable: "Er ist wieder lesbar.",
  moreFolderAway: (path) => `Seine Spiele warten auf ihn: ${isolated(path)}`,
  moreFolderBack: (path) => `${isolated(path)} ist wieder lesbar.`,
  foundTwice: (ids) => `Es gilt der erste deiner Ordner, der sie hat: ${ids}`,
  folderWritable: "Spiele lassen sich wieder laden und entpacken.",
  readOnly: "Seine Spiele lassen sich teilen, aber keine laden oder entpacken.",
  folderMade: (path) => `${isolated(path)} war nicht da und wurde angelegt.`,
  libraryFull: (games) =>
    `${games} Spiele sind hier, mehr als sich teilen lassen. Die letzten nach ihrer Kennung werden nicht geteilt.`,
  notShared: "Seine Dateien ließen sich nicht prüfen.",
  expulsionsNotKept: "Wer ausgeschlossen wurde, bleibt es nur, bis dieser Peer beendet wird.",
  queueNotKept:
    "Endete Lanspread jetzt, wären wartende Downloads vergessen. Ist die Platte mit seinen eigenen Dateien voll?",
  catalogBeside: (path) =>
    `${isolated(path)} liegt neben den Spielen und bestimmt, welche davon zu dieser Party gehören.`,
  catalogRow: "Eine Zeile des Katalogs wird nicht benutzt.",
  catalogRows: (count) => `So viele weitere Zeilen des Katalogs werden nicht benutzt: ${count}.`,
  noCovers: "Ihr Archiv neben dem Katalog lässt sich nicht entpacken. Ersetze es, und starte neu.",
  noControl: "Befehle im Terminal erreichen diesen Peer nicht.",
};
