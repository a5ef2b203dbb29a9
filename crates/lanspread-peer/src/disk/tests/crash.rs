//! Every operation, stopped at every single change it makes to the disk, then recovered.
//!
//! Invariant under test: after recovery the root holds the old game or the new one, whole; the
//! player's and foreign files are there; a second recovery finds nothing to do; and the operation,
//! started again, reaches its end.

use std::sync::LazyLock;

use lanspread_core::{
    DiskFailure,
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
    let world = World::new();
    (scenario.build)(&world);
    let old = comparable(&world);
    let plan = Plan::endless();
    let disk = world.disk(&plan).unwrap();
    let opened = plan.count();
    (scenario.operate)(&disk).unwrap();
    let points = plan.count();
    let new = comparable(&world);
    assert!(
        opened + 4 < points,
        "{} does next to nothing",
        scenario.name
    );
    for crash in [Crash::Kill, Crash::PowerCut] {
        for cut_at in 0..points {
            crash_at(scenario, crash, cut_at, &old, &new);
        }
    }
    println!("{} crash points: {}", 2 * points, scenario.name);
}

fn crash_at(scenario: &Scenario, crash: Crash, cut_at: u64, old: &Tree, new: &Tree) {
    let name = scenario.name;
    let at = format!("{name}, {crash:?} at operation {cut_at}");
    let world = World::new();
    (scenario.build)(&world);
    let plan = Plan::new(cut_at);
    if let Ok(disk) = world.disk(&plan) {
        let _ = (scenario.operate)(&disk);
    }
    if crash == Crash::PowerCut {
        plan.lose_unsynced();
    }

    let disk = world.steady();
    reach(&disk, &Goal::Settle).unwrap_or_else(|error| panic!("{at}: {error}"));
    let recovered = comparable(&world);
    if recovered != *old && recovered != *new && !is_given_up(scenario, &world, &recovered) {
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
    let again = comparable(&world);
    assert_eq!(
        again.keys().collect::<Vec<_>>(),
        new.keys().collect::<Vec<_>>(),
        "{at}, started again"
    );
    assert!(again == *new, "{at}, started again: contents differ");
    assert!(
        !world.root().join(".lanspread.download").exists(),
        "{at}: staging is left over"
    );
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
