// The words of the settings, in German.
//
// Invariant: it has exactly the texts of its English counterpart.

import type { settingsEn } from "./settings.en.ts";

export const settingsDe: typeof settingsEn = {
  title: "Optionen",
  looks: "Aussehen",
  languageLabel: "Sprache",
  languages: { en: "English", de: "Deutsch", fr: "Français" },
  languageHint: "Für diese Seite und für Spiele. Französisch gilt nur für Spiele.",
  languageNone: "Spiele bekommen Englisch, bis hier eine gewählt ist.",
  theme: "Helligkeit",
  system: "Wie das System",
  dark: "Dunkel",
  light: "Hell",
  accent: "Farbe",
  lamp: "Lampe",
  lagoon: "Lagune",
  moss: "Moos",
  plum: "Pflaume",
  coral: "Koralle",
  density: "Spiele als",
  comfortable: "Karten",
  compact: "Zeilen",
  player: "Du",
  name: "Spielername",
  nameHint:
    "Spiele erfahren ihn sofort, andere Peers nach dem nächsten Start. Leer: der Name des PCs.",
  keep: "Übernehmen",
  pc: "Dieser PC",
  chooseFolder: "Anderen Ordner wählen…",
  otherFolder: "Anderer Ordner",
  useFolder: "Verwenden",
  folderHint:
    "Lässt sich nicht ändern, während etwas läuft. Nichts wird verschoben. Ein Katalog, der dort bei den Spielen liegt, gilt nach dem nächsten Start.",
  folderElsewhere: "Ändern lässt er sich auf dem Rechner selbst.",
  startWithSystem: "Mit dem System starten",
  startWithSystemHint: "Nach dem Anmelden ist Lanspread da, ohne Fenster.",
  keepInTray: "Weiter teilen, wenn das Fenster zu ist",
  keepInTrayHint: "Andere können weiter von dir laden; das Symbol neben der Uhr beendet es.",
  access: "Wer hereinkommt",
  code: "Partycode",
  codeSet: "Die Party hat einen Code: Nur Peers mit demselben verbinden sich.",
  codeNone: "Die Party hat keinen Code: Jeder Peer in diesem Netz verbindet sich.",
  codeKept: "Ein Code ist für den nächsten Start gemerkt.",
  codeOtherKept: "Ein anderer Code ist für den nächsten Start gemerkt.",
  codeNotKept: "Für den nächsten Start ist er nicht gemerkt, außer er wird dann wieder angegeben.",
  codeNew: "Neuer Code",
  codeOther: "Anderer Code",
  codeKeep: "Code setzen",
  codeRemove: "Entfernen",
  guests: "Gäste hereinlassen",
  guestsHint:
    "Wo diese Seite im Netz offen ist, sieht jeder auch ohne Token die Party und kann Spiele von diesem PC laden; sonst nichts.",
  guestsAt: "Gäste öffnen diese Adresse oder halten die Kamera auf das Bild:",
  guestsOr: (links) => `Oder aus einem anderen Netz: ${links.join(", ")}`,
  guestsPicture: "Die Adresse für Gäste, für eine Kamera",
  guestsNowhere:
    "Hier ist keine Seite im Netz offen, also kommt noch niemand: `lanspread serve --web-lan` öffnet eine.",
  restartTitle: "Etwas gilt erst nach dem nächsten Start",
  restartBody:
    "Lanspread startet gleich neu: Downloads machen weiter, wo sie waren, und laufende Spiele bleiben unberührt.",
  restartElsewhere: "Starte Lanspread auf seinem Rechner neu, wann es passt.",
  restart: "Jetzt neu starten",
  restarting: "Startet neu…",
};
