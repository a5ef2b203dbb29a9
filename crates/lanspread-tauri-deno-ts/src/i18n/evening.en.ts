// The words of "Can we start?", in English.
//
// Invariant: it is a part of the English catalog.

import { counting, isolated } from "./plurals.ts";

const n = counting("en");

export const eveningEn = {
  title: "Can we start?",
  table: "The evening's games and who is ready for them",
  proposed: "These are the games that most of you have. Choose your own with “Tonight”.",
  none: "Nobody has a game yet that could be played.",
  guest: "Peer",
  add: "Add a game",
  addNone: "Choose…",
  remove: "Take off the evening",
  tonight: "Tonight",
  tonightHint: "Shows under Party who is ready for it",
  full: (count: number) =>
    `${n(count, { one: "# game", other: "# games" })} are as many as fit beside each other.`,
  noPlayer: "only shares",
  noPlayers: "Nobody who could play is here",
  allReady: (count: number) => `All ${count} are ready`,
  ready: (ready: number, count: number) => `${ready} of ${count} ready`,
  more: (count: number) => n(count, { one: "and # more", other: "and # more" }),
  states: {
    "ready": "Ready",
    "packed": "Not unpacked",
    "unpacking": "Unpacks",
    "downloading": "Downloads",
    "waiting": "Waits",
    "old": "Old version",
    "missing": "Missing",
    "disk-full": "No room",
    "unknown": "Not known yet",
    "shares": "Shares it",
    "absent": "Does not have it",
  },
  space: (needs: string, has: string) => `needs ${needs}, has ${has}`,
  left: (time: string) => `${time} left`,
  sentences: {
    "ready": (name: string) => `${isolated(name)} is ready`,
    "packed": (name: string) => `${isolated(name)} has to unpack it`,
    "unpacking": (name: string) => `${isolated(name)} unpacks it`,
    "downloading": (name: string) => `${isolated(name)} downloads it`,
    "waiting": (name: string) => `${isolated(name)} waits for it`,
    "old": (name: string) => `${isolated(name)} has another version`,
    "missing": (name: string) => `${isolated(name)} does not have it`,
    "disk-full": (name: string) => `${isolated(name)} has no room`,
    "unknown": (name: string) => `${isolated(name)} is not known yet`,
    "shares": (name: string) => `${isolated(name)} shares it`,
    "absent": (name: string) => `${isolated(name)} does not have it`,
  },
  leftOf: (name: string, time: string) => `${isolated(name)} ${time}`,
  noRoomOf: (name: string, needs: string, has: string) =>
    `${isolated(name)} has no room (needs ${needs}, has ${has})`,
  version: (version: string) => `Lanspread ${version}`,
  free: (bytes: string) => `${bytes} free`,
  playing: "plays",
  noFolder: "games folder cannot be read",
  lowSpace: "little free space",
  saysNothing: "says nothing of itself",
  operation: (what: string, title: string) => `${what}: ${isolated(title)}`,
  from: (rate: string) => `sends you ${rate}`,
  fetches: (rate: string) => `fetches ${rate}`,
  fetchesHere: (rate: string) => `fetches ${rate} from you`,
  fetchesPartly: (rate: string, here: string) => `fetches ${rate}, ${here} of it from you`,
};
