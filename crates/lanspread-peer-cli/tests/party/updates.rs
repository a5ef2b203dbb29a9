//! From one version to the next: only what changed travels, what is the player's stays.

use lanspread_testbed::{
    fixture::{ArchiveFormat, Contents, GameFixture, MIB},
    tree::Tree,
};
use serde_json::json;

use crate::{guest::Guest, scene::Scene};

const GAME: &str = "quake";
const OLD: &str = "20240101";
const NEW: &str = "20250101";

fn old_game() -> GameFixture {
    let unpacked = Contents::new()
        .random_file("old", "bin/quake", MIB)
        .file("config.ini", "volume=5\n")
        .random_file("old", "maps/gone.map", MIB);
    GameFixture::new(GAME)
        .version(OLD)
        .random_file("data/shared.bin", 16 * MIB)
        .random_file("data/dropped.bin", 2 * MIB)
        .archive("quake.eti", ArchiveFormat::Zip, unpacked)
}

fn new_game() -> GameFixture {
    let unpacked = Contents::new()
        .random_file("new", "bin/quake", MIB)
        .file("config.ini", "volume=7\n")
        .random_file("new", "maps/fresh.map", MIB);
    GameFixture::new(GAME)
        .version(NEW)
        .random_file("data/shared.bin", 16 * MIB)
        .random_file("data/added.bin", 6 * MIB)
        .archive("quake.eti", ArchiveFormat::Zip, unpacked)
}

fn start_holder(
    scene: &Scene,
    name: &str,
    game: &GameFixture,
) -> (Guest, lanspread_testbed::fixture::BuiltGame) {
    let seat = scene.seat(name);
    let built = seat.place(game);
    seat.hash_alone(&[GAME]);
    (seat.start(), built)
}

#[test]
fn an_update_fetches_only_what_changed_and_keeps_what_is_the_players() {
    let scene = Scene::of(&["alpha", "bravo", "receiver"]);
    let (alpha, old) = start_holder(&scene, "alpha", &old_game());
    let seat = scene.seat("receiver");
    let receiver = seat.start();
    receiver.wait_sources(GAME, 1);
    let from = receiver.mark();
    receiver.tell(json!({ "cmd": "download", "id": GAME }));
    receiver.wait_end(from, "download", GAME).finished();
    receiver.wait_end(from, "install", GAME).finished();
    old.tree.assert_same(&seat.tree(GAME).without("local"));
    old.installed.assert_same(&seat.installed(GAME));

    let local = seat.root(GAME).join("local");
    std::fs::create_dir(local.join("save")).expect("writable");
    std::fs::write(local.join("save/slot1.sav"), "level 7").expect("writable");
    std::fs::write(local.join("config.ini"), "volume=11\n").expect("writable");
    std::fs::write(seat.root(GAME).join("my-mods.txt"), "mine").expect("writable");
    std::fs::create_dir(seat.root(GAME).join(".sync")).expect("writable");
    std::fs::write(seat.root(GAME).join(".sync/ID"), "theirs").expect("writable");

    let (bravo, new) = start_holder(&scene, "bravo", &new_game());
    receiver
        .wait_for_game(GAME, "see the new version of", |game| {
            game["expected_version"] == NEW && game["peers"] == 1
        })
        .expect("it is seen");
    let from = receiver.mark();
    receiver.tell(json!({ "cmd": "update", "id": GAME }));
    let downloaded = receiver.wait_end(from, "download", GAME).finished();
    receiver.wait_end(from, "install", GAME).finished();
    assert_eq!(downloaded.event["version"], NEW);

    // What came is what the new version does not share with the old one.
    let in_common = 16 * MIB as u64;
    assert_eq!(
        downloaded.number("bytes"),
        new.tree.total_bytes() - in_common,
        "{}",
        downloaded.event
    );
    let shares = downloaded.shares();
    assert_eq!(
        shares.keys().collect::<Vec<_>>(),
        ["bravo"],
        "only it has the new version"
    );

    let mine = Tree::read(&seat.root(GAME)).expect("readable");
    let foreign = mine
        .clone()
        .without("local")
        .without("my-mods.txt")
        .without(".sync");
    new.tree.assert_same(&foreign);
    assert!(
        mine.get("my-mods.txt").is_some() && mine.get(".sync/ID").is_some(),
        "foreign files stay"
    );
    let kept = format!(".lanspread-kept/{OLD}/config.ini");
    let played = seat.installed(GAME);
    let expected = Tree::of([
        (kept.as_str(), &b"volume=11\n"[..]),
        ("save/slot1.sav", b"level 7"),
    ]);
    for path in expected.paths() {
        assert_eq!(played.get(path), expected.get(path), "{path} of the player");
    }
    let unpacked = played.without("save").without(".lanspread-kept");
    new.installed.assert_same(&unpacked);

    // The whole is a download and then an install; each was in order by itself.
    let events = receiver.events_since(from);
    let at = |name: &str| events.iter().position(|event| event["event"] == name);
    assert!(at("download-finished") < at("install-began"), "{events:?}");
    drop((alpha, bravo));
}
