//! Downloads that lose a source, or the receiver itself, in the middle.

use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Link, Party, Rate},
    peer::Mark,
};
use serde_json::json;

use crate::scene::{CHUNK_BYTES, Scene};

const GAME: &str = "quake";

fn game(size_bytes: usize) -> GameFixture {
    GameFixture::new(GAME)
        .random_file("data/pak0.bin", size_bytes - 3 * MIB)
        .random_file("data/pak1.bin", 3 * MIB)
}

fn slow_uploads(sources: &[&str], rate: Rate) -> Scene {
    let link = Link::new().upload(rate);
    let builder = sources
        .iter()
        .fold(Party::builder().host("receiver"), |builder, source| {
            builder.host_with(source, link)
        });
    Scene::build(builder)
}

#[test]
fn a_source_killed_in_the_middle_is_replaced_by_the_others() {
    let scene = slow_uploads(&["alpha", "bravo"], Rate::mbit(60));
    let seats = ["alpha", "bravo"].map(|name| scene.seat(name));
    let built = seats.each_ref().map(|seat| seat.place(&game(40 * MIB)));
    let [alpha, bravo] = seats.each_ref().map(|seat| {
        seat.hash_alone(&[GAME]);
        seat.start()
    });
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 2);

    let from = receiver.begin_download(GAME);
    receiver.wait_verified(from, GAME, 4 * MIB as u64);
    alpha.kill();
    let ended = receiver.wait_end(from, "download", GAME).finished();
    built[0].tree.assert_same(&seat.tree(GAME));
    assert_eq!(ended.number("bytes"), built[0].tree.total_bytes());
    let shares = ended.shares();
    let by_bravo = shares["bravo"].0;
    assert!(
        by_bravo > ended.number("chunks") / 2,
        "bravo did the rest: {shares:?}"
    );
    drop(bravo);
}

#[test]
fn a_receiver_killed_in_the_middle_resumes_from_what_it_has_verified() {
    let scene = slow_uploads(&["alpha"], Rate::mbit(80));
    let alpha_seat = scene.seat("alpha");
    let built = alpha_seat.place(&game(48 * MIB));
    let total = built.tree.total_bytes();
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);

    let from = receiver.begin_download(GAME);
    let verified = receiver.wait_verified(from, GAME, total / 3);
    receiver.kill();
    assert!(
        !seat.root(GAME).join("version.ini").exists(),
        "half a game counts as none"
    );
    assert!(
        !seat.root(GAME).join("data/pak0.bin").exists(),
        "nothing stands under its final name"
    );

    // Nobody asks for it again: what was begun goes on when the peer is back.
    let receiver = seat.start();
    assert_eq!(receiver.game(GAME)["downloaded"], false);
    let ended = receiver.wait_end(Mark::START, "download", GAME).finished();
    built.tree.assert_same(&seat.tree(GAME));
    let fetched = ended.number("bytes");
    // Of what was verified, at most the chunks whose record had not reached the disk come again.
    let lost_max = verified / 4 + 16 * CHUNK_BYTES;
    assert!(
        fetched <= total - verified + lost_max,
        "fetched {fetched} of {total} again, though {verified} were verified"
    );
    alpha.leave();
}

#[test]
fn an_update_killed_in_the_middle_leaves_the_old_version_and_resumes() {
    let scene = slow_uploads(&["alpha"], Rate::mbit(80));
    let alpha_seat = scene.seat("alpha");
    let built = alpha_seat.place(&game(32 * MIB).version("20250101"));
    alpha_seat.hash_alone(&[GAME]);
    let seat = scene.seat("receiver");
    let old = seat.place(
        &GameFixture::new(GAME)
            .seed("old")
            .random_file("data/pak0.bin", 8 * MIB),
    );
    seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);

    let from = receiver.mark();
    receiver.tell(json!({ "cmd": "update", "id": GAME, "install": false }));
    let verified = receiver.wait_verified(from, GAME, 10 * MIB as u64);
    receiver.kill();
    let left = seat.tree(GAME);
    for path in old.tree.paths() {
        assert_eq!(
            left.get(path),
            old.tree.get(path),
            "{path} of the old version"
        );
    }

    let receiver = seat.start();
    assert_eq!(receiver.game(GAME)["version"], "20240101");
    let ended = receiver.wait_end(Mark::START, "download", GAME).finished();
    built.tree.assert_same(&seat.tree(GAME));
    let fetched = ended.number("bytes");
    assert!(
        fetched < built.tree.total_bytes() - verified / 2,
        "{fetched} bytes came again"
    );
    alpha.leave();
}
