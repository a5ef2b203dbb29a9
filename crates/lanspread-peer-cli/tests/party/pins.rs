//! A party whose catalog pins the files of a game: tampered copies are no sources, however many.

use std::{path::Path, process::Command};

use lanspread_testbed::fixture::{BuiltGame, GameFixture, MIB};
use serde_json::{Value, json};

use crate::{
    guest::{Guest, text},
    scene::{LANSPREAD, Scene},
};

const GAME: &str = "quake";

fn fixture(seed: &str) -> GameFixture {
    GameFixture::new(GAME)
        .seed(seed)
        .random_file("data/pak0.bin", 8 * MIB)
}

fn lanspread(arguments: &[&str]) -> String {
    let ran = Command::new(LANSPREAD)
        .args(arguments)
        .env_remove("LANSPREAD_GAMES_DIR")
        .output()
        .expect("the program starts");
    assert!(
        ran.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// The organiser's catalog of the honest game, pinned.
fn pinned_catalog(scene: &Scene) -> String {
    let games = scene.dir().join("organiser");
    std::fs::create_dir(&games).expect("writable");
    fixture("honest").build(&games).expect("writable");
    let catalog = scene.dir().join("game.db");
    let [games, catalog] = [&games, &catalog].map(|path| path.to_str().expect("Unicode"));
    lanspread(&["catalog", "build", games, "-o", catalog]);
    let said = lanspread(&["catalog", "pin", "--games-dir", games, catalog]);
    assert!(said.contains("new"), "{said}");
    catalog.to_owned()
}

/// A peer whose copy of the game follows from `seed`, with or without the catalog.
fn holder(scene: &Scene, name: &str, seed: &str, catalog: Option<&str>) -> (Guest, BuiltGame) {
    let seat = scene.seat(name);
    let built = seat.place(&fixture(seed));
    seat.hash_alone(&[GAME]);
    let guest = seat.start_with(|builder| match catalog {
        Some(catalog) => builder.catalog(Path::new(catalog)),
        None => builder,
    });
    (guest, built)
}

fn standings(game: &Value) -> Vec<(String, Vec<String>)> {
    let offers = game["offers"].as_array().expect("a list");
    let names = |offer: &Value| {
        let peers = offer["peers"].as_array().expect("a list").iter();
        let mut names: Vec<String> = peers.map(|peer| text(&peer["name"])).collect();
        names.sort();
        names
    };
    let said = offers.iter();
    said.map(|offer| (text(&offer["standing"]), names(offer)))
        .collect()
}

#[test]
fn tampered_files_under_a_pinned_version_are_taken_from_nobody() {
    let scene = Scene::of(&["honest", "eve", "mallory", "victim", "receiver"]);
    let catalog = pinned_catalog(&scene);
    let seat = scene.seat("receiver");
    let receiver = seat.start_with(|builder| builder.catalog(Path::new(&catalog)));
    // Those who tamper have no catalog, so they announce what they have; most peers have it.
    let (eve, _) = holder(&scene, "eve", "tampered", None);
    let (mallory, _) = holder(&scene, "mallory", "tampered", None);
    receiver.wait_peers(2);

    // While nobody else is here there is no source, and users see why.
    let shown = receiver.game(GAME);
    assert_eq!(
        (&shown["peers"], &shown["downloaded"]),
        (&json!(0), &json!(false))
    );
    assert!(shown["pinned"].is_string(), "{shown}");
    let liars = ["eve", "mallory"].map(str::to_owned).to_vec();
    let refused = ("not-pinned".to_owned(), liars);
    assert_eq!(standings(&shown), std::slice::from_ref(&refused));
    let download = json!({ "cmd": "download", "id": GAME, "install": false });
    let message = receiver.refuses(download, "no-source");
    assert!(
        message.contains("pinned by the catalog")
            && message.contains("eve")
            && message.contains("mallory"),
        "{message}"
    );

    // One honest peer is enough against them.
    let (honest, right) = holder(&scene, "honest", "honest", Some(&catalog));
    receiver.wait_sources(GAME, 1);
    let source = ("source".to_owned(), vec!["honest".to_owned()]);
    assert_eq!(standings(&receiver.game(GAME)), [source, refused]);
    let from = receiver.begin_download(GAME);
    let ended = receiver.wait_end(from, "download", GAME).finished();
    assert_eq!(ended.shares().keys().collect::<Vec<_>>(), ["honest"]);
    right.tree.assert_same(&seat.tree(GAME));
    let conflict = receiver.wait(from, "manifest-conflict");
    assert_eq!(conflict["chosen"], conflict["pinned"]);
    assert_eq!(receiver.game(GAME)["manifest"], conflict["pinned"]);

    // A copy of one's own that is not the pinned one is shown, not shared, and repaired by verifying.
    let (victim, _) = holder(&scene, "victim", "tampered", Some(&catalog));
    victim.wait_peers(4);
    let own = victim.game(GAME);
    assert_eq!(own["downloaded"], true);
    assert_ne!(own["manifest"], own["pinned"]);
    let problem = text(&own["problem"]);
    assert!(problem.contains("that the catalog pins"), "{problem}");
    receiver.wait_peers(4);
    assert_eq!(receiver.game(GAME)["holders"], json!([honest.peer_id]));
    let repaired = victim.run("verify", json!({ "cmd": "verify", "id": GAME }));
    repaired.finished();
    right.tree.assert_same(&scene.seat("victim").tree(GAME));
    receiver.wait_sources(GAME, 2);
    assert_eq!(victim.game(GAME)["problem"], Value::Null);
    drop((eve, mallory, honest));
}
