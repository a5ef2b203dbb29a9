// Every word of the front end in English.
//
// Invariant: this catalog is the measure of the others: its type is theirs, so a text that is missing
// in one of them does not compile. What the peer says in its own words is shown beside these, as it came.

import { errorsEn } from "./errors.en.ts";
import { eveningEn } from "./evening.en.ts";
import { filesEn } from "./files.en.ts";
import { firstRunEn } from "./first-run.en.ts";
import { guestEn } from "./guest.en.ts";
import { hashingEn } from "./hashing.en.ts";
import { logsEn } from "./logs.en.ts";
import { noticesEn } from "./notices.en.ts";
import { counting, isolated } from "./plurals.ts";
import { queueEn } from "./queue.en.ts";
import { sayEn } from "./say.en.ts";
import { settingsEn } from "./settings.en.ts";
import { toldEn } from "./told.en.ts";
import { viewsEn } from "./views.en.ts";

const n = counting("en");

const games = (count: number) => n(count, { one: "# game", other: "# games" });
const peers = (count: number) => n(count, { one: "# peer", other: "# peers" });

export const en = {
  language: "English",
  errors: errorsEn,

  shell: {
    skip: "Skip to the games",
    closed: {
      connecting: "Connecting to Lanspread…",
      open: "The party is being read…",
      lost: "Lanspread does not answer. Has it ended, or is the network down? It is tried again.",
      full: "All places here are taken. As soon as somebody closes this page, it opens here.",
      refused: "Guests are not let in here. Ask the organiser for the link with the token.",
    },
    lostTitle: "The connection to Lanspread is lost",
    lostBody: "You see what was known last. It tries again by itself.",
    tabs: "Sections",
    library: "Library",
    transfers: "Transfers",
    party: "Party",
    logs: "Logs",
    help: "Help",
    settings: "Settings",
    partyState: (peerCount: number, gameCount: number) =>
      `${peers(peerCount)} · ${games(gameCount)}`,
    open: "Open party",
    catalog: "Catalog",
    openHint: "Every game that anybody brought belongs to this party.",
    catalogHint: "A catalog says which games and versions this party plays.",
    findings: (count: number) =>
      n(count, { one: "# thing to look at", other: "# things to look at" }),
    down: (rate: string) => `Download ${rate}`,
    up: (rate: string, count: number) =>
      `Upload ${rate}, ${
        n(count, { one: "# peer fetches from you", other: "# peers fetch from you" })
      }`,
    dismiss: "Dismiss",
    close: "Close",
    asked: "Asked…",
    refused: (title: string) => `Not done: ${isolated(title)}`,
  },

  search: {
    label: "Search games",
    placeholder: "Search games",
    clear: "Clear the search",
  },

  filters: {
    label: "Show",
    all: "All",
    ready: "Ready to play",
    here: "On this PC",
    others: "Only on others",
    update: "Needs update",
    take: "Can be downloaded",
    genre: "Genre",
    anyGenre: "Every genre",
    players: "Players",
    anyPlayers: "Any number",
    playersAtLeast: (count: number) => `${count} or more`,
    sort: "Sort by",
    name: "Name",
    availability: "Most holders",
    playerCount: "Most players",
    size: "Size",
    recent: "Recently added",
    density: "View",
    comfortable: "Cards",
    compact: "Rows",
    found: (count: number) => n(count, { one: "# game shown", other: "# games shown" }),
  },

  states: {
    "ready": "Ready to play",
    "downloaded": "Not unpacked yet",
    "update-available": "Old version",
    "other-version": "Other version",
    "local-only": "Only playable here",
    "on-others": "Not here yet",
    "nowhere": "Nobody has it",
  },

  reasons: {
    "ready": "Unpacked, and in the version of this party.",
    "downloaded": "It is here and only needs to be unpacked.",
    "update-available": "Others play a newer version than the one on this PC.",
    "other-version": "This party plays another version, and nobody here has it yet.",
    "local-only": "You can play it. Its archives are not here, so others cannot fetch it from you.",
    "on-others": "Others have it. One click fetches and unpacks it.",
    "nowhere": "The catalog lists it, but no peer has brought it so far.",
  },

  /** Beside a game with which nothing can be done from here. */
  noAction: {
    "nobody-has-it": () => "In the catalog only",
    "nothing-starts-it": () => "Nothing starts it here",
    "plays-there": (host: string) => `Start it at ${isolated(host)}`,
  },
  playsThere: (host: string) =>
    `It is ready at ${
      isolated(host)
    }: games start on the screen of that PC. To play it on yours, get it with Lanspread there.`,

  actions: {
    download: "Get it",
    update: "Update",
    install: "Unpack",
    play: "Play",
    running: "Running",
    startServer: "Start a server",
    openFolder: "Open folder",
    pause: "Pause",
    resume: "Resume",
    cancel: "Cancel",
    verify: "Check files",
    verifyHint: "Reads every byte again and fetches what is damaged.",
    uninstall: "Uninstall…",
    remove: "Delete…",
    endFirst: "It is running: end it before it is updated, unpacked or uninstalled.",
    removeFirst: "Uninstall it first to delete its files.",
    giveUpOld: "Delete the old version and update…",
    of: (action: string, title: string) => `${action}: ${isolated(title)}`,
  },

  operations: {
    download: "Downloading",
    install: "Unpacking",
    uninstall: "Uninstalling",
    remove: "Deleting",
    verify: "Checking files",
    recover: "Putting in order",
  },

  progress: {
    label: (title: string) => `Progress of ${isolated(title)}`,
    waiting: "Waiting",
    checking: "Looking at what is here already",
    starting: "Starting",
    of: (done: string, total: string) => `${done} of ${total} verified`,
    checkedOf: (done: string, total: string) => `${done} of ${total} looked at`,
    left: (time: string) => `${time} left`,
    leftUnknown: "Time left not known yet",
    steps: {
      unpacking: "Unpacking",
      syncing: "Writing to the disk",
      moving: "Moving files into place",
      keeping: "Keeping your own files",
      checking: "Checking what was interrupted",
    },
    stepArchive: (index: string, count: string) => `Archive ${index} of ${count}`,
    stepFile: (index: string, count: string) => `File ${index} of ${count}`,
    stepDone: (bytes: string) => `${bytes} written`,
    stepOf: (done: string, total: string) => `${done} of ${total} written`,
    efficiency: (percent: string) => `${percent} of the best this PC has reached here`,
    sources: "Comes from",
    noSources: "No source sends at the moment.",
    sourceTotal: (bytes: string) => `${bytes} so far`,
  },

  library: {
    title: "Library",
    grid: "Games",
    holders: (have: number, party: number) => `${have} of ${party} peers have it`,
    holdersShort: (count: number) => n(count, { one: "# has it", other: "# have it" }),
    nobody: "no other peer",
    players: (text: string) => (text === "1" ? "1 player" : `${text} players`),
    problem: "Problem",
    emptyTitle: "No games yet",
    emptyFolder: "Put games into this folder, one folder for each game:",
    emptyPeers: (count: number) =>
      count === 0
        ? "Games of others appear by themselves as soon as a peer is found."
        : `${peers(count)} found. None of them has shared a game yet.`,
    emptyHelp: "Why is nobody found?",
    noHitsTitle: "Nothing matches",
    noHitsBody: "Every game is still there; the search or a filter hides them.",
    clear: "Show all games",
  },

  game: {
    panel: (title: string) => `Game: ${isolated(title)}`,
    gone: "This game is not at the party any more.",
    facts: "Facts",
    genre: "Genre",
    players: "Players",
    size: "Size",
    publisher: "Publisher",
    release: "Released",
    versionHere: "Version on this PC",
    versionNone: "none",
    versionParty: "Version at the party",
    versionAt: (version: string, count: number) => `${version} · ${peers(count)}`,
    versionNobody: "nobody else has it",
    versionCatalog: "Version in the catalog",
    noCatalog: "no catalog: the newest is played",
    catalogSilent: "not named: the newest is played",
    setup: (time: string) => `It is being set up since ${time}`,
    running: (time: string) => `It runs since ${time}`,
    uninstalling: (time: string) => `It clears up since ${time}, before it is uninstalled`,
    noStart: (file: string) =>
      `It brings no ${file} for this system. Open its folder and start it by hand.`,
    server: (time: string) => `A server runs here since ${time}`,
    description: "About",
    noDescription: "Nobody has written about this game.",
    detailsFailed: "More about this game could not be loaded.",
    holders: "Who has it",
    noHolders: "No other peer has the version of this party.",
    old: "Who has another version",
    lack: "Who does not have it",
    unknown: "Not known yet",
    offers: "Not everybody has the same files",
    offersHint:
      "Peers offer different files as this game. Where it is a tie, people have to agree.",
    offerPinned: "The catalog says which files are right.",
    offer: (version: string, size: string) => `Version ${version} · ${size}`,
    fingerprint: (digits: string) => `fingerprint ${digits}`,
    problem: "There is a problem with the files on this PC",
    more: "More",
  },

  standings: {
    "source": "is fetched",
    "tied": "tie: please agree",
    "outvoted": "fewer peers have it",
    "not-pinned": "not what the catalog says",
    "hashing": "is being looked at",
    "other-version": "another version",
  },

  confirm: {
    keep: "Keep it",
    leave: "Leave it",
    folderTitle: "Add this folder of games?",
    folderBody: "Its games are shown and shared beside the others. Nothing is moved.",
    folder: "Add this folder",
    goOn: "Go on",
    cancelTitle: (title: string) => `Cancel the download of ${isolated(title)}?`,
    cancelBody: (bytes: string) => `${bytes} have come and are deleted from this folder:`,
    cancelAfter: "A pause keeps them, and it goes on from there whenever you like.",
    cancelResting: "As long as they are kept, it goes on from there.",
    cancel: "Cancel and delete them",
    uninstallTitle: (title: string) => `Uninstall ${isolated(title)}?`,
    uninstallBody: "This folder is deleted, with saves and settings inside it:",
    uninstallBytes: (bytes: string, more: boolean) =>
      `${more ? "More than " : ""}${bytes} are deleted, with saves and settings among them:`,
    uninstallKept: (bytes: string) =>
      `The downloaded archives (${bytes}) stay, so it can be unpacked again.`,
    uninstallLost: "Its archives are not here: to play it again, it has to be downloaded.",
    uninstall: "Uninstall and lose saves",
    removeTitle: (title: string) => `Delete ${isolated(title)}?`,
    removeBody: (bytes: string) => `This folder is deleted and ${bytes} become free:`,
    remove: "Delete the files",
    giveUpTitle: (title: string) => `Give up the old version of ${isolated(title)}?`,
    giveUpBody: (bytes: string) =>
      `The disk cannot hold both versions. The old one in this folder is deleted first, then ${bytes} are fetched:`,
    giveUp: "Delete the old version and update",
    expelTitle: (name: string) => `Expel ${isolated(name)}?`,
    expelBody:
      "This peer is kept away for 12 hours, however often it comes back. You can let it in again.",
    expel: "Expel",
  },

  evening: eveningEn,
  files: filesEn,
  firstRun: firstRunEn,
  guest: guestEn,
  hashing: hashingEn,
  logs: logsEn,
  notices: noticesEn,
  queue: queueEn,
  say: sayEn,
  settings: settingsEn,
  told: toldEn,

  ...viewsEn,
};

export type Texts = typeof en;
