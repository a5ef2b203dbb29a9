//! A set of chunk numbers as a bitmap: two million chunks take 250 KB.
//!
//! Invariant: `count` is the number of set bits, and no bit past `len` is set.

use std::ops::Range;

/// A set of numbers below a fixed bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChunkSet {
    words: Vec<u64>,
    len: u32,
    count: u32,
}

impl ChunkSet {
    /// The empty set of numbers below `len`.
    pub(super) fn empty(len: u32) -> Self {
        Self {
            words: vec![0; words_for(len)],
            len,
            count: 0,
        }
    }

    /// The set of all numbers below `len`.
    pub(super) fn full(len: u32) -> Self {
        let mut words = vec![u64::MAX; words_for(len)];
        if let (Some(last), used @ 1..) = (words.last_mut(), len % 64) {
            *last = (1 << used) - 1;
        }
        Self {
            words,
            len,
            count: len,
        }
    }

    /// How many numbers are in the set.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Whether the set holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether `index` is in the set; a number past the bound never is.
    pub(super) fn contains(&self, index: u32) -> bool {
        index < self.len && self.words[word_of(index)] & bit_of(index) != 0
    }

    /// Adds `index`, which must not be in the set.
    pub(super) fn insert(&mut self, index: u32) {
        debug_assert!(
            index < self.len && !self.contains(index),
            "{index} is in the set"
        );
        self.words[word_of(index)] |= bit_of(index);
        self.count += 1;
    }

    /// Takes `index` out, which must be in the set.
    pub(super) fn remove(&mut self, index: u32) {
        debug_assert!(self.contains(index), "{index} is not in the set");
        self.words[word_of(index)] &= !bit_of(index);
        self.count -= 1;
    }

    /// The smallest number in the set that is at least `from`.
    pub(super) fn next_in(&self, from: u32) -> Option<u32> {
        let found = self.scan(from, |word| word);
        (found < self.len).then_some(found)
    }

    /// The smallest number not in the set that is at least `from`; the bound if there is none.
    pub(super) fn next_out(&self, from: u32) -> u32 {
        self.scan(from, |word| !word)
    }

    /// The numbers that are in this set and, if there is one, in the other, which has the same
    /// bound: those from `from` on, then those below it.
    pub(super) fn common<'a>(
        &'a self,
        other: Option<&'a Self>,
        from: u32,
    ) -> impl Iterator<Item = u32> + 'a {
        let from = from.min(self.len.saturating_sub(1));
        let first = word_of(from);
        let count = self.words.len();
        // The word that holds `from` comes first with its upper bits, and last with its lower ones.
        let at = (0..=count).map(move |nth| (nth, (first + nth) % count.max(1)));
        at.take(if count == 0 { 0 } else { count + 1 })
            .flat_map(move |(nth, at)| {
                let mask = match nth {
                    0 => u64::MAX << (from % 64),
                    nth if nth == count => !(u64::MAX << (from % 64)),
                    _ => u64::MAX,
                };
                let word = self.words[at] & other.map_or(u64::MAX, |other| other.words[at]) & mask;
                ones(word).map(move |bit| u32::try_from(at * 64).unwrap_or(u32::MAX) + bit)
            })
    }

    /// How many numbers are in both sets, which have the same bound.
    pub(super) fn count_common(&self, other: &Self) -> u32 {
        let words = self.words.iter().zip(&other.words);
        words
            .map(|(ours, theirs)| (ours & theirs).count_ones())
            .sum()
    }

    /// Whether any number is in both sets.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.words
            .iter()
            .zip(&other.words)
            .any(|(ours, theirs)| ours & theirs != 0)
    }

    /// The maximal runs of consecutive numbers in the set, in order.
    pub(super) fn runs(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        let mut from = 0;
        std::iter::from_fn(move || {
            let start = self.next_in(from)?;
            from = self.next_out(start);
            Some(start..from)
        })
    }

    /// Finds the first bit at or after `from` that is set in `view` of the words.
    fn scan(&self, from: u32, view: impl Fn(u64) -> u64) -> u32 {
        if from >= self.len {
            return self.len;
        }
        let first = word_of(from);
        let mut word = view(self.words[first]) & (u64::MAX << (from % 64));
        let mut at = first;
        while word == 0 {
            at += 1;
            if at == self.words.len() {
                return self.len;
            }
            word = view(self.words[at]);
        }
        let found = u32::try_from(at * 64).unwrap_or(u32::MAX) + word.trailing_zeros();
        found.min(self.len)
    }

    /// Counts the bits one by one, for the invariant.
    #[cfg(test)]
    pub(super) fn recount(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }
}

/// The numbers of the set bits of a word, ascending.
fn ones(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        (word != 0).then(|| {
            word &= word - 1;
            bit
        })
    })
}

fn words_for(len: u32) -> usize {
    len.div_ceil(64) as usize
}

fn word_of(index: u32) -> usize {
    (index / 64) as usize
}

fn bit_of(index: u32) -> u64 {
    1 << (index % 64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_full_set_has_no_bit_past_its_bound() {
        for len in [0, 1, 63, 64, 65, 127, 128, 200] {
            let set = ChunkSet::full(len);
            assert_eq!(set.recount(), len);
            assert_eq!(set.next_out(0), len);
            assert!(!set.contains(len));
            let runs: Vec<Range<u32>> = set.runs().collect();
            assert_eq!(runs.len(), usize::from(len > 0));
            assert!(runs.iter().all(|run| *run == (0..len)));
        }
    }

    #[test]
    fn two_million_chunks_take_a_quarter_of_a_megabyte() {
        assert_eq!(ChunkSet::full(2_000_000).words.len() * 8, 250_000);
    }

    proptest! {
        #[test]
        fn the_bitmap_agrees_with_a_plain_set(
            len in 1_u32..300,
            members in prop::collection::btree_set(0_u32..300, 0..200),
            from in 0_u32..320,
        ) {
            let members: BTreeSet<u32> = members.into_iter().filter(|&index| index < len).collect();
            let mut set = ChunkSet::empty(len);
            for &index in &members {
                set.insert(index);
            }
            prop_assert_eq!(set.count() as usize, members.len());
            prop_assert_eq!(set.next_in(from), members.range(from..).next().copied());
            let out = (from..len).find(|index| !members.contains(index)).unwrap_or(len);
            prop_assert_eq!(set.next_out(from), out);
            let listed: Vec<u32> = set.runs().flatten().collect();
            prop_assert_eq!(listed, members.iter().copied().collect::<Vec<_>>());
            let half: BTreeSet<u32> = members.iter().copied().filter(|index| index % 3 == 0).collect();
            let mut other = ChunkSet::empty(len);
            for &index in &half {
                other.insert(index);
            }
            let from = from % len;
            let turned = |all: &BTreeSet<u32>| -> Vec<u32> {
                all.range(from..).chain(all.range(..from)).copied().collect()
            };
            prop_assert_eq!(set.common(None, from).collect::<Vec<_>>(), turned(&members));
            prop_assert_eq!(set.common(Some(&other), from).collect::<Vec<_>>(), turned(&half));
            prop_assert_eq!(set.meets(&other), !half.is_empty());
            prop_assert_eq!(set.count_common(&other) as usize, half.len());
            for &index in &members {
                set.remove(index);
            }
            prop_assert!(set.is_empty() && set.recount() == 0);
        }
    }
}
