//! Numbers by lot that are the same on every run.
//!
//! Invariant: they follow from the seed alone.

/// `SplitMix64` by Steele, Lea and Flood (2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as this seed has it.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`, or 0 if there is none.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        match (mixed ^ (mixed >> 31)).checked_rem(end) {
            Some(number) => number,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_of_a_seed_are_those_of_the_paper() {
        let mut dice = Dice::new(1_234_567);
        let all = u64::MAX;
        assert_eq!(dice.below(all), 6_457_827_717_110_365_317);
        assert_eq!(dice.below(all), 3_203_168_211_198_807_973);
        assert_eq!(dice.below(0), 0);
    }
}
