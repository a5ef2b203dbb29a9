// Plural forms and names inside sentences.
//
// Invariant: a number in a sentence is written as the sentence's language writes numbers, and a name is
// isolated, so that a name written from right to left cannot turn the sentence around.

/** The forms of a counted noun; `#` stands for the number. Both languages need these two. */
export interface Forms {
  one: string;
  other: string;
}

export type Count = (count: number, forms: Forms) => string;

/** Counts in a language. */
export function counting(language: string): Count {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) =>
    (rules.select(count) === "one" ? forms.one : forms.other).replace("#", numbers.format(count));
}

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

/** A name whose direction of writing stays its own. */
export function isolated(name: string): string {
  return `${FIRST_STRONG_ISOLATE}${name}${POP_ISOLATE}`;
}
