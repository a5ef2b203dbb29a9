// What the peer tells as facts, in the words of a language: waits, problems, notes, who is kept away and why.
//
// Invariant: pure. Every kind has words of its own; names of peers and games stand in them, and no ids.

import type { AwayReason, NamedPeer, Note, Problem, WaitReason } from "../api/types.ts";
import type { Texts } from "../i18n/texts.ts";
import type { Formats } from "./format.ts";

const names = (peers: readonly NamedPeer[]) => peers.map(({ name }) => name);

/** For what an operation on a game waits: a sentence of its own. */
export function waitWords({ told: { waits } }: Texts, why: WaitReason, title: string): string {
  switch (why.kind) {
    case "files-in-use":
    case "retry":
      return waits[why.kind];
    case "source":
    case "no-peer":
    case "no-peer-has-files":
      return waits[why.kind](title);
    case "asking":
      return waits.asking(why.peer.name);
    case "no-peer-has-version":
      return waits[why.kind](
        why.expected,
        why.found.map(({ version, peers }) => waits.found(version, names(peers))).join(", "),
      );
    case "no-peer-has-pinned":
    case "hashing":
      return waits[why.kind](why.version, names(why.peers));
  }
}

/** Why a peer is kept away, and for how long. */
export function awayWords({ told }: Texts, format: Formats, reason: AwayReason): string {
  const time = format.duration(reason.time_ms);
  switch (reason.kind) {
    case "misconduct":
      return told.away.misconduct(time, told.offences[reason.offence]);
    case "expelled":
      return told.away.expelled[reason.by](time);
  }
}

/** What is wrong with a game that is here. */
export function problemWords({ told: { problems } }: Texts, { kind, file }: Problem): string {
  switch (kind) {
    case "damaged":
    case "bad-name":
      return problems[kind](file ?? "");
    default:
      return problems[kind];
  }
}

/** Something about an operation that ended; what of it is open stands in `detail`, in English. */
export interface NoteWords {
  words: string;
  detail: string | null;
}

/** What a finished operation tells beside its figures. */
export function noteWords({ told }: Texts, note: Note): NoteWords {
  const { notes } = told;
  const whole = (words: string): NoteWords => ({ words, detail: null });
  switch (note.kind) {
    case "files-stay":
      return whole(notes[note.kind](note.names, note.more));
    case "taken":
      return whole(notes.taken(note.files));
    case "kept-aside":
      return whole(notes[note.kind](note.files, note.folder));
    case "not-taken":
      return whole(notes[note.kind](note.entries));
    case "left-out":
      return whole(notes[note.kind](note.entry, note.archive, told.leftOut[note.why]));
    case "nothing-to-compare":
      return whole(notes[note.kind](note.version));
    case "all-right":
      return whole(notes[note.kind]);
    case "intent-damaged":
    case "not-looked-at":
      return { words: notes[note.kind], detail: note.detail };
  }
}
