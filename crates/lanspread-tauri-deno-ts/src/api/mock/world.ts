// A peer that exists in the page only: it holds a state, changes it, and tells of each change.
//
// Invariant: what it sends is what a peer sends, one snapshot and then patches whose numbers count up by
// one, so the front end cannot tell the two apart.

import { CommandError, type ShellEvent } from "../shell.ts";
import type { Command, Game, Operation, Outcome, Patch, Progress, Snapshot } from "../types.ts";
import { applyCommand } from "./commands.ts";
import { downloaded, ready } from "./library.ts";
import { message } from "./parties.ts";
import { due } from "./queue.ts";
import type { Scenario } from "./scenarios.ts";

const TICK_MS = 500;
const ANSWER_MS = 250;
/** Something is said every so many ticks, where a scenario has something to say. */
const SAY_TICKS = 6;

export class World {
  readonly #scenario: Scenario;
  readonly #listeners = new Set<(event: ShellEvent) => void>();
  #snapshot: Snapshot;
  #sequence = 1;
  #ticks = 0;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#snapshot = scenario.snapshot;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  follow(listener: (event: ShellEvent) => void): () => void {
    this.#listeners.add(listener);
    const { connection } = this.#scenario;
    if (connection !== "full" && connection !== "refused") {
      listener({ type: "connection", state: "open" });
      this.#tellAll(listener);
    }
    if (connection) listener({ type: "connection", state: connection });
    const { dropped } = this.#scenario;
    if (dropped !== undefined) listener({ type: "folder-dropped", path: dropped });
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    };
  }

  again(): void {
    this.#listeners.forEach((listener) => this.#tellAll(listener));
  }

  async command(command: Command): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    const { connection, refuses, seat } = this.#scenario;
    if (connection === "lost") throw new CommandError("connection", "");
    if (seat === "guest") throw new CommandError("not-allowed", "guests look and fetch games");
    if (refuses) throw new CommandError(refuses, "the mock refuses every command in this scenario");
    this.change(applyCommand(this.#snapshot, command));
  }

  /** Answers the questions of the first start: one folder does not do, as at a peer. */
  async begin(gamesDir: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    if (!/^(\/|[A-Za-z]:)/.test(gamesDir)) {
      throw new CommandError("bad-input", `${gamesDir} is no whole path of a folder`);
    }
    this.change({ me: { ...this.#snapshot.me, games_dir: gamesDir } });
  }

  /** Starts anew: the name that was wished for is the one that is used. */
  async restart(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    const { me, settings } = this.#snapshot;
    const name = settings.name ?? me.name;
    this.change({
      me: { ...me, name, party_code: settings.party_code },
      settings: { ...settings, restart_needed: false },
    });
  }

  /** Changes parts of the state, and tells of it. */
  change(patch: Patch): void {
    const { games, ...parts } = patch;
    this.#snapshot = { ...this.#snapshot, ...parts };
    if (games) {
      const changed = new Map(games.changed.map((game) => [game.id, game]));
      const kept = this.#snapshot.games.filter((game) => !games.gone.includes(game.id));
      const all = kept.map((game) => changed.get(game.id) ?? game);
      this.#snapshot = { ...this.#snapshot, games: all };
    }
    this.#sequence += 1;
    const update = { type: "patch", sequence: this.#sequence, patch } as const;
    this.#listeners.forEach((listener) => listener({ type: "update", update }));
  }

  #tellAll(listener: (event: ShellEvent) => void): void {
    const update = {
      type: "snapshot",
      sequence: this.#sequence,
      seat: this.#scenario.seat ?? "here",
      snapshot: this.#snapshot,
    } as const;
    listener({ type: "update", update });
  }

  #tick(): void {
    this.#sayNext();
    const { downloads = "run" } = this.#scenario;
    if (downloads === "stand") return;
    this.#beginDue();
    if (this.#snapshot.operations.length === 0) return;
    const ended = this.#snapshot.operations.filter((one) => hasEnded(one, downloads));
    const going = this.#snapshot.operations.filter((one) => !ended.includes(one)).map(advanced);
    this.change({ operations: going });
    for (const operation of ended) this.#end(operation, downloads);
  }

  /** Somebody says the next thing, every few moments. */
  #sayNext(): void {
    this.#ticks += 1;
    const { says = [] } = this.#scenario;
    const text = says[this.#ticks / SAY_TICKS - 1];
    const { messages, peers } = this.#snapshot;
    const by = peers[this.#ticks % peers.length];
    if (text === undefined || by === undefined) return;
    const number = (messages.at(-1)?.number ?? 0) + 1;
    this.change({ messages: [...messages, message(number, by, text, 0)] });
  }

  /** Begins the download whose turn it is; what came of it earlier is still here. */
  #beginDue(): void {
    const queued = due(this.#snapshot);
    if (queued === null) return;
    const { id } = queued;
    const { operations = [] } = applyCommand(this.#snapshot, { cmd: "download", id });
    const game = this.#snapshot.games.find((one) => one.id === id);
    const came = game?.gathered?.verified_bytes ?? 0;
    this.change({
      operations: operations.map((one) =>
        one.id === id && one.progress?.phase === "transferring"
          ? { ...one, progress: { ...one.progress, verified_bytes: came } }
          : one
      ),
      queue: this.#snapshot.queue.map((one) => one.id === id ? { ...one, turn: "running" } : one),
    });
  }

  #end({ id, kind, progress }: Operation, downloads: "run" | "fail"): void {
    const game = this.#snapshot.games.find((one) => one.id === id);
    if (!game) return;
    const outcome: Outcome = downloads === "fail"
      ? {
        result: "failed",
        kind: "sources-failed",
        message: `cannot get ${id}: all sources failed`,
      }
      : {
        result: "finished",
        bytes: game.size,
        elapsed_ms: 12_000,
        sources: progress?.phase === "transferring" ? progress.sources : [],
        notes: [],
      };
    const number = (this.#snapshot.finished.at(-1)?.number ?? 0) + 1;
    const finished = [...this.#snapshot.finished, { number, at_ms: Date.now(), id, kind, outcome }];
    const changed = outcome.result === "finished" ? [after(game, kind)] : [];
    const queue = this.#snapshot.queue.filter((one) => one.id !== id);
    this.change({ games: { changed, gone: [] }, finished, queue });
    if (outcome.result === "finished" && kind === "download") {
      const install: Operation = { id, kind: "install", progress: null };
      this.change({ operations: [...this.#snapshot.operations, install] });
    }
  }
}

/** A download goes on for half a second at its rate; anything else takes one more step. */
function advanced(operation: Operation): Operation {
  const { progress } = operation;
  if (progress?.phase === "transferring") {
    const sources = progress.sources.map((source) => {
      const rate = source.rate_bytes_per_s * (0.94 + Math.random() * 0.12);
      const bytes = Math.round((rate * TICK_MS) / 1000);
      return {
        ...source,
        rate_bytes_per_s: Math.round(rate),
        bytes: source.bytes + bytes,
        chunks: source.chunks + Math.ceil(bytes / 262_144),
      };
    });
    const rate = sources.reduce((sum, source) => sum + source.rate_bytes_per_s, 0);
    const verified = Math.min(
      progress.total_bytes,
      progress.verified_bytes + Math.round((rate * TICK_MS) / 1000),
    );
    const left = rate > 0 ? Math.round(((progress.total_bytes - verified) / rate) * 1000) : null;
    return {
      ...operation,
      progress: {
        ...progress,
        verified_bytes: verified,
        rate_bytes_per_s: rate,
        time_left_ms: left,
        sources,
      },
    };
  }
  const index = progress?.phase === "step" ? progress.index + 1 : 1;
  return { ...operation, progress: unpacking(`${operation.id}.eti`, index, STEPS) };
}

const STEPS = 6;
const STEP_BYTES = 40_000_000;

/** The unpacking of one of several archives, in which nothing is done yet. */
function unpacking(archive: string, index: number, count: number): Progress {
  return {
    phase: "step",
    work: "unpacking",
    what: `unpacking ${archive}`,
    archive,
    index,
    count,
    done_bytes: (index - 1) * STEP_BYTES,
    total_bytes: count * STEP_BYTES,
    percent: Math.floor(((index - 1) / count) * 100),
  };
}

function hasEnded({ progress }: Operation, downloads: "run" | "fail"): boolean {
  if (progress?.phase === "transferring") {
    return progress.verified_bytes >= progress.total_bytes * (downloads === "fail" ? 0.2 : 1);
  }
  return progress?.phase === "step" && progress.index >= STEPS;
}

/** A game after an operation on it. */
function after(game: Game, kind: Operation["kind"]): Game {
  switch (kind) {
    case "download":
      return { ...downloaded(game), gathered: null };
    case "install":
      return ready(game);
    case "uninstall":
      return { ...game, installed: false, state: "downloaded", action: "install", also: [] };
    case "remove":
      return { ...game, downloaded: false, version: null, state: "on-others", action: "download" };
    case "verify":
    case "recover":
      return game;
  }
}
