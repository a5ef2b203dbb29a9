//! Puts a catalog file in place in one piece: beside its final place first, then renamed.
//!
//! Its one invariant: under the final name stands either what stood there before or the whole
//! new file, synced. It deliberately does not know what is in the file.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// How long ago a half file was written last when whoever wrote it is taken to be gone. No build goes
/// for that long without writing, and no process has to be asked, on this machine or on another.
const LEFTOVER_AGE: Duration = Duration::from_hours(24);

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
        sweep(out, &name.to_string_lossy());
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

/// Removes what builds that were killed left beside `out`. What cannot be looked at or removed stays:
/// it hinders nobody.
fn sweep(out: &Path, name: &str) {
    let parent = out
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry
            .file_name()
            .to_str()
            .is_some_and(|found| is_of_a_build(found, name));
        // Of a link, this is what is known of the link itself.
        let old = ours
            && entry.metadata().is_ok_and(|metadata| {
                let age = metadata.modified().ok().and_then(|at| at.elapsed().ok());
                metadata.is_file() && age.is_some_and(|age| age >= LEFTOVER_AGE)
            });
        if old {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a build of the catalog `name` made a file that is called `found`.
fn is_of_a_build(found: &str, name: &str) -> bool {
    let numbers = found
        .strip_prefix('.')
        .and_then(|rest| rest.strip_prefix(name))
        .and_then(|rest| rest.strip_prefix(".building-"))
        .and_then(|numbers| numbers.split_once('-'));
    // As they are written: no sign, no zero in front.
    let is_number = |text: &str| {
        text.parse::<u32>()
            .is_ok_and(|number| number.to_string() == text)
    };
    numbers.is_some_and(|(process, build)| is_number(process) && is_number(build))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_has_a_name_that_nothing_else_has() {
        assert!(is_of_a_build(".game.db.building-4711-0", "game.db"));
        for foreign in [
            "game.db",
            "game.db.building-1-2",
            ".game.db.building-1",
            ".game.db.building-1-2-3",
            ".game.db.building-1-2.bak",
            ".game.db.building-01-2",
            ".game.db.building-+1-2",
            ".game.db.building--2",
            ".other.db.building-1-2",
        ] {
            assert!(!is_of_a_build(foreign, "game.db"), "{foreign}");
        }
    }
}
