//! A disk that is too small is noticed before the first byte.

use lanspread_testbed::{
    disk::{Access, SmallDisk},
    fixture::{GameFixture, MIB},
    peer::Mark,
    tree::Tree,
};
use serde_json::json;

use crate::{
    scene::{PATIENCE, Scene},
    trace::Trace,
};

const GAME: &str = "quake";

/// A disk on which either version has room beside the reserve that stays free, but not both.
const DISK_MIB: u32 = 120;

/// Of a version that somebody put there by hand, only what is a game's by its name is given up.
const ARCHIVE: &str = "quake.eti";
const OLD: usize = 32 * MIB;
const NEW: usize = 32 * MIB;

#[test]
fn a_download_that_does_not_fit_is_refused_before_it_begins_and_says_how_much_is_missing() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 32 * MIB));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let disk = SmallDisk::mount(24).expect("a small disk: run as root");
    let seat = scene.seat_with_games("receiver", &disk.path().join("games"));
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);

    let message = receiver.download(GAME).failed("no-space");
    assert!(
        message.contains("missing") || message.contains("more"),
        "{message}"
    );
    assert!(
        message.chars().any(|letter| letter.is_ascii_digit()),
        "how much: {message}"
    );
    assert!(
        Tree::read(&seat.games).expect("readable").is_empty(),
        "nothing was begun"
    );
    let asked = Trace::read(alpha.log_path()).asked_chunks(GAME);
    assert!(asked.is_empty(), "no chunk was asked for");
    drop(receiver);
}

#[test]
fn an_update_that_does_not_fit_beside_the_old_version_names_the_option_and_succeeds_with_it() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let alpha_seat = scene.seat("alpha");
    let new = alpha_seat.place(
        &GameFixture::new(GAME)
            .version("20250101")
            .random_file(ARCHIVE, NEW),
    );
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let disk = SmallDisk::mount(DISK_MIB).expect("a small disk: run as root");
    let seat = scene.seat_with_games("receiver", &disk.path().join("games"));
    seat.place(&GameFixture::new(GAME).seed("old").random_file(ARCHIVE, OLD));
    let before = seat.tree(GAME);
    let receiver = seat.start();
    receiver.wait_hashed(GAME);
    receiver.wait_sources(GAME, 1);

    let update = json!({ "cmd": "update", "id": GAME, "install": false });
    let message = receiver.run("download", update.clone()).failed("no-space");
    assert!(
        message.contains("give"),
        "the option that gives up the old version: {message}"
    );
    before.assert_same(&seat.tree(GAME));

    let update = json!({ "cmd": "update", "id": GAME, "install": false, "give_up_old": true });
    receiver.run("download", update).finished();
    new.tree.assert_same(&seat.tree(GAME));
    drop(alpha);
}

/// Such a folder shared its games, and failed the first download at its first byte.
#[test]
fn a_folder_that_can_be_read_and_not_written_is_told_at_the_start_and_when_it_is_mended() {
    let scene = Scene::of(&["alpha"]);
    let disk = SmallDisk::mount(DISK_MIB).expect("a small disk: run as root");
    let seat = scene.seat_with_games("alpha", &disk.path().join("games"));
    disk.remount(Access::ReadOnly)
        .expect("it can be mounted anew");
    let alpha = seat.start();
    let tells = |from, what: &str| {
        let is_it = |line: &serde_json::Value| {
            let message = line["message"].as_str().unwrap_or_default();
            line["event"] == "notice" && message.contains(what)
        };
        alpha
            .wait_event(from, PATIENCE, what, is_it)
            .expect("it is told")
    };
    tells(Mark::START, "cannot be written to");
    let folder = || alpha.ask("status").expect("answered")["health"]["folder"].clone();
    assert_eq!(folder()["state"], "read-only");

    disk.remount(Access::Writable)
        .expect("it can be mounted anew");
    let from = alpha.mark();
    alpha.tell(json!({ "cmd": "check-health" }));
    tells(from, "can be written to again");
    assert_eq!(folder()["state"], "writable");
    assert!(Tree::read(&seat.games).expect("readable").is_empty());
}
