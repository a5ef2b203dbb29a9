//! What the user cancels leaves what was there before, to the last file.

use std::path::Path;

use lanspread_testbed::{
    fixture::{ArchiveFormat, GameFixture, MIB},
    net::{Link, Party, Rate},
    tree::Tree,
};
use serde_json::json;

use crate::{guest::Guest, scene::Scene};

const GAME: &str = "quake";

fn scene() -> Scene {
    let slow = Link::new().upload(Rate::mbit(60));
    Scene::build(Party::builder().host_with("alpha", slow).host("receiver"))
}

fn source(scene: &Scene) -> Guest {
    let seat = scene.seat("alpha");
    let game = GameFixture::new(GAME)
        .version("20250101")
        .random_file("data/pak0.bin", 32 * MIB);
    seat.place(&game);
    seat.hash_alone(&[GAME]);
    seat.start()
}

#[test]
fn a_cancelled_download_leaves_nothing_but_what_was_there() {
    let scene = scene();
    let alpha = source(&scene);
    let seat = scene.seat("receiver");
    let write = |path: &Path| {
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("writable");
        std::fs::write(path, "mine").expect("writable");
    };
    write(&seat.root(GAME).join("notes.txt"));
    write(&seat.root(GAME).join(".sync/ID"));
    let before = Tree::read(&seat.games).expect("readable");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);

    let from = receiver.begin_download(GAME);
    receiver.wait_verified(from, GAME, 2 * MIB as u64);
    receiver.tell(json!({ "cmd": "cancel", "id": GAME }));
    receiver.wait_end(from, "download", GAME).cancelled();
    before.assert_same(&Tree::read(&seat.games).expect("readable"));
    let names: Vec<_> = std::fs::read_dir(seat.root(GAME)).expect("there").collect();
    assert_eq!(
        names.len(),
        2,
        "not even an empty directory stays: {names:?}"
    );
    assert_eq!(receiver.game(GAME)["downloaded"], false);
    receiver.refuses(json!({ "cmd": "cancel", "id": GAME }), "no-operation");
    drop(alpha);
}

#[test]
fn a_cancelled_download_of_an_unknown_root_leaves_no_root() {
    let scene = scene();
    let alpha = source(&scene);
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);
    let from = receiver.begin_download(GAME);
    receiver.wait_verified(from, GAME, 2 * MIB as u64);
    receiver.tell(json!({ "cmd": "cancel", "id": GAME }));
    receiver.wait_end(from, "download", GAME).cancelled();
    assert_eq!(std::fs::read_dir(&seat.games).expect("there").count(), 0);
    drop(alpha);
}

#[test]
fn a_cancelled_update_leaves_the_old_version_installed_and_served() {
    let scene = scene();
    let alpha = source(&scene);
    let seat = scene.seat("receiver");
    seat.place(
        &GameFixture::new(GAME)
            .seed("old")
            .random_file("data/pak0.bin", 4 * MIB)
            .random_archive("quake.eti", ArchiveFormat::Zip, &[("bin/quake", MIB)]),
    );
    seat.hash_alone(&[GAME]);
    let receiver = seat.start();
    receiver
        .run("install", json!({ "cmd": "install", "id": GAME }))
        .finished();
    let before = seat.tree(GAME);
    assert!(before.get("local/bin/quake").is_some());
    receiver.wait_sources(GAME, 1);

    let from = receiver.mark();
    receiver.tell(json!({ "cmd": "update", "id": GAME }));
    receiver.wait_verified(from, GAME, 2 * MIB as u64);
    receiver.tell(json!({ "cmd": "cancel", "id": GAME }));
    receiver.wait_end(from, "download", GAME).cancelled();
    before.assert_same(&seat.tree(GAME));
    let game = receiver.game(GAME);
    assert_eq!(game["version"], "20240101", "{game}");
    assert_eq!(game["installed"], true, "{game}");
    assert!(game["manifest"].is_string(), "it can be served: {game}");
    drop(alpha);
}
