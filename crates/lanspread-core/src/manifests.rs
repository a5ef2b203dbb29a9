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

#[cfg(test)]
mod tests {
    use lanspread_db::{ContentHash, GameId, ManifestFile, RelPath, Version};

    use super::*;

    fn manifest(chunks: u64, salt: u8) -> (ManifestHash, Arc<Manifest>) {
        let chunk_bytes = Manifest::chunk_bytes_for(0);
        let file = |path: &str, chunks: u64, size_bytes| ManifestFile {
            path: RelPath::parse(path).unwrap(),
            size_bytes,
            chunks: (0..chunks).map(|_| ContentHash([salt; 32])).collect(),
        };
        let big = file("data.eti", chunks, chunks * u64::from(chunk_bytes));
        let files = vec![big, file("version.ini", 1, 8)];
        let id = GameId::parse("game").unwrap();
        let version = Version::parse("20200101").unwrap();
        let manifest = Manifest::new(id, version, chunk_bytes, files).unwrap();
        (ManifestHash(ContentHash([salt; 32])), Arc::new(manifest))
    }

    #[test]
    fn no_more_manifests_are_kept_than_the_limit() {
        let mut cache = ManifestCache::default();
        for salt in 0..=u8::try_from(CACHED_MANIFESTS_MAX).unwrap() {
            let (hash, manifest) = manifest(1, salt);
            cache.keep(hash, &manifest);
        }
        assert_eq!(cache.kept.len(), CACHED_MANIFESTS_MAX);
        assert!(
            cache.get(manifest(1, 0).0).is_none(),
            "the oldest one is gone"
        );
        assert!(cache.get(manifest(1, 1).0).is_some());
    }

    #[test]
    fn no_more_chunks_are_kept_than_the_limit() {
        let mut cache = ManifestCache::default();
        let (hash, at_the_limit) = manifest(CACHED_CHUNKS_MAX - 1, 1);
        cache.keep(hash, &at_the_limit);
        assert!(cache.get(hash).is_some());
        let (other, past_it) = manifest(CACHED_CHUNKS_MAX, 2);
        cache.keep(other, &past_it);
        assert!(cache.get(hash).is_none() && cache.get(other).is_none());
    }
}
