//! Names the files of games for whoever runs no peer on their directory: an organiser who pins them.
//!
//! Invariant: nothing in the game directory changes, and nothing is believed that was hashed before.

use std::{path::Path, sync::Arc};

use lanspread_core::{DiskFailure, DiskFailureKind, HashTrust, SentinelReport};
use lanspread_db::{GameId, Manifest};
use lanspread_unpack::{AnyUnpacker, CancelFlag};
use tempfile::TempDir;

use crate::{Disk, Unreadable, failure::failure};

/// Reads games of one directory.
#[derive(Debug)]
pub struct GameHasher {
    disk: Disk,
    /// Where the disk side remembers hashes; it goes with this value.
    _state: TempDir,
}

impl GameHasher {
    /// Opens a game directory.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read, or there is no room for temporary files.
    pub fn open(games_dir: &Path) -> Result<Self, DiskFailure> {
        let state = tempfile::tempdir().map_err(|error| {
            let message = format!("cannot make a temporary directory: {error}");
            failure(DiskFailureKind::Io, message)
        })?;
        let disk = Disk::new(state.path(), Arc::new(AnyUnpacker))?;
        disk.open_game_dir(games_dir, Unreadable::Refused)?;
        Ok(Self {
            disk,
            _state: state,
        })
    }

    /// Reads every byte of a game; `progress` gets the bytes that were read and those to read. `None`
    /// if the game is not downloaded there.
    ///
    /// # Errors
    ///
    /// When its sentinel holds no version, its files cannot make a manifest, or one cannot be read or
    /// changes meanwhile.
    pub fn hash(
        &self,
        id: &GameId,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Option<Arc<Manifest>>, DiskFailure> {
        match self.disk.scan_root(id)?.map(|root| root.sentinel) {
            None | Some(SentinelReport::Absent) => Ok(None),
            Some(SentinelReport::Unreadable(reason)) => Err(failure(
                DiskFailureKind::NotFound,
                format!("{id} has no version: {reason}"),
            )),
            Some(SentinelReport::Version(_)) => self
                .disk
                .hash_root(id, HashTrust::Nothing, progress, &CancelFlag::new())
                .map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn id(text: &str) -> GameId {
        GameId::parse(text).unwrap()
    }

    #[test]
    fn a_game_is_named_by_its_bytes_and_its_directory_stays_as_it_is() {
        let games = tempfile::tempdir().unwrap();
        for root in ["chess", "go", "broken"] {
            fs::create_dir(games.path().join(root)).unwrap();
        }
        fs::write(games.path().join("chess/version.ini"), "20240101").unwrap();
        fs::write(games.path().join("chess/chess.eti"), [7; 1000]).unwrap();
        fs::write(games.path().join("broken/version.ini"), "soon").unwrap();
        let hasher = GameHasher::open(games.path()).unwrap();
        let hash = |name| hasher.hash(&id(name), &|_, _| ());
        let first = hash("chess").unwrap().unwrap();
        assert_eq!(first.total_bytes(), 1008);
        // Hashed by the same rules, a change that keeps size and time is seen.
        let path = games.path().join("chess/chess.eti");
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, [8; 1000]).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(before).unwrap();
        assert_ne!(hash("chess").unwrap().unwrap().hash(), first.hash());
        assert!(hash("go").unwrap().is_none(), "it has no sentinel");
        assert!(hash("tag").unwrap().is_none(), "it is not there");
        assert!(hash("broken").is_err());
        let left = fs::read_dir(games.path().join("chess")).unwrap().count();
        assert_eq!(left, 2);
    }
}
