//! Deliberate faults between the disk side and its disk: what either could get wrong.
//!
//! Invariant: one is planted only by name, for one run, and only here. They show that the invariants of
//! the simulator have teeth; nothing of them is shipped.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_db::{
    BACKUP_DIR, DISCARDED_SENTINEL, DOWNLOAD_DIR, INSTALL_DIR, INSTALLING_DIR, INTENT_FILE,
    OWNER_MARKER, SENTINEL,
};
use lanspread_disk::port::{
    Access, FileHandle, FileSystem, Folder, Kind, Listed, Stamp, Stat, UnpackOrder,
};
use lanspread_unpack::{UnpackError, UnpackReport, Unpacker};

use super::archive;

/// Directories that only Lanspread makes.
const RESERVED: [&str; 3] = [BACKUP_DIR, DOWNLOAD_DIR, INSTALLING_DIR];
/// The last block of a write, in the fault that loses it.
const LAST_BLOCK_BYTES: usize = 4096;

/// A deliberate fault of the disk side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlantedFault {
    /// Syncing the content of files does nothing.
    ContentSyncIsALie,
    /// Syncing the names in directories does nothing.
    NameSyncIsALie,
    /// What was downloaded is synced only after the sentinel is, when the intent is cleared.
    SentinelBeforeSync,
    /// When a reserved directory goes, so do directories beside it that begin with a dot.
    ForeignDirectoryDeleted,
    /// A reserved directory counts as ours whether it is marked or not.
    MarkerNotAsked,
    /// The player's files are not taken to the new install.
    PlayersFileLost,
    /// The last block of what is written into the staging place is zeros.
    LastBlockMissing,
    /// The intent goes when the sentinel is parked, before what it announces is done.
    IntentClearedTooEarly,
}

impl PlantedFault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ContentSyncIsALie,
        Self::NameSyncIsALie,
        Self::SentinelBeforeSync,
        Self::ForeignDirectoryDeleted,
        Self::MarkerNotAsked,
        Self::PlayersFileLost,
        Self::LastBlockMissing,
        Self::IntentClearedTooEarly,
    ];

    /// What it is called on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContentSyncIsALie => "content-sync-is-a-lie",
            Self::NameSyncIsALie => "name-sync-is-a-lie",
            Self::SentinelBeforeSync => "sentinel-before-sync",
            Self::ForeignDirectoryDeleted => "foreign-directory-deleted",
            Self::MarkerNotAsked => "marker-not-asked",
            Self::PlayersFileLost => "players-file-lost",
            Self::LastBlockMissing => "last-block-missing",
            Self::IntentClearedTooEarly => "intent-cleared-too-early",
        }
    }

    /// The same file system with this fault.
    #[must_use]
    pub fn wrap(self, inner: Arc<dyn FileSystem>) -> Arc<dyn FileSystem> {
        Arc::new(FaultyFileSystem { inner, fault: self })
    }
}

#[derive(Debug, Clone)]
struct FaultyFileSystem {
    inner: Arc<dyn FileSystem>,
    fault: PlantedFault,
}

impl FileSystem for FaultyFileSystem {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        Ok(Arc::new(FaultyFolder {
            inner: self.inner.open(path)?,
            path: path.to_owned(),
            fs: self.clone(),
        }))
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        self.inner.make(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonical(path)
    }

    fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        self.inner.available_bytes(path)
    }

    fn looks_at_once(&self) -> usize {
        self.inner.looks_at_once()
    }
}

#[derive(Debug)]
struct FaultyFolder {
    inner: Arc<dyn Folder>,
    path: PathBuf,
    fs: FaultyFileSystem,
}

impl FaultyFolder {
    fn fault(&self) -> PlantedFault {
        self.fs.fault
    }

    fn content_sync_is_left_out(&self, path: &Path) -> bool {
        match self.fault() {
            PlantedFault::ContentSyncIsALie => true,
            PlantedFault::SentinelBeforeSync => is_in(&self.path.join(path), DOWNLOAD_DIR),
            PlantedFault::NameSyncIsALie
            | PlantedFault::ForeignDirectoryDeleted
            | PlantedFault::MarkerNotAsked
            | PlantedFault::PlayersFileLost
            | PlantedFault::LastBlockMissing
            | PlantedFault::IntentClearedTooEarly => false,
        }
    }

    /// Deletes directories beside one that went.
    fn delete_beside(&self, gone: &Path) -> io::Result<()> {
        let parent = gone.parent().unwrap_or(Path::new(""));
        let opened = if parent.as_os_str().is_empty() {
            Arc::clone(&self.inner)
        } else {
            self.inner.open_folder(parent)?
        };
        for Listed { name, stat } in opened.list()? {
            let text = name.to_string_lossy();
            let beside = text.starts_with('.') && !RESERVED.contains(&&*text);
            if beside && stat.kind == Kind::Folder {
                delete(&*opened, Path::new(&name))?;
            }
        }
        Ok(())
    }

    /// Whether a player's file goes from the old install to the new one.
    fn carries(&self, from: &Path, to: &Path) -> bool {
        is_in(&self.path.join(from), INSTALL_DIR) && is_in(&self.path.join(to), INSTALLING_DIR)
    }
}

impl Folder for FaultyFolder {
    fn open_folder(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        Ok(Arc::new(Self {
            inner: self.inner.open_folder(path)?,
            path: self.path.join(path),
            fs: self.fs.clone(),
        }))
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        self.inner.list()
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let stat = self.inner.stat(path);
        let full = self.path.join(path);
        let marks = full.file_name().is_some_and(|name| name == OWNER_MARKER)
            && RESERVED.iter().any(|reserved| is_in(&full, reserved));
        if self.fault() == PlantedFault::MarkerNotAsked && marks && stat.is_err() {
            return Ok(Stat {
                kind: Kind::File,
                stamp: Stamp {
                    size_bytes: 0,
                    modified_ns: 0,
                    changed_ns: 0,
                },
            });
        }
        stat
    }

    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>> {
        let loses_block = self.fault() == PlantedFault::LastBlockMissing
            && is_in(&self.path.join(path), DOWNLOAD_DIR);
        Ok(Arc::new(FaultyFile {
            inner: self.inner.open_file(path, access)?,
            never_syncs: self.content_sync_is_left_out(path),
            loses_block,
        }))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.make_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)?;
        let parks = from == Path::new(SENTINEL) && to == Path::new(DISCARDED_SENTINEL);
        if self.fault() == PlantedFault::IntentClearedTooEarly && parks {
            self.inner.remove_file(Path::new(INTENT_FILE))?;
        }
        Ok(())
    }

    fn link_file(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.fault() == PlantedFault::PlayersFileLost && self.carries(from, to) {
            return Ok(());
        }
        self.inner.link_file(from, to)
    }

    fn copy_symlink(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.copy_symlink(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)?;
        if self.fault() == PlantedFault::SentinelBeforeSync && path == Path::new(INTENT_FILE) {
            sync_below(&*self.inner)?;
        }
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_folder(path)?;
        let reserved = RESERVED
            .iter()
            .any(|reserved| path.file_name().is_some_and(|name| name == *reserved));
        if self.fault() == PlantedFault::ForeignDirectoryDeleted && reserved {
            self.delete_beside(path)?;
        }
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        if self.fault() == PlantedFault::NameSyncIsALie {
            return Ok(());
        }
        self.inner.sync_folder(path)
    }

    fn sync_files(&self, paths: &[PathBuf]) -> io::Result<()> {
        let honest: Vec<PathBuf> = paths
            .iter()
            .filter(|path| !self.content_sync_is_left_out(path))
            .cloned()
            .collect();
        self.inner.sync_files(&honest)
    }

    fn unpack(
        &self,
        _unpacker: &dyn Unpacker,
        order: UnpackOrder<'_>,
    ) -> Result<UnpackReport, UnpackError> {
        archive::unpack(&self.fs, self, order)
    }
}

#[derive(Debug)]
struct FaultyFile {
    inner: Arc<dyn FileHandle>,
    never_syncs: bool,
    loses_block: bool,
}

impl FileHandle for FaultyFile {
    fn stat(&self) -> io::Result<Stat> {
        self.inner.stat()
    }

    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.inner.read_at(into, offset_bytes)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()> {
        if self.loses_block && bytes.len() > LAST_BLOCK_BYTES {
            let mut written = bytes.to_vec();
            written[bytes.len() - LAST_BLOCK_BYTES..].fill(0);
            return self.inner.write_at(&written, offset_bytes);
        }
        self.inner.write_at(bytes, offset_bytes)
    }

    fn sync(&self) -> io::Result<()> {
        if self.never_syncs {
            return Ok(());
        }
        self.inner.sync()
    }
}

/// Whether a path leads through a directory of this name.
fn is_in(path: &Path, name: &str) -> bool {
    path.parent()
        .is_some_and(|above| above.components().any(|part| part.as_os_str() == name))
}

fn delete(folder: &dyn Folder, path: &Path) -> io::Result<()> {
    let below = folder.open_folder(path)?;
    for Listed { name, stat } in below.list()? {
        match stat.kind {
            Kind::Folder => delete(&*below, Path::new(&name))?,
            Kind::File | Kind::Symlink | Kind::Other => below.remove_file(Path::new(&name))?,
        }
    }
    drop(below);
    folder.remove_folder(path)
}

fn sync_below(folder: &dyn Folder) -> io::Result<()> {
    for Listed { name, stat } in folder.list()? {
        let path = PathBuf::from(name);
        match stat.kind {
            Kind::Folder => sync_below(&*folder.open_folder(&path)?)?,
            Kind::File => folder.sync_files(&[path])?,
            Kind::Symlink | Kind::Other => {}
        }
    }
    Ok(())
}
