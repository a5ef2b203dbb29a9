//! Whether a game is started for the first time since it was unpacked, and what is done then.
//!
//! Invariant: an install is known by the marker that Lanspread wrote with it; what the player changes
//! beside it does not make it a new one. A record that is missing costs one setup too many, never one
//! too few.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use lanspread_db::{INSTALL_DIR, OWNER_MARKER};

use super::{Player, blocking, stamp};

/// Whether nothing was started since the last install; then what to record once it was.
///
/// # Errors
/// The record cannot be read, for people.
pub(crate) async fn is_new(root: &Path, record: &Path) -> Result<Option<String>, String> {
    let marker = root.join(INSTALL_DIR).join(OWNER_MARKER);
    let record = record.to_owned();
    blocking(move || {
        let install = install(&marker);
        match fs::read_to_string(&record) {
            Ok(known) if known == install => Ok(None),
            Ok(_) => Ok(Some(install)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(install)),
            Err(error) => Err(format!("{} cannot be read: {error}", record.display())),
        }
    })
    .await
}

/// Tells the game's files who plays.
///
/// # Errors
/// See [`stamp::stamp`].
pub(crate) async fn stamp(root: &Path, player: &Player) -> Result<Vec<String>, String> {
    let (local, player) = (root.join(INSTALL_DIR), player.clone());
    blocking(move || stamp::stamp(&local, &player)).await
}

/// Remembers that this install was started.
///
/// # Errors
/// The record cannot be written, for people.
pub(crate) async fn record(record: &Path, install: &str) -> Result<(), String> {
    let (path, install) = (record.to_owned(), install.to_owned());
    blocking(move || {
        let dir = path.parent().map(PathBuf::from).unwrap_or_default();
        fs::create_dir_all(dir)
            .and_then(|()| fs::write(&path, install))
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))
    })
    .await
}

/// What tells one install from another: the version in its marker and when that was written.
fn install(marker: &Path) -> String {
    let version = fs::read_to_string(marker).unwrap_or_default();
    let written = fs::metadata(marker)
        .and_then(|marker| marker.modified())
        .ok()
        .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_millis());
    format!("{} {written}", version.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_install_is_new_until_it_is_recorded_and_again_after_the_next() {
        let dir = tempfile::tempdir().expect("a directory");
        let record_file = dir.path().join("played/chess");
        fs::create_dir(dir.path().join("local")).expect("writable");
        let marker = dir.path().join(INSTALL_DIR).join(OWNER_MARKER);
        fs::write(&marker, "20240101\n").expect("writable");
        let first = is_new(dir.path(), &record_file).await.expect("readable");
        let first = first.expect("new");
        record(&record_file, &first).await.expect("writable");
        let again = is_new(dir.path(), &record_file).await;
        assert_eq!(again, Ok(None));
        fs::write(dir.path().join("local/save.dat"), "x").expect("writable");
        let played = is_new(dir.path(), &record_file).await;
        assert_eq!(played, Ok(None), "a save is no install");
        fs::write(&marker, "20250101\n").expect("writable");
        let updated = is_new(dir.path(), &record_file).await.expect("readable");
        assert!(updated.is_some());
    }
}
