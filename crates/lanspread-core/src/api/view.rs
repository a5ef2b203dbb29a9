//! What users see at one moment: a snapshot, rendered as it is.

use std::sync::Arc;

use lanspread_db::{CatalogMode, GameId, ManifestHash, Version};
use lanspread_proto::{ListenAddr, PeerId, PeerName};

use super::{OperationKind, Progress};
use crate::conduct::KeepAwayReason;

/// What users see: the merged view of local and remote facts, and all that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerView {
    /// Whether a catalog rules.
    pub mode: CatalogMode,
    /// Every game that is here, at a peer or in the catalog, sorted by id.
    pub games: Arc<Vec<GameView>>,
    /// Live peers, sorted by id.
    pub peers: Vec<PeerInfo>,
    /// Peers that are kept away, sorted by id.
    pub kept_away: Vec<KeptAwayView>,
    /// Running operations, sorted by game.
    pub operations: Vec<OperationView>,
    /// Running uploads.
    pub outbound: Vec<OutboundView>,
}

/// One game as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameView {
    /// The game.
    pub id: GameId,
    /// Its title.
    pub title: String,
    /// The version here, if it is downloaded.
    pub version: Option<Version>,
    /// The version this party plays: the catalog's, or the newest announced.
    pub expected_version: Option<Version>,
    /// Bytes of its files.
    pub size_bytes: u64,
    /// Whether the sentinel is there.
    pub downloaded: bool,
    /// Whether `local/` is a directory.
    pub installed: bool,
    /// Live peers that hold the expected version.
    pub peers: Vec<PeerId>,
    /// The manifest of what is here.
    pub manifest: Option<ManifestHash>,
    /// What is wrong with it, in words for people.
    pub problem: Option<String>,
}

/// One live peer as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerInfo {
    /// The peer.
    pub peer_id: PeerId,
    /// Its listener address.
    pub addr: ListenAddr,
    /// Its name.
    pub name: PeerName,
    /// How many games it announces.
    pub games: usize,
    /// Whether its library is known as it stands.
    pub in_sync: bool,
}

/// One peer that is kept away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAwayView {
    /// The peer.
    pub peer_id: PeerId,
    /// Its name, or the beginning of its id.
    pub name: PeerName,
    /// Every reason; never empty.
    pub reasons: Vec<KeepAwayReason>,
}

/// One running operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationView {
    /// The game.
    pub id: GameId,
    /// What runs.
    pub kind: OperationKind,
    /// How far, once known.
    pub progress: Option<Progress>,
}

/// One running upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundView {
    /// The receiver.
    pub peer_id: PeerId,
    /// The game.
    pub id: GameId,
    /// Requests being served.
    pub requests: usize,
}
