// The words for guests, who look at another PC's page, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import type { guestEn } from "./guest.en.ts";
import { counting, isolated } from "./plurals.ts";

const n = counting("de");

export const guestDe: typeof guestEn = {
  take: "Als ZIP laden",
  takeBrief: "ZIP",
  canTake: "Lässt sich laden",
  elsewhere: "Auf anderen PCs",
  takeHint: (host) =>
    `Es kommt als eine ZIP-Datei von ${
      isolated(host)
    }. Mit Lanspread käme es von allen, die es haben, würde geprüft und ließe sich von hier starten.`,
  hasProblem: (host) =>
    `Mit den Dateien auf dem PC von ${
      isolated(host)
    } stimmt etwas nicht, deshalb lässt es sich dort nicht laden.`,
  heldBy: (names, more) =>
    `Es liegt nicht auf dem PC dieser Seite, aber bei ${names.map(isolated).join(", ")}${
      more > 0 ? n(more, { one: " und # weiteren Peer", other: " und # weiteren Peers" }) : ""
    }. Lanspread holt es von dort.`,
  heldByNobody: "Bisher hat es niemand zu dieser Party mitgebracht.",
  strip: (host) => `Du siehst als Gast den PC von ${isolated(host)}.`,
  stripLink: "Was das heißt",
  versionThere: (host) => `Version bei ${isolated(host)}`,
  host: "von hier kommt diese Seite",
  toHost: (host) => `sendet an ${isolated(host)}`,
  fromHost: (host) => `lädt von ${isolated(host)}`,
  lookingTitle: (host) => `Du siehst den PC von ${isolated(host)}`,
  lookingBody:
    "Du siehst die Spiele und die Peers dieser Party und kannst Spiele als ZIP-Dateien laden. Um etwas zu ändern, brauchst du Lanspread auf deinem eigenen PC, oder den Link mit dem Token vom Besitzer dieses PCs.",
  installTitle: "Besser: selbst mitmachen",
  installSteps: [
    "Frag nach Lanspread, wer dich hergebracht hat; es ist ein einziges Programm.",
    "Starte es auf deinem PC, im selben Netz wie die anderen. Es fragt nach deinem Namen und einem Ordner.",
    "Es findet die anderen von selbst, und jedes Spiel ist einen Klick entfernt.",
  ],
  zipTitle: "Was mit einer ZIP-Datei zu tun ist",
  zipSteps: [
    "Entpacke sie in einen eigenen Ordner.",
    "Die Archive darin enthalten das eigentliche Spiel; entpacke auch sie.",
    "Starte das Spiel mit dem Skript, dessen Name mit game_start beginnt.",
  ],
};
