//! What a file holds: blocks that copies share until one of them is written.
//!
//! Invariant: two contents are equal exactly if their bytes are; what is shared shows nowhere but in
//! the cost. A block that was never written is a hole and reads as zeros.

use std::sync::{Arc, OnceLock};

use lanspread_db::ContentHash;

/// Bytes that are shared, copied and lost as one.
pub const BLOCK_BYTES: usize = 64 << 10;

/// The bytes of one file. Cloning it shares them.
#[derive(Debug, Default)]
pub struct Content {
    len_bytes: u64,
    blocks: Vec<Option<Block>>,
    hashed: OnceLock<(u32, Arc<[ContentHash]>)>,
}

/// One block; only the last of a content may be short.
type Block = Arc<Vec<u8>>;

impl Clone for Content {
    fn clone(&self) -> Self {
        // What is cloned is about to be written: the hashes would not hold.
        Self {
            len_bytes: self.len_bytes,
            blocks: self.blocks.clone(),
            hashed: OnceLock::new(),
        }
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Option<Block>, &Option<Block>)| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || same_padded(a, b),
            (Some(some), None) | (None, Some(some)) => some.iter().all(|&byte| byte == 0),
        };
        self.len_bytes == other.len_bytes && self.blocks.iter().zip(&other.blocks).all(same)
    }
}

impl Eq for Content {}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        Self {
            len_bytes: bytes.len() as u64,
            blocks: bytes
                .chunks(BLOCK_BYTES)
                .map(|block| Some(Arc::new(block.to_vec())))
                .collect(),
            hashed: OnceLock::new(),
        }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl Content {
    /// Bytes that differ from place to place and from seed to seed.
    #[must_use]
    pub fn noise(seed: u64, len_bytes: usize) -> Self {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut bytes = Vec::with_capacity(len_bytes + 8);
        while bytes.len() < len_bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        bytes.truncate(len_bytes);
        Self::from(bytes.as_slice())
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// All its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.len_bytes).unwrap_or(usize::MAX)];
        self.read_at(&mut bytes, 0);
        bytes
    }

    /// The hashes of its chunks of this length, as manifests have them. They are computed once.
    #[must_use]
    pub fn chunk_hashes(&self, chunk_bytes: u32) -> Arc<[ContentHash]> {
        let compute = || -> Arc<[ContentHash]> {
            let chunk_bytes = chunk_bytes.max(1) as usize;
            self.to_bytes()
                .chunks(chunk_bytes)
                .map(ContentHash::of)
                .collect()
        };
        let (known_for, known) = self.hashed.get_or_init(|| (chunk_bytes, compute()));
        if *known_for == chunk_bytes {
            Arc::clone(known)
        } else {
            compute()
        }
    }

    /// Bytes that it takes on the disk; holes take none.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.blocks.iter().flatten().map(|b| b.len() as u64).sum()
    }

    pub(super) fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> usize {
        let left = self.len_bytes.saturating_sub(offset_bytes);
        let wanted = usize::try_from(left).map_or(into.len(), |left| left.min(into.len()));
        let into = &mut into[..wanted];
        let mut done = 0;
        while done < wanted {
            let (at, from) = place(offset_bytes + done as u64);
            let part = (BLOCK_BYTES - from).min(wanted - done);
            let target = &mut into[done..done + part];
            target.fill(0);
            if let Some(Some(block)) = self.blocks.get(at)
                && let Some(stored) = block.get(from..)
            {
                let stored = &stored[..stored.len().min(part)];
                target[..stored.len()].copy_from_slice(stored);
            }
            done += part;
        }
        wanted
    }

    /// Writes as much of `bytes` as `room_bytes` more on the disk allow. Says how much was written,
    /// and how many bytes more it takes than before.
    pub(super) fn write_at(
        &mut self,
        bytes: &[u8],
        offset_bytes: u64,
        room_bytes: u64,
    ) -> (usize, u64) {
        self.hashed = OnceLock::new();
        let (mut done, mut grown) = (0, 0);
        while done < bytes.len() {
            let (at, from) = place(offset_bytes + done as u64);
            let part = (BLOCK_BYTES - from).min(bytes.len() - done);
            if self.blocks.len() <= at {
                self.blocks.resize(at + 1, None);
            }
            let had = self.blocks[at].as_ref().map_or(0, |block| block.len());
            let more = (from + part).saturating_sub(had) as u64;
            if grown + more > room_bytes {
                break;
            }
            grown += more;
            let whole = from == 0 && part >= had;
            if whole {
                self.blocks[at] = Some(Arc::new(bytes[done..done + part].to_vec()));
            } else {
                let block = Arc::make_mut(self.blocks[at].get_or_insert_default());
                if block.len() < from + part {
                    block.resize(from + part, 0);
                }
                block[from..from + part].copy_from_slice(&bytes[done..done + part]);
            }
            done += part;
            self.len_bytes = self.len_bytes.max(offset_bytes + done as u64);
        }
        (done, grown)
    }

    /// Flips bits of one byte, if it has that byte.
    pub(super) fn rot(&mut self, offset_bytes: u64, mask: u8) {
        self.hashed = OnceLock::new();
        let (at, from) = place(offset_bytes);
        if let Some(Some(block)) = self.blocks.get_mut(at)
            && from < block.len()
        {
            Arc::make_mut(block)[from] ^= mask;
        }
    }

    /// The places of the blocks in which it differs from what was synced.
    pub(super) fn unsynced_blocks(&self, synced: &Self) -> Vec<usize> {
        let same = |at: usize| match (self.blocks.get(at), synced.blocks.get(at)) {
            (Some(Some(a)), Some(Some(b))) => Arc::ptr_eq(a, b),
            (Some(None) | None, Some(None) | None) => true,
            (Some(Some(_)), Some(None) | None) | (Some(None) | None, Some(Some(_))) => false,
        };
        (0..self.blocks.len().max(synced.blocks.len()))
            .filter(|&at| !same(at))
            .collect()
    }

    /// Itself with some blocks as `unsynced` says instead: the old block, or a hole.
    pub(super) fn with_blocks(&self, at: &[usize], unsynced: &Unsynced<'_>) -> Self {
        let mut torn = self.clone();
        for &at in at {
            let Some(block) = torn.blocks.get_mut(at) else {
                continue;
            };
            *block = match unsynced {
                Unsynced::Zero => None,
                Unsynced::Old(old) => old.blocks.get(at).cloned().flatten(),
            };
        }
        torn
    }
}

/// What stands in a block that was not synced, after the power was cut.
#[derive(Debug)]
pub(super) enum Unsynced<'a> {
    /// Zeros.
    Zero,
    /// What was synced before.
    Old(&'a Content),
}

/// Whether two blocks read the same; a short one reads on in zeros.
fn same_padded(a: &[u8], b: &[u8]) -> bool {
    let common = a.len().min(b.len());
    let rest = a[common..].iter().chain(&b[common..]);
    a[..common] == b[..common] && rest.into_iter().all(|&byte| byte == 0)
}

/// The block of an offset, and the place in it.
fn place(offset_bytes: u64) -> (usize, usize) {
    let block = BLOCK_BYTES as u64;
    let at = usize::try_from(offset_bytes / block).unwrap_or(usize::MAX);
    // The remainder is smaller than a block.
    (
        at,
        usize::try_from(offset_bytes % block).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_anywhere_read_back_and_holes_are_zeros_that_take_no_room() {
        let mut content = Content::default();
        let mut plain = vec![0; 3 * BLOCK_BYTES + 10];
        for (offset, bytes) in [
            (3 * BLOCK_BYTES, &b"0123456789"[..]),
            (BLOCK_BYTES - 2, b"abcd"),
            (BLOCK_BYTES - 1, b"X"),
        ] {
            content.write_at(bytes, offset as u64, u64::MAX);
            plain[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
        assert_eq!(content.to_bytes(), plain);
        assert_eq!(content, Content::from(plain.as_slice()));
        assert_eq!(content.stored_bytes(), (BLOCK_BYTES + 2 + 10) as u64);
        let mut tail = [1; 8];
        assert_eq!(content.read_at(&mut tail, plain.len() as u64 - 4), 4);
        assert_eq!(&tail[..4], b"6789");
        assert_eq!(content.read_at(&mut tail, plain.len() as u64), 0);
    }

    #[test]
    fn a_copy_keeps_its_bytes_and_its_hashes_when_the_other_is_written() {
        let original = Content::noise(1, 3 * BLOCK_BYTES);
        let hashes = original.chunk_hashes(1 << 16);
        let mut copy = original.clone();
        copy.write_at(b"x", 70_000, u64::MAX);
        assert_ne!(copy, original);
        assert_eq!(original, Content::noise(1, 3 * BLOCK_BYTES));
        assert_eq!(original.chunk_hashes(1 << 16), hashes);
        assert_eq!(copy.chunk_hashes(1 << 16)[0], hashes[0]);
        assert_ne!(copy.chunk_hashes(1 << 16)[1], hashes[1]);
        assert_eq!(copy.unsynced_blocks(&original), [1]);
    }

    #[test]
    fn a_write_stops_where_the_room_ends() {
        let mut content = Content::default();
        let bytes = vec![7; 2 * BLOCK_BYTES];
        let written = content.write_at(&bytes, 0, BLOCK_BYTES as u64 + 5);
        assert_eq!(written, (BLOCK_BYTES, BLOCK_BYTES as u64));
        assert_eq!(content.len_bytes(), BLOCK_BYTES as u64);
        assert_eq!(content.write_at(&bytes[..9], 3, 0), (9, 0), "no new room");
    }
}
