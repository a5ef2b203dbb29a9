//! What left for whom, game by game, told once it has come to rest.
//!
//! Invariant: bytes that left are told of in one event and no more, and whoever asks again after that
//! begins anew. It decides nothing about what is served.

use std::{collections::BTreeMap, time::Duration};

use lanspread_db::GameId;
use lanspread_proto::{PeerId, PeerName};

use crate::{Now, PeerEvent, limits::DELIVERIES_MAX};

/// Who asked for nothing of a game for so long has come to the end of it: a receiver that goes on asks
/// several times a second.
pub(crate) const DELIVERY_REST: Duration = Duration::from_secs(20);

/// What leaves for one peer of one game.
#[derive(Debug)]
struct Delivery {
    name: PeerName,
    began: Now,
    /// When something of it was asked for or sent last.
    last: Now,
    bytes: u64,
}

/// All that leaves.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    open: BTreeMap<(PeerId, GameId), Delivery>,
}

impl Deliveries {
    /// A peer asks for something of a game.
    pub(crate) fn asked(&mut self, now: Now, peer: PeerId, id: &GameId, name: &PeerName) {
        let is_full = self.open.len() >= DELIVERIES_MAX;
        let key = (peer, id.clone());
        if let Some(delivery) = self.open.get_mut(&key) {
            delivery.last = now;
        } else if !is_full {
            let delivery = Delivery {
                name: name.clone(),
                began: now,
                last: now,
                bytes: 0,
            };
            self.open.insert(key, delivery);
        }
    }

    /// So much of it left.
    pub(crate) fn sent(&mut self, now: Now, peer: PeerId, id: &GameId, bytes: u64) {
        if let Some(delivery) = self.open.get_mut(&(peer, id.clone())) {
            delivery.last = now;
            delivery.bytes = delivery.bytes.saturating_add(bytes);
        }
    }

    /// What came to rest and is to be told; whatever is still being served goes on.
    pub(crate) fn ended(
        &mut self,
        now: Now,
        is_served: impl Fn(PeerId, &GameId) -> bool,
    ) -> Vec<PeerEvent> {
        let mut ended = Vec::new();
        self.open.retain(|(peer, id), delivery| {
            if now.since(delivery.last) < DELIVERY_REST {
                return true;
            }
            if is_served(*peer, id) {
                delivery.last = now;
                return true;
            }
            if delivery.bytes > 0 {
                ended.push(PeerEvent::UploadEnded {
                    id: id.clone(),
                    peer_id: *peer,
                    name: delivery.name.clone(),
                    bytes: delivery.bytes,
                    elapsed: delivery.last.since(delivery.began),
                });
            }
            false
        });
        ended
    }

    /// When [`Deliveries::ended`] has something to look at.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.open
            .values()
            .map(|delivery| delivery.last + DELIVERY_REST)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now(Duration::from_secs(seconds))
    }

    fn peer(n: usize) -> PeerId {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_le_bytes());
        PeerId::from_bytes(bytes)
    }

    fn game() -> GameId {
        GameId::parse("chess").expect("a valid id")
    }

    #[test]
    fn what_came_to_rest_is_told_once_and_whoever_asks_again_begins_anew() {
        let mut deliveries = Deliveries::default();
        let name = PeerName::new("alpha");
        let tell =
            |deliveries: &mut Deliveries, seconds| deliveries.ended(at(seconds), |_, _| false);
        deliveries.asked(at(1), peer(1), &game(), &name);
        deliveries.sent(at(2), peer(1), &game(), 30);
        deliveries.asked(at(3), peer(1), &game(), &name);
        deliveries.sent(at(4), peer(1), &game(), 12);
        assert_eq!(deliveries.deadline(), Some(at(24)));
        assert_eq!(tell(&mut deliveries, 23), []);
        let told = PeerEvent::UploadEnded {
            id: game(),
            peer_id: peer(1),
            name: name.clone(),
            bytes: 42,
            elapsed: Duration::from_secs(3),
        };
        assert_eq!(tell(&mut deliveries, 24), [told]);
        assert_eq!(
            (tell(&mut deliveries, 60), deliveries.deadline()),
            (vec![], None)
        );
        deliveries.asked(at(61), peer(1), &game(), &name);
        deliveries.sent(at(61), peer(1), &game(), 1);
        assert_eq!(tell(&mut deliveries, 99).len(), 1);
    }

    #[test]
    fn a_slow_request_goes_on_and_one_that_brought_nothing_is_not_told() {
        let mut deliveries = Deliveries::default();
        let name = PeerName::new("alpha");
        deliveries.asked(at(0), peer(1), &game(), &name);
        assert_eq!(deliveries.ended(at(30), |_, _| true), []);
        assert_eq!(deliveries.deadline(), Some(at(50)));
        assert_eq!(deliveries.ended(at(50), |_, _| false), []);
        assert_eq!(deliveries.deadline(), None);
    }

    #[test]
    fn past_the_limit_no_further_one_is_noted() {
        let mut deliveries = Deliveries::default();
        for n in 0..=DELIVERIES_MAX {
            deliveries.asked(at(0), peer(n), &game(), &PeerName::new("alpha"));
            deliveries.sent(at(0), peer(n), &game(), 1);
        }
        assert_eq!(deliveries.ended(at(60), |_, _| false).len(), DELIVERIES_MAX);
    }
}
