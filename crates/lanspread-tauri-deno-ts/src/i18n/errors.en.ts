// A headline in English for each kind of error.
//
// Invariant: every kind that `docs/JSONL.md` lists has one, and `connection` besides, for a peer that
// could not be reached. The sentence beneath the headline is the peer's own.

export const errorsEn = {
  "unknown-game": "This game is not known",
  "not-in-catalog": "Not a game of this party",
  "busy": "Something else is running on this game",
  "no-operation": "There is nothing to cancel",
  "no-source": "Nobody has the files",
  "conflict": "Peers disagree about the files",
  "not-downloaded": "The game is not here",
  "not-installed": "The game is not unpacked",
  "installed": "The game is still installed",
  "up-to-date": "Everything is here already",
  "no-script": "The game cannot be started from here",
  "not-ready": "Lanspread is still starting",
  "shutting-down": "Lanspread is ending",
  "unreachable": "The peer does not answer",
  "other-version": "The peer runs another Lanspread",
  "kept-away": "The peer is kept away",
  "other-party": "The peer is of another party",
  "no-space": "The disk is full",
  "not-allowed": "The system does not allow it",
  "foreign": "Something else is in the way",
  "bad-archive": "An archive is damaged",
  "sources-failed": "All sources failed",
  "cancelled": "Cancelled",
  "timeout": "It took too long",
  "bad-input": "That was not understood",
  "io": "The system reports a fault",
  "connection": "The connection was lost",
};
