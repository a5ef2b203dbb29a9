//! Hashing a chunk while it comes in, and what is left of it when all is there.
//!
//! Invariant: however much was hashed on the way, the hash is that of the whole chunk.

use lanspread_db::ContentHash;

use super::limits::HASH_STEP_BYTES;

/// The hash of a chunk that grows.
#[derive(Debug, Default)]
pub(super) struct Hashing {
    /// Made with the first step: small chunks, of which there are many at a time, need none.
    hasher: Option<Box<blake3::Hasher>>,
    hashed_bytes: usize,
}

impl Hashing {
    /// Hashes what came of the chunk since, in whole steps: bytes that came a moment ago are still in this core's
    /// cache, and reading them from there is half of what hashing costs.
    pub(super) fn advance(&mut self, chunk_so_far: &[u8]) {
        while let Some(step) = chunk_so_far[self.hashed_bytes..].first_chunk::<HASH_STEP_BYTES>() {
            self.hasher.get_or_insert_default().update(step);
            self.hashed_bytes += HASH_STEP_BYTES;
        }
    }

    /// The hash of the whole chunk.
    pub(super) fn finish(self, chunk: &[u8]) -> ContentHash {
        let rest = &chunk[self.hashed_bytes..];
        self.hasher.map_or_else(
            || ContentHash::of(rest),
            |mut hasher| hasher.update(rest).finalize().into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(len: usize) -> Vec<u8> {
        (0..len)
            .map(|nth| u8::try_from(nth % 251).expect("below 251"))
            .collect()
    }

    #[test]
    fn the_hash_is_that_of_the_whole_chunk_in_whatever_parts_it_came() {
        for len in [
            0,
            1,
            HASH_STEP_BYTES - 1,
            HASH_STEP_BYTES,
            HASH_STEP_BYTES + 1,
            7 * HASH_STEP_BYTES + 12_345,
        ] {
            let chunk = chunk(len);
            for part in [1_389, 13_000, HASH_STEP_BYTES, 3 * HASH_STEP_BYTES, len + 1] {
                let mut hashing = Hashing::default();
                let mut came = 0;
                while came < len {
                    came = (came + part).min(len);
                    hashing.advance(&chunk[..came]);
                }
                assert_eq!(
                    hashing.finish(&chunk),
                    ContentHash::of(&chunk),
                    "{len} {part}"
                );
            }
            assert_eq!(Hashing::default().finish(&chunk), ContentHash::of(&chunk));
        }
    }

    #[test]
    fn a_chunk_is_hashed_on_the_way_from_its_first_whole_step_on() {
        let chunk = chunk(2 * HASH_STEP_BYTES);
        let mut hashing = Hashing::default();
        hashing.advance(&chunk[..HASH_STEP_BYTES - 1]);
        assert_eq!((hashing.hashed_bytes, hashing.hasher.is_none()), (0, true));
        hashing.advance(&chunk[..HASH_STEP_BYTES]);
        assert_eq!(hashing.hashed_bytes, HASH_STEP_BYTES);
    }
}
