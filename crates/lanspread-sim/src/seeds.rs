//! Many runs, one for each seed, on several threads.
//!
//! Invariant: each run stays on one thread; how the runs are shared out changes neither any run nor
//! the sum of what they did.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    choices::expand, failure::Failure, party::Planted, report::Counts, run::run_with, trace::Detail,
};

/// Which seeds are run, and how.
#[derive(Debug, Clone)]
pub struct Seeds {
    /// The first seed.
    pub first: u64,
    /// How many there are.
    pub count: u64,
    /// How many steps each walk has.
    pub steps: usize,
    /// How many runs go on at once.
    pub threads: usize,
    /// Whether the first failure ends it.
    pub until_failure: bool,
    /// What is planted in each run.
    pub planted: Planted,
}

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many runs there were.
    pub runs: u64,
    /// What they did, together.
    pub counts: Counts,
    /// What failed, by seed.
    pub failures: Vec<(u64, Failure)>,
    /// How much virtual time passed, in all.
    pub passed: Duration,
}

/// Runs all seeds. `progress` is told of every run that ended.
pub fn run_seeds(seeds: &Seeds, progress: &(dyn Fn(&Summary) + Sync)) -> Summary {
    let next = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    let summary = Mutex::new(Summary::default());
    std::thread::scope(|scope| {
        for _ in 0..seeds.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= seeds.count || over.load(Ordering::Relaxed) {
                        return;
                    }
                    let seed = seeds.first + index;
                    let input = expand(seed, seeds.steps);
                    let ran = run_with(&input, seeds.planted, Detail::None);
                    let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
                    summary.runs += 1;
                    summary.counts.merge(&ran.counts);
                    summary.passed += ran.passed.0;
                    if let Some(failure) = ran.failure {
                        summary.failures.push((seed, failure));
                        over.store(seeds.until_failure, Ordering::Relaxed);
                    }
                    progress(&summary);
                }
            });
        }
    });
    let mut summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.failures.sort_by_key(|(seed, _)| *seed);
    summary
}
