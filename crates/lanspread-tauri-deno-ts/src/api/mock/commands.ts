// What commands do to the mock's state.
//
// Invariant: it refuses what a peer would refuse, with the same kinds.

import { TEXT_BYTES_MAX, textBytes } from "../../state/messages.ts";
import { CommandError } from "../shell.ts";
import type {
  Command,
  Health,
  KeptAway,
  Me,
  MoreGamesDir,
  Operation,
  OperationKind,
  Patch,
  Script,
  SettingsChange,
  Snapshot,
} from "../types.ts";
import { changeQueue } from "./queue.ts";

const RATE = 24 * 1024 * 1024;

/** The change that a command makes; throws a `CommandError` if it is refused. */
export function applyCommand(snapshot: Snapshot, command: Command): Patch {
  if (CHANGES.has(command.cmd) && "id" in command) checkRests(snapshot, command.id, command.cmd);
  switch (command.cmd) {
    case "download":
    case "update":
      return begin(snapshot, command.id, "download");
    case "queue":
    case "pause":
    case "resume":
    case "move":
      return changeQueue(snapshot, command);
    case "install":
    case "uninstall":
    case "remove":
    case "verify":
      return begin(snapshot, command.id, command.cmd);
    case "play":
      return run(snapshot, command.id, "start");
    case "start-server":
      return run(snapshot, command.id, "server");
    case "cancel":
      return cancel(snapshot, command.id);
    case "say":
      return say(snapshot, command.text);
    case "set-playing":
      return { playing: command.playing };
    case "set-rate-limits": {
      const { cmd: _, ...limits } = command;
      return { limits: { ...snapshot.limits, ...limits } };
    }
    case "check-health":
      return { health: triedAgain(snapshot.health) };
    case "set-game-dir":
      if (snapshot.operations.length > 0) {
        throw new CommandError("busy", "operations run in the games directory");
      }
      return { me: putFirst(snapshot.me, command.path) };
    case "set-more-game-dirs":
      if (snapshot.operations.length > 0) {
        throw new CommandError("busy", "operations run in the games directory");
      }
      return { me: { ...snapshot.me, more_games_dirs: command.paths.map(folder) } };
    case "connect":
      throw new CommandError(
        "unreachable",
        `nobody answered at ${command.addr}: is Lanspread running there, and does its firewall let it in?`,
      );
    case "change-settings":
      return changeSettings(snapshot, command);
    case "expel":
      return expel(snapshot, command.peer_id);
    case "readmit":
      return { kept_away: snapshot.kept_away.filter((peer) => peer.peer_id !== command.peer_id) };
    default:
      throw new CommandError("bad-input", `the mock does not know ${command.cmd}`);
  }
}

function triedAgain(health: Health): Health {
  const { folder } = health;
  if (folder.state === "unknown") return health;
  return { ...health, folder: { ...folder, at_ms: Date.now() } };
}

const CHANGES: ReadonlySet<Command["cmd"]> = new Set<Command["cmd"]>([
  "download",
  "queue",
  "update",
  "install",
  "uninstall",
  "remove",
]);

function checkRests({ running }: Snapshot, id: string, verb: string): void {
  if (!running.some((one) => one.id === id)) return;
  throw new CommandError(
    "busy",
    `cannot ${verb} ${id}: it is being played on this machine; end it first`,
  );
}

function say({ messages, me }: Snapshot, typed: string): Patch {
  const text = typed.trim().replace(/\s+/g, " ");
  if (text === "") throw new CommandError("bad-input", "cannot say that: there is no text in it");
  const bytes = textBytes(text);
  if (bytes > TEXT_BYTES_MAX) {
    throw new CommandError(
      "bad-input",
      `cannot say that: it has ${bytes} bytes, and ${TEXT_BYTES_MAX} are allowed: say it in several messages`,
    );
  }
  const number = (messages.at(-1)?.number ?? 0) + 1;
  const { peer_id, name } = me;
  return { messages: [...messages, { number, at_ms: Date.now(), peer_id, name, text, own: true }] };
}

function begin(snapshot: Snapshot, id: string, kind: OperationKind): Patch {
  const game = snapshot.games.find((one) => one.id === id);
  if (!game) throw new CommandError("unknown-game", `there is no game ${id} at this party`);
  if (snapshot.operations.some((operation) => operation.id === id)) {
    throw new CommandError("busy", `${id} is worked on; wait for that or cancel it`);
  }
  if (kind === "download" && game.holders.length === 0) {
    throw new CommandError("no-source", `cannot get ${id}: no peer has ${id}`);
  }
  const operation: Operation = { id, kind, progress: null };
  if (kind === "download") {
    const holders = snapshot.peers.filter((peer) => game.holders.includes(peer.peer_id));
    operation.progress = {
      phase: "transferring",
      verified_bytes: 0,
      total_bytes: game.size,
      rate_bytes_per_s: RATE * holders.length,
      time_left_ms: null,
      efficiency_percent: null,
      sources: holders.map(({ peer_id, name }) => ({
        peer_id,
        name,
        chunks: 0,
        bytes: 0,
        rate_bytes_per_s: RATE,
      })),
    };
  }
  const operations = [...snapshot.operations, operation];
  return { operations: operations.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function run(snapshot: Snapshot, id: string, script: Script): Patch {
  const game = snapshot.games.find((one) => one.id === id);
  if (!game?.installed) throw new CommandError("not-installed", `${id} is not installed`);
  if (!game.scripts.includes(script)) {
    throw new CommandError("no-script", `cannot start ${id}: it has no script for that`);
  }
  if (snapshot.running.some((one) => one.id === id && one.script === script)) {
    throw new CommandError("busy", `${id} runs already`);
  }
  return { running: [...snapshot.running, { id, script, since_ms: Date.now() }] };
}

function cancel(snapshot: Snapshot, id: string): Patch {
  const operation = snapshot.operations.find((one) => one.id === id);
  const queue = snapshot.queue.filter((one) => one.id !== id);
  const rests = snapshot.games.find((one) => one.id === id && one.gathered !== null);
  if (!operation && !rests) {
    if (queue.length < snapshot.queue.length) return { queue };
    throw new CommandError("no-operation", `nothing runs on ${id}`);
  }
  const number = (snapshot.finished.at(-1)?.number ?? 0) + 1;
  const kind = operation?.kind ?? "download";
  const ended = { number, at_ms: Date.now(), id, kind, outcome: { result: "cancelled" } } as const;
  return {
    operations: snapshot.operations.filter((one) => one !== operation),
    queue,
    finished: [...snapshot.finished, ended],
    ...(rests && { games: { changed: [{ ...rests, gathered: null }], gone: [] } }),
  };
}

const CODE_LENGTH_MIN = 8;

function changeSettings({ me, settings }: Snapshot, change: SettingsChange): Patch {
  const { name, language, party_code: code, start_with_system, keep_in_tray, guests } = change;
  if (code && code.length < CODE_LENGTH_MIN) {
    throw new CommandError("bad-input", "that party code could be guessed; take a longer one");
  }
  const next = {
    ...settings,
    name: name === undefined || name === null ? settings.name : name || null,
    language: language ?? settings.language,
    party_code: typeof code === "string" ? code !== "" : settings.party_code,
    party_code_differs: typeof code === "string"
      ? code !== "" || me.party_code
      : settings.party_code_differs,
    start_with_system: start_with_system ?? settings.start_with_system,
    keep_in_tray: keep_in_tray ?? settings.keep_in_tray,
    guests: guests ?? settings.guests,
  };
  const isOther = (next.name ?? me.name) !== me.name || typeof code === "string";
  return { settings: { ...next, restart_needed: isOther || settings.restart_needed } };
}

function expel(snapshot: Snapshot, peerId: string): Patch {
  const gone = snapshot.peers.find((peer) => peer.peer_id === peerId);
  if (!gone) throw new CommandError("bad-input", "there is no such peer");
  const away: KeptAway = {
    peer_id: peerId,
    name: gone.name,
    reasons: [{ kind: "expelled", by: "this-peer", time_ms: 12 * 3_600_000 }],
  };
  return {
    peers: snapshot.peers.filter((peer) => peer !== gone),
    kept_away: [...snapshot.kept_away, away],
  };
}

/** Another folder for new games; one that is in the list already changes places with it. */
function putFirst(me: Me, path: string): Me {
  const more_games_dirs = me.more_games_dirs.map((one) =>
    one.path === path ? folder(me.games_dir) : one
  );
  return { ...me, games_dir: path, more_games_dirs };
}

function folder(path: string): MoreGamesDir {
  return { path, problem: null, free_bytes: 512 * 1024 ** 3 };
}
