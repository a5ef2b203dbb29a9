//! A peer with several game folders: where a game that does not fit goes, what is done with it there, and who
//! gets it from there.

use std::path::Path;

use lanspread_testbed::{
    disk::SmallDisk,
    fixture::{ArchiveFormat, GameFixture, MIB},
    tree::Tree,
};
use serde_json::{Value, json};

use crate::{
    guest::Guest,
    scene::{PATIENCE, Scene},
};

/// More than the first disk has room for.
const LARGE: &str = "quake";
/// Fits there.
const SMALL: &str = "chess";

const DISK_MIB: u32 = 120;
const LARGE_BYTES: usize = 96 * MIB;

fn tree(root: &Path) -> Tree {
    Tree::read(root).expect("readable")
}

fn run(guest: &Guest, cmd: &str) {
    guest
        .run(cmd, json!({ "cmd": cmd, "id": LARGE }))
        .finished();
}

#[test]
fn a_game_without_room_in_the_first_folder_goes_to_the_next_and_is_used_from_there() {
    let scene = Scene::of(&["alpha", "receiver", "late"]);
    let alpha_seat = scene.seat("alpha");
    let large = alpha_seat.place(
        &GameFixture::new(LARGE)
            .random_file("data/pak0.bin", LARGE_BYTES)
            .random_archive("game.eti", ArchiveFormat::Zip, &[("bin/quake", MIB)]),
    );
    let small = alpha_seat.place(&GameFixture::new(SMALL).random_file("data.bin", 3 * MIB));
    alpha_seat.hash_alone(&[LARGE, SMALL]);
    let alpha = alpha_seat.start();
    let disk = SmallDisk::mount(DISK_MIB).expect("a small disk: run as root");
    let seat = scene.seat_with_games("receiver", &disk.path().join("games"));
    let more = scene.dir().join("receiver").join("more");
    std::fs::create_dir(&more).expect("writable");
    let receiver = seat.start();
    receiver.tell(json!({ "cmd": "set-more-game-dirs", "paths": [more] }));
    receiver.wait_sources(LARGE, 1);
    receiver.wait_sources(SMALL, 1);

    receiver.download(LARGE).finished();
    receiver.download(SMALL).finished();
    large.tree.assert_same(&tree(&more.join(LARGE)));
    small.tree.assert_same(&seat.tree(SMALL));
    assert!(!seat.root(LARGE).exists(), "nothing of it is in the first");
    assert!(!more.join(SMALL).exists());

    run(&receiver, "install");
    let unpacked = tree(&more.join(LARGE)).below("local");
    large
        .installed
        .assert_same(&unpacked.without(".lanspread_owned"));

    // Whoever comes later gets it from there, with nobody else left who has it.
    alpha.leave();
    let late_seat = scene.seat("late");
    let late = late_seat.start();
    late.wait_sources(LARGE, 1);
    late.download(LARGE).finished();
    large.tree.assert_same(&late_seat.tree(LARGE));

    run(&receiver, "uninstall");
    run(&receiver, "remove");
    assert!(!more.join(LARGE).exists());
    small.tree.assert_same(&seat.tree(SMALL));
}

#[test]
fn a_folder_that_goes_keeps_its_games_from_being_fetched_again_and_is_used_when_it_is_back() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let game = GameFixture::new(SMALL).random_file("data.bin", 3 * MIB);
    let alpha_seat = scene.seat("alpha");
    let built = alpha_seat.place(&game);
    alpha_seat.hash_alone(&[SMALL]);
    let alpha = alpha_seat.start();
    let seat = scene.seat("receiver");
    let more = scene.dir().join("receiver").join("more");
    game.build(&more).expect("writable");
    let named = more.to_str().expect("Unicode").to_owned();
    let with_both = |builder: lanspread_testbed::peer::PeerBuilder| {
        builder.argument("--games-dir").argument(&named)
    };
    let receiver = seat.start_with(with_both);
    receiver.wait_hashed(SMALL);
    alpha.wait_sources(SMALL, 1);

    let away = more.with_extension("away");
    std::fs::rename(&more, &away).expect("movable");
    let dirs = |answer: &Value| answer["more_games_dirs"].clone();
    let is_away = |answer: &Value| !dirs(answer)[0]["problem"].is_null();
    receiver
        .wait_until("status", "say that the folder is away", is_away)
        .expect("it is said");
    let refused = receiver.refuses(json!({ "cmd": "verify", "id": SMALL }), "folder-away");
    assert!(refused.contains(&named), "{refused}");
    receiver.leave();

    // Without that disk from the start: the game is not fetched a second time into the first folder.
    let receiver = seat.start_with(with_both);
    receiver.wait_sources(SMALL, 1);
    let refused = receiver.refuses(json!({ "cmd": "download", "id": SMALL }), "folder-away");
    assert!(refused.contains(&named), "{refused}");
    assert!(!seat.root(SMALL).exists());

    let from = receiver.mark();
    std::fs::rename(&away, &more).expect("movable");
    receiver
        .wait_event(from, PATIENCE, "the folder is back", |line| {
            line["event"] == "notice" && line["message"].to_string().contains("can be read again")
        })
        .expect("it is told");
    receiver.wait_hashed(SMALL);
    receiver
        .run("verify", json!({ "cmd": "verify", "id": SMALL }))
        .finished();
    built.tree.assert_same(&tree(&more.join(SMALL)));
    assert!(!seat.root(SMALL).exists());
}
