//! What a finished operation has to tell beside its figures.
//!
//! Invariant: the English sentence follows from the fact alone.

use std::fmt;

use lanspread_db::{GameId, INTENT_FILE, Version};

use super::DiskFailure;

/// Something about a finished operation that the user may want to know. Its text is a sentence in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationNote {
    /// Files of the old version that may be the player's stay.
    FilesStay {
        /// The first of them.
        names: Vec<String>,
        /// How many more there are.
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
        /// Where, below the game's root.
        folder: String,
    },
    /// Links and special files were not taken to the new version.
    NotTaken {
        /// How many.
        entries: u32,
    },
    /// The intent log was damaged and is gone.
    IntentDamaged {
        /// The game.
        id: GameId,
        /// What was wrong with it.
        reason: String,
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
    /// The root could not be looked at once it was done.
    NotLookedAt {
        /// What the disk did.
        failure: DiskFailure,
    },
    /// Every byte is what it should be.
    AllRight,
    /// Every byte could be read, and nobody says what it should be.
    NothingToCompare {
        /// The version that nobody else has.
        version: Option<Version>,
    },
}

/// Why an entry of an archive is not unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It is a link to nothing that the archives hold.
    DanglingLink,
    /// It is a link, and none can be made here.
    LinksUnavailable,
    /// It is a record that is no file.
    NotAFile,
}

impl fmt::Display for OperationNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FilesStay { names, more } => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                write!(
                    f,
                    "the new version does not have these files and they may be yours, so they stay: {}",
                    names.join(", ")
                )?;
                match more {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::Taken { files } => {
                write!(f, "{files} of your files were taken to the new version")
            }
            Self::KeptAside { files, folder } => write!(
                f,
                "{files} of your files differ from those of the new version and are kept in `{folder}`"
            ),
            Self::NotTaken { entries } => write!(
                f,
                "{entries} links or special files could not be taken to the new version"
            ),
            Self::IntentDamaged { id, reason } => write!(
                f,
                "`{INTENT_FILE}` of {id} was damaged ({reason}) and was removed; what lies there was \
                 judged by its markers"
            ),
            Self::LeftOut {
                archive,
                entry,
                why,
            } => write!(f, "`{entry}` of {archive} was left out: {why}"),
            Self::NotLookedAt { failure } => {
                write!(f, "the folder could not be read again: {failure}")
            }
            Self::AllRight => f.write_str("every byte is as it should be"),
            Self::NothingToCompare { version } => {
                let version = version.map_or_else(String::new, |version| format!(" {version}"));
                write!(
                    f,
                    "every byte could be read, but no other peer has version{version} of it: nothing to \
                     compare with"
                )
            }
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DanglingLink => "the link points to nothing in the archives",
            Self::LinksUnavailable => "this system does not allow symbolic links here",
            Self::NotAFile => "the record is no file",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_stay_are_named_and_the_others_counted() {
        let stay = |more| {
            let names = vec!["my.cfg".to_owned(), "map.bsp".to_owned()];
            OperationNote::FilesStay { names, more }.to_string()
        };
        assert!(stay(0).ends_with("`my.cfg`, `map.bsp`"), "{}", stay(0));
        assert!(stay(3).ends_with("`map.bsp` and 3 more"), "{}", stay(3));
    }
}
