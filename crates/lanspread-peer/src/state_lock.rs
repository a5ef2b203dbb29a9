//! The lock that keeps a second peer off a state directory.
//!
//! Invariant: a lock that is dropped is free at once, whoever else still has its file open.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use crate::StartError;

/// The lock's file in the state directory.
const FILE: &str = "lock";

/// A state directory that is this peer's. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct StateLock(File);

impl StateLock {
    /// Takes the lock of a state directory, which is made if it is not there.
    ///
    /// # Errors
    /// Another peer has it, or the directory cannot be used.
    pub(crate) fn take(dir: &Path) -> Result<Self, StartError> {
        let failed = |source| StartError::StateDir {
            dir: dir.to_owned(),
            source,
        };
        fs::create_dir_all(dir).map_err(failed)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(dir.join(FILE))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StartError::StateDirBusy {
                dir: dir.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Drop for StateLock {
    fn drop(&mut self) {
        // Closing is not enough: a game that was just started is a copy of this process until its script begins,
        // with every file open, and the lock lasts until the last copy of its file is closed.
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the state directory stays locked until this program ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_has_a_state_directory_at_a_time() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = dir.path().join("state");
        let first = StateLock::take(&state).expect("it is free");
        let refused = StateLock::take(&state).expect_err("it is taken");
        assert!(
            matches!(&refused, StartError::StateDirBusy { dir } if *dir == state),
            "{refused:?}"
        );
        drop(first);
        StateLock::take(&state).expect("it is free again");
    }

    #[test]
    fn a_lock_is_free_although_a_program_that_starts_still_has_its_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = StateLock::take(dir.path()).expect("it is free");
        let copy_of_a_child = first.0.try_clone().expect("it is open");
        drop(first);
        StateLock::take(dir.path()).expect("it is free again");
        drop(copy_of_a_child);
    }
}
