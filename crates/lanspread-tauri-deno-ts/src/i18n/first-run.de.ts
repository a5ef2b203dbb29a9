// The words of the first start, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import type { firstRunEn } from "./first-run.en.ts";

export const firstRunDe: typeof firstRunEn = {
  title: "Willkommen auf der Party",
  body: "Zwei Angaben, und du bist dabei. Beide lassen sich später ändern.",
  name: "Dein Name",
  nameHint: "So sehen dich die anderen, und so nennen dich Spiele.",
  nameMissing: "Irgendwie müssen dich die anderen nennen.",
  folder: "Wo deine Spiele liegen",
  folderHint: "Hierhin kommen Spiele, die du holst. Fehlt der Ordner, wird er angelegt.",
  folderMissing: "Irgendwo müssen die Spiele liegen.",
  choose: "Wählen…",
  join: "Mitmachen",
  joining: "Gleich geht es los…",
};
