//! Who is asked next, for how much, and who races whom at the tail.
//!
//! Invariant: after `poll_fetch` said `None`, `poll_deadline` names no time that has passed.

use std::{cmp::Reverse, time::Duration};

use lanspread_proto::PeerId;

use super::{
    Abort, Fetch, FetchId, Hold, Outstanding, Transfer,
    limits::{FETCHES_IN_SWARM, RACE_ADVANTAGE, RACE_COST},
    mix,
    pick::{Budget, Places, pick},
    rarest::{self, Holder},
    source::Source,
};
use crate::Now;

impl Transfer {
    /// The next fetch to start, if there is anything to ask and anybody with room for it. May
    /// change with every input, and when the time of [`Transfer::poll_deadline`] comes.
    pub fn poll_fetch(&mut self, now: Now) -> Option<Fetch> {
        if self.ending.is_some() || !self.has_room() {
            return None;
        }
        let mut ready: Vec<(PeerId, &Source)> = self
            .sources
            .iter()
            .filter(|(_, source)| {
                source
                    .room_from(&self.limits)
                    .is_some_and(|from| from <= now)
            })
            .map(|(&peer, source)| (peer, source))
            .collect();
        if self.swarm.is_alone() {
            ready.sort_by_key(|(_, source)| (source.backlog(now), source.running(), source.rank));
        } else {
            ready.sort_by_key(|(peer, source)| {
                (
                    source.running(),
                    self.swarm.held_by(peer).is_some(),
                    source.asked_time,
                    source.rank,
                )
            });
        }
        if self.chunks.missing().is_empty() {
            let (thief, chunks) = ready
                .iter()
                .find_map(|&(peer, source)| Some((peer, self.find_race(now, peer, source)?)))?;
            return Some(self.start_race(now, thief, chunks));
        }
        let mut ready = ready.into_iter().map(|(peer, _)| peer);
        let source = ready.find(|peer| self.has_missing(peer))?;
        Some(self.start_missing(now, source))
    }

    /// When `poll_fetch` may have something new although nothing happened: a pause ends, a source
    /// is nearly done, or one is so late that it is worth racing. `None`: only an input helps.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Now> {
        if self.ending.is_some() || !self.has_room() {
            return None;
        }
        let rooms = self
            .sources
            .iter()
            .filter_map(|(peer, source)| Some((peer, source, source.room_from(&self.limits)?)));
        if self.chunks.missing().is_empty() {
            rooms
                .filter_map(|(&peer, source, from)| self.next_race(peer, source, from))
                .min()
        } else {
            rooms
                .filter(|(peer, _, _)| self.has_missing(peer))
                .map(|(_, _, from)| from)
                .min()
        }
    }

    /// Asks a source for chunks nobody was asked for.
    fn start_missing(&mut self, now: Now, peer: PeerId) -> Fetch {
        let budget = Budget {
            bytes: self.batch_bytes(peer),
            chunks: self.limits.fetch_chunks_max.max(1),
        };
        let len_bytes = |index| self.chunks.len_bytes(index);
        let missing = self.chunks.missing();
        let picked = if self.swarm.is_alone() {
            pick(missing, &self.places(peer), budget, len_bytes)
        } else {
            rarest::pick(missing, self.holder(peer), &self.swarm, budget, len_bytes)
        };
        let id = self.take_id();
        for &index in &picked {
            self.chunks.claim(index, id);
        }
        if let (Some(source), Some(last)) = (self.sources.get_mut(&peer), picked.last()) {
            source.place = Some(last + 1);
        }
        self.start(now, id, peer, picked)
    }

    /// Asks a source for chunks that another one has in flight.
    fn start_race(&mut self, now: Now, peer: PeerId, chunks: Vec<u32>) -> Fetch {
        let id = self.take_id();
        for &index in &chunks {
            self.chunks.race(index, id);
        }
        self.start(now, id, peer, chunks)
    }

    fn start(&mut self, now: Now, id: FetchId, peer: PeerId, chunks: Vec<u32>) -> Fetch {
        let bytes = chunks
            .iter()
            .map(|&index| self.chunks.len_bytes(index))
            .sum();
        if let Some(source) = self.sources.get_mut(&peer) {
            source.started(now, bytes);
        }
        self.buffered_bytes += self.buffer_bytes(bytes);
        let fetch = Fetch {
            id,
            source: peer,
            chunks: chunks
                .iter()
                .filter_map(|&index| self.chunks.at(index))
                .collect(),
        };
        let (claims, hold, abort) = (chunks.len(), Hold::Held, Abort::NotAsked);
        self.outstanding.insert(
            id,
            Outstanding {
                source: peer,
                chunks,
                reported: Vec::new(),
                bytes,
                claims,
                hold,
                abort,
            },
        );
        fetch
    }

    fn take_id(&mut self) -> FetchId {
        let id = self.next_fetch;
        self.next_fetch = FetchId(id.0 + 1);
        id
    }

    /// What a fetch of this many bytes may hold in memory: one chunk.
    pub(super) fn buffer_bytes(&self, fetch_bytes: u64) -> u64 {
        fetch_bytes.min(u64::from(self.chunks.manifest().chunk_bytes()))
    }

    /// Fetches that may run at a time. While many give each a little, those who are asked in turn
    /// answer sooner than all who are asked at once.
    fn fetches_max(&self) -> usize {
        if self.swarm.is_alone() {
            usize::MAX
        } else {
            FETCHES_IN_SWARM.max(self.sources.len() / 2)
        }
    }

    /// Whether one more fetch may run.
    fn has_room(&self) -> bool {
        self.has_buffer_room() && self.outstanding.len() < self.fetches_max()
    }

    fn has_buffer_room(&self) -> bool {
        let one_more = self.buffered_bytes + u64::from(self.chunks.manifest().chunk_bytes());
        self.outstanding.is_empty() || one_more <= self.limits.buffer_bytes_max
    }

    /// A source as it is seen while others gather the game.
    fn holder(&self, peer: PeerId) -> Holder<'_> {
        let chunks = u64::from(self.chunks.manifest().chunk_count().max(1));
        let anywhere = mix(self.seed ^ self.next_fetch.0) % chunks;
        Holder {
            held: self.swarm.held_by(&peer),
            rank: self.seed,
            from: u32::try_from(anywhere).unwrap_or(0),
        }
    }

    /// Where the sources work, as seen by one of them.
    fn places(&self, peer: PeerId) -> Places {
        let own = self.sources.get(&peer).and_then(|source| source.place);
        let mut others: Vec<u32> = self
            .sources
            .iter()
            .filter(|&(&other, _)| other != peer)
            .filter_map(|(_, source)| source.place)
            .collect();
        others.sort_unstable();
        Places { own, others }
    }

    /// Bytes to ask a source for: its batch, and near the end at most half of what its share of
    /// the rest still has room for, so that all sources come to the end together.
    fn batch_bytes(&self, peer: PeerId) -> u64 {
        let Some(source) = self.sources.get(&peer) else {
            return 0;
        };
        let batch = source.batch_bytes(&self.limits);
        let Some(rate) = source.rate.bytes_per_s() else {
            return batch;
        };
        let rest = self.chunks.manifest().total_bytes() - self.chunks.stored_bytes();
        let all: u128 = self
            .sources
            .values()
            .filter_map(|it| it.rate.bytes_per_s())
            .map(u128::from)
            .sum();
        let share = u128::from(rest) * u128::from(rate) / all.max(1);
        let share = u64::try_from(share).unwrap_or(u64::MAX);
        let room = share.saturating_sub(source.running_bytes()) / 2;
        batch.min(room.max(self.limits.first_fetch_bytes))
    }

    /// What a source with room should take over from a slower one: from the back of the fetch
    /// that will last longest, as much as it can bring well before the other would.
    fn find_race(&self, now: Now, thief: PeerId, source: &Source) -> Option<Vec<u32>> {
        let mut victims: Vec<(Duration, FetchId, &Outstanding)> = self
            .victims(thief)
            .map(|(id, fetch, due)| (due.since(now).max(now.since(due)), id, fetch))
            .collect();
        victims.sort_by_key(|&(patience, id, _)| Reverse((patience, id)));
        victims.into_iter().find_map(|(patience, id, fetch)| {
            let mut bytes = 0;
            let mut chunks: Vec<u32> = self
                .raceable(id, fetch)
                .filter(|&index| self.holds(&thief, index))
                .take(self.limits.fetch_chunks_max.max(1))
                .take_while(|&index| {
                    let first = bytes == 0;
                    bytes += self.chunks.len_bytes(index);
                    let time = source.backlog(now) + self.race_time(source, bytes);
                    time <= patience && (first || bytes <= self.limits.fetch_bytes_max)
                })
                .collect();
            chunks.reverse();
            (!chunks.is_empty()).then_some(chunks)
        })
    }

    /// When the first fetch in flight is so late that this source should race it.
    fn next_race(&self, thief: PeerId, source: &Source, room_from: Now) -> Option<Now> {
        self.victims(thief)
            .filter_map(|(id, fetch, due)| {
                let index = self
                    .raceable(id, fetch)
                    .find(|&index| self.holds(&thief, index))?;
                let time = self.race_time(source, self.chunks.len_bytes(index));
                Some(due.max(source.due()).max(room_from) + time)
            })
            .min()
    }

    /// Fetches that run on other sources, each with the time it is due.
    fn victims(&self, thief: PeerId) -> impl Iterator<Item = (FetchId, &Outstanding, Now)> {
        self.outstanding
            .iter()
            .filter(move |(_, fetch)| fetch.source != thief && fetch.hold == Hold::Held)
            .filter_map(|(&id, fetch)| Some((id, fetch, self.sources.get(&fetch.source)?.due())))
    }

    /// The chunks that only this fetch has in flight, the last one first.
    fn raceable<'a>(
        &'a self,
        id: FetchId,
        fetch: &'a Outstanding,
    ) -> impl Iterator<Item = u32> + 'a {
        let claimed = move |index: &u32| self.chunks.sole_claimant(*index) == Some(id);
        fetch.chunks.iter().rev().copied().filter(claimed)
    }

    /// The time a race of this many bytes must have, so that it is clearly won.
    fn race_time(&self, source: &Source, bytes: u64) -> Duration {
        let time = source
            .time_for(bytes, &self.limits)
            .saturating_add(RACE_COST);
        time.saturating_mul(RACE_ADVANTAGE)
    }
}
