//! The catalog: which games this party plays, in which version, and what they are called.
//!
//! Its one invariant: with a catalog every listed game is valid and no two ids share a
//! directory, and only listed games are pinned; without one the party is open and nothing is
//! listed. It deliberately does not
//! know which of these games anyone has.

mod build;
mod error;
mod file;
mod organiser;
mod pins;
mod read;
mod read_pins;
mod replace;
mod schema;
mod write_pins;

use std::path::Path;

pub use build::{BuildError, BuildReport, BuiltGame, SkipReason, SkippedEntry, build};
pub use error::{CatalogError, CatalogTable, RowRejection, RowRejectionReason};
pub use organiser::{CATALOG_FACTS_MAX, write_organiser};
pub use pins::{CATALOG_PINS_MAX, Pins};
pub use write_pins::{ChangeError, write_pins};

use crate::{ContentHash, Game, GameDB, GameId, ManifestHash, Version};

/// The largest catalog file that is opened, in bytes.
pub const CATALOG_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The most rows of games that are read.
pub const CATALOG_ROWS_MAX: usize = 10_000;
/// The most rows of genres that are read.
pub const CATALOG_GENRES_MAX: usize = 1_000;

/// Whether a catalog decides which games belong to the party.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum CatalogMode {
    /// There is no catalog: every valid game root is announced, and the newest version
    /// announced is the expected one.
    Open,
    /// Only the catalog's games are announced, served and accepted.
    Catalog,
}

/// The set of games of this party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    mode: CatalogMode,
    games: GameDB,
    pins: Pins,
    organiser: Option<ContentHash>,
}

impl Catalog {
    /// No catalog: the party is open.
    #[must_use]
    pub fn open_party() -> Self {
        Self {
            mode: CatalogMode::Open,
            games: GameDB::new(),
            pins: Pins::new(),
            organiser: None,
        }
    }

    /// A catalog of these games.
    #[must_use]
    pub fn of_games(games: GameDB) -> Self {
        Self {
            mode: CatalogMode::Catalog,
            games,
            pins: Pins::new(),
            organiser: None,
        }
    }

    /// The same catalog with these pins, as far as they are of games that it lists.
    #[must_use]
    pub fn with_pins(mut self, mut pins: Pins) -> Self {
        pins.retain(|id| self.games.contains(id));
        self.pins = pins;
        self
    }

    /// The same catalog of this organiser.
    #[must_use]
    pub fn with_organiser(mut self, organiser: Option<ContentHash>) -> Self {
        self.organiser = organiser;
        self
    }

    /// Reads an `SQLite` catalog without ever writing to it. Rows that cannot be used are handed
    /// back with the reason; the rest is the catalog.
    ///
    /// # Errors
    ///
    /// When the file as a whole cannot be used: it is missing, too large, damaged, not `SQLite`,
    /// or has no table of games.
    pub fn open(path: &Path) -> Result<(Self, Vec<RowRejection>), CatalogError> {
        read::read(path)
    }

    /// Whether there is a catalog.
    #[must_use]
    pub fn mode(&self) -> CatalogMode {
        self.mode
    }

    /// The games listed; none in an open party.
    #[must_use]
    pub fn games(&self) -> &GameDB {
        &self.games
    }

    /// The game of this id, if it is listed.
    #[must_use]
    pub fn get(&self, id: &GameId) -> Option<&Game> {
        self.games.get(id)
    }

    /// Whether the game is listed; never in an open party. To decide what may be announced,
    /// served or accepted, ask [`Catalog::admits`].
    #[must_use]
    pub fn contains(&self, id: &GameId) -> bool {
        self.games.contains(id)
    }

    /// Whether the game belongs to this party: in an open one every game does.
    #[must_use]
    pub fn admits(&self, id: &GameId) -> bool {
        match self.mode {
            CatalogMode::Open => true,
            CatalogMode::Catalog => self.contains(id),
        }
    }

    /// The version this party plays. `None` in an open party, and for a game of which the
    /// catalog does not say it: then the newest version announced is the expected one.
    #[must_use]
    pub fn expected_version(&self, id: &GameId) -> Option<Version> {
        self.get(id)?.version
    }

    /// The title, if the game is listed.
    #[must_use]
    pub fn title(&self, id: &GameId) -> Option<&str> {
        self.get(id).map(|game| game.title.as_str())
    }

    /// Who organises the party: the fingerprint of the public key of the organiser's peer.
    #[must_use]
    pub fn organiser(&self) -> Option<ContentHash> {
        self.organiser
    }

    /// What is pinned; nothing in an open party.
    #[must_use]
    pub fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The one manifest that this version of this game may have, if the catalog pins it.
    #[must_use]
    pub fn pin(&self, id: &GameId, version: Version) -> Option<ManifestHash> {
        self.pins.get(id, version)
    }

    /// Whether this manifest may be this version of this game: either it is pinned, or nothing is.
    #[must_use]
    pub fn allows(&self, id: &GameId, version: Version, manifest: ManifestHash) -> bool {
        self.pin(id, version).is_none_or(|pin| pin == manifest)
    }
}
