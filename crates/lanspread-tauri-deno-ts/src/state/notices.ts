// What happened, in the words of a language, and whom it was about.
//
// Invariant: pure. Every kind of notice has a sentence of its own; what of it is open stands in the peer's own
// words beside it, and only there.

import type { NoticeAbout } from "../api/types.ts";
import { errorWords, type Texts } from "../i18n/texts.ts";
import type { Formats } from "./format.ts";
import { awayWords } from "./told.ts";

/** Whom or what a notice is about: a game's id, or a name. */
export type Subject = { game: string } | { name: string };

/** Whom or what a notice is about, if it is anybody or anything of its own. */
export function subjectOf(about: NoticeAbout): Subject | null {
  switch (about.kind) {
    case "conflict":
    case "game-failed":
    case "source-dropped":
    case "script-failed":
    case "not-shared":
      return { game: about.id };
    case "peer-refused":
    case "peer-kept-away":
    case "peer-lost":
      return { name: about.name };
    case "connect-failed":
      return { name: about.addr };
    default:
      return null;
  }
}

/** What happened, as a sentence. */
export function noticeWords(texts: Texts, format: Formats, about: NoticeAbout): string {
  const { notices: words, told } = texts;
  switch (about.kind) {
    case "peer-refused":
    case "connect-failed":
    case "game-failed":
      return ofError(texts, about.error);
    case "peer-kept-away":
      return awayWords(texts, format, about.reason);
    case "peer-lost":
      return about.reason.kind === "silent"
        ? words.lost.silent(format.duration(about.reason.seconds * 1000))
        : words.lost[about.reason.kind];
    case "conflict": {
      const offered = words.conflict.offered(about.version, format.number(about.sets));
      return `${offered} ${words.conflict[about.result]}`;
    }
    case "source-dropped":
      return droppedWords(texts, format, about);
    case "script-failed":
      return about.script === "uninstall"
        ? `${words.scripts[about.fault]} ${words.uninstalled}`
        : words.scripts[about.fault];
    case "discovery-fails":
      return told.discovery[about.trouble];
    case "folder-unreadable":
      return told.folders[about.fault];
    case "more-folder-unreadable":
      return `${told.folders[about.fault]} ${words.moreFolderAway(about.path)}`;
    case "more-folder-readable":
      return words.moreFolderBack(about.path);
    case "found-twice":
      return words.foundTwice(about.games.join(", "));
    case "folder-read-only":
      return `${told.folders[about.fault]} ${words.readOnly}`;
    case "not-shared":
      return `${words.notShared} ${told.folders[about.fault]}`;
    case "folder-made":
      return words.folderMade(about.path);
    case "library-full":
      return words.libraryFull(format.number(about.games));
    case "state-file":
      return words.files[about.file];
    case "catalog-beside":
      return words.catalogBeside(about.path);
    case "catalog-rows":
      return words.catalogRows(format.number(about.more));
    default:
      return words[PLAIN[about.kind]];
  }
}

/** The kinds that say everything by themselves. */
const PLAIN = {
  "broken": "broken",
  "discovery-works": "discoveryWorks",
  "too-many-advertised": "tooManyAdvertised",
  "folder-readable": "folderReadable",
  "folder-writable": "folderWritable",
  "expulsions-not-kept": "expulsionsNotKept",
  "queue-not-kept": "queueNotKept",
  "catalog-row": "catalogRow",
  "no-covers": "noCovers",
  "no-control": "noControl",
} as const;

function ofError(texts: Texts, kind: string): string {
  const { title, body } = errorWords(texts, kind);
  return `${title}. ${body}`;
}

function droppedWords(
  { notices: { dropped } }: Texts,
  format: Formats,
  { name, reason }: Extract<NoticeAbout, { kind: "source-dropped" }>,
): string {
  switch (reason.kind) {
    case "wrong-bytes":
      return dropped[reason.kind](name, reason.file);
    case "failed":
      return dropped.failed(name, format.number(reason.attempts));
    case "protocol":
    case "refused":
      return dropped[reason.kind](name);
  }
}

/** Whether the peer's own words say more than the sentence does. */
export function isOpen(about: NoticeAbout): boolean {
  switch (about.kind) {
    case "peer-kept-away":
    case "conflict":
    case "discovery-works":
    case "too-many-advertised":
    case "folder-readable":
    case "more-folder-readable":
    case "folder-writable":
    case "folder-made":
    case "library-full":
    case "catalog-beside":
    case "catalog-rows":
      return false;
    case "peer-lost":
      return about.reason.kind === "connection";
    case "source-dropped":
      return about.reason.kind !== "wrong-bytes";
    default:
      return true;
  }
}
