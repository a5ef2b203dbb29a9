//! Races at the tail: when nothing is missing, who takes over from whom, and when the next one is due.
//!
//! Invariant: a race is for chunks that exactly one fetch of another source has in flight, and is
//! expected to take at most half of the time that this one still needs. It is asked after every
//! input while the last chunks are in flight: so the fetches are looked through once for all sources
//! that could race them, and those that nobody can beat are passed over unseen.

use std::{cmp::Reverse, time::Duration};

use lanspread_proto::PeerId;

use super::{
    FetchId, Hold, Outstanding, Transfer,
    chunk_set::ChunkSet,
    limits::{RACE_ADVANTAGE, RACE_COST},
    source::Source,
};
use crate::Now;

/// A fetch that may be raced.
struct Victim<'a> {
    id: FetchId,
    fetch: &'a Outstanding,
    /// When its source should be done.
    due: Now,
}

impl Victim<'_> {
    /// How long it will last, or is late already: whoever races it must be clearly faster.
    fn patience(&self, now: Now) -> Duration {
        self.due.since(now).max(now.since(self.due))
    }
}

impl Transfer {
    /// What one of these sources with room, the first of them that can, should take over from a slower
    /// one: from the back of the fetch that will last longest, as much as it can bring well before
    /// the other would.
    pub(super) fn find_race<'a>(
        &self,
        now: Now,
        thieves: impl Iterator<Item = (PeerId, &'a Source)>,
    ) -> Option<(PeerId, Vec<u32>)> {
        let mut victims: Vec<Victim<'_>> = self.victims().collect();
        victims.sort_by_key(|it| Reverse((it.patience(now), it.id)));
        for (thief, source) in thieves {
            let held = self.swarm.held_by(&thief);
            let least = source.backlog(now) + self.race_time(source, 0);
            let worth = victims.iter().take_while(|it| least <= it.patience(now));
            for victim in worth.filter(|it| it.fetch.source != thief) {
                let mut bytes = 0;
                let mut chunks: Vec<u32> = self
                    .raceable(victim, held)
                    .take(self.limits.fetch_chunks_max.max(1))
                    .take_while(|&index| {
                        let first = bytes == 0;
                        bytes += self.chunks.len_bytes(index);
                        let time = source.backlog(now) + self.race_time(source, bytes);
                        time <= victim.patience(now)
                            && (first || bytes <= self.limits.fetch_bytes_max)
                    })
                    .collect();
                chunks.reverse();
                if !chunks.is_empty() {
                    return Some((thief, chunks));
                }
            }
        }
        None
    }

    /// When the first fetch in flight is so late that one of these sources should race it; each has
    /// room from that time on.
    pub(super) fn next_race<'a>(
        &self,
        thieves: impl Iterator<Item = (PeerId, &'a Source, Now)>,
    ) -> Option<Now> {
        let mut victims: Vec<Victim<'_>> = self.victims().collect();
        victims.sort_by_key(|it| it.due);
        let mut first: Option<Now> = None;
        for (thief, source, room_from) in thieves {
            let held = self.swarm.held_by(&thief);
            let from = source.due().max(room_from);
            let least = self.race_time(source, 0);
            for victim in &victims {
                let from = victim.due.max(from);
                if first.is_some_and(|first| first <= from + least) {
                    break;
                }
                if victim.fetch.source == thief {
                    continue;
                }
                if let Some(index) = self.raceable(victim, held).next() {
                    let at = from + self.race_time(source, self.chunks.len_bytes(index));
                    first = Some(first.map_or(at, |first| first.min(at)));
                }
            }
        }
        first
    }

    /// Fetches that run on a source and have a chunk in flight that nobody else has, each with the time
    /// it is due.
    fn victims(&self) -> impl Iterator<Item = Victim<'_>> {
        let held = self.outstanding.iter();
        held.filter(|(_, fetch)| fetch.hold == Hold::Held)
            .filter_map(|(&id, fetch)| {
                let due = self.sources.get(&fetch.source)?.due();
                let victim = Victim { id, fetch, due };
                self.raceable(&victim, None).next()?;
                Some(victim)
            })
    }

    /// The chunks that only this fetch has in flight and a thief holds, the last one first; `None` holds all.
    fn raceable<'a>(
        &'a self,
        victim: &Victim<'a>,
        held: Option<&'a ChunkSet>,
    ) -> impl Iterator<Item = u32> + use<'a> {
        let id = victim.id;
        let claimed = move |index: &u32| {
            self.chunks.sole_claimant(*index) == Some(id)
                && held.is_none_or(|held| held.contains(*index))
        };
        victim.fetch.chunks.iter().rev().copied().filter(claimed)
    }

    /// The time a race of this many bytes must have, so that it is clearly won.
    fn race_time(&self, source: &Source, bytes: u64) -> Duration {
        let time = source
            .time_for(bytes, &self.limits)
            .saturating_add(RACE_COST);
        time.saturating_mul(RACE_ADVANTAGE)
    }
}
