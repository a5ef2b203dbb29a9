//! From one version to the next: only what changed travels, what is the player's stays.

use lanspread_testbed::{
    fixture::{ArchiveFormat, Contents, GameFixture, MIB},
    peer::Mark,
    tree::Tree,
};
use serde_json::{Value, json};

use crate::scene::{Guest, Scene, text};

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

/// Expects the order that users are promised, of one operation within these events: it is active, it
/// works, the library settles, it is active no more, its one terminal event. Returns the position
/// after that.
fn assert_order(events: &[Value], operation: &str, from: usize) -> usize {
    let is_active = |event: &Value| {
        let active = event["active"].as_array().into_iter().flatten();
        active
            .clone()
            .any(|one| one["id"] == GAME && one["kind"] == operation)
    };
    let find = |what: &str, from: usize, is_it: &dyn Fn(&Value) -> bool| -> usize {
        let found = events[from..].iter().position(is_it);
        let names: Vec<String> = events[from..]
            .iter()
            .map(|event| text(&event["event"]))
            .collect();
        from + found.unwrap_or_else(|| panic!("no {what} of {operation} in {names:?}"))
    };
    let changed = |event: &Value| event["event"] == "active-operations-changed";
    let named = |how: &str| format!("{operation}-{how}");

    let begun = find("activity", from, &|event| {
        changed(event) && is_active(event)
    });
    let began = find("begin", begun, &|event| {
        event["event"] == named("began").as_str()
    });
    let over = find("end of activity", began, &|event| {
        changed(event) && !is_active(event)
    });
    let settled = events[began..over]
        .iter()
        .rposition(|event| event["event"] == "games-list-updated");
    let settled = began + settled.expect("the library settles before the operation is gone");
    let worked = events[..over]
        .iter()
        .rposition(|event| event["event"] == named("progress").as_str())
        .expect("it reports progress");
    assert!(worked < settled, "the library settles after the last work");
    let terminals: Vec<usize> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| {
            ["finished", "failed", "cancelled"]
                .iter()
                .any(|how| event["event"] == named(how).as_str())
        })
        .map(|(at, _)| at)
        .collect();
    assert_eq!(
        terminals.len(),
        1,
        "exactly one terminal event of {operation}"
    );
    assert!(
        over < terminals[0],
        "the terminal event of {operation} comes last"
    );
    terminals[0] + 1
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
    let installed = receiver.wait_end(from, "install", GAME).finished();
    assert_eq!(downloaded.event["version"], NEW);

    // What came is what the new version does not share with the old one.
    let shared = 16 * MIB as u64;
    assert_eq!(
        downloaded.number("bytes"),
        new.tree.total_bytes() - shared,
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
    let player = Tree::of([
        (kept.as_str(), &b"volume=11\n"[..]),
        ("save/slot1.sav", b"level 7"),
    ]);
    for path in player.paths() {
        assert_eq!(played.get(path), player.get(path), "{path} of the player");
    }
    let unpacked = played.without("save").without(".lanspread-kept");
    new.installed.assert_same(&unpacked);

    assert_event_order(&receiver, from, installed.next);
    drop((alpha, bravo));
}

/// The whole of an update is a download and then an install, each in the order that is promised.
fn assert_event_order(receiver: &Guest, from: Mark, to: Mark) {
    let behind = receiver.events_since(to).len();
    let mut events = receiver.events_since(from);
    events.truncate(events.len() - behind);
    let after_download = assert_order(&events, "download", 0);
    let after_install = assert_order(&events, "install", 0);
    assert!(
        after_download < after_install,
        "the install follows the download"
    );
    assert_eq!(
        after_install,
        events.len(),
        "the terminal event is the last"
    );
}
