//! Parties with codes and without one, on one switch.

use super::*;

/// Three parties of two on one switch: two with codes, one without.
fn three_parties(seed: u64) -> Stage {
    let mut world = party(6, seed);
    for (n, code) in [None, None, Some("a"), Some("a"), Some("b"), Some("b")]
        .into_iter()
        .enumerate()
    {
        world.nodes[n].code = code;
        let name = format!("game{n}");
        world
            .disk(n)
            .put(&manifest(&name, OLD, 3 * MIB, n as u64), true);
    }
    start_apart(&mut world);
    world
}

/// Starts everybody at once; those who can connect do.
fn start_apart(world: &mut Stage) {
    for n in 0..world.nodes.len() {
        world.start(n);
    }
    world.pass(Duration::from_secs(3));
}

fn dials(world: &Stage, n: usize) -> usize {
    world.dials(n)
}

fn turned_away(world: &Stage, n: usize) -> Vec<&str> {
    let reason = |event| match event {
        &PeerEvent::PeerRefused {
            kind: ErrorKind::OtherParty,
            ref reason,
            ..
        } => Some(reason.as_str()),
        _ => None,
    };
    world.events(n).iter().filter_map(reason).collect()
}

#[test]
fn parties_with_different_codes_and_an_open_one_do_not_mix_and_each_works() {
    let mut world = three_parties(51);
    world.pass(Duration::from_mins(5));
    for n in 0..6 {
        let partner = n ^ 1;
        let view = world.view(n);
        let connected: Vec<PeerId> = view.peers.iter().map(|peer| peer.peer_id).collect();
        assert_eq!(connected, [world.nodes[partner].id], "peer{n}");
        let games: Vec<&str> = view.games.iter().map(|game| game.id.as_str()).collect();
        let first = n & !1;
        assert_eq!(
            games,
            [format!("game{first}"), format!("game{}", first + 1)]
        );
        assert_eq!(
            world.command(n, download(&format!("game{partner}"))),
            Ok(())
        );
    }
    world.pass(Duration::from_secs(10));
    for n in 0..6 {
        let partner = game(&format!("game{}", n ^ 1));
        assert_eq!(world.disk(n).version(&partner), Some(version(OLD)));
    }
}

#[test]
fn users_hear_once_why_a_peer_of_another_party_does_not_take_part() {
    let mut world = three_parties(52);
    world.pass(Duration::from_hours(4));
    for n in 0..6 {
        let mut reasons = turned_away(&world, n);
        assert_eq!(reasons.len(), 4, "peer{n} hears of each of the others once");
        reasons.sort_unstable();
        reasons.dedup();
        let kinds = if n < 2 { 1 } else { 2 };
        assert_eq!(reasons.len(), kinds, "{reasons:?}");
    }
    assert!(turned_away(&world, 0)[0].contains("ask the organiser for the party code"));
    let to_guarded = turned_away(&world, 2);
    assert!(to_guarded.iter().any(|why| why.contains("typed wrong")));
    assert!(
        to_guarded
            .iter()
            .any(|why| why.contains("without a party code"))
    );
}

#[test]
fn open_and_guarded_peers_never_dial_each_other_and_other_codes_are_tried_once_an_hour() {
    let mut world = three_parties(53);
    let of_own_party = 1;
    world.pass(Duration::from_mins(59));
    for n in 0..6 {
        let strangers = if n < 2 { 0 } else { 2 };
        assert!(dials(&world, n) <= of_own_party + strangers, "peer{n}");
    }
    let before: usize = (0..6).map(|n| dials(&world, n)).sum();
    world.pass(Duration::from_hours(3));
    let after: usize = (0..6).map(|n| dials(&world, n)).sum();
    // Four pairs of different codes; both sides of a pair may look again once an hour.
    assert!(after - before <= 3 * 4 * 2, "{}", after - before);
    assert!(
        after > before,
        "a code that was typed wrong is worth another look"
    );
}

#[test]
fn a_guest_who_typed_the_code_wrong_joins_as_soon_as_it_is_right() {
    let mut world = party(2, 54);
    world.nodes[0].code = Some("right");
    world.nodes[1].code = Some("wrong");
    start_apart(&mut world);
    world.pass(Duration::from_secs(5));
    assert!(world.view(0).peers.is_empty());
    world.kill(1);
    world.nodes[1].code = Some("right");
    world.start(1);
    world.pass(Duration::from_secs(3));
    assert!(all_connected(&mut world));
    world.assert_at_rest();
}

#[test]
fn a_guest_without_a_code_joins_when_it_is_started_again_with_it() {
    let mut world = party(2, 55);
    world.nodes[1].code = Some("right");
    start_apart(&mut world);
    world.pass(Duration::from_secs(5));
    assert!(world.view(1).peers.is_empty());
    let addr = world.nodes[1].addr;
    assert_eq!(world.command(0, PeerCommand::Connect { addr }), Ok(()));
    world.pass(Duration::from_secs(1));
    let failed = world.events(0).iter().any(|event| {
        matches!(event, PeerEvent::ConnectFinished { result: Err(error), .. }
            if error.kind == ErrorKind::OtherParty)
    });
    assert!(failed, "{:?}", world.events(0));
    world.kill(0);
    world.nodes[0].code = Some("right");
    world.start(0);
    world.pass(Duration::from_secs(3));
    assert!(all_connected(&mut world));
    world.assert_at_rest();
}
