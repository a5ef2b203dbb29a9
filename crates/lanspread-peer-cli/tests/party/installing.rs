//! Install, uninstall and remove, and what stands in their way.

use lanspread_testbed::{
    fixture::{ArchiveFormat, BuiltGame, Contents, GameFixture, MIB},
    tree::Tree,
};
use serde_json::json;

use crate::{guest::Guest, scene::Scene};

const GAME: &str = "quake";

fn install() -> serde_json::Value {
    json!({ "cmd": "install", "id": GAME })
}

fn uninstall() -> serde_json::Value {
    json!({ "cmd": "uninstall", "id": GAME })
}

fn remove() -> serde_json::Value {
    json!({ "cmd": "remove", "id": GAME })
}

/// A holder of a game in two archives of different formats.
fn holder(scene: &Scene) -> (Guest, BuiltGame) {
    let seat = scene.seat("alpha");
    let game = GameFixture::new(GAME)
        .random_archive(
            "a.eti",
            ArchiveFormat::Rar,
            &[("data/pak0", 6 * MIB), ("bin/quake", MIB)],
        )
        .random_archive("b.eti", ArchiveFormat::SevenZip, &[("data/pak1", 3 * MIB)])
        .file("game_start.sh", "#!/bin/sh\n");
    let built = seat.place(&game);
    seat.hash_alone(&[GAME]);
    (seat.start(), built)
}

#[test]
fn a_game_is_installed_uninstalled_and_removed() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let (alpha, built) = holder(&scene);
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);
    receiver.refuses(install(), "not-downloaded");
    receiver.download(GAME).finished();
    receiver.refuses(uninstall(), "not-installed");

    let installed = receiver.run("install", install()).finished();
    assert_eq!(installed.number("bytes"), built.installed.total_bytes());
    built.installed.assert_same(&seat.installed(GAME));
    assert_eq!(receiver.game(GAME)["installed"], true);
    receiver.refuses(remove(), "installed");

    receiver.run("uninstall", uninstall()).finished();
    built.tree.assert_same(&seat.tree(GAME));
    assert!(!seat.root(GAME).join("local").exists());
    assert_eq!(receiver.game(GAME)["installed"], false);
    assert_eq!(receiver.game(GAME)["downloaded"], true);

    receiver.run("remove", remove()).finished();
    assert!(!seat.root(GAME).exists());
    assert_eq!(receiver.game(GAME)["downloaded"], false);
    assert_eq!(receiver.game(GAME)["peers"], 1, "alpha has it still");
    drop(alpha);
}

#[test]
fn a_foreign_file_keeps_a_game_from_being_removed_and_is_named() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let (alpha, _) = holder(&scene);
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);
    receiver.download(GAME).finished();
    let foreign = seat.root(GAME).join("data/screenshots/best.png");
    std::fs::create_dir_all(foreign.parent().expect("it has one")).expect("writable");
    std::fs::write(&foreign, "mine").expect("writable");
    let before = seat.tree(GAME);

    let message = receiver.run("remove", remove()).failed("foreign");
    assert!(
        message.contains("data"),
        "what stands in the way: {message}"
    );
    before.assert_same(&seat.tree(GAME));
    assert_eq!(receiver.game(GAME)["downloaded"], true);

    std::fs::remove_dir_all(seat.root(GAME).join("data")).expect("writable");
    receiver.run("remove", remove()).finished();
    assert!(!seat.root(GAME).exists());
    drop(alpha);
}

#[test]
fn an_archive_that_climbs_out_fails_to_install_and_nothing_is_outside() {
    for format in [ArchiveFormat::Zip, ArchiveFormat::TarZstd] {
        let scene = Scene::of(&["alpha"]);
        let seat = scene.seat("alpha");
        let hostile = Contents::new()
            .random_file("seed", "data/pak0", 2 * MIB)
            .file("../../../escaped.txt", "out")
            .file("../../escaped.txt", "out")
            .file("../escaped.txt", "out");
        seat.place(&GameFixture::new(GAME).archive("quake.eti", format, hostile));
        let before = Tree::read(&seat.games).expect("readable");
        let alpha = seat.start();
        alpha
            .wait_for_game(GAME, "show", |game| game["downloaded"] == true)
            .expect("it is here");

        let message = alpha.run("install", install()).failed("bad-archive");
        assert!(message.contains("quake.eti"), "{format:?}: {message}");
        before.assert_same(&Tree::read(&seat.games).expect("readable"));
        assert!(!seat.root(GAME).join("local").exists());
        // Everything from the game root up to the directory of this test and the one around it.
        for directory in seat.root(GAME).ancestors().take(5) {
            let escaped = directory.join("escaped.txt");
            assert!(!escaped.exists(), "{format:?}: {}", escaped.display());
        }
        assert_eq!(alpha.game(GAME)["downloaded"], true);
        assert_eq!(alpha.game(GAME)["installed"], false);
    }
}

#[test]
fn an_open_party_lets_a_guest_with_an_empty_folder_see_and_fetch_everything() {
    let scene = Scene::of(&["alpha", "guest"]);
    let seat = scene.seat("alpha");
    let ids = ["age-of-chess", "battle-chess", "chess"];
    let built = ids.map(|id| {
        let archive = [("data/board", 2 * MIB)];
        seat.place(&GameFixture::new(id).random_archive(
            "game.eti",
            ArchiveFormat::TarZstd,
            &archive,
        ))
    });
    let alpha = seat.start();
    let guest_seat = scene.seat("guest");
    let guest = guest_seat.start();
    assert_eq!(guest.mode, "open");
    for (id, built) in ids.into_iter().zip(&built) {
        guest.wait_sources(id, 1);
        let from = guest.mark();
        guest.tell(json!({ "cmd": "download", "id": id }));
        guest.wait_end(from, "download", id).finished();
        guest.wait_end(from, "install", id).finished();
        built
            .tree
            .assert_same(&guest_seat.tree(id).without("local"));
        built.installed.assert_same(&guest_seat.installed(id));
    }
    assert_eq!(guest.game_ids(), ids);
    drop(alpha);
}
