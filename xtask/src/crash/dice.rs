//! Numbers by lot that follow from a seed.
//!
//! The invariant: a round's numbers depend on the seed and the round alone, so that one round can be
//! played again without those before it.

use std::time::{SystemTime, UNIX_EPOCH};

/// `SplitMix64` by Steele, Lea and Flood (2014).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of_round(seed: u64, round: u32) -> Self {
        Self(seed.wrapping_add(u64::from(round) << 32))
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32);
        high.unwrap_or_default() % end
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
