//! `kill -9` in the middle of an install, and what the next start makes of it.

use std::path::Path;

use lanspread_testbed::{
    fixture::{ArchiveFormat, GameFixture, MIB},
    peer::{Mark, PeerBuilder},
    tree::Tree,
};
use serde_json::json;

use crate::{
    guest::Guest,
    scene::{PATIENCE, Scene},
};

const GAME: &str = "quake";

/// Large enough that an install is still running when its first progress is told.
const PART: usize = 24 * MIB;

fn game() -> GameFixture {
    let files = [
        ("data/pak0", PART),
        ("data/pak1", PART),
        ("data/pak2", PART),
        ("data/pak3", PART),
    ];
    GameFixture::new(GAME).random_archive("quake.eti", ArchiveFormat::Rar, &files)
}

fn begin_install(guest: &Guest) -> Mark {
    let from = guest.mark();
    guest.tell(json!({ "cmd": "install", "id": GAME }));
    from
}

fn kill_while_unpacking(root: &Path, guest: Guest, from: Mark) {
    guest
        .wait_event(from, PATIENCE, "begin to unpack", |line| {
            assert!(
                line["event"] != "install-finished",
                "it was over before it could be killed"
            );
            line["event"] == "install-progress" && line["id"] == GAME
        })
        .expect("it comes so far");
    guest.kill();
    assert!(root.join(".local.installing").exists(), "it was unpacking");
}

/// Waits until what the crash left is settled: nothing of an install is under way any more.
fn assert_settles(root: &Path, guest: &Guest) {
    guest.wait_end(Mark::START, "recover", GAME).finished();
    for transient in [".local.installing", ".local.backup", ".lanspread.json"] {
        assert!(!root.join(transient).exists(), "{transient} is left");
    }
}

#[test]
fn an_install_killed_in_the_middle_is_undone_and_can_be_done_again() {
    for folder in ["games", "more"] {
        undone_and_done_again(folder);
    }
}

/// The same wherever the game lies: in the first games folder or in a further one.
fn undone_and_done_again(folder: &str) {
    let scene = Scene::of(&["alpha"]);
    let seat = scene.seat("alpha");
    let more = scene.dir().join("alpha").join("more");
    std::fs::create_dir_all(&more).expect("writable");
    let lies_in = more.with_file_name(folder);
    let root = lies_in.join(GAME);
    let built = game().build(&lies_in).expect("writable");
    let with_both = |builder: PeerBuilder| {
        builder
            .argument("--games-dir")
            .argument(&more.to_string_lossy())
    };
    let tree = || Tree::read(&root).expect("readable");
    let guest = seat.start_with(with_both);
    guest
        .wait_for_game(GAME, "show", |game| game["downloaded"] == true)
        .expect("it is here");
    let from = begin_install(&guest);
    kill_while_unpacking(&root, guest, from);
    assert!(!root.join("local").exists(), "half an install is none");

    let guest = seat.start_with(with_both);
    assert_settles(&root, &guest);
    assert_eq!(guest.game(GAME)["installed"], false);
    assert_eq!(guest.game(GAME)["downloaded"], true);
    guest
        .run("install", json!({ "cmd": "install", "id": GAME }))
        .finished();
    let unpacked = tree().below("local");
    built
        .installed
        .assert_same(&unpacked.without(".lanspread_owned"));
    built.tree.assert_same(&tree().without("local"));
}

#[test]
fn a_new_install_killed_in_the_middle_leaves_the_old_one_to_play() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let alpha_seat = scene.seat("alpha");
    let files = [
        ("data/pak0", PART),
        ("data/pak1", PART),
        ("data/pak2", PART),
    ];
    let new = alpha_seat.place(&GameFixture::new(GAME).version("20250101").random_archive(
        "quake.eti",
        ArchiveFormat::Zip,
        &files,
    ));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let seat = scene.seat("receiver");
    let old = seat.place(&GameFixture::new(GAME).seed("old").random_archive(
        "quake.eti",
        ArchiveFormat::Zip,
        &[("data/pak0", 2 * MIB)],
    ));
    let guest = seat.start();
    guest.wait_hashed(GAME);
    guest
        .run("install", json!({ "cmd": "install", "id": GAME }))
        .finished();
    guest.wait_sources(GAME, 1);
    let from = guest.mark();
    guest.tell(json!({ "cmd": "update", "id": GAME }));
    kill_while_unpacking(&seat.root(GAME), guest, from);
    old.installed.assert_same(&seat.installed(GAME));

    let guest = seat.start();
    assert_settles(&seat.root(GAME), &guest);
    let game = guest.game(GAME);
    assert_eq!(
        (&game["version"], &game["installed"]),
        (&json!("20250101"), &json!(true)),
        "{game}"
    );
    let unpacked = seat.installed(GAME);
    assert!(
        unpacked == old.installed || unpacked == new.installed,
        "neither of the two is there"
    );
    new.tree.assert_same(&seat.tree(GAME).without("local"));
    guest
        .run("install", json!({ "cmd": "install", "id": GAME }))
        .finished();
    new.installed.assert_same(&seat.installed(GAME));
    drop(alpha);
}
