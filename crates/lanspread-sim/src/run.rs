//! One run from one input, and the shrinking of an input that fails.
//!
//! Invariant: the same input gives the same result and the same trace. A panic of the code under test
//! is a failure like any other.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lanspread_core::Now;
use lanspread_db::ContentHash;

use crate::{
    act::act,
    choices::{HEADER_BYTES, STEP_BYTES},
    failure::{Failure, Invariant},
    log::hearing_errors,
    party::{Planted, party},
    report::Counts,
    rest::come_to_rest,
    trace::Detail,
    transition::Step,
    world::World,
};

/// Runs that shrinking may take.
const SHRINKS_MAX: usize = 600;

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    /// What is wrong, if something is.
    pub failure: Option<Failure>,
    /// What happened, and how often.
    pub counts: Counts,
    /// What happened, line by line, if that was asked for.
    pub trace: String,
    /// The hash of the trace.
    pub trace_hash: ContentHash,
    /// How much virtual time passed.
    pub passed: Now,
}

/// Runs the party that an input describes.
///
/// # Errors
///
/// What is not as it must be.
pub fn run(input: &[u8]) -> Result<Counts, Failure> {
    let ran = run_with(input, Planted::Nothing, Detail::None);
    match ran.failure {
        None => Ok(ran.counts),
        Some(failure) => Err(failure),
    }
}

/// The same, with a deliberate fault and a trace if wanted.
#[must_use]
pub fn run_with(input: &[u8], planted: Planted, detail: Detail) -> Ran {
    let (header, steps) = input.split_at(input.len().min(HEADER_BYTES));
    let mut world = party(header, planted, detail);
    let (result, errors) =
        hearing_errors(|| catch_unwind(AssertUnwindSafe(|| walk(&mut world, steps))));
    if let Err(panic) = result {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default();
        world.failure = None;
        world.fail(Invariant::NoPanic, message);
    }
    if let Some(error) = errors.first() {
        world.fail(Invariant::NoErrorLog, error.clone());
    }
    Ran {
        failure: world.failure,
        counts: world.counts,
        trace_hash: world.trace.hash(),
        trace: world.trace.into_text(),
        passed: world.now,
    }
}

fn walk(world: &mut World, steps: &[u8]) {
    // Half of the guests are there at the beginning.
    for n in 0..world.nodes.len().div_ceil(2).max(2) {
        world.start(n, false);
    }
    for bytes in steps.chunks(STEP_BYTES) {
        if world.failure.is_some() {
            return;
        }
        act(world, &Step::read(bytes));
    }
    come_to_rest(world);
}

/// A smaller input on which the same thing is wrong: steps are cut out, and bytes zeroed that do not
/// matter.
#[must_use]
pub fn shrink(input: &[u8], planted: Planted, invariant: Invariant) -> Vec<u8> {
    let mut runs = 0;
    let mut fails = |input: &[u8]| {
        runs += 1;
        runs <= SHRINKS_MAX
            && run_with(input, planted, Detail::None)
                .failure
                .is_some_and(|failure| failure.invariant == invariant)
    };
    let mut best = input.to_vec();
    let mut block = best.len().saturating_sub(HEADER_BYTES) / STEP_BYTES / 2;
    while block > 0 {
        let mut at = HEADER_BYTES;
        while at < best.len() {
            let end = (at + block * STEP_BYTES).min(best.len());
            let mut shorter = best[..at].to_vec();
            shorter.extend(&best[end..]);
            if fails(&shorter) {
                best = shorter;
            } else {
                at = end;
            }
        }
        block /= 2;
    }
    for at in 0..best.len() {
        if best[at] != 0 {
            let mut plainer = best.clone();
            plainer[at] = 0;
            if fails(&plainer) {
                best = plainer;
            }
        }
    }
    best
}
