//! Pins in a catalog file: read, written, and hostile.

use lanspread_db::{
    Catalog, CatalogMode, CatalogTable, ContentHash, Game, GameDB, ManifestHash, Pins,
    RowRejectionReason,
    catalog::{CATALOG_FILE_BYTES_MAX, CATALOG_PINS_MAX, ChangeError, write_pins},
};

use crate::fixtures::{CatalogFile, game_id, version};

const PLAYED: &str = "20160922";

fn hash(of: &str) -> ManifestHash {
    ManifestHash(ContentHash::of(of.as_bytes()))
}

fn pins(of: &[(&str, &str, &str)]) -> Pins {
    let mut pins = Pins::new();
    for (id, stamp, manifest) in of {
        pins.insert(game_id(id), version(stamp), hash(manifest));
    }
    pins
}

/// A catalog of two games, as other tools make them.
fn two_games(sql: &str) -> CatalogFile {
    CatalogFile::with(&format!(
        "INSERT INTO games(db_id, game_id, game_key, game_version)
             VALUES (1, 'chess', 'a key', '20160922'), (2, 'go', NULL, '20160922');
         INSERT INTO genre VALUES (4, 'Rennspiel', 'Racing', 'Course');{sql}"
    ))
}

const TABLE: &str = "CREATE TABLE lanspread_pins(game_id, game_version, manifest);";

/// A catalog with this one row of pins before a good one: why the row is not used.
fn rejected(values: &str) -> RowRejectionReason {
    let good = hash("good");
    let file = two_games(&format!(
        "{TABLE} INSERT INTO lanspread_pins VALUES ({values});
         INSERT INTO lanspread_pins VALUES ('go', '20160922', '{good}');"
    ));
    let (catalog, rejections) = file.open();
    assert_eq!(catalog.games().len(), 2);
    assert_eq!(catalog.pins(), &pins(&[("go", PLAYED, "good")]));
    assert_eq!(rejections.len(), 1, "{rejections:?}");
    assert_eq!(
        (rejections[0].table, rejections[0].row),
        (CatalogTable::Pins, 1)
    );
    assert!(rejections[0].to_string().starts_with("pin 1 ("));
    rejections[0].reason.clone()
}

#[test]
fn a_catalog_without_pins_is_as_good_as_ever() {
    let (catalog, rejections) = two_games("").open();
    assert_eq!(rejections, []);
    assert!(catalog.pins().is_empty());
    assert!(catalog.allows(&game_id("chess"), version(PLAYED), hash("anything")));
}

#[test]
fn pins_are_written_into_any_catalog_and_read_again() {
    let file = two_games("");
    let written = pins(&[
        ("chess", PLAYED, "a"),
        ("chess", "20240101", "b"),
        ("go", PLAYED, "c"),
    ]);
    write_pins(&file.path(), &written).unwrap();
    let (catalog, rejections) = file.open();
    assert_eq!(rejections, []);
    assert_eq!(catalog.pins(), &written);
    let (chess, played) = (game_id("chess"), version(PLAYED));
    assert_eq!(catalog.pin(&chess, played), Some(hash("a")));
    assert!(catalog.allows(&chess, played, hash("a")));
    assert!(!catalog.allows(&chess, played, hash("b")));
    assert!(catalog.allows(&chess, version("20250101"), hash("b")));
}

#[test]
fn whatever_else_is_in_the_catalog_stays() {
    let file = two_games("CREATE TABLE others(x); INSERT INTO others VALUES ('kept');");
    write_pins(&file.path(), &pins(&[("chess", PLAYED, "a")])).unwrap();
    let text = |sql: &str| -> String {
        let connection = file.connection();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(text("SELECT game_key FROM games WHERE db_id = 1"), "a key");
    assert_eq!(text("SELECT genre_en FROM genre"), "Racing");
    assert_eq!(text("SELECT x FROM others"), "kept");
    write_pins(&file.path(), &Pins::new()).unwrap();
    let tables = "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table'";
    assert_eq!(text(tables), "games,genre,others");
    let beside = std::fs::read_dir(file.path().parent().unwrap()).unwrap();
    assert_eq!(beside.count(), 1, "nothing is left beside the catalog");
}

#[test]
fn a_catalog_with_a_write_ahead_log_can_be_pinned() {
    let file = two_games("PRAGMA journal_mode = WAL; INSERT INTO games(game_id) VALUES ('tag');");
    write_pins(&file.path(), &pins(&[("tag", PLAYED, "a")])).unwrap();
    let (catalog, _) = file.open();
    assert_eq!(catalog.games().len(), 3);
    assert_eq!(catalog.pins().len(), 1);
}

#[test]
fn a_catalog_that_another_program_is_changing_is_left_alone() {
    let file = two_games("");
    let other = file.connection();
    let begin = "PRAGMA journal_mode = WAL; BEGIN; DELETE FROM games; COMMIT;";
    other.execute_batch(begin).unwrap();
    let refused = write_pins(&file.path(), &Pins::new());
    assert!(
        matches!(refused, Err(ChangeError::InUse { .. })),
        "{refused:?}"
    );
}

#[test]
fn what_is_no_catalog_is_not_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("game.db");
    assert!(matches!(
        write_pins(&path, &Pins::new()),
        Err(ChangeError::Catalog(_))
    ));
    assert!(!path.exists());
    std::fs::write(&path, "no database at all, but a text that someone needs").unwrap();
    assert!(write_pins(&path, &pins(&[("chess", PLAYED, "a")])).is_err());
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("no "));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn nothing_of_the_schema_is_run_when_pins_are_written() {
    let file = two_games(&format!(
        "{TABLE} INSERT INTO lanspread_pins VALUES ('go', '1', '2');
         CREATE TRIGGER boom AFTER DELETE ON lanspread_pins BEGIN DELETE FROM games; END;"
    ));
    write_pins(&file.path(), &pins(&[("chess", PLAYED, "a")])).unwrap();
    assert_eq!(file.open().0.games().len(), 2);
    let view = two_games("CREATE VIEW lanspread_pins AS SELECT * FROM games;");
    let refused = write_pins(&view.path(), &pins(&[("chess", PLAYED, "a")]));
    assert!(
        matches!(refused, Err(ChangeError::Sqlite { .. })),
        "{refused:?}"
    );
    assert!(view.open().0.pins().is_empty());
}

/// The table of pins was dropped and made anew, but an index that the schema ascribes to another table
/// stayed behind, and the catalog could not be opened any more. Found by the fuzz target `catalog`
/// after 745 tries; what was written is read again before it takes the catalog's place.
#[test]
fn a_damaged_catalog_is_not_made_worse_by_pinning() {
    let file = two_games("");
    write_pins(&file.path(), &pins(&[("chess", PLAYED, "a")])).unwrap();
    let damage = "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET tbl_name = 'alnspread_pins'
        WHERE name = 'sqlite_autoindex_lanspread_pins_1';";
    file.connection().execute_batch(damage).unwrap();
    let before = std::fs::read(file.path()).unwrap();
    let refused = write_pins(&file.path(), &pins(&[("go", PLAYED, "b")]));
    assert!(
        matches!(refused, Err(ChangeError::Spoiled { .. })),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(file.path()).unwrap(), before);
    assert_eq!(file.open().0.games().len(), 2);
}

#[test]
fn a_hostile_pin_costs_itself_only() {
    use RowRejectionReason as Reason;
    let good = hash("x");
    assert!(matches!(
        rejected(&format!("'../evil', '20160922', '{good}'")),
        Reason::InvalidId { .. }
    ));
    assert_eq!(
        rejected(&format!("'tag', '20160922', '{good}'")),
        Reason::PinOfUnlistedGame
    );
    assert_eq!(
        rejected(&format!("NULL, '20160922', '{good}'")),
        Reason::NoId
    );
    assert!(matches!(
        rejected(&format!("'chess', 'new', '{good}'")),
        Reason::InvalidVersion { .. }
    ));
    assert_eq!(
        rejected(&format!("'chess', NULL, '{good}'")),
        Reason::PinWithoutVersion
    );
    let shouted = good.to_string().to_uppercase();
    for manifest in [
        "NULL".to_owned(),
        "''".to_owned(),
        "7".to_owned(),
        "x'00ff'".to_owned(),
        format!("'{good}0'"),
        format!("'{shouted}'"),
    ] {
        assert!(matches!(
            rejected(&format!("'chess', '20160922', {manifest}")),
            Reason::InvalidPin { .. }
        ));
    }
    let long = "9".repeat(100_000);
    assert!(matches!(
        rejected(&format!("'chess', '{long}', '{good}'")),
        Reason::TextTooLong { .. }
    ));
}

#[test]
fn of_two_pins_of_a_version_the_first_counts_and_the_other_is_named() {
    let (one, two) = (hash("one"), hash("two"));
    let file = two_games(&format!(
        "{TABLE} INSERT INTO lanspread_pins VALUES ('go', '20160922', '{one}');
         INSERT INTO lanspread_pins VALUES ('go', '20160922', '{two}');"
    ));
    let (catalog, rejections) = file.open();
    assert_eq!(catalog.pin(&game_id("go"), version(PLAYED)), Some(one));
    let reason = RowRejectionReason::DuplicatePin {
        earlier: one.short(),
    };
    assert_eq!(rejections[0].reason, reason);
}

#[test]
fn a_table_of_other_columns_pins_nothing_and_says_so() {
    let file = two_games("CREATE TABLE lanspread_pins(x); INSERT INTO lanspread_pins VALUES (1);");
    let (catalog, rejections) = file.open();
    assert!(catalog.pins().is_empty());
    assert_eq!(rejections[0].reason, RowRejectionReason::NoId);
}

#[test]
fn pins_are_read_up_to_the_limit_and_not_past_it() {
    let file = two_games(&format!(
        "{TABLE} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
             WHERE i < {CATALOG_PINS_MAX})
         INSERT INTO lanspread_pins SELECT 'go', printf('%08d', i), '{}' FROM n;",
        hash("x")
    ));
    let (catalog, rejections) = file.open();
    assert_eq!(catalog.pins().len(), CATALOG_PINS_MAX);
    assert_eq!(rejections, []);
    let one_more = format!(
        "INSERT INTO lanspread_pins VALUES ('go', '99999999', '{}')",
        hash("x")
    );
    file.connection().execute_batch(&one_more).unwrap();
    let (catalog, rejections) = file.open();
    assert_eq!(catalog.pins().len(), CATALOG_PINS_MAX);
    assert_eq!(rejections[0].reason, RowRejectionReason::TooManyPins);
}

#[test]
fn a_catalog_that_would_grow_too_large_is_left_as_it_was() {
    let file = two_games("CREATE TABLE others(x);");
    let room = CATALOG_FILE_BYTES_MAX - std::fs::metadata(file.path()).unwrap().len();
    let padding = format!("INSERT INTO others VALUES (zeroblob({}))", room - 80_000);
    file.connection().execute_batch(&padding).unwrap();
    let before = std::fs::metadata(file.path()).unwrap().len();
    let many = (0..20_000_u32).map(|n| format!("{n:08}"));
    let mut pins = Pins::new();
    for stamp in many {
        pins.insert(game_id("go"), version(&stamp), hash("x"));
    }
    let refused = write_pins(&file.path(), &pins);
    assert!(
        matches!(refused, Err(ChangeError::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(std::fs::metadata(file.path()).unwrap().len(), before);
    assert!(file.open().0.pins().is_empty());
}

#[test]
fn only_listed_games_are_pinned() {
    let games: GameDB = [Game::new(game_id("go"))].into_iter().collect();
    let both = pins(&[("go", PLAYED, "a"), ("chess", PLAYED, "b")]);
    let catalog = Catalog::of_games(games).with_pins(both);
    assert_eq!(catalog.mode(), CatalogMode::Catalog);
    assert_eq!(catalog.pins(), &pins(&[("go", PLAYED, "a")]));
}

#[test]
fn a_set_of_pins_holds_one_manifest_per_game_and_version() {
    let mut set = pins(&[("go", "20240101", "b"), ("go", PLAYED, "a")]);
    let (go, played) = (game_id("go"), version(PLAYED));
    assert_eq!(set.insert(go.clone(), played, hash("c")), Some(hash("a")));
    assert_eq!((set.len(), set.is_empty()), (2, false));
    let listed: Vec<_> = set.iter().map(|(_, stamp, _)| stamp).collect();
    assert_eq!(listed, [played, version("20240101")]);
    let removed = set.remove(&go);
    assert_eq!(
        removed,
        [(played, hash("c")), (version("20240101"), hash("b"))]
    );
    assert!(set.is_empty() && set.remove(&go).is_empty());
}
