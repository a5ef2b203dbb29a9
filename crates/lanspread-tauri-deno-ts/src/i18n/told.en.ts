// What the peer tells as facts, as sentences in English: waits, problems, notes, who is kept away and why.
//
// Invariant: it is a part of the English catalog, and every kind of `types.ts` has its sentence.

import { counting, isolated } from "./plurals.ts";

const n = counting("en");

const list = (names: readonly string[]) => names.map(isolated).join(", ");
/** Which of two forms fits so many names. */
const verb = (names: readonly string[], one: string, more: string) =>
  names.length === 1 ? one : more;

export const toldEn = {
  exact: "Exact wording",

  waits: {
    "files-in-use":
      "Waits until nobody fetches the game from here any more, and its files are checked",
    "source": (title: string) => `Waits for a peer that has what is missing of ${isolated(title)}`,
    "asking": (name: string) => `Waits for ${isolated(name)}, who is asked which files there are`,
    "retry": "All sources failed; they are asked again in a moment",
    "no-peer": (title: string) => `Waits for a peer that has ${isolated(title)}`,
    "no-peer-has-files": (title: string) =>
      `Waits for a peer that has these very files of ${isolated(title)}`,
    "no-peer-has-version": (expected: string, found: string) =>
      `Waits for a peer that has version ${expected}, which this party plays. There is ${found}`,
    "found": (version: string, names: string[]) => `${version} at ${list(names)}`,
    "no-peer-has-pinned": (version: string, names: string[]) =>
      `Waits for a peer with the files of version ${version} that the catalog names. ${
        list(names)
      } ${verb(names, "has", "have")} other files, which are not taken`,
    "hashing": (version: string, names: string[]) =>
      `Waits for ${list(names)}, who still ${
        verb(names, "checks", "check")
      } the files of version ${version}`,
  },

  away: {
    misconduct: (time: string, offence: string) => `Kept away for ${time}, because it ${offence}`,
    expelled: {
      "this-peer": (time: string) => `Expelled here for ${time}`,
      "organiser": (time: string) => `Expelled by the organiser of this party for ${time}`,
    },
  },

  offences: {
    "wrong-bytes": "sent wrong bytes again and again",
    "false-manifest": "sent lists of files that are not what it announced",
    "false-library": "sent a library that is not what it announced",
    "broken-answer": "gave answers that break the protocol",
    "trickled-answer": "gave its answers a few bytes at a time",
    "impersonation": "claimed to be another peer",
    "foreign-address": "gave the address of somebody else as its own",
    "malformed-request": "sent requests that are no messages",
    "silent-stream": "opened connections and asked nothing on them",
    "abandoned-stream": "opened connections and broke them off",
    "announce-storm": "announced itself faster than anybody can follow",
    "request-storm": "asked far more than it may",
  },

  problems: {
    "damaged": (file: string) =>
      `${
        isolated(file)
      } is not what was downloaded. Checking the files repairs it; deleting the game and getting it again does too.`,
    "bad-name": (file: string) =>
      `${isolated(file)} has a name that not every system can hold. Rename it or move it away.`,
    "unfit": "Its files cannot be shared as they are.",
    "no-version": "Its version.ini holds no version.",
    "in-the-way":
      "Something that Lanspread did not make stands in the way. Look what it is, and move it away.",
    "newer": "A newer Lanspread is in the middle of something here. Start that one.",
    "not-allowed": "The system does not let Lanspread read its files.",
    "unreadable": "The disk does not give its files.",
    "not-in-catalog": "It is not in the catalog of this party, so it is not shared.",
    "not-pinned":
      "These are not the files that the catalog names, so they are not shared. Checking the files fetches the right ones.",
  },

  folders: {
    "gone": "The folder is not there, such as one on a disk that is not plugged in.",
    "no-folder": "Something that is no folder stands in its place.",
    "not-allowed": "The system does not let Lanspread use it.",
    "full": "The disk is full.",
    "hangs": "The disk does not answer.",
    "broken": "The disk reports a fault.",
  },

  discovery: {
    "no-interface":
      "This PC is not announced: no network is there, or another program keeps UDP port 5353 to itself. It is tried again by itself.",
    "fails":
      "The system refuses something that finding each other needs. It is tried again in a moment.",
  },

  notes: {
    "files-stay": (names: string[], more: number) =>
      `The new version does not have these files, and they may be yours, so they stay: ${
        list(names)
      }${more === 0 ? "" : ` and ${more} more`}`,
    "taken": (files: number) =>
      n(files, {
        one: "One of your files was taken to the new version",
        other: "# of your files were taken to the new version",
      }),
    "kept-aside": (files: number, folder: string) =>
      n(files, {
        one: "One of your files differs from that of the new version and is kept in ",
        other: "# of your files differ from those of the new version and are kept in ",
      }) + isolated(folder),
    "not-taken": (entries: number) =>
      n(entries, {
        one: "One link or special file could not be taken to the new version",
        other: "# links or special files could not be taken to the new version",
      }),
    "intent-damaged":
      "What Lanspread had noted of an interrupted change was damaged; what lies there was judged by itself",
    "left-out": (entry: string, archive: string, why: string) =>
      `${isolated(entry)} of ${isolated(archive)} was left out: ${why}`,
    "not-looked-at": "The folder could not be read again",
    "all-right": "Every byte is as it should be",
    "nothing-to-compare": (version: string | null) =>
      `Every byte could be read, but no other peer has ${
        version === null ? "it" : `version ${version}`
      }: there is nothing to compare with`,
  },

  leftOut: {
    "dangling-link": "the link points to nothing in the archives",
    "links-unavailable": "this system does not allow links here",
    "not-a-file": "it is no file",
  },
};
