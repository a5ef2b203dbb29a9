//! What the disk side needs of a file system, and nothing more.
//!
//! Invariant: a [`Folder`] reaches only what lies below the directory it opened, and no symbolic
//! link is followed on the way: a path through one fails. Paths are relative, made of plain names.
//! Whoever implements this (the real file system, one that counts and cuts, a simulated one) knows
//! nothing of games.

use std::{
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file system as a whole: finds directories by the paths that the user gave.
pub(crate) trait FileSystem: Send + Sync + fmt::Debug {
    /// Opens a directory by its full path. Symbolic links in it are followed: the user named it.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Folder>>;

    /// Makes a directory and the directories above it, as far as they are missing.
    fn make(&self, path: &Path) -> io::Result<()>;

    /// The one full path of a directory, without links in it.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;

    /// Bytes that may still be written where `path` lies.
    fn available_bytes(&self, path: &Path) -> io::Result<u64>;
}

/// An open directory.
pub(crate) trait Folder: Send + Sync + fmt::Debug {
    /// Opens a directory below.
    fn open_folder(&self, path: &Path) -> io::Result<Arc<dyn Folder>>;

    /// Everything directly in it, in no particular order.
    fn list(&self) -> io::Result<Vec<Listed>>;

    /// What stands at `path`, not following a link there.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// Opens a file.
    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>>;

    /// Makes one directory; it must not exist.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// Gives a file or directory another name, atomically. A file at the new name is replaced.
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

    /// Makes the content of files survive a power cut; cheaper than one by one when there are many.
    fn sync_files(&self, paths: &[PathBuf]) -> io::Result<()>;

    /// The directory as the unpacker wants it.
    fn as_dir(&self) -> io::Result<cap_std::fs::Dir>;
}

/// An open file. Reads and writes say where, so that threads can share it.
pub(crate) trait FileHandle: Send + Sync + fmt::Debug {
    /// What it is at present.
    fn stat(&self) -> io::Result<Stat>;

    /// Reads up to `into.len()` bytes; fewer only at the end of the file.
    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize>;

    /// Writes all of `bytes`, beyond the end of the file too.
    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()>;

    /// Makes the content survive a power cut.
    fn sync(&self) -> io::Result<()>;
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading what is there.
    Read,
    /// Reading and writing; made if missing, never cut.
    Write,
    /// Writing a file that must not exist.
    New,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: OsString,
    pub(crate) stat: Stat,
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) kind: Kind,
    pub(crate) stamp: Stamp,
}

/// The kinds of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
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
pub(crate) struct Stamp {
    /// Its size.
    pub(crate) size_bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub(crate) modified_ns: i64,
    /// When anything about it was last changed, where the system tells; it cannot be set by hand.
    pub(crate) changed_ns: i64,
}
