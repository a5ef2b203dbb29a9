// The words of the first start, in English.
//
// Invariant: it is a part of the English catalog.

export const firstRunEn = {
  title: "Welcome to the party",
  body: "Two things, and you are in. Both can be changed later.",
  name: "Your name",
  nameHint: "What others see, and what games call you.",
  nameMissing: "Others have to call you something.",
  folder: "Where your games lie",
  folderHint: "Games that you fetch go there. It is made if it does not exist.",
  folderMissing: "Games have to lie somewhere.",
  choose: "Choose…",
  join: "Join the party",
  joining: "Joining…",
};
