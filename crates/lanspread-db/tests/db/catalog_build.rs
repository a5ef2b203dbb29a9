//! A catalog built from a folder of games.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use lanspread_db::{
    Catalog, ContentHash, ManifestHash, Pins, SENTINEL,
    catalog::{self, BuildError, BuildReport, SkipReason},
};

use crate::fixtures::{CatalogFile, game_id, version};

/// A folder of games and a place for the catalog.
struct Party {
    directory: tempfile::TempDir,
}

impl Party {
    fn new() -> Self {
        let party = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(party.games_dir()).unwrap();
        party
    }

    fn games_dir(&self) -> PathBuf {
        self.directory.path().join("games")
    }

    fn out(&self) -> PathBuf {
        self.directory.path().join("game.db")
    }

    fn write(&self, below: &str, bytes: &[u8]) {
        let path = self.games_dir().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn build(&self) -> Result<BuildReport, BuildError> {
        catalog::build(&self.games_dir(), &self.out())
    }

    fn open(&self) -> Catalog {
        let (catalog, rejections) = Catalog::open(&self.out()).unwrap();
        assert_eq!(rejections, []);
        catalog
    }

    /// The names in the directory of the output.
    fn beside_the_output(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort_unstable();
        names
    }
}

#[test]
fn a_folder_of_games_becomes_a_catalog_that_opens() {
    let party = Party::new();
    party.write("teeworlds/version.ini", b"20160922\r\n");
    party.write("teeworlds/teeworlds.eti", &[7; 5_000]);
    party.write("teeworlds/data/more.bin", &[7; 90]);
    party.write("0ad/version.ini", b"20240101");
    let report = party.build().unwrap();
    assert_eq!(report.skipped, []);
    let found: Vec<_> = report
        .games
        .iter()
        .map(|game| (game.id.as_str(), game.size_bytes))
        .collect();
    assert_eq!(found, [("0ad", 8), ("teeworlds", 5_100)]);

    let catalog = party.open();
    let game = catalog.get(&game_id("teeworlds")).unwrap();
    assert_eq!(
        (game.title.as_str(), game.size_bytes),
        ("teeworlds", Some(5_100))
    );
    assert_eq!(
        catalog.expected_version(&game_id("teeworlds")),
        Some(version("20160922"))
    );
    assert_eq!(
        catalog.expected_version(&game_id("0ad")),
        Some(version("20240101"))
    );
    assert_eq!(party.beside_the_output(), ["game.db", "games"]);
}

#[test]
fn the_catalog_has_all_tables_and_columns_that_real_ones_have() {
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    party.build().unwrap();
    let connection = rusqlite::Connection::open(party.out()).unwrap();
    let columns = [
        (
            "games",
            "game_id, db_id, game_title, game_key, game_release, game_publisher, game_size,
             game_readme_de, game_readme_en, game_readme_fr, game_maxplayers, game_master_req,
             genre_id, game_version",
        ),
        ("genre", "genre_id, genre_de, genre_en, genre_fr"),
        ("discarded", "del_id, game_id, game_key"),
        (
            "tools",
            "tool_id, db_id, tool_name, tool_key, tool_maintainer, tool_size,
             tool_readme_de, tool_readme_en, tool_readme_fr, tool_disabled",
        ),
    ];
    for (table, columns) in columns {
        connection
            .prepare(&format!("SELECT {columns} FROM {table}"))
            .unwrap();
    }
}

#[test]
fn only_what_is_shared_counts_for_the_size() {
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    party.write("a/game.eti", &[0; 100]);
    for other in [
        "local/game.exe",
        ".local.backup/x",
        ".lanspread.download/files/x",
        ".lanspread.json",
        ".sync/x",
        ".SyncIgnore",
        "half.eti.!sync",
        "Thumbs.db",
        ".version.ini.tmp",
    ] {
        party.write(&format!("a/{other}"), &[0; 1000]);
    }
    assert_eq!(party.build().unwrap().games[0].size_bytes, 108);
}

#[test]
fn what_is_no_game_is_skipped_with_the_reason() {
    let party = Party::new();
    party.write("good/version.ini", b"20160922");
    party.write("no sentinel/game.eti", b"x");
    party.write("nested/data/version.ini", b"20160922");
    party.write("bad stamp/version.ini", b"beta");
    party.write("huge stamp/version.ini", &[b'1'; 4097]);
    party.write("a folder/version.ini/x", b"20160922");
    party.write(".hidden/version.ini", b"20160922");
    party.write("a file beside the games.txt", b"20160922");
    let report = party.build().unwrap();
    assert_eq!(report.games.len(), 1);
    let reason = |name: &str| {
        let entry = report.skipped.iter().find(|entry| entry.name == name);
        entry
            .unwrap_or_else(|| panic!("{name} is not skipped"))
            .reason
            .clone()
    };
    assert_eq!(reason("no sentinel"), SkipReason::NoSentinel);
    assert_eq!(reason("nested"), SkipReason::NoSentinel);
    assert!(matches!(
        reason("bad stamp"),
        SkipReason::InvalidSentinel { .. }
    ));
    assert!(matches!(
        reason("huge stamp"),
        SkipReason::InvalidSentinel { .. }
    ));
    assert!(matches!(
        reason("a folder"),
        SkipReason::InvalidSentinel { .. }
    ));
    assert!(matches!(reason(".hidden"), SkipReason::InvalidId { .. }));
    assert_eq!(report.skipped.len(), 6);
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    party.write("../outside/version.ini", b"20160922");
    let outside = party.directory.path().join("outside");
    symlink(&outside, party.games_dir().join("linked")).unwrap();
    symlink(&outside, party.games_dir().join("a/linked")).unwrap();
    symlink("..", party.games_dir().join("a/loop")).unwrap();
    fs::create_dir(party.games_dir().join("b")).unwrap();
    symlink(
        outside.join(SENTINEL),
        party.games_dir().join("b").join(SENTINEL),
    )
    .unwrap();
    let report = party.build().unwrap();
    assert_eq!(report.games.len(), 1);
    assert_eq!(report.games[0].size_bytes, 8);
    assert!(matches!(
        report.skipped[0].reason,
        SkipReason::InvalidSentinel { .. }
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_cannot_travel_are_skipped() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let party = Party::new();
    party.write("good/version.ini", b"20160922");
    party.write("good/a:b", &[0; 1000]);
    party.write("GOOD/version.ini", b"20170101");
    party.write("CON/version.ini", b"20160922");
    let name = OsStr::from_bytes(b"not\xffunicode");
    fs::create_dir(party.games_dir().join(name)).unwrap();
    let report = party.build().unwrap();
    assert_eq!(report.games.len(), 1);
    assert_eq!(report.games[0].size_bytes, 8);
    let skipped: Vec<_> = report
        .skipped
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(skipped, ["CON", "good", "not\u{fffd}unicode"]);
    assert_eq!(
        report.skipped[1].reason,
        SkipReason::DuplicateId {
            earlier: "GOOD".to_owned()
        }
    );
}

#[test]
fn a_folder_without_a_game_is_an_error_and_leaves_nothing() {
    let party = Party::new();
    party.write("a/game.eti", b"x");
    let error = party.build().unwrap_err();
    assert!(matches!(error, BuildError::NoGames { .. }), "{error}");
    assert_eq!(party.beside_the_output(), ["games"]);
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let party = Party::new();
    let error = catalog::build(Path::new("/no/such/folder"), &party.out()).unwrap_err();
    assert!(matches!(error, BuildError::GamesDir { .. }), "{error}");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    let out = party.directory.path().join("no such folder/game.db");
    let error = catalog::build(&party.games_dir(), &out).unwrap_err();
    assert!(matches!(error, BuildError::Write { .. }), "{error}");
}

#[test]
fn a_second_build_replaces_the_first_and_keeps_what_was_written_into_it() {
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    party.write("b/version.ini", b"20160922");
    party.build().unwrap();
    rusqlite::Connection::open(party.out())
        .unwrap()
        .execute_batch(
            "INSERT INTO genre VALUES (9, 'Rennspiel', 'Racing', NULL);
             UPDATE games SET game_title = 'Game A', game_readme_en = 'One<br>Two', genre_id = 9,
                 game_maxplayers = '2 (+ 6 CPU)', game_version = '19990101' WHERE game_id = 'a';",
        )
        .unwrap();
    fs::remove_dir_all(party.games_dir().join("b")).unwrap();
    party.write("a/version.ini", b"20170101");
    party.write("c/version.ini", b"20160922");
    let report = party.build().unwrap();
    assert_eq!(report.games[0].title, "Game A");

    let catalog = party.open();
    let ids: Vec<_> = catalog
        .games()
        .ids()
        .map(lanspread_db::GameId::as_str)
        .collect();
    assert_eq!(ids, ["a", "c"]);
    let game = catalog.get(&game_id("a")).unwrap();
    assert_eq!(
        (game.title.as_str(), game.version),
        ("Game A", Some(version("20170101")))
    );
    assert_eq!(game.descriptions.en.as_deref(), Some("One\nTwo"));
    assert_eq!(game.genre.en.as_deref(), Some("Racing"));
    assert_eq!(game.max_players.as_ref().unwrap().text, "2 (+ 6 CPU)");
    assert_eq!(party.beside_the_output(), ["game.db", "games"]);
}

#[test]
fn a_file_that_lanspread_did_not_build_is_not_replaced() {
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    let catalog_of_another_tool = CatalogFile::with("INSERT INTO games(game_id) VALUES ('a');");
    let foreign = [
        fs::read(catalog_of_another_tool.path()).unwrap(),
        b"my notes".to_vec(),
        vec![],
    ];
    for bytes in foreign {
        fs::write(party.out(), &bytes).unwrap();
        let error = party.build().unwrap_err();
        assert!(matches!(error, BuildError::OutputTaken { .. }), "{error}");
        assert_eq!(fs::read(party.out()).unwrap(), bytes);
    }
    fs::remove_file(party.out()).unwrap();
    fs::create_dir(party.out()).unwrap();
    let error = party.build().unwrap_err();
    assert!(matches!(error, BuildError::OutputTaken { .. }), "{error}");
}

/// Every build that was killed left its half file, and past sixteen of them the next build found no
/// free name and failed for ever. A name belongs to one process now, and a later one of the same
/// number takes it.
#[test]
fn leftovers_of_any_number_of_builds_that_died_do_not_hinder_the_next() {
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    let process = std::process::id();
    for number in 0..100 {
        for name in [
            format!(".game.db.building-{number}"),
            format!(".game.db.building-{process}-{number}"),
        ] {
            fs::write(party.directory.path().join(name), b"half").unwrap();
        }
    }
    party.build().unwrap();
    assert_eq!(party.open().games().len(), 1);
}

/// How old a half file is when whoever wrote it is taken to be gone.
const LEFTOVER_AGE: Duration = Duration::from_hours(24);

/// Builds that were killed left a half file each, for ever.
#[test]
fn a_build_removes_what_killed_ones_left_long_ago_and_nothing_else() {
    let party = Party::new();
    party.write("a/version.ini", b"20160922");
    let aged = |name: &str, age: Duration| {
        let file = fs::File::create(party.directory.path().join(name)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    };
    let a_minute_less = Duration::from_mins(24 * 60 - 1);
    aged(".game.db.building-1-0", LEFTOVER_AGE);
    aged(".game.db.building-4294967295-17", LEFTOVER_AGE * 30);
    aged(".game.db.building-2-0", a_minute_less);
    aged(".game.db.building-2-0.bak", LEFTOVER_AGE * 30);
    aged(".mine.db.building-1-0", LEFTOVER_AGE * 30);
    fs::create_dir(party.directory.path().join(".game.db.building-3-0")).unwrap();
    party.build().unwrap();
    assert_eq!(
        party.beside_the_output(),
        [
            ".game.db.building-2-0",
            ".game.db.building-2-0.bak",
            ".game.db.building-3-0",
            ".mine.db.building-1-0",
            "game.db",
            "games",
        ]
    );
}

#[test]
fn a_second_build_keeps_the_pins_of_the_games_that_are_still_there() {
    let party = Party::new();
    party.write("teeworlds/version.ini", b"20160922");
    party.write("gone/version.ini", b"20160922");
    party.build().unwrap();
    let manifest = ManifestHash(ContentHash::of(b"the right files"));
    let mut pins = Pins::new();
    for id in ["teeworlds", "gone"] {
        pins.insert(game_id(id), version("20160922"), manifest);
    }
    catalog::write_pins(&party.out(), &pins).unwrap();
    fs::remove_dir_all(party.games_dir().join("gone")).unwrap();
    party.build().unwrap();
    pins.remove(&game_id("gone"));
    assert_eq!(party.open().pins(), &pins);
}
