//! The names of what is read from and written to a catalog.

/// The table of games.
pub(super) const GAMES: &str = "games";
/// The table of genres.
pub(super) const GENRE: &str = "genre";

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

/// How many bytes one unit of `game_size` stands for: the column is in GB.
pub(super) const GIGABYTE: f64 = 1e9;
