//! The simulator itself: the same everywhere, sharp enough, and with nothing wrong in the default walks.

mod property;
mod regressions;

use lanspread_sim::{
    Detail, HEADER_BYTES, Planted, STEPS, Seeds, Transition, expand, run, run_seeds, run_with,
    teeth::{budget, seeds_until_caught},
};

/// Seeds that the tests of this crate run; `cargo xtask sim` runs more.
const SEEDS: u64 = 400;

#[test]
fn the_default_walks_come_to_rest_and_everything_happens_in_them() {
    let seeds = Seeds {
        first: 0,
        count: SEEDS,
        steps: STEPS,
        threads: 2,
        until_failure: false,
        planted: Planted::Nothing,
    };
    let summary = run_seeds(&seeds, &|_| {});
    assert!(
        summary.failures.is_empty(),
        "{:#?}\nreplay one with: cargo xtask sim --trace --seed N",
        summary.failures
    );
    for transition in Transition::ALL {
        let name = transition.as_str();
        let times = summary.counts.of(&format!("transition: {name}"));
        assert!(times > 0, "`{name}` never happened");
    }
    for what in [
        "chunk stored",
        "chunk with a wrong byte refused",
        "conflict told",
        "connect failed",
        "connect finished",
        "crash",
        "dial from another party",
        "dial in vain",
        "download cancelled",
        "command refused: conflict",
        "download failed: no-space",
        "download failed: sources-failed",
        "download finished",
        "download of what is pinned",
        "effect ended early",
        "effect on a disk that failed",
        "expelled at rest",
        "expulsion refused",
        "inquiry answered",
        "inquiry failed",
        "install failed: bad-archive",
        "install finished",
        "message heard",
        "message heard at rest",
        "packet given up",
        "peer expelled",
        "peer lost",
        "peer moved",
        "peer readmitted",
        "polite end",
        "power cut",
        "power cut within an operation",
        "recover finished",
        "remove failed: foreign",
        "remove finished",
        "request from another party",
        "request that timed out",
        "source dropped",
        "stranger at rest",
        "uninstall finished",
        "verify finished",
        "wanted game that is there",
    ] {
        assert!(summary.counts.of(what) > 0, "never seen: {what}");
    }
}

#[test]
fn the_same_input_gives_the_same_trace_byte_for_byte() {
    for seed in [3, 17] {
        let input = expand(seed, STEPS);
        let first = run_with(&input, Planted::Nothing, Detail::Full);
        let second = run_with(&input, Planted::Nothing, Detail::Full);
        assert!(first.trace.len() > 10_000, "{}", first.trace);
        assert!(first.trace == second.trace, "seed {seed} ran in two ways");
        assert_eq!(first.trace_hash, second.trace_hash);
    }
}

#[test]
fn nothing_is_an_input_too_and_two_peers_meet_in_it() {
    let counts = run(&[]).unwrap();
    assert_eq!(counts.of("start"), 2);
    assert!(counts.of("peer connected") >= 2);
    assert_eq!(counts.of("request: hello"), 1);
}

/// The hash of what happens when two peers meet and nothing else does.
const GOLDEN: &str = "4012757d18f731cc27dcb607fbd8fa2a6bcaa048f45d6b285f95922ab0e35527";

#[test]
fn a_short_trace_is_the_same_on_every_machine() {
    let ran = run_with(&[], Planted::Nothing, Detail::Lines);
    assert_eq!(
        ran.trace_hash.to_string(),
        GOLDEN,
        "if peers are meant to behave differently, this is the new hash; the trace was:\n{}",
        ran.trace
    );
}

#[test]
fn a_short_input_is_one_whose_end_is_zero() {
    let input = expand(5, 0);
    let short = run_with(&input[..HEADER_BYTES / 2], Planted::Nothing, Detail::Lines);
    let mut long = input[..HEADER_BYTES / 2].to_vec();
    long.resize(HEADER_BYTES, 0);
    let long = run_with(&long, Planted::Nothing, Detail::Lines);
    assert_eq!(short.trace, long.trace);
}

#[test]
fn every_planted_fault_is_caught_within_its_budget() {
    for (planted, budget) in Planted::all().filter_map(|it| Some((it, budget(it)?))) {
        let caught = seeds_until_caught(planted, budget, STEPS);
        assert!(
            caught.is_some(),
            "`{}` is not caught within {budget} seeds",
            planted.as_str()
        );
    }
}
