//! Builds a catalog from a folder of games, for a party that has none.
//!
//! Its one invariant: the output appears whole or not at all, and it never replaces a file that
//! Lanspread did not build. What an organiser wrote into an earlier build (titles,
//! descriptions, genres, pins, himself) is carried over. It deliberately reads no file of a game but the
//! sentinel.

mod error;
mod scan;
mod write;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use error::{BuildError, SkipReason};

use crate::{Catalog, Game, GameDB, GameId, Version};

/// What a build found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildReport {
    /// The games in the catalog, in the order of their ids.
    pub games: Vec<BuiltGame>,
    /// The entries of the folder that look like games and are not in the catalog.
    pub skipped: Vec<SkippedEntry>,
}

/// A game in a catalog that was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltGame {
    /// Its id, the name of its directory.
    pub id: GameId,
    /// Its title: that of an earlier build, else the id.
    pub title: String,
    /// The version in its sentinel.
    pub version: Version,
    /// The size of all its files that are shared, in bytes.
    pub size_bytes: u64,
}

/// A directory that did not become a game of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedEntry {
    /// Its name; what cannot be shown in it is replaced.
    pub name: String,
    /// Why it is not in the catalog.
    pub reason: SkipReason,
}

/// Builds the catalog `out` from the game roots directly in `games_dir`.
///
/// An existing `out` that Lanspread built is replaced.
///
/// # Errors
///
/// When `games_dir` cannot be read or holds no game or too many, when `out` is a file that
/// Lanspread did not build, or when it cannot be written. `out` is then as it was.
pub fn build(games_dir: &Path, out: &Path) -> Result<BuildReport, BuildError> {
    let earlier = write::earlier(out)?;
    let mut report = scan::scan(games_dir)?;
    if report.games.is_empty() {
        return Err(BuildError::NoGames {
            path: games_dir.to_owned(),
        });
    }
    let mut games = GameDB::new();
    for built in &mut report.games {
        let known = earlier.get(&built.id).cloned();
        let mut game = known.unwrap_or_else(|| Game::new(built.id.clone()));
        built.title.clone_from(&game.title);
        game.version = Some(built.version);
        game.size_bytes = Some(built.size_bytes);
        games.insert(game);
    }
    let catalog = Catalog::of_games(games)
        .with_pins(earlier.pins().clone())
        .with_organiser(earlier.organiser());
    write::write(&catalog, out)?;
    Ok(report)
}
