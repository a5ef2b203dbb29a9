//! A cancelled job ends at once, in every format.

use std::cell::Cell;

use lanspread_unpack::{CancelFlag, UnpackError, UnpackJob, UnpackPhase, UnpackProgress};

use crate::pack::{Pack, file, noise};
use crate::scene::Scene;

#[test]
fn a_job_that_is_cancelled_before_it_starts_writes_nothing() {
    let scene = Scene::one("game.eti", Pack::Rar5.pack(&[file("a", "a")]));
    let cancel = CancelFlag::new();
    cancel.cancel();
    let result = scene.unpack_job(UnpackJob::new(&scene.archives, &scene.target, &cancel));
    assert!(result.unwrap_err().is_cancelled());
    assert!(scene.content().is_empty());
}

#[test]
fn a_job_that_is_cancelled_in_the_middle_of_a_file_writes_no_more_of_it() {
    for pack in Pack::DECODERS {
        let items = [file("big", noise(1_600_000, 5)), file("next", "next")];
        let scene = Scene::one("game.eti", pack.pack(&items));
        let cancel = CancelFlag::new();
        let cancelled_at = Cell::new(0);
        let progress = |progress: UnpackProgress<'_>| {
            if progress.bytes_unpacked > 0 {
                assert!(
                    !cancel.is_cancelled(),
                    "{pack:?}: progress after the cancel"
                );
                cancelled_at.set(progress.bytes_unpacked);
                cancel.cancel();
            }
        };
        let job = UnpackJob {
            progress: &progress,
            ..UnpackJob::new(&scene.archives, &scene.target, &cancel)
        };
        let result = scene.unpack_job(job);
        assert!(
            matches!(result, Err(UnpackError::Cancelled)),
            "{pack:?}: {result:?}"
        );
        let written = scene.files()["big"].len() as u64;
        assert_eq!(written, cancelled_at.get(), "{pack:?}");
        assert!(written < 1_600_000, "{pack:?}");
        assert!(!scene.files().contains_key("next"), "{pack:?}");
    }
}

#[test]
fn a_job_can_be_cancelled_while_it_syncs() {
    let scene = Scene::one("game.eti", Pack::Zip.pack(&[file("a", "a")]));
    let cancel = CancelFlag::new();
    let progress = |progress: UnpackProgress<'_>| {
        if progress.phase == UnpackPhase::Syncing {
            cancel.cancel();
        }
    };
    let job = UnpackJob {
        progress: &progress,
        ..UnpackJob::new(&scene.archives, &scene.target, &cancel)
    };
    assert!(scene.unpack_job(job).unwrap_err().is_cancelled());
}

#[test]
fn clones_of_a_flag_cancel_each_other_and_flags_of_others_do_not() {
    let (flag, other) = (CancelFlag::new(), CancelFlag::new());
    flag.clone().cancel();
    assert!(flag.is_cancelled());
    assert!(!other.is_cancelled());
}
