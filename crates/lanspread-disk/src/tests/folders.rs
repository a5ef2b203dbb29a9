//! Several game directories: which of them a game lies in, and one that is away.

use std::{fs, path::PathBuf, sync::Arc};

use lanspread_core::{
    DiskFailureKind, FoundTwice, LibraryReport,
    limits::MORE_GAME_DIRS_MAX,
    root::{DownloadIntent, Goal},
};
use lanspread_unpack::AnyUnpacker;

use super::{
    super::{Disk, RealFileSystem, Unreadable, port::FileSystem},
    crash_fs::{Crash, Plan},
    world::*,
};

/// A world with a second directory.
struct Two {
    world: World,
    more: PathBuf,
}

impl Two {
    fn new() -> Self {
        let world = World::new();
        let more = world.games().with_file_name("more");
        fs::create_dir(&more).unwrap();
        Self { world, more }
    }

    fn disk(&self) -> Disk {
        let disk = self.world.steady();
        let more = [self.more.clone()];
        disk.open_more_game_dirs(&more, Unreadable::Awaited)
            .unwrap();
        disk
    }

    /// Puts a game into the second directory.
    fn put(&self, id: &str, tree: &Tree) {
        for (path, content) in tree {
            let path = self.more.join(id).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    fn unplug(&self) {
        fs::rename(&self.more, self.more.with_extension("away")).unwrap();
    }

    fn plug_in(&self) {
        fs::rename(self.more.with_extension("away"), &self.more).unwrap();
    }
}

fn game(stamp: &str) -> Tree {
    tree([
        ("version.ini", stamp.as_bytes().to_vec()),
        ("game.eti", archive(&[("bin/game", stamp)], 0)),
    ])
}

fn ids(report: &LibraryReport) -> Vec<&str> {
    report.roots.iter().map(|root| root.id.as_str()).collect()
}

#[test]
fn the_games_of_all_directories_are_one_library_and_a_game_that_lies_twice_comes_from_the_first() {
    let two = Two::new();
    two.world.put_all(&game("20200101"));
    two.put("quake", &game("20210101"));
    two.put("doom", &game("20200101"));
    let report = two.disk().scan_library().unwrap();
    assert_eq!(ids(&report), ["doom", "quake"]);
    let expected = lanspread_core::SentinelReport::Version(version("20200101"));
    assert_eq!(report.roots[1].sentinel, expected, "the first one's");
    let twice = FoundTwice {
        id: id(),
        used: two.world.games(),
        passed_over: two.more.clone(),
    };
    assert_eq!(report.twice, [twice]);
    assert_eq!(report.roots[1].problem, None, "it is shared");
    assert_eq!(report.more_dirs[0].path, two.more);
    assert!(report.more_dirs[0].problem.is_none() && report.more_dirs[0].free_bytes.is_some());
}

#[test]
fn a_game_in_the_second_directory_is_served_unpacked_updated_and_deleted_there() {
    let two = Two::new();
    let old = game("20200101");
    two.put("quake", &old);
    let disk = two.disk();
    let root = two.more.join("quake");
    assert_eq!(disk.root_path(&id()), root);
    let hashed = hash(&disk).unwrap();
    for chunk in hashed.chunk_refs() {
        let expected = content(&old, &hashed, chunk);
        let mut read = vec![0; expected.len()];
        disk.read_chunks(&id(), hashed.hash(), &[chunk], &mut read)
            .unwrap();
        assert_eq!(read, expected);
    }
    reach(&disk, &Goal::Install).unwrap();
    assert_eq!(fs::read(root.join("local/bin/game")).unwrap(), b"20200101");
    download(&disk, &game("20210101"), DownloadIntent::Update).unwrap();
    reach(&disk, &Goal::Install).unwrap();
    assert_eq!(fs::read(root.join("local/bin/game")).unwrap(), b"20210101");
    reach(&disk, &Goal::Uninstall).unwrap();
    assert!(!root.join("local").exists());
    reach(&disk, &Goal::Remove).unwrap();
    assert!(!root.join("version.ini").exists());
    assert!(!two.world.root().exists(), "nothing was put into the first");
}

#[test]
fn a_directory_that_is_away_takes_no_other_along_and_its_games_are_not_fetched_anew() {
    let two = Two::new();
    two.put("quake", &game("20200101"));
    fs::create_dir(two.world.games().join("doom")).unwrap();
    let disk = two.disk();
    hash(&disk).unwrap();
    disk.scan_library().unwrap();
    two.unplug();
    // Known from this run, and, for one that began without the disk, from an earlier one.
    for disk in [disk, two.disk()] {
        let report = disk.scan_library().unwrap();
        assert_eq!(ids(&report), ["doom"]);
        assert_eq!(report.first_problem, None);
        assert_eq!(report.away, [(id(), two.more.clone())].into());
        let problem = report.more_dirs[0].problem.as_ref().unwrap();
        assert!(
            problem.message.contains("find the game directory"),
            "{problem}"
        );
        let refused = download(&disk, &game("20210101"), DownloadIntent::New).unwrap_err();
        assert!(
            refused.message.contains("connect that disk again"),
            "{refused}"
        );
        assert!(!two.world.root().exists());
        two.plug_in();
        assert_eq!(ids(&disk.scan_library().unwrap()), ["doom", "quake"]);
        download(&disk, &game("20210101"), DownloadIntent::Update).unwrap();
        assert!(!two.world.root().exists());
        two.unplug();
    }
}

#[test]
fn the_first_directory_is_awaited_when_it_is_away_at_the_start_if_that_is_wished() {
    let two = Two::new();
    two.put("quake", &game("20200101"));
    two.unplug();
    let fs = two.world.file_system(&Plan::endless(Crash::Kill));
    let disk =
        Disk::with_file_system(Arc::new(fs), &two.world.state(), Arc::new(AnyUnpacker)).unwrap();
    let refused = disk.open_game_dir(&two.more, Unreadable::Refused);
    assert_eq!(refused.unwrap_err().kind, DiskFailureKind::NotFound);
    assert!(disk.game_dirs().is_empty());
    disk.open_game_dir(&two.more, Unreadable::Awaited).unwrap();
    assert_eq!(disk.game_dirs(), std::slice::from_ref(&two.more));
    assert_eq!(
        disk.scan_library().unwrap_err().kind,
        DiskFailureKind::NotFound
    );
    let refused = download(&disk, &game("20210101"), DownloadIntent::New).unwrap_err();
    assert_eq!(refused.kind, DiskFailureKind::FolderAway);
    assert!(
        refused.message.contains("connect that disk again"),
        "{refused}"
    );
    assert!(!two.more.exists(), "nothing is made in its place");
    two.plug_in();
    assert_eq!(ids(&disk.scan_library().unwrap()), ["quake"]);
    download(&disk, &game("20210101"), DownloadIntent::Update).unwrap();
}

#[test]
fn a_first_directory_around_the_state_directory_is_refused() {
    let two = Two::new();
    let disk = two.world.steady();
    let around = two.world.state();
    for unreadable in [Unreadable::Refused, Unreadable::Awaited] {
        let refused = disk.open_game_dir(&around, unreadable).unwrap_err();
        assert_eq!(refused.kind, DiskFailureKind::FoldersClash);
        assert!(
            refused.message.contains("this program's own files"),
            "{refused}"
        );
    }
    assert_eq!(disk.game_dirs(), [two.world.games()]);
}

#[test]
fn a_game_that_went_to_another_directory_is_read_from_there_after_a_look_at_it() {
    let two = Two::new();
    two.world.put_all(&game("20200101"));
    let disk = two.disk();
    disk.scan_library().unwrap();
    fs::rename(two.world.root(), two.more.join("quake")).unwrap();
    assert!(disk.scan_root(&id()).unwrap().is_some());
    let hashed = hash(&disk).unwrap();
    assert!(disk.manifest(&id(), hashed.hash()).is_ok());
    assert_eq!(disk.root_path(&id()), two.more.join("quake"));
}

/// A machine on which the directory `games` is nearly full.
#[derive(Debug)]
struct NearlyFull;

impl FileSystem for NearlyFull {
    fn open(&self, path: &std::path::Path) -> std::io::Result<Arc<dyn super::super::port::Folder>> {
        RealFileSystem.open(path)
    }

    fn make(&self, path: &std::path::Path) -> std::io::Result<()> {
        RealFileSystem.make(path)
    }

    fn canonical(&self, path: &std::path::Path) -> std::io::Result<PathBuf> {
        RealFileSystem.canonical(path)
    }

    fn available_bytes(&self, path: &std::path::Path) -> std::io::Result<u64> {
        Ok(if path.ends_with("games") { 1 } else { 1 << 40 })
    }
}

#[test]
fn a_new_game_goes_where_there_is_room_and_stays_there() {
    let two = Two::new();
    let files = game("20200101");
    download(&two.disk(), &files, DownloadIntent::New).unwrap();
    assert!(two.world.root().join("version.ini").exists(), "the first");
    fs::remove_dir_all(two.world.root()).unwrap();
    let state = two.world.state();
    let disk = Disk::with_file_system(Arc::new(NearlyFull), &state, Arc::new(AnyUnpacker)).unwrap();
    disk.open_game_dir(&two.world.games(), Unreadable::Refused)
        .unwrap();
    let refused = download(&disk, &files, DownloadIntent::New).unwrap_err();
    assert_eq!(refused.kind, DiskFailureKind::NoSpace);
    let more = [two.more.clone()];
    disk.open_more_game_dirs(&more, Unreadable::Refused)
        .unwrap();
    download(&disk, &files, DownloadIntent::New).unwrap();
    assert!(two.more.join("quake/version.ini").exists());
    assert!(!two.world.root().exists());
}

#[test]
fn directories_that_clash_are_missing_or_too_many_are_refused_and_nothing_changes() {
    let two = Two::new();
    let disk = two.disk();
    let before = disk.game_dirs();
    let base = two.world.games().parent().unwrap().to_owned();
    let inside = two.more.join("inside");
    fs::create_dir(&inside).unwrap();
    let refused = |paths: &[PathBuf]| {
        let refused = disk.open_more_game_dirs(paths, Unreadable::Refused);
        assert_eq!(disk.game_dirs(), before);
        refused.unwrap_err()
    };
    let clashes = [
        vec![two.world.games()],
        vec![two.more.clone(), inside.clone()],
        vec![base.clone()],
        vec![two.world.state()],
        vec![two.more.clone(); MORE_GAME_DIRS_MAX + 1],
    ];
    for clash in clashes {
        assert_eq!(
            refused(&clash).kind,
            DiskFailureKind::FoldersClash,
            "{clash:?}"
        );
    }
    assert_eq!(
        refused(&[base.join("nowhere")]).kind,
        DiskFailureKind::NotFound
    );
    #[cfg(unix)]
    {
        let link = base.join("link");
        std::os::unix::fs::symlink(two.world.games(), &link).unwrap();
        assert_eq!(
            refused(&[link]).kind,
            DiskFailureKind::FoldersClash,
            "by its full path"
        );
    }
    let failure = disk
        .open_game_dir(&inside, Unreadable::Refused)
        .unwrap_err();
    assert_eq!(failure.kind, DiskFailureKind::FoldersClash);
    assert_eq!(disk.game_dirs(), before);
}

#[test]
fn a_further_directory_that_becomes_the_first_changes_places_with_it() {
    let two = Two::new();
    let disk = two.disk();
    disk.open_game_dir(&two.more, Unreadable::Refused).unwrap();
    assert_eq!(disk.game_dirs(), [two.more.clone(), two.world.games()]);
    let third = two.more.with_file_name("third");
    fs::create_dir(&third).unwrap();
    disk.open_game_dir(&third, Unreadable::Refused).unwrap();
    assert_eq!(disk.game_dirs(), [third.clone(), two.world.games()]);
    let seven: Vec<PathBuf> = (0..MORE_GAME_DIRS_MAX)
        .map(|n| third.with_file_name(format!("more{n}")))
        .collect();
    for dir in &seven {
        fs::create_dir(dir).unwrap();
    }
    disk.open_more_game_dirs(&seven, Unreadable::Refused)
        .unwrap();
    assert_eq!(disk.game_dirs().len(), 1 + MORE_GAME_DIRS_MAX);
}
