//! Two sides of a shared uplink: what is asked of the far one, and by whom.

use std::{collections::BTreeSet, iter::once, sync::Arc};

use lanspread_db::Manifest;
use lanspread_proto::PeerId;
use proptest::prelude::*;

use super::{
    super::{
        Fetch, Holding, Side, Transfer, TransferLimits, chunk_set::ChunkSet,
        limits::IMPORT_PATIENCE, swarm::Swarm,
    },
    fixture::{SEED, all_fetches, at, deliver, large_chunks, ms, peer, small_chunks},
};
use crate::Now;

const NEAR: [u8; 3] = [1, 2, 3];
const FAR: [u8; 2] = [11, 12];
const SEEDER: u8 = 21;

/// The transfer of one who hangs on the table of `NEAR`; the seeder and others hang on another.
fn at_the_table(manifest: &Arc<Manifest>, me: PeerId) -> Transfer {
    let limits = TransferLimits::default();
    let mut transfer = Transfer::new(Arc::clone(manifest), &[], me, limits, SEED, at(0));
    for far in FAR.into_iter().chain(once(SEEDER)) {
        transfer.source_is(peer(far), Side::Far);
    }
    transfer.add_source(at(0), peer(SEEDER), Holding::All);
    for other in NEAR.into_iter().chain(FAR) {
        if peer(other) != me {
            transfer.add_source(at(0), peer(other), Holding::Part);
        }
    }
    transfer
}

/// The numbers of all chunks that are asked of these sources before anybody's patience ends.
fn asked_of(transfer: &mut Transfer, sources: &[u8]) -> BTreeSet<u32> {
    let manifest = transfer.manifest().clone();
    let mut asked = BTreeSet::new();
    for step in 1..100 {
        let now = at(step * 10);
        for fetch in all_fetches(transfer, now) {
            if sources.iter().any(|&it| peer(it) == fetch.source) {
                let chunks = fetch.chunks.iter();
                asked.extend(chunks.filter_map(|&chunk| manifest.chunk_index(chunk)));
            }
            deliver(transfer, at(step * 10 + 5), &fetch, ms(5));
        }
    }
    asked
}

#[test]
fn each_chunk_of_the_far_side_is_fetched_by_one_of_those_who_sit_together() {
    let manifest = small_chunks(60);
    let all = 0..manifest.chunk_count();
    let mut fetched = Vec::new();
    for me in NEAR.map(peer) {
        let mut transfer = at_the_table(&manifest, me);
        for far in FAR {
            transfer.source_holds(at(0), peer(far), once(all.clone()));
        }
        fetched.extend(asked_of(&mut transfer, &[11, 12, 21]));
    }
    fetched.sort_unstable();
    assert_eq!(fetched, all.collect::<Vec<u32>>());
}

#[test]
fn what_somebody_near_has_is_not_asked_of_the_far_side() {
    let manifest = small_chunks(60);
    let mut transfer = at_the_table(&manifest, peer(NEAR[0]));
    transfer.source_holds(at(0), peer(FAR[0]), once(0..60));
    transfer.source_holds(at(0), peer(NEAR[1]), once(0..60));
    let far = asked_of(&mut transfer, &[11, 12, 21]);
    assert!(far.iter().all(|&index| index >= 60), "{far:?}");
    assert!(transfer.stored_count() >= 60);
}

#[test]
fn when_nothing_comes_any_more_the_far_side_is_asked_for_what_others_should_fetch() {
    let manifest = small_chunks(9);
    let mut transfer = at_the_table(&manifest, peer(NEAR[0]));
    transfer.source_holds(at(0), peer(FAR[0]), once(0..10));
    let shared = asked_of(&mut transfer, &[11, 12, 21]);
    assert!(shared.len() < 10);
    let due = transfer.poll_deadline().expect("its patience ends");
    assert!(
        due > at(1_000) && due <= at(1_000) + IMPORT_PATIENCE,
        "{due:?}"
    );
    assert_eq!(
        all_fetches(&mut transfer, Now(due.0.saturating_sub(ms(1)))),
        []
    );
    let fetches = all_fetches(&mut transfer, due);
    let chunks = fetches.iter().flat_map(|fetch| fetch.chunks.clone());
    let rest: BTreeSet<u32> = chunks.filter_map(|it| manifest.chunk_index(it)).collect();
    assert!(!rest.is_empty() && rest.is_disjoint(&shared));
}

#[test]
fn as_long_as_something_comes_to_anybody_near_the_far_side_is_left_to_those_it_falls_to() {
    let manifest = small_chunks(9);
    let mut transfer = at_the_table(&manifest, peer(NEAR[0]));
    transfer.source_holds(at(0), peer(FAR[0]), once(0..10));
    let shared = asked_of(&mut transfer, &[11, 12, 21]);
    let mut theirs = (0..10).filter(|index| !shared.contains(index));
    let (one, other) = (theirs.next().unwrap(), theirs.next().unwrap());
    let due = transfer.poll_deadline().expect("its patience ends");
    let before = Now(due.0.saturating_sub(ms(1)));
    transfer.source_holds(before, peer(NEAR[1]), once(one..one + 1));
    let fetches = all_fetches(&mut transfer, due);
    assert!(
        fetches.iter().all(|it| it.source == peer(NEAR[1])),
        "{fetches:?}"
    );
    // That another one has it too is no news, and neither is what comes to the far side.
    transfer.source_holds(due, peer(NEAR[2]), once(one..one + 1));
    transfer.source_holds(due, peer(FAR[1]), once(other..other + 1));
    let fetches = all_fetches(&mut transfer, before + IMPORT_PATIENCE);
    assert!(
        fetches.iter().any(|it| it.source == peer(FAR[0])),
        "{fetches:?}"
    );
}

#[test]
fn what_is_late_is_raced_over_the_uplink_only_when_nothing_near_has_helped() {
    let manifest = large_chunks(6);
    let limits = TransferLimits::default();
    let mut transfer = Transfer::new(Arc::clone(&manifest), &[], peer(1), limits, SEED, at(0));
    transfer.source_is(peer(SEEDER), Side::Far);
    transfer.add_source(at(0), peer(2), Holding::All);
    transfer.add_source(at(0), peer(3), Holding::All);
    transfer.add_source(at(0), peer(SEEDER), Holding::All);
    let mut slow: Vec<Fetch> = Vec::new();
    let mut queue = all_fetches(&mut transfer, at(0));
    let mut now = at(0);
    while let Some(fetch) = queue.pop() {
        if fetch.source == peer(2) {
            slow.push(fetch);
            continue;
        }
        now = now + ms(20);
        deliver(&mut transfer, now, &fetch, ms(20));
        queue.extend(all_fetches(&mut transfer, now));
    }
    assert!(!slow.is_empty());
    transfer.remove_source(peer(3));
    let due = transfer.poll_deadline().expect("the tail is watched");
    assert!(
        due >= now + IMPORT_PATIENCE,
        "{due:?}, and the last came at {now:?}"
    );
    let races = all_fetches(&mut transfer, due);
    assert!(
        races.iter().any(|race| race.source == peer(SEEDER)),
        "{races:?}"
    );
}

#[test]
fn a_near_one_that_leaves_leaves_its_share_to_the_others() {
    let manifest = small_chunks(60);
    let mut transfer = at_the_table(&manifest, peer(NEAR[0]));
    transfer.source_holds(at(0), peer(FAR[0]), once(0..61));
    transfer.remove_source(peer(NEAR[1]));
    transfer.remove_source(peer(NEAR[2]));
    let far = asked_of(&mut transfer, &[11, 12, 21]);
    assert_eq!(far.len(), 61);
}

#[test]
fn a_full_holder_gives_what_falls_to_others_only_after_partners_who_have_something() {
    let manifest = small_chunks(60);
    let limits = TransferLimits::default();
    let mut transfer = Transfer::new(manifest.clone(), &[], peer(1), limits, SEED, at(0));
    transfer.add_source(at(0), peer(SEEDER), Holding::All);
    transfer.add_source(at(0), peer(2), Holding::Part);
    // All that falls to this peer is there already, somewhere.
    transfer.source_holds(at(0), peer(2), once(0..61));
    let first = transfer.poll_fetch(at(0)).expect("something is missing");
    assert_eq!(first.source, peer(2));
    let second = transfer.poll_fetch(at(0)).expect("and it is asked too");
    assert_eq!(second.source, peer(SEEDER));
}

/// Something that happens to a swarm of four others and 40 chunks.
#[derive(Debug, Clone)]
enum Change {
    Join(u8),
    Leave(u8),
    Whole(u8, bool),
    Side(u8, bool),
    Holds(u8, u32, u32),
    Toggle(u32),
}

fn change() -> impl Strategy<Value = Change> {
    let who = 1_u8..5;
    prop_oneof![
        who.clone().prop_map(Change::Join),
        who.clone().prop_map(Change::Leave),
        (who.clone(), any::<bool>()).prop_map(|(n, is)| Change::Whole(n, is)),
        (who.clone(), any::<bool>()).prop_map(|(n, is)| Change::Side(n, is)),
        (who, 0_u32..45, 0_u32..10).prop_map(|(n, at, len)| Change::Holds(n, at, len)),
        (0_u32..40).prop_map(Change::Toggle),
    ]
}

proptest! {
    #[test]
    fn what_is_counted_is_what_is_held_wanted_and_shared_out(
        changes in prop::collection::vec(change(), 1..60),
    ) {
        let mut missing = ChunkSet::full(40);
        let mut swarm = Swarm::new(peer(3), 40, 40 * 256 * 1024);
        for change in changes {
            match change {
                Change::Join(n) if n != 3 && swarm.held_by(&peer(n)).is_none() => {
                    swarm.join(peer(n), &missing);
                }
                Change::Join(_) => {}
                Change::Leave(n) => swarm.leave(&peer(n), &missing),
                Change::Whole(n, is) => {
                    let holding = if is { Holding::All } else { Holding::Part };
                    swarm.set_whole(peer(n), Some(holding), &missing);
                }
                Change::Side(n, is_far) => {
                    let side = if is_far { Side::Far } else { Side::Near };
                    swarm.set_side(peer(n), side, &missing);
                }
                Change::Holds(n, at, len) => {
                    swarm.holds(&peer(n), at..at + len, &missing);
                }
                Change::Toggle(index) if missing.contains(index) => {
                    missing.remove(index);
                    swarm.taken(index, &missing);
                }
                Change::Toggle(index) => {
                    missing.insert(index);
                    swarm.freed(index, &missing);
                }
            }
            swarm.check(&missing);
        }
    }
}
