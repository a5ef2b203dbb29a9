//! Install, uninstall, remove, verify, and what a kill in the middle leaves.

use std::path::Path;

use lanspread_core::{OperationNote, Timing};
use lanspread_db::DOWNLOAD_DIR;

use super::*;
use crate::disk::faults::{Decide, Fault, Operation};

#[test]
fn goodbye_removes_a_peer_at_once_and_shutdown_is_prompt() {
    let mut world = party(3, 6);
    start_all(&mut world);
    let begin = world.now;
    world.tell(2, Input::Shutdown);
    world.until("the end", |world| !world.is_running(2));
    assert!(world.now.since(begin) < Duration::from_secs(1));
    world.pass(Duration::from_millis(10));
    for n in 0..2 {
        assert_eq!(world.view(n).peers.len(), 1);
    }
    world.assert_at_rest();
}

#[test]
fn a_broken_archive_fails_the_install_and_leaves_the_download() {
    let mut world = party(1, 24);
    world.disk(0).put(&manifest("game", OLD, 8 * MIB, 7), true);
    world.disk(0).break_archive(&game("game"));
    world.start(0);
    assert_eq!(
        world.command(0, PeerCommand::InstallGame { id: game("game") }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Install);
    let outcomes = ended(&world, 0, OperationKind::Install);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::BadArchive);
    assert_eq!(world.disk(0).version(&game("game")), Some(version(OLD)));
    assert!(world.disk(0).is_settled(&game("game")));
    world.assert_at_rest();
}

#[test]
fn install_uninstall_and_remove_do_what_they_say() {
    let mut world = party(2, 25);
    world.disk(0).put(&manifest("game", OLD, 8 * MIB, 7), true);
    start_all(&mut world);
    let id = game("game");
    let refusal = world
        .command(0, PeerCommand::UninstallGame { id: id.clone() })
        .unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NotInstalled);
    assert_eq!(
        world.command(0, PeerCommand::InstallGame { id: id.clone() }),
        Ok(())
    );
    let busy = world
        .command(0, PeerCommand::InstallGame { id: id.clone() })
        .unwrap_err();
    assert_eq!(busy.kind, ErrorKind::Busy);
    until_ended(&mut world, 0, OperationKind::Install);
    let refusal = world
        .command(0, PeerCommand::RemoveGame { id: id.clone() })
        .unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Installed);
    assert_eq!(
        world.command(0, PeerCommand::UninstallGame { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Uninstall);
    assert_eq!(
        world.command(0, PeerCommand::RemoveGame { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Remove);
    world.pass(Duration::from_secs(1));
    assert!(world.view(0).games.is_empty());
    assert!(world.view(1).games.is_empty());
    world.assert_at_rest();
}

#[test]
fn a_cancelled_install_leaves_the_download() {
    let mut world = installing(26);
    let id = game("game");
    assert_eq!(
        world.command(0, PeerCommand::Cancel { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Install);
    assert_eq!(
        ended(&world, 0, OperationKind::Install),
        [&Outcome::Cancelled]
    );
    assert_eq!(world.disk(0).installed(&id), None);
    assert!(world.disk(0).is_settled(&id));
    world.assert_at_rest();
}

#[test]
fn an_install_that_was_killed_is_undone_before_anything_else() {
    let mut world = installing(27);
    let id = game("game");
    world.kill(0);
    assert!(!world.disk(0).is_settled(&id));
    world.forget_events(0);
    world.start(0);
    let waits = world.send_command(0, PeerCommand::InstallGame { id: id.clone() });
    until_ended(&mut world, 0, OperationKind::Recover);
    assert!(world.disk(0).is_settled(&id));
    let answer = world.answer(0, waits).clone().unwrap_err();
    assert_eq!(answer.kind, ErrorKind::Busy);
    world.pass(Duration::from_secs(1));
    world.assert_at_rest();
}

#[test]
fn verify_says_that_all_is_well_and_moves_nothing() {
    let mut world = party(2, 28);
    for n in 0..2 {
        world.disk(n).put(&manifest("game", OLD, 8 * MIB, 7), true);
    }
    start_all(&mut world);
    assert_eq!(
        world.command(0, PeerCommand::VerifyGame { id: game("game") }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Verify);
    assert!(matches!(
        ended(&world, 0, OperationKind::Verify)[..],
        [Outcome::Finished(_)]
    ));
    assert!(world.moved().is_empty());
    world.assert_at_rest();
}

#[test]
fn verify_repairs_from_the_peers_what_is_damaged() {
    let mut world = party(2, 35);
    for n in 0..2 {
        world.disk(n).put(&manifest("game", OLD, 8 * MIB, 7), true);
    }
    start_all(&mut world);
    let id = game("game");
    world.disk(0).damage(&id);
    assert_eq!(
        world.command(0, PeerCommand::VerifyGame { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Verify);
    assert!(matches!(
        ended(&world, 0, OperationKind::Verify)[..],
        [Outcome::Finished(_)]
    ));
    assert!(!world.disk(0).is_damaged(&id));
    assert!(world.moved()[&(0, 1)] > 0);
    world.pass(Duration::from_secs(1));
    world.assert_at_rest();
}

#[test]
fn verify_without_anybody_to_repair_from_says_so() {
    let mut world = party(2, 36);
    let id = game("game");
    world.disk(1).put(&manifest("game", OLD, 8 * MIB, 7), true);
    start_all(&mut world);
    assert_eq!(world.command(0, download("game")), Ok(()));
    until_ended(&mut world, 0, OperationKind::Install);
    world.kill(1);
    world.until_event(0, "the loss", |event| {
        matches!(event, PeerEvent::PeerLost { .. })
    });
    world.disk(0).damage(&id);
    assert_eq!(
        world.command(0, PeerCommand::VerifyGame { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Verify);
    let outcomes = ended(&world, 0, OperationKind::Verify);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::NoSource);
    assert_eq!(world.disk(0).version(&id), Some(version(OLD)));
    world.pass(Duration::from_secs(1));
    world.assert_at_rest();
}

/// A look at the folder that found the damage made the library forget the manifest, and `verify` then
/// said that there is nothing to compare with, although this peer recorded what it downloaded.
#[test]
fn verify_of_a_download_that_is_known_to_be_damaged_names_the_files_that_nobody_can_repair() {
    let mut world = party(2, 40);
    let id = game("game");
    world.disk(1).put(&manifest("game", OLD, 8 * MIB, 7), true);
    start_all(&mut world);
    assert_eq!(world.command(0, download("game")), Ok(()));
    until_ended(&mut world, 0, OperationKind::Install);
    world.kill(1);
    world.kill(0);
    world.disk(0).damage(&id);
    world.start(0);
    world.pass(Duration::from_secs(5));
    let view = world.view(0);
    assert!(
        view.games[0].problem.is_some() && view.games[0].manifest.is_none(),
        "{:?}",
        view.games
    );
    world.forget_events(0);
    assert_eq!(
        world.command(0, PeerCommand::VerifyGame { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Verify);
    let outcomes = ended(&world, 0, OperationKind::Verify);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::NoSource);
    for told in [
        "data.eti",
        OLD,
        "no peer has these files",
        "verify it again",
    ] {
        assert!(error.message.contains(told), "{error:?}");
    }
    assert_eq!(world.disk(0).version(&id), Some(version(OLD)));
    world.pass(Duration::from_secs(1));
    world.assert_at_rest();
}

#[test]
fn verify_whose_repair_stalls_says_so_and_to_verify_again() {
    let mut world = party(2, 41);
    let id = game("game");
    for n in 0..2 {
        world.disk(n).put(&manifest("game", OLD, 8 * MIB, 7), true);
    }
    start_all(&mut world);
    for n in 0..2 {
        world.disk(n).damage(&id);
    }
    assert_eq!(
        world.command(0, PeerCommand::VerifyGame { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Verify);
    let outcomes = ended(&world, 0, OperationKind::Verify);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::SourcesFailed);
    for told in ["the repair of game stopped", "verify it again"] {
        assert!(error.message.contains(told), "{error:?}");
    }
    assert_eq!(world.disk(0).version(&id), Some(version(OLD)));
    world.pass(Duration::from_secs(1));
    world.assert_at_rest();
}

#[test]
fn verify_of_a_game_that_nobody_else_has_says_that_there_is_nothing_to_compare_with() {
    let mut world = party(1, 39);
    world.disk(0).put(&manifest("game", OLD, 8 * MIB, 7), false);
    world.start(0);
    assert_eq!(
        world.command(0, PeerCommand::VerifyGame { id: game("game") }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Verify);
    let outcomes = ended(&world, 0, OperationKind::Verify);
    let [Outcome::Finished(report)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(
        report.notes
            == [OperationNote::NothingToCompare {
                version: report.version
            }],
        "{report:?}"
    );
    world.assert_at_rest();
}

/// The new version is in place, and what is left of its download cannot be removed: it goes as soon as
/// the disk can be written again, by itself.
#[test]
fn what_a_disk_that_turned_read_only_keeps_from_being_swept_is_swept_at_the_next_look() {
    let mut world = downloading(44, 8 * MIB, 5);
    let id = game("game");
    let mut is_over = false;
    let decide: Decide = Box::new(move |asked| {
        let list = Path::new(DOWNLOAD_DIR).join("manifest");
        // The sweep begins with the list of files; the staged sentinel is removed long before.
        is_over |= asked.path.ends_with(list) && asked.operation == Operation::RemoveFile;
        (is_over && asked.operation.changes()).then_some(Fault::ReadOnly)
    });
    world.troubled.insert(1);
    world.nodes[1].machine.set_faults(Some(decide));
    until_ended(&mut world, 1, OperationKind::Download);
    assert!(matches!(
        ended(&world, 1, OperationKind::Download)[..],
        [Outcome::Failed(_)]
    ));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.disk(1).version(&id), Some(version(OLD)));
    assert!(!world.disk(1).is_settled(&id));
    world.nodes[1].machine.set_faults(None);
    world.pass(Timing::default().rescan_all + Duration::from_secs(5));
    assert!(world.disk(1).is_settled(&id));
    world.assert_at_rest();
}
