//! The state of every chunk of one download.
//!
//! Invariant: a chunk is missing, on its way or stored. One that is stored is not asked for again, one
//! that is on its way is asked of another source at most so often as the limit says and never twice of
//! the same, and the switch begins when all are stored and none is on its way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanspread_core::{EffectId, transfer::limits::FETCHES_PER_CHUNK_MAX};
use lanspread_db::{ChunkRef, Manifest};
use lanspread_proto::PeerId;

use super::Wrong;
use crate::failure::Invariant;

#[derive(Debug)]
pub(super) struct ChunkBook {
    manifest: Arc<Manifest>,
    stored: BTreeSet<ChunkRef>,
    on_the_way: BTreeMap<EffectId, (PeerId, Vec<ChunkRef>)>,
    /// Fetches that were told to end and have not answered yet: others may be asked meanwhile.
    given_up: BTreeSet<EffectId>,
}

fn wrong(message: String) -> Result<(), Wrong> {
    Err((Invariant::OneStatePerChunk, message))
}

impl ChunkBook {
    pub(super) fn new(manifest: Arc<Manifest>) -> Self {
        Self {
            manifest,
            stored: BTreeSet::new(),
            on_the_way: BTreeMap::new(),
            given_up: BTreeSet::new(),
        }
    }

    pub(super) fn bytes(&self, chunks: &[ChunkRef]) -> u64 {
        let lengths = chunks
            .iter()
            .filter_map(|&chunk| Some(u64::from(self.manifest.chunk(chunk)?.len_bytes)));
        lengths.sum()
    }

    pub(super) fn fetch(
        &mut self,
        effect: EffectId,
        source: PeerId,
        chunks: &[ChunkRef],
    ) -> Result<(), Wrong> {
        let id = self.manifest.game_id();
        let mut asked = BTreeSet::new();
        for &chunk in chunks {
            let name = format!("chunk {} of file {} of {id}", chunk.chunk, chunk.file);
            if self.manifest.chunk(chunk).is_none() {
                return wrong(format!("there is no {name}"));
            }
            if self.stored.contains(&chunk) {
                return wrong(format!("{name} is stored and fetched again"));
            }
            let sources: Vec<PeerId> = self
                .on_the_way
                .iter()
                .filter(|(fetch, (_, others))| {
                    !self.given_up.contains(fetch) && others.contains(&chunk)
                })
                .map(|(_, (source, _))| *source)
                .collect();
            if sources.contains(&source) || !asked.insert(chunk) {
                return wrong(format!("{name} is asked twice of one source"));
            }
            if sources.len() >= FETCHES_PER_CHUNK_MAX {
                return wrong(format!("{name} is asked of {} sources", sources.len() + 1));
            }
        }
        self.on_the_way.insert(effect, (source, chunks.to_vec()));
        Ok(())
    }

    pub(super) fn stored(&mut self, chunks: &[ChunkRef]) {
        self.stored.extend(chunks);
    }

    pub(super) fn given_up(&mut self, effect: EffectId) {
        self.given_up.insert(effect);
    }

    pub(super) fn fetched(&mut self, effect: EffectId, stored: &[ChunkRef]) {
        self.on_the_way.remove(&effect);
        self.given_up.remove(&effect);
        self.stored.extend(stored);
    }

    pub(super) fn switched(&self) -> Result<(), Wrong> {
        let id = self.manifest.game_id();
        let missing = self.manifest.chunk_count() as usize - self.stored.len();
        if missing > 0 {
            return wrong(format!("{id} is switched to with {missing} chunks missing"));
        }
        if !self.on_the_way.is_empty() {
            return wrong(format!("{id} is switched to with chunks on their way"));
        }
        Ok(())
    }
}
