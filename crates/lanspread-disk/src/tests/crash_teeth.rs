//! The crash tests would see it: disks that do not keep their word and recoveries that go too far are
//! found out.

use std::fs;

use lanspread_core::{DiskFailure, root::Step};

use super::{
    crash::{Recover, Scenario, crash_and_recover, run_whole, settle},
    crash_fs::{Crash, Flaw, Plan},
    crash_image::Loss,
    crash_scenarios::{update, with_old_and_impostors},
    world::World,
};

const UPDATE: Scenario = Scenario {
    name: "update of a downloaded game",
    build: with_old_and_impostors,
    operate: update,
    gives_up_old: false,
};

/// At how many of its points a flaw is found out, and how many there are.
fn caught(crash: Crash, flaw: Flaw, recover: Recover) -> (usize, u64) {
    let whole = run_whole(&UPDATE, crash);
    let caught = (0..whole.points).filter(|cut_at| {
        let plan = Plan::flawed(crash, *cut_at, flaw);
        crash_and_recover(&UPDATE, &plan, recover, &whole).is_err()
    });
    (caught.count(), whole.points)
}

/// Were no file synced before the intent says that there is only forward, these tests would see it.
#[test]
fn a_disk_that_lies_about_syncing_files_is_found_out() {
    let crash = Crash::PowerCut(Loss::Everything);
    let (found, points) = caught(crash, Flaw::FilesNotSynced, settle);
    println!("a disk that does not sync files: found out at {found} of {points} crash points");
    assert!(found > 0);
}

/// Were a directory not synced after its names changed, these tests would see it.
#[test]
fn a_disk_that_lies_about_syncing_directories_is_found_out() {
    let crash = Crash::PowerCut(Loss::Torn);
    let (found, points) = caught(crash, Flaw::FoldersNotSynced, settle);
    println!(
        "a disk that does not sync directories: found out at {found} of {points} crash points"
    );
    assert!(found > 0);
}

/// Did recovery delete a directory under a reserved name that nothing proves to be ours, these tests
/// would see it wherever they look.
#[test]
fn a_recovery_that_removes_an_unmarked_directory_is_found_out() {
    fn too_far(world: &World) -> Result<Vec<Step>, DiskFailure> {
        let steps = settle(world)?;
        fs::remove_dir_all(world.root().join(".local.backup")).unwrap();
        Ok(steps)
    }
    let (found, points) = caught(Crash::Kill, Flaw::None, too_far);
    println!("a recovery that goes too far: found out at {found} of {points} crash points");
    assert_eq!(found as u64, points);
}

/// Did recovery do nothing, these tests would see it.
#[test]
fn a_recovery_that_does_nothing_is_found_out() {
    let (found, points) = caught(Crash::Kill, Flaw::None, |_| Ok(Vec::new()));
    println!("no recovery at all: found out at {found} of {points} crash points");
    assert!(found > 0);
}
