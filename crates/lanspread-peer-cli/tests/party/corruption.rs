//! A source whose disk lies: it is named, its bytes go nowhere, and the game arrives whole or not at
//! all.

use lanspread_testbed::{
    disk::RottingDisk,
    fixture::{GameFixture, MIB},
    net::{Link, Party, Rate},
};

use crate::{
    guest::{Guest, text},
    scene::{CHUNK_BYTES, Scene},
};

const GAME: &str = "quake";
const FILE: &str = "data/pak0.bin";
const SIZE: usize = 16 * MIB;

fn game() -> GameFixture {
    GameFixture::new(GAME).random_file(FILE, SIZE)
}

/// Starts a source that hashed a sound game on a disk which rotted afterwards: one byte of every
/// chunk is wrong, and nothing in the file system tells of it.
fn start_rotten(scene: &Scene) -> (Guest, RottingDisk) {
    let made = scene.dir().join("made");
    game().build(&made.join("games")).expect("writable");
    let disk = RottingDisk::holding(&made).expect("a disk of our own: run as root");
    let seat = scene.seat_with_games("rotten", &disk.path().join("games"));
    let hashed = seat.hash_alone(&[GAME]).remove(0);
    let places: Vec<u64> = (0..SIZE as u64 / CHUNK_BYTES)
        .map(|chunk| chunk * CHUNK_BYTES + 1000)
        .collect();
    let sound = seat.tree(GAME);
    disk.rot(&format!("games/{GAME}/{FILE}"), &places)
        .expect("a disk that rots");
    let changed = sound.difference(&seat.tree(GAME));
    assert_eq!(changed.len(), 1, "one file rotted: {changed:?}");
    let rotten = seat.start();
    rotten.wait_hashed(GAME);
    let announced = rotten.game(GAME)["manifest"].clone();
    assert_eq!(announced, hashed, "nothing tells the peer of it");
    (rotten, disk)
}

#[test]
fn a_source_with_wrong_bytes_is_named_and_the_chunks_come_from_elsewhere() {
    // So slow that the rotten one is asked as well, however busy this machine is.
    let slow = Link::new().upload(Rate::mbit(50));
    let party = Party::builder().host_with("honest", slow);
    let scene = Scene::build(party.host("rotten").host("receiver"));
    let honest_seat = scene.seat("honest");
    let expected = honest_seat.place(&game()).tree;
    honest_seat.hash_alone(&[GAME]);
    let honest = honest_seat.start();
    let (rotten, disk) = start_rotten(&scene);
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 2);

    let from = receiver.begin_download(GAME);
    let ended = receiver.wait_end(from, "download", GAME).finished();
    expected.assert_same(&seat.tree(GAME));
    let dropped: Vec<_> = receiver
        .events_since(from)
        .into_iter()
        .filter(|event| event["event"] == "source-dropped")
        .collect();
    assert_eq!(dropped.len(), 1, "{dropped:?}");
    assert_eq!(dropped[0]["peer_id"], rotten.peer_id.as_str());
    assert_eq!(dropped[0]["name"], "rotten");
    assert!(
        text(&dropped[0]["message"]).contains(FILE),
        "{}",
        dropped[0]
    );
    let shares = ended.shares();
    let by_honest = shares["honest"].1;
    let by_rotten = shares.get("rotten").map_or(0, |(_, bytes)| *bytes);
    // Only the small version.ini of the rotten one is whole.
    assert!(by_rotten < CHUNK_BYTES, "{shares:?}");
    assert_eq!(by_honest + by_rotten, expected.total_bytes());
    drop((honest, rotten));
    drop(disk);
}

#[test]
fn with_only_a_rotten_source_the_download_fails_and_nothing_counts_as_a_game() {
    let scene = Scene::of(&["rotten", "receiver"]);
    let (rotten, disk) = start_rotten(&scene);
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);

    let from = receiver.begin_download(GAME);
    let dropped = receiver.wait(from, "source-dropped");
    assert_eq!(dropped["peer_id"], rotten.peer_id.as_str());
    let message = receiver
        .wait_end(from, "download", GAME)
        .failed("sources-failed");
    assert!(message.contains(GAME), "{message}");
    assert!(!seat.root(GAME).join("version.ini").exists());
    assert!(!seat.root(GAME).join(FILE).exists());
    assert_eq!(receiver.game(GAME)["downloaded"], false);
    drop(rotten);
    drop(disk);
}
