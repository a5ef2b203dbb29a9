// The words of downloads that take their turn, in English.
//
// Invariant: it is a part of the English catalog.

import { counting } from "./plurals.ts";

const n = counting("en");
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

const ordinal = (place: number) => `${place}${ENDINGS[ordinals.select(place)] ?? "th"}`;

export const queueEn = {
  title: "Up next",
  ahead: (count: number, bytes: string) =>
    `${n(count, { one: "# game", other: "# games" })}, ${bytes}. Two are fetched at the same time.`,
  waiting: (place: number) =>
    place === 1 ? "Next in line" : `Waits for its turn, ${ordinal(place)} in line`,
  paused: "Paused",
  pausedHint: "What has come stays here; it goes on from there.",
  here: (share: string, done: string, total: string) => `${share}: ${done} of ${total} are here`,
  partly: (share: string) => `${share} here`,
  unfinished: "An unfinished download lies here",
  unfinishedHint: "What of it is still whole is checked when it goes on.",
  waitingHint: "It begins by itself when its turn comes.",
  up: "Move up",
  down: "Move down",
};
