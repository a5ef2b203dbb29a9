// A headline in English for each kind of error, and what it means and what to do.
//
// Invariant: every kind that `docs/JSONL.md` lists has one, and `connection` besides, for a peer that
// could not be reached. In English the peer's own sentence stands in place of the explanation.

export const errorsEn = {
  "unknown-game": {
    title: "This game is not known",
    body: "Neither this PC nor anybody who is connected has it. Whoever had it may have left.",
  },
  "not-in-catalog": {
    title: "Not a game of this party",
    body: "The catalog does not list it. Ask the organiser to add it.",
  },
  "busy": {
    title: "Something else is running on this game",
    body: "Wait until that has ended, or end it, and try again.",
  },
  "no-operation": {
    title: "There is nothing to cancel",
    body: "It has ended already, or was never begun.",
  },
  "no-source": {
    title: "Nobody has the files",
    body:
      "No peer that is connected has what is needed. Try again when somebody with this version is here.",
  },
  "conflict": {
    title: "Peers disagree about the files",
    body:
      "There are different files under the same version. Agree whose are right, and have the others check or delete theirs.",
  },
  "not-downloaded": {
    title: "The game is not here",
    body: "Its files are not on this PC. Get it first.",
  },
  "not-installed": {
    title: "The game is not unpacked",
    body: "Unpack it first.",
  },
  "installed": {
    title: "The game is still installed",
    body: "Uninstall it first; its files can be deleted then.",
  },
  "up-to-date": {
    title: "Everything is here already",
    body: "It is here in the version that this party plays. There is nothing to do.",
  },
  "no-script": {
    title: "The game cannot be started from here",
    body: "It brings nothing that this system could start. Open its folder and start it by hand.",
  },
  "not-ready": {
    title: "Lanspread is still starting",
    body: "Try again in a moment.",
  },
  "folder-away": {
    title: "The games folder that is needed cannot be read",
    body: "Connect the disk that it is on, or choose other folders in the settings.",
  },
  "folders-clash": {
    title: "These folders cannot be used together",
    body: "Each is named once, none lies inside another, and none holds Lanspread's own files.",
  },
  "shutting-down": {
    title: "Lanspread is ending",
    body: "Start it again; what had come is kept.",
  },
  "unreachable": {
    title: "The peer does not answer",
    body: "Does Lanspread run there, is the address right, and does the firewall there let it in?",
  },
  "other-version": {
    title: "The peer runs another Lanspread",
    body: "The two do not understand each other. Install the same release on both PCs.",
  },
  "kept-away": {
    title: "The peer is kept away",
    body: "It misbehaved or was expelled. Under Party you see why, and can let it in again.",
  },
  "other-party": {
    title: "The peer is of another party",
    body: "Only peers with the same party code meet. Compare the codes, or ask the organiser.",
  },
  "no-space": {
    title: "The disk is full",
    body: "Make room: delete games that nobody plays any more, or choose a folder on another disk.",
  },
  "not-allowed": {
    title: "The system does not allow it",
    body: "Let your user write there, and close programs that use the file.",
  },
  "foreign": {
    title: "Something else is in the way",
    body:
      "Lanspread did not make what lies there and does not touch it. Look what it is, and move it away.",
  },
  "bad-archive": {
    title: "An archive is damaged",
    body: "It cannot be unpacked. Have the files checked: what is damaged is fetched anew.",
  },
  "sources-failed": {
    title: "All sources failed",
    body:
      "Whoever had it left, or sent nothing usable. What came is kept; start it again when somebody has the game.",
  },
  "cancelled": {
    title: "Cancelled",
    body: "It was ended before it was done.",
  },
  "timeout": {
    title: "It took too long",
    body: "No answer came in time. Try again.",
  },
  "bad-input": {
    title: "That was not understood",
    body: "What was typed or asked for cannot be used. Look at it once more.",
  },
  "io": {
    title: "The system reports a fault",
    body:
      "A disk, a file or the network did not do what it should. Try again; if it stays so, look at the disk.",
  },
  "connection": {
    title: "The connection was lost",
    body:
      "Nobody knows whether it was still done. Look, and try again when the connection is back.",
  },
};
