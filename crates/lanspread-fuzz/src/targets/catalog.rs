//! A catalog file.
//!
//! Property: whatever the bytes are, opening them changes nothing on the disk; what is listed is
//! valid, and only listed games are pinned; pins that are written into a catalog are read again.

use std::fs;

use lanspread_db::{
    Catalog, GameId, Pins, RelPath,
    catalog::{CATALOG_PINS_MAX, CATALOG_ROWS_MAX, write_pins},
};

/// The file as a whole.
pub(crate) fn catalog(bytes: &[u8]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("game.db");
    fs::write(&path, bytes).expect("writable");
    let opened = Catalog::open(&path);
    assert_eq!(
        fs::read(&path).expect("readable"),
        bytes,
        "it was written to"
    );
    let beside = fs::read_dir(directory.path()).expect("readable").count();
    assert_eq!(beside, 1, "something was left beside it");
    let Ok((catalog, rejections)) = opened else {
        return;
    };
    assert!(catalog.games().len() <= CATALOG_ROWS_MAX);
    assert!(catalog.pins().len() <= CATALOG_PINS_MAX);
    for rejection in &rejections {
        assert!(
            !rejection.to_string().contains('\n'),
            "it would forge a line"
        );
    }
    for game in catalog.games() {
        assert!(RelPath::parse(game.id.as_str()).is_ok());
        assert!(!game.title.chars().any(char::is_control));
    }
    for (id, ..) in catalog.pins().iter() {
        assert!(catalog.contains(id));
    }
    repin(&path, &catalog);
}

/// Writes one pin for each game into the catalog and reads it again.
fn repin(path: &std::path::Path, before: &Catalog) {
    let version = lanspread_db::Version::parse("20240101").expect("a version");
    let manifest = lanspread_db::ManifestHash::of_encoding(b"some files");
    let mut pins = Pins::new();
    let ids: Vec<GameId> = before.games().ids().cloned().collect();
    for id in ids {
        pins.insert(id, version, manifest);
    }
    if write_pins(path, &pins).is_err() {
        // A damaged database may be readable only in part. Then it is as it was.
        return;
    }
    let (after, _) = Catalog::open(path).expect("it was written whole");
    assert_eq!(after.games(), before.games(), "the games changed");
    assert_eq!(
        after.pins(),
        &pins,
        "the pins are not those that were written"
    );
}
