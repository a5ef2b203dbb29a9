//! Downloads of the same game at the same time: they pass on to each other what they have.

use super::*;

/// A party of one seeder, whose cable is slow, and others that all download its game.
fn everybody_at_once(n: usize, seed: u64, size_bytes: u64) -> Stage {
    let mut world = party(n, seed);
    world
        .disk(0)
        .put(&manifest("game", OLD, size_bytes, 7), true);
    world.set_upload(0, 5_000_000);
    start_all(&mut world);
    world.forget_sent();
    for n in 1..n {
        assert_eq!(world.command(n, download("game")), Ok(()));
    }
    world
}

/// Lets things happen until so many chunks came to anybody.
fn until_moved(world: &mut Stage, chunks: usize) {
    world.until("some chunks", |world| {
        world.moved().values().sum::<usize>() > chunks
    });
}

fn moved(world: &Stage, to: usize, from: usize) -> usize {
    world.moved().get(&(to, from)).copied().unwrap_or(0)
}

fn assert_downloaded(world: &mut Stage, n: usize) {
    let outcomes = ended(world, n, OperationKind::Download);
    assert!(
        matches!(outcomes[..], [Outcome::Finished(_)]),
        "peer{n}: {outcomes:?}"
    );
    assert_eq!(world.disk(n).version(&game("game")), Some(version(OLD)));
}

/// How many chunks the downloads of two peers have together.
fn together(world: &mut Stage, one: usize, other: usize) -> usize {
    let id = game("game");
    let (one, other) = (world.disk(one).staged(&id), world.disk(other).staged(&id));
    let bits = one.iter().zip(&other).map(|(one, other)| one | other);
    bits.map(|byte| byte.count_ones() as usize).sum()
}

/// Of a game of 32 MiB, lets two get everything together, and neither of them alone.
fn until_together(world: &mut Stage) {
    // What they pass on to each other comes later than what the seeder gives.
    for n in 1..3 {
        world.set_upload(n, 1_000_000);
    }
    let all = manifest("game", OLD, 32 * MIB, 7).chunk_count() as usize;
    for _ in 0..1000 {
        if together(world, 1, 2) == all {
            break;
        }
        world.pass(Duration::from_millis(50));
    }
    assert_eq!(together(world, 1, 2), all);
    let id = game("game");
    for n in 1..3 {
        let staged = world.disk(n).staged_chunks(&id);
        assert!(staged < all, "peer{n} has {staged} of {all}");
    }
}

#[test]
fn two_that_have_half_each_come_to_the_whole_without_the_one_that_had_it() {
    let mut world = everybody_at_once(3, 50, 32 * MIB);
    until_together(&mut world);
    world.kill(0);
    for n in 1..3 {
        until_ended(&mut world, n, OperationKind::Download);
        assert_downloaded(&mut world, n);
        until_ended(&mut world, n, OperationKind::Install);
    }
    assert!(moved(&world, 1, 2) > 0 && moved(&world, 2, 1) > 0);
    // Until nobody tries to reach the killed one any more.
    world.pass(Duration::from_mins(5));
    world.assert_at_rest();
}

#[test]
fn whoever_downloads_is_not_counted_among_those_that_have_the_game() {
    let mut world = everybody_at_once(4, 51, 32 * MIB);
    until_moved(&mut world, 100);
    for n in 1..4 {
        let view = world.view(n);
        let having = &view.games[0].peers;
        assert_eq!(having.len(), 1, "peer{n} sees {having:?}");
    }
    assert_eq!(world.view(0).games[0].peers.len(), 0);
    for (from, to) in [(1, 0), (1, 2), (2, 3)] {
        assert_eq!(world.count(from, to, "LibrarySummary"), 0);
    }
    for n in 1..4 {
        until_ended(&mut world, n, OperationKind::Install);
    }
    world.pass(Duration::from_secs(2));
    assert_eq!(world.view(0).games[0].peers.len(), 3);
    world.assert_at_rest();
}

#[test]
fn many_that_download_ask_each_other_no_faster_than_they_may() {
    let mut world = everybody_at_once(6, 52, 32 * MIB);
    let began = world.now;
    for n in 1..6 {
        until_ended(&mut world, n, OperationKind::Download);
        assert_downloaded(&mut world, n);
    }
    let took = world.now.since(began);
    let at_most = took.as_millis() / 100 + 3;
    for from in 1..6 {
        for to in (1..6).filter(|to| *to != from) {
            let asked = world.count(from, to, "Holdings");
            assert!(asked > 0 && asked as u128 <= at_most, "{asked} in {took:?}");
        }
        assert_eq!(world.count(from, 0, "Holdings"), 0, "it has everything");
    }
    let from_seeder = (1..6).map(|to| moved(&world, to, 0)).sum::<usize>();
    let all = manifest("game", OLD, 32 * MIB, 7).chunk_count() as usize;
    assert!(
        from_seeder < 4 * all,
        "{from_seeder} of 5 times {all} came from the seeder"
    );
    let kept_away = world
        .events(1)
        .iter()
        .any(|event| matches!(event, PeerEvent::PeerKeptAway { .. }));
    assert!(!kept_away);
}

#[test]
fn whoever_cancels_leaves_nothing_and_takes_nothing_from_the_others() {
    let mut world = everybody_at_once(3, 53, 32 * MIB);
    until_moved(&mut world, 100);
    let id = game("game");
    let cancel = PeerCommand::Cancel { id: id.clone() };
    assert_eq!(world.command(2, cancel), Ok(()));
    until_ended(&mut world, 2, OperationKind::Download);
    assert_eq!(
        ended(&world, 2, OperationKind::Download),
        [&Outcome::Cancelled]
    );
    assert!(world.disk(2).is_settled(&id));
    until_ended(&mut world, 1, OperationKind::Install);
    assert_downloaded(&mut world, 1);
    world.pass(Duration::from_secs(2));
    world.assert_at_rest();
}

#[test]
fn whoever_is_killed_and_comes_back_is_a_partner_again() {
    let mut world = everybody_at_once(3, 54, 64 * MIB);
    until_moved(&mut world, 100);
    world.kill(2);
    world.pass(Duration::from_secs(1));
    world.start(2);
    world.forget_sent();
    for n in 1..3 {
        until_ended(&mut world, n, OperationKind::Install);
    }
    assert_downloaded(&mut world, 1);
    assert_downloaded(&mut world, 2);
    assert!(world.count(1, 2, "Holdings") > 0 && world.count(2, 1, "Holdings") > 0);
    world.pass(Duration::from_secs(2));
    world.assert_at_rest();
}

/// It waited for a peer that announces the game, although its partner had what it lacked.
#[test]
fn whoever_is_killed_and_comes_back_goes_on_with_a_partner_alone() {
    let mut world = everybody_at_once(3, 56, 32 * MIB);
    until_together(&mut world);
    world.kill(0);
    world.kill(2);
    world.start(2);
    for n in 1..3 {
        until_ended(&mut world, n, OperationKind::Install);
        assert_downloaded(&mut world, n);
    }
}

#[test]
fn a_partner_that_passes_on_wrong_bytes_is_named_like_any_source() {
    let mut world = everybody_at_once(3, 55, 32 * MIB);
    world.lie(2);
    until_ended(&mut world, 1, OperationKind::Download);
    assert_downloaded(&mut world, 1);
    let named = world.events(1).iter().any(|event| {
        matches!(event, PeerEvent::SourceDropped { peer_id: liar, reason, .. }
            if *liar == peer_id(2) && matches!(reason, DropReason::WrongBytes { .. }))
    });
    assert!(named);
}
