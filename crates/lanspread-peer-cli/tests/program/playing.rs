//! `lanspread play`: games are started with and without a peer that stays.

use std::{fs, process::Command, time::Instant};

use lanspread_testbed::peer::{DEADLINE, PeerProcess};
use serde_json::{Value, json};

use crate::scene::{PATIENCE, Scene, Staying};

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

#[test]
fn a_game_clears_up_before_it_is_uninstalled_and_is_uninstalled_all_the_same_if_it_cannot() {
    let scene = Scene::new();
    let id = "playing-over";
    installed(&scene, id);
    let root = scene.games("alpha").join(id);
    let script = "[ -d local ] && echo \"$2 $4\" > ../cleared; exit 4\n";
    fs::write(root.join("game_uninst.sh"), script).expect("writable");
    let ran = scene.run("alpha", &["uninstall", id]).succeeded();
    assert!(ran.out.contains("is uninstalled"), "{ran:?}");
    assert!(ran.err.contains("game_uninst.sh ended with"), "{ran:?}");
    let cleared = fs::read_to_string(scene.games("alpha").join("cleared"));
    assert_eq!(cleared.expect("it ran first"), format!("{id} alpha\n"));
    assert!(!root.join("local").exists());
}

/// A game whose start goes on until something is written into a pipe.
fn lasting(scene: &Scene, id: &str) -> std::path::PathBuf {
    installed(scene, id);
    let root = scene.games("alpha").join(id);
    fs::write(root.join("local/save.dat"), "level 9").expect("writable");
    let end = scene.path("end");
    let made = Command::new("mkfifo").arg(&end).status();
    assert!(made.expect("mkfifo is there").success());
    let start = format!("read line < '{}'\n", end.display());
    fs::write(root.join("game_start.sh"), start).expect("writable");
    end
}

/// A running game was uninstalled under its player, saves included.
#[test]
fn a_game_that_runs_is_neither_uninstalled_nor_replaced_nor_removed() {
    let scene = Scene::new();
    let id = "playing-on";
    let end = lasting(&scene, id);
    let save = scene.games("alpha").join(id).join("local/save.dat");
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    let ask = |cmd: &str| peer.call(json!({ "cmd": cmd, "id": id }));
    ask("play").expect("it starts");
    for cmd in [
        "uninstall",
        "remove",
        "install",
        "update",
        "download",
        "queue",
    ] {
        let refusal = ask(cmd).expect_err("it runs");
        assert_eq!(refusal.refusal_kind(), Some("busy"), "{cmd}: {refusal}");
        let said = refusal.to_string();
        assert!(
            said.contains("it is being played on this machine"),
            "{said}"
        );
        assert!(said.contains("end it first"), "{said}");
    }
    assert_eq!(fs::read_to_string(&save).expect("it is there"), "level 9");
    let from_the_shell = scene.run("alpha", &["uninstall", id]).failed();
    assert!(from_the_shell.contains("end it first"), "{from_the_shell}");
    fs::write(&end, "now\n").expect("the game reads it");
    wait_until_nothing_runs(&peer);
    let from = peer.mark();
    ask("uninstall").expect("it has ended");
    peer.wait_line(from, DEADLINE, "uninstall", |line| {
        line["event"] == "uninstall-finished"
    })
    .expect("it is uninstalled");
    assert!(!save.exists());
}

/// A game goes on when Lanspread is ended, and could be deleted under its player once Lanspread ran again.
#[test]
fn a_game_that_outlives_the_program_is_known_to_the_next_run_until_it_ends() {
    let scene = Scene::new();
    let id = "playing-longer";
    let end = lasting(&scene, id);
    let save = scene.games("alpha").join(id).join("local/save.dat");
    let first = scene.jsonl("alpha").spawn().expect("it starts");
    first
        .call(json!({ "cmd": "play", "id": id }))
        .expect("it starts");
    let note = scene
        .state("alpha")
        .join("running/playing-longer.start.json");
    wait_until(&first, "it is noted", |_| note.exists());
    // As a crash would end it.
    first.kill9();

    let refused = scene.run("alpha", &["uninstall", id]).failed();
    assert!(
        refused.contains("it is being played on this machine"),
        "{refused}"
    );
    let second = scene.jsonl("alpha").spawn().expect("it starts");
    let status = second.ask("status").expect("answered");
    assert_eq!(status["running"][0]["id"], id, "{status}");
    let refused = second.call(json!({ "cmd": "play", "id": id }));
    let refused = refused.expect_err("it runs");
    assert_eq!(refused.refusal_kind(), Some("busy"), "{refused}");
    assert_eq!(fs::read_to_string(&save).expect("it is there"), "level 9");

    fs::write(&end, "now\n").expect("the game reads it");
    wait_until_nothing_runs(&second);
    assert!(!note.exists());
    let log = scene.state("alpha").join("logs/games.jsonl");
    wait_until(&second, "its run is kept", |_| {
        fs::read_to_string(&log).is_ok_and(|log| log.contains(id))
    });
    second.shutdown().expect("it ends");
    scene.run("alpha", &["uninstall", id]).succeeded();
    assert!(!save.exists());
}

/// Its server, started while the game's first start prepared it, ran the setup a second time beside the first.
#[test]
fn a_game_that_is_being_prepared_is_prepared_once() {
    let scene = Scene::new();
    let id = "playing-first";
    let end = lasting(&scene, id);
    let root = scene.games("alpha").join(id);
    let setup = format!(
        "echo set up >> ../setups\nread line < '{}'\n",
        end.display()
    );
    fs::write(root.join("game_setup.sh"), setup).expect("writable");
    fs::write(root.join("game_start.sh"), "exit 0\n").expect("writable");
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    let ask = |cmd: &str| peer.call(json!({ "cmd": cmd, "id": id }));
    ask("play").expect("it starts");
    let setups = || fs::read_to_string(scene.games("alpha").join("setups")).unwrap_or_default();
    wait_until(&peer, "it is set up", |_| setups() == "set up\n");
    let refusal = ask("start-server").expect_err("its setup runs");
    assert_eq!(refusal.refusal_kind(), Some("busy"), "{refusal}");
    assert!(refusal.to_string().contains("its setup runs"), "{refusal}");
    fs::write(&end, "now\n").expect("the setup reads it");
    wait_until_nothing_runs(&peer);
    ask("start-server").expect("it is prepared");
    wait_until_nothing_runs(&peer);
    assert_eq!(setups(), "set up\n");
}

/// Asks a peer again and again until something is so.
fn wait_until(peer: &PeerProcess, what: &str, is_so: impl Fn(&Value) -> bool) {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if is_so(&peer.ask("status").expect("answered")) {
            return;
        }
    }
    panic!("not so: {what}");
}

fn wait_until_nothing_runs(peer: &PeerProcess) {
    wait_until(peer, "nothing runs", |status| {
        status["running"] == json!([])
    });
}
