//! Disks for tests: a small one, to see what happens when it is full, and one that rots, to see what
//! happens when bytes change below the file system.
//!
//! The invariant: a disk is unmounted and its directory removed when the value goes; mounting one
//! also sweeps what dead processes left mounted.

mod rotting;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{self, CommandError};
use crate::leftovers;

pub use rotting::RottingDisk;

/// Why there is no such disk.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The place to mount it could not be made.
    #[error("could not make {path} to mount a small disk at: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Mounting it failed.
    #[error("could not mount a small disk, which needs root on Linux: {source}")]
    Mount {
        /// The command and what it said.
        source: CommandError,
    },
    /// The image of a file system could not be made or changed.
    #[error("could not make or change the file system image {path}: {why}")]
    Image {
        /// The image.
        path: PathBuf,
        /// What was said.
        why: String,
    },
}

/// A mounted memory file system of a fixed size.
#[derive(Debug)]
pub struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of `mib` MiB in the directory for temporary files.
    ///
    /// # Errors
    ///
    /// When this user may not mount, or this is not Linux.
    pub fn mount(mib: u32) -> Result<Self, DiskError> {
        sweep();
        let path = std::env::temp_dir().join(leftovers::unique_name());
        std::fs::create_dir(&path).map_err(|source| DiskError::Directory {
            path: path.clone(),
            source,
        })?;
        let size = format!("size={mib}m");
        let mounted = command::run(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "lanspread"])
                .arg(&path),
        );
        match mounted {
            Ok(_) => Ok(Self { path }),
            Err(source) => {
                // The directory is empty, and the error to tell is the one of the mount.
                let _ = std::fs::remove_dir(&path);
                Err(DiskError::Mount { source })
            }
        }
    }

    /// Where the disk is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets it be written to, or only read, from here on.
    ///
    /// # Errors
    ///
    /// When it cannot be mounted anew, for example because a file on it is being written.
    pub fn remount(&self, access: Access) -> Result<(), DiskError> {
        // A peer has the mount in a namespace of its own, whose switch nobody else turns: only that of the file
        // system itself is left at read-only.
        let steps: &[&str] = match access {
            Access::Writable => &["remount,rw"],
            Access::ReadOnly => &["remount,ro", "remount,bind,rw"],
        };
        for how in steps {
            command::run(Command::new("mount").args(["-o", how]).arg(&self.path))
                .map_err(|source| DiskError::Mount { source })?;
        }
        Ok(())
    }
}

/// What a disk lets one do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Writable,
    /// Only reading.
    ReadOnly,
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(&self.path);
    }
}

/// Takes a disk away even if a process still holds a file on it.
fn unmount(path: &Path) {
    command::run_quietly(Command::new("umount").arg("--lazy").arg(path));
    // Fails only if the unmount did, and then the next run sweeps again.
    let _ = std::fs::remove_dir(path);
}

fn sweep() {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .map(Path::new)
        .filter(|path| path.starts_with(std::env::temp_dir()))
        .filter(|path| is_left(path))
        .for_each(unmount);
    let files = std::fs::read_dir(std::env::temp_dir());
    files
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_left(path) && path.is_file())
        .for_each(|path| {
            // Somebody else's sweep may have been faster.
            let _ = std::fs::remove_file(path);
        });
}

fn is_left(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(leftovers::is_leftover)
}
