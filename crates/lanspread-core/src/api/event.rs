//! What an embedder is told.
//!
//! Invariant: events come in the order in which things happened; the front end renders the view and
//! uses events only to know that there is news.

use std::{fmt, time::Duration};

use lanspread_db::{CatalogMode, GameFileDescription, GameId, ManifestHash, Version};
use lanspread_proto::{ListenAddr, PeerId, PeerName};

use crate::{
    conduct::KeepAwayReason,
    rates::{Playing, RateLimits},
    transfer::DropReason,
};

use super::{ErrorKind, MessageView, Notice, OperationError, OperationKind, Outcome, Progress};

/// What an embedder is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// The listener is bound and the peer takes part.
    LocalPeerReady {
        /// Who this peer is.
        peer_id: PeerId,
        /// Every address others may use.
        addrs: Vec<ListenAddr>,
        /// Whether a catalog rules.
        mode: CatalogMode,
    },
    /// A peer is connected.
    PeerConnected {
        /// The peer.
        peer_id: PeerId,
        /// Its listener address.
        addr: ListenAddr,
        /// Its name.
        name: PeerName,
    },
    /// A known peer is reached under another address.
    PeerMoved {
        /// The peer.
        peer_id: PeerId,
        /// Its listener address.
        addr: ListenAddr,
    },
    /// A peer is gone.
    PeerLost {
        /// The peer.
        peer_id: PeerId,
        /// Its name.
        name: PeerName,
        /// Why.
        reason: LostReason,
    },
    /// A peer cannot take part, for example because it "runs another version of Lanspread".
    PeerRefused {
        /// The peer, if known.
        peer_id: Option<PeerId>,
        /// Where or what it is, for people.
        who: String,
        /// The kind.
        kind: ErrorKind,
        /// Why, for people.
        reason: String,
    },
    /// A peer is kept away: its connections are closed and new ones are refused.
    PeerKeptAway {
        /// The peer.
        peer_id: PeerId,
        /// Its name, or the beginning of its id.
        name: PeerName,
        /// Why, and for how long.
        reason: KeepAwayReason,
    },
    /// A peer that was kept away may come again.
    PeerReadmitted {
        /// The peer.
        peer_id: PeerId,
        /// Its name, or the beginning of its id.
        name: PeerName,
    },
    /// Somebody said something to the party, here or elsewhere.
    Message(MessageView),
    /// The limits of transfers changed, or whether the user plays.
    RatesChanged {
        /// The limits in force.
        limits: RateLimits,
        /// Whether uploads yield to a game.
        playing: Playing,
    },
    /// A `connect` command came to its end.
    ConnectFinished {
        /// The address.
        addr: ListenAddr,
        /// Who is there, or why nobody is.
        result: Result<PeerId, OperationError>,
    },
    /// The merged list of games changed.
    GamesListUpdated,
    /// The set of running operations changed.
    ActiveOperationsChanged {
        /// All that run.
        active: Vec<(GameId, OperationKind)>,
    },
    /// What a download would fetch; answers `GetGame` and `FetchLatestFromPeers`.
    GotGameFiles {
        /// The game.
        id: GameId,
        /// Its version.
        version: Version,
        /// The manifest.
        manifest: ManifestHash,
        /// All files.
        files: Vec<GameFileDescription>,
    },
    /// `GetGame` or `FetchLatestFromPeers` failed.
    GetGameFailed {
        /// The game.
        id: GameId,
        /// Why.
        error: OperationError,
    },
    /// Peers disagree about a game's files. With a `chosen` manifest the download goes on.
    ManifestConflict {
        /// The game.
        id: GameId,
        /// The version.
        version: Version,
        /// Who says what, most peers first.
        offers: Vec<Offer>,
        /// The manifest that is pinned, else the one that most announce; `None` on a tie, and while
        /// nobody has what is pinned.
        chosen: Option<ManifestHash>,
        /// The manifest that the catalog pins for this version.
        pinned: Option<ManifestHash>,
    },
    /// An operation began.
    OperationBegan {
        /// The game.
        id: GameId,
        /// What runs.
        kind: OperationKind,
    },
    /// An operation goes on.
    OperationProgress {
        /// The game.
        id: GameId,
        /// What runs.
        kind: OperationKind,
        /// How far.
        progress: Progress,
    },
    /// A source of a running download failed and is not asked any more.
    SourceDropped {
        /// The game.
        id: GameId,
        /// The source.
        peer_id: PeerId,
        /// Its name.
        name: PeerName,
        /// Why; reads as the end of a sentence that begins with the source.
        reason: DropReason,
    },
    /// An operation ended: exactly one for each that began.
    OperationEnded {
        /// The game.
        id: GameId,
        /// What ended.
        kind: OperationKind,
        /// How.
        outcome: Outcome,
    },
    /// An upload came to rest: the peer has asked for nothing more of the game for a while.
    UploadEnded {
        /// The game.
        id: GameId,
        /// The receiver.
        peer_id: PeerId,
        /// Its name.
        name: PeerName,
        /// Bytes that left for it.
        bytes: u64,
        /// From its first request to its last byte.
        elapsed: Duration,
    },
    /// Files of a game are being hashed so that it can be shared.
    HashingProgress {
        /// The game.
        id: GameId,
        /// Bytes hashed.
        hashed_bytes: u64,
        /// Bytes of all files.
        total_bytes: u64,
    },
    /// Something the user should know, once.
    Notice(Notice),
    /// The runtime cannot go on; the peer ends.
    RuntimeFailed {
        /// Why.
        reason: String,
    },
}

/// Why a peer is gone. Its text is a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostReason {
    /// It said `Goodbye`.
    Goodbye,
    /// Nothing was heard of it, although it was asked.
    Silent {
        /// For how many seconds.
        seconds: u64,
    },
    /// It is kept away; the sentence says why.
    KeptAway(String),
    /// It runs another version by now.
    OtherVersion,
    /// It is not of this party by now.
    OtherParty,
    /// The connection with it failed; what was seen of that.
    Connection(String),
}

impl fmt::Display for LostReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Goodbye => f.write_str("it said goodbye"),
            Self::Silent { seconds } => write!(f, "nothing was heard of it for {seconds} s"),
            Self::OtherVersion => f.write_str("it runs another version of Lanspread by now"),
            Self::OtherParty => f.write_str("it is not of this party any more"),
            Self::KeptAway(why) | Self::Connection(why) => f.write_str(why),
        }
    }
}

/// What one peer says of a game, for reports of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The manifest.
    pub manifest: ManifestHash,
    /// Bytes of its files.
    pub size_bytes: u64,
    /// Who announces it.
    pub peers: Vec<(PeerId, PeerName)>,
}
