//! The own announced library: its revisions, its digest, and the difference to any earlier revision.
//!
//! Invariant: a snapshot, and a delta applied to the revision it starts from, lead to the same
//! listing. There is no log: each game carries the revision of its last change, each game that is
//! gone leaves a tombstone, and who missed more than the tombstones tell gets a snapshot.

use std::collections::BTreeMap;

use lanspread_db::GameId;
use lanspread_proto::{
    GameSummary, LibraryDelta, LibraryEpoch, LibraryRevision, LibrarySnapshot, LibraryState,
};

use crate::{digest::library_digest, limits::TOMBSTONES_MAX};

/// One announced game.
#[derive(Debug, Clone)]
struct Entry {
    summary: GameSummary,
    changed: LibraryRevision,
}

/// What this peer announces.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    games: BTreeMap<GameId, Entry>,
    /// Games that are gone, with the revision in which they went.
    tombstones: BTreeMap<GameId, LibraryRevision>,
    /// Deltas start here or later: what went before may have lost its tombstone.
    floor: LibraryRevision,
    state: LibraryState,
}

impl Listing {
    /// An empty listing at the beginning of a run.
    pub(crate) fn new(epoch: LibraryEpoch) -> Self {
        let state = LibraryState {
            epoch,
            revision: LibraryRevision(0),
            digest: library_digest([]),
        };
        Self {
            games: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            floor: LibraryRevision(0),
            state,
        }
    }

    /// Where it stands.
    pub(crate) const fn state(&self) -> &LibraryState {
        &self.state
    }

    /// What is announced of a game.
    pub(crate) fn get(&self, id: &GameId) -> Option<&GameSummary> {
        self.games.get(id).map(|entry| &entry.summary)
    }

    /// Everything that is announced, sorted by id.
    pub(crate) fn games(&self) -> impl Iterator<Item = &GameSummary> {
        self.games.values().map(|entry| &entry.summary)
    }

    /// Announces exactly `wanted`, as one revision. Says whether that is a change.
    pub(crate) fn announce(&mut self, wanted: BTreeMap<GameId, GameSummary>) -> bool {
        let revision = LibraryRevision(self.state.revision.0 + 1);
        let gone: Vec<GameId> = self
            .games
            .keys()
            .filter(|id| !wanted.contains_key(*id))
            .cloned()
            .collect();
        let mut changed = !gone.is_empty();
        for id in gone {
            self.games.remove(&id);
            self.tombstones.insert(id, revision);
        }
        for (id, summary) in wanted {
            if self.get(&id) == Some(&summary) {
                continue;
            }
            changed = true;
            self.tombstones.remove(&id);
            self.games.insert(
                id,
                Entry {
                    summary,
                    changed: revision,
                },
            );
        }
        if changed {
            self.bury();
            self.state.revision = revision;
            self.state.digest = library_digest(self.games());
        }
        changed
    }

    /// Gives up the oldest tombstones past the limit, together with the deltas that need them.
    fn bury(&mut self) {
        while self.tombstones.len() > TOMBSTONES_MAX {
            let Some(oldest) = self.tombstones.values().copied().min() else {
                return;
            };
            self.floor = self.floor.max(oldest);
            self.tombstones.retain(|_, &mut gone| gone > oldest);
        }
    }

    /// The whole listing.
    pub(crate) fn snapshot(&self) -> LibrarySnapshot {
        LibrarySnapshot {
            state: self.state.clone(),
            games: self.games().cloned().collect(),
        }
    }

    /// What changed since a revision of `epoch`; `None` if only a snapshot can say it.
    pub(crate) fn delta(
        &self,
        epoch: LibraryEpoch,
        since: LibraryRevision,
    ) -> Option<LibraryDelta> {
        let known =
            epoch == self.state.epoch && since >= self.floor && since <= self.state.revision;
        known.then(|| LibraryDelta {
            since,
            state: self.state.clone(),
            changed: self
                .games
                .values()
                .filter(|entry| entry.changed > since)
                .map(|entry| entry.summary.clone())
                .collect(),
            removed: self
                .tombstones
                .iter()
                .filter(|&(_, &gone)| gone > since)
                .map(|(id, _)| id.clone())
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use lanspread_db::Version;

    use super::*;

    fn summary(id: &str, version: &str) -> (GameId, GameSummary) {
        let id = GameId::parse(id).unwrap();
        let summary = GameSummary {
            id: id.clone(),
            title: id.to_string(),
            version: Version::parse(version).unwrap(),
            size_bytes: 1,
            manifest: None,
        };
        (id, summary)
    }

    fn listing(games: &[(&str, &str)]) -> BTreeMap<GameId, GameSummary> {
        games
            .iter()
            .map(|(id, version)| summary(id, version))
            .collect()
    }

    const EPOCH: LibraryEpoch = LibraryEpoch(7);

    #[test]
    fn the_same_listing_again_is_no_revision() {
        let mut own = Listing::new(EPOCH);
        assert!(own.announce(listing(&[("a", "20200101")])));
        let state = own.state().clone();
        assert!(!own.announce(listing(&[("a", "20200101")])));
        assert_eq!(own.state(), &state);
        assert_eq!(state.revision, LibraryRevision(1));
    }

    #[test]
    fn a_delta_names_what_changed_and_what_is_gone() {
        let mut own = Listing::new(EPOCH);
        own.announce(listing(&[("a", "20200101"), ("b", "20200101")]));
        own.announce(listing(&[("a", "20210101"), ("c", "20200101")]));
        let delta = own.delta(EPOCH, LibraryRevision(1)).unwrap();
        let changed: Vec<&str> = delta.changed.iter().map(|game| game.id.as_str()).collect();
        assert_eq!(changed, ["a", "c"]);
        assert_eq!(delta.removed, [GameId::parse("b").unwrap()]);
        assert_eq!(own.delta(EPOCH, LibraryRevision(2)).unwrap().changed, []);
    }

    #[test]
    fn another_run_or_an_unknown_revision_has_no_delta() {
        let mut own = Listing::new(EPOCH);
        own.announce(listing(&[("a", "20200101")]));
        assert!(own.delta(LibraryEpoch(8), LibraryRevision(0)).is_none());
        assert!(own.delta(EPOCH, LibraryRevision(2)).is_none());
        assert!(own.delta(EPOCH, LibraryRevision(0)).is_some());
    }

    #[test]
    fn tombstones_past_the_limit_cost_the_oldest_deltas() {
        let names: Vec<String> = (0..=TOMBSTONES_MAX).map(|n| format!("g{n}")).collect();
        let all: Vec<(&str, &str)> = names
            .iter()
            .map(|name| (name.as_str(), "20200101"))
            .collect();
        let mut own = Listing::new(EPOCH);
        own.announce(listing(&all));
        own.announce(listing(&all[1..]));
        own.announce(listing(&[]));
        // One tombstone of revision 2 and as many as the limit of revision 3: one too many.
        assert!(own.delta(EPOCH, LibraryRevision(1)).is_none());
        let delta = own.delta(EPOCH, LibraryRevision(2)).unwrap();
        assert_eq!(delta.removed.len(), TOMBSTONES_MAX);
    }

    #[test]
    fn tombstones_at_the_limit_cost_nothing() {
        let names: Vec<String> = (0..TOMBSTONES_MAX).map(|n| format!("g{n}")).collect();
        let all: Vec<(&str, &str)> = names
            .iter()
            .map(|name| (name.as_str(), "20200101"))
            .collect();
        let mut own = Listing::new(EPOCH);
        own.announce(listing(&all));
        own.announce(listing(&[]));
        let delta = own.delta(EPOCH, LibraryRevision(1)).unwrap();
        assert_eq!(delta.removed.len(), TOMBSTONES_MAX);
        assert!(own.delta(EPOCH, LibraryRevision(0)).is_some());
    }
}
