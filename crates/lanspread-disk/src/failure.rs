//! Turns what the operating system says into words that say what was tried, on what, and what to do.
//!
//! Invariant: every failure that leaves the disk side has a kind that decisions can rest on. It knows
//! no game and no step.

use std::{io, path::Path};

use lanspread_core::{
    DiskFailure, DiskFailureKind,
    root::{Blocked, BlockedKind},
};

/// Puts what was being done into an error of the operating system.
pub(crate) trait Doing<T> {
    /// `what` completes the sentence "cannot …".
    fn doing(self, what: &str, path: impl AsRef<Path>) -> Result<T, DiskFailure>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: &str, path: impl AsRef<Path>) -> Result<T, DiskFailure> {
        self.map_err(|error| io_failure(what, path.as_ref(), &error))
    }
}

/// Makes a failure of a kind with a message.
pub(crate) fn failure(kind: DiskFailureKind, message: impl Into<String>) -> DiskFailure {
    DiskFailure {
        kind,
        message: message.into(),
    }
}

/// The failure of something that the core ended.
pub(crate) fn aborted() -> DiskFailure {
    failure(DiskFailureKind::Aborted, "cancelled")
}

/// The failure of a goal that cannot be reached.
pub(crate) fn blocked(blocked: Blocked) -> DiskFailure {
    let kind = match blocked.kind {
        BlockedKind::NotDownloaded | BlockedKind::DownloadGone => DiskFailureKind::NotFound,
        BlockedKind::Installed | BlockedKind::Foreign | BlockedKind::Newer => {
            DiskFailureKind::Foreign
        }
    };
    DiskFailure {
        kind,
        message: blocked.message,
    }
}

/// The kind of failure that an error of the operating system is, the one place that knows which of them mean
/// a full disk or a missing right.
#[must_use]
pub fn kind_of(error: io::ErrorKind) -> DiskFailureKind {
    match error {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            DiskFailureKind::NoSpace
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            DiskFailureKind::NotAllowed
        }
        io::ErrorKind::NotFound => DiskFailureKind::NotFound,
        io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::DirectoryNotEmpty => DiskFailureKind::Foreign,
        // Kinds of errors are the standard library's, and new ones appear.
        _ => DiskFailureKind::Io,
    }
}

/// What the system says, as a failure whose words say what was tried, on what, and what to do. `what` completes the
/// sentence "cannot …".
#[must_use]
pub fn io_failure(what: &str, path: &Path, error: &io::Error) -> DiskFailure {
    let kind = kind_of(error.kind());
    let advice = match kind {
        DiskFailureKind::NoSpace => ": make room on this disk and try again",
        DiskFailureKind::NotAllowed => {
            ": allow this user to write there, and close programs that use the file"
        }
        DiskFailureKind::Foreign => {
            ": something else stands under this name; look what it is and move it away"
        }
        DiskFailureKind::NotFound
        | DiskFailureKind::BadArchive
        | DiskFailureKind::FolderAway
        | DiskFailureKind::FoldersClash
        | DiskFailureKind::Aborted
        | DiskFailureKind::Io => "",
    };
    let path = path.display();
    failure(kind, format!("cannot {what} `{path}`: {error}{advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_forbidden_file_are_told_apart_and_say_what_to_do() {
        let full: io::Result<()> = Err(io::ErrorKind::StorageFull.into());
        let full = full.doing("write", "a/b").unwrap_err();
        assert_eq!(full.kind, DiskFailureKind::NoSpace);
        assert!(full.message.starts_with("cannot write `a/b`: "), "{full}");
        assert!(full.message.contains("make room"), "{full}");
        let denied: io::Result<()> = Err(io::ErrorKind::PermissionDenied.into());
        let denied = denied.doing("rename", "c").unwrap_err();
        assert_eq!(denied.kind, DiskFailureKind::NotAllowed);
        assert!(denied.message.contains("allow this user"), "{denied}");
    }
}
