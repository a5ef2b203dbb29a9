//! The time below which no scheme can be, whoever sends what to whom.
//!
//! Invariant: it is a true lower bound, also of a party in which some come late and some leave. The
//! seeder must send all once, everybody must receive all, and all that is received must be sent (Kumar,
//! Ross: "Peer-assisted file distribution: the minimum distribution time", HOTWEB 2006). Who begins at
//! some time cannot be done before that and the time its own link takes; who is not there sends
//! nothing; who leaves need not be served. That a peer has nothing to give before something came, and
//! how long chunks take from hand to hand, is not in it.

use super::party::{Churn, Party};

/// Halvings by which the time is found at which enough can have been sent.
const HALVINGS: u32 = 60;

/// When a peer is there, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Presence {
    pub(super) begins: f64,
    pub(super) leaves: Option<f64>,
}

impl Presence {
    /// How long it was there by this time.
    fn seconds_by(self, time: f64) -> f64 {
        (self.leaves.map_or(time, |leaves| leaves.min(time)) - self.begins).max(0.0)
    }
}

impl Party {
    /// The bound of this party.
    #[must_use]
    pub fn bound_seconds(&self) -> f64 {
        self.bound_with(|n| self.presence(n))
    }

    /// When a peer is there; the seeder always is.
    pub(super) fn presence(&self, n: usize) -> Presence {
        let all = self.bound_with(|_| ALWAYS);
        match self.churn {
            Churn::ComeAndGo if n > 0 => Presence {
                begins: all / 4.0 * n as f64 / self.peers.len() as f64,
                leaves: (n % 8 == 7).then_some(all / 2.0),
            },
            Churn::ComeAndGo | Churn::None => ALWAYS,
        }
    }

    fn bound_with(&self, presence: impl Fn(usize) -> Presence) -> f64 {
        let bytes = self.game_bytes as f64;
        let there: Vec<Presence> = (0..self.peers.len()).map(presence).collect();
        let staying = || (1..there.len()).filter(|&n| there[n].leaves.is_none());
        let received = staying().map(|n| there[n].begins + bytes / self.peers[n].down);
        let mut bound = received.fold(bytes / self.peers[0].up, f64::max);
        if self.peers.iter().any(|peer| peer.table > 0) {
            bound = bound.max(bytes / self.uplink);
        }
        let wanted = staying().count() as f64 * bytes;
        let sent = |time: f64| -> f64 {
            let peers = self.peers.iter().zip(&there);
            peers.map(|(peer, it)| peer.up * it.seconds_by(time)).sum()
        };
        // The seeder alone could send everything in this time.
        let (mut early, mut late) = (0.0, wanted / self.peers[0].up);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(early, late);
            if sent(middle) < wanted {
                early = middle;
            } else {
                late = middle;
            }
        }
        bound.max(early)
    }
}

const ALWAYS: Presence = Presence {
    begins: 0.0,
    leaves: None,
};

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::Peer, *};

    fn party(ups: &[f64], churn: Churn) -> Party {
        let peer = |&up: &f64| Peer {
            up,
            down: 10.0,
            table: 0,
        };
        Party {
            peers: ups.iter().map(peer).collect(),
            uplink: 1_000.0,
            game_bytes: 100,
            chunk_bytes: 1,
            delay: Duration::ZERO,
            churn,
            seed: 1,
        }
    }

    #[track_caller]
    fn is(party: &Party, seconds: f64) {
        let bound = party.bound_seconds();
        assert!(
            (bound - seconds).abs() < 1e-6,
            "{bound} instead of {seconds}"
        );
    }

    #[test]
    fn the_slowest_of_seeder_receivers_and_all_uploads_together_decides() {
        is(&party(&[4.0, 10.0, 10.0], Churn::None), 25.0);
        is(&party(&[20.0, 10.0, 10.0], Churn::None), 10.0);
        is(&party(&[20.0, 0.0, 0.0, 0.0], Churn::None), 15.0);
        is(&party(&[20.0, 2.0, 2.0, 1.0], Churn::None), 12.0);
    }

    #[test]
    fn who_begins_late_cannot_be_done_before_his_link_allows() {
        let late = party(&[20.0, 10.0, 10.0], Churn::ComeAndGo);
        let begins = 10.0 / 4.0 * 2.0 / 3.0;
        is(&late, begins + 10.0);
    }

    #[test]
    fn who_leaves_is_not_served_and_takes_his_upload_with_him() {
        let mut ups = [1.0; 9];
        ups[0] = 10.0;
        let leaving = party(&ups, Churn::ComeAndGo);
        let all = leaving.bound_with(|_| ALWAYS);
        assert!((all - 800.0 / 18.0).abs() < 1e-6, "{all}");
        // Seven stay and each sends from its beginning on; the seventh, who leaves, for a while.
        let begins = |n: f64| all / 4.0 * n / 9.0;
        let missed: f64 = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0].map(begins).iter().sum();
        let leaver = all / 2.0 - begins(7.0);
        is(&leaving, (700.0 - leaver + missed) / 17.0);
    }
}
