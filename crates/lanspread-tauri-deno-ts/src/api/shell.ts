// What the front end asks of whatever carries it to a peer: a page's socket, a window, a mock.
//
// Invariant: everything that the front end shows comes through `follow`, `details`, `files` and the logs, and
// everything that it wants of the peer goes through `command`. It does not know how either travels.

import type {
  Command,
  GameDetails,
  GameFiles,
  GameRun,
  GuestLinks,
  InstallSize,
  LogLine,
  LogPage,
  Proposal,
  UnpackRun,
  Update,
} from "./types.ts";

export type { GuestLinks, Proposal };

/**
 * How the way to the peer stands. Where it is not open, it is tried again: nobody answers (`lost`), all
 * places are taken (`full`), or whoever comes without the token is not let in (`refused`).
 */
export type Connection = "connecting" | "open" | "lost" | "full" | "refused";

/** What a shell reports. */
export type ShellEvent =
  | { type: "update"; update: Update }
  | { type: "connection"; state: Connection }
  | { type: "folder-dropped"; path: string };

/** What a shell can do beyond carrying commands. */
export interface Abilities {
  /** Whether `chooseFolder` opens a dialog of the system. */
  chooseFolder: boolean;
  /** Whether `openFolder` shows a game's folder in the file manager. */
  openFolder: boolean;
  /** Whether `restart` starts the peer anew. */
  restart: boolean;
  /** Whether this is a program of the desktop, with a tray, that can start with the system. */
  desktop: boolean;
}

/** The way to one peer. */
export interface Shell {
  /** Reports the state, and from then on whatever changes it, until the returned function is called. */
  follow(listener: (event: ShellEvent) => void): () => void;
  /** Asks for the whole state anew, because an update was missed. */
  again(): void;
  /** Has a command carried out; rejects with a `CommandError`. */
  command(command: Command): Promise<void>;
  /** What is told of one game. */
  details(id: string): Promise<GameDetails>;
  /** How much of a game is unpacked; `null` if that cannot be counted. */
  installSize(id: string): Promise<InstallSize | null>;
  /** The files of one game; other peers may be asked for them. Rejects with a `CommandError`. */
  files(id: string): Promise<GameFiles>;
  /** The lines of the program's log after a number. */
  log(after: number): Promise<LogPage<LogLine>>;
  /** The archives that were unpacked after a number. */
  unpackLog(after: number): Promise<LogPage<UnpackRun>>;
  /** The scripts of games that ran after a number. */
  gameLog(after: number): Promise<LogPage<GameRun>>;
  /** Where a picture of a game that has one is; `null` if this shell has none, and one is drawn. */
  coverUrl(id: string): string | null;
  /** Where a game can be fetched as one ZIP file by whoever may; `null` if this shell has no such place. */
  archiveUrl(id: string): string | null;
  /** How guests reach the page. */
  guestLinks(): Promise<GuestLinks>;
  /** Lets the user choose a folder; `null` if he does not. */
  chooseFolder(): Promise<string | null>;
  /** Shows a game's folder in the file manager. */
  openFolder(id: string): Promise<void>;
  /** Starts the peer anew, with the wishes that hold from a start on. */
  restart(): Promise<void>;
  /** What to propose at the first start; `null` where the questions are answered. */
  firstRun(): Promise<Proposal | null>;
  /** Answers the questions of the first start. */
  finishFirstRun(answers: Proposal): Promise<void>;
  can: Abilities;
}

/** What a shell without an ability answers. */
export function cannot(): Promise<never> {
  return Promise.reject(new CommandError("not-allowed", ""));
}

/** A command that was refused. */
export class CommandError extends Error {
  /** The kind of error, as the peer names it, or `connection` if it was not reached. */
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.name = "CommandError";
    this.kind = kind;
  }
}
