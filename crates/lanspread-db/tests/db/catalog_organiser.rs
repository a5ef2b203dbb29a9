//! Who organises the party, in the catalog.

use lanspread_db::{
    Catalog, CatalogTable, ContentHash,
    catalog::{CATALOG_FACTS_MAX, build, write_organiser, write_pins},
};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

fn built(dir: &Path) -> PathBuf {
    let games = dir.join("games");
    std::fs::create_dir_all(games.join("chess")).unwrap();
    std::fs::write(games.join("chess").join("version.ini"), "20240101").unwrap();
    std::fs::write(games.join("chess").join("chess.eti"), "x").unwrap();
    let out = dir.join("game.db");
    build(&games, &out).unwrap();
    out
}

fn organiser(path: &Path) -> Option<ContentHash> {
    Catalog::open(path).unwrap().0.organiser()
}

#[test]
fn the_organiser_is_written_replaced_and_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = built(dir.path());
    assert_eq!(organiser(&catalog), None);
    for key in [&b"one"[..], b"two"] {
        let key = Some(ContentHash::of(key));
        write_organiser(&catalog, key).unwrap();
        assert_eq!(organiser(&catalog), key);
    }
    write_organiser(&catalog, None).unwrap();
    assert_eq!(organiser(&catalog), None);
}

#[test]
fn the_organiser_outlives_another_build_and_other_pins() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = built(dir.path());
    let key = Some(ContentHash::of(b"key"));
    write_organiser(&catalog, key).unwrap();
    built(dir.path());
    assert_eq!(organiser(&catalog), key);
    let pins = Catalog::open(&catalog).unwrap().0.pins().clone();
    write_pins(&catalog, &pins).unwrap();
    assert_eq!(organiser(&catalog), key);
}

#[test]
fn an_entry_that_names_no_peer_costs_itself_only_and_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = built(dir.path());
    write_organiser(&catalog, Some(ContentHash::of(b"key"))).unwrap();
    let connection = Connection::open(&catalog).unwrap();
    connection
        .execute("UPDATE lanspread SET value = 'the tall one'", [])
        .unwrap();
    drop(connection);
    let (read, rejections) = Catalog::open(&catalog).unwrap();
    assert_eq!((read.organiser(), read.games().len()), (None, 1));
    assert_eq!(rejections[0].table, CatalogTable::Facts);
    assert!(rejections[0].to_string().contains("names no peer"));
}

#[test]
fn entries_are_looked_at_up_to_the_limit_and_not_past_it() {
    let dir = tempfile::tempdir().unwrap();
    let key = ContentHash::of(b"key");
    for (before, found) in [
        (CATALOG_FACTS_MAX - 1, Some(key)),
        (CATALOG_FACTS_MAX, None),
    ] {
        let catalog = built(dir.path());
        write_organiser(&catalog, None).unwrap();
        let connection = Connection::open(&catalog).unwrap();
        connection
            .execute_batch("CREATE TABLE lanspread(key TEXT, value TEXT)")
            .unwrap();
        for nth in 0..before {
            let insert = "INSERT INTO lanspread VALUES (?1, 'x')";
            connection.execute(insert, [format!("other{nth}")]).unwrap();
        }
        let insert = "INSERT INTO lanspread VALUES ('organiser', ?1)";
        connection.execute(insert, [key.to_string()]).unwrap();
        drop(connection);
        assert_eq!(organiser(&catalog), found, "{before}");
        std::fs::remove_file(&catalog).unwrap();
    }
}
