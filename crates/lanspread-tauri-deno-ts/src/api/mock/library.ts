// The games of the mock: freely licensed ones that exist, with figures of about the right size.
//
// Invariant: the same call gives the same games, so that a screenshot of today can be compared with one
// of yesterday.

import type { Game } from "../types.ts";

const MEBIBYTE = 1024 * 1024;
export const VERSION = "20260301";
export const OLD_VERSION = "20250117";

const GENRES: Record<string, Game["genre"]> = {
  shooter: { en: "Shooter", de: "Shooter" },
  racing: { en: "Racing", de: "Rennen" },
  strategy: { en: "Strategy", de: "Strategie" },
  action: { en: "Action", de: "Action" },
  puzzle: { en: "Puzzle", de: "Knobeln" },
};

/** When the first games were seen: those of the library of this PC. */
const FIRST_SEEN_MS = Date.UTC(2026, 2, 1);
/** Others came at other evenings. */
const EVENING_MS = 7 * 24 * 3_600_000;

/** Id, title, genre, size in MiB, players. */
const KNOWN: [string, string, keyof typeof GENRES, number, string][] = [
  ["0ad", "0 A.D.", "strategy", 3_270, "8"],
  ["armagetronad", "Armagetron Advanced", "action", 14, "16"],
  ["assaultcube", "AssaultCube", "shooter", 52, "20"],
  ["bzflag", "BZFlag", "action", 38, "32"],
  ["etlegacy", "ET: Legacy", "shooter", 310, "64"],
  ["extremetuxracer", "Extreme Tux Racer", "racing", 42, "1"],
  ["freeciv", "Freeciv", "strategy", 96, "30"],
  ["freedoom", "Freedoom: Phase 2", "shooter", 61, "4"],
  ["frozenbubble", "Frozen Bubble", "puzzle", 21, "5"],
  ["hedgewars", "Hedgewars", "strategy", 161, "8"],
  ["minetest", "Luanti", "action", 120, "40"],
  ["nexuiz", "Nexuiz Classic", "shooter", 870, "16"],
  ["openarena", "OpenArena", "shooter", 431, "16"],
  ["openra", "OpenRA", "strategy", 74, "12"],
  ["openttd", "OpenTTD", "strategy", 58, "255"],
  ["pokerth", "PokerTH", "puzzle", 33, "10"],
  ["redeclipse", "Red Eclipse", "shooter", 962, "32"],
  ["sauerbraten", "Cube 2: Sauerbraten", "shooter", 905, "24"],
  ["speeddreams", "Speed Dreams", "racing", 2_140, "4 (+ 12 CPU)"],
  ["supertuxkart", "SuperTuxKart", "racing", 706, "24"],
  ["teeworlds", "Teeworlds", "action", 9, "16"],
  ["warzone2100", "Warzone 2100", "strategy", 186, "10"],
  ["wesnoth", "Battle for Wesnoth", "strategy", 540, "9"],
  ["xonotic", "Xonotic", "shooter", 1_240, "32"],
];

/** One game of the mock, on others only, until a scenario says otherwise. */
export function mockGame(id: string, title: string, rest: Partial<Game> = {}): Game {
  return {
    id,
    title,
    state: "on-others",
    action: "download",
    also: [],
    version: null,
    expected_version: VERSION,
    size: 100 * MEBIBYTE,
    downloaded: false,
    installed: false,
    to_hash: false,
    scripts: [],
    holders: [],
    outdated: [],
    gathered: null,
    problem: null,
    genre: {},
    players: null,
    cover: false,
    first_seen_ms: FIRST_SEEN_MS,
    described: true,
    games_dir: null,
    ...rest,
  };
}

/** The games that exist, sorted by id. */
export function knownGames(): Game[] {
  return KNOWN.map(([id, title, genre, size, players], index) =>
    mockGame(id, title, {
      first_seen_ms: FIRST_SEEN_MS + (index * 7 % 5) * EVENING_MS,
      genre: GENRES[genre] ?? {},
      size: size * MEBIBYTE,
      players: { text: players, count: parseInt(players) },
    })
  );
}

/** As many games as a large party has: the known ones again and again, numbered. */
export function manyGames(count: number, holders: readonly string[]): Game[] {
  const known = knownGames();
  return Array.from({ length: count }, (_, index) => {
    const base = known[index % known.length]!;
    const round = Math.floor(index / known.length) + 1;
    const suffix = round === 1 ? "" : ` ${round}`;
    const game: Game = {
      ...base,
      id: `${base.id}${round === 1 ? "" : `-${round}`}`,
      title: `${base.title}${suffix}`,
      size: base.size + (index % 7) * MEBIBYTE,
      holders: holders.filter((_, at) => (index * 7 + at * 3) % 5 < 2),
    };
    return STATES[index % STATES.length]!(game);
  }).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What a game brings that can be played alone and on a server of one's own. */
const SCRIPTS: Game["scripts"] = ["setup", "start", "server"];

/** A game that is here and can be played. */
export function ready(game: Game): Game {
  const here = { downloaded: true, installed: true, version: game.expected_version };
  return { ...game, ...here, scripts: SCRIPTS, state: "ready", action: "play", also: [] };
}

/** A game that is here and that nothing starts on this system. */
export function withoutScripts(game: Game): Game {
  return { ...ready(game), scripts: [], action: "none" };
}

/** A game that is here and not unpacked. */
export function downloaded(game: Game): Game {
  const here = { downloaded: true, installed: false, version: game.expected_version };
  return { ...game, ...here, scripts: SCRIPTS, state: "downloaded", action: "install", also: [] };
}

/** A game that is here in an old version. */
export function outdated(game: Game): Game {
  const here = { downloaded: true, installed: true, version: OLD_VERSION };
  return {
    ...game,
    ...here,
    scripts: SCRIPTS,
    state: "update-available",
    action: "update",
    also: ["play"],
  };
}

/** A game that is here in a version that nobody else plays. */
export function otherVersion(game: Game): Game {
  return { ...outdated(game), state: "other-version", action: "play", also: [], holders: [] };
}

/** A game that can be played and not shared. */
export function localOnly(game: Game): Game {
  const also: Game["also"] = game.holders.length > 0 ? ["download"] : [];
  return { ...ready(game), also, downloaded: false, version: null, state: "local-only" };
}

/** A game that only the catalog knows. */
export function nowhere(game: Game): Game {
  return { ...game, state: "nowhere", action: "none", holders: [] };
}

const same = (game: Game): Game => game;
const STATES = [same, ready, same, downloaded, outdated, same, nowhere, same];
