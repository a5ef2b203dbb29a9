//! What can be wrong with a catalog: with the whole file, or with one row of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{CATALOG_FILE_BYTES_MAX, CATALOG_PINS_MAX, CATALOG_ROWS_MAX};

/// Why a catalog cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file cannot be looked at.
    #[error("cannot read the catalog {}: {source}", path.display())]
    Io {
        /// The catalog.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path names something else than a file.
    #[error("cannot read the catalog {}: it is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is larger than [`CATALOG_FILE_BYTES_MAX`].
    #[error(
        "cannot read the catalog {}: it has {bytes} bytes, and at most {CATALOG_FILE_BYTES_MAX} are allowed",
        path.display()
    )]
    TooLarge {
        /// The catalog.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// `SQLite` refuses the file.
    #[error(
        "cannot read the catalog {}: SQLite says {source}. It may be damaged or no catalog; copy it again or build one with `lanspread catalog build`",
        path.display()
    )]
    Sqlite {
        /// The catalog.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
    /// There is no table of games.
    #[error(
        "cannot read the catalog {}: it has no table `games`. Build a catalog with `lanspread catalog build`",
        path.display()
    )]
    NoGamesTable {
        /// The catalog.
        path: PathBuf,
    },
    /// The table of games has no column of ids.
    #[error("cannot read the catalog {}: its table `games` has no column `game_id`", path.display())]
    NoIdColumn {
        /// The catalog.
        path: PathBuf,
    },
}

/// A table of a catalog of which each row is judged by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CatalogTable {
    /// The games.
    #[default]
    Games,
    /// The pins.
    Pins,
    /// What else Lanspread wants to know.
    Facts,
}

/// A row of the catalog that is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRejection {
    /// In which table it stands.
    #[serde(default)]
    pub table: CatalogTable,
    /// The row's number in the table (its `db_id`), or its position if the table has none.
    pub row: i64,
    /// What the row says its game id is, cut to a length that can be shown.
    pub game_id: String,
    /// Why it is not used.
    pub reason: RowRejectionReason,
}

impl std::fmt::Display for RowRejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let row = match self.table {
            CatalogTable::Games => "row",
            CatalogTable::Pins => "pin",
            CatalogTable::Facts => "entry",
        };
        write!(
            f,
            "{row} {} ({:?}): {}",
            self.row, self.game_id, self.reason
        )
    }
}

/// Why a row is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum RowRejectionReason {
    /// The id is NULL.
    #[error("it has no game id")]
    NoId,
    /// The id is not a text.
    #[error("its game id is of type {found}, not a text")]
    IdType {
        /// The type that was found.
        found: String,
    },
    /// The id is not a game id.
    #[error("{message}")]
    InvalidId {
        /// Which rule it breaks.
        message: String,
    },
    /// An earlier row has this id or one that names the same directory.
    #[error("an earlier row has the same game id ({earlier})")]
    DuplicateId {
        /// The earlier row's id.
        earlier: String,
    },
    /// The version is there and is not one.
    #[error("{message}")]
    InvalidVersion {
        /// Which rule it breaks.
        message: String,
    },
    /// A text is longer than allowed.
    #[error("its column `{column}` has {bytes} bytes: at most {bytes_max} are allowed")]
    TextTooLong {
        /// The column.
        column: String,
        /// The length of the text.
        bytes: usize,
        /// The limit of this column.
        bytes_max: usize,
    },
    /// The row and all after it lie beyond [`CATALOG_ROWS_MAX`].
    #[error("it and all rows after it are ignored: at most {CATALOG_ROWS_MAX} are read")]
    TooManyRows,
    /// The organiser is named by no fingerprint.
    #[error("it names no peer: {message}")]
    InvalidOrganiser {
        /// What is wrong.
        message: String,
    },
    /// The pin is for a game that the catalog does not list.
    #[error("the catalog lists no such game")]
    PinOfUnlistedGame,
    /// The pin says for no version.
    #[error("it pins no version")]
    PinWithoutVersion,
    /// The pin names no manifest.
    #[error("it pins no manifest: {message}")]
    InvalidPin {
        /// What is wrong.
        message: String,
    },
    /// An earlier row pins a manifest of the same version.
    #[error("an earlier row pins the same version (to {earlier})")]
    DuplicatePin {
        /// The beginning of that manifest's hash.
        earlier: String,
    },
    /// The pin and all after it lie beyond [`CATALOG_PINS_MAX`].
    #[error("it and all pins after it are ignored: at most {CATALOG_PINS_MAX} are read")]
    TooManyPins,
}
