//! What effects are answered with when they succeed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
};

use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash, Script, Version};
use lanspread_proto::{ListenAddr, PeerId};

use super::{AfterDownload, DiskFailure, GameProblem};

/// Whether hashing may rely on what was hashed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashTrust {
    /// A file with the same size and times is not read again.
    Unchanged,
    /// Every byte is read: for `verify`.
    Nothing,
}

/// A successful dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialed {
    /// Who answered, as proved by the connection.
    pub peer_id: PeerId,
    /// Which candidate won.
    pub remote: ListenAddr,
    /// Where this peer's listener can be reached from there.
    pub local_listen_addr: ListenAddr,
}

/// What a peer answers when asked for a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestAnswer {
    /// The manifest; its hash is the one that was asked for.
    Manifest(Arc<Manifest>),
    /// It is still hashing.
    Pending {
        /// Bytes hashed so far.
        hashed_bytes: u64,
        /// Bytes of all files.
        total_bytes: u64,
    },
    /// It does not have it (any more).
    Refused(String),
}

/// What a scan finds in one direct child of the game directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootReport {
    /// The game.
    pub id: GameId,
    /// The sentinel.
    pub sentinel: SentinelReport,
    /// Whether `local/` is a directory.
    pub installed: bool,
    /// The scripts of the game that this system can run.
    pub scripts: BTreeSet<Script>,
    /// Whether [`crate::root::Goal::Settle`] has something to do here. A download that waits to be
    /// resumed does not count.
    pub unsettled: bool,
    /// The manifest of a download that waits in the staging place to be resumed.
    pub pending_download: Option<ManifestHash>,
    /// What was to follow that download.
    pub after_download: AfterDownload,
    /// How much of that download is there; `None` if none waits, or that cannot be read.
    pub gathered: Option<Gathered>,
    /// Bytes of the files that belong to the game.
    pub size_bytes: u64,
    /// The manifest, if every file is hashed and unchanged since.
    pub manifest: Option<ManifestHash>,
    /// Why this root cannot be shared although the sentinel is there.
    pub problem: Option<GameProblem>,
}

/// What of an unfinished download lies in its staging place, as it was noted when the last chunk was stored:
/// it is hashed again before the download goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gathered {
    /// Bytes of the chunks that were stored.
    pub stored_bytes: u64,
    /// Bytes of the game.
    pub total_bytes: u64,
}

/// What stands at a root's `version.ini`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentinelReport {
    /// Nothing, or not a regular file: not downloaded.
    Absent,
    /// A sentinel with a version.
    Version(Version),
    /// A file that holds no version; the reason, for people.
    Unreadable(String),
}

/// What a look at all game directories finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LibraryReport {
    /// Each game once, sorted by id.
    pub roots: Vec<RootReport>,
    /// Games that are known to lie in a directory that cannot be read, and in which.
    pub away: BTreeMap<GameId, PathBuf>,
    /// Why the directory where new games go cannot be read, if it cannot and another one can.
    pub first_problem: Option<DiskFailure>,
    /// The further directories, in their order.
    pub more_dirs: Vec<GameDirReport>,
    /// Games that lie in two directories, sorted by id.
    pub twice: Vec<FoundTwice>,
}

impl From<Vec<RootReport>> for LibraryReport {
    /// What is found where there is one directory.
    fn from(roots: Vec<RootReport>) -> Self {
        Self {
            roots,
            ..Self::default()
        }
    }
}

/// A game directory beside the one where new games go, as it was found when it was looked at last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameDirReport {
    /// The directory, as the user named it.
    pub path: PathBuf,
    /// Why it cannot be read; `None` if it can.
    pub problem: Option<DiskFailure>,
    /// Bytes that are free there, if the system says so.
    pub free_bytes: Option<u64>,
}

/// A game that lies in two directories.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundTwice {
    /// The game.
    pub id: GameId,
    /// The directory whose copy counts.
    pub used: PathBuf,
    /// The directory whose copy is passed over.
    pub passed_over: PathBuf,
}

/// What is already there when a download starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedDownload {
    /// Chunks that need not be fetched: verified in the staging place, or in a file of the old
    /// version that stays as it is.
    pub stored: Vec<ChunkRef>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProgress {
    /// What is done.
    pub work: StepWork,
    /// Which of how many archives or files, from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// Bytes done in all.
    pub done_bytes: u64,
    /// Bytes to do in all, where that is known beforehand.
    pub total_bytes: Option<u64>,
}

impl StepProgress {
    /// How much is done and how much there is, in bytes or in archives and files; `None` where nothing
    /// can be counted.
    #[must_use]
    pub fn share(&self) -> Option<(u64, u64)> {
        if self.work == StepWork::Syncing {
            // Only the disk knows how much of it is still to be written.
            return None;
        }
        match self.total_bytes {
            Some(total_bytes) if total_bytes > 0 => {
                Some((self.done_bytes.min(total_bytes), total_bytes))
            }
            Some(_) | None if self.count > 1 => Some((
                u64::from(self.index.saturating_sub(1).min(self.count)),
                u64::from(self.count),
            )),
            Some(_) | None => None,
        }
    }
}

/// What a step does that takes long enough to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepWork {
    /// An archive is unpacked.
    Unpacking {
        /// The archive's name.
        archive: String,
    },
    /// What was unpacked is made to stay on the disk.
    Syncing,
    /// Files that were fetched are moved into place.
    Moving,
    /// Files of the player are taken to the new version.
    Keeping,
    /// What an interrupted switch left is looked at.
    Checking,
}

impl fmt::Display for StepWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpacking { archive } => write!(f, "unpacking {archive}"),
            Self::Syncing => f.write_str("writing to the disk"),
            Self::Moving => f.write_str("moving files into place"),
            Self::Keeping => f.write_str("keeping your own files"),
            Self::Checking => f.write_str("checking what an interrupted switch left"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(work: StepWork, index: u32, count: u32, total_bytes: Option<u64>) -> StepProgress {
        StepProgress {
            work,
            index,
            count,
            done_bytes: 30,
            total_bytes,
        }
    }

    #[test]
    fn a_step_counts_bytes_where_an_archive_tells_them_and_pieces_where_it_does_not() {
        let unpacking = || StepWork::Unpacking {
            archive: "chess.eti".to_owned(),
        };
        let table = [
            (at(unpacking(), 1, 1, Some(90)), Some((30, 90))),
            (at(unpacking(), 3, 9, Some(90)), Some((30, 90))),
            // Links count as what they lead to, so more can be written than was announced.
            (at(unpacking(), 1, 1, Some(20)), Some((20, 20))),
            (at(unpacking(), 3, 9, None), Some((2, 9))),
            (at(unpacking(), 1, 1, None), None),
            (at(unpacking(), 1, 1, Some(0)), None),
            (at(StepWork::Moving, 812, 9_341, None), Some((811, 9_341))),
            (at(StepWork::Syncing, 1, 1, Some(30)), None),
        ];
        for (progress, share) in table {
            assert_eq!(progress.share(), share, "{progress:?}");
        }
    }
}
