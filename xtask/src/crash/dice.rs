//! Numbers by lot that follow from a seed.
//!
//! The invariant: a round's numbers depend on the seed and the round alone, so that one round can be
//! played again without those before it.

use std::time::{SystemTime, UNIX_EPOCH};

use lanspread_testbed::dice;

/// The dice of one round.
#[derive(Debug, Clone)]
pub(super) struct Dice(dice::Dice);

impl Dice {
    pub(super) fn of_round(seed: u64, round: u32) -> Self {
        Self(dice::Dice::new(seed.wrapping_add(u64::from(round) << 32)))
    }

    /// A number below `end`, or 0 if there is none.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.0.below(end.into())).unwrap_or_default()
    }

    /// One of several, of which there is at least one.
    pub(super) fn pick<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        let count = u32::try_from(several.len()).unwrap_or(u32::MAX);
        &several[self.below(count) as usize]
    }

    /// Whether something happens that happens once in so many times.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }
}

/// A seed that nobody chose.
pub(super) fn new_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // Short enough to be typed.
    since.map_or(0, |since| u64::from(since.subsec_nanos()))
}
