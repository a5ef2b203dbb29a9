// What the store holds, against a shell that the test plays.

import assert from "node:assert/strict";
import { cannot, CommandError, type Shell, type ShellEvent } from "../../src/api/shell.ts";
import type { Command, Seat } from "../../src/api/types.ts";
import { REFUSALS_MAX, Store } from "../../src/state/store.ts";
import { snapshot } from "../support/games.ts";

class PlayedShell implements Shell {
  listener: (event: ShellEvent) => void = () => {};
  askedAnew = 0;
  sent: { command: Command; resolve(): void; reject(error: unknown): void }[] = [];
  can = { chooseFolder: false, openFolder: false, restart: false, desktop: false };

  follow(listener: (event: ShellEvent) => void) {
    this.listener = listener;
    return () => {};
  }
  again() {
    this.askedAnew += 1;
  }
  command(command: Command) {
    return new Promise<void>((resolve, reject) => this.sent.push({ command, resolve, reject }));
  }
  details() {
    return Promise.reject(new CommandError("unknown-game", ""));
  }
  coverUrl() {
    return null;
  }
  archiveUrl() {
    return null;
  }
  installSize() {
    return Promise.resolve(null);
  }
  files = cannot;
  log = cannot;
  unpackLog = cannot;
  guestLinks = cannot;
  gameLog = cannot;
  openFolder = cannot;
  restart = cannot;
  finishFirstRun = cannot;
  firstRun() {
    return Promise.resolve(null);
  }
  chooseFolder() {
    return Promise.resolve(null);
  }
}

function followed(seat: Seat = "here") {
  const shell = new PlayedShell();
  const store = new Store(shell);
  store.follow();
  shell.listener({ type: "connection", state: "open" });
  shell.listener({
    type: "update",
    update: { type: "snapshot", sequence: 1, seat, snapshot: snapshot() },
  });
  return { shell, store };
}

const download: Command = { cmd: "download", id: "teeworlds" };

Deno.test("a gap makes the store ask for everything anew and show what it had until then", () => {
  const { shell, store } = followed();
  const before = store.view().known;
  shell.listener({ type: "update", update: { type: "patch", sequence: 5, patch: {} } });
  assert.equal(shell.askedAnew, 1);
  assert.equal(store.view().known, before);
});

Deno.test("a command is asked until it is answered and not a moment longer", async () => {
  const { shell, store } = followed();
  const sending = store.send(download);
  assert.ok(store.view().asked.has("game teeworlds"));
  shell.sent[0]?.resolve();
  assert.equal(await sending, true);
  assert.equal(store.view().asked.size, 0);
  assert.equal(store.view().refusals.length, 0);
});

Deno.test("a second command about the same game is not sent while the first is asked", async () => {
  const { shell, store } = followed();
  const first = store.send(download);
  assert.equal(await store.send({ cmd: "cancel", id: "teeworlds" }), false);
  assert.equal(shell.sent.length, 1);
  shell.sent[0]?.resolve();
  await first;
});

Deno.test("nothing is sent for a guest, whatever is asked for", async () => {
  const { shell, store } = followed("guest");
  assert.equal(await store.send(download), false);
  assert.deepEqual(shell.sent, []);
});

Deno.test("a folder that was dragged onto the window waits until somebody says what it is for", () => {
  const { shell, store } = followed();
  shell.listener({ type: "folder-dropped", path: "/games" });
  assert.equal(store.view().dropped, "/games");
  store.forgetDropped();
  assert.equal(store.view().dropped, null);
});

Deno.test("what a shell cannot do is refused like a command", async () => {
  const { store } = followed();
  assert.equal(await store.openFolder("teeworlds"), false);
  assert.deepEqual(store.view().refusals.map(({ kind, game }) => [kind, game]), [
    ["not-allowed", "teeworlds"],
  ]);
});

Deno.test("a refusal is kept with its kind and message until it is dismissed", async () => {
  const { shell, store } = followed();
  const sending = store.send(download);
  shell.sent[0]?.reject(new CommandError("busy", "it is worked on"));
  assert.equal(await sending, false);
  const [refusal] = store.view().refusals;
  assert.deepEqual([refusal?.kind, refusal?.message], ["busy", "it is worked on"]);
  store.dismiss(refusal!.number);
  assert.deepEqual(store.view().refusals, []);
});

Deno.test("refusals are bounded, the oldest makes room", async () => {
  const { shell, store } = followed();
  for (let index = 0; index < REFUSALS_MAX + 2; index += 1) {
    const sending = store.send({ cmd: "download", id: `game-${index}` });
    shell.sent[index]?.reject(new CommandError("io", String(index)));
    await sending;
  }
  assert.equal(store.view().refusals.length, REFUSALS_MAX);
  assert.equal(store.view().refusals.at(-1)?.message, String(REFUSALS_MAX + 1));
});

Deno.test("a lost connection leaves the last snapshot to be seen", () => {
  const { shell, store } = followed();
  shell.listener({ type: "connection", state: "lost" });
  assert.equal(store.view().connection, "lost");
  assert.ok(store.view().known);
});

Deno.test("listeners are told of each change until they leave", () => {
  const { shell, store } = followed();
  let told = 0;
  const leave = store.subscribe(() => told += 1);
  shell.listener({ type: "connection", state: "lost" });
  leave();
  shell.listener({ type: "connection", state: "open" });
  assert.equal(told, 1);
});
