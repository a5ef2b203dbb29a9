//! Installs, updates of installs, uninstalls, removals.

use std::fs;

use lanspread_core::{
    DiskFailureKind,
    root::{DownloadIntent, Goal, Step},
};
use lanspread_unpack::CancelFlag;

use super::world::*;

pub(super) fn game(stamp: &str, files: &[(&str, &str)], archive_len: usize) -> Tree {
    tree([
        ("version.ini", stamp.as_bytes().to_vec()),
        ("game.eti", archive(files, archive_len)),
        ("game_start.cmd", b"start".to_vec()),
    ])
}

fn local(world: &World) -> Vec<(String, String)> {
    world
        .tree()
        .into_iter()
        .filter_map(|(path, content)| {
            let path = path.strip_prefix("local/")?.to_owned();
            let content = String::from_utf8_lossy(&content).into_owned();
            (path != ".lanspread_owned").then_some((path, content))
        })
        .collect()
}

fn pairs(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files
        .iter()
        .map(|(path, content)| ((*path).to_owned(), (*content).to_owned()))
        .collect()
}

#[test]
fn an_install_unpacks_the_archives_in_the_order_of_their_names() {
    let world = World::new();
    let mut files = game(
        "20200101",
        &[("bin/game", "one"), ("readme", "first")],
        300_000,
    );
    files.insert("zz.eti".to_owned(), archive(&[("readme", "last")], 0));
    files.insert("sub/not.eti".to_owned(), archive(&[("never", "")], 0));
    let disk = world.steady();
    download(&disk, &files, DownloadIntent::New).unwrap();
    world.put("stranger.eti", archive(&[("evil", "")], 0));
    reach(&disk, &Goal::Install).unwrap();
    assert_eq!(
        local(&world),
        pairs(&[("bin/game", "one"), ("readme", "last")])
    );
    assert!(disk.scan_root(&id()).unwrap().unwrap().installed);
    assert_eq!(reach(&disk, &Goal::Install).unwrap(), [], "it is installed");
}

#[test]
fn an_update_of_an_install_keeps_the_players_files() {
    let world = World::new();
    let disk = world.steady();
    let old = game(
        "20200101",
        &[("bin/game", "v1"), ("config", "default"), ("gone", "x")],
        300_000,
    );
    download(&disk, &old, DownloadIntent::New).unwrap();
    reach(&disk, &Goal::Install).unwrap();
    world.put("local/save/one", b"my save");
    world.put("local/config", b"my settings");
    world.put("local/clash", b"mine");
    let new = game(
        "20210101",
        &[
            ("bin/game", "v2"),
            ("config", "new default"),
            ("clash/is", "now"),
        ],
        300_000,
    );
    download(&disk, &new, DownloadIntent::Update).unwrap();
    reach(&disk, &Goal::Install).unwrap();
    assert_eq!(
        local(&world),
        pairs(&[
            (".lanspread-kept/20200101/clash", "mine"),
            (".lanspread-kept/20200101/config", "my settings"),
            ("bin/game", "v2"),
            ("clash/is", "now"),
            ("config", "new default"),
            ("save/one", "my save"),
        ])
    );
    assert!(!world.root().join(".local.backup").exists());
}

#[test]
fn an_install_that_somebody_put_there_loses_no_file() {
    let world = World::new();
    let disk = world.steady();
    download(
        &disk,
        &game("20200101", &[("a", "ours"), ("b", "same")], 300_000),
        DownloadIntent::New,
    )
    .unwrap();
    world.put("local/a", b"theirs");
    world.put("local/b", b"same");
    world.put("local/c", b"only theirs");
    reach(&disk, &Goal::Install).unwrap();
    assert_eq!(
        local(&world),
        pairs(&[
            (".lanspread-kept/unknown/a", "theirs"),
            ("a", "ours"),
            ("b", "same"),
            ("c", "only theirs"),
        ])
    );
}

/// How many files of the same name are kept side by side.
const KEPT_SAME_NAME_MAX: u32 = 100;

#[test]
fn files_of_one_name_are_kept_side_by_side_up_to_the_limit_and_stay_behind_past_it() {
    for (there, kept) in [(KEPT_SAME_NAME_MAX - 1, true), (KEPT_SAME_NAME_MAX, false)] {
        let world = World::new();
        let disk = world.steady();
        let old = game("20200101", &[("config", "default")], 300_000);
        download(&disk, &old, DownloadIntent::New).unwrap();
        reach(&disk, &Goal::Install).unwrap();
        world.put("local/config", b"the latest");
        // Named so that they are carried over before the file that needs another name.
        for number in 1..=there {
            let end = match number {
                1 => String::new(),
                more => format!(".{more}"),
            };
            let name = format!("local/.lanspread-kept/20200101/config{end}");
            world.put(&name, number.to_string());
        }
        let new = game("20210101", &[("config", "new default")], 300_000);
        download(&disk, &new, DownloadIntent::Update).unwrap();
        reach(&disk, &Goal::Install).unwrap();
        let after = local(&world);
        let found = after.iter().any(|(_, content)| content == "the latest");
        assert_eq!(found, kept, "{there}: {after:?}");
        let aside = after
            .iter()
            .filter(|(path, _)| path.starts_with(".lanspread-kept"));
        assert_eq!(aside.count(), KEPT_SAME_NAME_MAX as usize);
    }
}

#[test]
fn a_broken_archive_leaves_the_old_install_as_it_was() {
    let world = World::new();
    let disk = world.steady();
    download(
        &disk,
        &game("20200101", &[("a", "1")], 300_000),
        DownloadIntent::New,
    )
    .unwrap();
    reach(&disk, &Goal::Install).unwrap();
    world.put("local/save", b"mine");
    let mut broken = game("20210101", &[], 300_000);
    broken.insert("z.eti".to_owned(), b"no archive".to_vec());
    download(&disk, &broken, DownloadIntent::Update).unwrap();
    let error = reach(&disk, &Goal::Install).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::BadArchive, "{error}");
    reach(&disk, &Goal::Settle).unwrap();
    assert_eq!(local(&world), pairs(&[("a", "1"), ("save", "mine")]));
    assert!(!world.root().join(".local.installing").exists());
    assert!(!world.root().join(".lanspread.json").exists());
}

#[test]
fn a_game_without_an_archive_cannot_be_installed_and_says_so() {
    let world = World::new();
    let disk = world.steady();
    download(
        &disk,
        &tree([("version.ini", b"20200101".to_vec())]),
        DownloadIntent::New,
    )
    .unwrap();
    let error = reach(&disk, &Goal::Install).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::BadArchive);
    assert!(error.message.contains("no archive"), "{error}");
}

#[test]
fn an_unmarked_directory_under_a_reserved_name_stops_an_install_and_stays() {
    for reserved in [".local.installing", ".local.backup"] {
        let world = World::new();
        let disk = world.steady();
        download(
            &disk,
            &game("20200101", &[("a", "1")], 300_000),
            DownloadIntent::New,
        )
        .unwrap();
        world.put(&format!("{reserved}/precious"), b"mine");
        let before = world.tree();
        reach(&disk, &Goal::Settle).unwrap();
        let error = reach(&disk, &Goal::Install).unwrap_err();
        assert!(error.message.contains(reserved), "{error}");
        assert_eq!(world.tree(), before);
    }
}

#[test]
fn an_uninstall_removes_local_only() {
    let world = World::new();
    let disk = world.steady();
    let files = game("20200101", &[("a", "1")], 300_000);
    download(&disk, &files, DownloadIntent::New).unwrap();
    reach(&disk, &Goal::Install).unwrap();
    reach(&disk, &Goal::Uninstall).unwrap();
    assert_eq!(world.tree(), files);
    assert!(!world.root().join("local").exists());
}

#[test]
fn a_removal_deletes_the_game_and_its_root() {
    let world = World::new();
    let disk = world.steady();
    let mut files = game("20200101", &[], 300_000);
    files.insert("deep/er/file".to_owned(), b"x".to_vec());
    download(&disk, &files, DownloadIntent::New).unwrap();
    reach(&disk, &Goal::Remove).unwrap();
    assert!(!world.root().exists());
    world.put_all(&files);
    fs::create_dir_all(world.root().join("an/empty/directory")).unwrap();
    reach(&disk, &Goal::Remove).unwrap();
    assert!(!world.root().exists(), "put there by hand");
}

#[test]
fn a_removal_lists_what_stands_in_the_way_and_touches_nothing() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &game("20200101", &[], 300_000), DownloadIntent::New).unwrap();
    world.put(".sync/id", b"x");
    world.put("notes.txt", b"x");
    world.put("data.!sync", b"x");
    let before = world.tree();
    let error = reach(&disk, &Goal::Remove).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::Foreign);
    for name in [".sync", "notes.txt", "data.!sync"] {
        assert!(error.message.contains(name), "{error}");
    }
    assert_eq!(world.tree(), before);
}

#[test]
fn an_installed_game_is_not_removed() {
    let world = World::new();
    let disk = world.steady();
    download(
        &disk,
        &game("20200101", &[("a", "1")], 300_000),
        DownloadIntent::New,
    )
    .unwrap();
    reach(&disk, &Goal::Install).unwrap();
    let before = world.tree();
    let error = reach(&disk, &Goal::Remove).unwrap_err();
    assert!(error.message.contains("uninstall it first"), "{error}");
    assert_eq!(world.tree(), before);
}

#[test]
fn a_damaged_intent_is_removed_and_the_game_stays() {
    let world = World::new();
    let disk = world.steady();
    let files = game("20200101", &[("a", "1")], 300_000);
    download(&disk, &files, DownloadIntent::New).unwrap();
    for damage in [
        &b""[..],
        b"\0\xff",
        b"{\"format\":1,\"intent\":{\"kind\":\"removi",
    ] {
        world.put(".lanspread.json", damage);
        assert!(disk.scan_root(&id()).unwrap().unwrap().unsettled);
        reach(&disk, &Goal::Settle).unwrap();
        assert_eq!(world.tree(), files);
    }
    world.put(".lanspread.json", b"{\"format\":99}");
    let error = reach(&disk, &Goal::Settle).unwrap_err();
    assert!(error.message.contains("newer Lanspread"), "{error}");
}

#[test]
fn without_a_readable_record_every_file_counts_as_the_players() {
    let world = World::new();
    let disk = world.steady();
    let old = game(
        "20200101",
        &[("same", "1"), ("changed", "old"), ("gone", "x")],
        0,
    );
    download(&disk, &old, DownloadIntent::New).unwrap();
    reach(&disk, &Goal::Install).unwrap();
    let library = fs::read_dir(world.state().join("libraries"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let record = library.path().join("installs/quake.20200101.json");
    fs::write(record, b"{\"format\":1,\"fil").unwrap();
    let new = game("20210101", &[("same", "1"), ("changed", "new")], 0);
    download(&disk, &new, DownloadIntent::Update).unwrap();
    reach(&disk, &Goal::Install).unwrap();
    assert_eq!(
        local(&world),
        pairs(&[
            (".lanspread-kept/20200101/changed", "old"),
            ("changed", "new"),
            ("gone", "x"),
            ("same", "1"),
        ])
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_the_player_made_is_taken_along_and_never_followed() {
    let world = World::new();
    let disk = world.steady();
    download(
        &disk,
        &game("20200101", &[("a", "1")], 0),
        DownloadIntent::New,
    )
    .unwrap();
    reach(&disk, &Goal::Install).unwrap();
    let outside = world.games().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), b"x").unwrap();
    std::os::unix::fs::symlink(&outside, world.root().join("local/mods")).unwrap();
    download(
        &disk,
        &game("20210101", &[("a", "2")], 0),
        DownloadIntent::Update,
    )
    .unwrap();
    reach(&disk, &Goal::Install).unwrap();
    assert_eq!(
        fs::read_link(world.root().join("local/mods")).unwrap(),
        outside
    );
    reach(&disk, &Goal::Uninstall).unwrap();
    assert!(!world.root().join("local").exists());
    assert_eq!(fs::read(outside.join("precious")).unwrap(), b"x");
}

#[test]
fn a_cancelled_install_leaves_what_was_there() {
    let world = World::new();
    let disk = world.steady();
    let files = game("20200101", &[("a", "1")], 0);
    download(&disk, &files, DownloadIntent::New).unwrap();
    let version = version("20200101");
    step(&disk, &Step::BeginInstall { version }).unwrap();
    let cancel = CancelFlag::new();
    cancel.cancel();
    let unpack = Step::Unpack { version };
    let error = disk.run_step(&id(), &unpack, &|_| {}, &cancel).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::Aborted);
    reach(&disk, &Goal::Settle).unwrap();
    assert_eq!(world.tree(), files);
}
