// The words around what people say to the party, in English.
//
// Invariant: it is a part of the English catalog. What people say is theirs and is not here.

import { counting, isolated } from "./plurals.ts";

const n = counting("en");

export const sayEn = {
  title: "What people say",
  none: "Nobody has said anything yet.",
  label: "Say something to everybody",
  example: "Next: OpenArena, 20:30",
  send: "Say it",
  left: (count: number) =>
    n(count, { one: "Room for # more letter", other: "Room for about # more letters" }),
  tooLong: "That is too long: say it in several messages.",
  fresh: (count: number) => n(count, { one: "# new message", other: "# new messages" }),
  says: (name: string) => `${isolated(name)} says`,
  read: "Open the party",
};
