//! The machine event by event: batches, places, limits, progress, the end.

use std::{collections::BTreeSet, sync::Arc};

use lanspread_db::ChunkRef;

use super::{
    super::{
        Fetch, Holding, SourceAdded, Starvation, Transfer, TransferLimits, TransferState, limits,
    },
    fixture::{
        KIB, ME, MIB, SEED, all_fetches, at, bytes_of, deliver, game, large_chunks, ms, peer,
        small_chunks, small_files, transfer,
    },
};

/// Delivers every fetch, each `ms` after the one before, until the transfer is complete.
fn run_to_the_end(transfer: &mut Transfer, step_ms: u64) -> usize {
    let (mut now_ms, mut count) = (0, 0);
    let mut queue = all_fetches(transfer, at(0));
    while !queue.is_empty() {
        now_ms += step_ms;
        count += 1;
        let fetch = queue.remove(0);
        deliver(transfer, at(now_ms), &fetch, ms(step_ms));
        transfer.chunks.check();
        queue.extend(all_fetches(transfer, at(now_ms)));
    }
    count
}

#[test]
fn every_chunk_is_fetched_once_and_then_the_transfer_is_complete() {
    let manifest = game(256 * 1024, &[700 * KIB, 0, 1, 3 * MIB]);
    let mut transfer = transfer(&manifest, &[1]);
    let mut seen = BTreeSet::new();
    let mut queue = all_fetches(&mut transfer, at(0));
    let mut now = 0;
    while !queue.is_empty() {
        assert_eq!(transfer.state(), TransferState::Running);
        let fetch = queue.remove(0);
        for &chunk in &fetch.chunks {
            assert!(seen.insert(chunk), "{chunk:?} was asked twice");
        }
        now += 10;
        deliver(&mut transfer, at(now), &fetch, ms(10));
        queue.extend(all_fetches(&mut transfer, at(now)));
    }
    assert_eq!(seen, manifest.chunk_refs().collect());
    assert_eq!(transfer.state(), TransferState::Complete);
    assert_eq!(transfer.poll_deadline(), None);
    let progress = transfer.progress(at(now));
    assert_eq!(progress.verified_bytes, manifest.total_bytes());
    assert_eq!(progress.moved_chunks, u64::from(manifest.chunk_count()));
    assert_eq!(progress.duplicate_bytes, 0);
}

#[test]
fn what_is_on_disk_is_not_fetched_and_counts_as_verified_but_not_as_moved() {
    let manifest = large_chunks(4);
    let stored: Vec<ChunkRef> = manifest
        .chunk_refs()
        .filter(|chunk| chunk.chunk != 2)
        .chain([ChunkRef { file: 9, chunk: 9 }])
        .collect();
    let limits = TransferLimits::default();
    let mut transfer = Transfer::new(Arc::clone(&manifest), &stored, ME, limits, SEED, at(0));
    assert_eq!(
        transfer.progress(at(0)).verified_bytes,
        manifest.total_bytes() - 4 * MIB
    );
    transfer.add_source(at(0), peer(1), Holding::All);
    let fetches = all_fetches(&mut transfer, at(0));
    assert_eq!(fetches.len(), 1);
    assert_eq!(fetches[0].chunks, [ChunkRef { file: 0, chunk: 2 }]);
    deliver(&mut transfer, at(10), &fetches[0], ms(10));
    assert_eq!(transfer.state(), TransferState::Complete);
    assert_eq!(transfer.progress(at(10)).moved_bytes, 4 * MIB);
}

#[test]
fn a_transfer_with_everything_on_disk_is_complete_without_a_source() {
    let manifest = large_chunks(4);
    let stored: Vec<ChunkRef> = manifest.chunk_refs().collect();
    let limits = TransferLimits::default();
    let mut transfer = Transfer::new(Arc::clone(&manifest), &stored, ME, limits, SEED, at(0));
    assert_eq!(transfer.state(), TransferState::Complete);
    assert_eq!(transfer.poll_fetch(at(0)), None);
}

#[test]
fn a_transfer_that_never_had_a_source_is_starved_and_a_source_wakes_it() {
    let manifest = large_chunks(1);
    let mut transfer = transfer(&manifest, &[]);
    let why = Starvation {
        dropped: vec![],
        partners: 0,
    };
    assert_eq!(why.to_string(), "every peer that had the game is gone");
    assert_eq!(transfer.state(), TransferState::Starved { why });
    assert_eq!(
        transfer.add_source(at(0), peer(1), Holding::All),
        SourceAdded::Added
    );
    assert_eq!(
        transfer.add_source(at(0), peer(1), Holding::All),
        SourceAdded::AlreadyThere
    );
    assert_eq!(transfer.state(), TransferState::Running);
    assert!(transfer.poll_fetch(at(0)).is_some());
}

#[test]
fn batches_start_small_and_grow_with_the_measured_throughput_up_to_the_limit() {
    let manifest = small_chunks(2_000);
    let mut transfer = transfer(&manifest, &[1]);
    let first = all_fetches(&mut transfer, at(0));
    assert_eq!(first.len(), limits::FETCHES_UNMEASURED_MAX);
    for fetch in &first {
        assert_eq!(
            bytes_of(&manifest, &fetch.chunks),
            limits::FIRST_FETCH_BYTES
        );
    }
    // 256 KiB in 125 ms are 2 MiB/s: a batch is 250 ms of that.
    deliver(&mut transfer, at(125), &first[0], ms(125));
    let second = all_fetches(&mut transfer, at(125));
    assert_eq!(bytes_of(&manifest, &second[0].chunks), 512 * KIB);
    // At 200 MiB/s a batch is bounded by what one request may ask for.
    let mut queue: Vec<Fetch> = std::iter::once(first[1].clone()).chain(second).collect();
    let (mut now, mut largest) = (at(125), 0);
    for _ in 0..60 {
        let fetch = queue.remove(0);
        let bytes = bytes_of(&manifest, &fetch.chunks);
        largest = largest.max(bytes);
        let time = ms(bytes / (200 * KIB));
        now = now + time;
        deliver(&mut transfer, now, &fetch, time);
        queue.extend(all_fetches(&mut transfer, now));
    }
    assert_eq!(largest, 4 * MIB);
    while let Some(due) = transfer.poll_deadline() {
        assert!(
            !all_fetches(&mut transfer, due).is_empty(),
            "a deadline has a reason"
        );
    }
    assert_eq!(transfer.outstanding(), limits::FETCHES_PER_SOURCE_MAX);
}

#[test]
fn a_fetch_names_at_most_as_many_chunks_as_a_request_may() {
    for files in [1024, 1025] {
        let manifest = game(256 * 1024, &vec![1; files - 1]);
        let limits = TransferLimits::default();
        assert_eq!(limits.fetch_chunks_max, 1024);
        // One of two sources begins at the first chunk.
        let mut transfer = transfer(&manifest, &[1, 2]);
        let fetches = all_fetches(&mut transfer, at(0));
        assert_eq!(fetches[0].chunks.len(), 1024);
        assert_eq!(fetches.len(), files.div_ceil(1024));
    }
}

/// All who begin at the same time would fetch the same chunks until they hear of each other.
#[test]
fn a_longer_game_is_begun_anywhere_and_a_short_one_at_its_first_chunk() {
    let begun = |files: u32, seed: u64| {
        let manifest = game(256 * 1024, &vec![1; files as usize - 1]);
        let limits = TransferLimits::default();
        let mut transfer = Transfer::new(manifest, &[], ME, limits, seed, at(0));
        transfer.add_source(at(0), peer(1), Holding::All);
        let fetches = all_fetches(&mut transfer, at(0));
        fetches[0].chunks[0].file
    };
    let at_limit = limits::DRAWN_BEGINNING_CHUNKS;
    let drawn: BTreeSet<u32> = (0..8).map(|seed| begun(at_limit, seed)).collect();
    assert!(drawn.len() > 4, "{drawn:?}");
    assert!((0..8).all(|seed| begun(at_limit - 1, seed) == 0));
}

#[test]
fn a_slow_source_is_not_asked_for_more_than_it_can_do_soon() {
    let manifest = large_chunks(40);
    let mut transfer = transfer(&manifest, &[1]);
    let first = all_fetches(&mut transfer, at(0));
    deliver(&mut transfer, at(4_000), &first[0], ms(4_000));
    deliver(&mut transfer, at(8_000), &first[1], ms(8_000));
    let next = all_fetches(&mut transfer, at(8_000));
    assert_eq!(next.len(), 1, "one chunk of it lasts four seconds");
    assert_eq!(
        transfer.poll_deadline(),
        Some(at(11_500)),
        "the next request leaves just before the first is done"
    );
    assert_eq!(all_fetches(&mut transfer, at(11_500)).len(), 1);
}

#[test]
fn sources_work_in_different_places_and_each_goes_on_where_it_was() {
    let manifest = small_chunks(900);
    let mut transfer = transfer(&manifest, &[1, 2, 3]);
    let mut places: Vec<(u8, Vec<u32>)> = Vec::new();
    for n in [1_u8, 2, 3] {
        places.push((n, Vec::new()));
    }
    let mut queue = all_fetches(&mut transfer, at(0));
    for step in 1..=60 {
        let fetch = queue.remove(0);
        for (n, chunks) in &mut places {
            if fetch.source == peer(*n) {
                chunks.extend(fetch.chunks.iter().map(|chunk| chunk.chunk));
            }
        }
        deliver(&mut transfer, at(step * 10), &fetch, ms(10));
        queue.extend(all_fetches(&mut transfer, at(step * 10)));
    }
    let jumps: usize = places
        .iter()
        .map(|(_, chunks)| {
            chunks
                .windows(2)
                .filter(|pair| pair[1] != pair[0] + 1)
                .count()
        })
        .sum();
    assert!(places.iter().all(|(_, chunks)| chunks.len() > 20));
    assert!(jumps <= 6, "{jumps} jumps for 3 sources");
}

#[test]
fn what_running_fetches_may_hold_in_memory_is_bounded_over_all_sources() {
    let manifest = large_chunks(1000);
    let all: Vec<u8> = (1..=40).collect();
    let mut transfer = transfer(&manifest, &all);
    let fetches = all_fetches(&mut transfer, at(0));
    assert_eq!(fetches.len() as u64 * 4 * MIB, limits::BUFFER_BYTES_MAX);
    let asked: BTreeSet<_> = fetches.iter().map(|fetch| fetch.source).collect();
    assert_eq!(asked.len(), fetches.len(), "each goes to another source");
    deliver(&mut transfer, at(100), &fetches[0], ms(100));
    assert_eq!(all_fetches(&mut transfer, at(100)).len(), 1);
}

#[test]
fn twenty_thousand_small_files_take_few_fetches() {
    let manifest = small_files(20_000);
    let mut transfer = transfer(&manifest, &[1]);
    let fetches = run_to_the_end(&mut transfer, 8);
    assert_eq!(transfer.state(), TransferState::Complete);
    let least = manifest.total_bytes().div_ceil(4 * MIB);
    assert!(
        (fetches as u64) < least + 20,
        "{fetches} fetches for {} files of {} MiB together",
        manifest.files().len(),
        manifest.total_bytes() / MIB
    );
}

#[test]
fn two_million_chunks_are_no_burden() {
    let manifest = game(256 * 1024, &[249_000 * MIB, 250_000 * MIB]);
    assert!(manifest.chunk_count() > 1_990_000);
    let mut transfer = transfer(&manifest, &[1, 2, 3]);
    let mut queue = all_fetches(&mut transfer, at(0));
    for step in 1..=2_000 {
        let fetch = queue.remove(0);
        deliver(&mut transfer, at(step), &fetch, ms(1));
        queue.extend(all_fetches(&mut transfer, at(step)));
        assert!(queue.len() <= 3 * limits::FETCHES_PER_SOURCE_MAX);
    }
    assert!(transfer.progress(at(2_000)).verified_bytes > 7_000 * MIB);
}

#[test]
fn progress_says_who_gave_what_how_fast_and_how_long_it_takes() {
    let manifest = large_chunks(100);
    let mut transfer = transfer(&manifest, &[1, 2, 3]);
    let start = transfer.progress(at(0));
    assert_eq!((start.rate_bytes_per_s, start.time_left), (0, None));
    assert_eq!(
        start.sources.len(),
        3,
        "sources appear before they give anything"
    );
    let fetches = all_fetches(&mut transfer, at(0));
    let of = |n| fetches.iter().filter(move |fetch| fetch.source == peer(n));
    for fetch in of(1).chain(of(2).take(1)) {
        deliver(&mut transfer, at(1_000), fetch, ms(1_000));
    }
    transfer.remove_source(peer(2));
    transfer.remove_source(peer(3));
    let progress = transfer.progress(at(1_000));
    assert_eq!(progress.rate_bytes_per_s, 12 * MIB);
    let left_ms = (manifest.total_bytes() - 12 * MIB) * 1_000 / (12 * MIB);
    assert_eq!(progress.time_left.unwrap().as_millis(), u128::from(left_ms));
    let shares: Vec<_> = progress
        .sources
        .iter()
        .map(|share| {
            (
                share.peer_id,
                share.chunks,
                share.bytes,
                share.mean_bytes_per_s,
            )
        })
        .collect();
    assert_eq!(
        shares,
        [
            (peer(1), 2, 8 * MIB, 8 * MIB),
            (peer(2), 1, 4 * MIB, 4 * MIB)
        ],
        "who left stays in the books, who gave nothing does not"
    );
    assert_eq!(progress.sources[0].rate_bytes_per_s, 8 * MIB);
    assert_eq!(
        transfer.progress(at(60_000)).time_left,
        None,
        "nothing comes any more"
    );
}

#[test]
fn a_stopped_transfer_aborts_what_runs_and_waits_for_its_end() {
    let manifest = large_chunks(10);
    let mut transfer = transfer(&manifest, &[1, 2]);
    let fetches = all_fetches(&mut transfer, at(0));
    transfer.stop();
    let aborted: BTreeSet<_> = std::iter::from_fn(|| transfer.poll_abort()).collect();
    assert_eq!(aborted, fetches.iter().map(|fetch| fetch.id).collect());
    assert_eq!(transfer.poll_fetch(at(1)), None);
    for fetch in &fetches {
        assert_eq!(transfer.state(), TransferState::Running);
        transfer.fetch_ended(
            at(1),
            fetch.id,
            &[],
            ms(1),
            Err(crate::FetchFailure::Aborted),
        );
    }
    assert_eq!(transfer.state(), TransferState::Stopped);
    assert_eq!(transfer.poll_deadline(), None);
    transfer.chunks.check();
}

#[test]
fn the_seed_decides_between_equal_sources_and_nothing_else_does() {
    let manifest = large_chunks(40);
    let run = |seed| {
        let limits = TransferLimits::default();
        let mut transfer = Transfer::new(Arc::clone(&manifest), &[], ME, limits, seed, at(0));
        for n in 1..=5 {
            transfer.add_source(at(0), peer(n), Holding::All);
        }
        all_fetches(&mut transfer, at(0))
    };
    assert_eq!(run(1), run(1));
    assert!((2..10).any(|seed| run(seed) != run(1)));
}
