//! `verify`: what rotted on the disk is found and fetched again, and nothing else.

use lanspread_testbed::{
    disk::RottingDisk,
    fixture::{ArchiveFormat, GameFixture, MIB, corrupt_byte},
};
use serde_json::json;

use crate::scene::{CHUNK_BYTES, Scene};

const GAME: &str = "quake";

#[test]
fn verify_finds_rotten_bytes_and_repairs_them_from_the_others() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let game = GameFixture::new(GAME)
        .random_file("data/pak0.bin", 12 * MIB)
        .random_file("data/pak1.bin", 4 * MIB)
        .random_archive("quake.eti", ArchiveFormat::Zip, &[("bin/quake", MIB)]);
    let alpha_seat = scene.seat("alpha");
    let built = alpha_seat.place(&game);
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let made = scene.dir().join("made");
    game.build(&made.join("games")).expect("writable");
    let disk = RottingDisk::holding(&made).expect("a disk of our own: run as root");
    let seat = scene.seat_with_games("receiver", &disk.path().join("games"));
    let receiver = seat.start();
    receiver.wait_hashed(GAME);
    receiver.wait_sources(GAME, 1);
    receiver
        .run("install", json!({ "cmd": "install", "id": GAME }))
        .finished();
    let installed = seat.installed(GAME);

    let verify = || json!({ "cmd": "verify", "id": GAME });
    let sound = receiver.run("verify", verify()).finished();
    assert_eq!(
        sound.number("bytes"),
        0,
        "nothing was wrong: {}",
        sound.event
    );

    // What rots on a disk changes no time and no size: only reading every byte finds it.
    receiver.leave();
    let file = format!("games/{GAME}/data/pak0.bin");
    disk.rot(&file, &[5 * CHUNK_BYTES + 77, 9 * CHUNK_BYTES])
        .expect("a disk that rots");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);
    std::fs::remove_file(seat.root(GAME).join("data/pak1.bin")).expect("there");
    let repaired = receiver.run("verify", verify()).finished();
    built.tree.assert_same(&seat.tree(GAME).without("local"));
    let rotten = 2 * CHUNK_BYTES + 4 * MIB as u64;
    assert_eq!(
        repaired.number("bytes"),
        rotten,
        "only what was wrong came: {}",
        repaired.event
    );
    assert_eq!(repaired.shares().keys().collect::<Vec<_>>(), ["alpha"]);
    installed.assert_same(&seat.installed(GAME));
    assert_eq!(receiver.game(GAME)["downloaded"], true);
    drop((alpha, receiver));
    drop(disk);
}

#[test]
fn verify_without_anybody_to_repair_from_says_what_is_damaged() {
    let scene = Scene::of(&["alpha"]);
    let seat = scene.seat("alpha");
    seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 8 * MIB));
    let alpha = seat.start();
    alpha.wait_hashed(GAME);
    corrupt_byte(&seat.root(GAME).join("data/pak0.bin"), 3 * CHUNK_BYTES).expect("long enough");
    let damaged = seat.tree(GAME);
    let from = alpha.mark();
    alpha.tell(json!({ "cmd": "verify", "id": GAME }));
    let ended = alpha.wait_end(from, "verify", GAME);
    assert_eq!(ended.event["event"], "verify-failed", "{}", ended.event);
    damaged.assert_same(&seat.tree(GAME));
}
