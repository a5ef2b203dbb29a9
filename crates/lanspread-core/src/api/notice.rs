//! Something that the user should know, and what it is about, so that it can be said in any language.
//!
//! Invariant: the sentence says everything; what it is about says enough of it for another sentence.

use std::path::PathBuf;

use lanspread_db::GameId;

use super::{DiscoveryTrouble, DiskFailureKind};

/// Something the user should know, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about, for whoever says it in another language.
    pub about: NoticeAbout,
    /// In plain words, with what to do.
    pub message: String,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeAbout {
    /// Peers are not found by themselves.
    DiscoveryFails(DiscoveryTrouble),
    /// They are again.
    DiscoveryWorks,
    /// More peers are advertised than are tracked.
    TooManyAdvertised,
    /// The game directory cannot be read.
    GameDirUnreadable(DiskFailureKind),
    /// It can be read again.
    GameDirReadable,
    /// One of the further game directories cannot be read.
    MoreGameDirUnreadable {
        /// Which.
        dir: PathBuf,
        /// What the disk did.
        failure: DiskFailureKind,
    },
    /// It can be read again.
    MoreGameDirReadable {
        /// Which.
        dir: PathBuf,
    },
    /// Games lie in two game directories.
    FoundTwice {
        /// Which.
        games: Vec<GameId>,
    },
    /// More games are here than a peer can announce.
    LibraryFull {
        /// How many are here.
        games: usize,
    },
    /// The files of a game could not be hashed.
    NotShared {
        /// The game.
        id: GameId,
        /// What the disk did.
        failure: DiskFailureKind,
    },
    /// Whoever was expelled stays out until this peer ends, and no longer.
    ExpulsionsNotKept,
    /// A file of Lanspread's own cannot be used, so it begins anew.
    StateFile(StateFile),
    /// Something of the embedder's, which knows more of it.
    Embedder,
}

/// Files of a peer's own whose loss users are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateFile {
    /// Its key: it is another peer from here on.
    Identity,
    /// Who is expelled.
    Expelled,
    /// How fast transfers may be.
    Rates,
}
