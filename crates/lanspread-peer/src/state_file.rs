//! Small files of the state directory, written whole or not at all, in the one way of the disk side.
//!
//! Invariant: under the final name stands what stood there before or everything new, synced, and only
//! its owner may read it.

use std::{io, path::Path};

use lanspread_disk::{RealFileSystem, StateDir};

/// Writes a file in the place of what stands there.
///
/// # Errors
/// What the system says; the old file stands then.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(dir), Some(name)) = (
        path.parent(),
        path.file_name().and_then(|name| name.to_str()),
    ) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no file of a state directory",
        ));
    };
    StateDir::open(&RealFileSystem, dir)?.replace_private(name, bytes)
}
