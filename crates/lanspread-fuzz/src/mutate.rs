//! Changes inputs a little, as a fuzzer does, but the same way in every run.
//!
//! Invariant: what comes out follows from the input and the seed alone.

/// Numbers that look random and follow from a seed (`SplitMix64`, Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Begins at a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % end).unwrap_or(0)
    }
}

/// Bytes that are at the edge of something in most formats.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'/', b'"', b'.'];

/// A mutation of `input`, no longer than `bytes_max`.
#[must_use]
pub fn mutated(input: &[u8], bytes_max: usize, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(4) {
        mutate_once(&mut bytes, chance);
    }
    bytes.truncate(bytes_max);
    bytes
}

fn mutate_once(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(bytes.len());
    let end = (at + 1 + chance.below(16)).min(bytes.len());
    match chance.below(7) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = EDGES[chance.below(EDGES.len())];
            }
        }
        2 => bytes.truncate(at),
        3 => {
            bytes.drain(at.min(end)..end);
        }
        4 => {
            let copied = bytes[at.min(end)..end].to_vec();
            let to = chance.below(bytes.len() + 1);
            bytes.splice(to..to, copied);
        }
        5 => {
            let edge = EDGES[chance.below(EDGES.len())];
            for byte in &mut bytes[at.min(end)..end] {
                *byte = edge;
            }
        }
        _ => bytes.insert(at, chance.number().to_le_bytes()[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_mutations_and_another_one_others() {
        let run = |seed| -> Vec<Vec<u8>> {
            let mut chance = Chance::new(seed);
            (0..50)
                .map(|_| mutated(b"an input of some bytes", 64, &mut chance))
                .collect()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(3).iter().all(|bytes| bytes.len() <= 64));
    }

    #[test]
    fn an_empty_input_can_be_mutated() {
        let mut chance = Chance::new(9);
        for _ in 0..1000 {
            let _ = mutated(b"", 8, &mut chance);
        }
    }
}
