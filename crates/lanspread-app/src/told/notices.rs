//! What a notice is about.

use lanspread_db::{GameId, Script, Version};
use lanspread_peer as peer;
use lanspread_peer::{ErrorKind, ListenAddr, PeerEvent, PeerId, PeerName};
use serde::Serialize;
use ts_rs::TS;

use super::{AwayReason, DiscoveryTrouble};
use crate::health::FolderFault;

/// What a notice is about. A kind of error is one that `docs/JSONL.md` lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NoticeAbout {
    /// A peer that was found cannot take part.
    PeerRefused {
        /// What it calls itself, or where it is.
        name: String,
        /// The kind of error.
        error: &'static str,
    },
    /// A peer is not let in any more.
    PeerKeptAway {
        /// What it calls itself.
        #[ts(type = "string")]
        name: PeerName,
        /// Why.
        reason: AwayReason,
    },
    /// A peer went away.
    PeerLost {
        /// What it calls itself.
        #[ts(type = "string")]
        name: PeerName,
        /// Why.
        reason: LostReason,
    },
    /// An address that was asked for does not answer, or not as it should.
    ConnectFailed {
        /// The address.
        #[ts(type = "string")]
        addr: ListenAddr,
        /// The kind of error.
        error: &'static str,
    },
    /// Peers offer different files as the same version of a game.
    Conflict {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// The version.
        #[ts(type = "string")]
        version: Version,
        /// How many sets of files are offered.
        #[ts(type = "number")]
        sets: usize,
        /// What follows.
        result: Conflict,
    },
    /// Something could not be done with a game.
    GameFailed {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// The kind of error.
        error: &'static str,
    },
    /// A source of a download was given up.
    SourceDropped {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// The source.
        #[ts(type = "string")]
        peer_id: PeerId,
        /// What it calls itself.
        #[ts(type = "string")]
        name: PeerName,
        /// Why.
        reason: DropReason,
    },
    /// A script of a game failed.
    ScriptFailed {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// Which script.
        #[ts(type = "Script")]
        script: Script,
        /// What became of it.
        fault: ScriptFault,
    },
    /// The peer cannot go on.
    Broken,
    /// Peers are not found by themselves.
    DiscoveryFails {
        /// What keeps them from it.
        trouble: DiscoveryTrouble,
    },
    /// They are again.
    DiscoveryWorks,
    /// More peers are advertised than are tracked.
    TooManyAdvertised,
    /// The folder of games cannot be read.
    FolderUnreadable {
        /// What keeps it from that.
        fault: FolderFault,
    },
    /// It can be read again.
    FolderReadable,
    /// One of the further folders of games cannot be read.
    MoreFolderUnreadable {
        /// Where.
        path: String,
        /// What keeps it from that.
        fault: FolderFault,
    },
    /// It can be read again.
    MoreFolderReadable {
        /// Where.
        path: String,
    },
    /// Games lie in two folders, and are used from the first.
    FoundTwice {
        /// Which.
        #[ts(type = "Array<string>")]
        games: Vec<GameId>,
    },
    /// The folder of games cannot be written to.
    FolderReadOnly {
        /// What keeps it from that.
        fault: FolderFault,
    },
    /// It can be written to again.
    FolderWritable,
    /// The folder of games was not there and has been made.
    FolderMade {
        /// Where.
        path: String,
    },
    /// More games are here than can be announced.
    LibraryFull {
        /// How many are here.
        #[ts(type = "number")]
        games: usize,
    },
    /// The files of a game could not be checked, so others cannot fetch it.
    NotShared {
        /// The game.
        #[ts(type = "string")]
        id: GameId,
        /// What the disk did.
        fault: FolderFault,
    },
    /// Whoever was expelled stays out until this peer ends, and no longer.
    ExpulsionsNotKept,
    /// Which downloads wait is not kept for the next start.
    QueueNotKept,
    /// A file of Lanspread's own cannot be used, so what it held begins anew.
    StateFile {
        /// What it held.
        file: StateFile,
    },
    /// A catalog lies beside the games, and decides which of them belong to the party.
    CatalogBeside {
        /// Where.
        path: String,
    },
    /// A row of the catalog is not used.
    CatalogRow,
    /// More rows of it are not used.
    CatalogRows {
        /// How many more.
        #[ts(type = "number")]
        more: usize,
    },
    /// The pictures of games cannot be unpacked.
    NoCovers,
    /// Other programs of this machine cannot talk to this peer.
    NoControl,
}

/// Why a peer went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LostReason {
    /// It said that it goes.
    Goodbye,
    /// Nothing was heard of it.
    Silent {
        /// For how many seconds.
        #[ts(type = "number")]
        seconds: u64,
    },
    /// It is kept away.
    KeptAway,
    /// It runs another version of Lanspread by now.
    OtherVersion,
    /// It is not of this party by now.
    OtherParty,
    /// The connection with it broke.
    Connection,
}

/// Why a source of a download was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DropReason {
    /// It sent wrong bytes; none of them was stored.
    WrongBytes {
        /// The file of which.
        file: String,
    },
    /// What it sent makes no sense.
    Protocol,
    /// It does not give this game.
    Refused,
    /// It failed too often in a row.
    Failed {
        /// How often.
        attempts: u32,
    },
}

/// What follows when peers offer different files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// Those that the catalog pins are fetched.
    Pinned,
    /// Nobody has those that the catalog pins.
    PinnedMissing,
    /// Those that most peers have are fetched.
    Most,
    /// Nothing is fetched: as many peers have the one as the other.
    Tie,
}

/// What became of a script that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptFault {
    /// What has to be done before could not be done.
    NotPrepared,
    /// It could not be started.
    NotStarted,
    /// It ended with an error.
    EndedBadly,
    /// It had not ended in its time.
    TooLong,
}

/// What a file of Lanspread's own holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum StateFile {
    /// The key of this peer: it is another one from here on.
    Identity,
    /// Who is expelled.
    Expelled,
    /// How fast transfers may be.
    Rates,
    /// The settings.
    Settings,
    /// The downloads that wait.
    Queue,
}

impl NoticeAbout {
    /// What an event is about, and its sentence, if users are told of it later.
    pub(crate) fn event(event: &PeerEvent) -> Option<(Self, String)> {
        Some(match event {
            PeerEvent::PeerRefused {
                who, kind, reason, ..
            } => {
                let (name, error) = (who.clone(), kind.as_str());
                (Self::PeerRefused { name, error }, reason.clone())
            }
            PeerEvent::PeerKeptAway { name, reason, .. } => (
                Self::PeerKeptAway {
                    name: name.clone(),
                    reason: AwayReason::from(reason),
                },
                reason.to_string(),
            ),
            PeerEvent::PeerLost { name, reason, .. } => (
                Self::PeerLost {
                    name: name.clone(),
                    reason: LostReason::from(reason),
                },
                reason.to_string(),
            ),
            PeerEvent::ConnectFinished {
                addr,
                result: Err(error),
            } => (
                Self::ConnectFailed {
                    addr: *addr,
                    error: error.kind.as_str(),
                },
                error.message.clone(),
            ),
            PeerEvent::GetGameFailed { id, error } => {
                (Self::game_failed(id, error.kind), error.message.clone())
            }
            PeerEvent::ManifestConflict { .. } => return conflict(event),
            PeerEvent::SourceDropped {
                id,
                peer_id,
                name,
                reason,
            } => (
                Self::SourceDropped {
                    id: id.clone(),
                    peer_id: *peer_id,
                    name: name.clone(),
                    reason: DropReason::from(reason),
                },
                format!("{name}: {reason}"),
            ),
            PeerEvent::Notice(notice) => (Self::from_peer(&notice.about)?, notice.message.clone()),
            PeerEvent::RuntimeFailed { reason } => (Self::Broken, reason.clone()),
            PeerEvent::ConnectFinished { result: Ok(_), .. }
            | PeerEvent::LocalPeerReady { .. }
            | PeerEvent::Message(_)
            | PeerEvent::OperationEnded { .. }
            | PeerEvent::UploadEnded { .. }
            | PeerEvent::PeerConnected { .. }
            | PeerEvent::PeerMoved { .. }
            | PeerEvent::PeerReadmitted { .. }
            | PeerEvent::RatesChanged { .. }
            | PeerEvent::GamesListUpdated
            | PeerEvent::ActiveOperationsChanged { .. }
            | PeerEvent::GotGameFiles { .. }
            | PeerEvent::OperationBegan { .. }
            | PeerEvent::OperationProgress { .. }
            | PeerEvent::HashingProgress { .. } => return None,
        })
    }

    /// That something could not be done with a game.
    pub(crate) fn game_failed(id: &GameId, kind: ErrorKind) -> Self {
        Self::GameFailed {
            id: id.clone(),
            error: kind.as_str(),
        }
    }

    /// What the peer's own notice is about; `None` for one that was told by its embedder, who keeps it.
    fn from_peer(about: &peer::NoticeAbout) -> Option<Self> {
        Some(match about {
            peer::NoticeAbout::DiscoveryFails(trouble) => Self::DiscoveryFails {
                trouble: DiscoveryTrouble::from(*trouble),
            },
            peer::NoticeAbout::DiscoveryWorks => Self::DiscoveryWorks,
            peer::NoticeAbout::TooManyAdvertised => Self::TooManyAdvertised,
            peer::NoticeAbout::GameDirUnreadable(failure) => Self::FolderUnreadable {
                fault: FolderFault::from(*failure),
            },
            peer::NoticeAbout::GameDirReadable => Self::FolderReadable,
            peer::NoticeAbout::MoreGameDirUnreadable { dir, failure } => {
                Self::MoreFolderUnreadable {
                    path: dir.display().to_string(),
                    fault: FolderFault::from(*failure),
                }
            }
            peer::NoticeAbout::MoreGameDirReadable { dir } => Self::MoreFolderReadable {
                path: dir.display().to_string(),
            },
            peer::NoticeAbout::FoundTwice { games } => Self::FoundTwice {
                games: games.clone(),
            },
            peer::NoticeAbout::LibraryFull { games } => Self::LibraryFull { games: *games },
            peer::NoticeAbout::NotShared { id, failure } => Self::NotShared {
                id: id.clone(),
                fault: FolderFault::from(*failure),
            },
            peer::NoticeAbout::ExpulsionsNotKept => Self::ExpulsionsNotKept,
            peer::NoticeAbout::StateFile(file) => Self::StateFile {
                file: match file {
                    peer::StateFile::Identity => StateFile::Identity,
                    peer::StateFile::Expelled => StateFile::Expelled,
                    peer::StateFile::Rates => StateFile::Rates,
                },
            },
            peer::NoticeAbout::Embedder => return None,
        })
    }
}

fn conflict(event: &PeerEvent) -> Option<(NoticeAbout, String)> {
    let PeerEvent::ManifestConflict {
        id,
        version,
        offers,
        chosen,
        pinned,
    } = event
    else {
        return None;
    };
    let sets = offers.len();
    let about = NoticeAbout::Conflict {
        id: id.clone(),
        version: *version,
        sets,
        result: match (chosen, pinned) {
            (Some(_), Some(_)) => Conflict::Pinned,
            (None, Some(_)) => Conflict::PinnedMissing,
            (Some(_), None) => Conflict::Most,
            (None, None) => Conflict::Tie,
        },
    };
    let message = format!("version {version} is offered with {sets} different sets of files");
    Some((about, message))
}

impl From<&peer::LostReason> for LostReason {
    fn from(reason: &peer::LostReason) -> Self {
        match reason {
            peer::LostReason::Goodbye => Self::Goodbye,
            peer::LostReason::Silent { seconds } => Self::Silent { seconds: *seconds },
            peer::LostReason::KeptAway(_) => Self::KeptAway,
            peer::LostReason::OtherVersion => Self::OtherVersion,
            peer::LostReason::OtherParty => Self::OtherParty,
            peer::LostReason::Connection(_) => Self::Connection,
        }
    }
}

impl From<&peer::DropReason> for DropReason {
    fn from(reason: &peer::DropReason) -> Self {
        match reason {
            peer::DropReason::WrongBytes { path, .. } => Self::WrongBytes {
                file: path.as_str().to_owned(),
            },
            peer::DropReason::Protocol(_) => Self::Protocol,
            peer::DropReason::Refused(_) => Self::Refused,
            peer::DropReason::Failed { attempts, .. } => Self::Failed {
                attempts: *attempts,
            },
        }
    }
}
