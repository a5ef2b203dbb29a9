// The words around what people say to the party, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import { counting, isolated } from "./plurals.ts";
import type { sayEn } from "./say.en.ts";

const n = counting("de");

export const sayDe: typeof sayEn = {
  title: "Was die Leute sagen",
  none: "Noch hat niemand etwas gesagt.",
  label: "Allen etwas sagen",
  example: "Gleich: OpenArena, 20:30",
  send: "Sagen",
  left: (count) =>
    n(count, { one: "Platz für # Buchstaben", other: "Platz für etwa # Buchstaben" }),
  tooLong: "Das ist zu lang: Sag es in mehreren Nachrichten.",
  fresh: (count) => n(count, { one: "# neue Nachricht", other: "# neue Nachrichten" }),
  says: (name) => `${isolated(name)} sagt`,
  read: "Zur Party",
};
