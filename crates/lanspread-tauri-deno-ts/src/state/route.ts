// What the user looks at, as the address after `#`.
//
// Invariant: `parseRoute(formatRoute(route))` is the same route, and anything that stands in an address
// gives a route that can be shown. An address can therefore be bookmarked, and Back works.

import { FILTER_NAMES, type Narrowing, PLAYER_COUNTS } from "./filters.ts";

export const TABS = ["library", "transfers", "party", "logs", "help", "settings"] as const;

export type Tab = (typeof TABS)[number];

/** The logs that can be looked at. */
export const LOGS = ["unpacking", "games", "program"] as const;

/** Where guests can go. */
export const GUEST_TABS = [
  "library",
  "party",
  "help",
  "settings",
] as const satisfies readonly Tab[];

export interface Route extends Narrowing {
  tab: Tab;
  /** The game whose panel is open. */
  game: string | null;
  /** Which log is looked at. */
  log: (typeof LOGS)[number];
  /** The words that are searched. */
  words: string;
}

/** What is looked at first. */
export const START: Route = {
  tab: "library",
  game: null,
  log: "unpacking",
  words: "",
  filter: "all",
  genre: null,
  players: null,
};

/** The route that an address names. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const found = new URLSearchParams(query);
  const players = Number(found.get("players"));
  return {
    tab: TABS.find((tab) => tab === path) ?? START.tab,
    game: found.get("game") || null,
    log: LOGS.find((log) => log === found.get("log")) ?? START.log,
    words: found.get("words") ?? "",
    filter: FILTER_NAMES.find((name) => name === found.get("filter")) ?? START.filter,
    genre: found.get("genre") || null,
    players: PLAYER_COUNTS.find((count) => count === players) ?? null,
  };
}

/** The address of a route. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  const put = (name: string, value: string | null) => value && query.set(name, value);
  put("game", route.game);
  put("log", route.log === START.log ? null : route.log);
  put("words", route.words);
  put("filter", route.filter === START.filter ? null : route.filter);
  put("genre", route.genre);
  put("players", route.players === null ? null : String(route.players));
  const text = query.toString();
  return `#/${route.tab}${text && `?${text}`}`;
}

/** Whether a change is a step that Back should undo: another tab, game or log, and not a letter typed. */
export function isStep(from: Route, to: Route): boolean {
  return from.tab !== to.tab || from.game !== to.game || from.log !== to.log;
}

/** The same place with nothing narrowed. */
export function widened(route: Route): Route {
  return { ...START, tab: route.tab, game: route.game };
}

/** Whether a route narrows the library at all. */
export function isNarrowed(route: Route): boolean {
  return route.words.trim() !== "" || route.filter !== START.filter || route.genre !== null ||
    route.players !== null;
}
