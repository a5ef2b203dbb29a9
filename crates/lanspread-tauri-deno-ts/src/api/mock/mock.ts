// The shell of a page without a peer: it plays one of the scenarios.
//
// Invariant: it is loaded in development and in mock builds only.

import { type Language, LANGUAGES } from "../../state/preferences.ts";
import { type Abilities, CommandError, type Shell } from "../shell.ts";
import type { Game, GameDetails, GameFiles, Offer } from "../types.ts";
import { OLD_VERSION } from "./library.ts";
import { MockLogs } from "./logs.ts";
import { type Scenario, type ScenarioName, SCENARIOS } from "./scenarios.ts";
import { World } from "./world.ts";

/** What a window of the desktop can do. */
const DESKTOP: Abilities = {
  chooseFolder: true,
  openFolder: true,
  restart: true,
  desktop: true,
};

/** What an address such as `?mock=guest&language=de` asks for. */
export interface Asked {
  /** What is played; `null` if the mock has no such scenario. */
  scenario: ScenarioName | null;
  /** The language that it is seen in; `null` if it is the one that this browser prefers. */
  language: Language | null;
}

/** Reads what an address asks for. */
export function asked(search: string): Asked {
  const wanted = new URLSearchParams(search);
  const name = wanted.get("mock") ?? "party";
  return {
    scenario: isScenario(name) ? name : null,
    language: LANGUAGES.find((one) => one === wanted.get("language")) ?? null,
  };
}

/** Whether the mock has a scenario of this name. */
function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name);
}

/** The address of each scenario in each language. */
export function links(): { name: ScenarioName; language: Language; href: string }[] {
  return Object.keys(SCENARIOS).filter(isScenario).flatMap((name) =>
    LANGUAGES.map((language) => ({ name, language, href: `?mock=${name}&language=${language}` }))
  );
}

/** A shell that plays a scenario. */
export function mockShell(name: ScenarioName): Shell {
  const scenario: Scenario = SCENARIOS[name]();
  const world = new World(scenario);
  const logs = new MockLogs(world.snapshot.games.length === 0, Date.now());
  return {
    follow: (listener) => world.follow(listener),
    again: () => world.again(),
    command: (command) => world.command(command),
    details(id) {
      const game = world.snapshot.games.find((one) => one.id === id);
      return game
        ? Promise.resolve(details(game))
        : Promise.reject(new CommandError("unknown-game", id));
    },
    installSize(id) {
      const game = world.snapshot.games.find((one) => one.id === id);
      return Promise.resolve(game?.installed ? { bytes: game.size * 2, more: false } : null);
    },
    files(id) {
      const game = world.snapshot.games.find((one) => one.id === id);
      if (!game) return Promise.reject(new CommandError("unknown-game", id));
      if (!game.downloaded && game.holders.length === 0) {
        return Promise.reject(new CommandError("no-source", `cannot get ${id}: no peer has ${id}`));
      }
      return Promise.resolve(files(game));
    },
    log: (after) => Promise.resolve(logs.lines(after, Date.now())),
    unpackLog: (after) => Promise.resolve(logs.runs(after)),
    gameLog: (after) => Promise.resolve(logs.scripts(after)),
    coverUrl: () => null,
    archiveUrl: (id) => `archive-of-${encodeURIComponent(id)}.zip`,
    guestLinks: () => Promise.resolve(scenario.guestLinks ?? { links: [], squares: [] }),
    chooseFolder: () => Promise.resolve("/home/juno/more/games"),
    openFolder: () => Promise.resolve(),
    restart: () => world.restart(),
    firstRun: () => Promise.resolve(scenario.firstRun ?? null),
    finishFirstRun: ({ games_dir }) => world.begin(games_dir),
    can: scenario.can ?? DESKTOP,
  };
}

/** Lists the scenarios as links, each in every language, in place of the front end. */
export function showScenarios(): void {
  const list = document.createElement("ul");
  list.className = "empty";
  for (const { name, language, href } of links()) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = `${name} (${language})`;
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  document.getElementById("root")?.replaceChildren(list);
}

const MANIFEST = "5d6e7f8091a2b3c4".repeat(4);
const OTHER_MANIFEST = "0c1d2e3f4a5b6c7d".repeat(4);

function details(game: Game): GameDetails {
  const version = game.expected_version ?? OLD_VERSION;
  const [first, ...others] = game.holders;
  const offer = (rest: Partial<Offer>): Offer => ({
    version,
    manifest: MANIFEST,
    size: game.size,
    standing: "source",
    peers: others,
    ...rest,
  });
  const isDisputed = game.id.startsWith("xonotic") && first !== undefined;
  return {
    id: game.id,
    publisher: "Free software community",
    release: "2024",
    descriptions: descriptions(game),
    offers: isDisputed
      ? [
        offer({}),
        offer({ manifest: OTHER_MANIFEST, standing: "outvoted", peers: [first] }),
        offer({ version: OLD_VERSION, standing: "other-version", peers: game.outdated }),
      ]
      : [
        offer({ peers: game.holders }),
        offer({ version: OLD_VERSION, standing: "other-version", peers: game.outdated }),
      ].filter(({ peers }) => peers.length > 0),
    catalog_version: game.expected_version,
    manifest: game.downloaded ? MANIFEST : null,
    pinned: null,
  };
}

/** Many games are few archives; one of them is the many files that others unpack. */
function files(game: Game): GameFiles {
  const { id, size, downloaded: here } = game;
  const version = game.version ?? game.expected_version ?? OLD_VERSION;
  const rest = { id, version, manifest: MANIFEST, here };
  if (id !== "0ad") {
    const archive = { path: `${id}.eti`, size: size - 9 };
    return { ...rest, files: [archive, { path: "version.ini", size: 9 }], more: 0, size };
  }
  const listed = Array.from({ length: FILES_TOLD_MAX }, (_, index) => ({
    path: `binaries/data/mods/public/art/meshes/${String(index).padStart(5, "0")}.pmd`,
    size: 40_000 + (index * 7_919) % 900_000,
  }));
  return { ...rest, files: listed, more: 4_341, size };
}

const FILES_TOLD_MAX = 5_000;

function descriptions(game: Game): GameDetails["descriptions"] {
  return {
    en:
      `${game.title} is free software and made for an evening like this one.\n\nOne peer hosts a server, everybody else finds it in the list of local games. A round takes ten minutes, and nobody has to know the rules beforehand.`,
    de:
      `${game.title} ist freie Software und wie gemacht für einen Abend wie diesen.\n\nEin Peer startet einen Server, alle anderen finden ihn in der Liste der lokalen Spiele. Eine Runde dauert zehn Minuten, und niemand muss die Regeln vorher kennen.`,
  };
}
