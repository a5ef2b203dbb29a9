//! Peers that change their address, and peers that multicast does not reach.

use lanspread_testbed::{
    fixture::{GameFixture, MIB},
    net::{Link, Multicast, Party},
};
use serde_json::json;

use crate::{
    guest::text,
    scene::{PATIENCE, Scene},
};

const GAME: &str = "quake";

/// How long peers that cannot find each other are given to do it nevertheless.
const NOBODY_MS: u64 = 4000;

#[test]
fn a_peer_that_comes_back_elsewhere_keeps_its_identity_and_its_library() {
    let scene = Scene::of(&["alpha", "bravo"]);
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 8 * MIB));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let bravo_seat = scene.seat("bravo");
    let bravo = bravo_seat.start();
    bravo.wait_sources(GAME, 1);
    let (peer_id, old_addr) = (alpha.peer_id.clone(), alpha.addr.clone());
    assert_eq!(bravo.peer(&peer_id)["addr"], old_addr.as_str());

    let from = bravo.mark();
    alpha.kill();
    let address = scene
        .party()
        .move_to_new_address(alpha_seat.host)
        .expect("it moves");
    let alpha = alpha_seat.start();
    assert_eq!(
        alpha.peer_id, peer_id,
        "the state directory holds who it is"
    );
    assert!(
        alpha.addr.starts_with(&address.to_string()),
        "{}",
        alpha.addr
    );
    assert_ne!(alpha.addr, old_addr);

    let moved = bravo.wait(from, "peer-moved");
    assert_eq!(moved["peer_id"], peer_id.as_str());
    assert_eq!(moved["addr"], alpha.addr.as_str());
    let events = bravo.events_since(from);
    assert!(
        !events.iter().any(|event| event["event"] == "peer-lost"),
        "it was never taken for gone: {events:?}"
    );
    assert_eq!(bravo.game(GAME)["peers"], 1, "its library is kept");
    assert_eq!(bravo.peer(&peer_id)["addr"], alpha.addr.as_str());
    bravo.download(GAME).finished();
    alpha_seat.tree(GAME).assert_same(&bravo_seat.tree(GAME));
}

#[test]
fn a_running_peer_whose_lease_changes_is_found_under_its_new_address() {
    let scene = Scene::of(&["alpha", "bravo"]);
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 8 * MIB));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let bravo_seat = scene.seat("bravo");
    let bravo = bravo_seat.start();
    bravo.wait_sources(GAME, 1);

    let address = scene
        .party()
        .move_to_new_address(alpha_seat.host)
        .expect("it moves");
    let expected = address.to_string();
    bravo
        .wait_until("list-peers", "learn the new address", |answer| {
            let peers = answer["peers"].as_array().into_iter().flatten();
            peers.clone().any(|peer| {
                peer["peer_id"] == alpha.peer_id.as_str()
                    && text(&peer["addr"]).starts_with(&expected)
            })
        })
        .expect("it is learnt");
    bravo.wait_sources(GAME, 1);
    bravo.download(GAME).finished();
    alpha_seat.tree(GAME).assert_same(&bravo_seat.tree(GAME));
}

#[test]
fn where_multicast_is_blocked_an_address_brings_both_sides_together() {
    let deaf = Link::new().multicast(Multicast::Blocked);
    let scene = Scene::build(
        Party::builder()
            .host_with("alpha", deaf)
            .host_with("bravo", deaf),
    );
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&GameFixture::new(GAME).random_file("data/pak0.bin", 8 * MIB));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let bravo_seat = scene.seat("bravo");
    let bravo = bravo_seat.start();
    let nobody = json!({ "cmd": "wait-peers", "count": 1, "timeout_ms": NOBODY_MS });
    let refusal = bravo
        .call_within(nobody, PATIENCE)
        .expect_err("nobody can be found");
    assert_eq!(refusal.refusal_kind(), Some("timeout"), "{refusal}");
    assert!(
        refusal.to_string().contains("multicast"),
        "it says what may be wrong: {refusal}"
    );

    let from = bravo.mark();
    bravo.tell(json!({ "cmd": "connect", "addr": alpha.addr }));
    let connected = bravo.wait(from, "connect-finished");
    assert_eq!(connected["peer_id"], alpha.peer_id.as_str());
    bravo.wait_peers(1);
    alpha.wait_peers(1);
    assert_eq!(alpha.peer(&bravo.peer_id)["addr"], bravo.addr.as_str());
    bravo.wait_sources(GAME, 1);
    bravo.download(GAME).finished();
    alpha_seat.tree(GAME).assert_same(&bravo_seat.tree(GAME));
}

#[test]
fn connecting_to_where_nobody_is_fails_with_words_that_help() {
    let scene = Scene::of(&["alpha", "bravo"]);
    let alpha = scene.seat("alpha").start();
    let nobody = scene.host("bravo").socket_addr(7777).to_string();
    let from = alpha.mark();
    alpha.tell(json!({ "cmd": "connect", "addr": nobody }));
    let failed = alpha.wait(from, "connect-failed");
    assert_eq!(failed["addr"], nobody.as_str());
    assert_eq!(failed["kind"], "unreachable", "{failed}");
    assert!(text(&failed["message"]).contains(&nobody), "{failed}");
}

/// A notice told it once, and whoever looked later was told that nobody was there.
#[test]
fn a_port_that_another_program_keeps_is_a_state_that_ends_when_the_port_is_free() {
    let scene = Scene::of(&["alpha", "bravo"]);
    let alpha_seat = scene.seat("alpha");
    let rude = alpha_seat
        .host
        .run_inside(|| std::net::UdpSocket::bind("0.0.0.0:5353"))
        .expect("these tests join namespaces: run as root")
        .expect("nobody else has the port there");
    let alpha = alpha_seat.start();
    let bravo = scene.seat("bravo").start();
    let state = |state: &str| {
        alpha
            .wait_until("status", state, |status| {
                status["discovery"]["state"] == state
            })
            .expect("discovery gets there")
    };

    let status = state("trouble");
    let message = text(&status["discovery"]["message"]);
    assert!(message.contains("5353"), "{message}");
    assert_eq!(status["peers"], 0);

    drop(rude);
    state("works");
    bravo.wait_peers(1);
}
