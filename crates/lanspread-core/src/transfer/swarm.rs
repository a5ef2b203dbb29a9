//! The others that gather the same game: what each of them holds, and which chunks fall to whom.
//!
//! Invariant: `copies` counts, for each chunk, the partial holders that hold it; the party of those
//! who gather is sorted, so that all who know the same peers agree on whose a chunk is.

use std::collections::BTreeMap;

use lanspread_proto::PeerId;

use super::{chunk_set::ChunkSet, mix};

/// Bytes that fall to one peer in a row: small files are not shared out one by one.
const BLOCK_BYTES: u64 = 256 * 1024;

/// What a source has of the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// All of it.
    All,
    /// What it has stored so far: it gathers the game itself.
    Part,
}

/// Who else gathers the game, and what they hold.
#[derive(Debug)]
pub(super) struct Swarm {
    me: PeerId,
    partners: BTreeMap<PeerId, ChunkSet>,
    /// How many partners hold each chunk.
    copies: Vec<u16>,
    /// Chunks of one block: `1 << block_shift`.
    block_shift: u32,
    /// This peer's place among all who gather, and how many they are.
    place: u32,
    size: u32,
}

impl Swarm {
    /// Nobody else gathers these chunks, so many of them with so many bytes in all.
    pub(super) fn new(me: PeerId, chunks: u32, total_bytes: u64) -> Self {
        let mean_bytes = (total_bytes / u64::from(chunks.max(1))).max(1);
        Self {
            me,
            partners: BTreeMap::new(),
            copies: vec![0; chunks as usize],
            block_shift: (BLOCK_BYTES / mean_bytes).max(1).ilog2(),
            place: 0,
            size: 1,
        }
    }

    /// Whether anybody else gathers the game.
    pub(super) fn is_alone(&self) -> bool {
        self.partners.is_empty()
    }

    /// A peer gathers the game too; nothing is known yet of what it holds.
    pub(super) fn join(&mut self, peer: PeerId) {
        let chunks = u32::try_from(self.copies.len()).unwrap_or(u32::MAX);
        self.partners.insert(peer, ChunkSet::empty(chunks));
        self.take_place();
    }

    /// A peer does not gather it any more.
    pub(super) fn leave(&mut self, peer: &PeerId) {
        if let Some(held) = self.partners.remove(peer) {
            for index in held.common(None, 0) {
                self.copies[index as usize] -= 1;
            }
            self.take_place();
        }
    }

    /// A partner holds this chunk too.
    pub(super) fn holds(&mut self, peer: &PeerId, index: u32) {
        if let Some(held) = self.partners.get_mut(peer)
            && (index as usize) < self.copies.len()
            && !held.contains(index)
        {
            held.insert(index);
            self.copies[index as usize] = self.copies[index as usize].saturating_add(1);
        }
    }

    /// What a partner holds; `None` if it is none.
    pub(super) fn held_by(&self, peer: &PeerId) -> Option<&ChunkSet> {
        self.partners.get(peer)
    }

    /// How many partners hold a chunk.
    pub(super) fn copies(&self, index: u32) -> u16 {
        self.copies[index as usize]
    }

    /// Whether a chunk that only full holders have falls to this peer: it fetches it first and
    /// hands it on, while the others fetch theirs. So a full holder sends each chunk about once.
    pub(super) fn is_mine(&self, index: u32) -> bool {
        self.block(index) % self.size == self.place
    }

    /// Which block a chunk belongs to.
    pub(super) fn block(&self, index: u32) -> u32 {
        index >> self.block_shift
    }

    fn take_place(&mut self) {
        let before = self.partners.range(..self.me).count();
        self.place = u32::try_from(before).unwrap_or(u32::MAX);
        self.size = u32::try_from(self.partners.len() + 1).unwrap_or(u32::MAX);
    }

    /// Counts anew, for the invariant.
    #[cfg(test)]
    pub(super) fn check(&self) {
        for (index, &copies) in (0..).zip(&self.copies) {
            let holders = self.partners.values().filter(|held| held.contains(index));
            assert_eq!(holders.count(), usize::from(copies), "copies of {index}");
        }
    }
}

/// Decides between equally rare blocks, differently for each peer.
pub(super) fn tie(rank: u64, block: u32) -> u64 {
    mix(rank ^ u64::from(block))
}
