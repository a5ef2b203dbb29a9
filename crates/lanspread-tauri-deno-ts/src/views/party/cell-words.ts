// The words of a cell, short for the table and whole for a sentence.
//
// Invariant: a figure stands only where the peer told it.

import type { Texts } from "../../i18n/texts.ts";
import type { Formats } from "../../state/format.ts";
import { type Cell, type Column, lacksRoom } from "../../state/matrix.ts";

/** More names than this make a sentence that nobody reads. */
const NAMES_MAX = 3;

/** What stands below a cell's state; `null` if there is nothing to add. */
export function cellFigure({ state, facts }: Cell, texts: Texts, format: Formats): string | null {
  const { running, freeBytes, needsBytes } = facts;
  if (state === "disk-full" && lacksRoom(freeBytes, needsBytes)) {
    return texts.evening.space(format.bytes(needsBytes), format.bytes(freeBytes));
  }
  if (state !== "downloading" && state !== "unpacking") return null;
  const { percent = null, timeLeftMs = null } = running ?? {};
  const parts = [
    percent === null ? null : format.percent(percent / 100),
    timeLeftMs === null ? null : format.duration(timeLeftMs),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}

/** What is said of one who is not ready. */
function cellSentence(name: string, { state, facts }: Cell, texts: Texts, format: Formats): string {
  const words = texts.evening;
  const { running, freeBytes, needsBytes } = facts;
  if (state === "disk-full" && lacksRoom(freeBytes, needsBytes)) {
    return words.noRoomOf(name, format.bytes(needsBytes), format.bytes(freeBytes));
  }
  if (state === "downloading" && running !== null) {
    if (running.timeLeftMs !== null) {
      return words.leftOf(name, format.duration(running.timeLeftMs));
    }
    if (running.percent !== null) return words.leftOf(name, format.percent(running.percent / 100));
  }
  return words.sentences[state](name);
}

/** How the party stands with one game, in one sentence. */
export function columnSentence(
  { ready, others }: Pick<Column, "ready" | "others">,
  texts: Texts,
  format: Formats,
): string {
  const words = texts.evening;
  const total = ready + others.length;
  if (total === 0) return words.noPlayers;
  if (others.length === 0) return words.allReady(total);
  const named = others.slice(0, NAMES_MAX)
    .map(({ name, cell }) => cellSentence(name, cell, texts, format));
  const more = others.length - named.length;
  return [words.ready(ready, total), ...named, ...(more > 0 ? [words.more(more)] : [])].join("; ");
}
