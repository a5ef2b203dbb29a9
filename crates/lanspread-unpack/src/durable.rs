//! Makes what a job wrote survive a power cut.
//!
//! The one invariant: when [`sync`] returns without error, the content of every file and the
//! entries of every directory have been handed to the disk. It does not judge whether a disk keeps
//! its word.

use std::io;

use cap_std::fs::{Dir, OpenOptions};

use crate::error::UnpackError;
use crate::report::UnpackReport;

/// Files up to which each is synced by itself. Beyond, on Linux, one call asks for the whole file
/// system: a hundred thousand small files would otherwise take as many commits of its journal,
/// which is many minutes on a hard disk.
#[cfg(target_os = "linux")]
const SYNC_EACH_FILES_MAX: usize = 256;

/// Syncs everything in `report`, asking `proceed` between files.
pub(crate) fn sync(
    root: &Dir,
    report: &UnpackReport,
    mut proceed: impl FnMut() -> Result<(), UnpackError>,
) -> Result<(), UnpackError> {
    proceed()?;
    #[cfg(target_os = "linux")]
    if report.files.len() > SYNC_EACH_FILES_MAX {
        return sync_file_system(root).map_err(|source| UnpackError::Sync {
            path: ".".to_owned(),
            source,
        });
    }
    for file in &report.files {
        proceed()?;
        sync_file(root, &file.path).map_err(|source| UnpackError::Sync {
            path: file.path.clone(),
            source,
        })?;
    }
    for directory in report.directories.iter().map(String::as_str).chain(["."]) {
        proceed()?;
        sync_directory(root, directory).map_err(|source| UnpackError::Sync {
            path: directory.to_owned(),
            source,
        })?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn sync_file_system(root: &Dir) -> io::Result<()> {
    // The handle of the directory itself may be one that only names it.
    Ok(rustix::fs::syncfs(root.open(".")?)?)
}

fn sync_file(root: &Dir, path: &str) -> io::Result<()> {
    // Windows flushes only through a handle that may write.
    root.open_with(path, OpenOptions::new().write(true))?
        .sync_all()
}

#[cfg(unix)]
fn sync_directory(root: &Dir, path: &str) -> io::Result<()> {
    root.open(path)?.sync_all()
}

/// Windows has no call for this; NTFS writes directory entries through its own journal.
#[cfg(not(unix))]
fn sync_directory(_root: &Dir, _path: &str) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use cap_std::ambient_authority;

    use super::*;
    use crate::report::UnpackedFile;

    #[test]
    fn files_are_synced_one_by_one_up_to_the_limit_and_all_at_once_past_it() {
        let temp = tempfile::tempdir().unwrap();
        let root = Dir::open_ambient_dir(temp.path(), ambient_authority()).unwrap();
        let mut report = UnpackReport::default();
        for (count, is_each) in [
            (SYNC_EACH_FILES_MAX, true),
            (SYNC_EACH_FILES_MAX + 1, false),
        ] {
            report.files.resize_with(count, || UnpackedFile {
                path: "file".to_owned(),
                size_bytes: 0,
            });
            root.write("file", b"").unwrap();
            let mut steps = 0;
            let proceed = || {
                steps += 1;
                Ok(())
            };
            sync(&root, &report, proceed).unwrap();
            // Before all, and before each file and the one directory.
            assert_eq!(steps, if is_each { 1 + count + 1 } else { 1 });
        }
    }
}
