//! Every file that the disk side writes for itself, broken in every way.
//!
//! Invariant under test: whatever one of them holds, the games are read, nothing of the player's or
//! of others is touched, and every operation still reaches its end; only an intent log of a newer
//! Lanspread stops, and says so.

use std::{fs, path::PathBuf};

use lanspread_core::root::{DownloadIntent, Goal};
use lanspread_testbed::state_files::{Broken, StateFile, broken, in_game_root, in_state_dir};

use super::{
    super::store::OWNED_BYTES_MAX,
    crash_fs::{Crash, Plan},
    crash_scenarios::{NEW, OLD, update, with_foreign},
    world::*,
};

/// What must be there whatever happens.
const PLAYERS: [(&str, &[u8]); 3] = [
    ("local/save/game1", b"my save"),
    (".sync/id", b"foreign"),
    ("mine.txt", b"foreign too"),
];

/// A game that was downloaded, installed and played, and half an update of it.
fn build(world: &World) {
    let disk = world.steady();
    download(&disk, &OLD, DownloadIntent::New).unwrap();
    reach(&disk, &Goal::Install).unwrap();
    world.put("local/save/game1", b"my save");
    with_foreign(world);
    gather(&disk, &NEW, DownloadIntent::Update, 3).unwrap();
}

/// Every file that Lanspread wrote for itself, by its path.
fn own_files(world: &World) -> Vec<(PathBuf, &'static StateFile)> {
    let mut found = Vec::new();
    for path in files_below(&world.state()) {
        let file = in_state_dir(&path).unwrap_or_else(|| panic!("{path} is in no list"));
        found.push((world.state().join(path), file));
    }
    for path in files_below(&world.root()) {
        if let Some(file) = in_game_root(&path) {
            found.push((world.root().join(path), file));
        }
    }
    found
}

fn assert_players_files(world: &World, at: &str) {
    let tree = world.tree();
    for (path, content) in PLAYERS {
        assert_eq!(
            tree.get(path).map(Vec::as_slice),
            Some(content),
            "{at}: {path}"
        );
    }
}

/// Brings the new version and installs it.
fn assert_goes_on(world: &World, at: &str) {
    let disk = world.steady();
    disk.scan_library()
        .unwrap_or_else(|error| panic!("{at}: {error}"));
    assert_players_files(world, at);
    reach(&disk, &Goal::Settle).unwrap_or_else(|error| panic!("{at}: {error}"));
    assert_players_files(world, at);
    update(&disk).unwrap_or_else(|error| panic!("{at}: {error}"));
    reach(&disk, &Goal::Install).unwrap_or_else(|error| panic!("{at}: {error}"));
    assert_players_files(world, at);
    let tree = world.tree();
    for (path, content) in NEW.iter() {
        assert!(tree.get(path) == Some(content), "{at}: {path}");
    }
    assert_eq!(tree["local/bin/game"], b"v2", "{at}");
}

#[test]
fn whatever_a_file_of_our_own_holds_the_game_is_kept_and_operations_go_on() {
    let world = World::new();
    build(&world);
    let files = own_files(&world);
    let kinds: std::collections::BTreeSet<&str> = files.iter().map(|(_, file)| file.path).collect();
    assert!(
        kinds.len() >= 9,
        "not all kinds of file are here: {kinds:?}"
    );
    let mut tried = 0;
    for (number, (path, file)) in files.iter().enumerate() {
        let sound = fs::read(path).unwrap();
        for Broken { how, bytes } in broken(&sound, file.format) {
            let world = World::new();
            build(&world);
            let (path, again) = &own_files(&world)[number];
            assert_eq!(again.path, file.path);
            fs::write(path, bytes).unwrap();
            assert_goes_on(&world, &format!("{}, {how}", file.path));
            tried += 1;
        }
    }
    println!("{tried} broken files of {} kinds", kinds.len());
}

/// Points of an update at which its intent log says something, from the first to the last.
fn points_with_intent() -> Vec<u64> {
    (0..)
        .map(|cut_at| (cut_at, cut_with_intent(cut_at)))
        .skip_while(|(_, (_, has_intent))| !has_intent)
        .take_while(|(_, (_, has_intent))| *has_intent)
        .map(|(cut_at, _)| cut_at)
        .collect()
}

fn cut_with_intent(cut_at: u64) -> (World, bool) {
    let world = World::new();
    build(&world);
    if let Ok(disk) = world.disk(&Plan::new(Crash::Kill, cut_at)) {
        let _ = update(&disk);
    }
    let has_intent = world.root().join(".lanspread.json").exists();
    (world, has_intent)
}

/// Whatever the machine was at when it stopped, an intent log that cannot be read loses nothing.
#[test]
fn a_broken_intent_log_loses_nothing_and_a_newer_one_stops_with_a_message() {
    let points = points_with_intent();
    assert!(points.len() > 3, "{points:?}");
    let mut tried = 0;
    for cut_at in points.into_iter().step_by(4) {
        let (world, _) = cut_with_intent(cut_at);
        let path = world.root().join(".lanspread.json");
        let file = in_game_root(".lanspread.json").unwrap();
        let sound = fs::read(&path).unwrap();
        for Broken { how, bytes } in broken(&sound, file.format) {
            let at = format!("cut at {cut_at}, intent log {how}");
            let (world, _) = cut_with_intent(cut_at);
            let path = world.root().join(".lanspread.json");
            fs::write(&path, bytes).unwrap();
            if how == "of a newer format" {
                let refused = update(&world.steady()).unwrap_err().message;
                assert!(refused.contains(".lanspread.json"), "{at}: {refused}");
                assert_players_files(&world, &at);
                // Whoever wrote it completes what it says; then all is as before.
                fs::write(&path, &sound).unwrap();
            }
            assert_goes_on(&world, &at);
            tried += 1;
        }
    }
    println!("{tried} broken intent logs");
}

/// A manifest in the state directory was damaged without changing its length. It was not used, and
/// not written again either, because only its length was looked at: every further download of the
/// game failed with "the manifest is not known: try again".
#[test]
fn a_remembered_manifest_that_was_damaged_is_written_again() {
    let world = World::new();
    prepare(&world.steady(), &manifest(&NEW), DownloadIntent::New).unwrap();
    reach(&world.steady(), &Goal::DropDownload).unwrap();
    let name = manifest(&NEW).hash().to_string();
    let path = world.state().join("manifests").join(name);
    let sound = fs::read(&path).unwrap();
    fs::write(&path, vec![0; sound.len()]).unwrap();
    download(&world.steady(), &NEW, DownloadIntent::New).unwrap();
    assert_eq!(fs::read(&path).unwrap(), sound);
}

#[test]
fn a_record_of_a_download_is_read_up_to_the_limit_and_not_past_it() {
    let world = World::new();
    build(&world);
    let files = own_files(&world);
    let owned = files.iter().find(|(_, file)| file.path.contains("/owned/"));
    let (path, _) = owned.expect("it was downloaded");
    let mut record = fs::read(path).unwrap();
    for (len, is_read) in [(OWNED_BYTES_MAX, true), (OWNED_BYTES_MAX + 1, false)] {
        record.resize(usize::try_from(len).unwrap(), b'\n');
        fs::write(path, &record).unwrap();
        let observed = world.steady().observe_root(&id()).unwrap();
        assert_eq!(observed.recorded.is_some(), is_read);
    }
}
