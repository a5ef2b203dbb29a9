//! The live connections, by the peer that each has proved.
//!
//! Invariant: a link is listed from the handshake until its task has seen the connection end, and
//! given out for requests only until somebody closes it. The newest link of a peer is used first,
//! because an older one may lead to a run of the peer that has ended without a word.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_core::Inbound;
use lanspread_proto::PeerId;
use s2n_quic::{application, connection::Handle};

use super::{beside::Beside, limits::CONNECTIONS_PER_PEER_MAX};

/// The code of a connection that is closed because its other side is kept away.
pub(super) const KEPT_AWAY: u32 = 4;

/// Why this side closes a connection, for the other side's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// This peer leaves, or has no more use for the connection.
    Done,
    /// The other side has not proved who it is.
    NotProven,
    /// The two sides speak different wire versions.
    OtherVersion,
    /// There are too many connections with the same peer.
    TooMany,
    /// The other side misbehaved and is kept away.
    KeptAway,
    /// The other side has not proved that it is of this party.
    NotAdmitted,
    /// The other side made the connection and asked nothing.
    Silent,
}

impl CloseReason {
    /// The code on the wire.
    pub(super) fn code(self) -> application::Error {
        let code: u32 = match self {
            Self::Done => 0,
            Self::NotProven => 1,
            Self::OtherVersion => 2,
            Self::TooMany => 3,
            Self::KeptAway => KEPT_AWAY,
            Self::NotAdmitted => 5,
            Self::Silent => 6,
        };
        code.into()
    }
}

/// One live connection with a proven peer.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Tells links apart.
    pub(super) id: LinkId,
    /// Opens streams and closes the connection.
    pub(super) handle: Handle,
    /// Both ends of it.
    pub(super) ends: Inbound,
    /// The thread that moves its bytes.
    pub(super) beside: Beside,
    closing: bool,
}

impl Link {
    fn close(&mut self, reason: CloseReason) {
        self.closing = true;
        self.handle.close(reason.code());
    }
}

/// Tells links apart; grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(u64);

/// All live connections.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_peer: BTreeMap<PeerId, Vec<Link>>,
    kept_away: BTreeSet<PeerId>,
    next_id: u64,
    closed: bool,
}

impl Links {
    /// Lists a connection, or closes it if the transport is closing or its peer is kept away.
    pub(super) fn add(&mut self, handle: Handle, ends: Inbound, beside: Beside) -> Option<Link> {
        if self.closed {
            handle.close(CloseReason::Done.code());
            return None;
        }
        if self.is_kept_away(ends.peer_id) {
            handle.close(CloseReason::KeptAway.code());
            return None;
        }
        self.next_id += 1;
        let link = Link {
            id: LinkId(self.next_id),
            handle,
            ends,
            beside,
            closing: false,
        };
        let links = self.by_peer.entry(ends.peer_id).or_default();
        links.push(link.clone());
        let mut live = links.iter_mut().filter(|link| !link.closing);
        let oldest = live.next();
        if live.count() >= CONNECTIONS_PER_PEER_MAX
            && let Some(oldest) = oldest
        {
            // Its own task takes it off the list.
            oldest.close(CloseReason::TooMany);
        }
        Some(link)
    }

    /// Takes a link off the list. `true` if it was the last one with its peer.
    pub(super) fn remove(&mut self, link: &Link) -> bool {
        let peer_id = link.ends.peer_id;
        let Some(links) = self.by_peer.get_mut(&peer_id) else {
            return false;
        };
        let before = links.len();
        links.retain(|other| other.id != link.id);
        if before == links.len() || !links.is_empty() {
            return false;
        }
        self.by_peer.remove(&peer_id);
        true
    }

    /// The live links with a peer, newest first.
    pub(super) fn with_peer(&self, peer_id: PeerId) -> Vec<Link> {
        let links = self.by_peer.get(&peer_id).into_iter().flatten();
        links.rev().filter(|link| !link.closing).cloned().collect()
    }

    /// Closes all links with a peer.
    pub(super) fn close_peer(&mut self, peer_id: PeerId) {
        for link in self.by_peer.get_mut(&peer_id).into_iter().flatten() {
            link.close(CloseReason::Done);
        }
    }

    /// Closes all links with a peer and takes no more of it.
    pub(super) fn keep_away(&mut self, peer_id: PeerId) {
        self.kept_away.insert(peer_id);
        for link in self.by_peer.get_mut(&peer_id).into_iter().flatten() {
            link.close(CloseReason::KeptAway);
        }
    }

    /// Takes links with a peer again.
    pub(super) fn readmit(&mut self, peer_id: PeerId) {
        self.kept_away.remove(&peer_id);
    }

    /// Whether links with a peer are refused.
    pub(super) fn is_kept_away(&self, peer_id: PeerId) -> bool {
        self.kept_away.contains(&peer_id)
    }

    /// Closes all links and takes no more.
    pub(super) fn close(&mut self) {
        self.closed = true;
        for link in self.by_peer.values_mut().flatten() {
            link.close(CloseReason::Done);
        }
    }

    /// How many peers there are connections with.
    pub(super) fn peers(&self) -> usize {
        self.by_peer.len()
    }

    /// How many connections there are.
    pub(super) fn len(&self) -> usize {
        self.by_peer.values().map(Vec::len).sum()
    }
}
