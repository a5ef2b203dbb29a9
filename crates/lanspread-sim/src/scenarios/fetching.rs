//! Downloads: from whom, in which order of events, and what becomes of them when something fails.

use super::*;

#[test]
fn an_unhashed_game_is_shown_at_once_and_shared_when_it_is_hashed() {
    let mut world = party(2, 10);
    world.disk(0).put(&manifest("game", OLD, 3 * MIB, 7), false);
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
    let content = manifest("game", OLD, 16 * MIB, 7);
    for n in 0..2 {
        world.disk(n).put(&content, true);
    }
    start_all(&mut world);
    assert_eq!(world.command(2, download("game")), Ok(()));
    until_ended(&mut world, 2, OperationKind::Install);
    let from = |source| world.moved().get(&(2, source)).copied().unwrap_or(0);
    assert!(from(0) > 20 && from(1) > 20, "{} and {}", from(0), from(1));
    assert_eq!(world.disk(2).installed(&game("game")), Some(version(OLD)));
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
    world.disk(0).put(&manifest("game", OLD, 16 * MIB, 7), true);
    start_all(&mut world);
    world.forget_events(1);
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Install);
    let mut verified = 0;
    let story: Vec<String> = world
        .events(1)
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
        world.disk(n).put(&manifest("game", OLD, 32 * MIB, 7), true);
        world.set_upload(n, 5_000_000);
    }
    start_all(&mut world);
    assert_eq!(world.command(2, download("game")), Ok(()));
    until_chunks(&mut world, 40);
    world.kill(1);
    until_ended(&mut world, 2, OperationKind::Download);
    assert!(matches!(
        ended(&world, 2, OperationKind::Download)[..],
        [Outcome::Finished(_)]
    ));
    assert_eq!(world.disk(2).version(&game("game")), Some(version(OLD)));
}

#[test]
fn a_source_that_lies_is_named_and_its_chunks_come_from_elsewhere() {
    let mut world = party(3, 14);
    for n in 0..2 {
        world.disk(n).put(&manifest("game", OLD, 16 * MIB, 7), true);
    }
    world.lie(1);
    start_all(&mut world);
    assert_eq!(world.command(2, download("game")), Ok(()));
    until_ended(&mut world, 2, OperationKind::Download);
    assert!(matches!(
        ended(&world, 2, OperationKind::Download)[..],
        [Outcome::Finished(_)]
    ));
    let id = game("game");
    assert_eq!(world.disk(2).version(&id), Some(version(OLD)));
    let fetched = world.disk(2).archive(&id);
    assert_eq!(fetched, world.disk(0).archive(&id));
    let named = world.events(2).iter().any(|event| {
        matches!(event, PeerEvent::SourceDropped { peer_id: liar, reason, .. }
            if *liar == peer_id(1) && matches!(reason, DropReason::WrongBytes { .. }))
    });
    assert!(named);
}

#[test]
fn the_majority_wins_and_the_dissent_is_told() {
    let mut world = party(4, 15);
    for n in 0..2 {
        world.disk(n).put(&manifest("game", OLD, 8 * MIB, 7), true);
    }
    world.disk(2).put(&manifest("game", OLD, 8 * MIB, 8), true);
    start_all(&mut world);
    assert_eq!(world.command(3, download("game")), Ok(()));
    until_ended(&mut world, 3, OperationKind::Download);
    let told = world.events(3).iter().any(|event| {
        matches!(event, PeerEvent::ManifestConflict { chosen: Some(_), offers, .. } if offers.len() == 2)
    });
    assert!(told);
    assert_eq!(world.moved().get(&(3, 2)), None);
}

#[test]
fn one_honest_peer_with_what_is_pinned_beats_a_majority() {
    let honest = manifest("game", OLD, 8 * MIB, 7);
    let tampered = manifest("game", OLD, 8 * MIB, 8);
    let mut pins = Pins::new();
    pins.insert(game("game"), version(OLD), honest.hash());
    let games: GameDB = [Game::new(game("game"))].into_iter().collect();
    let catalog = Arc::new(Catalog::of_games(games).with_pins(pins));
    let mut world = Stage::new(18);
    for n in 0..5 {
        // The tampered copies are of peers without the catalog: those with it would not announce them.
        let mine = if n < 3 {
            Arc::new(Catalog::open_party())
        } else {
            Arc::clone(&catalog)
        };
        world.add(&mine);
    }
    for n in 0..3 {
        world.disk(n).put(&tampered, true);
    }
    world.disk(3).put(&honest, true);
    start_all(&mut world);
    assert_eq!(world.view(4).games[0].peers, [peer_id(3)]);
    assert_eq!(world.command(4, download("game")), Ok(()));
    until_ended(&mut world, 4, OperationKind::Download);
    assert!(matches!(
        ended(&world, 4, OperationKind::Download)[..],
        [Outcome::Finished(_)]
    ));
    for n in 0..3 {
        assert_eq!(world.moved().get(&(4, n)), None, "peer{n} gave something");
    }
    assert_eq!(world.view(4).games[0].manifest, Some(honest.hash()));
}

#[test]
fn a_tie_is_refused_and_says_who_says_what() {
    let mut world = party(3, 16);
    for n in 0..2 {
        world
            .disk(n)
            .put(&manifest("game", OLD, 8 * MIB, n as u64), true);
    }
    start_all(&mut world);
    let refusal = world.command(2, download("game")).unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Conflict);
    assert!(refusal.message.contains("peer0") && refusal.message.contains("peer1"));
    let told = world.events(2).iter().any(|event| {
        matches!(event, PeerEvent::ManifestConflict { chosen: None, offers, .. } if offers.len() == 2)
    });
    assert!(told);
    world.assert_at_rest();
}

#[test]
fn cancel_sweeps_a_new_download_and_nothing_else() {
    let mut world = downloading(17, 32 * MIB, 20);
    assert_eq!(
        world.command(1, PeerCommand::Cancel { id: game("game") }),
        Ok(())
    );
    until_ended(&mut world, 1, OperationKind::Download);
    assert_eq!(
        ended(&world, 1, OperationKind::Download),
        [&Outcome::Cancelled]
    );
    assert!(world.disk(1).is_settled(&game("game")));
    assert_eq!(world.disk(1).version(&game("game")), None);
    world.pass(Duration::from_secs(2));
    world.assert_at_rest();
    let again = world
        .command(1, PeerCommand::Cancel { id: game("game") })
        .unwrap_err();
    assert_eq!(again.kind, ErrorKind::NoOperation);
}

#[test]
fn a_download_that_was_paused_goes_on_with_what_it_has() {
    let mut world = downloading(19, 32 * MIB, 20);
    let pause = PeerCommand::Pause { id: game("game") };
    assert_eq!(world.command(1, pause.clone()), Ok(()));
    until_ended(&mut world, 1, OperationKind::Download);
    assert_eq!(
        ended(&world, 1, OperationKind::Download),
        [&Outcome::Cancelled]
    );
    // It does not go on by itself.
    world.pass(Duration::from_secs(30));
    world.assert_at_rest();
    assert_eq!(world.disk(1).version(&game("game")), None);
    let refusal = world.command(1, pause).unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NoOperation);

    assert_eq!(world.command(1, download("game")), Ok(()));
    world.until("the second download to end", |world| {
        ended(world, 1, OperationKind::Download).len() == 2
    });
    let outcomes = ended(&world, 1, OperationKind::Download);
    let Some(Outcome::Finished(report)) = outcomes.last() else {
        panic!("{outcomes:?}");
    };
    // Twenty chunks were here, and none of them comes twice.
    assert!(
        report.moved_bytes < 28 * MIB,
        "{} bytes came once more",
        report.moved_bytes
    );
    assert_eq!(world.disk(1).version(&game("game")), Some(version(OLD)));
}

#[test]
fn a_download_that_was_paused_and_cancelled_leaves_nothing_and_does_not_come_back() {
    let mut world = downloading(20, 32 * MIB, 20);
    let id = game("game");
    let pause = PeerCommand::Pause { id: id.clone() };
    assert_eq!(world.command(1, pause), Ok(()));
    until_ended(&mut world, 1, OperationKind::Download);
    assert!(world.disk(1).staged_chunks(&id) > 0);
    let cancel = PeerCommand::Cancel { id: id.clone() };
    assert_eq!(world.command(1, cancel.clone()), Ok(()));
    world.until("it to be swept", |world| {
        ended(world, 1, OperationKind::Download).len() == 2
    });
    assert_eq!(
        ended(&world, 1, OperationKind::Download)[1],
        &Outcome::Cancelled
    );
    assert_eq!(world.disk(1).staged_chunks(&id), 0);
    world.kill(1);
    world.start(1);
    world.pass(Duration::from_secs(30));
    assert_eq!(world.disk(1).version(&id), None);
    assert!(ended(&world, 1, OperationKind::Download).is_empty());
    assert_eq!(
        world.command(1, cancel).unwrap_err().kind,
        ErrorKind::NoOperation
    );
    world.assert_at_rest();
}

#[test]
fn a_cancelled_update_leaves_the_previous_version() {
    let mut world = party(2, 18);
    world.disk(0).put(&manifest("game", NEW, 32 * MIB, 8), true);
    world.set_upload(0, 5_000_000);
    world.disk(1).put(&manifest("game", OLD, 32 * MIB, 7), true);
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_chunks(&mut world, 20);
    assert_eq!(
        world.command(1, PeerCommand::Cancel { id: game("game") }),
        Ok(())
    );
    until_ended(&mut world, 1, OperationKind::Download);
    assert_eq!(world.disk(1).version(&game("game")), Some(version(OLD)));
    assert!(world.disk(1).is_settled(&game("game")));
}

#[test]
fn an_update_follows_the_newest_version_and_ends_uploads_before_the_switch() {
    let mut world = party(3, 19);
    world.disk(0).put(&manifest("game", NEW, 32 * MIB, 8), true);
    world.disk(1).put(&manifest("game", OLD, 32 * MIB, 7), true);
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
    assert_eq!(world.disk(1).version(&game("game")), Some(version(NEW)));
    assert_eq!(world.disk(1).installed(&game("game")), Some(version(NEW)));
    world.pass(Duration::from_secs(1));
    assert_eq!(world.view(2).games[0].peers.len(), 2);
    let again = world.command(1, download("game")).unwrap_err();
    assert_eq!(again.kind, ErrorKind::UpToDate);
    world.assert_at_rest();
}

#[test]
fn an_interrupted_download_goes_on_by_itself_after_a_restart() {
    let mut world = downloading(20, 32 * MIB, 100);
    world.kill(1);
    let kept = world.disk(1).staged_chunks(&game("game"));
    let before: usize = world.moved().values().sum();
    assert!(kept > 80);
    world.forget_events(1);
    world.start(1);
    until_ended(&mut world, 1, OperationKind::Download);
    assert_eq!(world.disk(1).version(&game("game")), Some(version(OLD)));
    let total = manifest("game", OLD, 32 * MIB, 7).chunk_count() as usize;
    assert_eq!(world.moved().values().sum::<usize>() - before, total - kept);
    // What was to follow follows.
    until_ended(&mut world, 1, OperationKind::Install);
    assert_eq!(world.disk(1).installed(&game("game")), Some(version(OLD)));
}

#[test]
fn a_download_without_a_source_waits_and_then_says_so() {
    let mut world = downloading(21, 32 * MIB, 20);
    world.kill(0);
    until_ended(&mut world, 1, OperationKind::Download);
    let outcomes = ended(&world, 1, OperationKind::Download);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::SourcesFailed);
    assert!(
        world.disk(1).staged_chunks(&game("game")) > 20,
        "what came is kept"
    );
    let waited = world.events(1).iter().any(|event| {
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
    let mut world = downloading(22, 16 * MIB, 20);
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
    world.disk(0).put(&manifest("game", OLD, 16 * MIB, 7), true);
    world.disk(1).leave_free(MIB);
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Download);
    let outcomes = ended(&world, 1, OperationKind::Download);
    let [Outcome::Failed(error)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(error.kind, ErrorKind::NoSpace);
    assert!(world.moved().is_empty());
    assert!(world.disk(1).is_settled(&game("game")));
    world.assert_at_rest();
}

#[test]
fn get_game_hands_over_the_list_of_files() {
    let mut world = party(2, 29);
    let content = manifest("game", OLD, 8 * MIB, 7);
    world.disk(0).put(&content, true);
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
fn a_download_whose_version_is_replaced_everywhere_begins_anew_with_the_next_one() {
    let mut world = downloading(38, 16 * MIB, 20);
    let id = game("game");
    world.disk(0).put(&manifest("game", NEW, 16 * MIB, 8), true);
    world.tell(
        0,
        Input::GameDirChanged {
            id: Some(id.clone()),
        },
    );
    until_ended(&mut world, 1, OperationKind::Install);
    assert_eq!(world.disk(1).installed(&id), Some(version(NEW)));
    let outcomes = ended(&world, 1, OperationKind::Download);
    assert!(
        matches!(outcomes[..], [Outcome::Failed(_), Outcome::Finished(_)]),
        "{outcomes:?}"
    );
    world.pass(Duration::from_secs(1));
    world.assert_at_rest();
}

/// A catalog that names one version of the game.
fn naming(stamp: &str) -> Arc<Catalog> {
    let mut listed = Game::new(game("game"));
    listed.version = Some(version(stamp));
    let games: GameDB = [listed].into_iter().collect();
    Arc::new(Catalog::of_games(games))
}

/// Two peers of which each has the version that the catalog of the other one names.
fn swapped(seed: u64, hashed: bool) -> Stage {
    let mut world = Stage::new(seed);
    world.add(&naming(NEW));
    world.add(&naming(OLD));
    for (n, stamp) in [OLD, NEW].into_iter().enumerate() {
        let copy = manifest("game", stamp, 16 * MIB, n as u64);
        world.disk(n).put(&copy, hashed);
    }
    world
}

/// Found by the simulator: whoever updated a game refused it to everybody from the first moment on, so
/// two peers that updated to each other's version at the same moment refused each other as long as both
/// were at it, and both downloads failed. A version is served until the switch to the other one begins,
/// and uploads that run have some time to end before it: on one cable both come to what they want.
#[test]
fn two_peers_that_update_to_each_others_version_at_the_same_moment_both_come_to_it() {
    let mut world = swapped(41, true);
    world.set_upload(0, 5_000_000);
    start_all(&mut world);
    for n in 0..2 {
        accepted(&mut world, n, download("game"));
    }
    for (n, stamp) in [NEW, OLD].into_iter().enumerate() {
        until_ended(&mut world, n, OperationKind::Download);
        assert!(matches!(
            ended(&world, n, OperationKind::Download)[..],
            [Outcome::Finished(_)]
        ));
        assert_eq!(world.disk(n).version(&game("game")), Some(version(stamp)));
    }
    world.assert_at_rest();
}

/// A game was not hashed while an operation ran on it. Two peers that update to each other's version and
/// have hashed neither waited for each other for ever. It is hashed while the update only gathers.
#[test]
fn two_peers_that_update_to_each_others_version_hash_theirs_meanwhile() {
    let mut world = swapped(42, false);
    for n in 0..2 {
        // It is hashed first.
        let other = manifest("another", OLD, 64 * MIB, 7);
        world.disk(n).put(&other, false);
        world.start(n);
    }
    world.until("both to know", |stage| {
        stage.nodes.iter().all(|node| {
            let running = node.running.as_ref();
            running.is_some_and(|it| it.advertised && !it.owed.is_empty())
        }) && stage.links.len() == 1
    });
    world.pass(Duration::from_millis(20));
    for n in 0..2 {
        accepted(&mut world, n, download("game"));
    }
    for n in 0..2 {
        until_ended(&mut world, n, OperationKind::Download);
    }
    let finished = |n| ended(&world, n, OperationKind::Download)[0].clone();
    assert!((0..2).any(|n| matches!(finished(n), Outcome::Finished(_))));
}

#[test]
fn a_game_that_is_being_installed_is_a_source_meanwhile() {
    let mut world = party(2, 43);
    world.disk(0).put(&manifest("game", OLD, 8 * MIB, 7), true);
    start_all(&mut world);
    accepted(&mut world, 0, PeerCommand::InstallGame { id: game("game") });
    accepted(&mut world, 1, PeerCommand::GetGame { id: game("game") });
    world.until_event(1, "the list", |event| {
        matches!(event, PeerEvent::GotGameFiles { .. })
    });
    assert!(ended(&world, 0, OperationKind::Install).is_empty());
}

#[test]
fn what_others_fetched_is_told_once_and_to_the_byte() {
    let mut world = party(2, 44);
    let content = manifest("game", OLD, 8 * MIB, 7);
    world.disk(0).put(&content, true);
    start_all(&mut world);
    assert_eq!(world.command(1, download("game")), Ok(()));
    until_ended(&mut world, 1, OperationKind::Install);
    world.until_event(0, "the end of the upload", |event| {
        matches!(event, PeerEvent::UploadEnded { peer_id: receiver, bytes, .. }
            if *receiver == peer_id(1) && *bytes == content.total_bytes())
    });
}
