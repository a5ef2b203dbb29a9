//! Small files of the state directory, written whole or not at all, in the one way of the disk side.
//!
//! Invariant: under the final name stands what stood there before or everything new, synced, and only
//! its owner may read it.

use std::{fs, io, path::Path};

use lanspread_core::DiskFailure;
use lanspread_disk::{RealFileSystem, StateDir, io_failure, port::FileSystem};
use serde::{Serialize, de::DeserializeOwned};

/// Writes a file in the place of what stands there.
///
/// # Errors
/// What the system says; the old file stands then.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
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

/// Syncs a folder, so that the names in it survive a power cut.
///
/// # Errors
/// What the system says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    RealFileSystem.open(path)?.sync_folder(Path::new(""))
}

/// Writes a value as JSON in the place of what stands there.
///
/// # Errors
/// What the system says, with the file and what to do; the old file stands then.
pub fn write_json(path: &Path, content: &impl Serialize) -> Result<(), DiskFailure> {
    let written = serde_json::to_vec_pretty(content).map_err(io::Error::from);
    written
        .and_then(|bytes| write_atomically(path, &bytes))
        .map_err(|error| io_failure("write", path, &error))
}

/// Reads a value from JSON of at most `bytes_max` bytes. `None` if there is no file.
///
/// # Errors
/// Why the file cannot be used.
pub fn read_json<T: DeserializeOwned>(path: &Path, bytes_max: u64) -> Result<Option<T>, String> {
    let bytes = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(file) if file.len() > bytes_max => {
            return Err(format!("it is longer than {bytes_max} bytes"));
        }
        Ok(_) | Err(_) => fs::read(path).map_err(|error| error.to_string())?,
    };
    let content = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    Ok(Some(content))
}

/// Checks the format that a file says it has.
///
/// # Errors
/// That this program does not know it.
pub fn check_format(found: u32, known: u32) -> Result<(), String> {
    if found == known {
        return Ok(());
    }
    Err(format!(
        "it has format {found}, and this program knows {known}"
    ))
}

/// Renames a file that cannot be used, and says what became of it.
#[must_use]
pub fn put_aside(path: &Path, name: &str) -> String {
    let aside = path.with_file_name(name);
    match fs::rename(path, &aside) {
        Ok(()) => format!("it is kept as {}", aside.display()),
        Err(error) => format!("it cannot be put aside either ({error})"),
    }
}
