// The catalogs: nothing is missing, nothing was forgotten in English, nothing stands outside of them.

import assert from "node:assert/strict";
import { counting } from "../../src/i18n/plurals.ts";
import { headline, TEXTS } from "../../src/i18n/texts.ts";
import { sources } from "../support/sources.ts";

type Tree = { [key: string]: unknown };

/** Every text of a catalog with its path; functions are asked for a text with sample arguments. */
function flatten(tree: Tree, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const at = path ? `${path}.${key}` : key;
    if (typeof value === "string") found.set(at, value);
    else if (typeof value === "function") {
      const argument = /\.(from|heldBy|unpacker|guestsOr|files-stay)$/.test(at) ? ["Mara"] : 2;
      const second = /^told\.waits\.(found|no-peer-has-pinned|hashing)$/.test(at) ? ["Mara"] : 3;
      found.set(at, String(value(argument, second, 4)));
    } else {
      for (const [inner, text] of flatten(value as Tree, at)) found.set(inner, text);
    }
  }
  return found;
}

const en = flatten(TEXTS.en);
const de = flatten(TEXTS.de);

/** Texts that are the same in both languages, and rightly so. */
const SAME = new Set([
  "actions.of",
  "shell.party",
  "shell.transfers",
  "evening.guest",
  "evening.operation",
  "evening.version",
  "evening.leftOf",
  "filters.genre",
  "filters.name",
  "game.genre",
  "guest.takeBrief",
  "library.problem",
  "game.offer",
  "checks.names.port",
  "help.version",
  "settings.languages.de",
  "settings.languages.en",
  "settings.languages.fr",
  "logs.title",
  "logs.marks.error",
  "logs.marks.warn",
  "logs.marks.info",
  "shell.logs",
  "party.title",
  "party.peers",
  "party.addressExample",
  "shell.down",
  "shell.partyState",
  "transfers.title",
  "transfers.rate",
  "transfers.rateUp",
  "transfers.took",
]);

Deno.test("both languages have the same texts, and none is empty", () => {
  assert.deepEqual([...de.keys()].sort(), [...en.keys()].sort());
  for (const [key, text] of [...en, ...de]) assert.ok(text.trim().length > 0, key);
});

Deno.test("no German text is an English one that was forgotten", () => {
  for (const [key, text] of de) {
    if (text === en.get(key)) assert.ok(SAME.has(key), `${key}: ${text}`);
  }
});

Deno.test("one is counted as one and none as many, with the numbers of the language", () => {
  const forms = { one: "# peer", other: "# peers" };
  assert.deepEqual([0, 1, 2].map((count) => counting("en")(count, forms)), [
    "0 peers",
    "1 peer",
    "2 peers",
  ]);
  assert.equal(counting("de")(5_000, { one: "#", other: "#" }), "5.000");
});

Deno.test("every kind of error that the interface documents has words in both languages", async () => {
  const documented = await Deno.readTextFile(new URL("../../../../docs/JSONL.md", import.meta.url));
  const [, table = ""] = documented.split("## Errors");
  const kinds = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind!)
    .filter((kind) => kind !== "kind");
  assert.ok(kinds.length >= 25);
  for (const kind of kinds) {
    for (const texts of Object.values(TEXTS)) assert.ok(Object.hasOwn(texts.errors, kind), kind);
  }
  assert.equal(headline(TEXTS.en, "of-tomorrow"), TEXTS.en.errors.io.title);
});

Deno.test("names inside sentences are isolated, so that they cannot turn a sentence around", () => {
  assert.equal(TEXTS.en.confirm.expelTitle("דן"), "Expel \u2068דן\u2069?");
});

Deno.test("no words stand outside of the catalogs", async () => {
  for await (const { path, text } of sources("src", ".tsx")) {
    const words = [...text.matchAll(/>\s*([A-Za-z][A-Za-z ,.'’-]*[A-Za-z.])\s*</g)]
      .map(([, found]) => found!)
      .filter((found) => found !== "Lanspread");
    assert.deepEqual(words.filter((found) => !/^[a-z]+$/.test(found)), [], path);
    const labels = [...text.matchAll(/(?:aria-label|title|placeholder|alt)="([^"]+)"/g)];
    assert.deepEqual(labels.map(([, label]) => label), [], path);
  }
});
