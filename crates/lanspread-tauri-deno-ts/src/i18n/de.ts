// Every word of the front end in German.
//
// Invariant: it has exactly the texts of the English catalog; a missing or an extra one does not
// compile.

import type { Texts } from "./en.ts";
import { errorsDe } from "./errors.de.ts";
import { eveningDe } from "./evening.de.ts";
import { filesDe } from "./files.de.ts";
import { firstRunDe } from "./first-run.de.ts";
import { guestDe } from "./guest.de.ts";
import { hashingDe } from "./hashing.de.ts";
import { logsDe } from "./logs.de.ts";
import { noticesDe } from "./notices.de.ts";
import { counting, isolated } from "./plurals.ts";
import { queueDe } from "./queue.de.ts";
import { sayDe } from "./say.de.ts";
import { settingsDe } from "./settings.de.ts";
import { toldDe } from "./told.de.ts";
import { viewsDe } from "./views.de.ts";

const n = counting("de");

const games = (count: number) => n(count, { one: "# Spiel", other: "# Spiele" });
const peers = (count: number) => n(count, { one: "# Peer", other: "# Peers" });

export const de: Texts = {
  language: "Deutsch",
  errors: errorsDe,

  shell: {
    skip: "Direkt zu den Spielen",
    lostTitle: "Die Verbindung zu Lanspread ist weg",
    closed: {
      connecting: "Verbinde mit Lanspread…",
      open: "Die Party wird gelesen…",
      lost:
        "Lanspread antwortet nicht. Ist es beendet, oder ist das Netz weg? Es wird weiter versucht.",
      full:
        "Alle Plätze hier sind belegt. Sobald jemand diese Seite schließt, öffnet sie sich hier.",
      refused: "Gäste kommen hier nicht hinein. Frag nach dem Link mit dem Token.",
    },
    lostBody: "Du siehst den letzten bekannten Stand. Es wird von selbst weiter versucht.",
    tabs: "Bereiche",
    library: "Spiele",
    transfers: "Transfers",
    party: "Party",
    logs: "Logs",
    help: "Hilfe",
    settings: "Optionen",
    partyState: (peerCount, gameCount) => `${peers(peerCount)} · ${games(gameCount)}`,
    open: "Offene Party",
    catalog: "Katalog",
    openHint: "Jedes Spiel, das jemand mitgebracht hat, gehört zu dieser Party.",
    catalogHint: "Ein Katalog sagt, welche Spiele in welcher Version hier gespielt werden.",
    findings: (count) => n(count, { one: "# Hinweis", other: "# Hinweise" }),
    down: (rate) => `Download ${rate}`,
    up: (rate, count) =>
      `Upload ${rate}, ${n(count, { one: "# Peer lädt von dir", other: "# Peers laden von dir" })}`,
    dismiss: "Ausblenden",
    close: "Schließen",
    asked: "Angefragt…",
    refused: (title) => `Nicht erledigt: ${isolated(title)}`,
  },

  search: {
    label: "Spiele suchen",
    placeholder: "Suchen",
    clear: "Suche leeren",
  },

  filters: {
    label: "Anzeigen",
    all: "Alle",
    ready: "Spielbereit",
    here: "Auf diesem PC",
    others: "Nur bei anderen",
    update: "Update nötig",
    take: "Lässt sich laden",
    genre: "Genre",
    anyGenre: "Jedes Genre",
    players: "Spieler",
    anyPlayers: "Beliebig viele",
    playersAtLeast: (count) => `${count} oder mehr`,
    sort: "Sortieren nach",
    name: "Name",
    availability: "Verbreitung",
    playerCount: "Spielerzahl",
    size: "Größe",
    recent: "Zuletzt dazugekommen",
    density: "Ansicht",
    comfortable: "Karten",
    compact: "Zeilen",
    found: (count) => n(count, { one: "# Spiel angezeigt", other: "# Spiele angezeigt" }),
  },

  states: {
    "ready": "Spielbereit",
    "downloaded": "Noch nicht entpackt",
    "update-available": "Alte Version",
    "other-version": "Andere Version",
    "local-only": "Nur hier spielbar",
    "on-others": "Noch nicht hier",
    "nowhere": "Niemand hat es",
  },

  reasons: {
    "ready": "Entpackt und in der Version dieser Party.",
    "downloaded": "Es ist da und muss nur noch entpackt werden.",
    "update-available": "Die anderen spielen eine neuere Version als die auf diesem PC.",
    "other-version": "Diese Party spielt eine andere Version, die hier noch niemand hat.",
    "local-only":
      "Du kannst es spielen. Die Archive fehlen aber, deshalb kann es niemand von dir laden.",
    "on-others": "Andere haben es. Ein Klick lädt und entpackt es.",
    "nowhere": "Es steht im Katalog, aber bisher hat es niemand mitgebracht.",
  },

  noAction: {
    "nobody-has-it": () => "Nur im Katalog",
    "nothing-starts-it": () => "Hier startet es nichts",
    "plays-there": (host) => `Starten an ${isolated(host)}`,
  },
  playsThere: (host) =>
    `Es ist bereit an ${
      isolated(host)
    }: Spiele starten auf dem Bildschirm jenes PCs. Für deinen hole es dort mit Lanspread.`,

  actions: {
    download: "Holen",
    update: "Aktualisieren",
    install: "Entpacken",
    play: "Spielen",
    running: "Läuft",
    startServer: "Server starten",
    openFolder: "Ordner öffnen",
    pause: "Pausieren",
    resume: "Fortsetzen",
    cancel: "Abbrechen",
    verify: "Dateien prüfen",
    verifyHint: "Liest jedes Byte noch einmal und holt Beschädigtes neu.",
    uninstall: "Deinstallieren…",
    remove: "Löschen…",
    endFirst: "Es läuft: Beende es, bevor es aktualisiert, entpackt oder deinstalliert wird.",
    removeFirst: "Zum Löschen der Dateien zuerst deinstallieren.",
    giveUpOld: "Alte Version löschen und aktualisieren…",
    of: (action, title) => `${action}: ${isolated(title)}`,
  },

  operations: {
    download: "Wird geladen",
    install: "Wird entpackt",
    uninstall: "Wird deinstalliert",
    remove: "Wird gelöscht",
    verify: "Wird geprüft",
    recover: "Wird in Ordnung gebracht",
  },

  progress: {
    label: (title) => `Fortschritt von ${isolated(title)}`,
    waiting: "Wartet",
    checking: "Vorhandenes wird angesehen",
    starting: "Beginnt",
    of: (done, total) => `${done} von ${total} geprüft`,
    checkedOf: (done, total) => `${done} von ${total} angesehen`,
    left: (time) => `noch ${time}`,
    leftUnknown: "Restzeit noch nicht bekannt",
    steps: {
      unpacking: "Wird entpackt",
      syncing: "Wird auf die Platte geschrieben",
      moving: "Dateien kommen an ihren Platz",
      keeping: "Deine eigenen Dateien werden bewahrt",
      checking: "Unterbrochenes wird geprüft",
    },
    stepArchive: (index, count) => `Archiv ${index} von ${count}`,
    stepFile: (index, count) => `Datei ${index} von ${count}`,
    stepDone: (bytes) => `${bytes} geschrieben`,
    stepOf: (done, total) => `${done} von ${total} geschrieben`,
    efficiency: (percent) => `${percent} vom Besten, was dieser PC hier geschafft hat`,
    sources: "Kommt von",
    noSources: "Im Moment sendet keine Quelle.",
    sourceTotal: (bytes) => `bisher ${bytes}`,
  },

  library: {
    title: "Spiele",
    grid: "Spiele",
    holders: (have, party) => `${have} von ${party} Peers haben es`,
    holdersShort: (count) => n(count, { one: "# hat es", other: "# haben es" }),
    nobody: "kein anderer Peer",
    players: (text) => `${text} Spieler`,
    problem: "Problem",
    emptyTitle: "Noch keine Spiele",
    emptyFolder: "Lege Spiele in diesen Ordner, für jedes Spiel einen eigenen:",
    emptyPeers: (count) =>
      count === 0
        ? "Spiele der anderen erscheinen von selbst, sobald ein Peer gefunden ist."
        : `${peers(count)} gefunden. Bisher hat keiner ein Spiel geteilt.`,
    emptyHelp: "Warum wird niemand gefunden?",
    noHitsTitle: "Nichts passt",
    noHitsBody: "Alle Spiele sind noch da; die Suche oder ein Filter blendet sie aus.",
    clear: "Alle Spiele zeigen",
  },

  game: {
    panel: (title) => `Spiel: ${isolated(title)}`,
    gone: "Dieses Spiel ist nicht mehr auf der Party.",
    facts: "Daten",
    genre: "Genre",
    players: "Spieler",
    size: "Größe",
    publisher: "Herausgeber",
    release: "Erschienen",
    versionHere: "Version auf diesem PC",
    versionNone: "keine",
    versionParty: "Version auf der Party",
    versionAt: (version, count) => `${version} · ${peers(count)}`,
    versionNobody: "niemand sonst hat es",
    versionCatalog: "Version im Katalog",
    noCatalog: "kein Katalog: die neueste zählt",
    catalogSilent: "nicht genannt: die neueste zählt",
    setup: (time) => `Wird seit ${time} eingerichtet`,
    running: (time) => `Läuft seit ${time}`,
    uninstalling: (time) => `Räumt seit ${time} auf, bevor es deinstalliert wird`,
    noStart: (file) =>
      `Es bringt kein ${file} für dieses System mit. Öffne seinen Ordner und starte es von Hand.`,
    server: (time) => `Hier läuft seit ${time} ein Server`,
    description: "Beschreibung",
    noDescription: "Zu diesem Spiel hat niemand etwas geschrieben.",
    detailsFailed: "Mehr zu diesem Spiel ließ sich nicht laden.",
    holders: "Wer es hat",
    noHolders: "Kein anderer Peer hat die Version dieser Party.",
    old: "Wer eine andere Version hat",
    lack: "Wem es fehlt",
    unknown: "Noch nicht bekannt",
    offers: "Nicht alle haben dieselben Dateien",
    offersHint:
      "Unter diesem Spiel bieten Peers verschiedene Dateien an. Bei Gleichstand müsst ihr euch einigen.",
    offerPinned: "Der Katalog sagt, welche Dateien die richtigen sind.",
    offer: (version, size) => `Version ${version} · ${size}`,
    fingerprint: (digits) => `Fingerabdruck ${digits}`,
    problem: "Mit den Dateien auf diesem PC stimmt etwas nicht",
    more: "Mehr",
  },

  standings: {
    "source": "wird geladen",
    "tied": "Gleichstand: bitte einigen",
    "outvoted": "weniger Peers haben es",
    "not-pinned": "nicht, was der Katalog sagt",
    "hashing": "wird noch angesehen",
    "other-version": "andere Version",
  },

  confirm: {
    keep: "Behalten",
    leave: "Lassen",
    folderTitle: "Diesen Spieleordner dazunehmen?",
    folderBody:
      "Seine Spiele werden neben den anderen gezeigt und geteilt. Nichts wird verschoben.",
    folder: "Ordner dazunehmen",
    goOn: "Weiterladen",
    cancelTitle: (title) => `Laden von ${isolated(title)} abbrechen?`,
    cancelBody: (bytes) => `${bytes} sind schon da und werden in diesem Ordner gelöscht:`,
    cancelAfter: "Eine Pause behält sie, und es geht jederzeit von dort weiter.",
    cancelResting: "Solange sie bleiben, geht es von dort weiter.",
    cancel: "Abbrechen und löschen",
    uninstallTitle: (title) => `${isolated(title)} deinstallieren?`,
    uninstallBody: "Dieser Ordner wird gelöscht, samt Spielständen und Einstellungen darin:",
    uninstallBytes: (bytes, more) =>
      `${
        more ? "Mehr als " : ""
      }${bytes} werden gelöscht, samt Spielständen und Einstellungen darin:`,
    uninstallKept: (bytes) =>
      `Die geladenen Archive (${bytes}) bleiben, es lässt sich also wieder entpacken.`,
    uninstallLost: "Die Archive sind nicht hier: Um es wieder zu spielen, muss es geladen werden.",
    uninstall: "Deinstallieren, Spielstände verlieren",
    removeTitle: (title) => `${isolated(title)} löschen?`,
    removeBody: (bytes) => `Dieser Ordner wird gelöscht, ${bytes} werden frei:`,
    remove: "Dateien löschen",
    giveUpTitle: (title) => `Alte Version von ${isolated(title)} aufgeben?`,
    giveUpBody: (bytes) =>
      `Die Festplatte fasst nicht beide Versionen. Die alte in diesem Ordner wird zuerst gelöscht, dann werden ${bytes} geladen:`,
    giveUp: "Alte Version löschen und aktualisieren",
    expelTitle: (name) => `${isolated(name)} ausschließen?`,
    expelBody:
      "Dieser Peer wird 12 Stunden lang ferngehalten, egal wie oft er wiederkommt. Du kannst ihn wieder hereinlassen.",
    expel: "Ausschließen",
  },

  evening: eveningDe,
  files: filesDe,
  firstRun: firstRunDe,
  guest: guestDe,
  hashing: hashingDe,
  logs: logsDe,
  notices: noticesDe,
  queue: queueDe,
  say: sayDe,
  settings: settingsDe,
  told: toldDe,

  ...viewsDe,
};
