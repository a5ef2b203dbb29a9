//! What is held of one other peer's library: the only place where its games are written.
//!
//! Invariant: the digest of what is held was verified; an answer that does not lead to the digest it
//! names changes nothing. It does not know which of the games this party admits: that is asked when
//! they are read, so that the digest stays comparable.

use std::collections::BTreeMap;

use lanspread_db::{ContentHash, GameId};
use lanspread_proto::{
    GameSummary, LibraryDelta, LibraryEpoch, LibraryRevision, LibrarySnapshot, LibraryState,
    limits::{LIBRARY_GAMES_MAX, TITLE_BYTES_MAX},
};

use crate::digest::library_digest;

/// How an announced state relates to what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// It is the same listing.
    Same,
    /// It is older than what is held.
    Stale,
    /// It is a later revision of the same run.
    Ahead,
    /// No delta leads to it.
    Other,
}

/// Why an answer was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Rejection {
    /// The delta starts past what is held, or belongs to another run.
    #[error("the delta starts from a revision that is not held")]
    Gap,
    /// What came does not have the digest it names.
    #[error("the listing does not have the digest that was announced")]
    Digest,
    /// What came is fine, but all libraries together hold too many games.
    #[error("all libraries together hold too many games")]
    NoRoom,
    /// What came breaks a limit or an order.
    #[error("the listing breaks a rule: {0}")]
    Rule(&'static str),
}

impl Rejection {
    /// Whether no honest peer gives such an answer.
    pub(super) const fn blames_peer(&self) -> bool {
        match self {
            Self::Digest | Self::Rule(_) => true,
            // It may have begun a new run meanwhile.
            Self::Gap | Self::NoRoom => false,
        }
    }
}

/// A verified listing.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    games: BTreeMap<GameId, GameSummary>,
    digest: ContentHash,
    at: Option<(LibraryEpoch, LibraryRevision)>,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            games: BTreeMap::new(),
            digest: library_digest([]),
            at: None,
        }
    }
}

impl Held {
    /// The games, by id.
    pub(crate) const fn games(&self) -> &BTreeMap<GameId, GameSummary> {
        &self.games
    }

    /// The run and revision that a delta can start from.
    pub(super) const fn at(&self) -> Option<(LibraryEpoch, LibraryRevision)> {
        self.at
    }

    /// Compares an announced state; the same listing under another name is taken over.
    pub(super) fn relate(&mut self, announced: &LibraryState) -> Relation {
        let older = self.at.is_some_and(|(epoch, revision)| {
            epoch == announced.epoch && announced.revision < revision
        });
        if older {
            return Relation::Stale;
        }
        if self.digest == announced.digest {
            self.at = Some((announced.epoch, announced.revision));
            return Relation::Same;
        }
        match self.at {
            Some((epoch, revision))
                if epoch == announced.epoch && revision < announced.revision =>
            {
                Relation::Ahead
            }
            Some(_) | None => Relation::Other,
        }
    }

    /// Takes over a whole listing. Says whether anything changed.
    pub(super) fn apply_snapshot(&mut self, snapshot: LibrarySnapshot) -> Result<bool, Rejection> {
        check(&snapshot.games)?;
        if library_digest(&snapshot.games) != snapshot.state.digest {
            return Err(Rejection::Digest);
        }
        // Overtaken on its way by an announcement of a later revision that is the same as what is held.
        let is_overtaken = self.at.is_some_and(|(epoch, revision)| {
            epoch == snapshot.state.epoch && snapshot.state.revision < revision
        });
        if is_overtaken {
            return Ok(false);
        }
        let changed = self.digest != snapshot.state.digest;
        self.games = snapshot
            .games
            .into_iter()
            .map(|game| (game.id.clone(), game))
            .collect();
        self.digest = snapshot.state.digest;
        self.at = Some((snapshot.state.epoch, snapshot.state.revision));
        Ok(changed)
    }

    /// Takes over a difference. Applying one twice, or one that starts earlier, changes nothing
    /// more. Says whether anything changed.
    pub(super) fn apply_delta(&mut self, delta: LibraryDelta) -> Result<bool, Rejection> {
        let (epoch, revision) = self.at.ok_or(Rejection::Gap)?;
        if epoch != delta.state.epoch || revision < delta.since {
            return Err(Rejection::Gap);
        }
        if delta.state.revision <= revision {
            return Ok(false);
        }
        check(&delta.changed)?;
        if delta.removed.len() > LIBRARY_GAMES_MAX {
            return Err(Rejection::Rule(
                "more games are removed than a library can hold",
            ));
        }
        let mut games = self.games.clone();
        for id in &delta.removed {
            games.remove(id);
        }
        games.extend(
            delta
                .changed
                .into_iter()
                .map(|game| (game.id.clone(), game)),
        );
        if games.len() > LIBRARY_GAMES_MAX {
            return Err(Rejection::Rule("it holds too many games"));
        }
        if library_digest(games.values()) != delta.state.digest {
            return Err(Rejection::Digest);
        }
        let changed = self.digest != delta.state.digest;
        self.games = games;
        self.digest = delta.state.digest;
        self.at = Some((epoch, delta.state.revision));
        Ok(changed)
    }
}

/// The rules of every listing on the wire.
fn check(games: &[GameSummary]) -> Result<(), Rejection> {
    if games.len() > LIBRARY_GAMES_MAX {
        return Err(Rejection::Rule("it holds too many games"));
    }
    if games.iter().any(|game| game.title.len() > TITLE_BYTES_MAX) {
        return Err(Rejection::Rule("a title is too long"));
    }
    if games.windows(2).any(|pair| pair[0].id >= pair[1].id) {
        return Err(Rejection::Rule("the games are not sorted by id"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use lanspread_db::Version;

    use super::*;
    use crate::listing::Listing;

    const EPOCH: LibraryEpoch = LibraryEpoch(7);

    fn summary(id: &str, size_bytes: u64) -> GameSummary {
        GameSummary {
            id: GameId::parse(id).unwrap(),
            title: id.to_owned(),
            version: Version::parse("20200101").unwrap(),
            size_bytes,
            manifest: None,
        }
    }

    fn library(games: &BTreeMap<u8, u64>) -> BTreeMap<GameId, GameSummary> {
        games
            .iter()
            .map(|(&n, &size)| summary(&format!("g{n}"), size))
            .map(|game| (game.id.clone(), game))
            .collect()
    }

    fn filled(games: &[(u8, u64)]) -> Listing {
        let mut own = Listing::new(EPOCH);
        own.announce(library(&games.iter().copied().collect()));
        own
    }

    fn follower(own: &Listing) -> Held {
        let mut held = Held::default();
        held.apply_snapshot(own.snapshot()).unwrap();
        held
    }

    proptest! {
        /// Whatever happens to a library, and however seldom a follower asks: the delta and the
        /// snapshot lead to the same listing.
        #[test]
        fn delta_and_snapshot_agree(
            changes in prop::collection::vec(
                (prop::collection::btree_map(0_u8..8, 0_u64..3, 0..8), any::<bool>()),
                1..30,
            )
        ) {
            let mut own = Listing::new(EPOCH);
            let mut by_delta = follower(&own);
            for (games, asks) in changes {
                own.announce(library(&games));
                if !asks {
                    continue;
                }
                let (epoch, since) = by_delta.at().unwrap();
                let delta = own.delta(epoch, since).unwrap();
                by_delta.apply_delta(delta.clone()).unwrap();
                prop_assert!(by_delta.games() == follower(&own).games());
                // Once more changes nothing.
                prop_assert_eq!(by_delta.apply_delta(delta), Ok(false));
                prop_assert!(by_delta.games() == follower(&own).games());
            }
        }

        /// A delta that starts earlier than what is held leads to the same listing too.
        #[test]
        fn an_earlier_start_does_no_harm(
            first in prop::collection::btree_map(0_u8..8, 0_u64..3, 0..8),
            second in prop::collection::btree_map(0_u8..8, 0_u64..3, 0..8),
            third in prop::collection::btree_map(0_u8..8, 0_u64..3, 0..8),
        ) {
            let mut own = Listing::new(EPOCH);
            own.announce(library(&first));
            let since = own.state().revision;
            own.announce(library(&second));
            let mut held = follower(&own);
            own.announce(library(&third));
            held.apply_delta(own.delta(EPOCH, since).unwrap()).unwrap();
            prop_assert!(held.games() == follower(&own).games());
        }
    }

    #[test]
    fn a_delta_past_what_is_held_is_a_gap() {
        let mut own = filled(&[(1, 1)]);
        let mut held = follower(&own);
        own.announce(library(&[(1, 2)].into()));
        let since = own.state().revision;
        own.announce(library(&[(1, 3)].into()));
        let delta = own.delta(EPOCH, since).unwrap();
        assert_eq!(held.apply_delta(delta), Err(Rejection::Gap));
        assert_eq!(held.games().len(), 1);
    }

    #[test]
    fn a_delta_of_another_run_is_a_gap() {
        let own = filled(&[(1, 1)]);
        let mut held = follower(&own);
        let mut delta = own.delta(EPOCH, LibraryRevision(0)).unwrap();
        delta.state.epoch = LibraryEpoch(8);
        assert_eq!(held.apply_delta(delta), Err(Rejection::Gap));
    }

    /// A game came, a snapshot with it was asked for, the game went again and that was announced before
    /// the snapshot arrived: what was held is what is announced, and the answer is of the past.
    #[test]
    fn a_snapshot_that_was_overtaken_by_an_announcement_is_not_taken_over() {
        let mut own = filled(&[(1, 1)]);
        let mut held = follower(&own);
        own.announce(library(&[(1, 1), (2, 2)].into()));
        let overtaken = own.snapshot();
        own.announce(library(&[(1, 1)].into()));
        assert_eq!(held.relate(own.state()), Relation::Same);
        assert_eq!(held.apply_snapshot(overtaken), Ok(false));
        assert_eq!(held.games().len(), 1);
        assert_eq!(held.at(), Some((EPOCH, own.state().revision)));
    }

    #[test]
    fn an_answer_with_a_wrong_digest_changes_nothing() {
        let own = filled(&[(1, 1), (2, 2)]);
        let mut held = Held::default();
        let mut snapshot = own.snapshot();
        snapshot.games.pop();
        assert_eq!(held.apply_snapshot(snapshot), Err(Rejection::Digest));
        assert!(held.games().is_empty());
        let mut held = follower(&filled(&[]));
        held.relate(&LibraryState {
            revision: LibraryRevision(0),
            ..filled(&[]).state().clone()
        });
        let mut delta = own.delta(EPOCH, LibraryRevision(0)).unwrap();
        delta.changed.pop();
        assert_eq!(held.apply_delta(delta), Err(Rejection::Digest));
        assert!(held.games().is_empty());
    }

    #[test]
    fn the_rules_of_a_listing_hold_at_their_limits() {
        let sized = |count: usize| -> Vec<GameSummary> {
            (0..count)
                .map(|n| summary(&format!("g{n:06}"), 1))
                .collect()
        };
        assert_eq!(check(&sized(LIBRARY_GAMES_MAX)), Ok(()));
        assert!(matches!(
            check(&sized(LIBRARY_GAMES_MAX + 1)),
            Err(Rejection::Rule(_))
        ));
        let mut titled = summary("g", 1);
        titled.title = "t".repeat(TITLE_BYTES_MAX);
        assert_eq!(check(&[titled.clone()]), Ok(()));
        titled.title.push('t');
        assert!(matches!(check(&[titled]), Err(Rejection::Rule(_))));
        let twice = [summary("g", 1), summary("g", 1)];
        assert!(matches!(check(&twice), Err(Rejection::Rule(_))));
    }

    #[test]
    fn an_announcement_is_related_by_digest_first() {
        let own = filled(&[(1, 1)]);
        let mut held = follower(&own);
        let state = |epoch, revision, digest| LibraryState {
            epoch: LibraryEpoch(epoch),
            revision: LibraryRevision(revision),
            digest,
        };
        let same = own.state().digest;
        let other = ContentHash::of(b"other");
        assert_eq!(held.relate(&state(7, 5, other)), Relation::Ahead);
        assert_eq!(held.relate(&state(7, 0, other)), Relation::Stale);
        assert_eq!(held.relate(&state(7, 1, other)), Relation::Other);
        assert_eq!(held.relate(&state(9, 3, other)), Relation::Other);
        assert_eq!(held.relate(&state(9, 3, same)), Relation::Same);
        // The same listing under the name of another run: its later revisions are ahead.
        assert_eq!(held.relate(&state(9, 4, other)), Relation::Ahead);
    }
}
