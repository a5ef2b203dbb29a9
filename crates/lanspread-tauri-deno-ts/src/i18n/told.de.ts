// What the peer tells as facts, as sentences in German.
//
// Invariant: it is a part of the German catalog.

import { counting, isolated } from "./plurals.ts";
import type { toldEn } from "./told.en.ts";

const n = counting("de");

const list = (names: readonly string[]) => names.map(isolated).join(", ");
const verb = (names: readonly string[], one: string, more: string) =>
  names.length === 1 ? one : more;

export const toldDe: typeof toldEn = {
  exact: "Genauer Wortlaut",

  waits: {
    "files-in-use":
      "Wartet, bis niemand mehr das Spiel von hier lädt und seine Dateien geprüft sind",
    "source": (title) => `Wartet auf einen Peer, der hat, was von ${isolated(title)} noch fehlt`,
    "asking": (name) => `Wartet auf ${isolated(name)}: Dort wird gefragt, welche Dateien es gibt`,
    "retry": "Alle Quellen sind ausgefallen; sie werden gleich noch einmal gefragt",
    "no-peer": (title) => `Wartet auf einen Peer, der ${isolated(title)} hat`,
    "no-peer-has-files": (title) =>
      `Wartet auf einen Peer, der genau diese Dateien von ${isolated(title)} hat`,
    "no-peer-has-version": (expected, found) =>
      `Wartet auf einen Peer mit Version ${expected}, die diese Party spielt. Es gibt ${found}`,
    "found": (version, names) => `${version} bei ${list(names)}`,
    "no-peer-has-pinned": (version, names) =>
      `Wartet auf einen Peer mit den Dateien von Version ${version}, die der Katalog nennt. ${
        list(names)
      } ${verb(names, "hat", "haben")} andere, die nicht genommen werden`,
    "hashing": (version, names) =>
      `Wartet auf ${list(names)}: Dort werden die Dateien von Version ${version} noch geprüft`,
  },

  away: {
    misconduct: (time, offence) => `Für ${time} ferngehalten: ${offence}`,
    expelled: {
      "this-peer": (time) => `Hier für ${time} ausgeschlossen`,
      "organiser": (time) => `Vom Veranstalter dieser Party für ${time} ausgeschlossen`,
    },
  },

  offences: {
    "wrong-bytes": "hat immer wieder falsche Bytes geschickt",
    "false-manifest": "hat andere Dateilisten geschickt als angekündigt",
    "false-library": "hat eine andere Spieleliste geschickt als angekündigt",
    "broken-answer": "gab Antworten, die gegen das Protokoll verstoßen",
    "trickled-answer": "gab seine Antworten nur tröpfchenweise",
    "impersonation": "gab sich als ein anderer Peer aus",
    "foreign-address": "gab die Adresse eines anderen als die eigene aus",
    "malformed-request": "schickte Anfragen, die keine sind",
    "silent-stream": "öffnete Verbindungen und fragte nichts",
    "abandoned-stream": "öffnete Verbindungen und brach sie wieder ab",
    "announce-storm": "meldete sich schneller an, als irgendjemand folgen kann",
    "request-storm": "fragte weit mehr, als erlaubt ist",
  },

  problems: {
    "damaged": (file) =>
      `${
        isolated(file)
      } ist nicht, was geladen wurde. „Dateien prüfen“ repariert es; löschen und neu holen hilft auch.`,
    "bad-name": (file) =>
      `${
        isolated(file)
      } hat einen Namen, den nicht jedes System kennt. Benenne die Datei um oder räume sie weg.`,
    "unfit": "So, wie seine Dateien sind, lassen sie sich nicht teilen.",
    "no-version": "In seiner version.ini steht keine Version.",
    "in-the-way":
      "Etwas, das nicht von Lanspread stammt, ist im Weg. Sieh nach, was es ist, und räume es weg.",
    "newer": "Ein neueres Lanspread ist hier mitten bei der Arbeit. Starte dieses.",
    "not-allowed": "Das System lässt Lanspread seine Dateien nicht lesen.",
    "unreadable": "Die Platte gibt seine Dateien nicht her.",
    "not-in-catalog": "Es steht nicht im Katalog dieser Party, deshalb wird es nicht geteilt.",
    "not-pinned":
      "Das sind nicht die Dateien, die der Katalog nennt, deshalb werden sie nicht geteilt. „Dateien prüfen“ holt die richtigen.",
  },

  folders: {
    "gone": "Der Ordner ist nicht da, etwa weil seine Platte nicht angesteckt ist.",
    "no-folder": "An seiner Stelle liegt etwas, das kein Ordner ist.",
    "not-allowed": "Das System lässt Lanspread ihn nicht benutzen.",
    "full": "Die Platte ist voll.",
    "hangs": "Die Platte antwortet nicht.",
    "broken": "Die Platte meldet einen Fehler.",
  },

  discovery: {
    "no-interface":
      "Dieser PC wird nicht angekündigt: Es ist kein Netz da, oder ein anderes Programm hält UDP-Port 5353 für sich. Es wird von selbst weiter versucht.",
    "fails":
      "Das System verweigert etwas, das zum Finden nötig ist. Es wird gleich noch einmal versucht.",
  },

  notes: {
    "files-stay": (names, more) =>
      `Die neue Version hat diese Dateien nicht, und sie könnten deine sein, deshalb bleiben sie: ${
        list(names)
      }${more === 0 ? "" : ` und ${more} weitere`}`,
    "taken": (files) =>
      n(files, {
        one: "Eine deiner Dateien wurde in die neue Version übernommen",
        other: "# deiner Dateien wurden in die neue Version übernommen",
      }),
    "kept-aside": (files, folder) =>
      n(files, {
        one: "Eine deiner Dateien weicht von der neuen Version ab und liegt in ",
        other: "# deiner Dateien weichen von der neuen Version ab und liegen in ",
      }) + isolated(folder),
    "not-taken": (entries) =>
      n(entries, {
        one: "Eine Verknüpfung oder besondere Datei ließ sich nicht übernehmen",
        other: "# Verknüpfungen oder besondere Dateien ließen sich nicht übernehmen",
      }),
    "intent-damaged":
      "Was Lanspread sich zu einer unterbrochenen Änderung gemerkt hatte, war beschädigt; was dort liegt, wurde für sich beurteilt",
    "left-out": (entry, archive, why) =>
      `${isolated(entry)} aus ${isolated(archive)} wurde ausgelassen: ${why}`,
    "not-looked-at": "Der Ordner ließ sich nicht noch einmal lesen",
    "all-right": "Jedes Byte ist, wie es sein soll",
    "nothing-to-compare": (version) =>
      `Jedes Byte war lesbar, aber kein anderer Peer hat ${
        version === null ? "es" : `Version ${version}`
      }: Es gibt nichts zum Vergleichen`,
  },

  leftOut: {
    "dangling-link": "Die Verknüpfung zeigt auf nichts in den Archiven",
    "links-unavailable": "Dieses System erlaubt hier keine Verknüpfungen",
    "not-a-file": "Es ist keine Datei",
  },
};
