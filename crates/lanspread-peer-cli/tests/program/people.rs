//! Commands for people where no peer runs: they start one for as long as it takes.

use lanspread_testbed::{
    fixture::{GameFixture, MIB, corrupt_byte},
    peer::PeerProcess,
    tree::Tree,
};

use crate::scene::{Scene, Staying};

/// A peer that shares one game, and where it listens.
fn host(scene: &Scene, id: &str) -> (PeerProcess, String) {
    let peer = scene.jsonl("alpha").spawn().expect("it starts");
    peer.wait_for_game(id, "hash", |game| game["manifest"].is_string())
        .expect("it is hashed");
    let status = peer.ask("status").expect("answered");
    let addr = status["listen_addr"].as_str().expect("bound").to_owned();
    (peer, addr)
}

#[test]
fn one_command_finds_downloads_and_installs_a_game_and_the_next_ones_tend_it() {
    let scene = Scene::new();
    let id = "people-life";
    let game = scene.place("alpha", id);
    let (_alpha, addr) = host(&scene, id);
    let root = scene.games("bravo").join(id);

    // No address: it is found by discovery.
    let got = scene.run("bravo", &["get", id]).succeeded();
    assert!(got.out.contains("from alpha"), "{got:?}");
    assert!(got.out.contains(root.to_str().expect("Unicode")), "{got:?}");
    assert!(got.out.contains("ready to play in"), "{got:?}");
    let tree = Tree::read(&root).expect("readable");
    game.tree
        .assert_same(&tree.clone().without("local").without(".lanspread.json"));
    game.installed
        .assert_same(&tree.below("local").without(".lanspread_owned"));
    assert!(
        !got.out.contains('\u{1b}') && !got.err.contains('\u{1b}'),
        "no terminal: {got:?}"
    );

    let again = scene.run("bravo", &["get", id]).succeeded();
    assert!(
        again.out.contains("here already, ready to play"),
        "{again:?}"
    );

    corrupt_byte(&root.join("data/pak0.bin"), 2 * MIB as u64).expect("writable");
    let repaired = scene
        .run("bravo", &["verify", id, "--connect", &addr])
        .succeeded();
    assert!(repaired.out.contains("repaired"), "{repaired:?}");
    assert!(repaired.out.contains("from alpha"), "{repaired:?}");
    let tree = Tree::read(&root).expect("readable");
    game.tree
        .assert_same(&tree.without("local").without(".lanspread.json"));

    let refused = scene.run("bravo", &["remove", id]).failed();
    assert!(refused.contains("uninstall"), "{refused}");
    scene.run("bravo", &["uninstall", id]).succeeded();
    assert!(!root.join("local").exists() && root.join("version.ini").exists());
    let installed = scene.run("bravo", &["install", id]).succeeded();
    assert!(installed.out.contains("ready to play"), "{installed:?}");
    scene.run("bravo", &["uninstall", id]).succeeded();
    scene.run("bravo", &["remove", id]).succeeded();
    assert!(!root.exists(), "nothing of it is left");
    let refused = scene.run("bravo", &["install", id]).failed();
    assert!(refused.contains("not downloaded"), "{refused}");
}

#[test]
fn a_download_alone_is_kept_and_a_newer_version_updates_it() {
    let scene = Scene::new();
    let id = "people-update";
    scene.place("alpha", id);
    let (alpha, addr) = host(&scene, id);
    let got = scene
        .run("bravo", &["get", id, "--no-install", "--connect", &addr])
        .succeeded();
    assert!(!got.out.contains("ready to play"), "{got:?}");
    let root = scene.games("bravo").join(id);
    assert!(!root.join("local").exists());
    alpha.shutdown().expect("it ends");

    let newer = GameFixture::new(id)
        .version("20250101")
        .random_file("data/pak0.bin", 3 * MIB)
        .random_file("data/pak1.bin", MIB)
        .build(&scene.games("alpha"))
        .expect("writable");
    let (_alpha, addr) = host(&scene, id);
    let list = scene
        .run("bravo", &["list", "--connect", &addr])
        .succeeded()
        .out;
    assert!(
        list.contains("update available (20250101 on 1 peer)"),
        "{list}"
    );
    let got = scene
        .run("bravo", &["get", id, "--no-install", "--connect", &addr])
        .succeeded();
    assert!(got.out.contains("20250101"), "{got:?}");
    let tree = Tree::read(&root).expect("readable");
    newer.tree.assert_same(&tree.without(".lanspread.json"));
}

#[test]
fn what_nobody_has_is_waited_for_and_then_given_up_in_plain_words() {
    let scene = Scene::new();
    let said = scene
        .run("alpha", &["get", "people-nobody", "--wait", "0"])
        .failed();
    assert!(
        said.contains("waiting for a peer that has people-nobody"),
        "{said}"
    );
    assert!(said.contains("cannot get people-nobody"), "{said}");
    assert!(
        !scene.games("alpha").join("people-nobody").exists(),
        "nothing is made for it"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_get_says_so_and_ends_its_peer() {
    let scene = Scene::new();
    let command = &mut scene.command("alpha", &["get", "people-interrupt", "--wait", "600"]);
    let mut waiting = Staying::start(command);
    waiting.wait_err("waiting for a peer that has people-interrupt");
    waiting.signal("INT");
    assert_eq!(waiting.wait().code(), Some(1), "{}", waiting.said());
    assert!(waiting.said().contains("interrupted"), "{}", waiting.said());
    assert!(!scene.state("alpha").join("control.sock").exists());
}

#[cfg(unix)]
#[test]
fn a_command_joins_the_peer_that_another_command_started() {
    let scene = Scene::new();
    let command = &mut scene.command("alpha", &["get", "people-join", "--wait", "600"]);
    let mut waiting = Staying::start(command);
    waiting.wait_err("waiting for a peer that has people-join");
    let status = scene.run("alpha", &["status"]).succeeded().out;
    assert!(status.contains("running for"), "{status}");
    waiting.signal("TERM");
    waiting.wait();
}

#[test]
fn a_folder_that_is_not_there_is_made_and_that_is_said() {
    let scene = Scene::new();
    let ran = scene.run("alpha", &["status"]).succeeded();
    assert!(
        ran.err.contains("was not there and has been made"),
        "{ran:?}"
    );
    assert!(scene.games("alpha").is_dir());
    assert!(ran.out.contains("not running"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn without_options_the_games_are_in_the_home_folder() {
    let scene = Scene::new();
    let home = scene.path("home");
    std::fs::create_dir(&home).expect("writable");
    let mut command = crate::scene::lanspread(&["status", "--listen", "127.0.0.1"]);
    command.env("HOME", &home).env_remove("XDG_DATA_HOME");
    let ran = crate::scene::Ran::of(&mut command).succeeded();
    assert!(home.join("Lanspread").is_dir(), "{ran:?}");
    assert!(home.join(".local/share/lanspread/identity.key").exists() || cfg!(target_os = "macos"));
}
