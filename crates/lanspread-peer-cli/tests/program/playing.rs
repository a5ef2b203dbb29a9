//! `lanspread play`: games are started with and without a peer that stays.

use std::fs;

use crate::scene::{Scene, Staying};

/// A game that is installed, whose start writes down how it was called, and whose server fails.
fn installed(scene: &Scene, id: &str) {
    scene.place("alpha", id);
    let root = scene.games("alpha").join(id);
    let start = "echo \"$2 $3 $4\" > ../started-$2\n";
    fs::write(root.join("game_start.sh"), start).expect("writable");
    let server = "echo no map here; exit 3\n";
    fs::write(root.join("server_start.sh"), server).expect("writable");
    scene.run("alpha", &["install", id]).succeeded();
}

fn started(scene: &Scene, id: &str) -> String {
    fs::read_to_string(scene.games("alpha").join(format!("started-{id}"))).expect("it was started")
}

#[test]
fn without_a_peer_the_command_stays_until_the_game_has_ended_and_tells_how() {
    let scene = Scene::new();
    let id = "playing-alone";
    let refused = scene.run("alpha", &["play", id]).failed();
    assert!(refused.contains("not unpacked"), "{refused}");
    installed(&scene, id);
    let play = ["play", id, "--player", "Anna", "--language", "de"];
    let said = scene.run("alpha", &play).succeeded().out;
    assert!(said.contains(&format!("{id} is started")), "{said}");
    assert_eq!(started(&scene, id), format!("{id} de Anna\n"));
    let failed = scene.run("alpha", &["play", id, "--server"]).failed();
    assert!(failed.contains("no map here"), "{failed}");
}

#[test]
fn beside_a_peer_that_stays_the_command_hands_over_and_ends() {
    let scene = Scene::new();
    let id = "playing-beside";
    installed(&scene, id);
    let serving = Staying::start(&mut scene.command("alpha", &["serve"]));
    serving.wait_out("Ctrl-C ends it.");
    scene.run("alpha", &["play", id, "--server"]).succeeded();
    serving.wait_out("no map here");
}
