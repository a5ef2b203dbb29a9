// What was read of what people say, and what fits into one message.
//
// Invariant: numbers count up within one run of the peer, so what was read is known by number and time
// together: after a restart the same number is another message. What was said here is never unread.

import type { Message } from "../api/types.ts";

/** Most bytes of one message, as the peer takes them. */
export const TEXT_BYTES_MAX = 500;

/** From so many bytes on it is told how many are left. */
export const TEXT_BYTES_FULL = 400;

/** The newest message that was read. */
export type Read = Pick<Message, "number" | "at_ms"> | null;

const KEY = "lanspread-read";

/** The messages that were not read, the newest last. */
export function unread(messages: readonly Message[], read: Read): Message[] {
  const last = readNumber(messages, read);
  return messages.filter((message) => !message.own && message.number > last);
}

/** Up to which number of this run was read. */
function readNumber(messages: readonly Message[], read: Read): number {
  if (read === null) return 0;
  const same = messages.find(({ number }) => number === read.number);
  if (same) return same.at_ms === read.at_ms ? read.number : 0;
  // It is shown no more, or belongs to a run before: then numbers have not come so far yet.
  const newest = messages.at(-1)?.number ?? 0;
  return newest > read.number ? read.number : 0;
}

/** What is read when all of these are; the same as before if there are none. */
export function readAll(messages: readonly Message[], before: Read): Read {
  const newest = messages.at(-1);
  if (newest === undefined) return before;
  const { number, at_ms } = newest;
  return before?.number === number && before.at_ms === at_ms ? before : { number, at_ms };
}

/** Bytes of a message as the peer counts them. */
export function textBytes(text: string): number {
  return new TextEncoder().encode(text.trim().replace(/\s+/g, " ")).length;
}

/** What was kept, as far as it can be read. */
export function loadRead(storage: Pick<Storage, "getItem">): Read {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "null");
    if (typeof kept !== "object" || kept === null) return null;
    const { number, at_ms } = kept as Record<string, unknown>;
    return typeof number === "number" && typeof at_ms === "number" ? { number, at_ms } : null;
  } catch {
    return null;
  }
}

/** Keeps it. A browser that refuses costs no more than a mark that comes again. */
export function saveRead(storage: Pick<Storage, "setItem">, read: Read): void {
  try {
    storage.setItem(KEY, JSON.stringify(read));
  } catch {
    return;
  }
}
