// What people say: what of it was read, what fits, how it is shown, and what a guest sees of it.

import assert from "node:assert/strict";
import { applyCommand } from "../../src/api/mock/commands.ts";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { World } from "../../src/api/mock/world.ts";
import type { Message } from "../../src/api/types.ts";
import { Frame } from "../../src/frame/frame.tsx";
import {
  loadRead,
  readAll,
  saveRead,
  TEXT_BYTES_MAX,
  textBytes,
  unread,
} from "../../src/state/messages.ts";
import { Messages } from "../../src/views/party/messages.tsx";
import { party } from "../support/games.ts";
import { render, wordsOf } from "../support/render.tsx";

function message(number: number, rest: Partial<Message> = {}): Message {
  const text = `message ${number}`;
  return { number, at_ms: number * 1000, peer_id: "a", name: "Anna", text, own: false, ...rest };
}

const numbers = (messages: Message[]) => messages.map(({ number }) => number);

Deno.test("what came after what was read is unread, and what was said here never is", () => {
  const all = [message(1), message(2, { own: true }), message(3)];
  assert.deepEqual(numbers(unread(all, null)), [1, 3]);
  assert.deepEqual(numbers(unread(all, { number: 1, at_ms: 1000 })), [3]);
  assert.deepEqual(numbers(unread(all, readAll(all, null))), []);
  assert.deepEqual(numbers(unread([], { number: 3, at_ms: 3000 })), []);
});

Deno.test("what was read and is shown no more still counts, and a restart of the peer begins anew", () => {
  const read = { number: 2, at_ms: 2000 };
  assert.deepEqual(numbers(unread([message(3), message(4)], read)), [3, 4]);
  assert.deepEqual(numbers(unread([message(1), message(3)], read)), [3]);
  const anew = [message(1, { at_ms: 9000 }), message(2, { at_ms: 9500 })];
  assert.deepEqual(numbers(unread(anew, read)), [1, 2]);
  assert.deepEqual(numbers(unread([message(1, { at_ms: 9000 })], read)), [1]);
});

Deno.test("reading again what is read changes nothing", () => {
  const all = [message(1), message(2)];
  const read = readAll(all, null);
  assert.deepEqual(read, { number: 2, at_ms: 2000 });
  assert.equal(readAll(all, read), read);
  assert.equal(readAll([], read), read);
});

Deno.test("what was read is kept, and something else that stands there is nothing", () => {
  const kept = new Map<string, string>();
  saveRead({ setItem: (key, value) => kept.set(key, value) }, { number: 4, at_ms: 7 });
  const read = (text: string | null) => loadRead({ getItem: () => text });
  assert.deepEqual(read([...kept.values()][0] ?? null), { number: 4, at_ms: 7 });
  for (const text of ["{", "null", "[]", '{"number":"4","at_ms":7}', null]) {
    assert.equal(read(text), null, String(text));
  }
});

Deno.test("bytes are counted as the peer counts them, up to its own limit", async () => {
  assert.equal(textBytes("  a\n b "), 3);
  assert.equal(textBytes("ä🍕"), 6);
  const limits = await Deno.readTextFile("../lanspread-proto/src/limits.rs");
  const [, limit] = limits.match(/MESSAGE_TEXT_BYTES_MAX: usize = (\d+);/) ?? [];
  assert.equal(Number(limit), TEXT_BYTES_MAX);
});

Deno.test("the mock says what a peer would say, and refuses what it would refuse", () => {
  const { messages } = applyCommand(party(), { cmd: "say", text: " hello \n you " });
  const said = messages?.at(-1);
  assert.deepEqual([said?.text, said?.own, said?.name], ["hello you", true, "Juno"]);
  for (const text of ["", " ", "x".repeat(TEXT_BYTES_MAX + 1)]) {
    assert.throws(() => applyCommand(party(), { cmd: "say", text }), { kind: "bad-input" });
  }
  assert.ok(applyCommand(party(), { cmd: "say", text: "x".repeat(TEXT_BYTES_MAX) }));
});

Deno.test("every message of every scenario fits, and they count up", () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const { snapshot } = scenario();
    const found = numbers(snapshot.messages);
    assert.deepEqual(found, found.toSorted((a, b) => a - b), name);
    assert.ok(snapshot.messages.every(({ text }) => textBytes(text) <= TEXT_BYTES_MAX), name);
  }
  const world = new World(SCENARIOS.talk());
  assert.equal(world.snapshot.messages.length, 30);
});

Deno.test("text is shown as text, in its own direction, beside its author's isolated name", () => {
  const markup = render("talk", <Messages />);
  assert.match(markup, /&lt;b&gt;nice try&lt;\/b&gt;/);
  assert.doesNotMatch(markup, /<b>/);
  assert.equal(
    markup.match(/<p class="message-text" dir="auto">/g)?.length,
    markup.match(/<bdi class="name">/g)?.length,
  );
  assert.match(markup, /role="log"/);
  assert.match(render("rtl", <Messages />), /dir="auto">הפיצה כאן/);
});

Deno.test("unread messages are counted at the party in both languages, and told in words", () => {
  const tabs = (language: "en" | "de") =>
    render("party", <Frame />, language).match(/<nav.*?<\/nav>/s)?.[0] ?? "";
  assert.match(tabs("en"), /badge-party" aria-hidden="true">3<\/span>/);
  assert.match(wordsOf(tabs("en")), /3 new messages/);
  assert.match(wordsOf(tabs("de")), /3 neue Nachrichten/);
  assert.doesNotMatch(wordsOf(render("empty", <Frame />)), /new message/);
});

Deno.test("a guest reads what people say, and has no field to say anything", () => {
  const guest = render("guest", <Messages />);
  assert.match(wordsOf(guest), /Next: OpenArena, 20:30/);
  assert.match(wordsOf(guest), /whose page this is/);
  assert.doesNotMatch(guest, /<input|<button/);
  assert.match(render("elsewhere", <Messages />), /<input/);
});
