//! The shape of a catalog file: the tables that real ones have, and the unit of sizes in them.
//!
//! Its one invariant: what the builder writes is what the reader selects. It deliberately does
//! not open a file.

use crate::GAME_BYTES_MAX;

/// The table of games.
pub(super) const GAMES: &str = "games";
/// The table of genres.
pub(super) const GENRE: &str = "genre";

/// The table of pins. Real catalogs have none; the prefix keeps other tools from minding it.
pub(super) const PINS: &str = "lanspread_pins";

/// The columns of `games` that are read, in the order in which they are selected.
pub(super) const GAME_COLUMNS: [&str; 11] = [
    "game_id",
    "game_title",
    "game_version",
    "game_size",
    "game_publisher",
    "game_release",
    "genre_id",
    "game_maxplayers",
    "game_readme_de",
    "game_readme_en",
    "game_readme_fr",
];

/// The columns of `genre` that are read, in the order in which they are selected.
pub(super) const GENRE_COLUMNS: [&str; 4] = ["genre_id", "genre_de", "genre_en", "genre_fr"];

/// The columns of the table of pins, in the order in which they are selected.
pub(super) const PIN_COLUMNS: [&str; 3] = ["game_id", "game_version", "manifest"];

/// The table of what else Lanspread wants to know of a party.
pub(super) const FACTS: &str = "lanspread";

/// Its columns, in the order in which they are selected.
pub(super) const FACT_COLUMNS: [&str; 2] = ["key", "value"];

/// Creates it.
pub(super) const CREATE_FACTS: &str = "
    CREATE TABLE lanspread(key TEXT PRIMARY KEY, value TEXT NOT NULL);";

/// Creates the table of pins.
pub(super) const CREATE_PINS: &str = "
    CREATE TABLE lanspread_pins(
        game_id TEXT NOT NULL, game_version TEXT NOT NULL, manifest TEXT NOT NULL,
        PRIMARY KEY(game_id, game_version));";

/// Creates all tables that real catalogs have, also those that Lanspread leaves empty, so that
/// other tools can use what Lanspread builds.
pub(super) const CREATE: &str = "
    CREATE TABLE games(
        game_id TEXT, db_id INTEGER PRIMARY KEY, game_title TEXT, game_key TEXT,
        game_release TEXT, game_publisher TEXT, game_size NUMERIC, game_readme_de TEXT,
        game_readme_en TEXT, game_readme_fr TEXT, game_maxplayers INTEGER,
        game_master_req INTEGER, genre_id INTEGER, game_version TEXT);
    CREATE TABLE genre(
        genre_id INTEGER PRIMARY KEY, genre_de TEXT, genre_en TEXT, genre_fr TEXT);
    CREATE TABLE discarded(del_id INTEGER PRIMARY KEY, game_id TEXT, game_key TEXT);
    CREATE TABLE tools(
        tool_id TEXT, db_id INTEGER PRIMARY KEY, tool_name TEXT, tool_key TEXT,
        tool_maintainer TEXT, tool_size TEXT, tool_readme_de TEXT, tool_readme_en TEXT,
        tool_readme_fr TEXT, tool_disabled INTEGER);";

/// Marks a catalog as built by Lanspread, in the header of the file (`LSPR` in ASCII).
pub(super) const APPLICATION_ID: i32 = 0x4c53_5052;

/// How many bytes one unit of `game_size` stands for: the column is in GB.
const GIGABYTE: f64 = 1e9;

/// The bytes that a cell of `game_size` stands for, if a game can have so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the limit is a power of two, and the range is checked before the conversion"
)]
pub(super) fn bytes_of(gigabytes: f64) -> Option<u64> {
    let bytes = (gigabytes * GIGABYTE).round();
    let in_range = (0.0..=GAME_BYTES_MAX as f64).contains(&bytes);
    in_range.then_some(bytes as u64)
}

/// The cell of `game_size` for a game of `bytes`.
#[expect(
    clippy::cast_precision_loss,
    reason = "a game has far fewer bytes than the mantissa can count"
)]
pub(super) fn gigabytes_of(bytes: u64) -> f64 {
    bytes as f64 / GIGABYTE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_survives_the_detour_through_gigabytes() {
        for bytes in [0, 1, 999, 1_000_000_000, 123_456_789_012, GAME_BYTES_MAX] {
            assert_eq!(bytes_of(gigabytes_of(bytes)), Some(bytes));
        }
    }

    #[test]
    fn a_size_at_the_limit_is_read_and_one_past_is_not() {
        assert_eq!(bytes_of(gigabytes_of(GAME_BYTES_MAX)), Some(GAME_BYTES_MAX));
        assert_eq!(bytes_of(gigabytes_of(GAME_BYTES_MAX + 1)), None);
        assert_eq!(bytes_of(0.0), Some(0));
        for no_size in [-1e-9, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(bytes_of(no_size), None, "{no_size}");
        }
    }
}
