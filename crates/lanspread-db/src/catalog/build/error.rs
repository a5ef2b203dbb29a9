//! What can keep a catalog from being built, and a directory from being a game in it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{GAME_BYTES_MAX, MANIFEST_FILES_MAX, SENTINEL, catalog::CATALOG_ROWS_MAX};

/// Why no catalog was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder of games cannot be read.
    #[error("cannot read the folder of games {}: {source}", path.display())]
    GamesDir {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds no game.
    #[error(
        "found no game in {}: a game is a directory in it that holds a {SENTINEL} with a date stamp such as 20160922",
        path.display()
    )]
    NoGames {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds more than [`CATALOG_ROWS_MAX`] games.
    #[error("{} holds more than {CATALOG_ROWS_MAX} games, which is the most a catalog may list", path.display())]
    TooManyGames {
        /// The folder.
        path: PathBuf,
    },
    /// There is something at the output that Lanspread did not build.
    #[error(
        "will not replace {}: it is not a catalog that Lanspread built. Choose another name or move it away",
        path.display()
    )]
    OutputTaken {
        /// The output.
        path: PathBuf,
    },
    /// The output cannot be written.
    #[error("cannot write the catalog {}: {source}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be written.
    #[error("cannot write the catalog {}: SQLite says {source}", path.display())]
    Sqlite {
        /// The output.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
}

/// Why a directory is not a game of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum SkipReason {
    /// Its name is not a game id.
    #[error("{message}")]
    InvalidId {
        /// Which rule it breaks.
        message: String,
    },
    /// Another directory's name is the same for some file system.
    #[error("some systems take its name for that of {earlier:?}: rename one of them")]
    DuplicateId {
        /// The other directory.
        earlier: String,
    },
    /// It holds no sentinel.
    #[error("it holds no {SENTINEL}, so it is not a downloaded game")]
    NoSentinel,
    /// Its sentinel does not hold a version.
    #[error("{message}")]
    InvalidSentinel {
        /// What is wrong with it.
        message: String,
    },
    /// It is larger than [`GAME_BYTES_MAX`].
    #[error("it is larger than {GAME_BYTES_MAX} bytes, which is the most a game may have")]
    TooLarge,
    /// It has more than [`MANIFEST_FILES_MAX`] files.
    #[error("it has more than {MANIFEST_FILES_MAX} files, which is the most a game may have")]
    TooManyFiles,
    /// It cannot be read.
    #[error("it cannot be read: {message}")]
    Unreadable {
        /// What the system said.
        message: String,
    },
}
