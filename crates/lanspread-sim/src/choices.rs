//! A byte string, read from the front: the whole input of a run.
//!
//! Invariant: the same bytes give the same choices on every machine, and past the end every byte is
//! zero. Zero always means the plainest choice, so that an input is made simpler by cutting its end or
//! by zeroing what does not matter.

/// Bytes that describe the party: how many peers, which network, what lies where.
pub const HEADER_BYTES: usize = 48;

/// Bytes that describe one step. Each step reads only its own, so that steps can be cut out of the
/// middle without changing the meaning of the others.
pub const STEP_BYTES: usize = 8;

/// Reads choices from bytes.
#[derive(Debug, Clone)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    /// Reads from the front of these bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next byte; zero past the end.
    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((&first, rest)) => {
                self.bytes = rest;
                first
            }
            None => 0,
        }
    }

    /// A number below `end`, which is at most 256; zero past the end.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) * end.min(256) / 256
    }

    /// One of these.
    ///
    /// # Panics
    ///
    /// When there is nothing to choose from.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// The input that a seed stands for, with this many steps.
#[must_use]
pub fn expand(seed: u64, steps: usize) -> Vec<u8> {
    let mut luck = Luck::new(seed);
    let len = HEADER_BYTES + steps * STEP_BYTES;
    let mut bytes: Vec<u8> = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend(luck.draw().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// `SplitMix64`: what has to look random and follows from the input, such as the jitter of a packet.
#[derive(Debug, Clone)]
pub(crate) struct Luck(u64);

impl Luck {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below `end`; zero if that is zero.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.draw().checked_rem(end).unwrap_or(0)
    }

    /// Whether something happens that does so this often in a thousand times.
    pub(crate) fn permille(&mut self, often: u16) -> bool {
        often > 0 && self.below(1000) < u64::from(often)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_end_of_the_input_every_choice_is_the_plainest() {
        let mut choices = Choices::new(&[255]);
        assert_eq!(choices.below(4), 3);
        assert_eq!(choices.below(4), 0);
        assert_eq!(choices.one_of(&[7, 8, 9]), 7);
    }

    #[test]
    fn a_seed_stands_for_the_same_input_everywhere() {
        assert_eq!(expand(1, 0)[..8], 0x910a_2dec_8902_5cc1_u64.to_le_bytes());
        assert_eq!(expand(7, 3), expand(7, 3));
        assert_eq!(expand(7, 3).len(), HEADER_BYTES + 3 * STEP_BYTES);
        assert_eq!(
            expand(7, 3)[..],
            expand(7, 9)[..HEADER_BYTES + 3 * STEP_BYTES]
        );
    }
}
