//! Peers that somebody wants out for the evening.

use std::time::Duration;

use lanspread_proto::{PeerId, PeerName};

/// Who expelled a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpelledBy {
    /// The user of this peer.
    ThisPeer,
    /// The organiser of the party, who is somebody else.
    Organiser,
}

/// A peer that is expelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expelled {
    /// Who.
    pub peer_id: PeerId,
    /// What it called itself, or the beginning of its id.
    pub name: PeerName,
    /// By whom.
    pub by: ExpelledBy,
    /// For how much longer.
    pub left: Duration,
}
