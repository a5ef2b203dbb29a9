//! Each planted fault does what it says, and without it that does not happen.

use lanspread_core::root::{DownloadIntent, Goal};

use super::{
    super::{planted::PlantedFault, *},
    rig::*,
};

fn downloaded(fault: Option<PlantedFault>) -> VirtualDisk {
    let disk = machine();
    download(&boot(&disk, fault).unwrap(), &new(), DownloadIntent::New).unwrap();
    disk
}

fn is_whole(disk: &VirtualDisk) -> bool {
    let wanted = new();
    wanted.iter().all(|(path, content)| {
        disk.content(format!("{ROOT}/{path}"))
            .is_some_and(|is| is == *content)
    })
}

/// Does the same with the fault and without it.
fn tells_apart(fault: PlantedFault, is_well: impl Fn(Option<PlantedFault>) -> bool) {
    assert!(is_well(None), "without the fault all is well");
    assert!(!is_well(Some(fault)), "{fault:?} does harm");
}

#[test]
fn every_fault_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = PlantedFault::ALL
        .iter()
        .map(|fault| fault.as_str())
        .collect();
    assert_eq!(names.len(), PlantedFault::ALL.len());
}

#[test]
fn a_lie_about_content_loses_it_with_the_power() {
    tells_apart(PlantedFault::ContentSyncIsALie, |fault| {
        let disk = downloaded(fault);
        assert!(is_whole(&disk));
        disk.power_cut(NameOrder::Journal, &mut |_| 0);
        is_whole(&disk)
    });
}

#[test]
fn a_lie_about_names_loses_them_with_the_power() {
    tells_apart(PlantedFault::NameSyncIsALie, |fault| {
        let disk = downloaded(fault);
        assert!(is_whole(&disk));
        disk.power_cut(NameOrder::PerFolder, &mut |_| 0);
        is_whole(&disk)
    });
}

#[test]
fn with_the_sentinel_before_the_sync_there_is_a_moment_without_content() {
    tells_apart(PlantedFault::SentinelBeforeSync, |fault| {
        let disk = machine();
        let side = boot(&disk, fault).unwrap();
        prepare(&side, &new(), DownloadIntent::New).unwrap();
        let manifest = manifest(&new()).hash();
        let mut well = true;
        let goal = Goal::Switch { manifest };
        while let lanspread_core::root::Next::Take(step) =
            lanspread_core::root::next_step(&goal, &side.observe_root(&id()).unwrap())
        {
            let cancel = lanspread_unpack::CancelFlag::new();
            side.run_step(&id(), &step, &|_| {}, &cancel).unwrap();
            let cut = disk.copy();
            cut.power_cut(NameOrder::Journal, &mut |_| 0);
            well &= !cut.exists(format!("{ROOT}/version.ini")) || is_whole(&cut);
        }
        disk.power_cut(NameOrder::Journal, &mut |_| 0);
        assert!(is_whole(&disk), "in the end everything is durable");
        well
    });
}

#[test]
fn a_foreign_directory_goes_with_a_reserved_one() {
    tells_apart(PlantedFault::ForeignDirectoryDeleted, |fault| {
        let disk = machine();
        disk.put("/games/quake/.sync/id", "foreign").unwrap();
        download(&boot(&disk, fault).unwrap(), &new(), DownloadIntent::New).unwrap();
        disk.exists("/games/quake/.sync/id")
    });
}

#[test]
fn a_directory_without_marker_goes_when_the_marker_is_not_asked() {
    tells_apart(PlantedFault::MarkerNotAsked, |fault| {
        let disk = downloaded(None);
        disk.put("/games/quake/.local.installing/mine.txt", "mine")
            .unwrap();
        reach(&boot(&disk, fault).unwrap(), &Goal::Settle).unwrap();
        disk.exists("/games/quake/.local.installing/mine.txt")
    });
}

#[test]
fn a_players_file_is_lost_in_the_carry_over() {
    tells_apart(PlantedFault::PlayersFileLost, |fault| {
        let disk = machine();
        let side = boot(&disk, fault).unwrap();
        download(&side, &old(), DownloadIntent::New).unwrap();
        reach(&side, &Goal::Install).unwrap();
        disk.put("/games/quake/local/save", "my save").unwrap();
        download(&side, &new(), DownloadIntent::Update).unwrap();
        reach(&side, &Goal::Install).unwrap();
        disk.exists("/games/quake/local/save")
    });
}

#[test]
fn the_last_block_of_what_is_fetched_is_missing() {
    tells_apart(PlantedFault::LastBlockMissing, |fault| {
        let disk = downloaded(fault);
        assert!(disk.exists("/games/quake/version.ini"));
        is_whole(&disk)
    });
}

#[test]
fn files_of_a_removed_game_stay_when_the_intent_is_cleared_too_early() {
    tells_apart(PlantedFault::IntentClearedTooEarly, |fault| {
        let disk = downloaded(None);
        reach(&boot(&disk, fault).unwrap(), &Goal::Remove).unwrap();
        assert!(!disk.exists("/games/quake/version.ini"));
        !disk.exists(ROOT)
    });
}

#[test]
fn a_broken_archive_fails_the_install_and_leaves_the_download() {
    let disk = downloaded(None);
    disk.rot("/games/quake/game.eti", 100, 1).unwrap();
    let side = boot(&disk, None).unwrap();
    let error = reach(&side, &Goal::Install).unwrap_err();
    assert_eq!(error.kind, lanspread_core::DiskFailureKind::BadArchive);
    reach(&side, &Goal::Settle).unwrap();
    assert_eq!(disk.names(ROOT).len(), 3, "{:?}", disk.names(ROOT));
    assert_ne!(
        hash(&side).unwrap().hash(),
        manifest(&new()).hash(),
        "rot shows when it is read"
    );
}
