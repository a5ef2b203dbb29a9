//! `kill -9` in the middle of an install, and what the next start makes of it.

use lanspread_testbed::{
    fixture::{ArchiveFormat, BuiltGame, GameFixture, MIB},
    peer::Mark,
};
use serde_json::json;

use crate::{
    guest::Guest,
    scene::{PATIENCE, Scene, Seat},
};

const GAME: &str = "quake";

/// Large enough that an install is still running when its first progress is told.
const PART: usize = 24 * MIB;

fn furnish(seat: &Seat<'_>) -> BuiltGame {
    let files = [
        ("data/pak0", PART),
        ("data/pak1", PART),
        ("data/pak2", PART),
        ("data/pak3", PART),
    ];
    seat.place(&GameFixture::new(GAME).random_archive("quake.eti", ArchiveFormat::Rar, &files))
}

fn begin_install(guest: &Guest) -> Mark {
    let from = guest.mark();
    guest.tell(json!({ "cmd": "install", "id": GAME }));
    from
}

fn kill_while_unpacking(seat: &Seat<'_>, guest: Guest, from: Mark) {
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
    assert!(
        seat.root(GAME).join(".local.installing").exists(),
        "it was unpacking"
    );
}

/// Waits until what the crash left is settled: nothing of an install is under way any more.
fn assert_settles(seat: &Seat<'_>, guest: &Guest) {
    guest.wait_end(Mark::START, "recover", GAME).finished();
    let root = seat.root(GAME);
    for transient in [".local.installing", ".local.backup", ".lanspread.json"] {
        assert!(!root.join(transient).exists(), "{transient} is left");
    }
}

#[test]
fn an_install_killed_in_the_middle_is_undone_and_can_be_done_again() {
    let scene = Scene::of(&["alpha"]);
    let seat = scene.seat("alpha");
    let built = furnish(&seat);
    let guest = seat.start();
    guest
        .wait_for_game(GAME, "show", |game| game["downloaded"] == true)
        .expect("it is here");
    let from = begin_install(&guest);
    kill_while_unpacking(&seat, guest, from);
    assert!(
        !seat.root(GAME).join("local").exists(),
        "half an install is none"
    );

    let guest = seat.start();
    assert_settles(&seat, &guest);
    assert_eq!(guest.game(GAME)["installed"], false);
    assert_eq!(guest.game(GAME)["downloaded"], true);
    guest
        .run("install", json!({ "cmd": "install", "id": GAME }))
        .finished();
    built.installed.assert_same(&seat.installed(GAME));
    built.tree.assert_same(&seat.tree(GAME).without("local"));
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
    kill_while_unpacking(&seat, guest, from);
    old.installed.assert_same(&seat.installed(GAME));

    let guest = seat.start();
    assert_settles(&seat, &guest);
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
