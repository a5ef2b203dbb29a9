//! Which files are the right ones: the manifest that a catalog pins for a version of a game.
//!
//! Its one invariant: one manifest per game and version. It deliberately does not know whether
//! anybody has these files.

use std::collections::BTreeMap;

use crate::{GameId, ManifestHash, Version};

/// The most rows of pins that are read.
pub const CATALOG_PINS_MAX: usize = 20_000;

/// The manifests that a catalog pins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins {
    games: BTreeMap<GameId, BTreeMap<Version, ManifestHash>>,
}

impl Pins {
    /// No pin.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The manifest pinned for this version of this game.
    #[must_use]
    pub fn get(&self, id: &GameId, version: Version) -> Option<ManifestHash> {
        self.games.get(id)?.get(&version).copied()
    }

    /// Pins a manifest and hands back the one that was pinned in its place.
    pub fn insert(
        &mut self,
        id: GameId,
        version: Version,
        manifest: ManifestHash,
    ) -> Option<ManifestHash> {
        self.games.entry(id).or_default().insert(version, manifest)
    }

    /// Forgets all pins of a game and hands them back, sorted by version.
    pub fn remove(&mut self, id: &GameId) -> Vec<(Version, ManifestHash)> {
        let removed = self.games.remove(id).unwrap_or_default();
        removed.into_iter().collect()
    }

    /// Keeps the pins of the games that fit.
    pub fn retain(&mut self, fits: impl Fn(&GameId) -> bool) {
        self.games.retain(|id, _| fits(id));
    }

    /// All pins, sorted by game and version.
    pub fn iter(&self) -> impl Iterator<Item = (&GameId, Version, ManifestHash)> {
        let of_game = |(id, versions): (_, &BTreeMap<Version, ManifestHash>)| {
            let pins: Vec<_> = versions.iter().map(|(&v, &m)| (id, v, m)).collect();
            pins
        };
        self.games.iter().flat_map(of_game)
    }

    /// How many pins there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.games.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing is pinned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.games.is_empty()
    }
}
