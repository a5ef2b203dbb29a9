// The words of downloads that take their turn, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import { counting } from "./plurals.ts";
import type { queueEn } from "./queue.en.ts";

const n = counting("de");

export const queueDe: typeof queueEn = {
  title: "Danach",
  ahead: (count, bytes) =>
    `${
      n(count, { one: "# Spiel", other: "# Spiele" })
    }, ${bytes}. Zwei werden gleichzeitig geladen.`,
  waiting: (place) => place === 1 ? "Als Nächstes dran" : `Wartet, bis es dran ist, Platz ${place}`,
  paused: "Pausiert",
  pausedHint: "Was schon da ist, bleibt; von dort geht es weiter.",
  here: (share, done, total) => `${share}: ${done} von ${total} sind hier`,
  partly: (share) => `${share} hier`,
  unfinished: "Hier liegt ein unfertiger Download",
  unfinishedHint: "Was davon noch heil ist, wird geprüft, sobald es weitergeht.",
  waitingHint: "Es beginnt von selbst, sobald es dran ist.",
  up: "Nach oben",
  down: "Nach unten",
};
