//! Peers that gather the same game: whose chunks come first, from whom, and what is passed on.

use std::{collections::BTreeSet, iter::once};

use lanspread_db::ChunkRef;
use lanspread_proto::PeerId;

use super::{
    super::{
        Holding, Side, Starvation, StoredSince, Transfer, TransferLimits, TransferState,
        chunk_set::ChunkSet,
        limits::OTHERS_PATIENCE,
        swarm::{LOTS_MAX, Swarm, Want},
    },
    fixture::{
        KIB, ME, SEED, all_fetches, at, deliver, game, large_chunks, ms, peer, small_chunks,
        small_files, transfer,
    },
};
use crate::Now;

/// Whom the tests' peer gathers with: one that comes before it and one that comes after.
const BEFORE: u8 = 1;
const AFTER: u8 = 200;
const SEEDER: u8 = 9;

#[test]
fn peers_that_begin_together_ask_the_seeder_for_different_chunks() {
    let manifest = small_chunks(90);
    let mut asked = BTreeSet::new();
    for me in [peer(1), peer(2), peer(3)] {
        let limits = TransferLimits::default();
        let mut transfer = Transfer::new(manifest.clone(), &[], me, limits, SEED, at(0));
        transfer.add_source(at(0), peer(SEEDER), Holding::All);
        for other in [1, 2, 3].map(peer).into_iter().filter(|&it| it != me) {
            transfer.add_source(at(0), other, Holding::Part);
        }
        let mut now = 0;
        while transfer.stored_count() < 30 {
            now += 20;
            for fetch in all_fetches(&mut transfer, at(now)) {
                for &chunk in &fetch.chunks {
                    assert!(asked.insert(chunk), "{chunk:?} is asked for twice");
                }
                deliver(&mut transfer, at(now + 10), &fetch, ms(10));
                if transfer.stored_count() >= 30 {
                    break;
                }
            }
        }
    }
}

/// The first of eight that begin asked the seeder for 48 chunks at once before it knew the others, and half of
/// them were sent twice.
#[test]
fn a_seeder_that_others_begin_to_ask_too_is_asked_for_no_more_than_its_share() {
    let manifest = small_chunks(4_000);
    let mut transfer = transfer(&manifest, &[SEEDER]);
    let mut now = 0;
    let mut fetched = |transfer: &mut Transfer| {
        let fetch = transfer.poll_fetch(at(now)).expect("there is room");
        let elapsed = 10 * u64::try_from(fetch.chunks.len()).unwrap();
        now += elapsed;
        deliver(transfer, at(now), &fetch, ms(elapsed));
        fetch.chunks
    };
    let asked_before = (0..5)
        .map(|_| fetched(&mut transfer))
        .last()
        .unwrap_or_default();
    for n in 1..8 {
        transfer.add_source(at(0), peer(n), Holding::Part);
    }
    let asked = fetched(&mut transfer);
    assert!(
        asked.len() * 5 <= asked_before.len(),
        "{} of {}",
        asked.len(),
        asked_before.len()
    );
}

/// They all began at the last chunk, so that the seeder sent a third of the game twice.
#[test]
fn peers_with_nothing_left_that_falls_to_them_take_different_chunks_of_what_falls_to_another() {
    let manifest = small_chunks(4_000);
    let party = [1, 2, 3, 4].map(peer);
    let gathers = |me, stored: &[ChunkRef], seed| {
        let limits = TransferLimits::default();
        let mut transfer = Transfer::new(manifest.clone(), stored, me, limits, seed, at(0));
        transfer.add_source(at(0), peer(SEEDER), Holding::All);
        for other in party.into_iter().filter(|&it| it != me) {
            transfer.add_source(at(0), other, Holding::Part);
        }
        transfer
    };
    let mut slow = gathers(party[3], &[], SEED);
    let mut falls_to_slow: BTreeSet<ChunkRef> = BTreeSet::new();
    for now in (20..).step_by(20) {
        // Less than falls to it: after that it would fetch what falls to others.
        if falls_to_slow.len() >= 900 {
            break;
        }
        for fetch in all_fetches(&mut slow, at(now)) {
            falls_to_slow.extend(&fetch.chunks);
            deliver(&mut slow, at(now + 10), &fetch, ms(10));
        }
    }
    let others: Vec<ChunkRef> = (0..4_000)
        .filter_map(|index| manifest.chunk_at(index))
        .filter(|chunk| !falls_to_slow.contains(chunk))
        .collect();
    let mut asked = BTreeSet::new();
    for (seed, me) in (SEED..).zip(&party[..3]) {
        let mut transfer = gathers(*me, &others, seed);
        let fetches = all_fetches(&mut transfer, at(0));
        assert_eq!(fetches.len(), 1, "the seeder has more to give");
        let patience = Some(Now(OTHERS_PATIENCE));
        assert_eq!(transfer.poll_deadline(), patience, "nothing came of it");
        assert!(!all_fetches(&mut transfer, Now(OTHERS_PATIENCE)).is_empty());
        for &chunk in fetches.iter().flat_map(|fetch| &fetch.chunks) {
            assert!(asked.insert(chunk), "{chunk:?} is asked for twice");
        }
    }
}

/// What falls to each of these, in chunks of a game that nobody else has anything of.
fn dealt(chunks: u32, party: &[PeerId]) -> Vec<BTreeSet<u32>> {
    let mut missing = ChunkSet::empty(chunks);
    (0..chunks).for_each(|index| missing.insert(index));
    let falls_to = |me: &PeerId| {
        let mut swarm = Swarm::new(*me, chunks, u64::from(chunks) * 256 * KIB);
        for other in party.iter().filter(|&it| it != me) {
            swarm.join(*other, &missing);
        }
        let mine = |index: &u32| swarm.want(*index, Side::Near) == Want::Mine;
        (0..chunks).filter(mine).collect()
    };
    party.iter().map(falls_to).collect()
}

#[test]
fn each_chunk_falls_to_one_and_as_much_to_each_as_to_any_other() {
    for (chunks, gatherers) in [(1, 3), (7, 20), (1_025, 64), (LOTS_MAX, 33)] {
        let party: Vec<PeerId> = (1..=gatherers).map(peer).collect();
        let dealt = dealt(chunks, &party);
        let all: BTreeSet<u32> = dealt.iter().flatten().copied().collect();
        let sizes = || dealt.iter().map(BTreeSet::len);
        assert_eq!(
            (all.len(), sizes().sum()),
            (chunks as usize, chunks as usize)
        );
        assert!(
            sizes().max() <= sizes().min().map(|least| least + 1),
            "{chunks} to {gatherers}"
        );
    }
}

#[test]
fn of_a_game_of_many_chunks_each_lot_has_several() {
    let party: Vec<PeerId> = (1..=8).map(peer).collect();
    let dealt = dealt(3 * LOTS_MAX, &party);
    for mine in dealt {
        assert_eq!(mine.len() * 8, 3 * LOTS_MAX as usize);
        let is_mine = |index: &u32| mine.contains(&(index % LOTS_MAX));
        assert!(mine.iter().all(is_mine));
    }
}

/// With 128 of whom a quarter left, the seeder sent half of the game twice: each time the shares of all
/// who stayed became others, and what one had been sent fell to another.
#[test]
fn who_leaves_takes_hardly_anything_from_what_falls_to_the_others() {
    let party: Vec<PeerId> = (1..=20).map(peer).collect();
    let chunks = 1_025;
    let before = dealt(chunks, &party);
    let after = dealt(chunks, &party[1..]);
    let lost = before[1..]
        .iter()
        .zip(&after)
        .map(|(before, after)| before.difference(after).count());
    let lost: usize = lost.sum();
    assert!(lost * 10 < chunks as usize, "{lost} of {chunks}");
}

/// With 150 full holders and 50 who gathered, the 50 asked each other alone.
#[test]
fn full_holders_come_after_partners_unless_they_are_more_than_those() {
    let manifest = small_chunks(400);
    let partners: BTreeSet<PeerId> = (1..=5).map(peer).collect();
    for (holders, are_spared) in [(5, true), (6, false)] {
        let holders: Vec<u8> = (201..).take(holders).collect();
        let mut transfer = transfer(&manifest, &holders);
        for &partner in &partners {
            transfer.add_source(at(0), partner, Holding::Part);
            transfer.source_holds(at(0), partner, once(0..401));
        }
        let fetches = all_fetches(&mut transfer, at(0));
        let first = fetches.iter().take(partners.len());
        let asked_first: BTreeSet<PeerId> = first.map(|fetch| fetch.source).collect();
        assert_eq!(asked_first.len(), partners.len(), "each is asked once");
        assert_eq!(asked_first == partners, are_spared, "{asked_first:?}");
    }
}

#[test]
fn a_partner_is_asked_for_what_it_has_and_for_nothing_else() {
    let manifest = small_chunks(40);
    let mut transfer = transfer(&manifest, &[]);
    transfer.add_source(at(0), peer(AFTER), Holding::Part);
    assert_eq!(all_fetches(&mut transfer, at(0)), []);
    transfer.source_holds(at(0), peer(AFTER), [7..8, 39..400]);
    let asked: BTreeSet<u32> = all_fetches(&mut transfer, at(1))
        .iter()
        .flat_map(|fetch| fetch.chunks.clone())
        .filter_map(|chunk| manifest.chunk_index(chunk))
        .collect();
    assert!(asked.is_subset(&BTreeSet::from([7, 39, 40])), "{asked:?}");
    assert!(!asked.is_empty());
}

#[test]
fn what_fewer_partners_have_is_fetched_first() {
    let manifest = small_chunks(40);
    let mut transfer = transfer(&manifest, &[]);
    transfer.add_source(at(0), peer(BEFORE), Holding::Part);
    transfer.add_source(at(0), peer(AFTER), Holding::Part);
    transfer.source_holds(at(0), peer(BEFORE), once(0..40));
    transfer.source_holds(at(0), peer(AFTER), [0..17, 18..40]);
    let first = transfer
        .poll_fetch(at(0))
        .expect("there is something to ask");
    let second = transfer
        .poll_fetch(at(0))
        .expect("and somebody else to ask");
    let fetch = [first, second]
        .into_iter()
        .find(|fetch| fetch.source == peer(BEFORE));
    let chunks = fetch.expect("both are asked").chunks;
    assert_eq!(manifest.chunk_index(chunks[0]), Some(17));
}

#[test]
fn partners_without_anything_new_leave_a_transfer_starved_until_they_have_something() {
    let manifest = small_chunks(3);
    let mut transfer = transfer(&manifest, &[]);
    transfer.add_source(at(0), peer(AFTER), Holding::Part);
    let why = Starvation {
        dropped: Vec::new(),
        partners: 1,
    };
    assert_eq!(
        why.to_string(),
        "no peer has all of it: one other peer downloads it too, and lacks the same"
    );
    assert_eq!(transfer.state(), TransferState::Starved { why });
    transfer.source_holds(at(0), peer(AFTER), once(1..2));
    assert_eq!(transfer.state(), TransferState::Running);
    // It has everything by now.
    transfer.add_source(at(5), peer(AFTER), Holding::All);
    for now in 1..20 {
        for fetch in all_fetches(&mut transfer, at(now * 100)) {
            deliver(&mut transfer, at(now * 100 + 10), &fetch, ms(10));
        }
    }
    assert_eq!(transfer.state(), TransferState::Complete);
}

#[test]
fn a_partner_that_leaves_takes_what_it_had_with_it() {
    let manifest = small_chunks(10);
    let mut transfer = transfer(&manifest, &[]);
    transfer.add_source(at(0), peer(AFTER), Holding::Part);
    transfer.source_holds(at(0), peer(AFTER), once(0..10));
    assert!(!all_fetches(&mut transfer, at(0)).is_empty());
    transfer.remove_source(peer(AFTER));
    transfer.add_source(at(1), peer(AFTER), Holding::Part);
    assert_eq!(
        all_fetches(&mut transfer, at(1)),
        [],
        "it begins with nothing"
    );
}

#[test]
fn small_files_stay_together_when_they_are_shared_out() {
    let manifest = small_files(2_000);
    let mut transfer = transfer(&manifest, &[SEEDER]);
    transfer.add_source(at(0), peer(AFTER), Holding::Part);
    let fetch = transfer
        .poll_fetch(at(0))
        .expect("there is something to ask");
    assert!(
        fetch.chunks.len() > 4,
        "{} files at once",
        fetch.chunks.len()
    );
}

#[test]
fn what_is_stored_is_told_in_order_and_in_pieces() {
    let manifest = small_chunks(8);
    let stored = [5, 1, 2, 7].map(|index| manifest.chunk_at(index).unwrap());
    let limits = TransferLimits::default();
    let transfer = Transfer::new(manifest.clone(), &stored, ME, limits, SEED, at(0));
    let told = |since, runs_max| transfer.stored_since(since, runs_max);
    let all = StoredSince {
        upto: 4,
        runs: vec![1..3, 5..6, 7..8],
    };
    assert_eq!(told(0, 3), all);
    assert_eq!(
        told(0, 2).upto,
        2,
        "what does not fit comes with the next question"
    );
    assert_eq!(told(0, 2).runs, [1..2, 5..6]);
    assert_eq!(told(2, 2).runs, [2..3, 7..8]);
    assert_eq!(told(4, 2).runs, []);
    assert_eq!(
        told(40, 2),
        StoredSince {
            upto: 4,
            runs: Vec::new()
        }
    );
    assert!(transfer.has(stored[0]) && transfer.stored_count() == 4);
}

#[test]
fn a_chunk_is_had_when_it_is_reported_although_its_fetch_goes_on() {
    let manifest = game(256 * 1024, &[20 * 1024; 40]);
    let mut transfer = transfer(&manifest, &[SEEDER]);
    let fetch = transfer
        .poll_fetch(at(0))
        .expect("there is something to ask");
    let first = fetch.chunks[0];
    transfer.chunk_stored(at(1), fetch.id, first);
    transfer.chunk_stored(at(1), fetch.id, first);
    assert!(transfer.has(first));
    assert_eq!(transfer.progress(at(1)).verified_bytes, 20 * 1024);
    deliver(&mut transfer, at(2), &fetch, ms(2));
    let progress = transfer.progress(at(2));
    assert_eq!(progress.duplicate_bytes, 0, "its end names the chunk again");
    assert_eq!(progress.moved_chunks, fetch.chunks.len() as u64);
}

#[test]
fn a_race_is_run_by_holders_of_the_chunk_only() {
    let manifest = large_chunks(1);
    let mut transfer = transfer(&manifest, &[SEEDER]);
    transfer.add_source(at(0), peer(AFTER), Holding::Part);
    let mut fetches = all_fetches(&mut transfer, at(0));
    // What falls to the partner, which fetches nothing.
    fetches.extend(all_fetches(&mut transfer, Now(OTHERS_PATIENCE)));
    assert!(fetches.iter().all(|fetch| fetch.source == peer(SEEDER)));
    assert_eq!(all_fetches(&mut transfer, at(60_000)), []);
    transfer.source_holds(at(0), peer(AFTER), once(0..1));
    let race = all_fetches(&mut transfer, at(60_001));
    assert!(race.iter().all(|fetch| fetch.source == peer(AFTER)) && !race.is_empty());
}
