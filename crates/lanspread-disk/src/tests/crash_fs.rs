//! A file system that counts the operations that change something, stops at one of them as if the
//! machine had stopped there, and can then lose whatever was not synced.
//!
//! Invariant: after the cut every operation fails, so that nothing of the "crashed" process reaches
//! the disk any more. Names are lost in the reverse order in which they were made; contents of files
//! that were not synced become empty, or what they were when last synced.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use lanspread_unpack::{UnpackError, UnpackReport, Unpacker};

use super::super::{
    library::lock,
    port::{Access, FileHandle, FileSystem, Folder, Listed, Stat, UnpackOrder},
    real::RealFileSystem,
};

/// What happens to what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// The process was killed: the system still writes everything.
    Kill,
    /// The power went: what was not synced is gone.
    PowerCut,
    /// Nothing stops, but the disk is full for a while.
    DiskFull,
}

/// What an operation asks of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Room for something new.
    Grow,
    /// No more room than there was.
    Other,
}

/// Counts, cuts, and knows what is not durable yet.
#[derive(Debug)]
pub(super) struct Plan {
    crash: Crash,
    /// The operation at which it happens; when the disk is full, only those that need room count.
    cut_at: u64,
    count: AtomicU64,
    /// Whether syncing a file really makes its content durable; a disk that lies shows that the
    /// tests have teeth.
    lies_about_files: bool,
    unsynced: Mutex<Unsynced>,
}

#[derive(Debug, Default)]
struct Unsynced {
    /// Changes of names, oldest first, with the directory whose sync makes them durable.
    names: Vec<(PathBuf, Undo)>,
    /// What files held when they were last synced; `None` for files that did not exist.
    contents: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

#[derive(Debug)]
enum Undo {
    RemoveFile(PathBuf),
    RemoveFolder(PathBuf),
    RenameBack {
        from: PathBuf,
        to: PathBuf,
        replaced: Option<Vec<u8>>,
    },
    PutFile {
        path: PathBuf,
        content: Vec<u8>,
    },
    MakeFolder(PathBuf),
}

impl Plan {
    pub(super) fn new(crash: Crash, cut_at: u64) -> Arc<Self> {
        Arc::new(Self::with(crash, cut_at, false))
    }

    /// The power goes, and syncing files did nothing.
    pub(super) fn lying(cut_at: u64) -> Arc<Self> {
        Arc::new(Self::with(Crash::PowerCut, cut_at, true))
    }

    /// Never cuts; counts as if it would.
    pub(super) fn endless(crash: Crash) -> Arc<Self> {
        Self::new(crash, u64::MAX)
    }

    fn with(crash: Crash, cut_at: u64, lies_about_files: bool) -> Self {
        Self {
            crash,
            cut_at,
            count: AtomicU64::new(0),
            lies_about_files,
            unsynced: Mutex::default(),
        }
    }

    /// What happens at the cut.
    pub(super) fn crash(&self) -> Crash {
        self.crash
    }

    /// How many operations were begun.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    /// Counts something that the unpacker writes.
    pub(super) fn unpacks(&self) -> io::Result<()> {
        self.tick(Change::Grow)
    }

    /// Counts an operation that changes something; fails from the cut on.
    fn tick(&self, change: Change) -> io::Result<()> {
        if self.crash == Crash::DiskFull && change == Change::Other {
            return Ok(());
        }
        if self.count.fetch_add(1, Ordering::SeqCst) < self.cut_at {
            return Ok(());
        }
        Err(match self.crash {
            Crash::Kill | Crash::PowerCut => io::Error::other("the machine has stopped"),
            Crash::DiskFull => io::ErrorKind::StorageFull.into(),
        })
    }

    fn look(&self) -> io::Result<()> {
        if self.crash != Crash::DiskFull && self.count() > self.cut_at {
            return Err(io::Error::other("the machine has stopped"));
        }
        Ok(())
    }

    fn changed(&self, folder: Option<&Path>, undo: Undo) {
        let folder = folder.map(Path::to_owned).unwrap_or_default();
        lock(&self.unsynced).names.push((folder, undo));
    }

    /// What happened to names in a directory that is gone is as durable as its going.
    fn removed_folder(&self, path: &Path) {
        for (folder, _) in &mut lock(&self.unsynced).names {
            if folder == path {
                *folder = path.parent().unwrap_or(Path::new("")).to_owned();
            }
        }
    }

    fn synced_folder(&self, path: &Path) {
        lock(&self.unsynced)
            .names
            .retain(|(folder, _)| folder != path);
    }

    fn before_write(&self, path: &Path) {
        let mut unsynced = lock(&self.unsynced);
        if !unsynced.contents.contains_key(path) {
            let content = fs::read(path).ok();
            unsynced.contents.insert(path.to_owned(), content);
        }
    }

    fn synced_file(&self, path: &Path) {
        if self.lies_about_files {
            return;
        }
        lock(&self.unsynced).contents.remove(path);
    }

    fn renamed_file(&self, from: &Path, to: &Path) {
        let mut unsynced = lock(&self.unsynced);
        if let Some(content) = unsynced.contents.remove(from) {
            unsynced.contents.insert(to.to_owned(), content);
        }
    }

    /// Lets everything go that was not synced.
    pub(super) fn lose_unsynced(&self) {
        let unsynced = std::mem::take(&mut *lock(&self.unsynced));
        for (path, content) in unsynced.contents {
            if path.exists() {
                fs::write(&path, content.unwrap_or_default()).unwrap();
            }
        }
        for (_, undo) in unsynced.names.into_iter().rev() {
            undo.apply();
        }
    }
}

impl Undo {
    fn apply(self) {
        match self {
            Self::RemoveFile(path) => drop(fs::remove_file(path)),
            Self::RemoveFolder(path) => drop(fs::remove_dir_all(path)),
            Self::RenameBack { from, to, replaced } => {
                if to.exists() {
                    fs::create_dir_all(from.parent().unwrap()).unwrap();
                    fs::rename(&to, &from).unwrap();
                }
                if let Some(content) = replaced {
                    fs::write(&to, content).unwrap();
                }
            }
            Self::PutFile { path, content } => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            Self::MakeFolder(path) => fs::create_dir_all(path).unwrap(),
        }
    }
}

/// The real file system under a plan. It never really syncs: the plan knows what would be durable.
#[derive(Debug, Clone)]
pub(super) struct CrashFileSystem {
    pub(super) plan: Arc<Plan>,
    /// What is said to be free.
    pub(super) free_bytes: u64,
}

impl FileSystem for CrashFileSystem {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        self.plan.look()?;
        Ok(Arc::new(CrashFolder {
            inner: RealFileSystem.open(path)?,
            path: path.to_owned(),
            plan: Arc::clone(&self.plan),
        }))
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        self.plan.look()?;
        RealFileSystem.make(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        RealFileSystem.canonical(path)
    }

    fn available_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.free_bytes)
    }
}

#[derive(Debug)]
struct CrashFolder {
    inner: Arc<dyn Folder>,
    path: PathBuf,
    plan: Arc<Plan>,
}

impl CrashFolder {
    fn full(&self, path: &Path) -> PathBuf {
        self.path.join(path)
    }
}

impl Folder for CrashFolder {
    fn open_folder(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        self.plan.look()?;
        Ok(Arc::new(Self {
            inner: self.inner.open_folder(path)?,
            path: self.full(path),
            plan: Arc::clone(&self.plan),
        }))
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        self.plan.look()?;
        self.inner.list()
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.plan.look()?;
        self.inner.stat(path)
    }

    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>> {
        let full = self.full(path);
        let makes = access != Access::Read && !full.exists();
        if makes {
            self.plan.tick(Change::Grow)?;
        } else {
            self.plan.look()?;
        }
        let inner = self.inner.open_file(path, access)?;
        if makes {
            self.plan
                .changed(full.parent(), Undo::RemoveFile(full.clone()));
            lock(&self.plan.unsynced)
                .contents
                .insert(full.clone(), None);
        }
        Ok(Arc::new(CrashFile {
            inner,
            path: full,
            plan: Arc::clone(&self.plan),
        }))
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.plan.tick(Change::Grow)?;
        self.inner.make_folder(path)?;
        let full = self.full(path);
        self.plan
            .changed(full.parent(), Undo::RemoveFolder(full.clone()));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.tick(Change::Other)?;
        let (full_from, full_to) = (self.full(from), self.full(to));
        let replaced = fs::read(&full_to).ok();
        self.inner.rename(from, to)?;
        self.plan.renamed_file(&full_from, &full_to);
        self.plan.changed(
            full_to.parent(),
            Undo::RenameBack {
                from: full_from,
                to: full_to.clone(),
                replaced,
            },
        );
        Ok(())
    }

    fn link_file(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.tick(Change::Grow)?;
        self.inner.link_file(from, to)?;
        let full = self.full(to);
        self.plan
            .changed(full.parent(), Undo::RemoveFile(full.clone()));
        Ok(())
    }

    fn copy_symlink(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.tick(Change::Grow)?;
        self.inner.copy_symlink(from, to)?;
        let full = self.full(to);
        self.plan
            .changed(full.parent(), Undo::RemoveFile(full.clone()));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let full = self.full(path);
        if fs::symlink_metadata(&full).is_err() {
            self.plan.look()?;
            return self.inner.remove_file(path);
        }
        self.plan.tick(Change::Other)?;
        let content = fs::read(&full).unwrap_or_default();
        self.inner.remove_file(path)?;
        lock(&self.plan.unsynced).contents.remove(&full);
        self.plan.changed(
            full.parent(),
            Undo::PutFile {
                path: full.clone(),
                content,
            },
        );
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.plan.tick(Change::Other)?;
        self.inner.remove_folder(path)?;
        let full = self.full(path);
        self.plan.removed_folder(&full);
        self.plan
            .changed(full.parent(), Undo::MakeFolder(full.clone()));
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.plan.tick(Change::Other)?;
        let full = if path.as_os_str().is_empty() {
            self.path.clone()
        } else {
            self.full(path)
        };
        if !full.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.plan.synced_folder(&full);
        Ok(())
    }

    fn sync_files(&self, paths: &[PathBuf]) -> io::Result<()> {
        for path in paths {
            self.plan.tick(Change::Other)?;
            let full = self.full(path);
            if !full.is_file() {
                return Err(io::ErrorKind::NotFound.into());
            }
            self.plan.synced_file(&full);
        }
        Ok(())
    }

    fn unpack(
        &self,
        unpacker: &dyn Unpacker,
        order: UnpackOrder<'_>,
    ) -> Result<UnpackReport, UnpackError> {
        self.inner.unpack(unpacker, order)
    }
}

#[derive(Debug)]
struct CrashFile {
    inner: Arc<dyn FileHandle>,
    path: PathBuf,
    plan: Arc<Plan>,
}

impl FileHandle for CrashFile {
    fn stat(&self) -> io::Result<Stat> {
        self.plan.look()?;
        self.inner.stat()
    }

    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.plan.look()?;
        self.inner.read_at(into, offset_bytes)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()> {
        self.plan.before_write(&self.path);
        if let Err(stopped) = self.plan.tick(Change::Grow) {
            // The write during which the machine stops is torn.
            if self.plan.count() == self.plan.cut_at + 1 {
                self.inner
                    .write_at(&bytes[..bytes.len() / 2], offset_bytes)?;
            }
            return Err(stopped);
        }
        self.inner.write_at(bytes, offset_bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.plan.tick(Change::Other)?;
        self.plan.synced_file(&self.path);
        Ok(())
    }
}
