//! The end of a peer: prompt, clean, and known to the others at once.

use std::time::{Duration, Instant};

use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Link, Party, Rate},
    peer::Mark,
};

use crate::scene::Scene;

const GAME: &str = "quake";

/// The promise is one second; this is what a busy machine may make of it.
const PROMPT: Duration = Duration::from_secs(3);

/// A peer that vanishes without a word is missed after twenty seconds; one that says goodbye, long
/// before.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn a_peer_that_leaves_is_gone_promptly_and_the_others_hear_it_at_once() {
    let scene = Scene::of(&["alpha", "bravo"]);
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 8 * MIB));
    let alpha = alpha_seat.start();
    let bravo = scene.seat("bravo").start();
    bravo.wait_sources(GAME, 1);
    let (peer_id, pid) = (alpha.peer_id.clone(), alpha.pid());

    let from = bravo.mark();
    let asked = Instant::now();
    let took = alpha.leave();
    println!("shutdown took {} ms", took.as_millis());
    assert!(took < PROMPT, "it took {took:?} to leave");
    let lost = bravo
        .wait_event(from, Duration::from_mins(1), "hear the goodbye", |line| {
            line["event"] == "peer-lost"
        })
        .expect("it is heard");
    assert_eq!(lost.field("peer_id"), peer_id.as_str());
    let heard = lost.at.saturating_duration_since(asked);
    assert!(heard < AT_ONCE, "it was heard only after {heard:?}");
    assert_eq!(
        bravo.game(GAME),
        serde_json::Value::Null,
        "what only it had is gone from the list"
    );
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert!(
        scene
            .host("alpha")
            .process_ids()
            .expect("listed")
            .is_empty(),
        "nothing is left"
    );
}

#[test]
fn a_peer_leaves_promptly_in_the_middle_of_a_download_and_an_upload() {
    let slow = Link::new().upload(Rate::mbit(40));
    let scene = Scene::build(Party::builder().host_with("alpha", slow).host("bravo"));
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 48 * MIB));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let bravo_seat = scene.seat("bravo");
    let bravo = bravo_seat.start();
    bravo.wait_sources(GAME, 1);
    let from = bravo.begin_download(GAME);
    bravo.wait_verified(from, GAME, MIB as u64);
    let outbound = alpha.ask("status").expect("answered")["outbound"].clone();
    assert_eq!(outbound[0]["id"], GAME, "it is uploading: {outbound}");

    let took = bravo.leave();
    assert!(took < PROMPT, "the receiver took {took:?}");
    // What was begun goes on by itself when it is back.
    let bravo = bravo_seat.start();
    bravo.wait_verified(Mark::START, GAME, 3 * MIB as u64);
    let took = alpha.leave();
    assert!(took < PROMPT, "the source took {took:?}");
    let left = scene.host("alpha").process_ids().expect("listed");
    assert!(left.is_empty(), "{left:?} are left");
}

#[test]
fn the_end_of_its_input_ends_a_peer() {
    let scene = Scene::of(&["alpha"]);
    let seat = scene.seat("alpha");
    let process = seat.builder.spawn_on(seat.host).expect("it starts");
    assert!(process.close_input().expect("it ends").success());
    assert!(seat.host.process_ids().expect("listed").is_empty());
}
