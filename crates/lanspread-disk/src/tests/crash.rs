//! Every operation, stopped at every single change it makes to the disk, then recovered.
//!
//! Invariant under test: after recovery the root holds the old game or the new one, whole; the
//! player's and foreign files are there; a second recovery finds nothing to do; and the operation,
//! started again, reaches its end.

use std::sync::{Arc, LazyLock};

use lanspread_core::{
    DiskFailure, DiskFailureKind,
    root::{DownloadIntent, Goal, Staged},
};

use super::{
    super::Disk,
    crash_fs::{Crash, Plan},
    install::game,
    world::*,
};

type Build = fn(&World);
type Operate = fn(&Disk) -> Result<(), DiskFailure>;

struct Scenario {
    name: &'static str,
    build: Build,
    operate: Operate,
}

static OLD: LazyLock<Tree> = LazyLock::new(|| {
    let mut files = game("20200101", &[("bin/game", "v1"), ("config", "default")], 0);
    files.insert("data/shared.pak".to_owned(), noise(3, 300_000));
    files.insert("data/gone.pak".to_owned(), noise(4, 100));
    files.insert("old.eti".to_owned(), archive(&[("extra", "1")], 0));
    files
});

static NEW: LazyLock<Tree> = LazyLock::new(|| {
    let mut files = game(
        "20210101",
        &[("bin/game", "v2"), ("config", "new"), ("more", "x")],
        0,
    );
    files.insert("data/shared.pak".to_owned(), noise(3, 300_000));
    files.insert("data/new/deep.pak".to_owned(), noise(6, 600_000));
    files.insert("data/empty".to_owned(), Vec::new());
    files
});

fn with_old(world: &World) {
    download(&world.steady(), &OLD, DownloadIntent::New).unwrap();
    with_foreign(world);
}

fn with_foreign(world: &World) {
    world.put(".sync/id", b"foreign");
    world.put("mine.txt", b"foreign too");
}

fn with_old_by_hand(world: &World) {
    world.put_all(&OLD);
    with_foreign(world);
}

fn with_install(world: &World) {
    with_old(world);
    reach(&world.steady(), &Goal::Install).unwrap();
    world.put("local/save/game1", b"my save");
    world.put("local/config", b"my settings");
}

fn with_newer_than_installed(world: &World) {
    with_install(world);
    download(&world.steady(), &NEW, DownloadIntent::Update).unwrap();
}

fn with_damage(world: &World) {
    with_old(world);
    let mut damaged = OLD["data/shared.pak"].clone();
    damaged[7] ^= 1;
    world.put("data/shared.pak", damaged);
}

fn with_half_a_download(world: &World) {
    with_old(world);
    let disk = world.steady();
    prepare(&disk, &manifest(&NEW), DownloadIntent::Update).unwrap();
}

fn only_old(world: &World) {
    download(&world.steady(), &OLD, DownloadIntent::New).unwrap();
}

fn install(disk: &Disk) -> Result<(), DiskFailure> {
    reach(disk, &Goal::Install).map(drop)
}

/// What must not differ: the marker in `local/` only says that Lanspread knows the directory.
fn comparable(world: &World) -> Tree {
    let mut tree = world.tree_without_staging();
    tree.remove("local/.lanspread_owned");
    tree
}

fn is_unfinished(path: &str) -> bool {
    path.starts_with(".lanspread.json")
        || path.starts_with(".version.ini")
        || path.starts_with(".local.")
}

/// Games whose download went half way have no version until it is complete: that is what giving up
/// the old version means.
fn is_given_up(scenario: &Scenario, world: &World, tree: &Tree) -> bool {
    let disk = world.steady();
    scenario.name.contains("giving up")
        && !tree.contains_key("version.ini")
        && matches!(
            disk.observe_root(&id()).unwrap().staged,
            Staged::Gathering(_)
        )
}

fn crash_everywhere(scenario: &Scenario) {
    let mut tried = 0;
    for crash in [Crash::Kill, Crash::PowerCut, Crash::DiskFull] {
        let (old, new, points) = run_whole(scenario, crash);
        for cut_at in 0..points {
            let world = crashed(scenario, &Plan::new(crash, cut_at));
            let at = format!("{}, {crash:?} at operation {cut_at}", scenario.name);
            check_recovery(scenario, &world, &at, &old, &new);
        }
        tried += points;
    }
    println!("{tried} crash points: {}", scenario.name);
}

/// Runs the operation without a crash: what was before, what is after, and how many operations it
/// took on the disk.
fn run_whole(scenario: &Scenario, crash: Crash) -> (Tree, Tree, u64) {
    let world = World::new();
    (scenario.build)(&world);
    let old = comparable(&world);
    let plan = Plan::endless(crash);
    let disk = world.disk(&plan).unwrap();
    (scenario.operate)(&disk).unwrap();
    (old, comparable(&world), plan.count())
}

/// Runs the operation into the crash.
fn crashed(scenario: &Scenario, plan: &Arc<Plan>) -> World {
    let world = World::new();
    (scenario.build)(&world);
    if let Ok(disk) = world.disk(plan)
        && let Err(error) = (scenario.operate)(&disk)
        && plan.crash() == Crash::DiskFull
    {
        assert_eq!(
            error.kind,
            DiskFailureKind::NoSpace,
            "{}: {error}",
            scenario.name
        );
        // Like a peer whose operation failed. With a full disk it need not get to an end.
        let _ = reach(&disk, &Goal::Settle);
    }
    if plan.crash() == Crash::PowerCut {
        plan.lose_unsynced();
    }
    world
}

fn check_recovery(scenario: &Scenario, world: &World, at: &str, old: &Tree, new: &Tree) {
    let disk = world.steady();
    reach(&disk, &Goal::Settle).unwrap_or_else(|error| panic!("{at}: {error}"));
    let recovered = comparable(world);
    if recovered != *old && recovered != *new && !is_given_up(scenario, world, &recovered) {
        let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
        panic!(
            "{at}: neither old nor new.\nis:  {:?}\nold: {:?}\nnew: {:?}",
            names(&recovered),
            names(old),
            names(new)
        );
    }
    for path in recovered.keys() {
        assert!(!is_unfinished(path), "{at}: {path} is left over");
    }
    let before = world.tree();
    let disk = world.steady();
    let steps = reach(&disk, &Goal::Settle).unwrap();
    assert_eq!(steps, [], "{at}: a second recovery has nothing to do");
    assert_eq!(
        world.tree(),
        before,
        "{at}: a second recovery changes nothing"
    );
    disk.scan_library().unwrap();

    (scenario.operate)(&disk).unwrap_or_else(|error| panic!("{at}, started again: {error}"));
    let again = comparable(world);
    assert_eq!(
        again.keys().collect::<Vec<_>>(),
        new.keys().collect::<Vec<_>>(),
        "{at}, started again"
    );
    assert!(again == *new, "{at}, started again: contents differ");
    let staging = world.root().join(".lanspread.download");
    assert!(!staging.exists(), "{at}: staging is left over");
}

/// Were no file synced before the intent says that there is only forward, these tests would see it.
#[test]
fn a_disk_that_lies_about_syncing_files_is_found_out() {
    let scenario = Scenario {
        name: "update on a disk that lies",
        build: with_old,
        operate: |disk| download(disk, &NEW, DownloadIntent::Update).map(drop),
    };
    let (old, new, points) = run_whole(&scenario, Crash::PowerCut);
    let caught = (0..points).any(|cut_at| {
        let world = crashed(&scenario, &Plan::lying(cut_at));
        std::panic::catch_unwind(|| {
            check_recovery(&scenario, &world, "a lying disk", &old, &new);
        })
        .is_err()
    });
    assert!(caught);
}

#[test]
fn hashing_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "hashing a game put there by hand",
        build: with_old_by_hand,
        operate: |disk| {
            disk.scan_library()?;
            let hashed = hash(disk)?;
            let report = disk.scan_root(&id())?.unwrap();
            assert_eq!(report.manifest, Some(hashed.hash()));
            Ok(())
        },
    });
}

#[test]
fn download_of_a_new_game_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "download of a new game",
        build: |_| {},
        operate: |disk| download(disk, &NEW, DownloadIntent::New).map(drop),
    });
}

#[test]
fn update_of_a_downloaded_game_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "update of a downloaded game",
        build: with_old,
        operate: |disk| download(disk, &NEW, DownloadIntent::Update).map(drop),
    });
}

#[test]
fn update_of_a_game_put_there_by_hand_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "update of a game put there by hand",
        build: with_old_by_hand,
        operate: |disk| download(disk, &NEW, DownloadIntent::Update).map(drop),
    });
}

#[test]
fn update_giving_up_the_old_version_first_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "update giving up the old version first",
        build: with_old,
        operate: |disk| download(disk, &NEW, DownloadIntent::UpdateGivingUpOld).map(drop),
    });
}

#[test]
fn repair_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "repair",
        build: with_damage,
        operate: |disk| download(disk, &OLD, DownloadIntent::Repair).map(drop),
    });
}

#[test]
fn cancelled_update_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "cancelled update",
        build: with_half_a_download,
        operate: |disk| reach(disk, &Goal::DropDownload).map(drop),
    });
}

#[test]
fn install_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "install",
        build: with_old,
        operate: install,
    });
}

#[test]
fn install_of_an_update_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "install of an update",
        build: with_newer_than_installed,
        operate: install,
    });
}

#[test]
fn install_over_a_directory_somebody_put_there_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "install over a directory somebody put there",
        build: |world| {
            with_old(world);
            world.put("local/save", b"my save");
            world.put("local/config", b"my settings");
        },
        operate: install,
    });
}

#[test]
fn uninstall_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "uninstall",
        build: with_install,
        operate: |disk| reach(disk, &Goal::Uninstall).map(drop),
    });
}

#[test]
fn removal_of_a_downloaded_game_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "removal of a downloaded game",
        build: only_old,
        operate: |disk| reach(disk, &Goal::Remove).map(drop),
    });
}

#[test]
fn removal_of_a_game_put_there_by_hand_survives_a_crash_at_every_change() {
    crash_everywhere(&Scenario {
        name: "removal of a game put there by hand",
        build: |world| world.put_all(&OLD),
        operate: |disk| reach(disk, &Goal::Remove).map(drop),
    });
}
