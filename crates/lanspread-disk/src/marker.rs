//! The file that proves that a reserved directory was made by Lanspread, and what it says besides.
//!
//! Invariant: that the file is there is the proof; what it says only helps, and may be missing.

use std::{io, path::Path};

use lanspread_db::{OWNER_MARKER, Version};

use super::{
    files,
    port::{Folder, Kind},
};

const EXPLANATION: &str = "Lanspread made or took over this directory and may delete it.\n";
const VERSION_KEY: &str = "version ";
const MADE_ROOT: &str = "made the game directory too";
/// The most that is read of what a marker says.
pub(crate) const MARKER_BYTES_MAX: u64 = 4096;

/// What a marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marker {
    /// In an install: the version that was unpacked.
    pub(crate) version: Option<Version>,
    /// In a staging place: the game root did not exist before.
    pub(crate) made_root: bool,
}

impl Marker {
    /// Reads the marker in a directory; one that cannot be read says nothing.
    pub(crate) fn read(folder: &dyn Folder, directory: &Path) -> io::Result<Self> {
        let read = files::read_if_there(folder, &directory.join(OWNER_MARKER), MARKER_BYTES_MAX);
        let text = match read {
            Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Ok(None) => String::new(),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(error),
        };
        Ok(Self {
            version: text
                .lines()
                .find_map(|line| Version::parse(line.strip_prefix(VERSION_KEY)?).ok()),
            made_root: text.lines().any(|line| line == MADE_ROOT),
        })
    }

    /// Makes a marked directory, or marks the empty one that is there.
    pub(crate) fn make(self, folder: &dyn Folder, directory: &Path) -> io::Result<()> {
        let there = files::stat(folder, directory)?;
        if there.is_none_or(|stat| stat.kind != Kind::Folder) {
            folder.make_folder(directory)?;
        }
        self.put(folder, directory)?;
        folder.sync_folder(directory.parent().unwrap_or(Path::new("")))
    }

    /// Puts the marker into a directory, durably.
    pub(crate) fn put(self, folder: &dyn Folder, directory: &Path) -> io::Result<()> {
        let mut text = EXPLANATION.to_owned();
        if let Some(version) = self.version {
            text.push_str(VERSION_KEY);
            text.push_str(version.as_str());
            text.push('\n');
        }
        if self.made_root {
            text.push_str(MADE_ROOT);
            text.push('\n');
        }
        files::write_new(folder, &directory.join(OWNER_MARKER), text.as_bytes())?;
        folder.sync_folder(directory)
    }
}
