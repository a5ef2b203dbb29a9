//! Where a benchmark's files lie: in memory if it has room, so that no disk is measured.
//!
//! The invariant: what is written there is gone when the value goes.

use std::path::Path;

use eyre::Result;
use lanspread_testbed::disk::SmallDisk;

use super::machine;
use crate::workspace;

/// How much memory must be left for everything else.
const SPARE_MIB: u32 = 2048;

/// A memory file system, or else a directory beside the build products.
#[derive(Debug)]
pub(super) enum Storage {
    Memory(SmallDisk),
    Disk(tempfile::TempDir),
}

impl Storage {
    /// Provides room for so many MiB.
    pub(super) fn make(needed_mib: u32) -> Result<Self> {
        let has_room = machine::available_memory_mib()
            .is_some_and(|mib| mib > needed_mib.saturating_add(SPARE_MIB));
        if has_room && let Ok(disk) = SmallDisk::mount(needed_mib) {
            return Ok(Self::Memory(disk));
        }
        let target = workspace::target_dir()?;
        std::fs::create_dir_all(&target)?;
        Ok(Self::Disk(tempfile::tempdir_in(target)?))
    }

    /// The directory to write below.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Memory(disk) => disk.path(),
            Self::Disk(directory) => directory.path(),
        }
    }

    /// What a reader of the figures has to know of it.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Memory(_) => "a memory file system",
            Self::Disk(_) => "the build directory's file system",
        }
    }
}
