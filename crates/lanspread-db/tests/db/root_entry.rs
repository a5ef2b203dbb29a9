//! Whose a path in a game root is.

use lanspread_db::{
    BACKUP_DIR, DISCARDED_SENTINEL, DOWNLOAD_DIR, INSTALL_DIR, INSTALLING_DIR, INTENT_FILE,
    OWNER_MARKER, RootEntry, SENTINEL, SENTINEL_TMP,
};

use crate::fixtures::path;

#[test]
fn every_path_is_somebodys() {
    let table = [
        (SENTINEL, RootEntry::Content),
        ("game.eti", RootEntry::Content),
        ("game_start.cmd", RootEntry::Content),
        ("data/local/x", RootEntry::Content),
        ("data/.sync/x", RootEntry::Content),
        ("data/version.ini", RootEntry::Content),
        ("local.eti", RootEntry::Content),
        (".hidden", RootEntry::Content),
        (INSTALL_DIR, RootEntry::Install),
        ("local/save.dat", RootEntry::Install),
        ("LOCAL/save.dat", RootEntry::Install),
        (SENTINEL_TMP, RootEntry::Transient),
        (DISCARDED_SENTINEL, RootEntry::Transient),
        (".Version.INI.discarded", RootEntry::Transient),
        (INSTALLING_DIR, RootEntry::Transient),
        (".local.installing/x", RootEntry::Transient),
        (BACKUP_DIR, RootEntry::Transient),
        (DOWNLOAD_DIR, RootEntry::Transient),
        (".lanspread.download/files/x", RootEntry::Transient),
        (INTENT_FILE, RootEntry::Transient),
        (".LANSPREAD.JSON", RootEntry::Transient),
        (OWNER_MARKER, RootEntry::Transient),
        (".lanspread.anything", RootEntry::Transient),
        (".sync/x", RootEntry::Foreign),
        (".SyncIgnore", RootEntry::Foreign),
        (".softlan_game_installed", RootEntry::Foreign),
        ("game.eti.!sync", RootEntry::Foreign),
        ("data/map.!SYNC", RootEntry::Foreign),
        ("Thumbs.db", RootEntry::Foreign),
        ("data/desktop.ini", RootEntry::Foreign),
        ("a/b/.DS_Store", RootEntry::Foreign),
    ];
    for (text, entry) in table {
        assert_eq!(RootEntry::of(&path(text)), entry, "{text}");
    }
}

#[test]
fn a_name_that_cannot_travel_is_a_strangers() {
    for name in ["", "a/b", "CON", "a:b", "x.", "\u{7}"] {
        assert_eq!(RootEntry::of_name(name), RootEntry::Foreign, "{name:?}");
    }
    assert_eq!(RootEntry::of_name("game.eti"), RootEntry::Content);
    assert_eq!(RootEntry::of_name("Local"), RootEntry::Install);
}
