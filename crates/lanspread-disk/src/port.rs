//! What the disk side needs of a file system, and nothing more.
//!
//! Invariant: a [`Folder`] reaches only what lies below the directory it opened, and no symbolic
//! link is followed on the way: a path through one fails. Paths are relative, made of plain names.
//! Whoever implements this (the real file system, one that counts and cuts, a simulated one) knows
//! nothing of games.
//!
//! # Errors
//!
//! Methods fail as the operating system does, with the kinds of [`io::ErrorKind`]: `NotFound`,
//! `AlreadyExists`, `PermissionDenied`, `StorageFull`, `DirectoryNotEmpty` and so on. After an error
//! nothing has changed, except that a write may have been done in part.

#![expect(
    clippy::missing_errors_doc,
    reason = "one contract for all of them, above"
)]

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_unpack::{CancelFlag, UnpackError, UnpackProgress, UnpackReport, Unpacker};

/// How many directories a disk is asked about at the same time: it answers several questions faster
/// together.
pub const LOOKS_AT_ONCE: usize = 4;

/// A file system as a whole: finds directories by the paths that the user gave.
pub trait FileSystem: Send + Sync + fmt::Debug {
    /// Opens a directory by its full path. Symbolic links in it are followed: the user named it.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Folder>>;

    /// Makes a directory and the directories above it, as far as they are missing; each that was made
    /// survives a power cut.
    fn make(&self, path: &Path) -> io::Result<()>;

    /// The one full path of a directory, without links in it.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;

    /// Bytes that may still be written where `path` lies.
    fn available_bytes(&self, path: &Path) -> io::Result<u64>;

    /// The hard disk that `path` lies on; `None` where it lies on one that does not turn, or the system does
    /// not say.
    fn hard_disk(&self, _path: &Path) -> Option<HardDisk> {
        None
    }

    /// How many threads may look at directories at the same time. One where the order of operations
    /// must follow from what was asked.
    fn looks_at_once(&self) -> usize {
        LOOKS_AT_ONCE
    }
}

/// A disk that turns, by a number that no other disk of the machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HardDisk(pub u64);

/// An open directory.
pub trait Folder: Send + Sync + fmt::Debug {
    /// Opens a directory below.
    fn open_folder(&self, path: &Path) -> io::Result<Arc<dyn Folder>>;

    /// Whether a full path leads to this very directory at present: one that was deleted or moved away
    /// can still be open while another stands in its place. One that cannot tell says yes.
    fn stands_at(&self, _path: &Path) -> io::Result<bool> {
        Ok(true)
    }

    /// Everything directly in it, in no particular order.
    fn list(&self) -> io::Result<Vec<Listed>>;

    /// The same without a look at each of them, where the directory itself says what they are.
    fn names(&self) -> io::Result<Vec<(OsString, Kind)>> {
        let listed = self.list()?.into_iter();
        Ok(listed.map(|entry| (entry.name, entry.stat.kind)).collect())
    }

    /// What stands at `path`, not following a link there.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Opens a file. A directory may be opened for reading, and then says of itself that it is
    /// [`Kind::Other`].
    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>>;

    /// Makes one directory; it must not exist.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// Gives a file or directory another name, atomically. A file, or an empty directory, at the new
    /// name is replaced by one of its kind. Two names of the same file stay as they are.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name, which must be free. Not every file system can.
    fn link_file(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes a symbolic link at `to` that says what the one at `from` says.
    fn copy_symlink(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, or a link itself.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory; fails on any other.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes names that were made, changed or removed directly in the directory survive a power
    /// cut. An empty path means this directory.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the content of files survive a power cut, and not their names; cheaper than one by one when there are many.
    fn sync_files(&self, paths: &[PathBuf]) -> io::Result<()>;

    /// Has archives unpacked into this directory, and synced.
    ///
    /// # Errors
    ///
    /// Those of [`Unpacker::unpack`]; the directory then holds an unspecified part of the content.
    fn unpack(
        &self,
        unpacker: &dyn Unpacker,
        order: UnpackOrder<'_>,
    ) -> Result<UnpackReport, UnpackError>;
}

/// What is to be unpacked into a [`Folder`].
#[derive(Clone, Copy)]
pub struct UnpackOrder<'a> {
    /// The archives, by their full paths, in the order in which they are unpacked.
    pub archives: &'a [PathBuf],
    /// Names directly in the directory that no archive may touch.
    pub reserved_names: &'a [&'a str],
    /// Ends the work soon after it is set.
    pub cancel: &'a CancelFlag,
    /// Called about every megabyte and at the borders of archives.
    pub progress: &'a dyn Fn(UnpackProgress<'_>),
}

/// An open file. Reads and writes say where, so that threads can share it.
pub trait FileHandle: Send + Sync + fmt::Debug {
    /// What it is at present.
    fn stat(&self) -> io::Result<Stat>;

    /// Reads up to `into.len()` bytes; fewer only at the end of the file.
    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize>;

    /// Fills `into` if all of it is in memory, and never waits for a disk. `false`, after which `into` holds
    /// anything, where that is not so or cannot be told: then [`FileHandle::read_at`] reads it.
    fn read_from_memory(&self, _into: &mut [u8], _offset_bytes: u64) -> bool {
        false
    }

    /// Writes all of `bytes`, beyond the end of the file too; what lies between reads as zeros.
    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()>;

    /// Makes the content and the size survive a power cut, and not the name.
    fn sync(&self) -> io::Result<()>;
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading what is there.
    Read,
    /// Reading and writing; made if missing, never cut.
    Write,
    /// Writing a file that must not exist.
    New,
    /// The same, for a file that nobody but its owner may read, where the system knows owners.
    NewPrivate,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: OsString,
    /// What it is.
    pub stat: Stat,
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whether it is a file, a directory, or what else.
    pub kind: Kind,
    /// Its size and times.
    pub stamp: Stamp,
}

/// The kinds of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe, a socket.
    Other,
}

/// What tells whether a file is the one that was looked at before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Its size.
    pub size_bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// When anything about it was last changed, where the system tells; it cannot be set by hand.
    pub changed_ns: i64,
}
