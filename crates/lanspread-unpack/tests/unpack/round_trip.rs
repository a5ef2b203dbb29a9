//! What goes into an archive comes out of it, in every format.

use std::cell::RefCell;

use lanspread_unpack::{CancelFlag, Durability, UnpackError, UnpackJob, UnpackPhase, UnpackReport};

use crate::pack::{Item, Pack, directory, file, noise};
use crate::scene::{Scene, Snapshot};

fn game() -> Vec<Item> {
    vec![
        directory("maps"),
        directory("maps/empty"),
        file("readme.txt", "Have fun."),
        file("maps/q3dm17.bsp", noise(700_000, 1)),
        file("maps/nothing", ""),
        file("bin/deep/down/here/engine.so", noise(70_000, 2)),
        file("Größe/日本語/file.pak", "unicode"),
        file("zeros.bin", vec![0; 300_000]),
        file("one", "1"),
    ]
}

fn expected(items: &[Item]) -> Snapshot {
    items
        .iter()
        .filter_map(|item| match item {
            Item::File(name, content) | Item::Mode(name, content, _) => {
                Some((name.clone(), content.clone()))
            }
            Item::Directory(_) => None,
        })
        .collect()
}

fn paths(report: &UnpackReport) -> Vec<&str> {
    report.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn every_format_gives_back_what_was_packed() {
    for pack in Pack::ALL {
        let items = game();
        let scene = Scene::one("game.eti", pack.pack(&items));
        let report = scene
            .unpack()
            .unwrap_or_else(|error| panic!("{pack:?}: {error}"));
        assert_eq!(scene.files(), expected(&items), "{pack:?}");
        assert!(scene.content().contains_key("maps/empty/"), "{pack:?}");
        assert!(
            report.skipped.is_empty() && report.respelled.is_empty(),
            "{pack:?}"
        );
        assert!(
            report.directories.contains(&"bin/deep/down".to_owned()),
            "{pack:?}"
        );
        assert_eq!(
            report.total_bytes(),
            700_000 + 70_000 + 300_000 + 9 + 7 + 1,
            "{pack:?}"
        );
    }
}

#[test]
fn large_files_stream_through_every_format() {
    for pack in Pack::DECODERS {
        // Beyond what RAR decodes in memory, and with matches far behind.
        let mut content = noise(2_500_000, 7);
        content.extend(content[..2_000_000].to_vec());
        let items = [file("big.pak", content), file("after.txt", "after")];
        let scene = Scene::one("game.eti", pack.pack(&items));
        scene
            .unpack()
            .unwrap_or_else(|error| panic!("{pack:?}: {error}"));
        assert_eq!(scene.files(), expected(&items), "{pack:?}");
    }
}

#[test]
fn an_archive_of_nothing_unpacks_to_nothing() {
    for pack in [Pack::Zip, Pack::Rar5] {
        let scene = Scene::one("empty.eti", pack.pack(&[]));
        assert_eq!(scene.unpack().unwrap(), UnpackReport::default(), "{pack:?}");
    }
    let scene = Scene::new::<&str>(&[]);
    assert_eq!(scene.unpack().unwrap(), UnpackReport::default());
}

#[test]
fn the_content_decides_and_not_the_name() {
    for (name, pack) in [
        ("game.zip", Pack::Rar5),
        ("game.rar", Pack::Zip),
        ("game.7z", Pack::TarGz),
        ("game.tar.gz", Pack::SevenZ),
        ("game", Pack::Tar),
        ("game.r00", Pack::TarZst),
        ("game.part2.rar", Pack::Rar4),
    ] {
        let scene = Scene::one(name, pack.pack(&[file("a", "a")]));
        assert_eq!(paths(&scene.unpack().unwrap()), ["a"], "{name}");
    }
}

#[test]
fn what_is_no_archive_is_named_together_with_what_it_looks_like() {
    for (content, found) in [
        (&b"MZ\x90\x00 setup"[..], "a Windows program"),
        (b"", "it is empty"),
        (b"<!DOCTYPE html>", "a web page"),
        (&[0; 2048], "zeros"),
        (&[0x1f, 0x8b], "damaged or incomplete"),
    ] {
        let scene = Scene::one("quake.eti", content.to_vec());
        let message = scene.unpack().unwrap_err().to_string();
        assert!(
            message.contains("quake.eti") && message.contains(found),
            "{message}"
        );
    }
    let scene = Scene::one("notes.gz", crate::pack::gzip(b"just some text"));
    let error = scene.unpack().unwrap_err();
    assert!(
        matches!(error, UnpackError::UnknownFormat { .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("gzip data that holds no tar archive"),
        "{error}"
    );
}

#[test]
fn an_unreadable_second_archive_stops_the_job_before_the_first_is_written() {
    let scene = Scene::new(&[
        ("1.eti", Pack::Zip.pack(&[file("a", "a")])),
        ("2.eti", b"not an archive".to_vec()),
    ]);
    assert_eq!(scene.unpack().unwrap_err().archive(), Some("2.eti"));
    assert!(scene.content().is_empty());
}

#[test]
fn a_missing_archive_is_a_read_error_that_names_it() {
    let mut scene = Scene::one("1.eti", Pack::Zip.pack(&[]));
    scene.archives[0].set_file_name("gone.eti");
    match scene.unpack() {
        Err(UnpackError::Read { archive, .. }) => assert_eq!(archive, "gone.eti"),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn programs_stay_executable_and_nothing_becomes_setuid() {
    use std::os::unix::fs::PermissionsExt;
    let items = [
        Item::Mode("run.sh".into(), b"#!/bin/sh".to_vec(), 0o100_755),
        Item::Mode("root".into(), b"setuid".to_vec(), 0o106_755),
        Item::Mode("data".into(), b"data".to_vec(), 0o100_644),
        Item::Mode("shared".into(), b"data".to_vec(), 0o100_666),
    ];
    for pack in Pack::ALL {
        let scene = Scene::one("game.eti", pack.pack(&items));
        scene.unpack().unwrap();
        let mode = |name: &str| {
            scene
                .target_path()
                .join(name)
                .metadata()
                .unwrap()
                .permissions()
                .mode()
                & 0o7777
        };
        assert_eq!(mode("run.sh") & 0o700, 0o700, "{pack:?}");
        assert_eq!(mode("root"), mode("run.sh"), "{pack:?}");
        assert_eq!(mode("data") & 0o111, 0, "{pack:?}");
        assert_eq!(
            mode("shared"),
            mode("data"),
            "{pack:?}: the umask decides, not the archive"
        );
    }
}

#[test]
fn progress_never_falls_and_ends_at_the_total_where_the_format_knows_it() {
    for pack in Pack::DECODERS {
        let content = noise(2_200_000, 3);
        let scene = Scene::new(&[
            ("1.eti", pack.pack(&[file("big", content)])),
            ("2.eti", pack.pack(&[file("small", "x")])),
        ]);
        let seen = RefCell::new(Vec::new());
        let progress = |progress: lanspread_unpack::UnpackProgress<'_>| {
            assert_eq!(progress.archive_count, 2);
            assert_eq!(
                progress.archive_name,
                ["1.eti", "2.eti"][progress.archive_index]
            );
            seen.borrow_mut().push((
                progress.bytes_unpacked,
                progress.bytes_total,
                progress.phase,
            ));
        };
        let cancel = CancelFlag::new();
        let job = UnpackJob {
            progress: &progress,
            ..UnpackJob::new(&scene.archives, &scene.target, &cancel)
        };
        scene.unpack_job(job).unwrap();
        let seen = seen.into_inner();
        assert!(seen.is_sorted_by_key(|(bytes, _, _)| *bytes), "{pack:?}");
        assert!(seen.len() >= 5, "{pack:?}: {seen:?}");
        let (bytes, total, phase) = *seen.last().unwrap();
        assert_eq!(
            (bytes, phase),
            (2_200_001, UnpackPhase::Syncing),
            "{pack:?}"
        );
        let knows = !matches!(pack, Pack::Tar | Pack::TarGz | Pack::TarZst);
        assert_eq!(total, knows.then_some(2_200_001), "{pack:?}");
    }
}

#[test]
fn content_can_be_left_to_the_system_and_many_small_files_are_synced_together() {
    let items: Vec<Item> = (0..300)
        .map(|index| file(&format!("d{}/f{index}", index % 7), "small"))
        .collect();
    let scene = Scene::one("game.eti", Pack::TarZst.pack(&items));
    scene.unpack().unwrap();
    assert_eq!(scene.files().len(), 300);

    let scene = Scene::one("game.eti", Pack::TarZst.pack(&items));
    let cancel = CancelFlag::new();
    let progress = |progress: lanspread_unpack::UnpackProgress<'_>| {
        assert_eq!(progress.phase, UnpackPhase::Unpacking);
    };
    let job = UnpackJob {
        durability: Durability::LeftToSystem,
        progress: &progress,
        ..UnpackJob::new(&scene.archives, &scene.target, &cancel)
    };
    scene.unpack_job(job).unwrap();
    assert_eq!(scene.files().len(), 300);
}
