//! The kinds of error that users and scripts see.

use std::fmt;

/// The kinds of error that users and scripts see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// No such game here or at any peer.
    UnknownGame,
    /// Not in the catalog of this party.
    NotInCatalog,
    /// Another operation runs on this game.
    Busy,
    /// Nothing to cancel.
    NoOperation,
    /// No live peer has the version that is wanted.
    NoSource,
    /// Peers disagree about the files of this version.
    Conflict,
    /// The game is not downloaded.
    NotDownloaded,
    /// The game is not installed.
    NotInstalled,
    /// The game is installed.
    Installed,
    /// What is asked for is there already.
    UpToDate,
    /// The game has no script for that on this system.
    NoScript,
    /// The listener is not bound yet.
    NotReady,
    /// The folder of games that is needed cannot be read.
    FolderAway,
    /// These folders cannot be used together.
    FoldersClash,
    /// The peer is ending.
    ShuttingDown,
    /// The peer cannot be reached.
    Unreachable,
    /// The peer runs another version of Lanspread.
    OtherVersion,
    /// The peer is kept away for a while.
    KeptAway,
    /// The peer belongs to another party, or one of the two has the wrong party code.
    OtherParty,
    /// The disk is full.
    NoSpace,
    /// The system does not allow it.
    NotAllowed,
    /// Something that is not Lanspread's stands in the way.
    Foreign,
    /// An archive cannot be unpacked.
    BadArchive,
    /// All sources failed.
    SourcesFailed,
    /// The user cancelled.
    Cancelled,
    /// What was waited for did not come in time.
    Timeout,
    /// The input is not valid.
    BadInput,
    /// Anything else the system reports.
    Io,
}

impl ErrorKind {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownGame => "unknown-game",
            Self::NotInCatalog => "not-in-catalog",
            Self::Busy => "busy",
            Self::NoOperation => "no-operation",
            Self::NoSource => "no-source",
            Self::Conflict => "conflict",
            Self::NotDownloaded => "not-downloaded",
            Self::NotInstalled => "not-installed",
            Self::Installed => "installed",
            Self::UpToDate => "up-to-date",
            Self::NoScript => "no-script",
            Self::NotReady => "not-ready",
            Self::FolderAway => "folder-away",
            Self::FoldersClash => "folders-clash",
            Self::ShuttingDown => "shutting-down",
            Self::Unreachable => "unreachable",
            Self::OtherVersion => "other-version",
            Self::KeptAway => "kept-away",
            Self::OtherParty => "other-party",
            Self::NoSpace => "no-space",
            Self::NotAllowed => "not-allowed",
            Self::Foreign => "foreign",
            Self::BadArchive => "bad-archive",
            Self::SourcesFailed => "sources-failed",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::BadInput => "bad-input",
            Self::Io => "io",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationError {
    /// The kind, for programs.
    pub kind: ErrorKind,
    /// What was tried, on what, why it failed, what to do.
    pub message: String,
}
