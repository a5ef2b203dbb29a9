//! What happens when a source or the disk fails.

use lanspread_db::{ChunkRef, RelPath};

use super::{
    super::{
        DropReason, Fetch, FetchId, Holding, SourceAdded, Starvation, Transfer, TransferLimits,
        TransferNote, TransferState, limits,
        source::{FailureKind, Source, Verdict},
    },
    fixture::{all_fetches, at, broken, deliver, fail, large_chunks, ms, peer, transfer},
};
use crate::{DiskFailure, DiskFailureKind, FetchFailure};

fn refused() -> FetchFailure {
    FetchFailure::Refused("busy".to_owned())
}

fn disk_full() -> DiskFailure {
    DiskFailure {
        kind: DiskFailureKind::NoSpace,
        message: "the disk is full".to_owned(),
    }
}

fn of(fetches: &[Fetch], n: u8) -> Vec<Fetch> {
    let own = fetches.iter().filter(|fetch| fetch.source == peer(n));
    own.cloned().collect()
}

/// Fails one fetch after the other until the source is dropped; returns all that was said.
fn fail_until_dropped(
    transfer: &mut Transfer,
    failure: impl Fn() -> FetchFailure,
) -> Vec<TransferNote> {
    let mut notes = Vec::new();
    let mut now = at(0);
    loop {
        let fetches = all_fetches(transfer, now);
        assert!(
            notes.is_empty() || fetches.len() <= 1,
            "one probe after a failure"
        );
        now = now + ms(10);
        for fetch in &fetches {
            notes.extend(fail(transfer, now, fetch, failure()));
        }
        transfer.chunks.check();
        let Some(deadline) = transfer.poll_deadline() else {
            return notes;
        };
        assert_eq!(
            all_fetches(transfer, now),
            [],
            "it is not asked before the pause is over"
        );
        now = deadline;
    }
}

#[test]
fn a_failing_source_is_retried_with_growing_pauses_and_then_dropped() {
    let manifest = large_chunks(10);
    let mut transfer = transfer(&manifest, &[1]);
    let notes = fail_until_dropped(&mut transfer, broken);
    let retries: Vec<(u32, u64)> = notes
        .iter()
        .filter_map(|note| match note {
            TransferNote::SourceRetried { attempt, at, .. } => {
                Some((*attempt, u64::try_from(at.0.as_millis()).unwrap()))
            }
            TransferNote::SourceDropped { .. } | TransferNote::DiskFailed(_) => None,
        })
        .collect();
    assert_eq!(retries, [(1, 510), (2, 1_520), (3, 3_530)]);
    assert_eq!(retries.len(), limits::RETRIES_MAX as usize);
    let last = "the connection failed: reset".to_owned();
    let reason = DropReason::Failed { attempts: 4, last };
    let dropped = TransferNote::SourceDropped {
        peer: peer(1),
        reason: reason.clone(),
    };
    assert_eq!(notes.last(), Some(&dropped));
    assert_eq!(
        notes.len(),
        4,
        "two fetches that break together are one failure"
    );
    let why = Starvation {
        dropped: vec![(peer(1), reason)],
        partners: 0,
    };
    assert_eq!(
        why.to_string(),
        "no source is left: 01010101 failed 4 times in a row, at last because the connection \
         failed: reset"
    );
    assert_eq!(transfer.state(), TransferState::Starved { why });
}

#[test]
fn pauses_grow_up_to_the_longest_and_no_further() {
    let limits = TransferLimits {
        retries_max: 6,
        ..TransferLimits::default()
    };
    let mut source = Source::new(0, 0);
    let pauses: Vec<_> = (1..=6)
        .map(|n| {
            let (fetch, next) = (FetchId(n), FetchId(n + 1));
            match source.failed(at(0), fetch, next, FailureKind::Broken, &limits) {
                Verdict::Retry { at: until, .. } => until.since(at(0)),
                other => panic!("it is retried: {other:?}"),
            }
        })
        .collect();
    let longest = limits::RETRY_PAUSE_MAX;
    assert_eq!(pauses[..3], [ms(500), ms(1_000), ms(2_000)]);
    assert_eq!(
        pauses[3..],
        [ms(4_000), longest, longest],
        "at the limit, and past it"
    );
}

#[test]
fn a_peer_that_comes_back_resumes_a_starved_transfer_with_a_clean_slate() {
    let manifest = large_chunks(10);
    let mut transfer = transfer(&manifest, &[1]);
    let notes = fail_until_dropped(&mut transfer, broken);
    assert_eq!(
        transfer.add_source(at(60_000), peer(1), Holding::All),
        SourceAdded::Added
    );
    assert_eq!(transfer.state(), TransferState::Running);
    assert_eq!(fail_until_dropped(&mut transfer, broken).len(), notes.len());
}

#[test]
fn a_success_forgives_earlier_failures() {
    let manifest = large_chunks(40);
    let mut transfer = transfer(&manifest, &[1]);
    let mut now = at(0);
    for _ in 0..10 {
        let fetches = all_fetches(&mut transfer, now);
        now = now + ms(10);
        for fetch in &fetches {
            let notes = fail(&mut transfer, now, fetch, broken());
            assert!(
                notes
                    .iter()
                    .all(|note| matches!(note, TransferNote::SourceRetried { attempt: 1, .. })),
                "{notes:?}"
            );
        }
        now = transfer.poll_deadline().unwrap();
        let probe = all_fetches(&mut transfer, now);
        assert_eq!(probe.len(), 1);
        now = now + ms(10);
        deliver(&mut transfer, now, &probe[0], ms(10));
    }
}

#[test]
fn a_refusal_is_forgiven_once() {
    let manifest = large_chunks(10);
    let mut transfer = transfer(&manifest, &[1]);
    let notes = fail_until_dropped(&mut transfer, refused);
    assert_eq!(notes.len(), 1 + limits::REFUSAL_RETRIES_MAX as usize);
    let reason = DropReason::Refused("busy".to_owned());
    assert_eq!(
        notes[1],
        TransferNote::SourceDropped {
            peer: peer(1),
            reason
        }
    );
}

#[test]
fn other_sources_take_over_at_once_while_one_pauses() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let fetches = all_fetches(&mut transfer, at(0));
    let mut done = 0;
    for fetch in of(&fetches, 1) {
        fail(&mut transfer, at(10), &fetch, broken());
    }
    let mut queue = of(&fetches, 2);
    while let Some(fetch) = queue.pop() {
        done += fetch.chunks.len();
        deliver(&mut transfer, at(100), &fetch, ms(100));
        queue.extend(all_fetches(&mut transfer, at(100)));
        assert!(queue.iter().all(|fetch| fetch.source == peer(2)));
    }
    assert_eq!(done, manifest.chunk_count() as usize);
    assert_eq!(transfer.state(), TransferState::Complete);
}

#[test]
fn a_source_that_sends_wrong_bytes_is_named_dropped_for_good_and_its_chunks_go_elsewhere() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let fetches = all_fetches(&mut transfer, at(0));
    let (bad, good) = (of(&fetches, 1), of(&fetches, 2));
    let chunk = bad[0].chunks[0];
    let notes = fail(
        &mut transfer,
        at(10),
        &bad[0],
        FetchFailure::WrongHash(chunk),
    );
    let path = RelPath::parse("file-000000").unwrap();
    let reason = DropReason::WrongBytes { chunk, path };
    assert!(
        reason
            .to_string()
            .starts_with("sent wrong bytes for chunk "),
        "{reason}"
    );
    let named = TransferNote::SourceDropped {
        peer: peer(1),
        reason: reason.clone(),
    };
    assert_eq!(notes, [named]);
    assert_eq!(
        transfer.poll_abort(),
        Some(bad[1].id),
        "its other fetch ends too"
    );
    assert_eq!(transfer.poll_abort(), None);
    assert_eq!(
        transfer.add_source(at(20), peer(1), Holding::All),
        SourceAdded::Banned(reason)
    );
    assert_eq!(
        fail(
            &mut transfer,
            at(20),
            &bad[1],
            FetchFailure::WrongHash(bad[1].chunks[0])
        ),
        [],
        "it is named once"
    );
    let mut queue = good;
    let mut elsewhere = false;
    while let Some(fetch) = queue.pop() {
        elsewhere |= fetch.chunks.contains(&chunk);
        deliver(&mut transfer, at(100), &fetch, ms(90));
        queue.extend(all_fetches(&mut transfer, at(100)));
    }
    assert!(elsewhere);
    assert_eq!(transfer.state(), TransferState::Complete);
}

#[test]
fn a_source_that_left_is_still_named_when_its_last_bytes_turn_out_wrong() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = all_fetches(&mut transfer, at(0));
    transfer.remove_source(peer(1));
    let wrong = FetchFailure::WrongHash(fetches[0].chunks[0]);
    assert_eq!(fail(&mut transfer, at(10), &fetches[0], wrong).len(), 1);
    assert!(matches!(
        transfer.add_source(at(20), peer(1), Holding::All),
        SourceAdded::Banned(_)
    ));
}

#[test]
fn a_source_that_breaks_the_protocol_is_dropped_for_good() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = all_fetches(&mut transfer, at(0));
    let failure = FetchFailure::Protocol("too many bytes".to_owned());
    let notes = fail(&mut transfer, at(10), &fetches[0], failure);
    let reason = DropReason::Protocol("too many bytes".to_owned());
    assert_eq!(
        notes,
        [TransferNote::SourceDropped {
            peer: peer(1),
            reason: reason.clone()
        }]
    );
    assert_eq!(
        transfer.add_source(at(20), peer(1), Holding::All),
        SourceAdded::Banned(reason)
    );
}

#[test]
fn chunks_that_came_before_the_failure_are_kept() {
    let manifest = super::fixture::game(256 * 1024, &[1_000; 9]);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = all_fetches(&mut transfer, at(0));
    assert_eq!(fetches[0].chunks.len(), 10);
    let wrong = FetchFailure::WrongHash(fetches[0].chunks[4]);
    transfer.fetch_ended(
        at(10),
        fetches[0].id,
        &fetches[0].chunks[..4],
        ms(10),
        Err(wrong),
    );
    transfer.chunks.check();
    assert_eq!(transfer.progress(at(10)).verified_bytes, 4_000);
    transfer.add_source(at(10), peer(2), Holding::All);
    assert_eq!(
        all_fetches(&mut transfer, at(10))[0].chunks,
        fetches[0].chunks[4..]
    );
}

#[test]
fn a_disk_that_fails_ends_the_transfer_and_blames_nobody() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let fetches = all_fetches(&mut transfer, at(0));
    let failure = FetchFailure::Disk(disk_full());
    let notes = fail(&mut transfer, at(10), &fetches[0], failure.clone());
    assert_eq!(notes, [TransferNote::DiskFailed(disk_full())]);
    assert_eq!(transfer.poll_fetch(at(10)), None);
    assert_eq!(std::iter::from_fn(|| transfer.poll_abort()).count(), 3);
    for fetch in &fetches[1..] {
        assert_eq!(
            fail(&mut transfer, at(20), fetch, failure.clone()),
            [],
            "it is said once"
        );
    }
    assert_eq!(transfer.state(), TransferState::Failed(disk_full()));
    assert!(transfer.has_source(peer(1)) && transfer.has_source(peer(2)));
}

#[test]
fn a_fetch_the_driver_gave_up_is_nobodys_fault_and_the_source_rests() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = all_fetches(&mut transfer, at(0));
    for fetch in &fetches {
        assert_eq!(
            fail(&mut transfer, at(10), fetch, FetchFailure::Aborted),
            []
        );
    }
    assert_eq!(all_fetches(&mut transfer, at(10)), []);
    assert_eq!(transfer.poll_deadline(), Some(at(510)));
    assert_eq!(all_fetches(&mut transfer, at(510)).len(), 2);
}

#[test]
fn a_source_that_claims_success_without_the_chunks_is_treated_as_failing() {
    let manifest = large_chunks(6);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = all_fetches(&mut transfer, at(0));
    let notes = transfer.fetch_ended(at(10), fetches[0].id, &[], ms(10), Ok(()));
    assert!(matches!(
        notes[..],
        [TransferNote::SourceRetried { attempt: 1, .. }]
    ));
    transfer.chunks.check();
}

#[test]
fn chunks_of_a_source_that_leaves_go_to_the_others_at_once() {
    let manifest = large_chunks(2);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = all_fetches(&mut transfer, at(0));
    transfer.add_source(at(1), peer(2), Holding::All);
    transfer.remove_source(peer(1));
    transfer.chunks.check();
    let again = all_fetches(&mut transfer, at(1));
    let asked = |fetches: &[Fetch]| -> Vec<ChunkRef> {
        let mut chunks: Vec<_> = fetches.iter().flat_map(|it| it.chunks.clone()).collect();
        chunks.sort_unstable();
        chunks
    };
    assert_eq!(asked(&again), asked(&fetches));
    assert!(again.iter().all(|fetch| fetch.source == peer(2)));
    // What it had sent before it left still counts.
    transfer.fetch_ended(at(2), fetches[0].id, &fetches[0].chunks, ms(2), Ok(()));
    transfer.chunks.check();
    let same = again
        .iter()
        .find(|fetch| fetch.chunks == fetches[0].chunks)
        .unwrap();
    let aborts: Vec<_> = std::iter::from_fn(|| transfer.poll_abort()).collect();
    assert!(
        aborts.contains(&same.id),
        "the other need not bring it again"
    );
}

#[test]
fn a_source_that_comes_back_is_not_asked_while_its_old_fetches_run() {
    let manifest = large_chunks(2);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = all_fetches(&mut transfer, at(0));
    transfer.remove_source(peer(1));
    assert_eq!(
        transfer.add_source(at(1), peer(1), Holding::All),
        SourceAdded::Added
    );
    for fetch in &fetches {
        assert_eq!(all_fetches(&mut transfer, at(1)), []);
        fail(&mut transfer, at(1), fetch, FetchFailure::Aborted);
    }
    assert_eq!(all_fetches(&mut transfer, at(1)).len(), 2);
}
