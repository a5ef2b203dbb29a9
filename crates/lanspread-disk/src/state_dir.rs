//! The state directory, for the small files of others than the disk side: the identity above all.
//!
//! Invariant: a file is replaced atomically and durably, and nobody but its owner may read it. What a
//! file means is not known here.

use std::{io, path::Path, sync::Arc};

use super::{
    files::{self, TMP_SUFFIX},
    port::{Access, FileSystem, Folder},
};

/// How many broken files of one name are kept aside; one more has to be looked at by somebody.
pub const ASIDE_MAX: u32 = 20;

/// An open state directory.
#[derive(Debug, Clone)]
pub struct StateDir(Arc<dyn Folder>);

impl StateDir {
    /// Opens a state directory, making it if need be.
    ///
    /// # Errors
    ///
    /// When it cannot be made or opened.
    pub fn open(fs: &dyn FileSystem, path: &Path) -> io::Result<Self> {
        fs.make(path)?;
        Ok(Self(fs.open(path)?))
    }

    /// A file of at most `bytes_max` bytes; `None` if there is none.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is longer or no regular file; else what the system says.
    pub fn read(&self, name: &str, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
        files::read_if_there(&*self.0, Path::new(name), bytes_max)
    }

    /// Replaces a file, or makes it, so that only its owner may read it. After any crash it is what it
    /// was or what it is to be.
    ///
    /// # Errors
    ///
    /// What the system says; the file is what it was then.
    pub fn replace_private(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let tmp = format!("{name}{TMP_SUFFIX}");
        let (tmp, path) = (Path::new(&tmp), Path::new(name));
        files::write_new_as(&*self.0, tmp, bytes, Access::NewPrivate)?;
        self.0.rename(tmp, path)?;
        self.0.sync_folder(Path::new(""))
    }

    /// Gives what stands under a name another one, under which nothing looks for it, and says which.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if [`ASIDE_MAX`] are aside already; else what the system says.
    pub fn set_aside(&self, name: &str) -> io::Result<String> {
        for number in 1..=ASIDE_MAX {
            let aside = format!("{name}.aside-{number}");
            if files::stat(&*self.0, Path::new(&aside))?.is_none() {
                self.0.rename(Path::new(name), Path::new(&aside))?;
                self.0.sync_folder(Path::new(""))?;
                return Ok(aside);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!(
                "{ASIDE_MAX} files `{name}.aside-…` are there already; look at them and delete them"
            ),
        ))
    }
}
