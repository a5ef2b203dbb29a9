//! The manifests that were fetched lately: a download that follows a question need not ask again.
//!
//! Invariant: a manifest is kept under its own hash, and no more are kept than the limits allow.

use std::{collections::VecDeque, sync::Arc};

use lanspread_db::{Manifest, ManifestHash};

use crate::limits::{CACHED_CHUNKS_MAX, CACHED_MANIFESTS_MAX};

/// The latest manifests, newest last.
#[derive(Debug, Default)]
pub(crate) struct ManifestCache {
    kept: VecDeque<(ManifestHash, Arc<Manifest>)>,
}

impl ManifestCache {
    /// A manifest that is kept.
    pub(crate) fn get(&self, hash: ManifestHash) -> Option<Arc<Manifest>> {
        self.kept
            .iter()
            .find(|(kept, _)| *kept == hash)
            .map(|(_, manifest)| Arc::clone(manifest))
    }

    /// Keeps a manifest, unless it is too large to keep at all.
    pub(crate) fn keep(&mut self, hash: ManifestHash, manifest: &Arc<Manifest>) {
        self.kept.retain(|(kept, _)| *kept != hash);
        self.kept.push_back((hash, Arc::clone(manifest)));
        while self.kept.len() > CACHED_MANIFESTS_MAX || self.chunks() > CACHED_CHUNKS_MAX {
            self.kept.pop_front();
        }
    }

    fn chunks(&self) -> u64 {
        self.kept
            .iter()
            .map(|(_, manifest)| u64::from(manifest.chunk_count()))
            .sum()
    }
}
