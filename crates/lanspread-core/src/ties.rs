//! What decides where nothing else does: an order that looks random and follows from the seed.
//!
//! Invariant: the same seed and the same bytes give the same rank on every machine.

/// The rank of something among its equals.
pub(crate) fn rank(seed: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(mix(seed), |rank, &byte| mix(rank ^ u64::from(byte)))
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014):
/// spreads every bit over the whole word.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
