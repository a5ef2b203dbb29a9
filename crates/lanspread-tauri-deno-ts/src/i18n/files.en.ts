// The words about the files of a game, in English.
//
// Invariant: it is a part of the English catalog.

import { counting } from "./plurals.ts";

const n = counting("en");

const files = (count: number) => n(count, { one: "# file", other: "# files" });

export const filesEn = {
  title: "Files",
  loading: "Asking for the list of files",
  here: (count: number, bytes: string) => `${files(count)} here, ${bytes}`,
  fetched: (count: number, bytes: string) => `${files(count)} would be fetched, ${bytes}`,
  more: (count: number) => n(count, { one: "And # more.", other: "And # more." }),
};
