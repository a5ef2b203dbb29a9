//! Manifests that somebody holds in memory, found by their bytes.
//!
//! Invariant: what it finds is what parsing the bytes would give: they are hashed each time, and only a
//! manifest of that very hash is given instead. It keeps none alive. The steps of one download read its
//! manifest about ten times, and one of 20,000 files takes 10 ms and megabytes to parse.

use std::sync::{Arc, Mutex, Weak};

use lanspread_db::{Manifest, ManifestError, ManifestHash};

use super::library::lock;

/// Most manifests that are remembered; a further one takes the place of the oldest.
const KNOWN_MANIFESTS_MAX: usize = 16;

/// Manifests by their hash.
#[derive(Debug, Default)]
pub(crate) struct KnownManifests(Mutex<Vec<(ManifestHash, Weak<Manifest>)>>);

impl KnownManifests {
    /// The manifest that has this encoding, and its hash.
    pub(crate) fn read(
        &self,
        encoded: &[u8],
    ) -> Result<(ManifestHash, Arc<Manifest>), ManifestError> {
        let hash = ManifestHash::of_encoding(encoded);
        if let Some(manifest) = self.find(hash) {
            return Ok((hash, manifest));
        }
        let manifest = Arc::new(Manifest::decode(encoded)?);
        self.remember(hash, &manifest);
        Ok((hash, manifest))
    }

    /// Finds this one from here on, as long as somebody holds it.
    pub(crate) fn remember(&self, hash: ManifestHash, manifest: &Arc<Manifest>) {
        let mut known = lock(&self.0);
        known.retain(|(other, held)| *other != hash && held.strong_count() > 0);
        if known.len() == KNOWN_MANIFESTS_MAX {
            known.remove(0);
        }
        known.push((hash, Arc::downgrade(manifest)));
    }

    fn find(&self, hash: ManifestHash) -> Option<Arc<Manifest>> {
        let known = lock(&self.0);
        let (_, held) = known.iter().find(|(other, _)| *other == hash)?;
        held.upgrade()
    }
}

#[cfg(test)]
mod tests {
    use lanspread_db::{ContentHash, GameId, ManifestFile, RelPath, SENTINEL, Version};

    use super::*;

    /// A manifest that no other number has.
    fn manifest(number: usize) -> Arc<Manifest> {
        let content = format!("2020010{}\n", number % 10);
        let file = |path: &str, content: &str| ManifestFile {
            path: RelPath::parse(path).unwrap(),
            size_bytes: content.len() as u64,
            chunks: vec![ContentHash::of(content.as_bytes())],
        };
        let files = vec![
            file(&format!("file{number}"), "content"),
            file(SENTINEL, &content),
        ];
        let version = Version::from_version_ini(content.as_bytes()).unwrap();
        let id = GameId::parse("quake").unwrap();
        let chunk_bytes = Manifest::chunk_bytes_for(100);
        Arc::new(Manifest::new(id, version, chunk_bytes, files).unwrap())
    }

    #[test]
    fn the_same_bytes_are_parsed_once_as_long_as_somebody_holds_what_they_say() {
        let known = KnownManifests::default();
        let encoded = manifest(1).encode();
        let (hash, first) = known.read(&encoded).unwrap();
        let (_, second) = known.read(&encoded).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        drop((first, second));
        assert!(known.find(hash).is_none(), "nothing is kept alive");
        assert_eq!(known.read(&encoded).unwrap().1, manifest(1));
        assert!(known.read(&encoded[1..]).is_err(), "other bytes are parsed");
    }

    #[test]
    fn as_many_manifests_as_the_limit_are_found_and_one_more_replaces_the_oldest() {
        let known = KnownManifests::default();
        let held: Vec<_> = (0..=KNOWN_MANIFESTS_MAX).map(manifest).collect();
        let found = |number: usize| known.find(held[number].hash()).is_some();
        for manifest in &held[..KNOWN_MANIFESTS_MAX] {
            known.remember(manifest.hash(), manifest);
        }
        assert!((0..KNOWN_MANIFESTS_MAX).all(found));
        let last = &held[KNOWN_MANIFESTS_MAX];
        known.remember(last.hash(), last);
        assert!(!found(0));
        assert!((1..=KNOWN_MANIFESTS_MAX).all(found));
    }
}
