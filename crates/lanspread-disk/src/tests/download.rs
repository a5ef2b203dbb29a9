//! Downloads: gathering, resuming, switching, giving up, cancelling, refusing.

use std::{fs, sync::Mutex};

use lanspread_core::{
    DiskFailure, DiskFailureKind, Gathered, HashTrust, StepProgress, StepWork,
    root::{DownloadIntent, Goal, Next, Step, next_step},
};
use lanspread_db::{ChunkRef, Manifest};
use lanspread_unpack::CancelFlag;

use super::world::*;
use crate::Disk;

fn old_files() -> Tree {
    tree([
        ("version.ini", b"20200101\n".to_vec()),
        ("game.eti", noise(1, 900_000)),
        ("old.eti", noise(2, 1000)),
        ("data/shared.pak", noise(3, 300_000)),
        ("data/gone.pak", noise(4, 100)),
        ("data/changed.pak", noise(5, 100)),
    ])
}

fn new_files() -> Tree {
    tree([
        ("version.ini", b"20210101\r\n".to_vec()),
        ("game.eti", noise(11, 950_000)),
        ("data/shared.pak", noise(3, 300_000)),
        ("data/changed.pak", noise(6, 120)),
        ("data/new/deep.pak", noise(7, 10)),
        ("data/empty", Vec::new()),
    ])
}

#[test]
fn a_new_game_stands_whole_after_the_download_and_is_known_as_hashed() {
    let world = World::new();
    let disk = world.steady();
    let fetched = download(&disk, &new_files(), DownloadIntent::New).unwrap();
    assert_eq!(fetched, manifest(&new_files()).chunk_count() as usize);
    assert_eq!(world.tree(), new_files());
    let report = disk.scan_root(&id()).unwrap().unwrap();
    assert_eq!(report.manifest, Some(manifest(&new_files()).hash()));
    assert_eq!(
        (report.unsettled, report.pending_download, report.problem),
        (false, None, None)
    );
}

#[test]
fn an_update_fetches_only_what_changed_and_removes_what_it_downloaded_before() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &old_files(), DownloadIntent::New).unwrap();
    world.put("screenshot.png", b"mine");
    let fetched = download(&disk, &new_files(), DownloadIntent::Update).unwrap();
    let shared_chunks = 2;
    assert_eq!(
        fetched,
        manifest(&new_files()).chunk_count() as usize - shared_chunks
    );
    let mut expected = new_files();
    expected.insert("screenshot.png".to_owned(), b"mine".to_vec());
    assert_eq!(world.tree(), expected);
}

#[test]
fn an_update_of_a_game_put_there_by_hand_removes_only_what_the_contract_names() {
    let world = World::new();
    world.put_all(&old_files());
    world.put(".sync/id", b"foreign");
    let disk = world.steady();
    download(&disk, &new_files(), DownloadIntent::Update).unwrap();
    let mut expected = new_files();
    expected.insert("data/gone.pak".to_owned(), noise(4, 100));
    expected.insert(".sync/id".to_owned(), b"foreign".to_vec());
    assert_eq!(world.tree(), expected, "old.eti went, data/gone.pak stayed");
}

#[test]
fn an_interrupted_download_resumes_from_what_is_verified() {
    let world = World::new();
    let files = new_files();
    let manifest = manifest(&files);
    let disk = world.steady();
    prepare(&disk, &manifest, DownloadIntent::New).unwrap();
    let game = manifest.file_index(&"game.eti".parse().unwrap()).unwrap();
    let chunk = |chunk| ChunkRef { file: game, chunk };
    let mut stored_bytes = 0;
    for at in [0, 2] {
        let info = manifest.chunk(chunk(at)).unwrap();
        stored_bytes += u64::from(info.len_bytes);
        let from = usize::try_from(info.offset_bytes).unwrap();
        let bytes = &files["game.eti"][from..from + info.len_bytes as usize];
        disk.download(&id())
            .unwrap()
            .store_chunk(chunk(at), bytes)
            .unwrap();
    }
    drop(disk);
    // A bit flips in the first chunk while nobody looks.
    let staged = world.root().join(".lanspread.download/files/game.eti");
    let mut bytes = fs::read(&staged).unwrap();
    bytes[5] ^= 1;
    fs::write(&staged, bytes).unwrap();

    let disk = world.steady();
    let report = disk.scan_root(&id()).unwrap().unwrap();
    assert_eq!(report.pending_download, Some(manifest.hash()));
    assert!(
        !report.unsettled,
        "a download that waits is nothing to settle"
    );
    let total_bytes = manifest.total_bytes();
    let noted = Gathered {
        stored_bytes,
        total_bytes,
    };
    assert_eq!(report.gathered, Some(noted), "as it was noted");
    let prepared = prepare(&disk, &manifest, DownloadIntent::New).unwrap();
    assert_eq!(prepared.stored, [chunk(2)], "what is wrong does not count");
    let bytes = u64::from(manifest.chunk(chunk(2)).unwrap().len_bytes);
    let gathered = || disk.scan_root(&id()).unwrap().unwrap().gathered;
    assert_eq!(gathered().map(|noted| noted.stored_bytes), Some(bytes));
    fs::write(
        world.root().join(".lanspread.download/verified"),
        [0xff; 99],
    )
    .unwrap();
    assert_eq!(gathered(), None, "a journal that is too long says nothing");
    download(&disk, &files, DownloadIntent::New).unwrap();
    assert_eq!(world.tree(), files);
    assert_eq!(gathered(), None, "nothing waits any more");
}

#[test]
fn a_repair_fetches_only_the_damaged_chunk() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &new_files(), DownloadIntent::New).unwrap();
    let mut damaged = new_files()["game.eti"].clone();
    damaged[300_000] ^= 1;
    world.put("game.eti", &damaged);
    let found = disk
        .hash_root(&id(), HashTrust::Nothing, &|_, _| {}, &CancelFlag::new())
        .unwrap();
    assert_ne!(found.hash(), manifest(&new_files()).hash());
    let report = disk.scan_root(&id()).unwrap().unwrap();
    assert_eq!(report.manifest, None, "a damaged download is not shared");
    assert!(report.problem.unwrap().message.contains("game.eti"));
    assert_eq!(
        download(&disk, &new_files(), DownloadIntent::Repair).unwrap(),
        1
    );
    assert_eq!(world.tree(), new_files());
    let report = disk.scan_root(&id()).unwrap().unwrap();
    assert_eq!(report.manifest, Some(manifest(&new_files()).hash()));
}

#[test]
fn a_cancelled_download_leaves_the_old_version_and_nothing_else() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &old_files(), DownloadIntent::New).unwrap();
    prepare(&disk, &manifest(&new_files()), DownloadIntent::Update).unwrap();
    assert_ne!(world.tree(), old_files());
    reach(&disk, &Goal::DropDownload).unwrap();
    assert_eq!(world.tree(), old_files());
    let report = disk.scan_root(&id()).unwrap().unwrap();
    assert_eq!(report.manifest, Some(manifest(&old_files()).hash()));
}

#[test]
fn a_cancelled_first_download_leaves_no_root_unless_it_was_there() {
    let world = World::new();
    let disk = world.steady();
    prepare(&disk, &manifest(&new_files()), DownloadIntent::New).unwrap();
    reach(&disk, &Goal::DropDownload).unwrap();
    assert!(!world.root().exists());
    fs::create_dir(world.root()).unwrap();
    prepare(&disk, &manifest(&new_files()), DownloadIntent::New).unwrap();
    reach(&disk, &Goal::DropDownload).unwrap();
    assert!(world.root().exists());
}

#[test]
fn giving_up_the_old_version_first_keeps_what_is_shared() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &old_files(), DownloadIntent::New).unwrap();
    prepare(
        &disk,
        &manifest(&new_files()),
        DownloadIntent::UpdateGivingUpOld,
    )
    .unwrap();
    let left: Vec<String> = world.tree_without_staging().into_keys().collect();
    assert_eq!(left, ["data/shared.pak"]);
    download(&disk, &new_files(), DownloadIntent::New).unwrap();
    assert_eq!(world.tree(), new_files());
}

/// A crash test found it: the switch had been completed by recovery, the same download was started
/// again, and giving up took the sentinel that the plan counted as already there. The sentinel is
/// fetched in any case when a version is given up.
#[test]
fn giving_up_a_version_for_itself_ends_with_the_same_version() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &new_files(), DownloadIntent::New).unwrap();
    let fetched = download(&disk, &new_files(), DownloadIntent::UpdateGivingUpOld).unwrap();
    assert_eq!(fetched, 1, "the sentinel alone");
    assert_eq!(world.tree(), new_files());
}

#[test]
fn a_full_disk_is_said_before_the_start_and_nothing_is_left_behind() {
    let mut world = World::new();
    download(&world.steady(), &old_files(), DownloadIntent::New).unwrap();
    let before = world.tree();
    world.free_bytes = 64 << 20;
    let disk = world.steady();
    let error = prepare(&disk, &manifest(&new_files()), DownloadIntent::Update).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::NoSpace);
    assert!(error.message.contains("is missing"), "{error}");
    assert!(
        !error.message.contains("--give-up-old"),
        "it would not help: {error}"
    );
    assert_eq!(world.tree(), before);
}

#[test]
fn a_download_begins_when_exactly_the_room_it_needs_is_free_and_not_with_a_byte_less() {
    let mut world = World::new();
    let spare_bytes = 64 << 20;
    world.free_bytes = manifest(&new_files()).total_bytes() + spare_bytes - 1;
    let error = prepare(
        &world.steady(),
        &manifest(&new_files()),
        DownloadIntent::New,
    );
    assert_eq!(error.unwrap_err().kind, DiskFailureKind::NoSpace);
    assert!(!world.root().exists(), "nothing is left behind");
    world.free_bytes += 1;
    prepare(
        &world.steady(),
        &manifest(&new_files()),
        DownloadIntent::New,
    )
    .unwrap();
}

#[test]
fn when_giving_up_the_old_version_would_make_room_the_error_names_the_option() {
    let mut world = World::new();
    let mut old = old_files();
    old.insert("huge.eti".to_owned(), noise(9, 2 << 20));
    download(&world.steady(), &old, DownloadIntent::New).unwrap();
    world.free_bytes = 64 << 20;
    let disk = world.steady();
    let error = prepare(&disk, &manifest(&new_files()), DownloadIntent::Update).unwrap_err();
    assert!(error.message.contains("--give-up-old"), "{error}");
    download(&disk, &new_files(), DownloadIntent::UpdateGivingUpOld).unwrap();
    assert_eq!(world.tree(), new_files());
}

#[test]
fn a_file_of_somebody_else_is_not_replaced_by_a_download() {
    let world = World::new();
    world.put("data/changed.pak", b"somebody's");
    let disk = world.steady();
    let error = prepare(&disk, &manifest(&new_files()), DownloadIntent::New).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::Foreign);
    assert!(error.message.contains("`data/changed.pak`"), "{error}");
    assert_eq!(
        world.tree(),
        tree([("data/changed.pak", b"somebody's".to_vec())])
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_root_leads_no_download_elsewhere() {
    let world = World::new();
    let outside = world.games().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::create_dir(world.root()).unwrap();
    std::os::unix::fs::symlink(&outside, world.root().join("data")).unwrap();
    let disk = world.steady();
    let error = prepare(&disk, &manifest(&new_files()), DownloadIntent::New).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::Foreign, "{error}");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn an_unmarked_staging_place_stops_a_download_and_stays() {
    let world = World::new();
    world.put(".lanspread.download/precious", b"mine");
    let before = world.tree();
    let disk = world.steady();
    let error = prepare(&disk, &manifest(&new_files()), DownloadIntent::New).unwrap_err();
    assert_eq!(error.kind, DiskFailureKind::Foreign, "{error}");
    assert_eq!(world.tree(), before);
}

#[test]
fn a_switch_does_not_begin_before_everything_is_stored() {
    let world = World::new();
    let disk = world.steady();
    let manifest = manifest(&new_files());
    prepare(&disk, &manifest, DownloadIntent::New).unwrap();
    let error = reach(
        &disk,
        &Goal::Switch {
            manifest: manifest.hash(),
        },
    )
    .unwrap_err();
    assert!(error.message.contains("not complete"), "{error}");
    assert!(!world.root().join("version.ini").exists());
}

#[test]
fn a_file_of_the_old_version_may_become_a_directory_and_a_directory_a_file() {
    let world = World::new();
    let disk = world.steady();
    let old = tree([
        ("version.ini", b"20200101".to_vec()),
        ("file", b"1".to_vec()),
        ("folder/inner/x", b"2".to_vec()),
    ]);
    let new = tree([
        ("version.ini", b"20210101".to_vec()),
        ("file/now/below", b"3".to_vec()),
        ("folder", b"4".to_vec()),
    ]);
    download(&disk, &old, DownloadIntent::New).unwrap();
    download(&disk, &new, DownloadIntent::Update).unwrap();
    assert_eq!(world.tree(), new);
}

#[test]
fn a_garbled_staging_place_never_stops_a_download() {
    let files = new_files();
    let manifest = manifest(&files);
    for (garbled, settled_away) in [("manifest", true), ("verified", false)] {
        for garbage in [&b""[..], b"LSM", &[255; 12]] {
            let world = World::new();
            let disk = world.steady();
            prepare(&disk, &manifest, DownloadIntent::New).unwrap();
            let chunk = manifest.chunk_refs().last().unwrap();
            let bytes = &files["version.ini"];
            disk.download(&id())
                .unwrap()
                .store_chunk(chunk, bytes)
                .unwrap();
            let path = world.root().join(".lanspread.download").join(garbled);
            fs::write(path, garbage).unwrap();

            let disk = world.steady();
            reach(&disk, &Goal::Settle).unwrap();
            let report = disk.scan_root(&id()).unwrap();
            let pending = report.and_then(|report| report.pending_download);
            assert_eq!(pending.is_none(), settled_away, "{garbled}");
            download(&disk, &files, DownloadIntent::New).unwrap();
            assert_eq!(world.tree(), files);
        }
    }
}

#[test]
fn a_chunk_of_the_wrong_length_or_place_is_refused_and_one_that_is_there_stays() {
    let world = World::new();
    let disk = world.steady();
    let manifest = manifest(&new_files());
    prepare(&disk, &manifest, DownloadIntent::New).unwrap();
    let download = disk.download(&id()).unwrap();
    let chunk = manifest.chunk_refs().last().unwrap();
    assert!(download.store_chunk(chunk, b"short").is_err());
    assert!(
        download
            .store_chunk(ChunkRef { file: 99, chunk: 0 }, b"x")
            .is_err()
    );
    let bytes = &new_files()["version.ini"];
    download.store_chunk(chunk, bytes).unwrap();
    download.store_chunk(chunk, &vec![0; bytes.len()]).unwrap();
    let staged = world.root().join(".lanspread.download/files/version.ini");
    assert_eq!(
        fs::read(staged).unwrap(),
        *bytes,
        "what is stored is not written again"
    );
}

#[test]
fn chunks_stored_together_are_stored_up_to_the_first_that_fails() {
    let world = World::new();
    let disk = world.steady();
    let (files, manifest) = (new_files(), manifest(&new_files()));
    prepare(&disk, &manifest, DownloadIntent::New).unwrap();
    let download = disk.download(&id()).unwrap();
    let chunks: Vec<ChunkRef> = manifest.chunk_refs().collect();
    let mut together: Vec<(ChunkRef, &[u8])> = chunks
        .iter()
        .map(|chunk| (*chunk, content(&files, &manifest, *chunk)))
        .collect();
    together[2].1 = b"short";
    let (count, result) = download.store_chunks(&together);
    assert_eq!((count, result.is_err()), (2, true));
    let resumed = prepare(&world.steady(), &manifest, DownloadIntent::New).unwrap();
    assert_eq!(resumed.stored, chunks[..2]);
}

/// The journal is written in runs of the bytes that changed.
#[test]
fn chunks_far_apart_that_are_stored_together_are_all_that_a_resumed_download_has() {
    let world = World::new();
    let disk = world.steady();
    let mut files = tree([("version.ini", b"20210101".to_vec())]);
    for number in 0..100 {
        files.insert(format!("data/{number:03}"), noise(number, 10));
    }
    let manifest = manifest(&files);
    prepare(&disk, &manifest, DownloadIntent::New).unwrap();
    let far_apart = [0, 1, 9, 40, 99].map(|at| manifest.chunk_at(at).unwrap());
    let together = far_apart.map(|chunk| (chunk, content(&files, &manifest, chunk)));
    let stored = disk.download(&id()).unwrap().store_chunks(&together);
    assert_eq!(stored, (together.len(), Ok(())));
    let resumed = prepare(&world.steady(), &manifest, DownloadIntent::New).unwrap();
    assert_eq!(resumed.stored, far_apart);
    download(&disk, &files, DownloadIntent::New).unwrap();
    assert_eq!(world.tree(), files);
}

/// Twenty thousand files were moved one by one; a directory that is not there yet is moved as it is.
#[test]
fn a_directory_that_the_root_lacks_is_moved_as_a_whole_and_one_that_it_has_file_by_file() {
    let world = World::new();
    let disk = world.steady();
    let switch = |files: &Tree, intent| {
        gather(&disk, files, intent, usize::MAX).unwrap();
        let moved = Mutex::new(Vec::new());
        let goal = Goal::Switch {
            manifest: manifest(files).hash(),
        };
        while let Next::Take(step) = next_step(&goal, &disk.observe_root(&id()).unwrap()) {
            let progress = |progress: StepProgress| {
                if progress.work == StepWork::Moving {
                    moved.lock().unwrap().push((progress.index, progress.count));
                }
            };
            let done = disk.run_step(&id(), &step, &progress, &CancelFlag::new());
            done.unwrap();
        }
        moved.into_inner().unwrap()
    };
    // `game.eti` and `old.eti`, then the three files of `data`.
    let moved = switch(&old_files(), DownloadIntent::New);
    assert_eq!(moved, [(1, 5), (2, 5), (5, 5)]);
    // `data` is there: its two new files go one by one, and its new directory as a whole.
    let moved = switch(&new_files(), DownloadIntent::Update);
    assert_eq!(moved, [(1, 4), (2, 4), (3, 4), (4, 4)]);
    assert_eq!(world.tree(), new_files());
    assert!(!world.root().join(".lanspread.download").exists());
}

#[test]
fn an_empty_directory_in_the_staging_place_does_not_reach_the_root() {
    let world = World::new();
    let disk = world.steady();
    let files = new_files();
    gather(&disk, &files, DownloadIntent::New, usize::MAX).unwrap();
    let staged = world.root().join(".lanspread.download/files/data");
    fs::create_dir_all(staged.join("hollow/deeper")).unwrap();
    fs::write(staged.join("hollow/deeper/foreign"), b"unwanted").unwrap();
    let manifest = manifest(&files).hash();
    reach(&disk, &Goal::Switch { manifest }).unwrap();
    assert_eq!(world.tree(), files);
    assert!(!world.root().join("data/hollow").exists());
}

#[test]
fn a_file_that_changes_during_an_update_stops_the_switch() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &old_files(), DownloadIntent::New).unwrap();
    let manifest = manifest(&new_files());
    let prepared = prepare(&disk, &manifest, DownloadIntent::Update).unwrap();
    let gathered = disk.download(&id()).unwrap();
    for chunk in manifest
        .chunk_refs()
        .filter(|chunk| !prepared.stored.contains(chunk))
    {
        let info = manifest.chunk(chunk).unwrap();
        let from = usize::try_from(info.offset_bytes).unwrap();
        let bytes = &new_files()[info.path.as_str()][from..from + info.len_bytes as usize];
        gathered.store_chunk(chunk, bytes).unwrap();
    }
    world.put("data/shared.pak", noise(99, 300_000));
    let error = reach(
        &disk,
        &Goal::Switch {
            manifest: manifest.hash(),
        },
    )
    .unwrap_err();
    assert!(error.message.contains("data/shared.pak"), "{error}");
    assert_eq!(
        fs::read(world.root().join("version.ini")).unwrap(),
        b"20200101\n"
    );
    download(&disk, &new_files(), DownloadIntent::Update).unwrap();
    assert_eq!(world.tree(), new_files());
}

/// A chunk as others would read it.
fn read_by_another(
    disk: &Disk,
    manifest: &Manifest,
    chunk: ChunkRef,
) -> Result<Vec<u8>, DiskFailure> {
    let mut bytes = vec![0; manifest.chunk(chunk).unwrap().len_bytes as usize];
    disk.read_chunks(&id(), manifest.hash(), &[chunk], &mut bytes)?;
    Ok(bytes)
}

/// The chunks of the download that are gathered by now, as others would read them.
fn read_by_others(disk: &Disk, files: &Tree) -> Vec<(ChunkRef, Result<Vec<u8>, DiskFailure>)> {
    let manifest = manifest(files);
    let read = |chunk| (chunk, read_by_another(disk, &manifest, chunk));
    manifest.chunk_refs().map(read).collect()
}

fn bytes_of(files: &Tree, chunk: ChunkRef) -> &[u8] {
    let manifest = manifest(files);
    let info = manifest.chunk(chunk).unwrap();
    let from = usize::try_from(info.offset_bytes).unwrap();
    &files[info.path.as_str()][from..from + info.len_bytes as usize]
}

/// Found by the simulator on a disk that tears names in a power cut: a new file was lost, the old one of
/// the same length stood under its name, and the sentinel was published above it.
#[test]
fn a_switch_that_another_run_began_ends_only_above_the_right_bytes() {
    for is_torn in [false, true] {
        let world = World::new();
        let disk = world.steady();
        gather(&disk, &new_files(), DownloadIntent::New, usize::MAX).unwrap();
        let hash = manifest(&new_files()).hash();
        step(&disk, &Step::BeginSwitch { manifest: hash }).unwrap();
        step(&disk, &Step::PromoteStaged { manifest: hash }).unwrap();
        drop(disk);
        if is_torn {
            world.put("game.eti", noise(1, 950_000));
        }
        let disk = world.steady();
        let settled = reach(&disk, &Goal::Settle);
        let published = world.tree().contains_key("version.ini");
        assert_eq!((settled.is_err(), published), (is_torn, !is_torn));
        if is_torn {
            let message = settled.unwrap_err().message;
            assert!(message.contains("`game.eti`"), "{message}");
            download(&disk, &new_files(), DownloadIntent::New).unwrap();
        }
        assert_eq!(world.tree(), new_files());
    }
}

#[test]
fn a_download_in_progress_gives_out_what_it_has_stored_and_nothing_else() {
    let world = World::new();
    let disk = world.steady();
    let files = new_files();
    let refused = |disk: &Disk| {
        let failed = read_by_others(disk, &files)
            .into_iter()
            .filter_map(|(_, read)| read.err());
        failed.map(|failure| failure.kind).collect::<Vec<_>>()
    };
    assert!(refused(&disk).len() > 3, "nothing is there");

    gather(&disk, &files, DownloadIntent::New, 3).unwrap();
    let read = read_by_others(&disk, &files);
    let given: Vec<ChunkRef> = read
        .iter()
        .filter_map(|(chunk, read)| read.is_ok().then_some(*chunk))
        .collect();
    let stored: Vec<ChunkRef> = manifest(&files).chunk_refs().take(3).collect();
    assert_eq!(given, stored);
    for (chunk, read) in read {
        match read {
            Ok(bytes) => assert_eq!(bytes, bytes_of(&files, chunk)),
            Err(failure) => assert_eq!(failure.kind, DiskFailureKind::NotFound),
        }
    }
    let other = manifest(&old_files());
    assert!(read_by_another(&disk, &other, stored[0]).is_err());

    gather(&disk, &files, DownloadIntent::New, usize::MAX).unwrap();
    assert_eq!(refused(&disk), [], "everything is stored");
    reach(
        &disk,
        &Goal::Switch {
            manifest: manifest(&files).hash(),
        },
    )
    .unwrap();
    assert_eq!(
        refused(&disk),
        [],
        "and from the game itself it is given as before"
    );
    assert_eq!(world.tree(), files);
}

#[test]
fn a_download_in_progress_gives_out_what_an_update_found_in_the_old_version() {
    let world = World::new();
    let disk = world.steady();
    download(&disk, &old_files(), DownloadIntent::New).unwrap();
    let files = new_files();
    gather(&disk, &files, DownloadIntent::Update, 0).unwrap();
    let given = read_by_others(&disk, &files)
        .into_iter()
        .filter_map(|(chunk, read)| Some((chunk, read.ok()?)));
    let given: Vec<(ChunkRef, Vec<u8>)> = given.collect();
    assert_eq!(given.len(), 2, "both chunks of the file that is the same");
    for (chunk, bytes) in given {
        assert_eq!(bytes, bytes_of(&files, chunk));
    }
}

/// Somebody removes or changes a staged file while it gathers: the place of a stored chunk then holds
/// zeros, or anything. It was stored once, so only its hash says that it is not there any more.
#[test]
fn what_others_change_in_a_staging_place_is_not_passed_on() {
    let world = World::new();
    let disk = world.steady();
    let files = new_files();
    gather(&disk, &files, DownloadIntent::New, usize::MAX).unwrap();
    let game = manifest(&files).file_index(&"game.eti".parse().unwrap());
    let chunk = ChunkRef {
        file: game.unwrap(),
        chunk: 0,
    };
    let read = || read_by_another(&disk, &manifest(&files), chunk);
    assert_eq!(read().unwrap(), bytes_of(&files, chunk));
    let staged = world.root().join(".lanspread.download/files/game.eti");
    fs::write(&staged, vec![0; files["game.eti"].len()]).unwrap();
    assert_eq!(read().unwrap_err().kind, DiskFailureKind::NotFound);
    fs::write(&staged, b"short").unwrap();
    assert_eq!(read().unwrap_err().kind, DiskFailureKind::NotFound);
    fs::write(&staged, &files["game.eti"]).unwrap();
    assert_eq!(read().unwrap(), bytes_of(&files, chunk));
}

#[test]
fn a_download_that_was_dropped_gives_out_nothing() {
    let world = World::new();
    let disk = world.steady();
    let files = new_files();
    gather(&disk, &files, DownloadIntent::New, usize::MAX).unwrap();
    reach(&disk, &Goal::DropDownload).unwrap();
    assert!(
        read_by_others(&disk, &files)
            .iter()
            .all(|(_, read)| read.is_err())
    );
}
