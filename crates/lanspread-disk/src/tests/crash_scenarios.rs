//! The operations that have to survive whatever goes wrong at any point of them.
//!
//! Invariant: every operation that changes a game root or what is remembered of one stands here, in
//! a root with files of the player, of other tools and of Lanspread's own reserved names.

use std::sync::LazyLock;

use lanspread_core::{
    DiskFailure,
    root::{DownloadIntent, Goal},
};

use super::{
    super::Disk,
    crash::{Scenario, crash_at_every_point, crash_everywhere, run_whole},
    crash_fs::{Crash, Fault},
    install::game,
    world::*,
};

pub(super) static OLD: LazyLock<Tree> = LazyLock::new(|| {
    let mut files = game("20200101", &[("bin/game", "v1"), ("config", "default")], 0);
    files.insert("data/shared.pak".to_owned(), noise(3, 300_000));
    files.insert("data/gone.pak".to_owned(), noise(4, 100));
    files.insert("old.eti".to_owned(), archive(&[("extra", "1")], 0));
    files
});

pub(super) static NEW: LazyLock<Tree> = LazyLock::new(|| {
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

/// Puts what other tools and people keep in a game root.
pub(super) fn with_foreign(world: &World) {
    world.put(".sync/id", b"foreign");
    world.put(".SyncIgnore", b"*.tmp");
    world.put(".softlan_game_installed", b"");
    world.put("data/mod.pak.!sync", b"half of something");
    world.put("mine.txt", b"foreign too");
}

/// The same, and directories under reserved names that nothing proves to be ours.
fn with_impostors(world: &World) {
    with_foreign(world);
    world.put(".local.backup/theirs", b"not ours");
    world.put(".local.installing/theirs", b"not ours either");
}

pub(super) fn with_old(world: &World) {
    download(&world.steady(), &OLD, DownloadIntent::New).unwrap();
    with_foreign(world);
}

pub(super) fn with_old_and_impostors(world: &World) {
    with_old(world);
    with_impostors(world);
}

fn with_old_by_hand(world: &World) {
    world.put_all(&OLD);
    with_impostors(world);
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
    with_old_and_impostors(world);
    let mut damaged = OLD["data/shared.pak"].clone();
    damaged[7] ^= 1;
    world.put("data/shared.pak", damaged);
}

/// Some chunks are stored and some are not.
const HALF_CHUNKS: usize = 3;

fn with_half_an_update(world: &World) {
    with_old_and_impostors(world);
    gather(&world.steady(), &NEW, DownloadIntent::Update, HALF_CHUNKS).unwrap();
}

fn with_half_a_new_game(world: &World) {
    gather(&world.steady(), &NEW, DownloadIntent::New, HALF_CHUNKS).unwrap();
}

fn only_old(world: &World) {
    download(&world.steady(), &OLD, DownloadIntent::New).unwrap();
}

fn install(disk: &Disk) -> Result<(), DiskFailure> {
    reach(disk, &Goal::Install).map(drop)
}

fn drop_download(disk: &Disk) -> Result<(), DiskFailure> {
    reach(disk, &Goal::DropDownload).map(drop)
}

fn remove(disk: &Disk) -> Result<(), DiskFailure> {
    reach(disk, &Goal::Remove).map(drop)
}

pub(super) fn download_new(disk: &Disk) -> Result<(), DiskFailure> {
    download(disk, &NEW, DownloadIntent::New).map(drop)
}

pub(super) fn update(disk: &Disk) -> Result<(), DiskFailure> {
    download(disk, &NEW, DownloadIntent::Update).map(drop)
}

fn update_giving_up_old(disk: &Disk) -> Result<(), DiskFailure> {
    download(disk, &NEW, DownloadIntent::UpdateGivingUpOld).map(drop)
}

fn repair(disk: &Disk) -> Result<(), DiskFailure> {
    download(disk, &OLD, DownloadIntent::Repair).map(drop)
}

fn hash_by_hand(disk: &Disk) -> Result<(), DiskFailure> {
    disk.scan_library()?;
    hash(disk)?;
    disk.scan_root(&id()).map(drop)
}

/// A test for each scenario, and the list of all of them.
macro_rules! scenarios {
    ($($test:ident: $name:literal, $build:expr, $operate:expr $(, gives_up_old: $gives_up:literal)?;)*) => {
        const ALL: &[Scenario] = &[$(Scenario {
            name: $name,
            build: $build,
            operate: $operate,
            gives_up_old: false $(|| $gives_up)?,
        }),*];

        $(#[test]
        fn $test() {
            let scenario = ALL.iter().find(|scenario| scenario.name == $name);
            crash_everywhere(scenario.expect("it is one of them"));
        })*
    };
}

scenarios! {
    hashing_survives_whatever_goes_wrong:
        "hashing a game put there by hand", with_old_by_hand, hash_by_hand;
    download_of_a_new_game_survives_whatever_goes_wrong:
        "download of a new game", |_| {}, download_new;
    download_beside_foreign_files_survives_whatever_goes_wrong:
        "download into a root with foreign files", with_impostors, download_new;
    resumed_download_survives_whatever_goes_wrong:
        "resumed download", with_half_a_new_game, download_new;
    cancelled_download_survives_whatever_goes_wrong:
        "cancelled download", with_half_a_new_game, drop_download;
    update_of_a_downloaded_game_survives_whatever_goes_wrong:
        "update of a downloaded game", with_old_and_impostors, update;
    update_of_a_game_put_there_by_hand_survives_whatever_goes_wrong:
        "update of a game put there by hand", with_old_by_hand, update;
    resumed_update_survives_whatever_goes_wrong:
        "resumed update", with_half_an_update, update;
    cancelled_update_survives_whatever_goes_wrong:
        "cancelled update", with_half_an_update, drop_download;
    update_giving_up_the_old_version_first_survives_whatever_goes_wrong:
        "update giving up the old version first", with_old_and_impostors, update_giving_up_old,
        gives_up_old: true;
    repair_survives_whatever_goes_wrong:
        "repair", with_damage, repair;
    install_survives_whatever_goes_wrong:
        "install", with_old, install;
    install_of_an_update_survives_whatever_goes_wrong:
        "install of an update", with_newer_than_installed, install;
    install_over_a_directory_somebody_put_there_survives_whatever_goes_wrong:
        "install over a directory somebody put there", |world| {
            with_old(world);
            world.put("local/save", b"my save");
            world.put("local/config", b"my settings");
        }, install;
    uninstall_survives_whatever_goes_wrong:
        "uninstall", with_install, |disk| reach(disk, &Goal::Uninstall).map(drop);
    removal_of_a_downloaded_game_survives_whatever_goes_wrong:
        "removal of a downloaded game", only_old, remove;
    removal_of_a_game_put_there_by_hand_survives_whatever_goes_wrong:
        "removal of a game put there by hand", |world| world.put_all(&OLD), remove;
}

/// What a disk that does not answer once has shown, and what prevents it now:
///
/// - A download whose manifest could not be read once counted as hand-placed or as not known. What is
///   remembered of a game and cannot be read now fails the operation, which can be tried again.
/// - A file that could not be looked at once counted as gone in the middle of the switch, and the
///   intent and the parked sentinel were thrown away. Only what is certainly gone counts as that.
/// - An install whose old record could not be read took every old file for the player's and kept it
///   beside the new one.
/// - An update that had given up the old version and failed then, before the first chunk, dropped the
///   staging place as well: nothing said any more that the game was on its way.
#[test]
#[ignore = "a minute for what the tests above try at one look of three"]
fn a_disk_that_does_not_answer_once_does_no_harm_wherever_it_is() {
    let crash = Crash::Once(Fault::IoAtEveryLook);
    let points = ALL
        .iter()
        .map(|scenario| crash_at_every_point(scenario, crash));
    println!("{} crash points: {crash:?}", points.sum::<u64>());
}

/// Each of the tests above tries its own; this one only counts them, so that one line tells how many
/// there are. The line is shown by the default test command.
#[test]
fn crash_points_are_counted() {
    let mut all = 0;
    for crash in Crash::ALL {
        let points = ALL.iter().map(|scenario| run_whole(scenario, crash).points);
        let points: u64 = points.sum();
        println!("{points:>6} crash points: {crash:?}");
        all += points;
    }
    println!("{all:>6} crash points in {} operations", ALL.len());
}
