//! Who is asked next, and for how much; who races whom at the tail is decided by `race`.
//!
//! Invariant: after `poll_fetch` said `None`, `poll_deadline` names no time that has passed.

use std::time::Duration;

use lanspread_proto::PeerId;

use super::{
    Abort, Fetch, FetchId, Hold, Outstanding, Side, Transfer,
    limits::{DRAWN_BEGINNING_CHUNKS, FETCHES_IN_SWARM, IMPORT_PATIENCE, OTHERS_PATIENCE},
    pick::{Budget, Places, pick},
    rarest::{self, Holder},
    source::Source,
};
use crate::{Now, ties::mix};

/// A source, as it is weighed.
struct Asked<'a> {
    peer: PeerId,
    source: &'a Source,
    /// How many chunks it would be asked for; `None`: it has all.
    wanted: Option<u32>,
}

/// What the far side of an uplink is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// What falls to this peer of what nobody near has.
    Shares,
    /// Whatever is missing.
    Everywhere,
}

impl Transfer {
    /// The next fetch to start, if there is anything to ask and anybody with room for it. May
    /// change with every input, and when the time of [`Transfer::poll_deadline`] comes.
    pub fn poll_fetch(&mut self, now: Now) -> Option<Fetch> {
        if self.ending.is_some() || !self.has_room() {
            return None;
        }
        let has_room = |source: &Source| {
            let from = source.room_from(&self.limits);
            from.is_some_and(|from| from <= now)
        };
        if self.chunks.missing().is_empty() {
            let mut ready: Vec<Asked<'_>> = self
                .asked()
                .filter(|it| has_room(it.source) && self.races_from(&it.peer) <= now)
                .collect();
            ready.sort_by_cached_key(|it| self.turn(now, it));
            let ready = ready.into_iter().map(|it| (it.peer, it.source));
            let (thief, chunks) = self.find_race(now, ready)?;
            return Some(self.start_race(now, thief, chunks));
        }
        let reach = self.reach(now);
        let next = self
            .asked()
            .filter(|it| has_room(it.source) && self.free_from(it) <= now)
            .filter(|it| self.is_wanted(it, reach))
            .min_by_key(|it| self.turn(now, it))?;
        let peer = next.peer;
        Some(self.start_missing(now, peer, reach))
    }

    /// All sources, each with what it is to the swarm.
    fn asked(&self) -> impl Iterator<Item = Asked<'_>> {
        // Both are sorted by their ids: one walk finds each source its partner.
        let mut partners = self.swarm.wanted().peekable();
        self.sources.iter().map(move |(&peer, source)| {
            while partners.next_if(|&(other, _)| *other < peer).is_some() {}
            let wanted = partners.next_if(|&(other, _)| *other == peer);
            let wanted = wanted.map(|(_, wanted)| wanted);
            Asked {
                peer,
                source,
                wanted,
            }
        })
    }

    /// Whose turn it is: the smallest first.
    fn turn(&self, now: Now, asked: &Asked<'_>) -> (Duration, usize, bool, Duration, u64) {
        let source = asked.source;
        if self.swarm.is_alone() {
            let backlog = source.backlog(now);
            return (
                backlog,
                source.running(),
                false,
                Duration::ZERO,
                source.rank,
            );
        }
        // A full holder that would only repeat what partners have, or what falls to them, comes after those;
        // and long after, as long as it has to give anybody something for the first time.
        let (is_partner, repeats) = (asked.wanted.is_some(), self.repeats(asked));
        let (after, is_later) = match (repeats, self.swarm.needs_full_holders()) {
            _ if !self.swarm.spares_full_holders() => (0, false),
            (false, _) => (0, is_partner),
            (true, false) => (1, true),
            (true, true) => (FETCHES_IN_SWARM, true),
        };
        let (running, time) = (source.running() + after, source.asked_time);
        (Duration::ZERO, running, is_later, time, source.rank)
    }

    /// Whether the far side is asked for what others nearby should fetch: if nothing has come for
    /// longer than they may take.
    fn reach(&self, now: Now) -> Reach {
        if self.swarm.has_sides() && now < self.imported + IMPORT_PATIENCE {
            Reach::Shares
        } else {
            Reach::Everywhere
        }
    }

    /// From when on a source may be asked once more. A full holder that others still need for what falls
    /// to them is asked for that by this peer too, but one fetch at a time: a fast peer need not wait for
    /// slow ones, and the full holder goes on giving each chunk once.
    fn free_from(&self, asked: &Asked<'_>) -> Now {
        let is_left_to_others = self.repeats(asked) && self.swarm.needs_full_holders();
        if is_left_to_others && asked.source.running() > 0 {
            self.gained + OTHERS_PATIENCE
        } else {
            Now::default()
        }
    }

    /// From when on a source may race others. A race asks for what is on its way already: over an uplink that many
    /// share only if nothing else has helped.
    fn races_from(&self, peer: &PeerId) -> Now {
        match self.swarm.side(peer) {
            Side::Near => Now::default(),
            Side::Far => self.imported + IMPORT_PATIENCE,
        }
    }

    /// Whether a source is a full holder that has nothing to give that falls to this peer.
    fn repeats(&self, asked: &Asked<'_>) -> bool {
        let side = self.swarm.side(&asked.peer);
        asked.wanted.is_none() && self.swarm.firsts(side).is_none()
    }

    /// Whether a source would be asked for anything.
    fn is_wanted(&self, asked: &Asked<'_>, reach: Reach) -> bool {
        match (asked.wanted, reach) {
            (Some(_), Reach::Everywhere) if self.swarm.has_sides() => self.lacks(&asked.peer),
            (Some(wanted), _) => wanted > 0,
            (None, Reach::Everywhere) => !self.chunks.missing().is_empty(),
            (None, Reach::Shares) => {
                let side = self.swarm.side(&asked.peer);
                if self.swarm.firsts(side).is_some() {
                    return true;
                }
                let candidates = self.swarm.candidates(side, self.chunks.missing());
                !candidates.is_empty()
            }
        }
    }

    /// When `poll_fetch` may have something new although nothing happened: a pause ends, a source
    /// is nearly done, or one is so late that it is worth racing. `None`: only an input helps.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Now> {
        if self.ending.is_some() || !self.has_room() {
            return None;
        }
        let rooms = self
            .asked()
            .filter_map(|it| Some((it.source.room_from(&self.limits)?, it)));
        if self.chunks.missing().is_empty() {
            let thieves = rooms.map(|(from, it)| {
                let from = from.max(self.races_from(&it.peer));
                (it.peer, it.source, from)
            });
            return self.next_race(thieves);
        }
        let reaching = self.imported + IMPORT_PATIENCE;
        rooms
            .filter_map(|(from, it)| {
                let from = from.max(self.free_from(&it));
                let waits = || self.swarm.has_sides() && self.lacks(&it.peer);
                if self.is_wanted(&it, Reach::Shares) {
                    Some(from)
                } else {
                    waits().then(|| from.max(reaching))
                }
            })
            .min()
    }

    /// Asks a source for chunks nobody was asked for.
    fn start_missing(&mut self, now: Now, peer: PeerId, reach: Reach) -> Fetch {
        let budget = Budget {
            bytes: self.batch_bytes(peer),
            chunks: self.limits.fetch_chunks_max.max(1),
        };
        let len_bytes = |index| self.chunks.len_bytes(index);
        let missing = self.chunks.missing();
        let picked = if self.swarm.is_alone() {
            pick(missing, &self.places(peer), budget, len_bytes)
        } else {
            let side = match reach {
                Reach::Shares => self.swarm.side(&peer),
                Reach::Everywhere => Side::Near,
            };
            let firsts = self.swarm.firsts(side);
            let candidates = match self.swarm.held_by(&peer) {
                None => firsts.unwrap_or_else(|| self.swarm.candidates(side, missing)),
                Some(_) => self.swarm.candidates(side, missing),
            };
            let holder = self.holder(peer, side);
            rarest::pick(candidates, holder, &self.swarm, budget, len_bytes)
        };
        let id = self.take_id();
        for &index in &picked {
            self.chunks.claim(index, id);
            self.swarm.taken(index, self.chunks.missing());
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
                is_taken_back: false,
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
    fn holder(&self, peer: PeerId, side: Side) -> Holder<'_> {
        let chunks = u64::from(self.chunks.manifest().chunk_count().max(1));
        let anywhere = mix(self.seed ^ self.next_fetch.0) % chunks;
        Holder {
            held: self.swarm.held_by(&peer),
            side,
            rank: self.seed,
            from: u32::try_from(anywhere).unwrap_or(0),
        }
    }

    /// Where the sources work, as seen by one of them.
    fn places(&self, peer: PeerId) -> Places {
        let source = self.sources.get(&peer);
        let own = source.and_then(|source| source.place.or_else(|| self.beginning(source)));
        let mut others: Vec<u32> = self
            .sources
            .iter()
            .filter(|&(&other, _)| other != peer)
            .filter_map(|(_, source)| source.place)
            .collect();
        others.sort_unstable();
        Places { own, others }
    }

    /// Where the only source begins. Nobody knows yet who begins at the same time, so each who does begins
    /// somewhere else and has something to pass on; a handful of chunks is better read in order.
    fn beginning(&self, source: &Source) -> Option<u32> {
        let is_alone = self.sources.len() == 1;
        let chunks = u64::from(self.swarm.chunk_count());
        (is_alone && chunks >= u64::from(DRAWN_BEGINNING_CHUNKS))
            .then(|| u32::try_from(source.rank % chunks).unwrap_or(0))
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
}
