//! What is wrong with a game that lies here.
//!
//! Invariant: the sentence says everything; the kind and the file say enough of it for another language.

use std::fmt;

use super::{DiskFailure, DiskFailureKind};

/// Why a game that is here cannot be shared. Its text is the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameProblem {
    /// The kind.
    pub kind: GameProblemKind,
    /// The file of the game that it is about, if it is one.
    pub file: Option<String>,
    /// What is wrong and what to do, in words for people.
    pub message: String,
}

/// The kinds of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GameProblemKind {
    /// A file is not what was downloaded.
    Damaged,
    /// A file has a name that not every system can hold.
    BadName,
    /// Its files cannot be exchanged as they are: they are too many, or make no valid manifest.
    Unfit,
    /// Its sentinel holds no version.
    NoVersion,
    /// Something that is not Lanspread's stands in the way.
    InTheWay,
    /// A newer Lanspread is in the middle of something here.
    Newer,
    /// The system does not allow it to be read.
    NotAllowed,
    /// The disk does not give it.
    Unreadable,
    /// It does not belong to this party.
    NotInCatalog,
    /// Its files are not those that the catalog pins.
    NotPinned,
}

impl GameProblem {
    /// A problem that is about no single file.
    pub fn new(kind: GameProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            file: None,
            message: message.into(),
        }
    }

    /// A problem with one file.
    pub fn of_file(
        kind: GameProblemKind,
        file: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            file: Some(file.into()),
            ..Self::new(kind, message)
        }
    }
}

/// What the disk did when the game was to be read.
impl From<&DiskFailure> for GameProblem {
    fn from(failure: &DiskFailure) -> Self {
        let kind = match failure.kind {
            DiskFailureKind::NotAllowed => GameProblemKind::NotAllowed,
            DiskFailureKind::Foreign => GameProblemKind::Unfit,
            DiskFailureKind::NoSpace
            | DiskFailureKind::NotFound
            | DiskFailureKind::FolderAway
            | DiskFailureKind::FoldersClash
            | DiskFailureKind::BadArchive
            | DiskFailureKind::Aborted
            | DiskFailureKind::Io => GameProblemKind::Unreadable,
        };
        Self::new(kind, &failure.message)
    }
}

impl fmt::Display for GameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
