//! Small parties on the virtual clock: how long a transfer takes, compared with what the links allow.

use std::{sync::Arc, time::Duration};

use lanspread_db::Manifest;

use super::{
    super::{DropReason, TransferNote, TransferState},
    fixture::{MIB, at, large_chunks, ms, peer, small_chunks, small_files},
    sim::{Fault, Link, Report, Serving, Sim},
};

const SERVINGS: [Serving; 2] = [Serving::InOrder, Serving::Shared];

/// Seconds in which the links could bring the game if they were never idle.
fn bound(manifest: &Manifest, rates: &[u64]) -> f64 {
    seconds(manifest.total_bytes(), rates.iter().sum())
}

fn seconds(bytes: u64, bytes_per_s: u64) -> f64 {
    let micros = u128::from(bytes) * 1_000_000 / u128::from(bytes_per_s);
    Duration::from_micros(u64::try_from(micros).unwrap()).as_secs_f64()
}

fn run(manifest: &Arc<Manifest>, serving: Serving, links: &[Link]) -> Report {
    let report = Sim::new(manifest, serving, links).run();
    let moved: u64 = report
        .progress
        .sources
        .iter()
        .map(|source| source.bytes)
        .sum();
    assert_eq!(moved, report.progress.moved_bytes);
    report
}

fn complete(manifest: &Arc<Manifest>, serving: Serving, links: &[Link]) -> Report {
    let report = run(manifest, serving, links);
    assert_eq!(report.state, TransferState::Complete);
    assert_eq!(report.progress.verified_bytes, manifest.total_bytes());
    report
}

fn dropped(report: &Report) -> Vec<(u8, &DropReason)> {
    report
        .notes
        .iter()
        .filter_map(|note| match note {
            TransferNote::SourceDropped { peer, reason } => Some((peer.as_bytes()[0], reason)),
            TransferNote::SourceRetried { .. } | TransferNote::DiskFailed(_) => None,
        })
        .collect()
}

#[test]
fn one_source_is_kept_busy_all_the_time() {
    for serving in SERVINGS {
        for manifest in [large_chunks(100), small_chunks(1_000), small_files(5_000)] {
            let rate = 110 * MIB;
            let report = complete(&manifest, serving, &[Link::new(rate)]);
            let ratio = report.seconds() / bound(&manifest, &[rate]);
            assert!(ratio < 1.02, "{serving:?}: {ratio}");
            assert_eq!(report.progress.duplicate_bytes, 0);
        }
    }
}

#[test]
fn a_delay_of_20_ms_is_covered_by_requests_in_flight() {
    for serving in SERVINGS {
        for manifest in [large_chunks(400), small_chunks(4_000), small_files(20_000)] {
            let rate = 110 * MIB;
            let link = Link::new(rate).delay(ms(20));
            let report = complete(&manifest, serving, &[link]);
            let ratio = report.seconds() / bound(&manifest, &[rate]);
            assert!(ratio < 1.05, "{serving:?}: {ratio}");
            let idle = report.idle[&peer(1)].as_secs_f64() / report.seconds();
            assert!(idle < 0.05, "{serving:?}: idle for {idle} of the time");
        }
    }
}

#[test]
fn sources_give_in_proportion_to_what_they_can() {
    for serving in SERVINGS {
        for manifest in [large_chunks(200), small_chunks(3_000)] {
            let rates = [100 * MIB, 50 * MIB, 25 * MIB];
            let report = complete(&manifest, serving, &rates.map(Link::new));
            let ratio = report.seconds() / bound(&manifest, &rates);
            assert!(ratio < 1.06, "{serving:?}: {ratio}");
            let shares = [1, 2, 3].map(|n| report.bytes_from(n) * 100 / manifest.total_bytes());
            assert!((53..=61).contains(&shares[0]), "{serving:?}: {shares:?}");
            assert!((25..=32).contains(&shares[1]), "{serving:?}: {shares:?}");
            assert!((11..=17).contains(&shares[2]), "{serving:?}: {shares:?}");
        }
    }
}

#[test]
fn a_source_ten_times_slower_costs_at_most_its_own_last_chunk() {
    for serving in SERVINGS {
        for (manifest, chunk_bytes) in [
            (large_chunks(64), 4 * MIB),
            (small_chunks(800), MIB / 4),
            (large_chunks(7), 4 * MIB),
        ] {
            for unit in [MIB, 11 * MIB] {
                let rates = [10 * unit, 10 * unit, unit];
                let report = complete(&manifest, serving, &rates.map(Link::new));
                // Two in a hundred for delays and for the first, small fetches.
                let most = bound(&manifest, &rates) * 1.02 + seconds(chunk_bytes, unit);
                assert!(
                    report.seconds() <= most,
                    "{serving:?}: {} > {most}",
                    report.seconds()
                );
                let without = bound(&manifest, &rates[..2]);
                assert!(
                    report.seconds() < 1.1 * without + 0.1,
                    "{serving:?}: {} s with the slow one, {without} s without it",
                    report.seconds()
                );
                let wasted = report.progress.duplicate_bytes;
                assert!(
                    wasted * 20 <= manifest.total_bytes() + 20 * chunk_bytes,
                    "{wasted}"
                );
            }
        }
    }
}

#[test]
fn a_source_a_thousand_times_slower_cannot_hold_the_last_chunk() {
    for serving in SERVINGS {
        let manifest = large_chunks(64);
        let rates = [100 * MIB, MIB / 10];
        let report = complete(&manifest, serving, &rates.map(Link::new));
        let ratio = report.seconds() / bound(&manifest, &rates[..1]);
        assert!(ratio < 1.15, "{serving:?}: {ratio}");
    }
}

#[test]
fn when_a_source_dies_midway_the_others_take_over_and_nothing_is_fetched_twice() {
    for serving in SERVINGS {
        let manifest = large_chunks(100);
        let rates = [50 * MIB, 50 * MIB];
        let links = [
            Link::new(rates[0]),
            Link::new(rates[1]).fault(Fault::DiesAt(at(2_000))),
        ];
        let report = complete(&manifest, serving, &links);
        let left = manifest.total_bytes() - 200 * MIB;
        let most = 2.0 + seconds(left, rates[0]) + seconds(6 * 4 * MIB, rates[0]);
        assert!(
            report.seconds() < most,
            "{serving:?}: {} of {most}",
            report.seconds()
        );
        assert!((80 * MIB..=100 * MIB).contains(&report.bytes_from(2)));
        let reasons = dropped(&report);
        assert!(
            matches!(reasons[..], [(2, DropReason::Failed { attempts: 4, .. })]),
            "{reasons:?}"
        );
        let asked: usize = report
            .trace
            .iter()
            .map(|(_, fetch)| fetch.chunks.len())
            .sum();
        assert!(asked <= 101 + 4 + 4, "{asked} chunks asked for 101");
    }
}

#[test]
fn a_source_that_stalls_without_a_word_is_raced_long_before_it_times_out() {
    for serving in SERVINGS {
        let manifest = large_chunks(40);
        let rates = [50 * MIB, 50 * MIB];
        let links = [
            Link::new(rates[0]),
            Link::new(rates[1]).fault(Fault::StallsAt(at(1_000))),
        ];
        let report = complete(&manifest, serving, &links);
        assert!(report.seconds() < 3.0, "{serving:?}: {}", report.seconds());
    }
}

#[test]
fn a_source_that_is_away_for_two_seconds_is_used_again() {
    for serving in SERVINGS {
        let manifest = large_chunks(100);
        let away = Fault::DeadUntil(at(2_000));
        let links = [Link::new(20 * MIB), Link::new(20 * MIB).fault(away)];
        let report = complete(&manifest, serving, &links);
        assert!(report.bytes_from(2) > 100 * MIB);
        assert_eq!(dropped(&report), []);
        assert!((1..=3).contains(&report.notes.len()), "{:?}", report.notes);
    }
}

#[test]
fn a_corrupting_source_is_named_once_and_all_of_its_share_comes_from_elsewhere() {
    for serving in SERVINGS {
        for manifest in [large_chunks(60), small_files(3_000)] {
            let corrupt = Link::new(50 * MIB).fault(Fault::CorruptsChunk(7));
            let links = [Link::new(50 * MIB), corrupt, Link::new(50 * MIB)];
            let report = complete(&manifest, serving, &links);
            let reasons = dropped(&report);
            assert!(
                matches!(reasons[..], [(2, DropReason::WrongBytes { .. })]),
                "{reasons:?}"
            );
            assert_eq!(report.notes.len(), 1);
            let blamed = report
                .trace
                .iter()
                .rposition(|(_, fetch)| fetch.source == peer(2))
                .unwrap();
            assert!(blamed < 30, "it is not asked again");
        }
    }
}

#[test]
fn when_all_sources_fail_the_transfer_starves_and_says_why_of_each() {
    let manifest = large_chunks(60);
    let links = [
        Link::new(50 * MIB).fault(Fault::CorruptsChunk(3)),
        Link::new(50 * MIB).fault(Fault::DiesAt(at(300))),
        Link::new(50 * MIB).fault(Fault::Refuses),
    ];
    for serving in SERVINGS {
        let report = run(&manifest, serving, &links);
        let TransferState::Starved { why } = &report.state else {
            panic!("{:?}", report.state)
        };
        let peers: Vec<_> = why.dropped.iter().map(|(peer, _)| *peer).collect();
        assert_eq!(peers, [peer(1), peer(2), peer(3)]);
        assert!(why.to_string().contains("wrong bytes"), "{why}");
        assert!(report.progress.verified_bytes > 0);
    }
}

#[test]
fn twenty_thousand_small_files_from_three_sources_take_few_fetches() {
    for serving in SERVINGS {
        let manifest = small_files(20_000);
        let rates = [100 * MIB, 100 * MIB, 10 * MIB];
        let report = complete(&manifest, serving, &rates.map(Link::new));
        let fetches = report.trace.len();
        assert!(fetches < 400, "{serving:?}: {fetches} fetches");
        let ratio = report.seconds() / bound(&manifest, &rates);
        assert!(ratio < 1.08, "{serving:?}: {ratio}");
    }
}

#[test]
fn forty_sources_share_the_work_within_the_bound() {
    for serving in SERVINGS {
        let manifest = small_chunks(8_000);
        let links = [Link::new(5 * MIB); 40];
        let report = complete(&manifest, serving, &links);
        let ratio = report.seconds() / bound(&manifest, &[5 * MIB; 40]);
        assert!(ratio < 1.1, "{serving:?}: {ratio}");
        let least = (1..=40).map(|n| report.bytes_from(n)).min().unwrap();
        assert!(
            least * 40 * 2 > manifest.total_bytes(),
            "everybody gives: {least}"
        );
    }
}

#[test]
fn the_same_party_gives_the_same_sequence_of_fetches() {
    let manifest = small_chunks(600);
    let links = [
        Link::new(50 * MIB),
        Link::new(5 * MIB),
        Link::new(50 * MIB).fault(Fault::DiesAt(at(700))),
        Link::new(20 * MIB).fault(Fault::CorruptsChunk(11)),
    ];
    for serving in SERVINGS {
        let (first, second) = (
            run(&manifest, serving, &links),
            run(&manifest, serving, &links),
        );
        assert_eq!(first.trace, second.trace);
        assert_eq!(first.notes, second.notes);
        assert_eq!(first.finished, second.finished);
    }
}
