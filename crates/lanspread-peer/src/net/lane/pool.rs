//! The lanes that this peer opened, and whether to open more.
//!
//! Invariant: a peer has no more lanes from here than [`LANES_PER_PEER_MAX`], whether they carry
//! something, wait or are being opened; and none is opened to a peer with which there was trouble less
//! than [`LANE_PAUSE`] ago. That a peer closes what it has of lanes once is no trouble; that it closes
//! one that was opened after that is. Pure: the time is an argument.
//!
//! The lanes that a peer will be asked on are opened together, before the first is needed. Linux gives TCP
//! large pieces to send where the shortest round trip that it has seen on a connection is less than half a
//! millisecond (`tcp_tso_rtt_log`), and none is seen any more once the queues of the cables are full. With small
//! ones a swarm of 8 takes twice the processor time.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use lanspread_proto::PeerId;

use crate::net::limits::{LANE_KEPT, LANE_PAUSE, LANES_AHEAD_MAX, LANES_PER_PEER_MAX};

/// The place of one lane among those of its peer, free again when it is dropped.
#[derive(Debug)]
pub(in crate::net) struct Place {
    of_peer: Arc<()>,
    /// When somebody began to open it.
    since: Instant,
}

/// The lanes to all peers.
#[derive(Debug)]
pub(super) struct Pool<L> {
    peers: BTreeMap<PeerId, Lanes<L>>,
    /// Whether somebody comes to sweep.
    is_swept: bool,
}

#[derive(Debug)]
struct Lanes<L> {
    idle: Vec<Idle<L>>,
    /// Has one more owner for each lane.
    places: Arc<()>,
    not_before: Option<Instant>,
    /// Whether one of them ever carried an answer to its end.
    have_carried: bool,
    /// When the peer closed lanes the last time without having to answer for it.
    excused: Option<Instant>,
}

#[derive(Debug)]
struct Idle<L> {
    lane: L,
    place: Place,
    since: Instant,
}

/// What to do with one more request.
#[derive(Debug)]
pub(super) enum Taken<L> {
    /// Ask on this lane.
    Lane(L, Place),
    /// Ask over QUIC, and open these lanes for later.
    Open(Vec<Place>),
    /// Ask over QUIC.
    Nothing,
}

impl<L> Default for Pool<L> {
    fn default() -> Self {
        Self {
            peers: BTreeMap::new(),
            is_swept: false,
        }
    }
}

impl<L> Default for Lanes<L> {
    fn default() -> Self {
        Self {
            idle: Vec::new(),
            places: Arc::default(),
            not_before: None,
            have_carried: false,
            excused: None,
        }
    }
}

impl Place {
    /// When somebody began to open the lane.
    pub(super) const fn since(&self) -> Instant {
        self.since
    }
}

impl<L> Lanes<L> {
    fn is_paused(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|until| now < until)
    }

    /// How many carry something, wait or are being opened.
    fn count(&self) -> usize {
        Arc::strong_count(&self.places) - 1
    }
}

impl<L> Pool<L> {
    /// Whether no lane to a peer is opened at the moment, because there was trouble.
    #[cfg(test)]
    pub(super) fn is_paused(&self, peer_id: PeerId, now: Instant) -> bool {
        let lanes = self.peers.get(&peer_id);
        lanes.is_some_and(|lanes| lanes.is_paused(now))
    }

    /// Gives a lane for one request, the one that was used last. `party`: how many peers are connected.
    pub(super) fn take(&mut self, peer_id: PeerId, party: usize, now: Instant) -> Taken<L> {
        let lanes = self.peers.entry(peer_id).or_default();
        if let Some(Idle { lane, place, .. }) = lanes.idle.pop() {
            return Taken::Lane(lane, place);
        }
        if lanes.is_paused(now) || lanes.count() >= LANES_PER_PEER_MAX {
            return Taken::Nothing;
        }
        Taken::Open(match self.prepare(peer_id, party, now) {
            ahead if ahead.is_empty() => vec![self.place(peer_id, now)],
            ahead => ahead,
        })
    }

    /// The places of the lanes to open to a peer ahead of need, if it has none yet and was no trouble. All of a
    /// party may do so at once, so in a large one they are fewer for each.
    pub(super) fn prepare(&mut self, peer_id: PeerId, party: usize, now: Instant) -> Vec<Place> {
        let lanes = self.peers.entry(peer_id).or_default();
        if lanes.is_paused(now) || lanes.count() > 0 {
            return Vec::new();
        }
        let count = (LANES_AHEAD_MAX / party.max(1)).clamp(1, LANES_PER_PEER_MAX);
        (0..count).map(|_| self.place(peer_id, now)).collect()
    }

    fn place(&mut self, peer_id: PeerId, now: Instant) -> Place {
        let lanes = self.peers.entry(peer_id).or_default();
        Place {
            of_peer: Arc::clone(&lanes.places),
            since: now,
        }
    }

    /// How many lanes to a peer wait.
    #[cfg(test)]
    pub(super) fn idle(&self, peer_id: PeerId) -> usize {
        self.peers.get(&peer_id).map_or(0, |lanes| lanes.idle.len())
    }

    /// Takes a lane that was opened, or that carried its answer to the end. One whose peer was forgotten
    /// meanwhile is dropped. `true` if the caller has to see to it that the pool is swept from now on.
    #[must_use]
    pub(super) fn give_back(
        &mut self,
        peer_id: PeerId,
        lane: L,
        place: Place,
        now: Instant,
    ) -> bool {
        let lanes = self.peers.get_mut(&peer_id);
        let Some(lanes) = lanes.filter(|lanes| Arc::ptr_eq(&lanes.places, &place.of_peer)) else {
            return false;
        };
        let since = now;
        lanes.idle.push(Idle { lane, place, since });
        !std::mem::replace(&mut self.is_swept, true)
    }

    /// A lane could not be opened, or broke: no more of them for a while.
    pub(super) fn trouble(&mut self, peer_id: PeerId, now: Instant) {
        let lanes = self.peers.entry(peer_id).or_default();
        lanes.not_before = Some(now + LANE_PAUSE);
        lanes.idle.clear();
    }

    /// A lane to this peer carried an answer to its end.
    pub(super) fn carried(&mut self, peer_id: PeerId) {
        self.peers.entry(peer_id).or_default().have_carried = true;
    }

    /// The other side had closed a lane, opened at `since`, that nothing came on. A peer whose lanes have worked
    /// may close all of them for a reason of its own, once in [`LANE_PAUSE`]; one that does it again to what
    /// was opened since then is in trouble.
    pub(super) fn closed(&mut self, peer_id: PeerId, since: Instant, now: Instant) {
        let lanes = self.peers.entry(peer_id).or_default();
        if !lanes.have_carried {
            self.trouble(peer_id, now);
            return;
        }
        let lately = lanes.excused.filter(|&at| now < at + LANE_PAUSE);
        match lately {
            None => {
                lanes.excused = Some(now);
                // It closed those that wait as well, most likely.
                lanes.idle.clear();
            }
            Some(at) if since < at => {}
            Some(_) => self.trouble(peer_id, now),
        }
    }

    /// Drops the lanes that nobody used for [`LANE_KEPT`]. Whether to come again, as some are left.
    pub(super) fn sweep(&mut self, now: Instant) -> bool {
        let mut is_any_left = false;
        for lanes in self.peers.values_mut() {
            lanes
                .idle
                .retain(|idle| now.saturating_duration_since(idle.since) < LANE_KEPT);
            is_any_left |= !lanes.idle.is_empty();
        }
        self.is_swept = is_any_left;
        is_any_left
    }

    /// Drops the lanes of a peer that is gone, and its troubles.
    pub(super) fn forget(&mut self, peer_id: PeerId) {
        self.peers.remove(&peer_id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn peer(n: u8) -> PeerId {
        PeerId::from_public_key_der(&[n])
    }

    /// In a party as large as this no lane is opened ahead of need.
    const MANY: usize = LANES_AHEAD_MAX;

    fn place(pool: &mut Pool<u32>, peer_id: PeerId, now: Instant) -> Place {
        match pool.take(peer_id, MANY, now) {
            Taken::Open(mut places) if places.len() == 1 => places.remove(0),
            other => panic!("not one lane is to be opened: {other:?}"),
        }
    }

    fn gives_nothing(pool: &mut Pool<u32>, peer_id: PeerId, now: Instant) -> bool {
        matches!(pool.take(peer_id, MANY, now), Taken::Nothing)
    }

    #[test]
    fn lanes_are_opened_ahead_of_need_as_many_as_the_party_allows() {
        let now = Instant::now();
        let all = LANES_AHEAD_MAX / LANES_PER_PEER_MAX;
        for (party, ahead) in [
            (0, LANES_PER_PEER_MAX),
            (1, LANES_PER_PEER_MAX),
            (all, LANES_PER_PEER_MAX),
            (all + 1, LANES_PER_PEER_MAX - 1),
            (LANES_AHEAD_MAX, 1),
            (10 * LANES_AHEAD_MAX, 1),
        ] {
            let mut pool = Pool::<u32>::default();
            let places = pool.prepare(peer(1), party, now);
            assert_eq!(places.len(), ahead, "{party}");
            assert!(pool.prepare(peer(1), party, now).is_empty(), "it has some");
            let opened = match pool.take(peer(1), party, now) {
                Taken::Open(places) => places.len(),
                Taken::Lane(..) | Taken::Nothing => 0,
            };
            assert_eq!(opened, usize::from(ahead < LANES_PER_PEER_MAX), "{party}");
            drop(places);
            // Nobody prepared: with the first request they are opened all the same.
            let Taken::Open(places) = pool.take(peer(2), party, now) else {
                panic!("none is opened");
            };
            assert_eq!(places.len(), ahead, "{party}");
        }
    }

    #[test]
    fn after_trouble_no_lane_is_opened_ahead_of_need() {
        let (mut pool, now) = (Pool::<u32>::default(), Instant::now());
        pool.trouble(peer(1), now);
        assert!(pool.prepare(peer(1), 1, now).is_empty());
        assert!(!pool.prepare(peer(1), 1, now + LANE_PAUSE).is_empty());
    }

    #[test]
    fn the_last_place_of_a_peer_is_given_and_one_more_request_goes_over_quic() {
        let (mut pool, now) = (Pool::default(), Instant::now());
        let mut places: Vec<Place> = (0..LANES_PER_PEER_MAX)
            .map(|_| place(&mut pool, peer(1), now))
            .collect();
        assert!(gives_nothing(&mut pool, peer(1), now));
        place(&mut pool, peer(2), now);
        places.pop();
        place(&mut pool, peer(1), now);
    }

    #[test]
    fn a_lane_that_came_back_is_used_again_before_another_is_opened() {
        let (mut pool, now) = (Pool::default(), Instant::now());
        let first = place(&mut pool, peer(1), now);
        assert!(pool.give_back(peer(1), 7, first, now));
        assert!(matches!(pool.take(peer(1), MANY, now), Taken::Lane(7, _)));
    }

    #[test]
    fn after_trouble_no_lane_is_used_or_opened_until_the_pause_is_over() {
        let (mut pool, now) = (Pool::default(), Instant::now());
        let first = place(&mut pool, peer(1), now);
        assert!(pool.give_back(peer(1), 7, first, now));
        pool.trouble(peer(1), now);
        let almost = now + LANE_PAUSE.saturating_sub(Duration::from_nanos(1));
        assert!(gives_nothing(&mut pool, peer(1), almost));
        place(&mut pool, peer(1), now + LANE_PAUSE);
    }

    #[test]
    fn lanes_that_their_peer_closes_are_excused_once_and_those_opened_after_that_are_not() {
        let (mut pool, now) = (Pool::<u32>::default(), Instant::now());
        let later = |seconds| now + Duration::from_secs(seconds);
        let waits = place(&mut pool, peer(1), now);
        assert!(pool.give_back(peer(1), 7, waits, now));
        pool.carried(peer(1));
        // All that it had at that time are one event.
        pool.closed(peer(1), now, later(5));
        pool.closed(peer(1), later(4), later(6));
        assert!(!pool.is_paused(peer(1), later(6)));
        assert_eq!(pool.idle(peer(1)), 0, "those that waited are not asked on");
        pool.closed(peer(1), later(5), later(7));
        assert!(pool.is_paused(peer(1), later(7)));
        assert!(!pool.is_paused(peer(2), later(7)));
    }

    #[test]
    fn a_lane_that_is_closed_before_any_has_carried_an_answer_is_trouble() {
        let (mut pool, now) = (Pool::<u32>::default(), Instant::now());
        pool.closed(peer(1), now, now);
        assert!(pool.is_paused(peer(1), now));
    }

    #[test]
    fn a_peer_is_excused_again_when_the_pause_is_over_and_not_just_before() {
        let (now, almost) = (
            Instant::now(),
            LANE_PAUSE.saturating_sub(Duration::from_nanos(1)),
        );
        for (after, is_paused) in [(almost, true), (LANE_PAUSE, false)] {
            let mut pool = Pool::<u32>::default();
            pool.carried(peer(1));
            pool.closed(peer(1), now, now);
            pool.closed(peer(1), now, now + after);
            assert_eq!(pool.is_paused(peer(1), now + after), is_paused, "{after:?}");
        }
    }

    #[test]
    fn a_lane_is_kept_for_a_while_without_use_and_no_longer() {
        let (mut pool, now) = (Pool::default(), Instant::now());
        let first = place(&mut pool, peer(1), now);
        assert!(pool.give_back(peer(1), 7, first, now));
        let second = place(&mut pool, peer(2), now);
        assert!(!pool.give_back(peer(2), 8, second, now), "it is swept");
        assert!(pool.sweep(now + LANE_KEPT.saturating_sub(Duration::from_nanos(1))));
        assert!(!pool.sweep(now + LANE_KEPT));
        let third = place(&mut pool, peer(2), now);
        assert!(
            pool.give_back(peer(2), 9, third, now),
            "nobody comes to sweep"
        );
        place(&mut pool, peer(1), now + LANE_KEPT);
    }

    #[test]
    fn a_lane_of_a_peer_that_went_and_came_again_does_not_come_back() {
        let (mut pool, now) = (Pool::default(), Instant::now());
        let before = place(&mut pool, peer(1), now);
        pool.forget(peer(1));
        let after = place(&mut pool, peer(1), now);
        assert!(!pool.give_back(peer(1), 7, before, now));
        drop(after);
        place(&mut pool, peer(1), now);
    }
}
