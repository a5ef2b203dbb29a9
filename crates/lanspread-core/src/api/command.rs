//! What an embedder can ask for, and why that may be refused.

use std::{path::PathBuf, time::Duration};

use lanspread_db::GameId;
use lanspread_proto::{ListenAddr, MessageText, PeerId};

use super::ErrorKind;
use crate::rates::{LimitChanges, Playing};

/// What an embedder can ask for. Each is answered at once; what takes longer reports by events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerCommand {
    /// Ask the peers what a download of the game would fetch: [`PeerEvent::GotGameFiles`](crate::PeerEvent::GotGameFiles).
    GetGame {
        /// The game.
        id: GameId,
    },
    /// The same for a game that is here already in another version: bypasses the local archive.
    FetchLatestFromPeers {
        /// The game.
        id: GameId,
    },
    /// Download a game.
    DownloadGameFiles {
        /// The game.
        id: GameId,
        /// What happens after the last byte.
        then: AfterDownload,
        /// What happens to the old version while the new one gathers.
        room: DownloadRoom,
    },
    /// Unpack a downloaded game to `local/`.
    InstallGame {
        /// The game.
        id: GameId,
    },
    /// Delete `local/`.
    UninstallGame {
        /// The game.
        id: GameId,
    },
    /// Delete a downloaded game that is not installed.
    RemoveGame {
        /// The game.
        id: GameId,
    },
    /// Read every byte again and repair from the peers what is damaged.
    VerifyGame {
        /// The game.
        id: GameId,
    },
    /// End the running operation of a game.
    Cancel {
        /// The game.
        id: GameId,
    },
    /// End the running download of a game and keep what has come, so that another one goes on from there.
    Pause {
        /// The game.
        id: GameId,
    },
    /// Use another game directory for new games; the further ones stay. One of those changes places with the
    /// present one.
    SetGameDir {
        /// The directory.
        path: PathBuf,
    },
    /// Use these game directories beside the one where new games go, and no others.
    SetMoreGameDirs {
        /// The directories, at most [`MORE_GAME_DIRS_MAX`](crate::limits::MORE_GAME_DIRS_MAX).
        paths: Vec<PathBuf>,
    },
    /// Keep a peer out for the evening, however often it comes back; everybody else does so as well
    /// if this is the organiser's peer.
    Expel {
        /// The peer.
        peer_id: PeerId,
        /// For how long.
        time: Duration,
    },
    /// Let a peer in again that is kept away.
    Readmit {
        /// The peer.
        peer_id: PeerId,
    },
    /// Limit how fast transfers are, from this moment on and after a restart; answered when that is
    /// written down.
    SetRateLimits {
        /// What becomes of each limit.
        changes: LimitChanges,
    },
    /// Let uploads yield to a game, or not, until this peer ends.
    SetPlaying {
        /// Whether the user plays.
        playing: Playing,
    },
    /// Say something to everybody at the party, and to those who come within the hour.
    Say {
        /// What.
        text: MessageText,
    },
    /// Connect to a peer by its listener address.
    Connect {
        /// The address.
        addr: ListenAddr,
    },
}

/// What happens when a download is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDownload {
    /// Install it.
    Install,
    /// Leave it.
    Keep,
}

/// What happens to the old version while a new one is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadRoom {
    /// It stays until the new one is complete.
    KeepOld,
    /// It is given up first, for disks that cannot hold both.
    GiveUpOld,
}

/// Why a command was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CommandRefused {
    /// The kind, for programs.
    pub kind: ErrorKind,
    /// What was tried, why not, what to do.
    pub message: String,
}
