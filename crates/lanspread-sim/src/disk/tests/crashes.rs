//! Every operation of the real disk side, with the power cut at each change it makes, by every order in
//! which a disk may lose names, then recovered.

use std::collections::BTreeMap;

use lanspread_core::{
    DiskFailure,
    root::{DownloadIntent, Goal, Staged},
};
use lanspread_disk::Disk;

use super::{
    super::{
        faults::{Fault, at_change},
        *,
    },
    rig::*,
};

struct Scenario {
    build: fn(&VirtualDisk),
    operate: fn(&Disk) -> Result<(), DiskFailure>,
    /// The old version goes before the new one is there.
    gives_up: bool,
}

fn with_old(disk: &VirtualDisk) {
    download(&boot(disk, None).unwrap(), &old(), DownloadIntent::New).unwrap();
    disk.put("/games/quake/.sync/id", "foreign").unwrap();
    disk.put("/games/quake/mine.txt", "foreign too").unwrap();
}

fn with_install(disk: &VirtualDisk) {
    with_old(disk);
    reach(&boot(disk, None).unwrap(), &Goal::Install).unwrap();
    disk.put("/games/quake/local/save/game1", "my save")
        .unwrap();
    disk.put("/games/quake/local/config", "my settings")
        .unwrap();
}

fn with_newer_than_installed(disk: &VirtualDisk) {
    with_install(disk);
    download(&boot(disk, None).unwrap(), &new(), DownloadIntent::Update).unwrap();
}

fn install(side: &Disk) -> Result<(), DiskFailure> {
    reach(side, &Goal::Install).map(drop)
}

/// What must not differ.
fn comparable(disk: &VirtualDisk) -> Tree {
    let mut tree = disk.tree(ROOT);
    tree.retain(|path, item| {
        // The marker of an install only says that Lanspread knows the directory.
        !path.starts_with(".lanspread.download")
            && path != "local/.lanspread_owned"
            && *item != Item::Folder
    });
    tree
}

/// Chance that follows from a number.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        u32::try_from(self.0 >> 33).unwrap() % end
    }
}

fn crash_everywhere(scenario: &Scenario) {
    let begin = machine();
    (scenario.build)(&begin);
    begin.write_back();
    let before = comparable(&begin);
    let whole = begin.copy();
    let side = boot(&whole, None).unwrap();
    (scenario.operate)(&side).unwrap();
    let after = comparable(&whole);
    let points = whole.change_operations();
    let mut tried: BTreeMap<String, u64> = BTreeMap::new();
    for order in [NameOrder::Journal, NameOrder::PerFolder] {
        for cut_at in 0..points {
            for luck in 0..3 {
                let disk = begin.copy();
                let fault = [Fault::Stop, Fault::StopHalfway][usize::from(luck == 2)];
                disk.set_faults(Some(at_change(cut_at, fault)));
                if let Ok(side) = boot(&disk, None) {
                    // It fails where the machine stops.
                    let _ = (scenario.operate)(&side);
                }
                disk.set_faults(None);
                let mut chance = Chance(cut_at * 3 + luck);
                disk.power_cut(order, &mut |end| {
                    if luck == 0 { 0 } else { chance.below(end) }
                });
                let at = format!("{order:?}, cut at {cut_at} of {points}, luck {luck}");
                check_recovery(scenario, &disk, &at, &before, &after);
                *tried.entry(format!("{order:?}")).or_default() += 1;
            }
        }
    }
    println!("{tried:?} power cuts");
}

fn check_recovery(scenario: &Scenario, disk: &VirtualDisk, at: &str, before: &Tree, after: &Tree) {
    let side = boot(disk, None).unwrap();
    reach(&side, &Goal::Settle).unwrap_or_else(|error| panic!("{at}: {error}"));
    let recovered = comparable(disk);
    let given_up = scenario.gives_up
        && !recovered.contains_key("version.ini")
        && matches!(
            side.observe_root(&id()).unwrap().staged,
            Staged::Gathering(_)
        );
    if recovered != *before && recovered != *after && !given_up {
        let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
        panic!(
            "{at}: neither old nor new.\nis:  {:?}\nold: {:?}\nnew: {:?}",
            names(&recovered),
            names(before),
            names(after)
        );
    }
    drop(side);
    let seen = disk.tree(ROOT);
    let side = boot(disk, None).unwrap();
    assert_eq!(
        reach(&side, &Goal::Settle).unwrap(),
        [],
        "{at}: settled twice"
    );
    assert!(
        disk.tree(ROOT) == seen,
        "{at}: a second recovery changes nothing"
    );
    (scenario.operate)(&side).unwrap_or_else(|error| panic!("{at}, started again: {error}"));
    assert!(
        comparable(disk) == *after,
        "{at}, started again: it ends otherwise"
    );
    assert!(
        !disk.exists("/games/quake/.lanspread.download"),
        "{at}: staging is left over"
    );
}

#[test]
fn download_of_a_new_game_survives_every_power_cut() {
    crash_everywhere(&Scenario {
        build: |_| {},
        operate: |side| download(side, &new(), DownloadIntent::New),
        gives_up: false,
    });
}

#[test]
fn update_survives_every_power_cut() {
    crash_everywhere(&Scenario {
        build: with_old,
        operate: |side| download(side, &new(), DownloadIntent::Update),
        gives_up: false,
    });
}

#[test]
fn update_giving_up_the_old_version_survives_every_power_cut() {
    crash_everywhere(&Scenario {
        build: with_old,
        operate: |side| download(side, &new(), DownloadIntent::UpdateGivingUpOld),
        gives_up: true,
    });
}

#[test]
fn install_survives_every_power_cut() {
    crash_everywhere(&Scenario {
        build: with_old,
        operate: install,
        gives_up: false,
    });
}

#[test]
fn install_of_an_update_survives_every_power_cut() {
    crash_everywhere(&Scenario {
        build: with_newer_than_installed,
        operate: install,
        gives_up: false,
    });
}

#[test]
fn uninstall_survives_every_power_cut() {
    crash_everywhere(&Scenario {
        build: with_install,
        operate: |side| reach(side, &Goal::Uninstall).map(drop),
        gives_up: false,
    });
}

#[test]
fn removal_survives_every_power_cut() {
    crash_everywhere(&Scenario {
        build: |disk| {
            download(&boot(disk, None).unwrap(), &old(), DownloadIntent::New).unwrap();
        },
        operate: |side| reach(side, &Goal::Remove).map(drop),
        gives_up: false,
    });
}
