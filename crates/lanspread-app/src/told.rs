//! Why something waits, failed or was told, as facts, so that every interface says it in its reader's language.
//!
//! Invariant: pure, and every kind that the peer knows is told as what it is. What no kind can hold, such as
//! the words of the system, stands beside it in English.

mod notes;
mod notices;

use lanspread_db::Version;
use lanspread_peer as peer;
use lanspread_peer::{PeerId, PeerName};
use serde::Serialize;
use ts_rs::TS;

use crate::compose::millis;

pub use notes::{LeftOut, Note};
pub use notices::{Conflict, DropReason, LostReason, NoticeAbout, ScriptFault, StateFile};

/// A peer and what it calls itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct NamedPeer {
    /// Who it is.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// What it calls itself.
    #[ts(type = "string")]
    pub name: PeerName,
}

/// For what an operation waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum WaitReason {
    /// Uploads of the game and the checking of its files have to end before they are changed.
    FilesInUse,
    /// Nobody who is here has what is missing.
    Source,
    /// A peer is asked which files there are.
    Asking {
        /// Who.
        peer: NamedPeer,
    },
    /// Every source failed; all are asked again in a moment.
    Retry,
    /// Nobody who is here has the game.
    NoPeer,
    /// Nobody who is here has these very files of it.
    NoPeerHasFiles,
    /// Others have it, and not in the version of this party.
    NoPeerHasVersion {
        /// The version of this party.
        #[ts(type = "string")]
        expected: Version,
        /// Which there are instead.
        found: Vec<FoundVersion>,
    },
    /// Others have other files of this version than the catalog pins.
    NoPeerHasPinned {
        /// The version.
        #[ts(type = "string")]
        version: Version,
        /// Who has other files.
        peers: Vec<NamedPeer>,
    },
    /// Whoever has it still checks its files.
    Hashing {
        /// Its version.
        #[ts(type = "string")]
        version: Version,
        /// Who.
        peers: Vec<NamedPeer>,
    },
}

/// A version of a game, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct FoundVersion {
    /// The version.
    #[ts(type = "string")]
    pub version: Version,
    /// Who has it.
    pub peers: Vec<NamedPeer>,
}

/// Why a peer is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum AwayReason {
    /// It misbehaved.
    Misconduct {
        /// What it did at last.
        offence: Offence,
        /// Milliseconds for which it is kept away, from the moment it was told.
        #[ts(type = "number")]
        time_ms: u64,
    },
    /// Somebody wants it out.
    Expelled {
        /// Who.
        by: ExpelledBy,
        /// Milliseconds for which it is kept away, from the moment it was told.
        #[ts(type = "number")]
        time_ms: u64,
    },
}

/// Who wants a peer out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ExpelledBy {
    /// Somebody at this machine.
    ThisPeer,
    /// The organiser of the party.
    Organiser,
}

/// What a peer did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Offence {
    /// It sent wrong bytes again and again.
    WrongBytes,
    /// It sent lists of files that are not what it announced.
    FalseManifest,
    /// It sent a library that is not what it announced.
    FalseLibrary,
    /// Its answers break the protocol.
    BrokenAnswer,
    /// Its answers come a few bytes at a time.
    TrickledAnswer,
    /// It claimed to be another peer.
    Impersonation,
    /// It gave the address of somebody else as its own.
    ForeignAddress,
    /// Its requests are no messages.
    MalformedRequest,
    /// It opens streams and asks nothing on them.
    SilentStream,
    /// It opens streams and breaks them off.
    AbandonedStream,
    /// It announces itself faster than anybody can follow.
    AnnounceStorm,
    /// It asks far more than it may.
    RequestStorm,
}

/// What keeps peers from finding each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum DiscoveryTrouble {
    /// No network is there that could be used, or another program keeps the port.
    NoInterface,
    /// The system refuses something that is needed.
    Fails,
}

/// What is wrong with a game that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Problem {
    /// The kind.
    pub kind: ProblemKind,
    /// The file of the game that it is about, if it is one.
    pub file: Option<String>,
    /// What is wrong and what to do, in words.
    pub message: String,
}

/// The kinds of problem that a game can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// A file is not what was downloaded.
    Damaged,
    /// A file has a name that not every system can hold.
    BadName,
    /// Its files cannot be exchanged as they are.
    Unfit,
    /// Its `version.ini` holds no version.
    NoVersion,
    /// Something that is not Lanspread's stands in the way.
    InTheWay,
    /// A newer Lanspread is in the middle of something here.
    Newer,
    /// The system does not allow it to be read.
    NotAllowed,
    /// The disk does not give it.
    Unreadable,
    /// It does not belong to this party.
    NotInCatalog,
    /// Its files are not those that the catalog pins.
    NotPinned,
}

fn named(peers: &[peer::NamedPeer]) -> Vec<NamedPeer> {
    peers.iter().map(NamedPeer::from).collect()
}

impl From<&peer::NamedPeer> for NamedPeer {
    fn from((peer_id, name): &peer::NamedPeer) -> Self {
        Self {
            peer_id: *peer_id,
            name: name.clone(),
        }
    }
}

impl From<&peer::WaitReason> for WaitReason {
    fn from(reason: &peer::WaitReason) -> Self {
        match reason {
            peer::WaitReason::FilesInUse => Self::FilesInUse,
            peer::WaitReason::Source { .. } => Self::Source,
            peer::WaitReason::Asking { peer } => Self::Asking {
                peer: NamedPeer::from(peer),
            },
            peer::WaitReason::Retry => Self::Retry,
            peer::WaitReason::NoPeer { .. } => Self::NoPeer,
            peer::WaitReason::NoPeerHasFiles { .. } => Self::NoPeerHasFiles,
            peer::WaitReason::NoPeerHasVersion {
                expected, found, ..
            } => Self::NoPeerHasVersion {
                expected: *expected,
                found: found
                    .iter()
                    .map(|(version, peers)| FoundVersion {
                        version: *version,
                        peers: named(peers),
                    })
                    .collect(),
            },
            peer::WaitReason::NoPeerHasPinned {
                version, others, ..
            } => Self::NoPeerHasPinned {
                version: *version,
                peers: named(others),
            },
            peer::WaitReason::Hashing { version, peers, .. } => Self::Hashing {
                version: *version,
                peers: named(peers),
            },
        }
    }
}

impl From<&peer::KeepAwayReason> for AwayReason {
    fn from(reason: &peer::KeepAwayReason) -> Self {
        match *reason {
            peer::KeepAwayReason::Misconduct { offence, time } => Self::Misconduct {
                offence: Offence::from(offence),
                time_ms: millis(time),
            },
            peer::KeepAwayReason::Expelled { by, time } => Self::Expelled {
                by: match by {
                    peer::ExpelledBy::ThisPeer => ExpelledBy::ThisPeer,
                    peer::ExpelledBy::Organiser => ExpelledBy::Organiser,
                },
                time_ms: millis(time),
            },
        }
    }
}

impl From<peer::Offence> for Offence {
    fn from(offence: peer::Offence) -> Self {
        match offence {
            peer::Offence::WrongBytes => Self::WrongBytes,
            peer::Offence::FalseManifest => Self::FalseManifest,
            peer::Offence::FalseLibrary => Self::FalseLibrary,
            peer::Offence::BrokenAnswer => Self::BrokenAnswer,
            peer::Offence::TrickledAnswer => Self::TrickledAnswer,
            peer::Offence::Impersonation => Self::Impersonation,
            peer::Offence::ForeignAddress => Self::ForeignAddress,
            peer::Offence::MalformedRequest => Self::MalformedRequest,
            peer::Offence::SilentStream => Self::SilentStream,
            peer::Offence::AbandonedStream => Self::AbandonedStream,
            peer::Offence::AnnounceStorm => Self::AnnounceStorm,
            peer::Offence::RequestStorm => Self::RequestStorm,
        }
    }
}

impl From<peer::DiscoveryTrouble> for DiscoveryTrouble {
    fn from(trouble: peer::DiscoveryTrouble) -> Self {
        match trouble {
            peer::DiscoveryTrouble::NoInterface => Self::NoInterface,
            peer::DiscoveryTrouble::Fails => Self::Fails,
        }
    }
}

impl From<&peer::GameProblem> for Problem {
    fn from(problem: &peer::GameProblem) -> Self {
        Self {
            kind: match problem.kind {
                peer::GameProblemKind::Damaged => ProblemKind::Damaged,
                peer::GameProblemKind::BadName => ProblemKind::BadName,
                peer::GameProblemKind::Unfit => ProblemKind::Unfit,
                peer::GameProblemKind::NoVersion => ProblemKind::NoVersion,
                peer::GameProblemKind::InTheWay => ProblemKind::InTheWay,
                peer::GameProblemKind::Newer => ProblemKind::Newer,
                peer::GameProblemKind::NotAllowed => ProblemKind::NotAllowed,
                peer::GameProblemKind::Unreadable => ProblemKind::Unreadable,
                peer::GameProblemKind::NotInCatalog => ProblemKind::NotInCatalog,
                peer::GameProblemKind::NotPinned => ProblemKind::NotPinned,
            },
            file: problem.file.clone(),
            message: problem.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offence_is_called_the_same_wherever_it_is_told() {
        for offence in peer::Offence::ALL {
            let told = serde_json::to_value(Offence::from(offence)).expect("a name");
            assert_eq!(told, offence.as_str());
        }
    }
}
