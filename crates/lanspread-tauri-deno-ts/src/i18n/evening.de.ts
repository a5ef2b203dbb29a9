// The words of "Can we start?", in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import type { eveningEn } from "./evening.en.ts";
import { counting, isolated } from "./plurals.ts";

const n = counting("de");

export const eveningDe: typeof eveningEn = {
  title: "Können wir anfangen?",
  table: "Die Spiele des Abends und wer dafür bereit ist",
  proposed: "Das sind die Spiele, die die meisten haben. Mit „Heute Abend“ wählst du eigene.",
  none: "Noch hat niemand ein Spiel, das man spielen könnte.",
  guest: "Peer",
  add: "Spiel dazunehmen",
  addNone: "Wählen…",
  remove: "Vom Abend nehmen",
  tonight: "Heute Abend",
  tonightHint: "Zeigt unter Party, wer dafür bereit ist",
  full: (count) =>
    `${n(count, { one: "# Spiel passt", other: "# Spiele passen" })} nebeneinander, mehr nicht.`,
  noPlayer: "teilt nur",
  noPlayers: "Niemand hier könnte spielen",
  allReady: (count) => `Alle ${count} sind bereit`,
  ready: (ready, count) => `${ready} von ${count} bereit`,
  more: (count) => n(count, { one: "und # weiterer", other: "und # weitere" }),
  states: {
    "ready": "Bereit",
    "packed": "Nicht entpackt",
    "unpacking": "Entpackt",
    "downloading": "Lädt",
    "waiting": "Wartet",
    "old": "Alte Version",
    "missing": "Fehlt",
    "disk-full": "Kein Platz",
    "unknown": "Noch unbekannt",
    "shares": "Teilt es",
    "absent": "Hat es nicht",
  },
  space: (needs, has) => `braucht ${needs}, hat ${has}`,
  left: (time) => `noch ${time}`,
  sentences: {
    "ready": (name) => `${isolated(name)} ist bereit`,
    "packed": (name) => `${isolated(name)} muss es noch entpacken`,
    "unpacking": (name) => `${isolated(name)} entpackt es`,
    "downloading": (name) => `${isolated(name)} lädt es`,
    "waiting": (name) => `${isolated(name)} wartet darauf`,
    "old": (name) => `${isolated(name)} hat eine andere Version`,
    "missing": (name) => `${isolated(name)} hat es nicht`,
    "disk-full": (name) => `${isolated(name)} hat keinen Platz`,
    "unknown": (name) => `${isolated(name)} ist noch unbekannt`,
    "shares": (name) => `${isolated(name)} teilt es`,
    "absent": (name) => `${isolated(name)} hat es nicht`,
  },
  leftOf: (name, time) => `${isolated(name)} ${time}`,
  noRoomOf: (name, needs, has) =>
    `${isolated(name)} hat keinen Platz (braucht ${needs}, hat ${has})`,
  version: (version) => `Lanspread ${version}`,
  free: (bytes) => `${bytes} frei`,
  playing: "spielt",
  noFolder: "Spieleordner nicht lesbar",
  lowSpace: "wenig freier Platz",
  saysNothing: "sagt nichts über sich",
  operation: (what, title) => `${what}: ${isolated(title)}`,
  from: (rate) => `sendet dir ${rate}`,
  fetches: (rate) => `lädt ${rate}`,
  fetchesHere: (rate) => `lädt ${rate} von dir`,
  fetchesPartly: (rate, here) => `lädt ${rate}, davon ${here} von dir`,
};
