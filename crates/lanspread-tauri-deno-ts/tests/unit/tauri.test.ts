// The shell of the window, against a program that the test plays.

import assert from "node:assert/strict";
import { CommandError, type ShellEvent } from "../../src/api/shell.ts";
import { NAMES, type Native, tauriShellIn } from "../../src/api/tauri.ts";
import type { Command, Update } from "../../src/api/types.ts";
import { snapshot } from "../support/games.ts";

class PlayedProgram implements Native {
  calls: [string, Record<string, unknown> | undefined][] = [];
  channels: ((update: Update) => void)[] = [];
  events = new Map<string, (payload: unknown) => void>();
  answer: (name: string) => Promise<unknown> = () => Promise.resolve(null);

  invoke(name: string, fields?: Record<string, unknown>) {
    this.calls.push([name, fields]);
    return this.answer(name);
  }
  channel(onUpdate: (update: Update) => void) {
    return `channel ${this.channels.push(onUpdate)}`;
  }
  listen(event: string, onEvent: (payload: unknown) => void) {
    this.events.set(event, onEvent);
    return Promise.resolve(() => void this.events.delete(event));
  }
  coverUrl(id: string) {
    return `cover://${id}`;
  }
}

function followed() {
  const program = new PlayedProgram();
  const shell = tauriShellIn(program);
  const events: ShellEvent[] = [];
  const leave = shell.follow((event) => events.push(event));
  return { program, shell, events, leave };
}

const whole: Update = { type: "snapshot", sequence: 1, seat: "here", snapshot: snapshot() };
const states = (events: ShellEvent[]) =>
  events.flatMap((event) => event.type === "connection" ? [event.state] : []);

Deno.test("every command that a window sends has a name of its own", () => {
  const names = Object.values(NAMES).filter((name) => name !== null);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => /^[a-z_]+$/.test(name)));
});

Deno.test("the program has every command that the window sends, and is sent every one that it has", async () => {
  const folder = new URL("../../src-tauri/src/", import.meta.url);
  const said = await Deno.readTextFile(new URL("said.rs", folder)).catch(() => null);
  assert.ok(said !== null, "the table of the program is in src-tauri/src/said.rs");
  const table = [...said.matchAll(/^ {4}\("([a-z_]+)", "([a-z-]+)"\),$/gm)];
  const theirs = Object.fromEntries(table.map(([, name, cmd]) => [cmd, name]));
  const ours = Object.fromEntries(Object.entries(NAMES).filter(([, name]) => name !== null));
  assert.deepEqual(ours, theirs);
});

Deno.test("a command travels by its name, with its fields as they are and without `cmd`", async () => {
  const { program, shell, leave } = followed();
  const commands: [Command, string, Record<string, unknown>][] = [
    [{ cmd: "install", id: "a" }, "install_game", { id: "a" }],
    [{ cmd: "queue", id: "a", give_up_old: true }, "queue_game", { id: "a", give_up_old: true }],
    [{ cmd: "set-game-dir", path: "/g" }, "update_game_directory", { path: "/g" }],
    [{ cmd: "set-more-game-dirs", paths: ["/h"] }, "update_more_game_directories", {
      paths: ["/h"],
    }],
    [{ cmd: "move", id: "a", before: null }, "move_game", { id: "a", before: null }],
    [{ cmd: "change-settings", name: "Juno" }, "change_settings", { name: "Juno" }],
    [{ cmd: "set-rate-limits", upload_bytes_per_s: null }, "set_rate_limits", {
      upload_bytes_per_s: null,
    }],
  ];
  for (const [command, name, fields] of commands) {
    await shell.command(command);
    assert.deepEqual(program.calls.at(-1), [name, fields]);
  }
  leave();
});

Deno.test("a command that a window has no use for is refused here", async () => {
  const { program, shell, leave } = followed();
  const before = program.calls.length;
  await assert.rejects(shell.command({ cmd: "shutdown" }), { kind: "bad-input" });
  assert.equal(program.calls.length, before);
  leave();
});

Deno.test("a refusal has the kind and message of the program, and anything else is a fault", async () => {
  const { program, shell, leave } = followed();
  program.answer = () => Promise.reject({ kind: "busy", message: "it is worked on" });
  const refused = shell.command({ cmd: "cancel", id: "a" });
  await assert.rejects(refused, new CommandError("busy", "it is worked on"));
  program.answer = () => Promise.reject("no such command");
  await assert.rejects(shell.openFolder("a"), { kind: "io", message: "no such command" });
  leave();
});

Deno.test("the state comes on a channel, and the way to the peer is open when it is there", () => {
  const { program, events, leave } = followed();
  assert.deepEqual(program.calls, [["follow", { on_update: "channel 1" }]]);
  assert.deepEqual(states(events), ["connecting"]);
  program.channels[0]!(whole);
  assert.deepEqual(states(events), ["connecting", "open"]);
  assert.deepEqual(events.at(-1), { type: "update", update: whole });
  leave();
});

Deno.test("asking anew takes another channel, and nothing more of the first", () => {
  const { program, shell, events, leave } = followed();
  program.channels[0]!(whole);
  shell.again();
  const before = events.length;
  program.channels[0]!({ type: "patch", sequence: 2, patch: { playing: true } });
  assert.equal(events.length, before);
  program.channels[1]!(whole);
  assert.deepEqual(events.at(-1), { type: "update", update: whole });
  leave();
});

Deno.test("where the program does not let it follow, the connection is lost", async () => {
  const program = new PlayedProgram();
  program.answer = () => Promise.reject("it is ending");
  const events: ShellEvent[] = [];
  const leave = tauriShellIn(program).follow((event) => events.push(event));
  await Promise.resolve().then(() => {});
  await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  assert.deepEqual(states(events), ["connecting", "lost"]);
  leave();
});

Deno.test("a folder that is dragged onto the window is told, until nobody listens", async () => {
  const { program, events, leave } = followed();
  program.events.get("folder-dropped")!({ path: "/media/games" });
  assert.deepEqual(events.at(-1), { type: "folder-dropped", path: "/media/games" });
  leave();
  await Promise.resolve();
  assert.equal(program.events.size, 0);
});

Deno.test("all logs are read by one command, from a number on", async () => {
  const { program, shell, leave } = followed();
  await shell.log(7);
  assert.deepEqual(program.calls.at(-1), ["read_log", { kind: "application", after: 7 }]);
  await shell.unpackLog(0);
  assert.deepEqual(program.calls.at(-1), ["read_log", { kind: "unpacking", after: 0 }]);
  await shell.gameLog(3);
  assert.deepEqual(program.calls.at(-1), ["read_log", { kind: "games", after: 3 }]);
  leave();
});

Deno.test("the first run is asked for and answered by the program", async () => {
  const { program, shell, leave } = followed();
  program.answer = () => Promise.resolve({ name: "juno-pc", games_dir: "/home/juno/Lanspread" });
  assert.deepEqual(await shell.firstRun(), { name: "juno-pc", games_dir: "/home/juno/Lanspread" });
  await shell.finishFirstRun({ name: "Juno", games_dir: "/games" });
  assert.deepEqual(program.calls.at(-1), ["finish_first_run", {
    name: "Juno",
    games_dir: "/games",
  }]);
  leave();
});
