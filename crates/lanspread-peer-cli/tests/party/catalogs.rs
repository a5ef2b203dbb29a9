//! A party with a catalog: only its games count, and only in the version it plays.

use std::{path::PathBuf, process::Command};

use lanspread_db::GameId;
use lanspread_proto::{RefusalKind, Request, Response};
use lanspread_testbed::fixture::{GameFixture, MIB};
use serde_json::{Value, json};

use crate::{
    guest::Guest,
    scene::{LANSPREAD, Scene, Seat},
    stranger::{Stranger, inside},
};

const INSIDE: &str = "inside";
const OUTSIDE: &str = "outside";
const PLAYED: &str = "20240101";
const OTHER: &str = "20250101";

fn inside_game(version: &str) -> GameFixture {
    GameFixture::new(INSIDE)
        .version(version)
        .seed(version)
        .random_file("data.bin", 8 * MIB)
}

/// A catalog of the one game, made as an organiser makes it.
fn build_catalog(scene: &Scene) -> PathBuf {
    let games = scene.dir().join("organiser");
    std::fs::create_dir(&games).expect("writable");
    inside_game(PLAYED).build(&games).expect("writable");
    let catalog = scene.dir().join("game.db");
    let built = Command::new(LANSPREAD)
        .args(["catalog", "build"])
        .arg(&games)
        .arg("-o")
        .arg(&catalog)
        .output()
        .expect("the program starts");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    catalog
}

fn start(seat: &Seat<'_>, catalog: &PathBuf) -> Guest {
    seat.start_with(|builder| builder.catalog(catalog))
}

#[test]
fn only_the_games_of_the_catalog_are_announced_served_and_accepted() {
    let scene = Scene::of(&["alpha", "bravo", "open", "stranger"]);
    let catalog = build_catalog(&scene);
    let alpha_seat = scene.seat("alpha");
    alpha_seat.place(&inside_game(PLAYED));
    alpha_seat.place(&GameFixture::new(OUTSIDE).random_file("data.bin", 2 * MIB));
    let alpha = start(&alpha_seat, &catalog);
    assert_eq!(alpha.mode, "catalog");
    alpha.wait_hashed(INSIDE);
    let open_seat = scene.seat("open");
    open_seat.place(&GameFixture::new("also-outside").random_file("data.bin", 2 * MIB));
    let open = open_seat.start();
    assert_eq!(open.mode, "open");
    let bravo_seat = scene.seat("bravo");
    let bravo = start(&bravo_seat, &catalog);
    bravo.wait_peers(2);
    open.wait_peers(2);

    // Announced: the guest without a catalog sees what alpha says, and nothing that it does not.
    open.wait_sources(INSIDE, 1);
    assert_eq!(open.game(OUTSIDE), Value::Null);
    // Accepted: the guest with the catalog takes no notice of what is not in it.
    bravo.wait_sources(INSIDE, 1);
    assert_eq!(bravo.game_ids(), [INSIDE]);
    bravo.refuses(
        json!({ "cmd": "download", "id": OUTSIDE }),
        "not-in-catalog",
    );
    bravo.refuses(
        json!({ "cmd": "download", "id": "also-outside" }),
        "not-in-catalog",
    );
    // Served: nor does alpha hand it out to whoever knows its name.
    let outside = GameId::parse(OUTSIDE).expect("an id");
    let inside_id = GameId::parse(INSIDE).expect("an id");
    let listen = scene.host("stranger").socket_addr(7777);
    let (hidden, shown) = inside(scene.host("stranger"), || async {
        let mut stranger = Stranger::connect_as_peer(&alpha.addr).await;
        let hello = stranger.hello(listen).await;
        assert_eq!(hello.kind(), "hello-ack", "{hello:?}");
        let hidden = stranger.ask(&Request::GetGame { id: outside }).await;
        (
            hidden,
            stranger.ask(&Request::GetGame { id: inside_id }).await,
        )
    });
    assert!(
        matches!(&hidden, Response::Refused(refusal) if refusal.kind == RefusalKind::NotAvailable),
        "{hidden:?}"
    );
    assert_eq!(shown.kind(), "game", "{shown:?}");

    bravo.download(INSIDE).finished();
    alpha_seat
        .tree(INSIDE)
        .assert_same(&bravo_seat.tree(INSIDE));
}

#[test]
fn a_copy_of_another_version_is_shown_but_is_no_source() {
    let scene = Scene::of(&["alpha", "bravo", "charlie"]);
    let catalog = build_catalog(&scene);
    let [played, other] = ["alpha", "charlie"].map(|name| scene.seat(name));
    played.place(&inside_game(PLAYED));
    other.place(&inside_game(OTHER));
    let alpha = start(&played, &catalog);
    let charlie = start(&other, &catalog);
    alpha.wait_hashed(INSIDE);
    charlie.wait_hashed(INSIDE);
    let shown = charlie.game(INSIDE);
    assert_eq!(
        (&shown["version"], &shown["expected_version"]),
        (&json!(OTHER), &json!(PLAYED))
    );

    let bravo_seat = scene.seat("bravo");
    let bravo = start(&bravo_seat, &catalog);
    bravo.wait_peers(2);
    bravo.wait_sources(INSIDE, 1);
    assert_eq!(bravo.game(INSIDE)["holders"], json!([alpha.peer_id]));
    let ended = bravo.download(INSIDE).finished();
    assert_eq!(ended.shares().keys().collect::<Vec<_>>(), ["alpha"]);
    played.tree(INSIDE).assert_same(&bravo_seat.tree(INSIDE));

    charlie.wait_sources(INSIDE, 2);
    let update = json!({ "cmd": "update", "id": INSIDE, "install": false });
    charlie.run("download", update).finished();
    assert_eq!(
        charlie.game(INSIDE)["version"],
        PLAYED,
        "the party's version, newer or not"
    );
}
