// The words of files that are checked before others can fetch them, in English.
//
// Invariant: it is a part of the English catalog.

export const hashingEn = {
  chip: (percent: string | null) =>
    percent === null ? "Files are checked" : `Checking files, ${percent}`,
  now: (percent: string) => `Its files are being checked: ${percent}`,
  waits: "Its files are still to be checked",
  why: "Others can fetch it from you when that is done.",
  guest: "Its files are being checked there. A moment later it can be downloaded.",
};
