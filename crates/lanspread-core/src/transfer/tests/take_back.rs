//! Requests that are taken back, because a partner has come to hold what they wait for elsewhere.

use std::{iter::once, sync::Arc};

use lanspread_db::{ChunkRef, Manifest};

use super::{
    super::{
        DropReason, Fetch, Holding, Side, Transfer, TransferLimits, TransferNote,
        limits::{REFUSAL_RETRIES_MAX, TAKEN_BACK_PAUSE},
    },
    fixture::{
        ME, SEED, all_fetches, at, deliver, fail, large_chunks, ms, peer, small_chunks, small_files,
    },
};
use crate::{FetchFailure, Now};

/// Has all of it.
const SEEDER: u8 = 9;
/// Gathers it as well, in this order.
const PARTNERS: [u8; 4] = [1, 2, 3, 4];

fn gathering(manifest: &Arc<Manifest>, seed: u64) -> Transfer {
    let limits = TransferLimits::default();
    let mut transfer = Transfer::new(Arc::clone(manifest), &[], ME, limits, seed, at(0));
    transfer.add_source(at(0), peer(SEEDER), Holding::All);
    for partner in PARTNERS {
        transfer.add_source(at(0), peer(partner), Holding::Part);
    }
    transfer
}

fn numbers(manifest: &Manifest, chunks: &[ChunkRef]) -> Vec<u32> {
    let chunks = chunks.iter();
    chunks
        .filter_map(|&chunk| manifest.chunk_index(chunk))
        .collect()
}

/// A partner tells that it holds one chunk.
fn holds(transfer: &mut Transfer, now: Now, partner: u8, chunk: u32) {
    transfer.source_holds(now, peer(partner), once(chunk..chunk + 1));
}

/// One that waits at the seeder for one chunk, which is given by number.
fn waiting(seed: u64) -> (Transfer, Fetch, u32) {
    let manifest = large_chunks(20);
    let mut transfer = gathering(&manifest, seed);
    let fetch = all_fetches(&mut transfer, at(0)).remove(0);
    let [chunk] = numbers(&manifest, &fetch.chunks)[..] else {
        panic!("{fetch:?}")
    };
    (transfer, fetch, chunk)
}

#[test]
fn what_waits_is_taken_back_when_a_partner_has_it_and_asked_of_the_partner() {
    let (mut transfer, fetch, chunk) = waiting(SEED);
    assert_eq!(transfer.poll_take_back(), None);
    holds(&mut transfer, at(1), PARTNERS[0], chunk);
    let back = (peer(SEEDER), fetch.chunks.clone());
    assert_eq!(transfer.poll_take_back(), Some(back));
    assert_eq!(transfer.poll_take_back(), None, "once");

    let notes = fail(&mut transfer, at(2), &fetch, FetchFailure::TakenBack);
    assert_eq!(notes, [], "nobody's fault");
    let next = all_fetches(&mut transfer, at(2));
    let asked = next.iter().map(|it| (it.source, &it.chunks));
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [(peer(PARTNERS[0]), &fetch.chunks)]
    );
    let rested = at(2) + TAKEN_BACK_PAUSE;
    let later = all_fetches(&mut transfer, rested);
    assert!(later.iter().any(|it| it.source == peer(SEEDER)));
}

#[test]
fn one_that_had_begun_goes_on_and_is_not_taken_back_again() {
    let (mut transfer, fetch, chunk) = waiting(SEED);
    holds(&mut transfer, at(1), PARTNERS[0], chunk);
    assert!(transfer.poll_take_back().is_some());
    for partner in &PARTNERS[1..] {
        holds(&mut transfer, at(2), *partner, chunk);
    }
    assert_eq!(transfer.poll_take_back(), None);
    deliver(&mut transfer, at(3), &fetch, ms(3));
    assert!(transfer.has(fetch.chunks[0]));
}

#[test]
fn what_ended_meanwhile_is_not_taken_back() {
    let (mut transfer, fetch, chunk) = waiting(SEED);
    holds(&mut transfer, at(1), PARTNERS[0], chunk);
    deliver(&mut transfer, at(1), &fetch, ms(1));
    assert_eq!(transfer.poll_take_back(), None);
}

#[test]
fn the_first_partner_that_has_it_is_asked_by_everybody() {
    for seed in 0..400 {
        let (mut transfer, _, chunk) = waiting(seed);
        holds(&mut transfer, at(1), PARTNERS[0], chunk);
        assert!(transfer.poll_take_back().is_some(), "{seed}");
    }
}

#[test]
fn who_asks_later_is_drawn_by_one_in_as_many_as_hold_it() {
    const PARTIES: usize = 400;
    let manifest = large_chunks(20);
    let mut back = 0;
    for seed in 0..PARTIES as u64 {
        let mut transfer = gathering(&manifest, seed);
        // Nobody has anything but these three, so all they have is asked of them.
        transfer.remove_source(peer(SEEDER));
        for &partner in &PARTNERS[..3] {
            holds(&mut transfer, at(0), partner, 5);
        }
        let fetches = all_fetches(&mut transfer, at(0));
        assert_eq!(fetches.len(), 1, "{fetches:?}");
        holds(&mut transfer, at(1), PARTNERS[3], 5);
        back += usize::from(transfer.poll_take_back().is_some());
    }
    assert!((PARTIES / 6..PARTIES / 3).contains(&back), "{back}");
}

#[test]
fn what_was_told_before_draws_nobody() {
    let (mut transfer, fetch, chunk) = waiting(SEED);
    holds(&mut transfer, at(1), PARTNERS[0], chunk);
    assert!(transfer.poll_take_back().is_some());
    fail(&mut transfer, at(2), &fetch, FetchFailure::TakenBack);
    let next = all_fetches(&mut transfer, at(2)).remove(0);
    assert_eq!(next.source, peer(PARTNERS[0]));
    for step in 3..20 {
        holds(&mut transfer, at(step), PARTNERS[0], chunk);
        assert_eq!(transfer.poll_take_back(), None);
    }
}

#[test]
fn a_partner_behind_an_uplink_does_not_count() {
    let (mut transfer, _, chunk) = waiting(SEED);
    transfer.source_is(peer(PARTNERS[0]), Side::Far);
    holds(&mut transfer, at(1), PARTNERS[0], chunk);
    assert_eq!(transfer.poll_take_back(), None);
    holds(&mut transfer, at(2), PARTNERS[1], chunk);
    assert!(transfer.poll_take_back().is_some(), "the first near one");
}

#[test]
fn a_request_for_several_is_taken_back_when_one_partner_has_all_of_them() {
    let manifest = small_files(200);
    let mut transfer = gathering(&manifest, SEED);
    let fetch = all_fetches(&mut transfer, at(0)).remove(0);
    let wanted = numbers(&manifest, &fetch.chunks);
    let (last, others) = wanted.split_last().expect("several");
    assert!(!others.is_empty());
    for &chunk in others {
        holds(&mut transfer, at(1), PARTNERS[0], chunk);
    }
    assert_eq!(transfer.poll_take_back(), None);
    holds(&mut transfer, at(2), PARTNERS[0], *last);
    assert_eq!(
        transfer.poll_take_back(),
        Some((peer(SEEDER), fetch.chunks))
    );
}

#[test]
fn what_has_begun_to_come_is_not_taken_back() {
    let manifest = small_files(200);
    let mut transfer = gathering(&manifest, SEED);
    let fetch = all_fetches(&mut transfer, at(0)).remove(0);
    transfer.chunk_stored(at(1), fetch.id, fetch.chunks[0]);
    transfer.source_holds(at(2), peer(PARTNERS[0]), once(0..manifest.chunk_count()));
    let back = transfer.poll_take_back();
    assert!(
        back.is_none_or(|(_, chunks)| chunks != fetch.chunks),
        "its first chunk is here"
    );
}

#[test]
fn a_source_that_takes_back_what_nobody_did_refuses_and_is_dropped() {
    let manifest = small_chunks(40);
    let mut transfer = gathering(&manifest, SEED);
    let mut notes = Vec::new();
    for step in 0..100 {
        let now = at(step * 1_000);
        for fetch in all_fetches(&mut transfer, now) {
            notes.extend(fail(&mut transfer, now, &fetch, FetchFailure::TakenBack));
        }
    }
    assert_eq!(notes.len(), 1 + REFUSAL_RETRIES_MAX as usize, "{notes:?}");
    let reason = DropReason::Refused(FetchFailure::TakenBack.to_string());
    let peer = peer(SEEDER);
    let dropped = TransferNote::SourceDropped { peer, reason };
    assert_eq!(notes.last(), Some(&dropped));
}
