// The words of the views besides the library, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import { counting, isolated } from "./plurals.ts";
import type { viewsEn } from "./views.en.ts";

const n = counting("de");

const games = (count: number) => n(count, { one: "# Spiel", other: "# Spiele" });
const peers = (count: number) => n(count, { one: "# Peer", other: "# Peers" });

export const viewsDe: typeof viewsEn = {
  transfers: {
    title: "Transfers",
    rate: "Download",
    rateUp: "Upload",
    rateLabel: (down, up, top) =>
      `Raten der letzten zwei Minuten: Download jetzt ${down}, Upload jetzt ${up}, Skala bis ${top}`,
    rateNow: "jetzt",
    rateAgo: "vor 2 Minuten",
    running: "Läuft gerade",
    noneRunning: "Gerade läuft nichts. Such dir ein Spiel aus.",
    uploads: "Wird von dir geladen",
    noUploads: "Im Moment lädt niemand von dir.",
    upload: (requests) => n(requests, { one: "# Anfrage", other: "# Anfragen" }),
    finished: "Fertig",
    noneFinished: "Seit dem Start von Lanspread ist noch nichts fertig geworden.",
    done: {
      download: "Geladen",
      install: "Entpackt",
      uninstall: "Deinstalliert",
      remove: "Gelöscht",
      verify: "Geprüft",
      recover: "In Ordnung gebracht",
    },
    cancelled: {
      download: "Download abgebrochen",
      install: "Entpacken abgebrochen",
      uninstall: "Deinstallieren abgebrochen",
      remove: "Löschen abgebrochen",
      verify: "Prüfung abgebrochen",
      recover: "Aufräumen abgebrochen",
    },
    failed: {
      download: "Download fehlgeschlagen",
      install: "Entpacken fehlgeschlagen",
      uninstall: "Deinstallieren fehlgeschlagen",
      remove: "Löschen fehlgeschlagen",
      verify: "Prüfung fehlgeschlagen",
      recover: "Aufräumen fehlgeschlagen",
    },
    fetchedBy: (name) => `${isolated(name)} hat es von dir geholt`,
    took: (bytes, time) => `${bytes} in ${time}`,
    from: (names) => `von ${names.map(isolated).join(", ")}`,
    playing: "Ich spiele gerade",
    playingHint: "Uploads machen deinem Spiel Platz, damit dein Ping niedrig bleibt.",
    limits: "Grenzen",
    limitsHint: "In MiB pro Sekunde. Ein leeres Feld heißt: keine Grenze.",
    upload_bytes_per_s: "Upload, insgesamt",
    upload_per_peer_bytes_per_s: "Upload, je Peer",
    download_bytes_per_s: "Download, insgesamt",
    download_per_peer_bytes_per_s: "Download, je Peer",
    noLimit: "keine Grenze",
    apply: "Grenzen setzen",
    notANumber: "Das ist keine Zahl.",
    tooSlow: "Mindestens 0,25 MiB/s, sonst halten andere diesen PC für tot.",
  },

  party: {
    title: "Party",
    picture: "Wer sendet wem",
    pictureLabel: (down, up, others) =>
      `Bild der Party: ${n(down, { one: "# Peer sendet", other: "# Peers senden" })} dir, ` +
      `du sendest an ${up}, und andere senden einander über ` +
      n(others, { one: "# Linie", other: "# Linien" }),
    toYou: "sendet dir",
    fromYou: "lädt von dir",
    between: "zwischen anderen",
    more: (count) => n(count, { one: "und # weiterer", other: "und # weitere" }),
    peers: "Peers",
    you: "du",
    games: (count) => games(count),
    syncing: "Spieleliste kommt noch",
    expel: "Ausschließen…",
    noPeers: "Bisher ist niemand gefunden.",
    noPeersHelp: "Was zu prüfen ist",
    away: "Ferngehalten",
    noAway: "Niemand wird ferngehalten.",
    readmit: "Wieder hereinlassen",
    connect: "Über Adresse verbinden",
    connectHint:
      "Wo das Netz verhindert, dass Peers sich finden: Gib die Adresse ein, die auf dem anderen PC unter Hilfe steht.",
    address: "Adresse",
    addressExample: "192.168.1.20:47000",
    connectNow: "Verbinden",
    badAddress: "Eine Adresse sieht aus wie 192.168.1.20:47000.",
  },

  help: {
    title: "Hilfe",
    fine: "Alles läuft",
    fineBody: (count) => `${peers(count)} verbunden, es gibt nichts zu tun.`,
    connectionTitle: "Lanspread antwortet nicht",
    connectionBody:
      "Das Programm hinter dieser Seite ist beendet, oder das Netz dazwischen ist weg. Starte Lanspread neu; diese Seite verbindet sich von selbst.",
    folderTitle: "Der Spieleordner lässt sich nicht benutzen",
    folderBody:
      "Bis dahin lässt sich nichts laden und nichts teilen. Ist die Platte angeschlossen, und darf Lanspread dort schreiben?",
    moreFolderTitle: "Einer der Spieleordner ist nicht lesbar",
    moreFolderBody:
      "Bis dahin lassen sich seine Spiele weder teilen noch ändern. Schließ die Platte wieder an, oder nimm den Ordner von der Liste.",
    readOnlyTitle: "In den Spieleordner lässt sich nichts schreiben",
    readOnlyBody:
      "Gib deinem Benutzer dort das Recht zu schreiben, oder wähle einen anderen Ordner; dann prüfe noch einmal.",
    readOnlyLink: "Optionen öffnen",
    addressTitle: "Dieser PC hat noch keine Adresse",
    addressBody:
      "Steck das Netzwerkkabel ein oder geh ins WLAN der Party. Lanspread macht von selbst weiter.",
    peersTitle: "Sonst ist niemand zu finden",
    peersBody: "Die anderen erscheinen von selbst. Wenn nicht, prüfe der Reihe nach:",
    peersSteps: (port) => [
      "Bist du im selben Netz wie die anderen und nicht im Gäste-WLAN?",
      `Lässt die Firewall dieses PCs Lanspread durch? Es braucht UDP-Port 5353, um andere zu finden, und Port ${port} mit UDP und TCP, um Spiele auszutauschen.`,
      "Unter Windows: Ist das Netzwerk auf „Privat“ gestellt? „Öffentlich“ sperrt die anderen aus.",
      "Läuft ein VPN? Schalte es für die Party aus.",
      "Hält der Switch oder das WLAN Multicast zurück? Dann verbinde dich über eine Adresse: Ein Peer genügt, die anderen folgen.",
    ],
    discoveryAloneTitle: "Niemand zu finden, weil die Suche nicht funktioniert",
    discoveryTitle: "Peers finden diesen PC nicht von selbst",
    discoveryBody:
      "Verbinde dich über eine Adresse: Ein Peer genügt, die anderen folgen. Fehlt der Port, dann beende das Programm, das ihn hält; oft sucht es nach Druckern, Lautsprechern oder Fernsehern.",
    connectLink: "Über Adresse verbinden",
    spaceTitle: "Die Platte mit den Spielen ist fast voll",
    spaceBody:
      "Lösch Spiele, die niemand mehr spielt, oder wähle einen Ordner auf einer anderen Platte.",
    clockTitle: "Die Uhr dieses PCs geht falsch",
    clockBody:
      "Spielstände und Dateien bekommen falsche Daten, und du kommst zur falschen Zeit. Stell Datum und Uhrzeit in den Einstellungen des Systems.",
    problemsTitle: (count) =>
      n(count, { one: "# Spiel hat ein Problem", other: "# Spiele haben ein Problem" }),
    problemsBody: "Bis das behoben ist, kann es niemand von hier laden.",
    awayTitle: (count) =>
      n(count, { one: "# Peer wird ferngehalten", other: "# Peers werden ferngehalten" }),
    awayBody: "Unter Party steht der Grund, und du kannst sie wieder hereinlassen.",
    awayLink: "Party öffnen",
    notices: "Was passiert ist",
    noNotices: "Nichts Ungewöhnliches.",
    about: "Dieser PC",
    name: "Spielername",
    addresses: "Adressen",
    noAddress: "noch keine",
    folder: "Spieleordner",
    version: "Version",
    versionOf: (version, wire) => `${version} (Protokoll ${wire})`,
    catalog: "Katalog",
    noCatalog: "keiner: offene Party",
    code: "Partycode",
    codeSet: "gesetzt",
    codeNone: "keiner",
    lanes: "Spieldateien auf dem Kabel",
    lanesOpen: "unverschlüsselt, wenn der andere Peer zustimmt",
    lanesSealed: "verschlüsselt",
    copy: "Bericht kopieren",
    copied: "Kopiert",
    copyFailed: "Der Bericht ließ sich nicht kopieren. Markiere ihn hier:",
    copyHint: "Für alle, die dir helfen. Ohne Namen, ganze Pfade und Partycode.",
  },

  checks: {
    title: "Was geprüft wurde",
    again: "Noch einmal prüfen",
    checkedAt: (time) =>
      `Der Ordner wurde um ${time} geprüft; alles andere steht immer da, wie es ist.`,
    marks: { well: ": in Ordnung", wrong: ": nicht in Ordnung", unknown: ": nicht bekannt" },
    names: {
      network: "Netz",
      port: "Port",
      discovery: "Einander finden",
      folder: "Spieleordner",
      space: "Freier Platz",
      clock: "Uhr",
      unpacker: "Entpacken",
    },
    network: "Die Adressen dieses PCs, nach Adaptern:",
    noNetwork:
      "Kein Adapter führt zu einem anderen Rechner. Steck das Kabel ein oder geh ins WLAN.",
    noAddress: "noch keine Adresse",
    kinds: { network: "Netz", virtual: "virtuell oder VPN", loopback: "nur dieser PC" },
    offered: (kind) => `${kind}, anderen genannt`,
    port: (port) =>
      `Andere verbinden sich mit Port ${port}, mit UDP und TCP: Eine Firewall muss beides hereinlassen.`,
    noPort: "Er ist noch nicht offen.",
    discovery: {
      works: "Dieser PC macht sich im Netz bekannt und sucht die anderen von selbst.",
      off: "Das ist abgeschaltet: Peers sind nur über ihre Adressen zu erreichen.",
      starting: "Es beginnt gleich.",
    },
    folder: "Er lässt sich lesen und beschreiben.",
    folderUnknown: "Er wurde noch nicht geprüft.",
    space: (bytes) => `${bytes} sind frei, wo deine Spiele liegen.`,
    spaceUnknown: "Das System sagt nicht, wie viel frei ist.",
    clock: (count) =>
      n(count, {
        one: "Sie stimmt mit der Uhr des anderen PCs überein.",
        other: "Sie stimmt mit den Uhren der meisten von # anderen PCs überein.",
      }),
    clockUnknown: "Kein anderer PC hat gesagt, wie spät es dort ist.",
    clockOfTwo: (by) =>
      `Sie ist ${by} von der des anderen PCs entfernt: Eine der beiden geht falsch.`,
    clockDiffers: (by, ahead) =>
      ahead
        ? `Sie geht ${by} nach, nach den Uhren der anderen.`
        : `Sie geht ${by} vor, nach den Uhren der anderen.`,
    unpacker: (formats) =>
      `Lanspread entpackt selbst, gleich wie die Datei heißt: ${formats.join(", ")}.`,
    unpackFailed: "Das letzte Mal ging es nicht: Das Log sagt, warum.",
  },
};
