// The shell of the window: commands and a channel of the program that it belongs to.
//
// Invariant: every command that a page can send has one name there, in one table that the type checker
// holds to the commands; its fields travel as they are. It does not know what the state holds.

import { Channel, convertFileSrc, invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import {
  CommandError,
  type GuestLinks,
  type Proposal,
  type Shell,
  type ShellEvent,
} from "./shell.ts";
import type {
  Command,
  GameDetails,
  GameFiles,
  GameRun,
  InstallSize,
  LogLine,
  LogPage,
  UnpackRun,
  Update,
} from "./types.ts";

/**
 * What each command is called by the window's program; `null` for those that a window has no use for,
 * since it is sent the state unasked and ends with its program.
 */
export const NAMES = {
  "status": null,
  "list-games": null,
  "list-files": null,
  "list-peers": null,
  "wait-peers": null,
  "shutdown": null,
  "connect": "connect_peer",
  "expel": "expel_peer",
  "readmit": "readmit_peer",
  "set-rate-limits": "set_rate_limits",
  "set-playing": "set_playing",
  "check-health": "check_health",
  "say": "say_to_party",
  "set-game-dir": "update_game_directory",
  "set-more-game-dirs": "update_more_game_directories",
  "get-game": "get_game",
  "download": "download_game",
  "update": "update_game",
  "install": "install_game",
  "uninstall": "uninstall_game",
  "remove": "remove_game",
  "verify": "verify_game",
  "cancel": "cancel_game",
  "play": "play_game",
  "start-server": "start_server",
  "queue": "queue_game",
  "pause": "pause_game",
  "resume": "resume_game",
  "move": "move_game",
  "change-settings": "change_settings",
} as const satisfies Record<Command["cmd"], string | null>;

/** What the shell needs of the window's program. */
export interface Native {
  invoke(name: string, fields?: Record<string, unknown>): Promise<unknown>;
  /** Something that is handed over with a call, and on which the program sends. */
  channel(onUpdate: (update: Update) => void): unknown;
  listen(event: string, onEvent: (payload: unknown) => void): Promise<() => void>;
  coverUrl(id: string): string;
}

/** The shell over the program that this window belongs to. */
export function tauriShell(): Shell {
  return tauriShellIn({
    invoke,
    channel: (onUpdate) => new Channel(onUpdate),
    listen: (event, onEvent) => listen(event, ({ payload }) => onEvent(payload)),
    coverUrl: (id) => convertFileSrc(id, "cover"),
  });
}

/** The shell over a program that is given, so that tests can stand in for one. */
export function tauriShellIn(native: Native): Shell {
  const listeners = new Set<(event: ShellEvent) => void>();
  let dropped: Promise<() => void> | undefined;
  let following = 0;

  const tell = (event: ShellEvent) => listeners.forEach((listener) => listener(event));

  const ask = async <Answer>(name: string, fields?: Record<string, unknown>) => {
    try {
      return await native.invoke(name, fields) as Answer;
    } catch (refusal) {
      throw commandError(refusal);
    }
  };

  /** Follows anew; whatever still comes on an earlier channel is not for anybody. */
  const follow = () => {
    following += 1;
    const mine = following;
    tell({ type: "connection", state: "connecting" });
    const channel = native.channel((update) => {
      if (mine !== following) return;
      if (update.type === "snapshot") tell({ type: "connection", state: "open" });
      tell({ type: "update", update });
    });
    ask("follow", { on_update: channel }).catch(() => {
      if (mine === following) tell({ type: "connection", state: "lost" });
    });
  };

  return {
    follow(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        follow();
        dropped = native.listen("folder-dropped", (payload) => {
          const { path } = payload as { path: string };
          tell({ type: "folder-dropped", path });
        });
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        following += 1;
        void dropped?.then((stop) => stop());
      };
    },
    again: follow,
    async command({ cmd, ...fields }: Command) {
      const name = NAMES[cmd];
      if (name === null) throw new CommandError("bad-input", `a window does not send ${cmd}`);
      await ask(name, fields);
    },
    details: (id) => ask<GameDetails>("game_details", { id }),
    installSize: (id) => ask<InstallSize | null>("install_size", { id }),
    files: (id) => ask<GameFiles>("game_files", { id }),
    log: (after) => ask<LogPage<LogLine>>("read_log", { kind: "application", after }),
    unpackLog: (after) => ask<LogPage<UnpackRun>>("read_log", { kind: "unpacking", after }),
    gameLog: (after) => ask<LogPage<GameRun>>("read_log", { kind: "games", after }),
    coverUrl: (id) => native.coverUrl(id),
    archiveUrl: () => null,
    guestLinks: () => ask<GuestLinks>("guest_links"),
    chooseFolder: () => ask<string | null>("choose_folder"),
    openFolder: (id) => ask<void>("open_folder", { id }),
    restart: () => ask<void>("restart"),
    firstRun: () => ask<Proposal | null>("first_run"),
    finishFirstRun: ({ name, games_dir }) => ask<void>("finish_first_run", { name, games_dir }),
    can: { chooseFolder: true, openFolder: true, restart: true, desktop: true },
  };
}

/** A refusal comes as `{ kind, message }`; anything else is a fault of the window. */
function commandError(refusal: unknown): CommandError {
  if (typeof refusal === "object" && refusal !== null && "kind" in refusal) {
    const { kind, message } = refusal as { kind: string; message: string };
    return new CommandError(kind, message);
  }
  return new CommandError("io", String(refusal));
}
