//! This machine's clock beside those of the other peers.
//!
//! Invariant: pure. What a peer said goes on with the time that has passed since then, so that a clock that is set
//! right here shows at once; where the others do not agree, this clock is taken for right.

use std::{collections::BTreeMap, time::Duration};

use lanspread_peer::{PeerId, PeerInfo};

use crate::health::ClockCheck;

/// How far two clocks may be apart before that is told.
const CLOCKS_APART: Duration = Duration::from_mins(2);

/// What the clocks of the other peers said.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    told: BTreeMap<PeerId, Told>,
}

/// What one clock said, and when in the time of this run that was.
#[derive(Debug)]
struct Told {
    clock_ms: u64,
    at: Duration,
}

impl Clocks {
    /// Takes in what peers said, and forgets those who have left; whether anything was new.
    pub(crate) fn hear(&mut self, now: Duration, peers: &[PeerInfo]) -> bool {
        let mut told = BTreeMap::new();
        let mut is_new = false;
        for peer in peers {
            let Some(clock_ms) = peer.status.as_ref().and_then(|status| status.clock_ms) else {
                continue;
            };
            let before = self.told.remove(&peer.peer_id);
            let known = before.filter(|before| before.clock_ms == clock_ms);
            is_new |= known.is_none();
            let known = known.unwrap_or(Told { clock_ms, at: now });
            told.insert(peer.peer_id, known);
        }
        is_new |= !self.told.is_empty();
        self.told = told;
        is_new
    }

    /// How the own clock, which says `own_ms`, stands beside them.
    pub(crate) fn check(&self, now: Duration, own_ms: u64) -> ClockCheck {
        let mut ahead_ms: Vec<i128> = self
            .told
            .values()
            .map(|told| {
                let passed = now.saturating_sub(told.at).as_millis();
                i128::from(told.clock_ms) - i128::from(own_ms)
                    + i128::try_from(passed).unwrap_or(i128::MAX / 2)
            })
            .collect();
        ahead_ms.sort_unstable();
        let peers = u32::try_from(ahead_ms.len()).unwrap_or(u32::MAX);
        let Some(middle) = middle(&ahead_ms) else {
            return ClockCheck::Unknown;
        };
        if middle.unsigned_abs() <= CLOCKS_APART.as_millis() {
            return ClockCheck::Agrees { peers };
        }
        ClockCheck::Differs {
            peers,
            ahead_min: i32::try_from(middle / 60_000).unwrap_or(if middle < 0 {
                i32::MIN
            } else {
                i32::MAX
            }),
        }
    }
}

/// The middle of sorted numbers; of two in the middle the one that is nearer to nothing.
fn middle(sorted: &[i128]) -> Option<i128> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(if lower.abs() < upper.abs() {
        lower
    } else {
        upper
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lanspread_peer::{PeerName, PeerStatus};

    use super::*;

    const OWN_MS: u64 = 1_764_000_000_000;
    const HOUR_MS: u64 = 3_600_000;
    const NOON: Duration = Duration::from_secs(1_000);

    fn peer(number: u8, clock_ms: Option<u64>) -> PeerInfo {
        PeerInfo {
            peer_id: PeerId::from_bytes([number; 32]),
            addr: "10.0.0.1:47000".parse().expect("an address"),
            name: PeerName::new("x"),
            games: 0,
            in_sync: true,
            status: Some(Arc::new(PeerStatus {
                clock_ms,
                ..PeerStatus::default()
            })),
        }
    }

    fn beside(clocks_ms: &[Option<u64>]) -> ClockCheck {
        let mut clocks = Clocks::default();
        let peers: Vec<PeerInfo> = (0..)
            .zip(clocks_ms)
            .map(|(number, clock)| peer(number, *clock))
            .collect();
        clocks.hear(NOON, &peers);
        clocks.check(NOON, OWN_MS)
    }

    #[test]
    fn a_clock_is_wrong_only_where_most_others_say_so() {
        let right = Some(OWN_MS + 90_000);
        let late = Some(OWN_MS - HOUR_MS);
        let early = Some(OWN_MS + 2 * HOUR_MS);
        assert_eq!(beside(&[]), ClockCheck::Unknown);
        assert_eq!(beside(&[None]), ClockCheck::Unknown);
        assert_eq!(beside(&[right]), ClockCheck::Agrees { peers: 1 });
        assert_eq!(beside(&[right, early]), ClockCheck::Agrees { peers: 2 });
        assert_eq!(
            beside(&[late, right, early]),
            ClockCheck::Agrees { peers: 3 }
        );
        let differs = |peers, ahead_min| ClockCheck::Differs { peers, ahead_min };
        assert_eq!(beside(&[late]), differs(1, -60));
        assert_eq!(beside(&[early, early, right]), differs(3, 120));
        assert_eq!(beside(&[Some(u64::MAX)]), differs(1, i32::MAX));
        assert_eq!(beside(&[Some(0)]), differs(1, -29_400_000));
    }

    #[test]
    fn what_was_said_goes_on_with_the_time_and_a_clock_that_is_set_right_shows_at_once() {
        let mut clocks = Clocks::default();
        let peers = [peer(1, Some(OWN_MS))];
        assert!(clocks.hear(NOON, &peers));
        assert!(!clocks.hear(NOON, &peers), "nothing new");
        let later = NOON + Duration::from_hours(1);
        let agrees = ClockCheck::Agrees { peers: 1 };
        assert_eq!(clocks.check(later, OWN_MS + HOUR_MS), agrees);
        let differs = ClockCheck::Differs {
            peers: 1,
            ahead_min: 60,
        };
        assert_eq!(clocks.check(later, OWN_MS), differs);
        assert!(clocks.hear(later, &[]), "it has left");
        assert_eq!(clocks.check(later, OWN_MS), ClockCheck::Unknown);
    }
}
