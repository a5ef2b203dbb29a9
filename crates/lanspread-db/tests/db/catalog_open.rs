//! Catalog files as a whole: broken, foreign, old, hostile in their schema.

use std::fs;

use lanspread_db::{
    Catalog, CatalogError,
    catalog::{CATALOG_FILE_BYTES_MAX, CATALOG_ROWS_MAX},
};
use proptest::prelude::*;

use crate::fixtures::{CatalogFile, game_id};

/// The reason why the file cannot be opened.
fn refused(file: &CatalogFile) -> CatalogError {
    let error = Catalog::open(&file.path()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("game.db"),
        "the message names no file: {message}"
    );
    error
}

#[test]
fn a_missing_file_is_an_error_and_is_not_created() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("game.db");
    let error = Catalog::open(&path).unwrap_err();
    assert!(matches!(error, CatalogError::Io { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_directory_is_no_catalog() {
    let directory = tempfile::tempdir().unwrap();
    let error = Catalog::open(directory.path()).unwrap_err();
    assert!(matches!(error, CatalogError::NotAFile { .. }), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_an_error() {
    let file = CatalogFile::with("");
    fs::write(
        file.path(),
        "game_id,title\nteeworlds,Teeworlds\n".repeat(100),
    )
    .unwrap();
    let error = refused(&file);
    assert!(matches!(error, CatalogError::Sqlite { .. }), "{error}");
}

#[test]
fn an_empty_file_is_no_catalog() {
    let file = CatalogFile::with("");
    fs::write(file.path(), b"").unwrap();
    let error = refused(&file);
    assert!(
        matches!(error, CatalogError::NoGamesTable { .. }),
        "{error}"
    );
}

/// A catalog of some pages: 500 games with a text each.
fn catalog_of_some_pages() -> CatalogFile {
    CatalogFile::with(
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 500)
         INSERT INTO games(game_id, game_title, game_readme_en)
             SELECT 'game' || n, 'Title ' || n, hex(randomblob(400)) FROM number;",
    )
}

#[test]
fn a_file_cut_off_anywhere_never_panics_and_never_passes_for_whole() {
    let file = catalog_of_some_pages();
    let whole = fs::read(file.path()).unwrap();
    assert_eq!(file.open().0.games().len(), 500);
    for quarter in 1..4 {
        fs::write(file.path(), &whole[..whole.len() * quarter / 4]).unwrap();
        refused(&file);
    }
    for len in [0, 1, 15, 16, 99, 100, 101, 1000] {
        fs::write(file.path(), &whole[..len]).unwrap();
        refused(&file);
    }
}

#[test]
fn a_file_with_a_destroyed_page_is_an_error() {
    let file = catalog_of_some_pages();
    let mut bytes = fs::read(file.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xff);
    fs::write(file.path(), bytes).unwrap();
    let error = refused(&file);
    assert!(matches!(error, CatalogError::Sqlite { .. }), "{error}");
}

#[test]
fn a_database_without_games_is_no_catalog() {
    let error = refused(&CatalogFile::of_sql("CREATE TABLE songs(title TEXT);"));
    assert!(
        matches!(error, CatalogError::NoGamesTable { .. }),
        "{error}"
    );
}

#[test]
fn a_table_without_ids_is_no_catalog() {
    let error = refused(&CatalogFile::of_sql("CREATE TABLE games(game_title TEXT);"));
    assert!(matches!(error, CatalogError::NoIdColumn { .. }), "{error}");
}

#[test]
fn every_column_but_the_id_may_be_missing() {
    let file = CatalogFile::of_sql(
        "CREATE TABLE games(game_id TEXT); INSERT INTO games VALUES ('a'), ('../b');",
    );
    let (catalog, rejections) = file.open();
    assert_eq!(catalog.title(&game_id("a")), Some("a"));
    assert_eq!(rejections[0].row, 2);
}

#[test]
fn names_of_tables_and_columns_may_be_in_any_case() {
    let file = CatalogFile::of_sql(
        "CREATE TABLE Games(GAME_ID TEXT, Game_Title TEXT); INSERT INTO Games VALUES ('a', 'A');",
    );
    assert_eq!(file.open().0.title(&game_id("a")), Some("A"));
}

#[test]
fn a_table_without_row_numbers_is_read_and_its_rows_are_counted() {
    let file = CatalogFile::of_sql(
        "CREATE TABLE games(game_id TEXT PRIMARY KEY) WITHOUT ROWID;
         INSERT INTO games VALUES ('a'), ('b'), ('c.');",
    );
    let (catalog, rejections) = file.open();
    assert_eq!(catalog.games().len(), 2);
    assert_eq!(rejections[0].row, 3);
}

#[test]
fn a_view_is_not_run() {
    let error = refused(&CatalogFile::of_sql(
        "CREATE VIEW games AS WITH RECURSIVE number(n) AS
             (SELECT 1 UNION ALL SELECT n + 1 FROM number) SELECT 'g' || n AS game_id FROM number;",
    ));
    assert!(
        matches!(error, CatalogError::NoGamesTable { .. }),
        "{error}"
    );
}

#[test]
fn a_computed_column_is_not_computed() {
    let file = CatalogFile::of_sql(
        "CREATE TABLE games(game_id TEXT,
             game_title TEXT GENERATED ALWAYS AS (upper(game_id)) VIRTUAL);
         INSERT INTO games(game_id) VALUES ('a');",
    );
    assert_eq!(file.open().0.title(&game_id("a")), Some("a"));
}

#[test]
fn a_file_at_the_limit_is_opened_and_one_past_is_not() {
    let file = CatalogFile::with("INSERT INTO games(game_id) VALUES ('a');");
    let resize = |bytes| {
        fs::OpenOptions::new()
            .write(true)
            .open(file.path())
            .unwrap()
            .set_len(bytes)
            .unwrap();
    };
    resize(CATALOG_FILE_BYTES_MAX);
    assert!(file.open().0.contains(&game_id("a")));
    resize(CATALOG_FILE_BYTES_MAX + 1);
    let error = refused(&file);
    assert!(matches!(error, CatalogError::TooLarge { .. }), "{error}");
}

#[test]
fn opening_changes_nothing_in_the_file_or_beside_it() {
    let file = CatalogFile::with("INSERT INTO games(game_id) VALUES ('a'), ('../evil');");
    let before = fs::read(file.path()).unwrap();
    file.open();
    assert_eq!(fs::read(file.path()).unwrap(), before);
    let beside = fs::read_dir(file.path().parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1);
}

#[test]
fn a_file_that_nobody_may_write_is_opened() {
    let file = CatalogFile::with("INSERT INTO games(game_id) VALUES ('a');");
    let mut permissions = fs::metadata(file.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(file.path(), permissions).unwrap();
    assert!(file.open().0.contains(&game_id("a")));
}

/// Opened in place, such a file left two more beside itself even for a reader, and could not be
/// opened at all from a share that is read-only. It is opened in memory instead.
#[test]
fn a_catalog_with_a_write_ahead_log_is_opened_and_nothing_is_left_beside_it() {
    let file = CatalogFile::of_sql("PRAGMA journal_mode = WAL; CREATE TABLE games(game_id TEXT);");
    let writer = file.connection();
    writer
        .execute_batch("INSERT INTO games VALUES ('a');")
        .unwrap();
    assert!(file.open().0.contains(&game_id("a")));
    drop(writer);
    assert!(file.open().0.contains(&game_id("a")));
    let beside: Vec<_> = fs::read_dir(file.path().parent().unwrap())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(beside, ["game.db"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_with_destroyed_bytes_never_panics(
        destroyed in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
    ) {
        let file = catalog_of_some_pages();
        let mut bytes = fs::read(file.path()).unwrap();
        for (at, byte) in destroyed {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fs::write(file.path(), bytes).unwrap();
        if let Ok((catalog, rejections)) = Catalog::open(&file.path()) {
            prop_assert!(catalog.games().len() + rejections.len() <= CATALOG_ROWS_MAX + 1);
        }
    }
}
