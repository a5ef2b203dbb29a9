// The shell of a page that a peer serves: one WebSocket of the same origin.
//
// Invariant: a command is answered exactly once. Whatever is pending when the socket closes is rejected
// with the kind `connection`, since nobody can know whether it was carried out. It does not know what
// the state holds.

import { cannot, CommandError, type GuestLinks, type Shell, type ShellEvent } from "./shell.ts";
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

const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 5_000;
/** What a request is answered with that the peer refuses with a kind and a message. */
const REFUSED = 409;
const TOKEN_KEY = "lanspread-token";

type Result =
  & { type: "result"; seq: number }
  & ({ ok: true } | { ok: false; error: { kind: string; message: string } });

interface Pending {
  resolve(): void;
  reject(error: CommandError): void;
}

/** What the shell needs of the browser. */
export interface Browser {
  origin: string;
  token: string | null;
  /** Keeps a token no longer that the peer does not take. */
  forgetToken(): void;
  socket(url: string, protocols: string[]): WebSocket;
  fetch: typeof fetch;
}

/** The shell over the page's own origin. */
export function webShell(): Shell {
  return webShellIn({
    origin: location.origin,
    token: takeToken(),
    forgetToken: () => sessionStorage.removeItem(TOKEN_KEY),
    socket: (url, protocols) => new WebSocket(url, protocols),
    fetch: (input, init) => fetch(input, init),
  });
}

/** The shell over a browser that is given, so that tests can stand in for one. */
export function webShellIn(browser: Browser): Shell {
  const listeners = new Set<(event: ShellEvent) => void>();
  const pending = new Map<number, Pending>();
  let socket: WebSocket | null = null;
  let token = browser.token;
  let seq = 0;
  let retryMs = RETRY_FIRST_MS;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const tell = (event: ShellEvent) => listeners.forEach((listener) => listener(event));

  const settle = (result: Result) => {
    const waiting = pending.get(result.seq);
    pending.delete(result.seq);
    if (result.ok) waiting?.resolve();
    else waiting?.reject(new CommandError(result.error.kind, result.error.message));
  };

  const connect = () => {
    tell({ type: "connection", state: "connecting" });
    const url = `${browser.origin.replace(/^http/, "ws")}/api/live`;
    const opened = browser.socket(url, token ? ["lanspread", token] : []);
    let wasOpen = false;
    socket = opened;
    opened.onopen = () => {
      wasOpen = true;
      retryMs = RETRY_FIRST_MS;
      tell({ type: "connection", state: "open" });
    };
    opened.onmessage = (message: MessageEvent<string>) => {
      const line = JSON.parse(message.data) as Update | Result;
      if (line.type === "result") settle(line);
      else tell({ type: "update", update: line });
    };
    opened.onclose = () => {
      socket = null;
      rejectAll();
      if (listeners.size === 0) return;
      tell({ type: "connection", state: "lost" });
      if (!wasOpen) void askWhyNot();
      retry = setTimeout(connect, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_LAST_MS);
    };
  };

  const headers = () => token ? { authorization: `Bearer ${token}` } : undefined;

  /**
   * A socket does not say why it was refused. A peer draws another token with each start: one that it
   * refuses is of no more use, and without one whoever has it may still be let in as a guest.
   */
  const askWhyNot = async () => {
    let status: number;
    try {
      ({ status } = await browser.fetch(`${browser.origin}/api/seat`, { headers: headers() }));
    } catch {
      return;
    }
    if (listeners.size === 0 || socket?.readyState === WebSocket.OPEN) return;
    if (status === 503) return tell({ type: "connection", state: "full" });
    if (status !== 403) return;
    if (token === null) return tell({ type: "connection", state: "refused" });
    token = null;
    browser.forgetToken();
  };

  const get = async <Answer>(place: string, kind: string): Promise<Answer> => {
    const answer = await browser.fetch(`${browser.origin}/api/${place}`, { headers: headers() });
    if (answer.status === REFUSED) throw refusal(await answer.json());
    if (!answer.ok) throw new CommandError(kind, `${place}: ${answer.status}`);
    return await answer.json() as Answer;
  };

  const rejectAll = () => {
    const waiting = [...pending.values()];
    pending.clear();
    waiting.forEach(({ reject }) => reject(lost()));
  };

  return {
    follow(listener) {
      listeners.add(listener);
      if (listeners.size === 1) connect();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(retry);
        socket?.close();
      };
    },
    again: () => socket?.close(),
    command(command: Command) {
      if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(lost());
      const open = socket;
      seq += 1;
      const mine = seq;
      return new Promise<void>((resolve, reject) => {
        pending.set(mine, { resolve, reject });
        open.send(JSON.stringify({ seq: mine, ...command }));
      });
    },
    details: (id) => get<GameDetails>(`games/${encodeURIComponent(id)}`, "unknown-game"),
    installSize: (id) =>
      get<InstallSize>(`games/${encodeURIComponent(id)}/install-size`, "io").catch(() => null),
    files: (id) => get<GameFiles>(`games/${encodeURIComponent(id)}/files`, "unknown-game"),
    log: (after) => get<LogPage<LogLine>>(`log?after=${after}`, "not-allowed"),
    unpackLog: (after) => get<LogPage<UnpackRun>>(`unpack-log?after=${after}`, "not-allowed"),
    gameLog: (after) => get<LogPage<GameRun>>(`game-log?after=${after}`, "not-allowed"),
    coverUrl: (id) => `${browser.origin}/api/covers/${encodeURIComponent(id)}`,
    archiveUrl: (id) => `${browser.origin}/api/games/${encodeURIComponent(id)}/archive`,
    guestLinks: () => get<GuestLinks>("guest-links", "not-allowed"),
    chooseFolder: () => Promise.resolve(null),
    openFolder: cannot,
    restart: cannot,
    firstRun: () => Promise.resolve(null),
    finishFirstRun: cannot,
    can: { chooseFolder: false, openFolder: false, restart: false, desktop: false },
  };
}

function refusal({ kind, message }: { kind: string; message: string }): CommandError {
  return new CommandError(kind, message);
}

function lost(): CommandError {
  return new CommandError("connection", "");
}

/**
 * The token that the address came with. It is kept for this tab, so that a reload works, and taken out
 * of the address, so that a photo of the screen does not give it away.
 */
function takeToken(): string | null {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    sessionStorage.setItem(TOKEN_KEY, found);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return found ?? sessionStorage.getItem(TOKEN_KEY);
}
