//! Whatever bytes the input is: nothing is wrong, and the same happens again.

use lanspread_sim::{Detail, HEADER_BYTES, Planted, STEP_BYTES, run_with, to_hex};
use proptest::{collection::vec, prelude::*, test_runner::RngSeed};

/// Steps of the longest input.
const STEPS_MAX: usize = 40;
/// Inputs that are tried.
const CASES: u32 = 48;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_byte_string_is_a_party_that_comes_to_rest(
        input in vec(any::<u8>(), 0..HEADER_BYTES + STEPS_MAX * STEP_BYTES),
    ) {
        let ran = run_with(&input, Planted::Nothing, Detail::None);
        prop_assert!(
            ran.failure.is_none(),
            "{:?}\nreplay: cargo xtask sim --trace --input {}",
            ran.failure,
            to_hex(&input)
        );
        let again = run_with(&input, Planted::Nothing, Detail::None);
        prop_assert_eq!(ran.counts, again.counts);
    }
}
