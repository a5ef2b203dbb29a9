// The words for guests, who look at another PC's page, in English.
//
// Invariant: it is a part of the English catalog. "This PC" never occurs in it: a guest's PC is another.

import { counting, isolated } from "./plurals.ts";

const n = counting("en");

export const guestEn = {
  take: "Download as ZIP",
  takeBrief: "ZIP",
  canTake: "Can be downloaded",
  elsewhere: "On other PCs",
  takeHint: (host: string) =>
    `It comes as one ZIP file from ${
      isolated(host)
    }. With Lanspread it would come from everybody who has it, be checked, and start from here.`,
  hasProblem: (host: string) =>
    `The files on the PC of ${
      isolated(host)
    } have a problem, so it cannot be downloaded from there.`,
  heldBy: (names: string[], more: number) =>
    `It is not on this page's PC, but on those of ${names.map(isolated).join(", ")}${
      more > 0 ? n(more, { one: " and # other", other: " and # others" }) : ""
    }. Lanspread fetches it from there.`,
  heldByNobody: "Nobody at this party has brought it so far.",
  strip: (host: string) => `You look at the PC of ${isolated(host)} as a guest.`,
  stripLink: "What that means",
  versionThere: (host: string) => `Version at ${isolated(host)}`,
  host: "whose page this is",
  toHost: (host: string) => `sends to ${isolated(host)}`,
  fromHost: (host: string) => `fetches from ${isolated(host)}`,
  lookingTitle: (host: string) => `You look at the PC of ${isolated(host)}`,
  lookingBody:
    "You see the games and the peers of this party, and can download games as ZIP files. Changing something takes Lanspread on your own PC, or the link with the token that the owner of this PC has.",
  installTitle: "Better: take part yourself",
  installSteps: [
    "Ask whoever brought you here for Lanspread; it is one program.",
    "Start it on your PC, on the same network as the others. It asks for your name and a folder.",
    "It finds the others by itself, and every game is one click away.",
  ],
  zipTitle: "What to do with a ZIP file",
  zipSteps: [
    "Unpack it into a folder of your own.",
    "The archives inside hold the game itself; unpack these, too.",
    "Start the game with the script whose name begins with game_start.",
  ],
};
