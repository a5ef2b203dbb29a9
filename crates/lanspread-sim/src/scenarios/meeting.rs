//! Peers meet, part, return, and know each other's libraries.

use super::*;

#[test]
fn three_cold_starts_are_symmetric_and_cost_one_handshake_and_one_snapshot_each_way() {
    let mut world = party(3, 1);
    for n in 0..3 {
        world
            .disk(n)
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
        world
            .disk(n)
            .put(&manifest(&format!("game{n}"), OLD, 3 * MIB, n as u64), true);
    }
    for n in 0..8 {
        world.start(n);
    }
    world.pass(Duration::from_secs(2));
    assert!(all_connected(&mut world));
    let hellos = world
        .sent()
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
        world.disk(n).put(&manifest("same", OLD, 3 * MIB, 7), true);
    }
    start_all(&mut world);
    // Each holds the empty library of the other before the first contact, so one snapshot each way.
    let pulls = |world: &Stage| {
        world
            .sent()
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
    world.disk(1).put(&manifest("game", OLD, 3 * MIB, 7), true);
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
    let lost = world
        .events(0)
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
fn of_two_idle_peers_one_pings_every_five_seconds_and_the_other_never() {
    let mut world = party(2, 8);
    start_all(&mut world);
    world.pass(Duration::from_mins(1));
    // One ping refreshes both sides. When both asked, their pings met half-way again and again: each
    // had heard of the other at about the same moment.
    let mut pings = [world.count(0, 1, "Ping"), world.count(1, 0, "Ping")];
    pings.sort_unstable();
    assert_eq!(pings[0], 0);
    assert!((10..=12).contains(&pings[1]), "{pings:?}");
    assert!(all_connected(&mut world));
}

#[test]
fn a_changed_game_travels_as_one_delta_within_a_second() {
    let mut world = party(3, 9);
    world.disk(0).put(&manifest("game", OLD, 3 * MIB, 7), true);
    start_all(&mut world);
    world.forget_sent();
    world
        .disk(0)
        .put(&manifest("another", OLD, 3 * MIB, 8), true);
    world.disk(0).put(&manifest("third", OLD, 3 * MIB, 9), true);
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
    world.disk(0).take(&game("another"));
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
fn connect_before_the_bind_fails_at_once_with_the_promised_words() {
    let mut world = party(2, 30);
    world.start(1);
    // The listener is bound a little later than the peer starts.
    world.start(0);
    let addr = world.nodes[1].addr;
    let refusal = world.command(0, PeerCommand::Connect { addr }).unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NotReady);
    assert_eq!(refusal.message, "local peer listener address is not ready");
}

#[test]
fn connect_reaches_a_peer_that_multicast_does_not() {
    let mut world = party(2, 31);
    world.deafen(1);
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
    let refusals: Vec<&PeerEvent> = world
        .events(0)
        .iter()
        .filter(|event| matches!(event, PeerEvent::PeerRefused { .. }))
        .collect();
    let [PeerEvent::PeerRefused { kind, reason, .. }] = refusals[..] else {
        panic!("{refusals:?}")
    };
    assert_eq!(*kind, ErrorKind::OtherVersion);
    assert!(reason.contains("runs another version of Lanspread"));
    assert!(
        reason.contains("99") && reason.contains(&format!("this is {PROTOCOL_VERSION}")),
        "{reason}"
    );
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let run = |seed| {
        let mut world = party(4, seed);
        for n in 0..3 {
            world
                .disk(n)
                .put(&manifest("game", OLD, 32 * MIB, 7), n != 0);
        }
        start_all(&mut world);
        assert_eq!(world.command(3, download("game")), Ok(()));
        world.pass(Duration::from_secs(2));
        world.kill(1);
        world.start(1);
        world.pass(Duration::from_secs(30));
        world.into_trace()
    };
    assert_eq!(run(33), run(33));
    assert_ne!(run(33), run(34));
}

#[test]
fn fifty_peers_mesh_and_spread_a_game_to_everybody() {
    let mut world = party(50, 37);
    for n in 0..2 {
        world.disk(n).put(&manifest("game", OLD, 8 * MIB, 7), true);
    }
    start_all(&mut world);
    let hellos = world
        .sent()
        .iter()
        .filter(|sent| sent.kind == "Hello")
        .count();
    assert_eq!(hellos, 50 * 49 / 2);
    for n in 2..50 {
        world.send_command(n, download("game"));
    }
    world.pass(Duration::from_mins(1));
    for n in 0..50 {
        assert_eq!(
            world.disk(n).version(&game("game")),
            Some(version(OLD)),
            "peer{n}"
        );
        assert_eq!(world.view(n).games[0].peers.len(), 49);
    }
    world.assert_at_rest();
}
