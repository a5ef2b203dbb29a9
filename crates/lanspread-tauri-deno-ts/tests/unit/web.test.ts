// The shell over a WebSocket, against a socket that the test plays.

import assert from "node:assert/strict";
import { CommandError, type ShellEvent } from "../../src/api/shell.ts";
import { webShellIn } from "../../src/api/web.ts";

class PlayedSocket {
  static made: PlayedSocket[] = [];
  readyState: number = WebSocket.CONNECTING;
  sent: string[] = [];
  onopen = () => {};
  onclose = () => {};
  onmessage = (_: { data: string }) => {};

  constructor(readonly url: string, readonly protocols: string[]) {
    PlayedSocket.made.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  open() {
    this.readyState = WebSocket.OPEN;
    this.onopen();
  }
  close() {
    this.readyState = WebSocket.CLOSED;
    this.onclose();
  }
  says(line: unknown) {
    this.onmessage({ data: JSON.stringify(line) });
  }
}

let forgotten = 0;

function connected(token: string | null = null, status = 200) {
  PlayedSocket.made = [];
  forgotten = 0;
  const asked: [string, string | undefined][] = [];
  const shell = webShellIn({
    origin: "http://192.168.1.10:8080",
    token,
    forgetToken: () => void (forgotten += 1),
    socket: (url, protocols) => new PlayedSocket(url, protocols) as unknown as WebSocket,
    fetch: (input, init) => {
      asked.push([String(input), new Headers(init?.headers).get("authorization") ?? undefined]);
      return Promise.resolve(new Response('{"id":"a"}', { status }));
    },
  });
  const events: ShellEvent[] = [];
  const leave = shell.follow((event) => events.push(event));
  const socket = PlayedSocket.made[0]!;
  return { shell, socket, events, leave, asked };
}

const states = (events: ShellEvent[]) =>
  events.flatMap((event) => event.type === "connection" ? [event.state] : []);

Deno.test("it connects to the page's own origin, with the token as a protocol if there is one", () => {
  const { socket, leave } = connected("secret");
  assert.equal(socket.url, "ws://192.168.1.10:8080/api/live");
  assert.deepEqual(socket.protocols, ["lanspread", "secret"]);
  leave();
  const plain = connected();
  assert.deepEqual(plain.socket.protocols, []);
  plain.leave();
});

Deno.test("commands carry numbers, and each answer finds its own command", async () => {
  const { shell, socket, leave } = connected();
  socket.open();
  const first = shell.command({ cmd: "download", id: "a" });
  const second = shell.command({ cmd: "cancel", id: "b" });
  assert.deepEqual(socket.sent.map((line) => JSON.parse(line)), [
    { seq: 1, cmd: "download", id: "a" },
    { seq: 2, cmd: "cancel", id: "b" },
  ]);
  socket.says({
    type: "result",
    seq: 2,
    ok: false,
    error: { kind: "no-operation", message: "nothing runs" },
  });
  socket.says({ type: "result", seq: 1, ok: true, data: {} });
  await first;
  await assert.rejects(second, new CommandError("no-operation", "nothing runs"));
  leave();
});

Deno.test("updates are passed on as they come", () => {
  const { socket, events, leave } = connected();
  socket.open();
  const update = { type: "patch", sequence: 4, patch: { playing: true } };
  socket.says(update);
  assert.deepEqual(events.at(-1), { type: "update", update });
  leave();
});

Deno.test("whatever is pending when the socket closes is rejected, and so is what comes after", async () => {
  const { shell, socket, events, leave } = connected();
  socket.open();
  const pending = shell.command({ cmd: "set-playing", playing: true });
  socket.close();
  await assert.rejects(pending, { kind: "connection" });
  await assert.rejects(shell.command({ cmd: "cancel", id: "a" }), { kind: "connection" });
  assert.deepEqual(states(events), ["connecting", "open", "lost"]);
  leave();
});

Deno.test("a lost connection is tried again after half a second, then later and later up to five", () => {
  const waits: number[] = [];
  const original = globalThis.setTimeout;
  const due: (() => void)[] = [];
  const stub = (run: () => void, ms: number) => {
    waits.push(ms);
    due.push(run);
    return 0;
  };
  globalThis.setTimeout = stub as unknown as typeof setTimeout;
  try {
    const { leave } = connected();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      PlayedSocket.made.at(-1)!.close();
      due.pop()?.();
    }
    assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    PlayedSocket.made.at(-1)!.open();
    PlayedSocket.made.at(-1)!.close();
    assert.equal(waits.at(-1), 500);
    leave();
  } finally {
    globalThis.setTimeout = original;
  }
});

Deno.test("a token that the peer refuses is forgotten, and one is let in as whoever comes without", async () => {
  const original = globalThis.setTimeout;
  const due: (() => void)[] = [];
  globalThis.setTimeout = ((run: () => void) => due.push(run)) as unknown as typeof setTimeout;
  try {
    const { socket, leave } = connected("of yesterday", 403);
    socket.close();
    await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(null))));
    await Promise.resolve();
    due.pop()?.();
    assert.equal(forgotten, 1);
    assert.deepEqual(PlayedSocket.made.map(({ protocols }) => protocols.at(-1)), [
      "of yesterday",
      undefined,
    ]);
    leave();
  } finally {
    globalThis.setTimeout = original;
  }
});

Deno.test("a socket that is not opened leads to the question why, and the answer is told", async () => {
  for (const [status, state] of [[503, "full"], [403, "refused"], [200, "lost"]] as const) {
    const { socket, events, asked, leave } = connected(null, status);
    socket.close();
    await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(null))));
    await Promise.resolve();
    assert.deepEqual(asked, [["http://192.168.1.10:8080/api/seat", undefined]]);
    assert.equal(states(events).at(-1), state);
    leave();
  }
});

Deno.test("a token stays when the peer takes it, cannot be reached, or ends an open connection", async () => {
  for (const opens of [true, false]) {
    const { socket, leave } = connected("secret");
    if (opens) socket.open();
    socket.close();
    await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(null))));
    assert.equal(forgotten, 0);
    leave();
  }
});

Deno.test("asking anew closes the socket, so that the next one begins with everything", () => {
  const { shell, socket, events, leave } = connected();
  socket.open();
  shell.again();
  assert.equal(socket.readyState, WebSocket.CLOSED);
  assert.equal(states(events).at(-1), "lost");
  leave();
});

Deno.test("logs are asked for with the token, from a number on", async () => {
  const { shell, asked, leave } = connected("secret");
  await shell.log(17);
  await shell.unpackLog(0);
  await shell.gameLog(3);
  assert.deepEqual(asked, [
    ["http://192.168.1.10:8080/api/log?after=17", "Bearer secret"],
    ["http://192.168.1.10:8080/api/unpack-log?after=0", "Bearer secret"],
    ["http://192.168.1.10:8080/api/game-log?after=3", "Bearer secret"],
  ]);
  leave();
});

Deno.test("details are asked for by an id that cannot leave its place in the address", async () => {
  const { shell, asked, leave } = connected("secret");
  await shell.details("../evil?x");
  await shell.files("../evil");
  assert.equal(shell.coverUrl("../evil"), "http://192.168.1.10:8080/api/covers/..%2Fevil");
  assert.deepEqual(asked, [
    ["http://192.168.1.10:8080/api/games/..%2Fevil%3Fx", "Bearer secret"],
    ["http://192.168.1.10:8080/api/games/..%2Fevil/files", "Bearer secret"],
  ]);
  leave();
});
