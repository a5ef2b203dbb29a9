// What happened, in English: a title for each kind of notice, and its sentence.
//
// Invariant: it is a part of the English catalog. Notices of an error are told by the error's own words.

import { isolated } from "./plurals.ts";

export const noticesEn = {
  titles: {
    "peer-refused": "Peer turned away",
    "peer-kept-away": "Peer kept away",
    "peer-lost": "Peer left",
    "connect-failed": "Could not connect",
    "conflict": "Files differ",
    "game-failed": "Problem with a game",
    "source-dropped": "Source dropped",
    "script-failed": "A game ended with an error",
    "broken": "Something does not work",
    "discovery-fails": "Finding each other does not work",
    "discovery-works": "Finding each other works again",
    "too-many-advertised": "Very many peers",
    "folder-unreadable": "The games folder cannot be read",
    "folder-readable": "The games folder is back",
    "more-folder-unreadable": "A games folder cannot be read",
    "more-folder-readable": "A games folder is back",
    "found-twice": "Games that are here twice",
    "folder-read-only": "The games folder cannot be written to",
    "folder-writable": "The games folder can be written to again",
    "folder-made": "Games folder made",
    "library-full": "Too many games to share",
    "not-shared": "A game cannot be shared",
    "expulsions-not-kept": "Expulsions are not kept",
    "queue-not-kept": "The queue is not kept",
    "state-file": "A file of Lanspread was damaged",
    "catalog-beside": "A catalog is used",
    "catalog-row": "The catalog has a bad row",
    "catalog-rows": "The catalog has more bad rows",
    "no-covers": "Pictures of games cannot be used",
    "no-control": "Other programs cannot reach this peer",
  },

  lost: {
    "goodbye": "It said goodbye.",
    "silent": (time: string) => `Nothing was heard of it for ${time}.`,
    "kept-away": "It is kept away.",
    "other-version": "It runs another version of Lanspread by now.",
    "other-party": "It is not of this party any more.",
    "connection": "The connection with it broke.",
  },

  conflict: {
    offered: (version: string, sets: string) =>
      `Version ${version} is offered with ${sets} different sets of files.`,
    "pinned": "The one that the catalog names is fetched.",
    "pinned-missing": "Nobody has the one that the catalog names, so none is fetched.",
    "most": "The one that most peers have is fetched.",
    "tie": "As many peers have the one as the other, so none is fetched: please agree.",
  },

  dropped: {
    "wrong-bytes": (name: string, file: string) =>
      `${isolated(name)} sent wrong bytes of ${isolated(file)}. None of them was kept.`,
    "protocol": (name: string) => `${isolated(name)} sent what makes no sense.`,
    "refused": (name: string) => `${isolated(name)} did not give it.`,
    "failed": (name: string, times: string) => `${isolated(name)} failed ${times} times in a row.`,
  },

  scripts: {
    "not-prepared": "What has to be done before its start could not be done.",
    "not-started": "Its script could not be started.",
    "ended-badly": "Its script ended with an error.",
    "too-long": "Its script took too long and was ended.",
  },
  uninstalled: "It is uninstalled all the same.",

  files: {
    "identity":
      "The key of this peer could not be used. It is a new peer now, which others do not know yet.",
    "expelled":
      "The list of expelled peers could not be used. Nobody is expelled from here any more.",
    "rates": "The limits of transfers could not be used. Nothing is limited any more.",
    "settings": "The settings could not be used. They begin anew.",
    "queue": "The downloads that waited could not be read. Nothing waits any more.",
  },

  broken: "Lanspread cannot go on and ends.",
  discoveryWorks: "Peers find each other by themselves again.",
  tooManyAdvertised:
    "More peers are announced on this network than are followed. The others wait until one goes.",
  folderReadable: "It can be read again.",
  moreFolderAway: (path: string) => `Its games wait for it: ${isolated(path)}`,
  moreFolderBack: (path: string) => `${isolated(path)} can be read again.`,
  foundTwice: (ids: string) => `The first of your folders that has them is used: ${ids}`,
  folderWritable: "Games can be fetched and unpacked again.",
  readOnly: "Its games can be shared, and none can be fetched or unpacked.",
  folderMade: (path: string) => `${isolated(path)} was not there and has been made.`,
  libraryFull: (games: string) =>
    `${games} games are here, more than can be shared. The last ones by their ids are not.`,
  notShared: "Its files could not be checked.",
  expulsionsNotKept: "Whoever was expelled stays out until this peer ends, and no longer.",
  queueNotKept:
    "Downloads that wait would be forgotten if Lanspread ended now. Is the disk of its own files full?",
  catalogBeside: (path: string) =>
    `${isolated(path)} lies beside the games and decides which of them belong to this party.`,
  catalogRow: "A row of the catalog is not used.",
  catalogRows: (count: string) => `So many more rows of the catalog are not used: ${count}.`,
  noCovers: "Their archive beside the catalog cannot be unpacked. Replace it, and start again.",
  noControl: "Commands at a terminal do not reach this peer.",
};
