//! The tail: who races whom, how often, and what happens to the loser.

use super::{
    super::{Fetch, Transfer, TransferState, limits},
    fixture::{
        KIB, all_fetches, at, broken, deliver, fail, game, large_chunks, ms, peer, transfer,
    },
};
use crate::FetchFailure;

fn from(fetches: &[Fetch], n: u8) -> Vec<Fetch> {
    let own = fetches.iter().filter(|fetch| fetch.source == peer(n));
    own.cloned().collect()
}

/// Six chunks and a sentinel: source 1 brings all it is asked for within 100 ms, source 2 brings
/// nothing. Returns what is in flight at source 2 when nothing is missing.
fn tail_at_source_2(transfer: &mut Transfer) -> Vec<Fetch> {
    let fetches = all_fetches(transfer, at(0));
    let slow = from(&fetches, 2);
    let mut queue = from(&fetches, 1);
    let mut now = 0;
    while let Some(fetch) = queue.pop() {
        assert_eq!(fetch.source, peer(1));
        now += 20;
        deliver(transfer, at(now), &fetch, ms(20));
        queue.extend(all_fetches(transfer, at(now)));
    }
    assert_eq!(now, 100, "nothing is raced before it is late");
    slow
}

#[test]
fn a_late_chunk_is_raced_by_an_idle_source_and_the_loser_is_aborted() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let slow = tail_at_source_2(&mut transfer);
    let due = transfer.poll_deadline().expect("the tail is watched");
    let races = all_fetches(&mut transfer, due);
    assert!(!races.is_empty());
    for race in &races {
        assert_eq!(race.source, peer(1));
        let loser = slow.iter().find(|it| it.chunks == race.chunks).unwrap();
        deliver(&mut transfer, due + ms(40), race, ms(40));
        assert_eq!(transfer.poll_abort(), Some(loser.id));
        transfer.chunks.check();
    }
    let mut now = due + ms(40);
    while transfer.progress(now).verified_bytes < manifest.total_bytes() {
        let race = transfer.poll_fetch(now).expect("the rest is raced too");
        now = now + ms(40);
        deliver(&mut transfer, now, &race, ms(40));
    }
    for fetch in &slow {
        assert_eq!(
            transfer.state(),
            TransferState::Running,
            "the losers have not ended"
        );
        fail(&mut transfer, now, fetch, FetchFailure::Aborted);
    }
    assert_eq!(transfer.state(), TransferState::Complete);
    assert_eq!(transfer.progress(now).duplicate_bytes, 0);
}

#[test]
fn no_chunk_is_in_flight_more_than_twice_and_never_twice_at_one_source() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1, 2, 3, 4]);
    let fetches = all_fetches(&mut transfer, at(0));
    let slow = from(&fetches, 2);
    let mut queue: Vec<Fetch> = fetches
        .into_iter()
        .filter(|fetch| fetch.source != peer(2))
        .collect();
    let mut now = at(0);
    let mut raced: Vec<Fetch> = Vec::new();
    while let Some(fetch) = queue.pop() {
        if fetch
            .chunks
            .iter()
            .any(|chunk| slow.iter().any(|it| it.chunks.contains(chunk)))
        {
            raced.push(fetch);
            continue;
        }
        now = now + ms(10);
        deliver(&mut transfer, now, &fetch, ms(10));
        queue.extend(all_fetches(&mut transfer, now));
    }
    for _ in 0..100 {
        let Some(due) = transfer.poll_deadline() else {
            break;
        };
        raced.extend(all_fetches(&mut transfer, due));
    }
    assert_eq!(raced.len(), slow.len(), "each late chunk is raced once");
    for index in 0..manifest.chunk_count() {
        assert!(transfer.chunks.claimants(index).len() <= limits::FETCHES_PER_CHUNK_MAX);
    }
}

#[test]
fn the_slower_of_two_copies_counts_as_duplicate_and_credits_nobody() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let slow = tail_at_source_2(&mut transfer);
    let due = transfer.poll_deadline().unwrap();
    let race = all_fetches(&mut transfer, due).remove(0);
    let loser = slow.iter().find(|it| it.chunks == race.chunks).unwrap();
    deliver(&mut transfer, due + ms(40), &race, ms(40));
    let before = transfer.progress(due + ms(41));
    deliver(&mut transfer, due + ms(41), loser, ms(400));
    let after = transfer.progress(due + ms(41));
    assert_eq!(after.verified_bytes, before.verified_bytes);
    assert_eq!(after.moved_chunks, before.moved_chunks);
    assert_eq!(after.duplicate_bytes, 4 * 1024 * KIB);
    assert_eq!(
        transfer.poll_abort(),
        None,
        "an abort is pointless once the fetch has ended"
    );
}

#[test]
fn a_race_whose_winner_fails_leaves_the_chunk_in_flight_at_the_other() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let slow = tail_at_source_2(&mut transfer);
    let due = transfer.poll_deadline().unwrap();
    let race = all_fetches(&mut transfer, due).remove(0);
    let first = slow.iter().find(|it| it.chunks == race.chunks).unwrap();
    let index = manifest.chunk_index(race.chunks[0]).unwrap();
    assert_eq!(transfer.chunks.claimants(index), [first.id, race.id]);
    fail(&mut transfer, due + ms(1), &race, broken());
    assert_eq!(transfer.chunks.claimants(index), [first.id]);
    transfer.chunks.check();
    fail(&mut transfer, due + ms(2), first, broken());
    assert_eq!(transfer.chunks.claimants(index), []);
    transfer.chunks.check();
}

#[test]
fn equal_sources_do_not_race_each_other_for_what_is_on_time() {
    let manifest = large_chunks(8);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let mut queue = all_fetches(&mut transfer, at(0));
    let mut now = 0;
    while !queue.is_empty() {
        now += 20;
        let fetch = queue.remove(0);
        deliver(&mut transfer, at(now), &fetch, ms(40));
        queue.extend(all_fetches(&mut transfer, at(now)));
    }
    assert_eq!(transfer.state(), TransferState::Complete);
    let duplicate_bytes = transfer.progress(at(now)).duplicate_bytes;
    assert!(
        duplicate_bytes <= 8,
        "{duplicate_bytes}: at most the sentinel came twice"
    );
    assert_eq!(transfer.progress(at(now)).moved_chunks, 9);
}

#[test]
fn a_thief_takes_the_end_of_a_long_batch() {
    // One batch of many small files at a slow source; the other has nothing left to do.
    let manifest = game(256 * 1024, &[25 * KIB; 19]);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let fetches = all_fetches(&mut transfer, at(0));
    for fetch in from(&fetches, 1) {
        deliver(&mut transfer, at(25), &fetch, ms(25));
    }
    let slow = from(&fetches, 2);
    let due = transfer.poll_deadline().unwrap();
    let race = all_fetches(&mut transfer, due).remove(0);
    let victim = slow
        .iter()
        .find(|it| it.chunks.contains(&race.chunks[0]))
        .unwrap();
    let victim = &victim.chunks;
    assert!(race.chunks.len() < victim.len());
    assert_eq!(race.chunks, victim[victim.len() - race.chunks.len()..]);
    deliver(&mut transfer, due + ms(5), &race, ms(5));
    assert_eq!(transfer.poll_abort(), None, "the front is still wanted");
    assert_ne!(transfer.state(), TransferState::Complete);
}
