//! Small parties of real cores on a virtual clock, network and disk.

mod chance;
mod disk;
mod world;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lanspread_core::{
    AfterDownload, DownloadRoom, ErrorKind, Input, OperationKind, Outcome, PeerCommand, PeerEvent,
    Progress,
};
use lanspread_db::{Catalog, GameId, Version};
use lanspread_proto::PeerId;

use disk::manifest;
use world::{World, peer_id};

const OLD: &str = "20200101";
const NEW: &str = "20250101";
const MIB: u64 = 1024 * 1024;

fn game(id: &str) -> GameId {
    GameId::parse(id).unwrap()
}

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

/// A party of `n` in which nobody has anything yet and nobody is started.
fn party(n: usize, seed: u64) -> World {
    let catalog = Arc::new(Catalog::open_party());
    let mut world = World::new(seed);
    for _ in 0..n {
        world.add(&catalog);
    }
    world
}

fn download(id: &str) -> PeerCommand {
    PeerCommand::DownloadGameFiles {
        id: game(id),
        then: AfterDownload::Install,
        room: DownloadRoom::KeepOld,
    }
}

fn all_connected(world: &mut World) -> bool {
    let n = world.nodes.len();
    (0..n).all(|me| {
        let others: BTreeSet<PeerId> = (0..n).filter(|&n| n != me).map(peer_id).collect();
        let view = world.view(me);
        view.peers.iter().all(|peer| peer.in_sync) && world.seen_by(me) == others
    })
}

/// Starts everybody at once and waits for the full mesh.
fn start_all(world: &mut World) {
    for n in 0..world.nodes.len() {
        world.start(n);
    }
    world.pass(Duration::from_secs(3));
    assert!(all_connected(world));
}

fn ended(world: &World, n: usize, kind: OperationKind) -> Vec<&Outcome> {
    world.nodes[n]
        .events
        .iter()
        .filter_map(|event| match event {
            PeerEvent::OperationEnded {
                kind: ended,
                outcome,
                ..
            } if *ended == kind => Some(outcome),
            _ => None,
        })
        .collect()
}

fn until_ended(world: &mut World, n: usize, wanted: OperationKind) {
    world.until_event(
        n,
        "an operation to end",
        |event| matches!(event, PeerEvent::OperationEnded { kind, .. } if *kind == wanted),
    );
}

#[test]
fn three_cold_starts_are_symmetric_and_cost_one_handshake_and_one_snapshot_each_way() {
    let mut world = party(3, 1);
    for n in 0..3 {
        world.nodes[n]
            .disk
            .put(&manifest(&format!("game{n}"), OLD, 3 * MIB, n as u64), true);
    }
    start_all(&mut world);
    for a in 0..3 {
        for b in 0..3 {
            if a < b {
                assert_eq!(world.count(a, b, "Hello") + world.count(b, a, "Hello"), 1);
            }
            if a != b {
                assert_eq!(world.count(a, b, "LibrarySnapshot"), 1, "{a} asks {b}");
                assert_eq!(world.count(a, b, "LibraryDelta"), 0);
                assert_eq!(world.count(a, b, "LibrarySummary"), 0);
                assert_eq!(world.count(a, b, "ListGames"), 0);
            }
        }
        let view = world.view(a);
        let ids: Vec<&str> = view.games.iter().map(|game| game.id.as_str()).collect();
        assert_eq!(ids, ["game0", "game1", "game2"]);
    }
    world.assert_at_rest();
}

#[test]
fn eight_peers_mesh_within_two_seconds() {
    let mut world = party(8, 2);
    for n in 0..8 {
        world.nodes[n]
            .disk
            .put(&manifest(&format!("game{n}"), OLD, 3 * MIB, n as u64), true);
    }
    for n in 0..8 {
        world.start(n);
    }
    world.pass(Duration::from_secs(2));
    assert!(all_connected(&mut world));
    let hellos = world
        .sent
        .iter()
        .filter(|sent| sent.kind == "Hello")
        .count();
    assert_eq!(hellos, 8 * 7 / 2);
    assert_eq!(world.view(0).games.len(), 8);
    world.assert_at_rest();
}

#[test]
fn equal_libraries_exchange_nothing() {
    let mut world = party(2, 3);
    for n in 0..2 {
        world.nodes[n]
            .disk
            .put(&manifest("same", OLD, 3 * MIB, 7), true);
    }
    start_all(&mut world);
    // Each holds the empty library of the other before the first contact, so one snapshot each way.
    let pulls = |world: &World| {
        world
            .sent
            .iter()
            .filter(|sent| sent.kind.starts_with("LibraryS"))
            .count()
    };
    assert_eq!(pulls(&world), 2);
    world.kill(1);
    world.pass(Duration::from_secs(2));
    world.start(1);
    world.pass(Duration::from_secs(5));
    assert!(all_connected(&mut world));
    // The restarted peer knows nothing and asks; the other one knows the digest and does not.
    assert_eq!(world.count(0, 1, "LibrarySnapshot"), 1);
    assert_eq!(world.count(1, 0, "LibrarySnapshot"), 2);
    world.assert_at_rest();
}

#[test]
fn a_peer_that_returns_under_another_port_keeps_its_library() {
    let mut world = party(2, 4);
    world.nodes[1]
        .disk
        .put(&manifest("game", OLD, 3 * MIB, 7), true);
    start_all(&mut world);
    let before = world.view(0).peers[0].addr;
    world.kill(1);
    world.start(1);
    world.until_event(0, "the move", |event| {
        matches!(event, PeerEvent::PeerMoved { .. })
    });
    world.pass(Duration::from_secs(2));
    let view = world.view(0);
    assert_ne!(view.peers[0].addr, before);
    assert_eq!(view.peers[0].addr, world.nodes[1].addr);
    assert_eq!(view.games.len(), 1);
    let lost = world.nodes[0]
        .events
        .iter()
        .any(|e| matches!(e, PeerEvent::PeerLost { .. }));
    assert!(!lost, "the peer was never gone for the users");
    assert_eq!(
        world.count(0, 1, "LibrarySnapshot"),
        1,
        "the digest is the same: nothing is asked"
    );
    world.assert_at_rest();
}

#[test]
fn a_peer_that_is_unplugged_is_pruned_after_its_silence() {
    let mut world = party(2, 5);
    start_all(&mut world);
    world.kill(1);
    let gone = world.now;
    world.until_event(0, "the loss", |event| {
        matches!(event, PeerEvent::PeerLost { .. })
    });
    let silence = world.now.since(gone);
    assert!(
        silence <= Duration::from_secs(20) && silence >= Duration::from_secs(12),
        "{silence:?}"
    );
    assert_eq!(world.view(0).peers.len(), 0);
}

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
fn a_shutdown_with_a_dead_peer_is_prompt_too() {
    let mut world = party(2, 7);
    start_all(&mut world);
    world.kill(1);
    let begin = world.now;
    world.tell(0, Input::Shutdown);
    world.until("the end", |world| !world.is_running(0));
    assert!(world.now.since(begin) < Duration::from_secs(1));
}

#[test]
fn idle_peers_ping_and_busy_ones_do_not() {
    let mut world = party(2, 8);
    start_all(&mut world);
    world.pass(Duration::from_mins(1));
    let pings = world.count(0, 1, "Ping") + world.count(1, 0, "Ping");
    // One ping refreshes both sides: about one each five seconds, from whoever is due first.
    assert!((10..=14).contains(&pings), "{pings}");
    assert!(all_connected(&mut world));
}

#[test]
fn a_changed_game_travels_as_one_delta_within_a_second() {
    let mut world = party(3, 9);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 3 * MIB, 7), true);
    start_all(&mut world);
    world.sent.clear();
    world.nodes[0]
        .disk
        .put(&manifest("another", OLD, 3 * MIB, 8), true);
    world.nodes[0]
        .disk
        .put(&manifest("third", OLD, 3 * MIB, 9), true);
    world.tell(
        0,
        Input::GameDirChanged {
            id: Some(game("another")),
        },
    );
    world.tell(
        0,
        Input::GameDirChanged {
            id: Some(game("third")),
        },
    );
    world.pass(Duration::from_secs(1));
    for n in 1..3 {
        assert_eq!(world.view(n).games.len(), 3);
        assert_eq!(world.count(0, n, "LibrarySummary"), 1);
        assert_eq!(world.count(n, 0, "LibraryDelta"), 1);
        assert_eq!(world.count(n, 0, "LibrarySnapshot"), 0);
    }
    world.nodes[0].disk.take(&game("another"));
    world.tell(
        0,
        Input::GameDirChanged {
            id: Some(game("another")),
        },
    );
    world.pass(Duration::from_secs(1));
    assert_eq!(world.view(1).games.len(), 2);
    world.assert_at_rest();
}

#[test]
fn an_unhashed_game_is_shown_at_once_and_shared_when_it_is_hashed() {
    let mut world = party(2, 10);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 3 * MIB, 7), false);
    for n in 0..2 {
        world.start(n);
    }
    world.pass(Duration::from_millis(100));
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Download);
    assert!(matches!(
        ended(&world, 1, OperationKind::Download)[..],
        [Outcome::Finished(_)]
    ));
    world.pass(Duration::from_secs(2));
    world.assert_at_rest();
}

#[test]
fn a_download_from_two_sources_takes_from_both_and_installs() {
    let mut world = party(3, 11);
    let content = manifest("game", OLD, 64 * MIB, 7);
    for n in 0..2 {
        world.nodes[n].disk.put(&content, true);
    }
    start_all(&mut world);
    assert_eq!(world.command(2, download("game")), Ok(()));
    until_ended(&mut world, 2, OperationKind::Install);
    let from = |source| world.moved.get(&(2, source)).copied().unwrap_or(0);
    assert!(from(0) > 20 && from(1) > 20, "{} and {}", from(0), from(1));
    assert_eq!(
        world.nodes[2].disk.installed(&game("game")),
        Some(version(OLD))
    );
    let outcomes = ended(&world, 2, OperationKind::Download);
    let [Outcome::Finished(report)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(report.chunks, u64::from(content.chunk_count()));
    assert_eq!(report.moved_bytes, content.total_bytes());
    assert_eq!(report.sources.len(), 2);
    assert_eq!(report.version, Some(version(OLD)));
    // The receiver is a source itself from here on.
    world.pass(Duration::from_secs(1));
    assert_eq!(world.view(0).games[0].peers.len(), 2);
    world.assert_at_rest();
}

#[test]
fn the_events_of_an_operation_come_in_order_and_end_once() {
    let mut world = party(2, 12);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 64 * MIB, 7), true);
    start_all(&mut world);
    world.nodes[1].events.clear();
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Install);
    let mut verified = 0;
    let story: Vec<String> = world.nodes[1]
        .events
        .iter()
        .filter_map(|event| match event {
            PeerEvent::ActiveOperationsChanged { active } => {
                Some(format!("active {}", active.len()))
            }
            PeerEvent::OperationBegan { kind, .. } => Some(format!("{} began", kind.as_str())),
            PeerEvent::OperationEnded { kind, .. } => Some(format!("{} ended", kind.as_str())),
            PeerEvent::GamesListUpdated => Some("list".to_owned()),
            PeerEvent::OperationProgress { progress, .. } => {
                if let Progress::Transferring { verified_bytes, .. } = progress {
                    assert!(*verified_bytes >= verified, "progress is monotone");
                    verified = *verified_bytes;
                }
                None
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        story,
        [
            "active 1",
            "download began",
            "list",
            "active 0",
            "download ended",
            "active 1",
            "install began",
            "list",
            "active 0",
            "install ended"
        ]
    );
}

#[test]
fn a_source_that_dies_is_dropped_and_the_other_one_finishes() {
    let mut world = party(3, 13);
    for n in 0..2 {
        world.nodes[n]
            .disk
            .put(&manifest("game", OLD, 128 * MIB, 7), true);
        world.nodes[n].upload = 20_000_000;
    }
    start_all(&mut world);
    assert_eq!(world.command(2, download("game")), Ok(()));
    world.until("some chunks", |world| {
        world.moved.values().sum::<usize>() > 40
    });
    world.kill(1);
    until_ended(&mut world, 2, OperationKind::Download);
    assert!(matches!(
        ended(&world, 2, OperationKind::Download)[..],
        [Outcome::Finished(_)]
    ));
    assert_eq!(
        world.nodes[2].disk.version(&game("game")),
        Some(version(OLD))
    );
}

#[test]
fn a_source_that_lies_is_named_and_its_chunks_come_from_elsewhere() {
    let mut world = party(3, 14);
    for n in 0..2 {
        world.nodes[n]
            .disk
            .put(&manifest("game", OLD, 64 * MIB, 7), true);
    }
    world.nodes[1].lies = true;
    start_all(&mut world);
    assert_eq!(world.command(2, download("game")), Ok(()));
    until_ended(&mut world, 2, OperationKind::Download);
    assert!(matches!(
        ended(&world, 2, OperationKind::Download)[..],
        [Outcome::Finished(_)]
    ));
    assert_eq!(world.moved.get(&(2, 1)), None);
    let named = world.nodes[2].events.iter().any(|event| {
        matches!(event, PeerEvent::SourceDropped { peer_id: liar, reason, .. }
            if *liar == peer_id(1) && reason.contains("wrong bytes"))
    });
    assert!(named);
}

#[test]
fn the_majority_wins_and_the_dissent_is_told() {
    let mut world = party(4, 15);
    for n in 0..2 {
        world.nodes[n]
            .disk
            .put(&manifest("game", OLD, 8 * MIB, 7), true);
    }
    world.nodes[2]
        .disk
        .put(&manifest("game", OLD, 8 * MIB, 8), true);
    start_all(&mut world);
    assert_eq!(world.command(3, download("game")), Ok(()));
    until_ended(&mut world, 3, OperationKind::Download);
    let told = world.nodes[3].events.iter().any(|event| {
        matches!(event, PeerEvent::ManifestConflict { chosen: Some(_), offers, .. } if offers.len() == 2)
    });
    assert!(told);
    assert_eq!(world.moved.get(&(3, 2)), None);
}

#[test]
fn a_tie_is_refused_and_says_who_says_what() {
    let mut world = party(3, 16);
    for n in 0..2 {
        world.nodes[n]
            .disk
            .put(&manifest("game", OLD, 8 * MIB, n as u64), true);
    }
    start_all(&mut world);
    let refusal = world.command(2, download("game")).unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Conflict);
    assert!(refusal.message.contains("peer0") && refusal.message.contains("peer1"));
    let told = world.nodes[2].events.iter().any(|event| {
        matches!(event, PeerEvent::ManifestConflict { chosen: None, offers, .. } if offers.len() == 2)
    });
    assert!(told);
    world.assert_at_rest();
}

#[test]
fn cancel_sweeps_a_new_download_and_nothing_else() {
    let mut world = party(2, 17);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 128 * MIB, 7), true);
    world.nodes[0].upload = 20_000_000;
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    world.until("some chunks", |world| {
        world.moved.values().sum::<usize>() > 20
    });
    assert_eq!(
        world.command(1, PeerCommand::Cancel { id: game("game") }),
        Ok(())
    );
    until_ended(&mut world, 1, OperationKind::Download);
    assert_eq!(
        ended(&world, 1, OperationKind::Download),
        [&Outcome::Cancelled]
    );
    assert!(world.nodes[1].disk.is_settled(&game("game")));
    assert_eq!(world.nodes[1].disk.version(&game("game")), None);
    world.pass(Duration::from_secs(2));
    world.assert_at_rest();
    let again = world
        .command(1, PeerCommand::Cancel { id: game("game") })
        .unwrap_err();
    assert_eq!(again.kind, ErrorKind::NoOperation);
}

#[test]
fn a_cancelled_update_leaves_the_previous_version() {
    let mut world = party(2, 18);
    world.nodes[0]
        .disk
        .put(&manifest("game", NEW, 128 * MIB, 8), true);
    world.nodes[0].upload = 20_000_000;
    world.nodes[1]
        .disk
        .put(&manifest("game", OLD, 128 * MIB, 7), true);
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    world.until("some chunks", |world| {
        world.moved.values().sum::<usize>() > 20
    });
    assert_eq!(
        world.command(1, PeerCommand::Cancel { id: game("game") }),
        Ok(())
    );
    until_ended(&mut world, 1, OperationKind::Download);
    assert_eq!(
        world.nodes[1].disk.version(&game("game")),
        Some(version(OLD))
    );
    assert!(world.nodes[1].disk.is_settled(&game("game")));
}

#[test]
fn an_update_follows_the_newest_version_and_ends_uploads_before_the_switch() {
    let mut world = party(3, 19);
    world.nodes[0]
        .disk
        .put(&manifest("game", NEW, 32 * MIB, 8), true);
    world.nodes[1]
        .disk
        .put(&manifest("game", OLD, 32 * MIB, 7), true);
    start_all(&mut world);
    let shown = world.view(2).games[0].clone();
    assert_eq!(shown.expected_version, Some(version(NEW)));
    assert_eq!(
        shown.peers,
        [peer_id(0)],
        "a copy of another version is no source"
    );
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Install);
    assert_eq!(
        world.nodes[1].disk.version(&game("game")),
        Some(version(NEW))
    );
    assert_eq!(
        world.nodes[1].disk.installed(&game("game")),
        Some(version(NEW))
    );
    world.pass(Duration::from_secs(1));
    assert_eq!(world.view(2).games[0].peers.len(), 2);
    let again = world.command(1, download("game")).unwrap_err();
    assert_eq!(again.kind, ErrorKind::UpToDate);
    world.assert_at_rest();
}

#[test]
fn an_interrupted_download_goes_on_by_itself_after_a_restart() {
    let mut world = party(2, 20);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 128 * MIB, 7), true);
    world.nodes[0].upload = 20_000_000;
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    world.until("some chunks", |world| {
        world.moved.values().sum::<usize>() > 100
    });
    world.kill(1);
    let kept = world.nodes[1].disk.staged_chunks(&game("game"));
    let before: usize = world.moved.values().sum();
    assert!(kept > 80);
    world.nodes[1].events.clear();
    world.start(1);
    until_ended(&mut world, 1, OperationKind::Download);
    assert_eq!(
        world.nodes[1].disk.version(&game("game")),
        Some(version(OLD))
    );
    let total = manifest("game", OLD, 128 * MIB, 7).chunk_count() as usize;
    assert_eq!(world.moved.values().sum::<usize>() - before, total - kept);
}

#[test]
fn a_download_without_a_source_waits_and_then_says_so() {
    let mut world = party(2, 21);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 128 * MIB, 7), true);
    world.nodes[0].upload = 20_000_000;
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    world.until("some chunks", |world| {
        world.moved.values().sum::<usize>() > 20
    });
    world.kill(0);
    until_ended(&mut world, 1, OperationKind::Download);
    let outcomes = ended(&world, 1, OperationKind::Download);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::SourcesFailed);
    assert!(
        world.nodes[1].disk.staged_chunks(&game("game")) > 20,
        "what came is kept"
    );
    let waited = world.nodes[1].events.iter().any(|event| {
        matches!(
            event,
            PeerEvent::OperationProgress {
                progress: Progress::Waiting { .. },
                ..
            }
        )
    });
    assert!(waited);
}

#[test]
fn a_download_goes_on_when_its_source_returns() {
    let mut world = party(2, 22);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 64 * MIB, 7), true);
    world.nodes[0].upload = 20_000_000;
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    world.until("some chunks", |world| {
        world.moved.values().sum::<usize>() > 20
    });
    world.kill(0);
    world.pass(Duration::from_secs(15));
    world.start(0);
    until_ended(&mut world, 1, OperationKind::Download);
    assert!(matches!(
        ended(&world, 1, OperationKind::Download)[..],
        [Outcome::Finished(_)]
    ));
}

#[test]
fn a_full_disk_fails_cleanly_before_the_first_byte() {
    let mut world = party(2, 23);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 64 * MIB, 7), true);
    world.nodes[1].disk.free_bytes = MIB;
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Download);
    let outcomes = ended(&world, 1, OperationKind::Download);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::NoSpace);
    assert!(world.moved.is_empty());
    assert!(world.nodes[1].disk.is_settled(&game("game")));
    world.assert_at_rest();
}

#[test]
fn a_broken_archive_fails_the_install_and_leaves_the_download() {
    let mut world = party(1, 24);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 8 * MIB, 7), true);
    world.nodes[0].disk.bad_archives = true;
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
    assert_eq!(
        world.nodes[0].disk.version(&game("game")),
        Some(version(OLD))
    );
    assert!(world.nodes[0].disk.is_settled(&game("game")));
    world.assert_at_rest();
}

#[test]
fn install_uninstall_and_remove_do_what_they_say() {
    let mut world = party(2, 25);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 8 * MIB, 7), true);
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
    let mut world = party(1, 26);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 8 * MIB, 7), true);
    world.start(0);
    let id = game("game");
    assert_eq!(
        world.command(0, PeerCommand::InstallGame { id: id.clone() }),
        Ok(())
    );
    world.pass(Duration::from_millis(200));
    assert_eq!(
        world.command(0, PeerCommand::Cancel { id: id.clone() }),
        Ok(())
    );
    until_ended(&mut world, 0, OperationKind::Install);
    assert_eq!(
        ended(&world, 0, OperationKind::Install),
        [&Outcome::Cancelled]
    );
    assert_eq!(world.nodes[0].disk.installed(&id), None);
    assert!(world.nodes[0].disk.is_settled(&id));
    world.assert_at_rest();
}

#[test]
fn an_install_that_was_killed_is_undone_before_anything_else() {
    let mut world = party(1, 27);
    world.nodes[0]
        .disk
        .put(&manifest("game", OLD, 8 * MIB, 7), true);
    world.start(0);
    let id = game("game");
    assert_eq!(
        world.command(0, PeerCommand::InstallGame { id: id.clone() }),
        Ok(())
    );
    world.pass(Duration::from_millis(200));
    world.kill(0);
    assert!(!world.nodes[0].disk.is_settled(&id));
    world.nodes[0].events.clear();
    world.start(0);
    let waits = world.send_command(0, PeerCommand::InstallGame { id: id.clone() });
    until_ended(&mut world, 0, OperationKind::Recover);
    assert!(world.nodes[0].disk.is_settled(&id));
    let answer = world.nodes[0].answers[&waits].clone().unwrap_err();
    assert_eq!(answer.kind, ErrorKind::Busy);
    world.pass(Duration::from_secs(1));
    world.assert_at_rest();
}

#[test]
fn verify_says_that_all_is_well_and_moves_nothing() {
    let mut world = party(2, 28);
    for n in 0..2 {
        world.nodes[n]
            .disk
            .put(&manifest("game", OLD, 8 * MIB, 7), true);
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
    assert!(world.moved.is_empty());
    world.assert_at_rest();
}

#[test]
fn get_game_hands_over_the_list_of_files() {
    let mut world = party(2, 29);
    let content = manifest("game", OLD, 8 * MIB, 7);
    world.nodes[0].disk.put(&content, true);
    start_all(&mut world);
    assert_eq!(
        world.command(1, PeerCommand::GetGame { id: game("game") }),
        Ok(())
    );
    world.until_event(1, "the list", |event| {
        matches!(event, PeerEvent::GotGameFiles { .. })
    });
    let asked = world.count(1, 0, "GetGame");
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Install);
    assert_eq!(
        world.count(1, 0, "GetGame"),
        asked,
        "the list is not fetched twice"
    );
    let refusal = world
        .command(
            1,
            PeerCommand::GetGame {
                id: game("nothing"),
            },
        )
        .unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::UnknownGame);
    world.assert_at_rest();
}

#[test]
fn connect_before_the_bind_fails_at_once_with_the_promised_words() {
    let mut world = party(2, 30);
    world.start(1);
    world.start_unbound(0);
    let addr = world.nodes[1].addr;
    let refusal = world.command(0, PeerCommand::Connect { addr }).unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NotReady);
    assert_eq!(refusal.message, "local peer listener address is not ready");
}

#[test]
fn connect_reaches_a_peer_that_multicast_does_not() {
    let mut world = party(2, 31);
    world.nodes[1].hears_multicast = false;
    for n in 0..2 {
        world.start(n);
    }
    world.pass(Duration::from_secs(3));
    assert!(!all_connected(&mut world));
    let addr = world.nodes[1].addr;
    assert_eq!(world.command(0, PeerCommand::Connect { addr }), Ok(()));
    world.until_event(0, "the connection", |event| {
        matches!(event, PeerEvent::ConnectFinished { result: Ok(_), .. })
    });
    world.pass(Duration::from_secs(1));
    assert!(all_connected(&mut world));
    assert_eq!(world.command(0, PeerCommand::Connect { addr }), Ok(()));
    world.pass(Duration::from_secs(1));
    assert_eq!(
        world.count(0, 1, "Hello"),
        1,
        "a peer that is known is not greeted again"
    );
}

#[test]
fn a_peer_of_another_version_is_refused_by_name_once() {
    let mut world = party(2, 32);
    world.nodes[1].version = 99;
    world.start(0);
    world.pass(Duration::from_secs(1));
    for _ in 0..3 {
        let shown = world.advertisement(1);
        world.tell(0, Input::Discovered(shown));
        world.pass(Duration::from_secs(1));
    }
    let refusals: Vec<&PeerEvent> = world.nodes[0]
        .events
        .iter()
        .filter(|event| matches!(event, PeerEvent::PeerRefused { .. }))
        .collect();
    let [PeerEvent::PeerRefused { kind, reason, .. }] = refusals[..] else {
        panic!("{refusals:?}")
    };
    assert_eq!(*kind, ErrorKind::OtherVersion);
    assert!(reason.contains("runs another version of Lanspread"));
    assert!(
        reason.contains("99") && reason.contains("this is 1"),
        "{reason}"
    );
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let mut world = party(4, seed);
        for n in 0..3 {
            world.nodes[n]
                .disk
                .put(&manifest("game", OLD, 32 * MIB, 7), n != 0);
        }
        start_all(&mut world);
        assert_eq!(world.command(3, download("game")), Ok(()));
        world.pass(Duration::from_secs(2));
        world.kill(1);
        world.start(1);
        world.pass(Duration::from_secs(30));
        world.trace
    };
    assert_eq!(run(33), run(33));
    assert_ne!(run(33), run(34));
}
