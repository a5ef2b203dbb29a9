//! Creates files, directories and links below the target, following nothing on the way.
//!
//! The one invariant: every directory is opened from its parent without following links, and every
//! file is created new, so that what stood at its path is replaced and never written through. It
//! does not judge paths; it gets them from [`crate::tree::Tree`].

use std::io;
use std::path::Path;

use cap_fs_ext::DirExt;
use cap_std::fs::{Dir, File, OpenOptions};

use crate::links::Destination;

/// Whether a file may be run. Other permission bits of archives (writable by all, setuid) are
/// dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Executable {
    Yes,
    No,
}

impl Executable {
    /// Reads it from the permission bits of a Unix mode.
    pub(crate) fn from_mode(mode: u32) -> Self {
        if mode & 0o111 == 0 {
            Self::No
        } else {
            Self::Yes
        }
    }
}

/// The target with the directories that the last path led through.
pub(crate) struct Target<'a> {
    root: &'a Dir,
    /// Name and handle of each directory down to the one used last.
    open: Vec<(String, Dir)>,
}

impl<'a> Target<'a> {
    pub(crate) fn new(root: &'a Dir) -> Self {
        Self {
            root,
            open: Vec::new(),
        }
    }

    /// Opens a directory, making it and those above it as needed. The empty path is the target.
    pub(crate) fn directory(&mut self, path: &str) -> io::Result<&Dir> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let common = self
            .open
            .iter()
            .zip(&names)
            .take_while(|((open, _), name)| open == *name)
            .count();
        self.open.truncate(common);
        for name in &names[common..] {
            let parent = self.open.last().map_or(self.root, |(_, dir)| dir);
            match parent.create_dir(name) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            let dir = parent.open_dir_nofollow(name)?;
            self.open.push(((*name).to_owned(), dir));
        }
        Ok(self.open.last().map_or(self.root, |(_, dir)| dir))
    }

    /// Creates an empty file, in the place of whatever file or link is there.
    pub(crate) fn create_file(&mut self, path: &str, executable: Executable) -> io::Result<File> {
        let (parent, name) = split(path);
        let parent = self.directory(parent)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        set_mode(&mut options, executable);
        match parent.open_with(name, &options) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                parent.remove_file_or_symlink(name)?;
                parent.open_with(name, &options)
            }
            opened => opened,
        }
    }

    /// Opens a file that was created by this target.
    pub(crate) fn open_file(&mut self, path: &str) -> io::Result<File> {
        let (parent, name) = split(path);
        self.directory(parent)?.open(name)
    }

    /// Makes a second name for a file, in the place of whatever file or link is there.
    pub(crate) fn hard_link(&mut self, existing: &str, path: &str) -> io::Result<()> {
        self.remove(path)?;
        let (parent, name) = split(path);
        let root = self.root;
        let parent = self.directory(parent)?;
        root.hard_link(existing, parent, name)
    }

    /// Makes a symbolic link, in the place of whatever file or link is there.
    pub(crate) fn symlink(
        &mut self,
        points_to: &str,
        path: &str,
        destination: Destination,
    ) -> io::Result<()> {
        self.remove(path)?;
        let (parent, name) = split(path);
        let parent = self.directory(parent)?;
        match destination {
            Destination::Directory => DirExt::symlink_dir(parent, points_to, name),
            Destination::File | Destination::Nothing => {
                DirExt::symlink_file(parent, points_to, name)
            }
        }
    }

    /// Removes the file or link at a path, if there is one.
    pub(crate) fn remove(&mut self, path: &str) -> io::Result<()> {
        let (parent, name) = split(path);
        match self.directory(parent)?.remove_file_or_symlink(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// Splits a path into its directory and its last component.
fn split(path: &str) -> (&str, &Path) {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    (parent, Path::new(name))
}

#[cfg(unix)]
fn set_mode(options: &mut OpenOptions, executable: Executable) {
    use cap_std::fs::OpenOptionsExt;
    // The process's umask takes away what the user does not want to grant.
    options.mode(match executable {
        Executable::Yes => 0o777,
        Executable::No => 0o666,
    });
}

#[cfg(not(unix))]
fn set_mode(_options: &mut OpenOptions, _executable: Executable) {}
