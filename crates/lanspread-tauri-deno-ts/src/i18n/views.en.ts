// The words of the views besides the library, in English.
//
// Invariant: it is a part of the English catalog, which is the measure of the others.

import { counting, isolated } from "./plurals.ts";

const n = counting("en");

const games = (count: number) => n(count, { one: "# game", other: "# games" });
const peers = (count: number) => n(count, { one: "# peer", other: "# peers" });

export const viewsEn = {
  transfers: {
    title: "Transfers",
    rate: "Download",
    rateUp: "Upload",
    rateLabel: (down: string, up: string, top: string) =>
      `Rates of the last two minutes: download now ${down}, upload now ${up}, scale up to ${top}`,
    rateNow: "now",
    rateAgo: "2 minutes ago",
    running: "Running",
    noneRunning: "Nothing is running. Pick a game in the library.",
    uploads: "Fetched from you",
    noUploads: "Nobody fetches from you at the moment.",
    upload: (requests: number) => n(requests, { one: "# request", other: "# requests" }),
    finished: "Finished",
    noneFinished: "Nothing has finished since Lanspread was started.",
    done: {
      download: "Downloaded",
      install: "Unpacked",
      uninstall: "Uninstalled",
      remove: "Deleted",
      verify: "Checked",
      recover: "Put in order",
    },
    cancelled: {
      download: "Download cancelled",
      install: "Unpacking cancelled",
      uninstall: "Uninstalling cancelled",
      remove: "Deleting cancelled",
      verify: "Check cancelled",
      recover: "Putting in order cancelled",
    },
    failed: {
      download: "Download failed",
      install: "Unpacking failed",
      uninstall: "Uninstalling failed",
      remove: "Deleting failed",
      verify: "Check failed",
      recover: "Putting in order failed",
    },
    fetchedBy: (name: string) => `${isolated(name)} fetched it from you`,
    took: (bytes: string, time: string) => `${bytes} in ${time}`,
    from: (names: string[]) => `from ${names.map(isolated).join(", ")}`,
    playing: "I am playing",
    playingHint: "Uploads give way to your game, so that your ping stays low.",
    limits: "Limits",
    limitsHint: "In MiB per second. An empty field is no limit.",
    upload_bytes_per_s: "Upload, all together",
    upload_per_peer_bytes_per_s: "Upload, for each peer",
    download_bytes_per_s: "Download, all together",
    download_per_peer_bytes_per_s: "Download, from each peer",
    noLimit: "no limit",
    apply: "Set limits",
    notANumber: "This is not a number.",
    tooSlow: "At least 0.25 MiB/s, or others take this PC for dead.",
  },

  party: {
    title: "Party",
    picture: "Who sends to whom",
    pictureLabel: (down: number, up: number, others: number) =>
      `Picture of the party: ${n(down, { one: "# peer sends", other: "# peers send" })} to you, ` +
      `you send to ${up}, and others send to each other over ` +
      n(others, { one: "# line", other: "# lines" }),
    toYou: "sends to you",
    fromYou: "fetches from you",
    between: "between others",
    more: (count: number) => n(count, { one: "and # more", other: "and # more" }),
    peers: "Peers",
    you: "you",
    games: (count: number) => games(count),
    syncing: "list of games is coming",
    expel: "Expel…",
    noPeers: "Nobody else has been found yet.",
    noPeersHelp: "What to check",
    away: "Kept away",
    noAway: "Nobody is kept away.",
    readmit: "Let in again",
    connect: "Connect by address",
    connectHint:
      "Where the network keeps peers from finding each other: type the address that Help shows on the other PC.",
    address: "Address",
    addressExample: "192.168.1.20:47000",
    connectNow: "Connect",
    badAddress: "An address looks like 192.168.1.20:47000.",
  },

  help: {
    title: "Help",
    fine: "Everything works",
    fineBody: (count: number) => `${peers(count)} connected, and nothing to look at.`,
    connectionTitle: "Lanspread does not answer",
    connectionBody:
      "The program behind this page has ended, or the network between is down. Start Lanspread again; this page connects by itself.",
    folderTitle: "The games folder cannot be used",
    folderBody:
      "Nothing can be fetched or shared until it can. Is the disk plugged in, and may Lanspread write there?",
    moreFolderTitle: "One of the games folders cannot be read",
    moreFolderBody:
      "Its games can be neither shared nor changed until it can. Connect that disk again, or take the folder off the list.",
    readOnlyTitle: "Nothing can be written into the games folder",
    readOnlyBody: "Let your user write there, or choose another folder; then check again.",
    readOnlyLink: "Open Settings",
    addressTitle: "This PC has no address yet",
    addressBody:
      "Plug in the network cable or join the wifi of the party. Lanspread goes on by itself.",
    peersTitle: "Nobody else is found",
    peersBody: "Others appear by themselves. If they do not, check these in turn:",
    peersSteps: (port: string) => [
      "Are you on the same network as the others, and not on the wifi for guests?",
      `Does the firewall of this PC let Lanspread through? It needs UDP port 5353 to find others, and port ${port} with UDP and TCP to exchange games.`,
      "On Windows: is the network set to Private? Public blocks others.",
      "Is a VPN running? Switch it off for the party.",
      "Does the switch or the wifi hold back multicast? Then connect by address: one peer is enough, the others follow.",
    ],
    discoveryAloneTitle: "Nobody is found, because finding does not work",
    discoveryTitle: "Peers do not find this PC by themselves",
    discoveryBody:
      "Connect by address: one peer is enough, the others follow. If it is the port that is missing, end the program that keeps it, often one that looks for printers, speakers or televisions.",
    connectLink: "Connect by address",
    spaceTitle: "The disk with the games is nearly full",
    spaceBody: "Delete games that nobody plays any more, or choose a folder on another disk.",
    clockTitle: "The clock of this PC is wrong",
    clockBody:
      "Saves and files get wrong dates, and you come at the wrong time. Set date and time in the system's settings.",
    problemsTitle: (count: number) =>
      n(count, { one: "# game has a problem", other: "# games have a problem" }),
    problemsBody: "Until that is mended, nobody can fetch it from here.",
    awayTitle: (count: number) =>
      n(count, { one: "# peer is kept away", other: "# peers are kept away" }),
    awayBody: "Under Party you see why, and can let them in again.",
    awayLink: "Open Party",
    notices: "What happened",
    noNotices: "Nothing out of the ordinary.",
    about: "This PC",
    name: "Player name",
    addresses: "Addresses",
    noAddress: "none yet",
    folder: "Games folder",
    version: "Version",
    versionOf: (version: string, wire: number) => `${version} (wire ${wire})`,
    catalog: "Catalog",
    noCatalog: "none: open party",
    code: "Party code",
    codeSet: "set",
    codeNone: "none",
    lanes: "Game files on the cable",
    lanesOpen: "not encrypted, where the other peer agrees",
    lanesSealed: "encrypted",
    copy: "Copy a report",
    copied: "Copied",
    copyFailed: "The report could not be copied. Select it here:",
    copyHint: "For whoever helps you. It holds no name, no full path and no party code.",
  },

  checks: {
    title: "What was looked at",
    again: "Check again",
    checkedAt: (time: string) =>
      `The folder was tried at ${time}; the rest is always as it stands.`,
    marks: { well: ": well", wrong: ": not well", unknown: ": not known" },
    names: {
      network: "Network",
      port: "Port",
      discovery: "Finding each other",
      folder: "Games folder",
      space: "Free space",
      clock: "Clock",
      unpacker: "Unpacking",
    },
    network: "The addresses of this PC, by adapter:",
    noNetwork: "No adapter leads to another machine. Plug in the cable or join the wifi.",
    noAddress: "no address yet",
    kinds: { network: "network", virtual: "virtual or VPN", loopback: "this PC only" },
    offered: (kind: string) => `${kind}, told to others`,
    port: (port: string) =>
      `Others connect to port ${port}, with UDP and TCP: a firewall has to let both in.`,
    noPort: "It does not listen yet.",
    discovery: {
      works: "This PC is announced on the network, and looks for others by itself.",
      off: "It is switched off: peers are reached by their addresses only.",
      starting: "It begins in a moment.",
    },
    folder: "It can be read, and written to.",
    folderUnknown: "It was not tried yet.",
    space: (bytes: string) => `${bytes} are free where your games lie.`,
    spaceUnknown: "The system does not say how much is free.",
    clock: (count: number) =>
      n(count, {
        one: "It agrees with the clock of the other PC.",
        other: "It agrees with the clocks of most of # other PCs.",
      }),
    clockUnknown: "No other PC has said what time it is there.",
    clockOfTwo: (by: string) =>
      `It is ${by} apart from that of the other PC: one of the two is wrong.`,
    clockDiffers: (by: string, ahead: boolean) =>
      ahead
        ? `It is ${by} slow, as the others have it.`
        : `It is ${by} fast, as the others have it.`,
    unpacker: (formats: readonly string[]) =>
      `Lanspread unpacks by itself, whatever the file is called: ${formats.join(", ")}.`,
    unpackFailed: "The last one failed: the log says why.",
  },
};
