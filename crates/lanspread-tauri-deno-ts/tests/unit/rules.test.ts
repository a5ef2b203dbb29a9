// How the front end is written, as far as that can be checked.

import assert from "node:assert/strict";
import { sources } from "../support/sources.ts";

const LINES_MAX = 320;

Deno.test("every file opens with a comment and fits in the head", async () => {
  for (const folder of ["src", "tests"]) {
    for await (const { path, text } of sources(folder, ".ts", ".tsx", ".css")) {
      assert.match(text, /^(\/\/ |\/\*\n \* )\S/, path);
      assert.ok(text.split("\n").length <= LINES_MAX, `${path} is too long`);
    }
  }
});

Deno.test("colours stand in the tokens only", async () => {
  for await (const { path, text } of sources("src", ".css", ".tsx")) {
    if (path.endsWith("tokens.css")) continue;
    assert.doesNotMatch(text, /#[0-9a-f]{3,8}\b(?!")|\b(oklch|rgba?|hsla?)\(/i, path);
  }
});

Deno.test("every token that is used is defined, and every token that is defined is used", async () => {
  const used = new Set<string>();
  const defined = new Set<string>();
  for await (const { text } of sources("src", ".css")) {
    for (const [, name] of text.matchAll(/var\((--[\w-]+)/g)) used.add(name!);
    for (const [, name] of text.matchAll(/^\s+(--[\w-]+):/gm)) defined.add(name!);
  }
  for await (const { text } of sources("src", ".tsx")) {
    for (const [, name] of text.matchAll(/^\s+"(--[\w-]+)":/gm)) defined.add(name!);
  }
  assert.deepEqual([...used].filter((name) => !defined.has(name)), []);
  assert.deepEqual([...defined].filter((name) => !used.has(name)), []);
});

Deno.test("nothing is left for later, and nothing is untyped", async () => {
  for await (const { path, text } of sources("src", ".ts", ".tsx", ".css")) {
    assert.doesNotMatch(text, /\b(TODO|FIXME|XXX)\b/, path);
    assert.doesNotMatch(text, /:\s*any\b|\bas any\b|<any>/, path);
    assert.doesNotMatch(text, /https?:\/\/(?!www\.w3\.org)/, path);
  }
});
