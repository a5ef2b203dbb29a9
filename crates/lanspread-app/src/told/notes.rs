//! What a finished operation tells beside its figures.

use lanspread_db::Version;
use lanspread_peer as peer;
use serde::Serialize;
use ts_rs::TS;

/// Something about a finished operation that the user may want to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Note {
    /// Files of the old version that may be the player's stay.
    FilesStay {
        /// The first of them.
        names: Vec<String>,
        /// How many more there are.
        #[ts(type = "number")]
        more: usize,
    },
    /// Files of the player were taken to the new version.
    Taken {
        /// How many.
        files: u32,
    },
    /// Files of the player differ from those of the new version and lie beside them.
    KeptAside {
        /// How many.
        files: u32,
        /// Where, below the game's folder.
        folder: String,
    },
    /// Links and special files were not taken to the new version.
    NotTaken {
        /// How many.
        entries: u32,
    },
    /// Lanspread's own record of what it was doing there was damaged, and is gone.
    IntentDamaged {
        /// What was wrong with it, in words.
        detail: String,
    },
    /// An entry of an archive was not unpacked.
    LeftOut {
        /// The archive.
        archive: String,
        /// The entry.
        entry: String,
        /// Why.
        why: LeftOut,
    },
    /// The folder could not be looked at once it was done.
    NotLookedAt {
        /// What the disk did, in words.
        detail: String,
    },
    /// Every byte is what it should be.
    AllRight,
    /// Every byte could be read, and nobody says what it should be.
    NothingToCompare {
        /// The version that nobody else has.
        #[ts(type = "string | null")]
        version: Option<Version>,
    },
}

/// Why an entry of an archive is not unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// It is a link to nothing that the archives hold.
    DanglingLink,
    /// It is a link, and none can be made here.
    LinksUnavailable,
    /// It is a record that is no file.
    NotAFile,
}

impl From<&peer::OperationNote> for Note {
    fn from(note: &peer::OperationNote) -> Self {
        match note {
            peer::OperationNote::FilesStay { names, more } => Self::FilesStay {
                names: names.clone(),
                more: *more,
            },
            peer::OperationNote::Taken { files } => Self::Taken { files: *files },
            peer::OperationNote::KeptAside { files, folder } => Self::KeptAside {
                files: *files,
                folder: folder.clone(),
            },
            peer::OperationNote::NotTaken { entries } => Self::NotTaken { entries: *entries },
            peer::OperationNote::IntentDamaged { reason, .. } => Self::IntentDamaged {
                detail: reason.clone(),
            },
            peer::OperationNote::LeftOut {
                archive,
                entry,
                why,
            } => Self::LeftOut {
                archive: archive.clone(),
                entry: entry.clone(),
                why: match why {
                    peer::LeftOut::DanglingLink => LeftOut::DanglingLink,
                    peer::LeftOut::LinksUnavailable => LeftOut::LinksUnavailable,
                    peer::LeftOut::NotAFile => LeftOut::NotAFile,
                },
            },
            peer::OperationNote::NotLookedAt { failure } => Self::NotLookedAt {
                detail: failure.message.clone(),
            },
            peer::OperationNote::AllRight => Self::AllRight,
            peer::OperationNote::NothingToCompare { version } => {
                Self::NothingToCompare { version: *version }
            }
        }
    }
}
