//! Puts a catalog file in place in one piece: beside its final place first, then renamed.
//!
//! Its one invariant: under the final name stands either what stood there before or the whole
//! new file, synced. It deliberately does not know what is in the file.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// How many catalogs this process has begun to write: each is written under a name of its own.
static BUILDS: AtomicU32 = AtomicU32::new(0);

/// The file that is being written; removed when it is dropped before it is finished.
pub(super) struct Building {
    path: PathBuf,
}

impl Building {
    /// Makes an empty file beside `out`.
    pub(super) fn create(out: &Path) -> io::Result<Self> {
        let Some(name) = out.file_name() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it names no file",
            ));
        };
        let own = BUILDS.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let building = format!(".{}.building-{process}-{own}", name.to_string_lossy());
        let path = out.with_file_name(building);
        match fs::remove_file(&path) {
            // A process of this number was killed while it wrote.
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(Self { path })
    }

    /// Where to write.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts what was written in the place of `out`.
    pub(super) fn finish(self, out: &Path) -> io::Result<()> {
        fs::OpenOptions::new()
            .write(true)
            .open(&self.path)?
            .sync_all()?;
        fs::rename(&self.path, out)?;
        sync_directory_of(out)
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        // After the rename there is nothing under this name; before it, a leftover is harmless.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the rename durable. Windows has no such call and orders renames by itself.
#[cfg(unix)]
fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory_of(_path: &Path) -> io::Result<()> {
    Ok(())
}
