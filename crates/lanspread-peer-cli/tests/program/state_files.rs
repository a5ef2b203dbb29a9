//! A peer that finds its own files broken: it starts, and says what users should know.
//!
//! Invariant under test: no file in the state directory can keep a peer from starting, and none
//! appears there that is not in the list.

use std::{
    fs,
    path::{Path, PathBuf},
};

use lanspread_testbed::{
    peer::{Mark, PeerProcess},
    state_files::{Broken, StateFile, broken, in_state_dir},
    tree::Tree,
};
use serde_json::{Value, json};

use crate::scene::{PATIENCE, Scene};

const GAME: &str = "kept-in-mind";

/// The ways of breaking a file that a process is started for; the others are tried without one.
const WAYS: [&str; 4] = [
    "cut to 0 bytes",
    "of garbage",
    "of a newer format",
    "of an older format",
];

fn start(scene: &Scene, name: &str) -> (PeerProcess, Value) {
    let peer = scene.jsonl(name).spawn().expect("it starts");
    let ready = peer
        .wait_event(Mark::START, PATIENCE, "bind its listener", |line| {
            line["event"] == "ready"
        })
        .expect("the peer starts");
    (peer, ready.value)
}

/// Has alpha download and install a game from bravo, so that every kind of file is there.
fn furnish(scene: &Scene) {
    scene.place("bravo", GAME);
    fs::create_dir_all(scene.games("alpha")).expect("writable");
    let (bravo, at) = start(scene, "bravo");
    let (alpha, _) = start(scene, "alpha");
    alpha
        .call(json!({ "cmd": "connect", "addr": at["listen_addr"] }))
        .expect("accepted");
    alpha
        .wait_for_game(GAME, "see a source of", |game| {
            game["peers"].as_u64() > Some(0)
        })
        .expect("bravo has it");
    alpha
        .call(json!({ "cmd": "set-rate-limits", "upload_per_peer_bytes_per_s": 100_000_000 }))
        .expect("accepted");
    let from = alpha.mark();
    alpha
        .call(json!({ "cmd": "download", "id": GAME, "install": true }))
        .expect("accepted");
    alpha
        .wait_game_event(from, "install-finished", GAME)
        .expect("it is installed");
    alpha.shutdown().expect("it ends");
    bravo.shutdown().expect("it ends");
}

/// Every file in the state directory, and what it is according to the list.
fn state_files(state: &Path) -> Vec<(PathBuf, &'static StateFile)> {
    let tree = Tree::read(state).expect("readable");
    let listed = tree.paths().map(|path| {
        let file = in_state_dir(path).unwrap_or_else(|| panic!("{path} is in no list"));
        (state.join(path), file)
    });
    listed.collect()
}

fn notices(peer: &PeerProcess) -> Vec<String> {
    let events = peer.events_since(Mark::START);
    let notices = events.iter().filter(|event| event["event"] == "notice");
    notices
        .filter_map(|event| event["message"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn a_peer_starts_whatever_its_own_files_hold() {
    let scene = Scene::new();
    furnish(&scene);
    let state = scene.state("alpha");
    let files = state_files(&state);
    assert!(
        files.len() >= 8,
        "not all kinds of file are here: {files:?}"
    );
    let game = Tree::read(&scene.games("alpha")).expect("readable");
    let mut started = 0;
    for (path, file) in &files {
        let sound = fs::read(path).expect("readable");
        let ways = broken(&sound, file.format);
        for Broken { how, bytes } in ways.into_iter().filter(|way| WAYS.contains(&&*way.how)) {
            let at = format!("{} {how}", file.path);
            fs::write(path, &bytes).expect("writable");
            let (alpha, _) = start(&scene, "alpha");
            let listed = alpha
                .wait_for_game(GAME, "hash", |game| game["manifest"].is_string())
                .unwrap_or_else(|error| panic!("{at}: {error}"));
            assert_eq!(listed["installed"], true, "{at}");
            let told = notices(&alpha)
                .iter()
                .any(|notice| notice.contains(file.path));
            let is_told_of = ["identity.key", "rates.json"].contains(&file.path);
            assert_eq!(told, is_told_of && bytes != sound, "{at}");
            alpha.shutdown().expect("it ends");
            game.assert_same(&Tree::read(&scene.games("alpha")).expect("readable"));
            state_files(&state);
            fs::write(path, &sound).expect("writable");
            started += 1;
        }
    }
    println!("{started} starts with a broken file");
}

/// A guest whose key was cut short by a full disk could not start Lanspread any more.
#[test]
fn a_peer_with_a_broken_key_starts_as_a_new_peer_and_tells_where_the_old_key_is() {
    let scene = Scene::new();
    let (alpha, before) = start(&scene, "alpha");
    alpha.shutdown().expect("it ends");
    let key = scene.state("alpha").join("identity.key");
    let sound = fs::read(&key).expect("readable");
    fs::write(&key, &sound[..sound.len() / 2]).expect("writable");

    let (alpha, after) = start(&scene, "alpha");
    assert_ne!(after["peer_id"], before["peer_id"]);
    let told = notices(&alpha).join("\n");
    assert!(told.contains("identity.key.aside-1"), "{told}");
    alpha.shutdown().expect("it ends");
    let (alpha, again) = start(&scene, "alpha");
    assert_eq!(again["peer_id"], after["peer_id"]);
    assert!(
        notices(&alpha).is_empty(),
        "it is told once: {:?}",
        notices(&alpha)
    );
    alpha.shutdown().expect("it ends");

    fs::write(&key, &sound).expect("writable");
    let (alpha, restored) = start(&scene, "alpha");
    assert_eq!(restored["peer_id"], before["peer_id"]);
    drop(alpha);
}

/// What the system does not let be read is not taken for broken: nobody becomes another peer because
/// of a wrong permission.
#[cfg(unix)]
#[test]
fn a_key_that_cannot_be_read_stops_the_peer_with_a_message_that_names_it() {
    let scene = Scene::new();
    let (alpha, _) = start(&scene, "alpha");
    alpha.shutdown().expect("it ends");
    let key = scene.state("alpha").join("identity.key");
    fs::rename(&key, scene.path("elsewhere")).expect("writable");
    // Root may read everything; nobody follows a link that leads to itself.
    std::os::unix::fs::symlink("identity.key", &key).expect("writable");
    let message = scene.run("alpha", &["serve"]).failed();
    assert!(message.contains("identity.key"), "{message}");
    assert!(key.symlink_metadata().is_ok(), "it is left alone");
}
