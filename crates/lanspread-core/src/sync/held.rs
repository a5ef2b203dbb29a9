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
    /// What came breaks a limit or an order.
    #[error("the listing breaks a rule: {0}")]
    Rule(&'static str),
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
