//! A machine that dies at one event of an update after the other: what is there is the old version or
//! the new one, never neither, and in the end the new one.

use lanspread_testbed::{
    fixture::{ArchiveFormat, BuiltGame, Contents, GameFixture, MIB},
    tree::{Difference, Tree},
};
use serde_json::{Value, json};

use crate::{
    guest::Guest,
    scene::{PATIENCE, Scene, Seat},
};

const GAME: &str = "quake";
const OLD: &str = "20240101";
const NEW: &str = "20250101";
const SAVE: &str = "save/slot1.sav";

/// More events than an update has here, so that the last run is not disturbed at all.
const EVENTS_MAX: usize = 40;

fn game(version: &str) -> GameFixture {
    let unpacked = Contents::new()
        .random_file(version, "bin/quake", 2 * MIB)
        .random_file(version, &format!("maps/{version}.map"), MIB);
    GameFixture::new(GAME)
        .version(version)
        .random_file("data/shared.bin", MIB)
        .seed(version)
        .random_file("data/changed.bin", 3 * MIB)
        .random_file(&format!("data/only-{version}.bin"), MIB)
        .archive("quake.eti", ArchiveFormat::Zip, unpacked)
}

/// Has the old version downloaded, installed and played.
fn play_old(seat: &Seat<'_>) -> Guest {
    seat.clear();
    seat.place(&game(OLD));
    let guest = seat.start();
    guest.wait_hashed(GAME);
    guest
        .run("install", json!({ "cmd": "install", "id": GAME }))
        .finished();
    let save = seat.root(GAME).join("local").join(SAVE);
    std::fs::create_dir(save.parent().expect("it has one")).expect("writable");
    std::fs::write(save, "level 7").expect("writable");
    guest.wait_sources(GAME, 1);
    guest
}

/// Whether an operation on the game runs.
fn is_busy(status: &Value) -> bool {
    let operations = status["operations"].as_array().into_iter().flatten();
    operations.clone().any(|operation| operation["id"] == GAME)
}

fn wait_idle(guest: &Guest) {
    let idle = guest.wait_until("status", "come to rest", |status| !is_busy(status));
    idle.expect("it comes to rest");
}

/// Brings the update to its end, whatever of it goes on by itself.
fn complete(guest: &Guest) {
    guest.wait_sources(GAME, 1);
    wait_idle(guest);
    if guest.game(GAME)["version"] != NEW {
        guest
            .run(
                "download",
                json!({ "cmd": "update", "id": GAME, "install": false }),
            )
            .finished();
    }
    wait_idle(guest);
}

/// The root holds the new version and the player's save.
fn assert_new(seat: &Seat<'_>, new: &BuiltGame, when: &str) {
    let tree = seat.tree(GAME);
    let save = Tree::of([(SAVE, &b"level 7"[..])]);
    assert_eq!(
        tree.below("local").get(SAVE),
        save.get(SAVE),
        "the save, {when}"
    );
    // Of an old version that somebody put there by hand, what is no game's by contract stays.
    let left = Difference::Unexpected(format!("data/only-{OLD}.bin"));
    let differences = new.tree.difference(&tree.without("local"));
    assert_eq!(differences, [left], "{when}");
}

/// What the crash left on the disk is one whole version, or on its way to one: every file under its
/// final name is of the old or of the new one.
fn assert_no_half(seat: &Seat<'_>, old: &BuiltGame, new: &BuiltGame, when: &str) {
    let found = seat.tree(GAME);
    for path in found
        .paths()
        .filter(|path| !path.starts_with('.') && !path.starts_with("local/"))
    {
        let file = found.get(path);
        assert!(
            file == old.tree.get(path) || file == new.tree.get(path),
            "{path} is of neither version, {when}"
        );
    }
    let has = |version: &BuiltGame| {
        version
            .tree
            .paths()
            .all(|path| found.get(path) == version.tree.get(path))
    };
    let sentinel = found.get("version.ini");
    assert!(
        sentinel.is_none() || has(old) || has(new),
        "a version without its files, {when}"
    );
}

#[test]
fn a_machine_that_dies_at_any_event_of_an_update_keeps_one_whole_version_and_the_save() {
    let scene = Scene::of(&["alpha", "receiver"]);
    let alpha_seat = scene.seat("alpha");
    let new = alpha_seat.place(&game(NEW));
    alpha_seat.hash_alone(&[GAME]);
    let alpha = alpha_seat.start();
    let old = game(OLD).build(&scene.dir().join("old")).expect("writable");
    let seat = scene.seat("receiver");

    for deadly in 1..=EVENTS_MAX {
        let guest = play_old(&seat);
        let from = guest.mark();
        guest.tell(json!({ "cmd": "update", "id": GAME }));
        let (mut seen, mut last) = (0, String::new());
        let reached = guest.wait_event(from, PATIENCE, "go on", |event| {
            seen += 1;
            last = event.to_string();
            seen == deadly || event["event"] == "install-finished"
        });
        let over = reached.expect("it goes on").value["event"] == "install-finished";
        guest.kill();

        let when = format!("killed at event {deadly}, {last}");
        assert_no_half(&seat, &old, &new, &when);
        let guest = seat.start();
        complete(&guest);
        assert_new(&seat, &new, &when);
        assert_eq!(guest.game(GAME)["version"], NEW, "{when}");
        let installed = seat.installed(GAME).without("save");
        if installed != new.installed {
            old.installed.assert_same(&installed);
            guest
                .run("install", json!({ "cmd": "install", "id": GAME }))
                .finished();
            new.installed
                .assert_same(&seat.installed(GAME).without("save"));
            assert_new(&seat, &new, &when);
        }
        for transient in [
            ".local.installing",
            ".local.backup",
            ".lanspread.download",
            ".lanspread.json",
        ] {
            assert!(
                !seat.root(GAME).join(transient).exists(),
                "{transient} is left, {when}"
            );
        }
        guest.leave();
        if over {
            println!("killed at {} events", deadly - 1);
            drop(alpha);
            return;
        }
    }
    panic!("an update has more than {EVENTS_MAX} events");
}
