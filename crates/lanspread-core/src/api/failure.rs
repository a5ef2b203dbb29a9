//! What effects are answered with when they fail, each in words for people.

use std::{net::SocketAddr, time::Duration};

use lanspread_db::ChunkRef;
use lanspread_proto::{PeerId, Refusal, RefusalKind};

use super::{ErrorKind, PartyMismatch};

/// Why a dial failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialFailure {
    /// Nobody answered at any candidate in time.
    #[error(
        "nobody answered at {tried}: is Lanspread running there, and does its firewall let it in?"
    )]
    Unreachable {
        /// The candidates, for people.
        tried: String,
    },
    /// Somebody else answered.
    #[error("the peer at {addr} is {found}, not {expected}")]
    OtherPeer {
        /// Where.
        addr: SocketAddr,
        /// Who answered.
        found: PeerId,
        /// Who was expected.
        expected: PeerId,
    },
    /// The peer runs another version.
    #[error(
        "the peer at {addr} runs another version of Lanspread (wire version {theirs}, this is {ours})"
    )]
    OtherVersion {
        /// Where.
        addr: SocketAddr,
        /// Its wire version.
        theirs: u32,
        /// The wire version of this peer.
        ours: u32,
    },
    /// The peer is not of this party.
    #[error("the peer at {addr} {mismatch}")]
    OtherParty {
        /// Where.
        addr: SocketAddr,
        /// What does not fit.
        mismatch: PartyMismatch,
    },
    /// This peer itself answered.
    #[error("{addr} is this peer itself")]
    Myself {
        /// Where.
        addr: SocketAddr,
    },
    /// The peer is kept away.
    #[error("the peer at {addr} is kept away for a while")]
    KeptAway {
        /// Where.
        addr: SocketAddr,
    },
    /// The own listener is not bound.
    #[error("local peer listener address is not ready")]
    ListenerNotReady,
    /// The driver ended the dial.
    #[error("the dial was cancelled")]
    Aborted,
    /// The handshake of the connection failed.
    #[error("the peer at {addr} could not be verified: {reason}")]
    Handshake {
        /// Where.
        addr: SocketAddr,
        /// What went wrong.
        reason: String,
    },
}

/// Why a request got no usable response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// No connection could be made or it broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// Nothing came in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// What came breaks the protocol: the peer is to blame.
    #[error("the answer breaks the protocol: {0}")]
    Protocol(String),
    /// The driver ended the request.
    #[error("the request was cancelled")]
    Aborted,
}

/// Why chunks of a fetch are missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchFailure {
    /// The connection broke or could not be made.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// No byte came for too long.
    #[error("the source stopped sending")]
    Stalled,
    /// The source refused.
    #[error("the source refused: {0}")]
    Refused(String),
    /// It was taken back before the source began with it, because others have the chunks by now: nobody's fault.
    #[error("the request was taken back")]
    TakenBack,
    /// The source sent a chunk whose hash is wrong; nothing of it was stored.
    #[error("the source sent wrong bytes for chunk {} of file {}", .0.chunk, .0.file)]
    WrongHash(ChunkRef),
    /// What came breaks the protocol.
    #[error("the source broke the protocol: {0}")]
    Protocol(String),
    /// The chunk is fine but this disk did not take it.
    #[error("{0}")]
    Disk(DiskFailure),
    /// The driver ended the fetch.
    #[error("the fetch was cancelled")]
    Aborted,
}

impl From<Refusal> for FetchFailure {
    fn from(refusal: Refusal) -> Self {
        if refusal.kind == RefusalKind::TakenBack {
            Self::TakenBack
        } else {
            Self::Refused(refusal.message)
        }
    }
}

/// Why serving ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServeFailure {
    /// The receiver went away or stopped reading.
    #[error("the receiver went away: {0}")]
    Connection(String),
    /// The bytes could not be read, or they are not what the manifest says any more.
    #[error("{0}")]
    Disk(DiskFailure),
    /// The core ended it.
    #[error("the upload was cancelled")]
    Aborted,
}

/// Why something on this machine's disk failed, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DiskFailure {
    /// The kind, for decisions.
    pub kind: DiskFailureKind,
    /// What was tried, on what, why it failed, what to do.
    pub message: String,
}

/// The kinds of disk failure that lead to different decisions or error kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFailureKind {
    /// The disk is full, or would be.
    NoSpace,
    /// The system does not allow it.
    NotAllowed,
    /// What should be there is not.
    NotFound,
    /// Something stands in the way that is not ours to remove.
    Foreign,
    /// The folder of games that is needed cannot be read.
    FolderAway,
    /// These folders cannot be used together.
    FoldersClash,
    /// An archive is broken, hostile or of an unknown kind.
    BadArchive,
    /// The core ended it.
    Aborted,
    /// Anything else the system reports.
    Io,
}

impl DiskFailureKind {
    /// The kind of error that it is for whoever asked for what failed.
    #[must_use]
    pub const fn error_kind(self) -> ErrorKind {
        match self {
            Self::NoSpace => ErrorKind::NoSpace,
            Self::NotAllowed => ErrorKind::NotAllowed,
            Self::Foreign => ErrorKind::Foreign,
            Self::FolderAway => ErrorKind::FolderAway,
            Self::FoldersClash => ErrorKind::FoldersClash,
            Self::BadArchive => ErrorKind::BadArchive,
            Self::Aborted => ErrorKind::Cancelled,
            Self::NotFound | Self::Io => ErrorKind::Io,
        }
    }
}
