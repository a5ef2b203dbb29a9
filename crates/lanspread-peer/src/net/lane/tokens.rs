//! The tokens that admit lanes without encryption.
//!
//! Invariant: a token admits one lane of the peer it was given to, once and soon, and nobody else;
//! there are never more than the limits. Compared are hashes, which takes the same time wherever they
//! differ. Pure: the time is an argument, and so is the lot.

use std::{collections::BTreeMap, time::Instant};

use lanspread_proto::{PeerId, Token};

use crate::net::limits::{LANE_TOKEN_LIFE, LANE_TOKENS_MAX, LANE_TOKENS_PER_PEER_MAX};

/// Tokens that were given out and not used.
#[derive(Debug, Default)]
pub(super) struct Tokens(BTreeMap<PeerId, Vec<Given>>);

#[derive(Debug)]
struct Given {
    /// Its equality takes the same time for any two.
    hash: blake3::Hash,
    until: Instant,
}

impl Tokens {
    /// Notes that a peer gets a token, which nobody could guess; `false` if there are enough.
    #[must_use]
    pub(super) fn give(&mut self, peer_id: PeerId, token: Token, now: Instant) -> bool {
        self.0.retain(|_, of_peer| {
            of_peer.retain(|given| now < given.until);
            !of_peer.is_empty()
        });
        let all: usize = self.0.values().map(Vec::len).sum();
        let of_peer = self.0.get(&peer_id).map_or(0, Vec::len);
        if all >= LANE_TOKENS_MAX || of_peer >= LANE_TOKENS_PER_PEER_MAX {
            return false;
        }
        self.0.entry(peer_id).or_default().push(Given {
            hash: blake3::hash(&token.0),
            until: now + LANE_TOKEN_LIFE,
        });
        true
    }

    /// Whether a token admits a lane of this peer; it does so once.
    #[must_use]
    pub(super) fn take(&mut self, peer_id: PeerId, token: Token, now: Instant) -> bool {
        let Some(of_peer) = self.0.get_mut(&peer_id) else {
            return false;
        };
        let hash = blake3::hash(&token.0);
        let Some(at) = of_peer.iter().position(|given| given.hash == hash) else {
            return false;
        };
        now < of_peer.swap_remove(at).until
    }

    /// Forgets the tokens of a peer.
    pub(super) fn forget(&mut self, peer_id: PeerId) {
        self.0.remove(&peer_id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn peer(n: usize) -> PeerId {
        PeerId::from_public_key_der(&n.to_be_bytes())
    }

    fn token(n: usize) -> Token {
        Token(*blake3::hash(&n.to_be_bytes()).as_bytes())
    }

    #[test]
    fn a_token_admits_its_peer_once_and_nobody_else() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        assert!(tokens.give(peer(1), token(1), now));
        assert!(tokens.give(peer(2), token(2), now));
        assert!(!tokens.take(peer(1), token(2), now), "another's");
        assert!(!tokens.take(peer(3), token(1), now), "another's");
        assert!(!tokens.take(peer(1), token(3), now), "nobody's");
        assert!(tokens.take(peer(1), token(1), now));
        assert!(!tokens.take(peer(1), token(1), now), "used");
        assert!(tokens.take(peer(2), token(2), now));
    }

    #[test]
    fn a_token_admits_until_its_time_is_over_and_then_makes_room() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        let give = |tokens: &mut Tokens, at| {
            let given =
                (0..=LANE_TOKENS_PER_PEER_MAX).take_while(|&n| tokens.give(peer(1), token(n), at));
            given.count()
        };
        assert_eq!(give(&mut tokens, now), LANE_TOKENS_PER_PEER_MAX);
        let end = now + LANE_TOKEN_LIFE;
        let just_before = now + LANE_TOKEN_LIFE.saturating_sub(Duration::from_nanos(1));
        assert!(tokens.take(peer(1), token(0), just_before));
        assert!(!tokens.take(peer(1), token(1), end));
        assert_eq!(give(&mut tokens, end), LANE_TOKENS_PER_PEER_MAX);
    }

    #[test]
    fn a_peer_gets_as_many_tokens_as_the_limit_and_not_one_more() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        for n in 0..LANE_TOKENS_PER_PEER_MAX {
            assert!(tokens.give(peer(1), token(n), now));
        }
        assert!(!tokens.give(peer(1), token(99), now));
        assert!(tokens.give(peer(2), token(99), now));
        tokens.forget(peer(1));
        assert!(!tokens.take(peer(1), token(0), now));
        assert!(tokens.give(peer(1), token(0), now));
    }

    #[test]
    fn all_peers_together_get_as_many_tokens_as_the_limit_and_not_one_more() {
        let (mut tokens, now) = (Tokens::default(), Instant::now());
        for n in 0..LANE_TOKENS_MAX {
            assert!(tokens.give(peer(n), token(n), now));
        }
        assert!(!tokens.give(peer(LANE_TOKENS_MAX), token(0), now));
        assert!(tokens.take(peer(0), token(0), now));
        assert!(tokens.give(peer(LANE_TOKENS_MAX), token(0), now));
    }
}
