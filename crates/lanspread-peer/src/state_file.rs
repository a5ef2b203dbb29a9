//! Small files of the state directory, written whole or not at all, in the one way of the disk side.
//!
//! Invariant: under the final name stands what stood there before or everything new, synced, and only
//! its owner may read it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use lanspread_core::ErrorKind;
use lanspread_disk::{RealFileSystem, StateDir, port::FileSystem};
use serde::{Serialize, de::DeserializeOwned};

/// Why a file does not hold what it should.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {source}", path.display())]
pub struct NotWritten {
    path: PathBuf,
    source: io::Error,
}

impl NotWritten {
    /// The kind of error that it is for whoever asked for it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::NoSpace,
            _ => ErrorKind::Io,
        }
    }
}

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
/// What the system says, with the file; the old file stands then.
pub fn write_json(path: &Path, content: &impl Serialize) -> Result<(), NotWritten> {
    let failed = |source: io::Error| NotWritten {
        path: path.to_owned(),
        source,
    };
    let bytes = serde_json::to_vec_pretty(content).map_err(|error| failed(error.into()))?;
    write_atomically(path, &bytes).map_err(failed)
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
