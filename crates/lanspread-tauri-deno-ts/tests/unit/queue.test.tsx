// Downloads that take their turn: which are shown, how one gets another place, what the mock does with them.

import assert from "node:assert/strict";
import type { Command, Queued, Turn } from "../../src/api/types.ts";
import { applyCommand } from "../../src/api/mock/commands.ts";
import { due } from "../../src/api/mock/queue.ts";
import { Frame } from "../../src/frame/frame.tsx";
import { bytesAhead, moved, notRunning, placeOf } from "../../src/state/queue.ts";
import { game, snapshot } from "../support/games.ts";
import { render, wordsOf } from "../support/render.tsx";

const queue = (...turns: [id: string, turn: Turn][]): Queued[] =>
  turns.map(([id, turn]) => ({ id, install: true, turn }));

const all = queue(["a", "running"], ["b", "waiting"], ["c", "running"], ["d", "paused"], [
  "e",
  "waiting",
]);
const shown = notRunning(all, []);
const ids = (list: readonly Queued[]) => list.map(({ id }) => id);

/** What the peer makes of a command to move. */
function after(list: Queued[], command: Command | null): string[] {
  assert.equal(command?.cmd, "move");
  return ids(applyCommand(snapshot({ queue: list }), command!).queue ?? []);
}

Deno.test("what runs is not shown among those that wait or rest, and neither is what stops just so", () => {
  assert.deepEqual(ids(shown), ["b", "d", "e"]);
  const stopping = [{ id: "d", kind: "download" as const, progress: null }];
  assert.deepEqual(ids(notRunning(all, stopping)), ["b", "e"]);
});

Deno.test("places are counted among those that wait", () => {
  assert.deepEqual(["a", "b", "c", "d", "e"].map((id) => placeOf(all, id)), [
    null,
    1,
    null,
    null,
    2,
  ]);
});

Deno.test("a step up or down changes places with the neighbour that is shown, whatever runs between", () => {
  const order = (id: string, direction: "up" | "down") => {
    const list = after(all, moved(all, shown, id, direction));
    return list.filter((one) => ids(shown).includes(one)).join("");
  };
  assert.equal(order("d", "up"), "dbe");
  assert.equal(order("b", "down"), "dbe");
  assert.equal(order("e", "up"), "bed");
  assert.equal(order("d", "down"), "bed");
});

Deno.test("at an end there is no step, and what is not in the queue has none", () => {
  assert.equal(moved(all, shown, "b", "up"), null);
  assert.equal(moved(all, shown, "e", "down"), null);
  assert.equal(moved(all, shown, "x", "up"), null);
});

Deno.test("what is still to come is the sum of the sizes that are known", () => {
  assert.equal(bytesAhead(shown, [game("b", { size: 3 }), game("e", { size: 4 })]), 7);
  const gathered = { verified_bytes: 3, total_bytes: 4 };
  assert.equal(bytesAhead(shown, [game("b", { size: 3 }), game("e", { size: 4, gathered })]), 4);
});

Deno.test("the mock begins so many and no more, in their order, and a paused one not at all", () => {
  const two = [
    { id: "x", kind: "download" as const, progress: null },
    { id: "y", kind: "download" as const, progress: null },
  ];
  const waiting = queue(["p", "paused"], ["b", "waiting"], ["c", "waiting"]);
  assert.equal(due(snapshot({ queue: waiting }))?.id, "b");
  assert.equal(due(snapshot({ queue: waiting, operations: two })), null);
  assert.equal(due(snapshot({ queue: waiting, operations: two.slice(1) }))?.id, "b");
});

Deno.test("the transfers show who waits, who rests and what can be done about it", () => {
  const words = wordsOf(render("queue", <Frame />, "en", { tab: "transfers" }));
  assert.match(words, /Up next/);
  assert.match(words, /Xonotic .*Next in line.*Nexuiz Classic .*Paused.*Resume/);
  assert.match(words, /Waits for its turn, 2nd in line/);
  const panel = wordsOf(render("queue", <Frame />, "de", { game: "nexuiz" }));
  assert.match(panel, /Pausiert.*Was schon da ist, bleibt/);
  assert.match(panel, /Fortsetzen/);
  assert.match(panel, /34.?% hier.*34.?%: 296.MiB von 870.MiB sind hier/);
  assert.match(words, /Nexuiz Classic .*34.?%: 296.MiB of 870.MiB are here/);
});

Deno.test("what was left of a download that nobody asks for is shown, and nothing while one runs", () => {
  const unfinished = wordsOf(render("stalled", <Frame />, "en", { game: "nexuiz" }));
  assert.match(unfinished, /12.?% here.*An unfinished download lies here.*Cancel/);
  const running = wordsOf(render("stalled", <Frame />, "en", { game: "0ad" }));
  assert.doesNotMatch(running, /12.?% here|unfinished/);
});

Deno.test("what was left of a download goes with a cancel, and where nothing is left there is none", () => {
  const gathered = { verified_bytes: 5, total_bytes: 9 };
  const state = snapshot({ games: [game("a", { gathered }), game("b")] });
  const patch = applyCommand(state, { cmd: "cancel", id: "a" });
  assert.equal(patch.games?.changed[0]?.gathered, null);
  assert.equal(patch.finished?.at(-1)?.outcome.result, "cancelled");
  assert.throws(() => applyCommand(state, { cmd: "cancel", id: "b" }), { kind: "no-operation" });
});

Deno.test("who fetches from here is shown with a rate, the fastest first", () => {
  const words = wordsOf(render("party", <Frame />, "en", { tab: "transfers" }));
  assert.match(words, /Fetched from you tobi 31\.0.MiB\/s .*PixelPia 12\.0.MiB\/s/);
});
