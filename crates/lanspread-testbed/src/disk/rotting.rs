//! A disk whose bytes change below its file system, as those of a failing one do: no time, no size
//! and no number of a file tells of it.
//!
//! The invariant: the file system itself stays sound; only bytes of files are changed, in the image
//! below it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{DiskError, sweep, unmount};
use crate::command;
use crate::fixture::MIB;
use crate::leftovers;
use crate::tree::Tree;

/// How many bytes of a place identify it in the image; content of fixtures is random.
const NEEDLE_BYTES: usize = 64;

/// How often the system is asked to forget what it has read of a file: a processor may be looking
/// at it.
const FORGET_TRIES_MAX: u32 = 100;

/// Room for the file system's own records, and for what a test adds, in MiB. It costs nothing until
/// it is used.
const SPARE_MIB: u64 = 160;

/// A file system in a file, mounted.
#[derive(Debug)]
pub struct RottingDisk {
    image: PathBuf,
    path: PathBuf,
}

impl RottingDisk {
    /// Makes a disk that holds a copy of `directory`, and mounts it. Needs root on Linux.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read, or the image not be made or mounted.
    pub fn holding(directory: &Path) -> Result<Self, DiskError> {
        sweep();
        let name = leftovers::unique_name();
        let path = std::env::temp_dir().join(&name);
        let image = std::env::temp_dir().join(format!("{name}-image"));
        let in_directory = |path: &Path| {
            let path = path.to_owned();
            move |source| DiskError::Directory { path, source }
        };
        let bytes = Tree::read(directory)
            .map_err(in_directory(directory))?
            .total_bytes();
        std::fs::create_dir(&path).map_err(in_directory(&path))?;
        let disk = Self { image, path };
        let size = format!("{}M", bytes / MIB as u64 * 5 / 4 + SPARE_MIB);
        let mut make = Command::new("/sbin/mke2fs");
        make.args(["-q", "-t", "ext4", "-d"])
            .arg(directory)
            .arg(&disk.image)
            .arg(size);
        command::run(&mut make).map_err(|error| disk.failed(&error))?;
        disk.mount()?;
        Ok(disk)
    }

    /// Where the disk is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Changes one byte of the file `path` on this disk at each of these places, without a trace in
    /// the file system.
    ///
    /// # Errors
    ///
    /// When the file is not that long, its content not random enough to be found again, or the
    /// system shows what it remembers of it and not what is on the disk.
    pub fn rot(&self, path: &str, offsets_bytes: &[u64]) -> Result<(), DiskError> {
        let failed = |error: &dyn std::fmt::Display| self.failed(error);
        let mut file = File::open(self.path.join(path)).map_err(|error| failed(&error))?;
        file.sync_all().map_err(|error| failed(&error))?;
        let sound = needles(&mut file, offsets_bytes).map_err(|error| failed(&error))?;
        self.change(&sound)?;
        for _ in 0..FORGET_TRIES_MAX {
            forget_cached(&file).map_err(|error| failed(&error))?;
            let now = needles(&mut file, offsets_bytes).map_err(|error| failed(&error))?;
            if now.iter().zip(&sound).all(|(now, sound)| now != sound) {
                return Ok(());
            }
        }
        Err(failed(&"the system does not forget what it has read"))
    }

    fn change(&self, needles: &[[u8; NEEDLE_BYTES]]) -> Result<(), DiskError> {
        let failed = |error: &dyn std::fmt::Display| self.failed(error);
        let image = std::fs::read(&self.image).map_err(|error| failed(&error))?;
        let opened = File::options().write(true).open(&self.image);
        let mut file = opened.map_err(|error| failed(&error))?;
        let mut from = 0;
        for needle in needles {
            let at = find(&image, needle, from).or_else(|| find(&image, needle, 0));
            let at = at.ok_or_else(|| failed(&"the content is not in the image"))?;
            from = at + NEEDLE_BYTES;
            let changed = file
                .seek(SeekFrom::Start(at as u64))
                .and_then(|_| file.write_all(&[!needle[0]]));
            changed.map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn mount(&self) -> Result<(), DiskError> {
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop"]).arg(&self.image).arg(&self.path);
        command::run(&mut mount)
            .map(drop)
            .map_err(|error| self.failed(&error))
    }

    fn failed(&self, why: &dyn std::fmt::Display) -> DiskError {
        DiskError::Image {
            path: self.image.clone(),
            why: why.to_string(),
        }
    }
}

impl Drop for RottingDisk {
    fn drop(&mut self) {
        unmount(&self.path);
        // It may never have been made.
        let _ = std::fs::remove_file(&self.image);
    }
}

/// What stands at each place.
fn needles(file: &mut File, offsets: &[u64]) -> std::io::Result<Vec<[u8; NEEDLE_BYTES]>> {
    offsets
        .iter()
        .map(|&offset| {
            let mut needle = [0; NEEDLE_BYTES];
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut needle)?;
            Ok(needle)
        })
        .collect()
}

/// Has the system read a file from the disk again. Unmounting would not do: a process in another
/// mount namespace can hold the file system.
#[cfg(target_os = "linux")]
fn forget_cached(file: &File) -> std::io::Result<()> {
    Ok(rustix::fs::fadvise(
        file,
        0,
        None,
        rustix::fs::Advice::DontNeed,
    )?)
}

#[cfg(not(target_os = "linux"))]
fn forget_cached(_file: &File) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Where `needle` stands in `image` from `from` on.
fn find(image: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    loop {
        at += image.get(at..)?.iter().position(|byte| *byte == first)?;
        if image[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
}
