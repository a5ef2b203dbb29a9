// The one place that holds what the peer said, and what was asked of it and not answered.
//
// Invariant: there is no truth here but the last snapshot. What is "asked" ends with the answer, and
// nothing is guessed in between. Nothing is sent for a guest. It does not know React; `ui/context.ts`
// ties the two.

import { CommandError, type Connection, type Shell, type ShellEvent } from "../api/shell.ts";
import type { Command } from "../api/types.ts";
import { apply, type Known } from "./apply.ts";
import { rateNow, type RateSample, withSample } from "./rates.ts";

/** At most so many refusals are shown; older ones make room. */
export const REFUSALS_MAX = 3;

/** The subject of starting the peer anew. */
export const RESTART = "restart";

/** A command that was refused, for the user to read. */
export interface Refusal {
  number: number;
  /** The game that it was about. */
  game: string | null;
  kind: string;
  message: string;
}

/** All that is shown, but for what the user looks at. */
export interface View {
  connection: Connection;
  known: Known | null;
  asked: ReadonlySet<string>;
  refusals: readonly Refusal[];
  rates: readonly RateSample[];
  /** A folder that was dragged onto the window, until somebody says what it is for. */
  dropped: string | null;
}

/** What a command is about. Of two about the same, the second waits until the first is answered. */
export function subject(command: Command): string {
  if ("id" in command) return `game ${command.id}`;
  if ("peer_id" in command) return `peer ${command.peer_id}`;
  return command.cmd;
}

export class Store {
  readonly #shell: Shell;
  readonly #listeners = new Set<() => void>();
  #refused = 0;
  #view: View = {
    connection: "connecting",
    known: null,
    asked: new Set(),
    refusals: [],
    rates: [],
    dropped: null,
  };

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Begins to follow the peer, until the returned function is called. */
  follow(): () => void {
    return this.#shell.follow((event) => this.#take(event));
  }

  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): View => this.#view;

  /** Has a command carried out; tells whether it was. A refusal is shown until it is dismissed. */
  send(command: Command): Promise<boolean> {
    const game = "id" in command ? command.id : null;
    return this.#ask(subject(command), game, () => this.#shell.command(command));
  }

  /** Shows a game's folder in the file manager. */
  openFolder(id: string): Promise<boolean> {
    return this.#ask(`folder ${id}`, id, () => this.#shell.openFolder(id));
  }

  /** Starts the peer anew. */
  restart(): Promise<boolean> {
    return this.#ask(RESTART, null, () => this.#shell.restart());
  }

  /** Forgets a folder that was dragged onto the window. */
  forgetDropped(): void {
    this.#set({ dropped: null });
  }

  async #ask(about: string, game: string | null, run: () => Promise<void>): Promise<boolean> {
    if (this.#view.known?.seat === "guest" || this.#view.asked.has(about)) return false;
    this.#set({ asked: new Set(this.#view.asked).add(about) });
    try {
      await run();
      return true;
    } catch (error) {
      this.#refuse(game, error);
      return false;
    } finally {
      const asked = new Set(this.#view.asked);
      asked.delete(about);
      this.#set({ asked });
    }
  }

  /** Forgets a refusal that was read. */
  dismiss(number: number): void {
    this.#set({ refusals: this.#view.refusals.filter((refusal) => refusal.number !== number) });
  }

  /** Notes the present rates in the history that the graph shows. */
  sample(atMs: number): void {
    if (this.#view.known === null) return;
    const sample = rateNow(this.#view.known.snapshot, atMs);
    this.#set({ rates: withSample(this.#view.rates, sample) });
  }

  #take(event: ShellEvent): void {
    if (event.type === "connection") return this.#set({ connection: event.state });
    if (event.type === "folder-dropped") return this.#set({ dropped: event.path });
    const known = apply(this.#view.known, event.update);
    if (known === "gap") return this.#shell.again();
    this.#set({ known });
  }

  #refuse(game: string | null, error: unknown): void {
    const { kind, message } = error instanceof CommandError
      ? error
      : { kind: "io", message: String(error) };
    this.#refused += 1;
    const refusal = { number: this.#refused, game, kind, message };
    this.#set({ refusals: [...this.#view.refusals, refusal].slice(-REFUSALS_MAX) });
  }

  #set(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change };
    this.#listeners.forEach((listener) => listener());
  }
}
