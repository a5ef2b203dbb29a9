//! How long packets take to each peer and back, measured by the connections with it anyway.
//!
//! Invariant: what is told is the least of a while, of those alone with whom enough was exchanged in it;
//! nothing is sent to measure. It decides nothing.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use lanspread_proto::PeerId;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    limits::{DELAY_PEERS_MIN, DELAY_SAMPLES_MIN, DELAYS_EVERY},
    transport::{NetEvent, Shared},
};

/// The connections of all peers, as far as their delays are concerned. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Delays(Arc<Mutex<BTreeMap<PeerId, Vec<Weak<Delay>>>>>);

/// What one connection measured since it was last asked.
#[derive(Debug)]
pub(super) struct Delay {
    least_us: AtomicU32,
    samples: AtomicU32,
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            least_us: AtomicU32::new(u32::MAX),
            samples: AtomicU32::new(0),
        }
    }
}

impl Delay {
    /// Something went there and back in so long. Called for each acknowledgement.
    pub(super) fn heard(&self, delay: Duration) {
        let us = u32::try_from(delay.as_micros()).unwrap_or(u32::MAX);
        self.least_us.fetch_min(us, Ordering::Relaxed);
        self.samples.fetch_add(1, Ordering::Relaxed);
    }

    /// The least so far and of how many, and begins anew.
    fn take(&self) -> (u32, u32) {
        let least_us = self.least_us.swap(u32::MAX, Ordering::Relaxed);
        (least_us, self.samples.swap(0, Ordering::Relaxed))
    }
}

impl Delays {
    fn peers(&self) -> MutexGuard<'_, BTreeMap<PeerId, Vec<Weak<Delay>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection with a peer, until what is returned is dropped.
    pub(super) fn enter(&self, peer_id: PeerId) -> Arc<Delay> {
        let delay = Arc::new(Delay::default());
        let mut peers = self.peers();
        let connections = peers.entry(peer_id).or_default();
        connections.retain(|connection| connection.strong_count() > 0);
        connections.push(Arc::downgrade(&delay));
        delay
    }

    /// The least delay to each peer since this was last asked, of those with enough of them.
    fn take(&self) -> Vec<(PeerId, Duration)> {
        let mut peers = self.peers();
        let mut measured = Vec::new();
        peers.retain(|&peer_id, connections| {
            connections.retain(|connection| connection.strong_count() > 0);
            let taken = connections.iter().filter_map(Weak::upgrade);
            let (least_us, samples) = taken
                .map(|delay| delay.take())
                .fold((u32::MAX, 0_u32), |(least, samples), (us, more)| {
                    (least.min(us), samples.saturating_add(more))
                });
            if samples >= DELAY_SAMPLES_MIN {
                measured.push((peer_id, Duration::from_micros(least_us.into())));
            }
            !connections.is_empty()
        });
        measured
    }
}

/// Tells the delays of each while in which much was exchanged, until the transport closes.
pub(super) async fn tell_delays(shared: Arc<Shared>) {
    let mut every = interval(DELAYS_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = shared.stop.cancelled() => return,
        }
        let measured = shared.delays.take();
        // Two groups need more than two peers, and an idle party is left alone.
        if measured.len() >= DELAY_PEERS_MIN {
            for (peer_id, delay) in &measured {
                tracing::trace!(peer_id = %peer_id.short(), ?delay, "the least delay lately");
            }
            shared.report(NetEvent::Delays(measured)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u8) -> PeerId {
        PeerId::from_public_key_der(&[n])
    }

    fn hear(delay: &Delay, times: u32, ms: u64) {
        for nth in 0..times {
            delay.heard(Duration::from_millis(ms + u64::from(nth)));
        }
    }

    #[test]
    fn the_least_of_all_connections_with_a_peer_is_told_once() {
        let delays = Delays::default();
        let connections = [delays.enter(peer(1)), delays.enter(peer(1))];
        hear(&connections[0], DELAY_SAMPLES_MIN, 9);
        hear(&connections[1], 1, 4);
        assert_eq!(delays.take(), [(peer(1), Duration::from_millis(4))]);
        assert_eq!(delays.take(), []);
    }

    #[test]
    fn who_exchanged_as_much_as_the_limit_is_told_and_who_did_less_is_not() {
        let delays = Delays::default();
        let (enough, less) = (delays.enter(peer(1)), delays.enter(peer(2)));
        hear(&enough, DELAY_SAMPLES_MIN, 5);
        hear(&less, DELAY_SAMPLES_MIN - 1, 5);
        assert_eq!(delays.take(), [(peer(1), Duration::from_millis(5))]);
    }

    #[test]
    fn a_peer_without_a_connection_is_forgotten() {
        let delays = Delays::default();
        drop(delays.enter(peer(1)));
        delays.take();
        assert!(delays.peers().is_empty());
    }
}
