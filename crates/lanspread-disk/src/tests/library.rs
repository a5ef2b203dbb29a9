//! Scanning, hashing, serving.

use std::fs;

use lanspread_core::{
    DiskFailureKind, GameProblemKind, HashTrust, SentinelReport, root::DownloadIntent,
};
use lanspread_db::ChunkRef;
use lanspread_unpack::CancelFlag;

use super::world::*;

fn files() -> Tree {
    tree([
        ("version.ini", b"20200101".to_vec()),
        ("game.eti", noise(1, 700_000)),
        ("maps/a.bsp", noise(2, 100)),
    ])
}

#[test]
fn a_game_put_there_by_hand_is_hashed_once_and_stays_hashed_over_restarts() {
    let world = World::new();
    world.put_all(&files());
    world.put("local/save", b"mine");
    world.put("Thumbs.db", b"junk");
    world.put("maps/b.!sync", b"half");
    let disk = world.steady();
    let report = disk.scan_root(&id()).unwrap().unwrap();
    assert_eq!(
        report.sentinel,
        SentinelReport::Version(version("20200101"))
    );
    assert!(report.installed);
    assert_eq!(report.manifest, None);
    let expected = manifest(&files());
    assert_eq!(report.size_bytes, expected.total_bytes());
    assert_eq!(*hash(&disk).unwrap(), *expected);
    let disk = world.steady();
    assert_eq!(
        disk.scan_root(&id()).unwrap().unwrap().manifest,
        Some(expected.hash())
    );
    assert_eq!(*disk.manifest(&id(), expected.hash()).unwrap(), *expected);
}

#[test]
fn only_a_file_that_changed_is_read_again() {
    let world = World::new();
    world.put_all(&files());
    let disk = world.steady();
    hash(&disk).unwrap();
    world.put("maps/a.bsp", noise(9, 100));
    assert_eq!(disk.scan_root(&id()).unwrap().unwrap().manifest, None);
    let first = std::cell::Cell::new(None);
    let progress = |done, total| {
        if first.get().is_none() {
            first.set(Some((done, total)));
        }
    };
    disk.hash_root(&id(), HashTrust::Unchanged, &progress, &CancelFlag::new())
        .unwrap();
    assert_eq!(
        first.get(),
        Some((700_008, 700_108)),
        "all but the map was known"
    );
}

#[test]
fn an_interrupted_hash_is_not_repeated() {
    let world = World::new();
    world.put_all(&files());
    let disk = world.steady();
    let abort = CancelFlag::new();
    let progress = |done: u64, _| {
        if done >= 700_000 {
            abort.cancel();
        }
    };
    let error = disk
        .hash_root(&id(), HashTrust::Unchanged, &progress, &abort)
        .unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::Aborted);
    let first = std::cell::Cell::new(None);
    let progress = |done, _| {
        if first.get().is_none() {
            first.set(Some(done));
        }
    };
    let disk = world.steady();
    disk.hash_root(&id(), HashTrust::Unchanged, &progress, &CancelFlag::new())
        .unwrap();
    assert_eq!(first.get(), Some(700_000));
}

#[test]
fn chunks_are_served_until_the_file_changes() {
    let world = World::new();
    world.put_all(&files());
    let disk = world.steady();
    let manifest = hash(&disk).unwrap();
    for chunk in manifest.chunk_refs() {
        let info = manifest.chunk(chunk).unwrap();
        let from = usize::try_from(info.offset_bytes).unwrap();
        let expected = &files()[info.path.as_str()][from..from + info.len_bytes as usize];
        let mut read = vec![0; expected.len()];
        disk.read_chunks(&id(), manifest.hash(), &[chunk], &mut read)
            .unwrap();
        assert_eq!(read, expected);
        let mut other_len = vec![0; expected.len() + 1];
        let refused = disk.read_chunks(&id(), manifest.hash(), &[chunk], &mut other_len);
        assert!(refused.is_err(), "a chunk of another length");
    }
    let changed = noise(5, 700_000);
    world.put("game.eti", &changed);
    let chunk = ChunkRef { file: 0, chunk: 1 };
    let mut read = vec![0; manifest.chunk(chunk).unwrap().len_bytes as usize];
    let mut read_again = |chunk| disk.read_chunks(&id(), manifest.hash(), &[chunk], &mut read);
    let error = read_again(chunk).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::NotFound);
    assert!(
        error.message.contains("changed since it was hashed"),
        "{error}"
    );
    let past = ChunkRef { file: 9, chunk: 0 };
    assert!(read_again(past).is_err());
}

/// On a file system in memory, which every Linux has, all that was opened before is served without waiting.
#[test]
fn chunks_are_served_from_memory_as_from_a_disk_and_not_at_all_where_something_is_wrong() {
    let world = World::new();
    let is_memory = cfg!(target_os = "linux") && world.games().starts_with("/dev/shm");
    world.put_all(&files());
    let disk = world.steady();
    let manifest = hash(&disk).unwrap();
    let from_memory = |chunks: &[ChunkRef], into: &mut [u8]| {
        disk.read_chunks_from_memory(&id(), manifest.hash(), chunks, into)
    };
    let all: Vec<_> = manifest.chunk_refs().collect();
    let len_bytes = |chunk: &ChunkRef| manifest.chunk(*chunk).unwrap().len_bytes as usize;
    let mut expected = vec![0; all.iter().map(len_bytes).sum()];
    let mut read = expected.clone();
    assert!(!from_memory(&all, &mut read), "opening a file may wait");
    disk.read_chunks(&id(), manifest.hash(), &all, &mut expected)
        .unwrap();
    assert_eq!(from_memory(&all, &mut read), is_memory);
    assert!(!is_memory || read == expected);

    let (len, past) = (read.len(), ChunkRef { file: 9, chunk: 0 });
    assert!(!from_memory(&all, &mut read[..len - 1]), "too little room");
    read.push(0);
    assert!(!from_memory(&all, &mut read), "too much room");
    assert!(!from_memory(&[past], &mut read), "no such chunk");
    world.put("game.eti", noise(5, 700_000));
    let changed = ChunkRef { file: 0, chunk: 1 };
    assert!(!from_memory(&[changed], &mut read[..len_bytes(&changed)]));
}

#[test]
fn an_index_that_is_cut_garbled_or_old_is_made_anew() {
    let world = World::new();
    world.put_all(&files());
    let disk = world.steady();
    let expected = hash(&disk).unwrap();
    let index = find(&world.state(), "index").join("quake");
    let good = fs::read(&index).unwrap();
    let mut flipped = good.clone();
    flipped[40] ^= 4;
    for bad in [
        &good[..good.len() / 2],
        &flipped,
        b"",
        b"LSI0 something older",
    ] {
        fs::write(&index, bad).unwrap();
        let disk = world.steady();
        assert_eq!(disk.scan_root(&id()).unwrap().unwrap().manifest, None);
        assert_eq!(hash(&disk).unwrap(), expected);
        assert_eq!(fs::read(&index).unwrap(), good);
    }
}

fn find(below: &std::path::Path, name: &str) -> std::path::PathBuf {
    let libraries = below.join("libraries");
    let library = fs::read_dir(libraries)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    library.join(name)
}

#[test]
fn damaged_memories_never_stop_a_scan() {
    let world = World::new();
    download(&world.steady(), &files(), DownloadIntent::New).unwrap();
    let owned = find(&world.state(), "owned").join("quake");
    let manifests = fs::read_dir(world.state().join("manifests")).unwrap();
    let manifests: Vec<_> = manifests.map(|entry| entry.unwrap().path()).collect();
    for path in manifests.iter().chain([&owned]) {
        let good = fs::read(path).unwrap();
        fs::write(path, b"garbage").unwrap();
        let disk = world.steady();
        let report = disk.scan_root(&id()).unwrap().unwrap();
        assert_eq!(
            report.manifest,
            Some(manifest(&files()).hash()),
            "it counts as hand-placed"
        );
        fs::write(path, good).unwrap();
    }
}

/// The scan went through the open directory, so a folder that was moved away or deleted looked as if
/// nothing had happened, and what was downloaded from then on went where nobody finds it.
#[cfg(unix)]
#[test]
fn a_game_directory_that_was_moved_away_is_missed_until_it_is_back() {
    let world = World::new();
    world.put_all(&files());
    let disk = world.steady();
    let away = world.games().with_extension("away");
    fs::rename(world.games(), &away).unwrap();
    let failure = disk.scan_library().unwrap_err();
    assert_eq!(failure.kind, DiskFailureKind::NotFound, "{failure}");
    assert!(
        failure.to_string().contains("find the game directory"),
        "{failure}"
    );
    fs::rename(&away, world.games()).unwrap();
    assert_eq!(disk.scan_library().unwrap().roots.len(), 1);
}

#[test]
fn a_scan_reports_every_game_root_and_nothing_else() {
    let world = World::new();
    world.put_all(&files());
    fs::create_dir(world.games().join("empty")).unwrap();
    fs::create_dir(world.games().join(".hidden")).unwrap();
    fs::write(world.games().join("file"), b"").unwrap();
    fs::create_dir_all(world.games().join("nested/deep")).unwrap();
    fs::write(world.games().join("nested/deep/version.ini"), b"20200101").unwrap();
    fs::create_dir(world.games().join("fake")).unwrap();
    fs::write(world.games().join("fake/local"), b"a file is no install").unwrap();
    fs::create_dir(world.games().join("broken")).unwrap();
    fs::write(world.games().join("broken/version.ini"), b"soon").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(world.root(), world.games().join("link")).unwrap();
    let reports = world.steady().scan_library().unwrap().roots;
    let seen: Vec<(&str, bool, bool)> = reports
        .iter()
        .map(|report| {
            let has = matches!(report.sentinel, SentinelReport::Version(_));
            (report.id.as_str(), has, report.installed)
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("broken", false, false),
            ("empty", false, false),
            ("fake", false, false),
            ("nested", false, false),
            ("quake", true, false),
        ]
    );
    assert!(matches!(reports[0].sentinel, SentinelReport::Unreadable(_)));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_travel_is_named() {
    let world = World::new();
    world.put_all(&files());
    world.put("aux.txt", b"x");
    let report = world.steady().scan_root(&id()).unwrap().unwrap();
    let problem = report.problem.unwrap();
    assert_eq!(problem.kind, GameProblemKind::BadName);
    assert!(problem.message.contains("aux.txt"));
    assert_eq!(report.manifest, None);
}

#[test]
fn a_downloaded_game_that_lost_a_file_is_not_shared_and_says_what_to_do() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &files(), DownloadIntent::New).unwrap();
    fs::remove_file(world.root().join("maps/a.bsp")).unwrap();
    let report = disk.scan_root(&id()).unwrap().unwrap();
    let problem = report.problem.unwrap();
    assert_eq!(problem.file.as_deref(), Some("maps/a.bsp"));
    let problem = problem.message;
    assert!(
        problem.contains("maps/a.bsp") && problem.contains("verify"),
        "{problem}"
    );
    assert_eq!(report.manifest, None);
    assert_eq!(hash(&disk).unwrap_err().message, problem);
    let read = disk.hash_root(&id(), HashTrust::Nothing, &|_, _| {}, &CancelFlag::new());
    let read = read.unwrap();
    assert!(read.files().iter().all(|f| f.path.as_str() != "maps/a.bsp"));
}

/// A downloaded game of which a file changed was hashed as if somebody had put it there by hand, and
/// announced with what is wrong in it until the next look; a `verify` in that time compared the
/// damage with itself and said that every byte is as it should be.
#[test]
fn a_downloaded_game_that_was_damaged_is_not_hashed_to_be_shared() {
    let world = World::new();
    let sound = tree([
        ("version.ini", b"20200101".to_vec()),
        ("data.pak", noise(1, 300_000)),
    ]);
    let disk = world.steady();
    download(&disk, &sound, DownloadIntent::New).unwrap();
    let mut changed = sound["data.pak"].clone();
    changed[100_000] ^= 1;
    world.put("data.pak", changed);

    let refused = hash(&disk).unwrap_err();
    assert!(refused.message.contains("data.pak"), "{refused}");
    let report = disk.scan_root(&id()).unwrap().unwrap();
    assert_eq!(report.manifest, None);
    assert_eq!(report.problem.unwrap().message, refused.message);
    let read = disk.hash_root(&id(), HashTrust::Nothing, &|_, _| {}, &CancelFlag::new());
    assert_ne!(read.unwrap().hash(), manifest(&sound).hash());
}
