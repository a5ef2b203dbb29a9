//! A party library out of Debian's archive, where it can be reached.

use lanspread_testbed::debian::{Origin, TEEWORLDS, build_game};

#[test]
fn a_real_game_is_the_same_however_often_it_is_built() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let cache = directory.path().join("cache");
    let first = build_game(TEEWORLDS, &directory.path().join("a"), &cache).expect("writable");
    let second = build_game(TEEWORLDS, &directory.path().join("b"), &cache).expect("writable");
    if let Origin::Generated { why } = &first.origin {
        // A machine without a network has the stand-in, whose test is elsewhere.
        eprintln!("built without Debian's package: {why}");
    } else {
        assert!(first.built.installed.get("data/maps/dm1.map").is_some());
        assert!(first.built.tree.get("copyright.txt").is_some());
    }
    first.built.tree.assert_same(&second.built.tree);
    first.built.installed.assert_same(&second.built.installed);
}
