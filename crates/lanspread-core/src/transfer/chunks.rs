//! The state of every chunk of one game.
//!
//! Invariant: each chunk is in exactly one of `Missing | InFlight | Stored`; what is in flight is
//! claimed by one fetch, or by two that race; a stored chunk stays stored. It does not know sources.

use std::{collections::BTreeMap, sync::Arc};

use lanspread_db::{ChunkRef, Manifest};

use super::{FetchId, chunk_set::ChunkSet};

/// Who has a chunk in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim {
    first: FetchId,
    racer: Option<FetchId>,
}

/// What storing a chunk changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoredNow {
    /// It was not stored before; these fetches had claimed it. Without any, it was missing.
    First([Option<FetchId>; 2]),
    /// It came a second time.
    Again,
}

/// All chunks of one manifest.
#[derive(Debug)]
pub(super) struct Chunks {
    manifest: Arc<Manifest>,
    missing: ChunkSet,
    stored: ChunkSet,
    /// What is stored, in the order in which it was.
    log: Vec<u32>,
    in_flight: BTreeMap<u32, Claim>,
    missing_bytes: u64,
    stored_bytes: u64,
}

impl Chunks {
    /// Everything is missing but `stored`; references that the manifest does not know are ignored.
    pub(super) fn new(manifest: Arc<Manifest>, stored: &[ChunkRef]) -> Self {
        let count = manifest.chunk_count();
        let mut chunks = Self {
            missing: ChunkSet::full(count),
            stored: ChunkSet::empty(count),
            log: Vec::new(),
            in_flight: BTreeMap::new(),
            missing_bytes: manifest.total_bytes(),
            stored_bytes: 0,
            manifest,
        };
        for &at in stored {
            if let Some(index) = chunks.index(at) {
                chunks.store(index);
            }
        }
        chunks
    }

    /// The manifest.
    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The chunks nobody was asked for.
    pub(super) fn missing(&self) -> &ChunkSet {
        &self.missing
    }

    /// Whether a chunk is verified and on disk.
    pub(super) fn is_stored(&self, index: u32) -> bool {
        self.stored.contains(index)
    }

    /// What is stored, in the order in which it was.
    pub(super) fn log(&self) -> &[u32] {
        &self.log
    }

    /// Bytes of the chunks that are verified and on disk.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Whether every chunk is stored.
    pub(super) fn all_stored(&self) -> bool {
        self.stored.count() == self.manifest.chunk_count()
    }

    /// The number of a chunk in the order of the manifest.
    pub(super) fn index(&self, at: ChunkRef) -> Option<u32> {
        self.manifest.chunk_index(at)
    }

    /// The chunk of that number.
    pub(super) fn at(&self, index: u32) -> Option<ChunkRef> {
        self.manifest.chunk_at(index)
    }

    /// Bytes of the chunk of that number; 0 if there is none.
    pub(super) fn len_bytes(&self, index: u32) -> u64 {
        self.at(index)
            .and_then(|at| self.manifest.chunk(at))
            .map_or(0, |info| u64::from(info.len_bytes))
    }

    /// The only fetch that has a chunk in flight; `None` if none or two have.
    pub(super) fn sole_claimant(&self, index: u32) -> Option<FetchId> {
        self.in_flight
            .get(&index)
            .filter(|claim| claim.racer.is_none())
            .map(|claim| claim.first)
    }

    /// Missing to in flight.
    pub(super) fn claim(&mut self, index: u32, fetch: FetchId) {
        self.missing.remove(index);
        self.missing_bytes -= self.len_bytes(index);
        let before = self.in_flight.insert(
            index,
            Claim {
                first: fetch,
                racer: None,
            },
        );
        debug_assert!(before.is_none(), "chunk {index} was missing and in flight");
        self.debug_check();
    }

    /// A second fetch for a chunk that one has in flight.
    pub(super) fn race(&mut self, index: u32, fetch: FetchId) {
        let claim = self.in_flight.get_mut(&index);
        debug_assert!(
            claim
                .as_ref()
                .is_some_and(|claim| claim.racer.is_none() && claim.first != fetch),
            "chunk {index} cannot be raced by {fetch:?}: {claim:?}"
        );
        if let Some(claim) = claim {
            claim.racer = Some(fetch);
        }
    }

    /// A fetch gives a chunk up; without another claim it is missing again, and says so. Does nothing
    /// if the fetch has no claim on it.
    pub(super) fn release(&mut self, index: u32, fetch: FetchId) -> bool {
        let Some(claim) = self.in_flight.get_mut(&index) else {
            return false;
        };
        let mut is_missing = false;
        match (claim.first == fetch, claim.racer) {
            (true, Some(racer)) => {
                *claim = Claim {
                    first: racer,
                    racer: None,
                }
            }
            (false, Some(racer)) if racer == fetch => claim.racer = None,
            (false, _) => {}
            (true, None) => {
                self.in_flight.remove(&index);
                self.missing.insert(index);
                self.missing_bytes += self.len_bytes(index);
                is_missing = true;
            }
        }
        self.debug_check();
        is_missing
    }

    /// A chunk is verified and on disk, whatever it was before.
    pub(super) fn store(&mut self, index: u32) -> StoredNow {
        if self.stored.contains(index) {
            return StoredNow::Again;
        }
        let bytes = self.len_bytes(index);
        let claim = self.in_flight.remove(&index);
        if claim.is_none() {
            self.missing.remove(index);
            self.missing_bytes -= bytes;
        }
        self.stored.insert(index);
        self.log.push(index);
        self.stored_bytes += bytes;
        self.debug_check();
        StoredNow::First([
            claim.map(|claim| claim.first),
            claim.and_then(|claim| claim.racer),
        ])
    }

    /// The cheap part of the invariant, after every change.
    fn debug_check(&self) {
        debug_assert_eq!(
            self.missing.count() as usize + self.in_flight.len() + self.stored.count() as usize,
            self.manifest.chunk_count() as usize,
            "a chunk is in no state or in two"
        );
        debug_assert!(
            self.stored_bytes + self.missing_bytes <= self.manifest.total_bytes(),
            "bytes do not add up"
        );
    }

    /// The whole invariant, chunk by chunk.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let (mut missing_bytes, mut stored_bytes, mut in_flight_bytes) = (0, 0, 0);
        for index in 0..self.manifest.chunk_count() {
            let bytes = self.len_bytes(index);
            match (
                self.missing.contains(index),
                self.in_flight.contains_key(&index),
                self.stored.contains(index),
            ) {
                (true, false, false) => missing_bytes += bytes,
                (false, true, false) => in_flight_bytes += bytes,
                (false, false, true) => stored_bytes += bytes,
                state => panic!("chunk {index} is (missing, in flight, stored) = {state:?}"),
            }
        }
        assert_eq!(missing_bytes, self.missing_bytes);
        assert_eq!(stored_bytes, self.stored_bytes);
        assert_eq!(
            missing_bytes + in_flight_bytes + stored_bytes,
            self.manifest.total_bytes()
        );
        assert_eq!(self.missing.recount(), self.missing.count());
        assert_eq!(self.stored.recount(), self.stored.count());
        assert_eq!(self.log.len(), self.stored.count() as usize);
        assert!(self.log.iter().all(|&index| self.stored.contains(index)));
    }

    /// Who has a chunk in flight.
    #[cfg(test)]
    pub(super) fn claimants(&self, index: u32) -> Vec<FetchId> {
        self.in_flight
            .get(&index)
            .map(|claim| std::iter::once(claim.first).chain(claim.racer).collect())
            .unwrap_or_default()
    }
}
