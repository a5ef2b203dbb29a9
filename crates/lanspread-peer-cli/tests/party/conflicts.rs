//! Peers that say different things of one version of a game.

use lanspread_testbed::fixture::{BuiltGame, GameFixture, MIB};
use serde_json::{Value, json};

use crate::{
    guest::{Guest, text},
    scene::Scene,
};

const GAME: &str = "quake";

/// Starts a holder whose copy of the game follows from `seed`.
fn holder(scene: &Scene, name: &str, seed: &str) -> (Guest, BuiltGame) {
    let seat = scene.seat(name);
    let fixture = GameFixture::new(GAME)
        .seed(seed)
        .random_file("data/pak0.bin", 8 * MIB);
    let built = seat.place(&fixture);
    seat.hash_alone(&[GAME]);
    (seat.start(), built)
}

/// The names of the peers of one offer, sorted.
fn names(offer: &Value) -> Vec<String> {
    let peers = offer["peers"].as_array().expect("a list");
    let mut names: Vec<String> = peers.iter().map(|peer| text(&peer["name"])).collect();
    names.sort();
    names
}

#[test]
fn a_tie_is_reported_with_who_says_what_and_never_decided() {
    let scene = Scene::of(&["alpha", "bravo", "receiver"]);
    let (alpha, _) = holder(&scene, "alpha", "one");
    let (bravo, _) = holder(&scene, "bravo", "two");
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_peers(2);

    let from = receiver.mark();
    let download = json!({ "cmd": "download", "id": GAME, "install": false });
    let message = receiver.refuses(download, "conflict");
    assert!(
        message.contains("alpha") && message.contains("bravo"),
        "{message}"
    );
    let conflict = receiver.wait(from, "manifest-conflict");
    assert_eq!(conflict["id"], GAME);
    assert_eq!(conflict["version"], "20240101");
    assert_eq!(conflict["chosen"], Value::Null);
    let offers = conflict["offers"].as_array().expect("a list");
    let mut sides: Vec<_> = offers.iter().map(names).collect();
    sides.sort();
    assert_eq!(sides, [["alpha"], ["bravo"]]);
    assert_ne!(offers[0]["manifest"], offers[1]["manifest"]);
    assert!(seat.tree(GAME).is_empty(), "nothing was fetched");
    drop((alpha, bravo));
}

#[test]
fn what_most_peers_have_is_taken_and_the_dissent_is_reported() {
    let scene = Scene::of(&["alpha", "bravo", "charlie", "receiver"]);
    let (alpha, most) = holder(&scene, "alpha", "one");
    let (bravo, _) = holder(&scene, "bravo", "one");
    let (charlie, _) = holder(&scene, "charlie", "two");
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_peers(3);

    let from = receiver.begin_download(GAME);
    let ended = receiver.wait_end(from, "download", GAME).finished();
    most.tree.assert_same(&seat.tree(GAME));
    assert!(!ended.shares().contains_key("charlie"), "{}", ended.event);
    let conflict = receiver.wait(from, "manifest-conflict");
    let offers = conflict["offers"].as_array().expect("a list");
    assert_eq!(names(&offers[0]), ["alpha", "bravo"]);
    assert_eq!(names(&offers[1]), ["charlie"]);
    assert_eq!(conflict["chosen"], offers[0]["manifest"]);
    drop((alpha, bravo, charlie));
}
