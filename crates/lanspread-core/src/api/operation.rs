//! What is told of an operation: its kind, how far it is, what it came to.

use std::time::Duration;

use lanspread_db::Version;
use lanspread_proto::{PeerId, PeerName};

use super::{OperationError, OperationNote, StepProgress, WaitReason};

/// The kinds of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationKind {
    /// A game that is not here, or an update of one that is.
    Download,
    /// Unpacking to `local/`.
    Install,
    /// Deleting `local/`.
    Uninstall,
    /// Deleting a downloaded game.
    Remove,
    /// Checking and repairing.
    Verify,
    /// Completing or undoing what a crash left.
    Recover,
}

impl OperationKind {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Install => "install",
            Self::Uninstall => "uninstall",
            Self::Remove => "remove",
            Self::Verify => "verify",
            Self::Recover => "recover",
        }
    }
}

/// What an operation came to: its one terminal event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Finished(OperationReport),
    /// It failed; what was there before is there.
    Failed(OperationError),
    /// The user ended it.
    Cancelled,
}

/// What a finished operation has to tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperationReport {
    /// The version that is there after it.
    pub version: Option<Version>,
    /// Bytes that came over the network (download, verify) or were unpacked (install).
    pub moved_bytes: u64,
    /// Chunks that came over the network.
    pub chunks: u64,
    /// Chunks and bytes from each source.
    pub sources: Vec<SourceShare>,
    /// From acceptance to the end.
    pub elapsed: Duration,
    /// Things the user may want to know, for example files that were left in place.
    pub notes: Vec<OperationNote>,
}

/// What one source gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceShare {
    /// The source.
    pub peer_id: PeerId,
    /// Its name.
    pub name: PeerName,
    /// Chunks it delivered and that were stored.
    pub chunks: u64,
    /// Bytes of those chunks.
    pub bytes: u64,
    /// Its present rate, in bytes per second; the mean rate once the transfer is over.
    pub rate_bytes_per_s: u64,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Waiting for something.
    Waiting {
        /// For what.
        why: WaitReason,
    },
    /// Bytes on this disk are being checked.
    Checking {
        /// Bytes checked.
        done_bytes: u64,
        /// Bytes to check.
        total_bytes: u64,
    },
    /// Bytes are coming.
    Transferring {
        /// Verified bytes; never decreases within one operation.
        verified_bytes: u64,
        /// Bytes of the game.
        total_bytes: u64,
        /// Bytes per second over the last seconds.
        rate_bytes_per_s: u64,
        /// Time left at that rate, if there is one.
        time_left: Option<Duration>,
        /// The least time that what came could have taken, in hundredths of the time that it took, 0 to
        /// 100: at the greatest rate that this peer has seen since its start. `None` until one is known.
        efficiency_percent: Option<u8>,
        /// The sources.
        sources: Vec<SourceShare>,
    },
    /// A step on the disk.
    Step(StepProgress),
}
