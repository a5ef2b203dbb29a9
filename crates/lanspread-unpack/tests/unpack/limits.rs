//! Every limit holds in every format, at its value and one past it.

use lanspread_unpack::{CancelFlag, LimitKind, UnpackError, UnpackJob, UnpackLimits, UnpackReport};

use crate::pack::{Pack, directory, file, noise, tar, zst};
use crate::scene::Scene;

/// As in `format/tar.rs`.
const PADDING_BYTES_MAX: usize = 16 * 1024 * 1024;

fn unpack(scene: &Scene, limits: UnpackLimits) -> Result<UnpackReport, UnpackError> {
    let cancel = CancelFlag::new();
    let job = UnpackJob {
        limits,
        ..UnpackJob::new(&scene.archives, &scene.target, &cancel)
    };
    scene.unpack_job(job)
}

#[track_caller]
fn assert_limit(result: Result<UnpackReport, UnpackError>, expected: LimitKind) {
    match result {
        Err(UnpackError::LimitExceeded { limit, .. }) => assert_eq!(limit, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[test]
fn entries_are_counted_over_all_archives() {
    for pack in Pack::ALL {
        let bytes = pack.pack(&[directory("d"), file("d/a", "1"), file("b", "2")]);
        let more = pack.pack(&[file("c", "3")]);
        let scene = Scene::new(&[("1.eti", bytes), ("2.eti", more)]);
        let limits = |entries_max| UnpackLimits {
            entries_max,
            ..Default::default()
        };
        assert_limit(unpack(&scene, limits(3)), LimitKind::Entries);
        assert_eq!(
            unpack(&scene, limits(4)).unwrap().files.len(),
            3,
            "{pack:?}"
        );
    }
}

#[test]
fn content_is_counted_over_all_archives() {
    for pack in Pack::ALL {
        let scene = Scene::new(&[
            ("1.eti", pack.pack(&[file("a", noise(600_000, 1))])),
            ("2.eti", pack.pack(&[file("b", noise(400_000, 2))])),
        ]);
        let limits = |total_bytes_max| UnpackLimits {
            total_bytes_max,
            ..Default::default()
        };
        let refused = unpack(&scene, limits(999_999));
        assert_eq!(
            refused.as_ref().unwrap_err().archive(),
            Some("2.eti"),
            "{pack:?}"
        );
        assert_limit(refused, LimitKind::TotalBytes);
        assert_eq!(
            unpack(&scene, limits(1_000_000)).unwrap().total_bytes(),
            1_000_000
        );
    }
}

#[test]
fn a_single_file_has_its_own_limit() {
    for pack in Pack::ALL {
        let scene = Scene::one(
            "1.eti",
            pack.pack(&[file("a", noise(70_000, 1)), file("b", noise(70_001, 1))]),
        );
        let limits = |file_bytes_max| UnpackLimits {
            file_bytes_max,
            ..Default::default()
        };
        assert_limit(unpack(&scene, limits(70_000)), LimitKind::FileBytes);
        assert!(unpack(&scene, limits(70_001)).is_ok(), "{pack:?}");
    }
}

#[test]
fn a_bomb_is_stopped_by_its_ratio_and_before_it_fills_the_disk() {
    for pack in Pack::ALL.into_iter().filter(|pack| {
        !matches!(
            pack,
            Pack::Rar5Stored | Pack::Rar4Stored | Pack::ZipStored | Pack::Tar
        )
    }) {
        let scene = Scene::one("bomb.eti", pack.pack(&[file("zeros", vec![0; 3_000_000])]));
        let limits = UnpackLimits {
            ratio_max: 20,
            ratio_free_bytes: 1_000_000,
            ..Default::default()
        };
        assert_limit(unpack(&scene, limits), LimitKind::Ratio);
        let written: usize = scene.files().values().map(Vec::len).sum();
        assert!(written <= 1_000_000, "{pack:?}: {written}");
    }
}

#[test]
fn the_ratio_is_held_to_the_byte_and_starts_after_the_free_allowance() {
    let bytes = zst(&tar(&[file("zeros", vec![0; 100_000])]));
    let packed = bytes.len() as u64;
    let scene = Scene::one("bomb.eti", bytes);
    let limits = |ratio_max, ratio_free_bytes| UnpackLimits {
        ratio_max,
        ratio_free_bytes,
        ..Default::default()
    };
    let enough = 100_000_u64.div_ceil(packed);
    assert!(unpack(&scene, limits(enough, 0)).is_ok());
    assert_limit(unpack(&scene, limits(enough - 1, 0)), LimitKind::Ratio);
    assert!(unpack(&scene, limits(1, 100_000)).is_ok());
    assert_limit(unpack(&scene, limits(1, 99_999)), LimitKind::Ratio);
}

#[test]
fn honest_archives_stay_clear_of_the_default_ratio() {
    let scene = Scene::one(
        "game.eti",
        Pack::Rar5.pack(&[file("big", vec![b'a'; 3_000_000])]),
    );
    assert!(
        scene.unpack().is_ok(),
        "three megabytes of anything are no bomb"
    );
}

#[test]
fn paths_are_held_to_the_limits_of_the_job() {
    let scene = Scene::one("deep.eti", Pack::Zip.pack(&[file("a/b/c", "x")]));
    let depth = |path_depth_max| UnpackLimits {
        path_depth_max,
        ..Default::default()
    };
    assert!(unpack(&scene, depth(2)).is_err());
    assert!(unpack(&scene, depth(3)).is_ok());
    let length = |path_bytes_max| UnpackLimits {
        path_bytes_max,
        ..Default::default()
    };
    assert!(unpack(&scene, length(4)).is_err());
    assert!(unpack(&scene, length(5)).is_ok());
}

#[test]
fn padding_behind_the_end_of_a_tar_archive_is_read_up_to_the_limit_and_not_past_it() {
    for (past, is_read) in [(0, true), (1, false)] {
        let mut bytes = tar(&[file("a", "1")]);
        bytes.resize(bytes.len() + PADDING_BYTES_MAX + past, 0);
        for bytes in [zst(&bytes), bytes] {
            let result = Scene::one("1.eti", bytes).unpack();
            assert_eq!(result.is_ok(), is_read, "{past}: {result:?}");
        }
    }
}
