//! A file system that counts its operations and goes wrong at one of them: as if the process had been
//! killed there or the power had gone, or because the disk takes no more, or for that one time.
//!
//! Invariant: after the cut of a process every operation fails, so that nothing of the "crashed"
//! process reaches the disk any more. What survives a power cut is decided by [`Image`].

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use lanspread_testbed::dice::Dice;
use lanspread_unpack::{UnpackError, UnpackReport, Unpacker};

use super::{
    super::{
        library::lock,
        port::{Access, FileHandle, FileSystem, Folder, Listed, Stat, UnpackOrder},
        real::RealFileSystem,
    },
    crash_image::{Image, Loss},
};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// The process was killed: the system still writes everything.
    Kill,
    /// The power went: of what was not synced, some or all is gone.
    PowerCut(Loss),
    /// Nothing stops, but the disk is full for a while.
    DiskFull,
    /// Nothing stops, but for a while the disk can only be read.
    ReadOnly,
    /// Nothing stops, but one operation fails.
    Once(Fault),
}

impl Crash {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::Kill,
        Self::PowerCut(Loss::Everything),
        Self::PowerCut(Loss::Contents),
        Self::PowerCut(Loss::Torn),
        Self::DiskFull,
        Self::ReadOnly,
        Self::Once(Fault::Io),
        Self::Once(Fault::Denied),
    ];

    /// Whether nothing of the process goes on after it.
    pub(super) fn stops(self) -> bool {
        matches!(self, Self::Kill | Self::PowerCut(_))
    }
}

/// A disk that does not answer once is tried at one of so many looks, and at all of them by a test
/// that takes longer.
const LOOK_STRIDE: u64 = 3;

/// Why one operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The disk does not answer (EIO): at every change, and at one look of [`LOOK_STRIDE`].
    Io,
    /// The same at every look too.
    IoAtEveryLook,
    /// The system does not allow it (EACCES): on Windows, because a scanner holds the file.
    Denied,
}

/// A disk that does not do what it says: shows that the tests have teeth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It keeps its word.
    None,
    /// Syncing a file does nothing.
    FilesNotSynced,
    /// Syncing a directory does nothing.
    FoldersNotSynced,
    /// Every open file is said to have so many bytes.
    SaysBytes(u64),
}

/// What an operation asks of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Nothing but to be read.
    Look,
    /// Room for something new.
    Grow,
    /// To be written, with no more room than there was.
    Other,
    /// What was written is to be durable.
    Sync,
}

/// Counts, cuts, and knows what is not durable yet.
#[derive(Debug)]
pub(super) struct Plan {
    crash: Crash,
    /// The operation at which it happens, among those that count.
    cut_at: u64,
    count: AtomicU64,
    looks: AtomicU64,
    flaw: Flaw,
    image: Mutex<Option<Image>>,
}

impl Plan {
    pub(super) fn new(crash: Crash, cut_at: u64) -> Arc<Self> {
        Self::flawed(crash, cut_at, Flaw::None)
    }

    /// The same on a disk with a flaw.
    pub(super) fn flawed(crash: Crash, cut_at: u64, flaw: Flaw) -> Arc<Self> {
        Arc::new(Self {
            crash,
            cut_at,
            count: AtomicU64::new(0),
            looks: AtomicU64::new(0),
            flaw,
            image: Mutex::default(),
        })
    }

    /// Never cuts; counts as if it would.
    pub(super) fn endless(crash: Crash) -> Arc<Self> {
        Self::new(crash, u64::MAX)
    }

    /// Takes what lies below `base` for durable, if the power is to go.
    pub(super) fn watch(&self, base: &Path) {
        if self.cut_at < u64::MAX && matches!(self.crash, Crash::PowerCut(_)) {
            lock(&self.image).get_or_insert_with(|| Image::of(base));
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

    /// Counts an operation, if it is of those that this crash meets, and fails if it is met.
    fn tick(&self, change: Change) -> io::Result<()> {
        let is_met = match self.crash {
            Crash::Kill | Crash::PowerCut(_) if change == Change::Look => return self.look(),
            Crash::Once(Fault::Io) if change == Change::Look => {
                let number = self.looks.fetch_add(1, Ordering::SeqCst);
                number.is_multiple_of(LOOK_STRIDE)
            }
            Crash::Kill | Crash::PowerCut(_) | Crash::Once(Fault::Io | Fault::IoAtEveryLook) => {
                true
            }
            Crash::Once(Fault::Denied) => change != Change::Look,
            Crash::DiskFull => change == Change::Grow,
            Crash::ReadOnly => matches!(change, Change::Grow | Change::Other),
        };
        if !is_met {
            return Ok(());
        }
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        match self.crash {
            Crash::Once(_) if number != self.cut_at => Ok(()),
            _ if number < self.cut_at => Ok(()),
            Crash::Kill | Crash::PowerCut(_) => Err(stopped()),
            Crash::DiskFull => Err(io::ErrorKind::StorageFull.into()),
            Crash::ReadOnly => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Crash::Once(Fault::Io | Fault::IoAtEveryLook) => {
                Err(io::Error::other("Input/output error"))
            }
            Crash::Once(Fault::Denied) => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// A look that does not count.
    fn look(&self) -> io::Result<()> {
        if self.crash.stops() && self.count() > self.cut_at {
            return Err(stopped());
        }
        Ok(())
    }

    fn image(&self, note: impl FnOnce(&mut Image)) {
        if let Some(image) = &mut *lock(&self.image) {
            note(image);
        }
    }

    fn synced_file(&self, path: &Path) {
        if self.flaw != Flaw::FilesNotSynced {
            self.image(|image| image.synced_file(path));
        }
    }

    fn synced_folder(&self, path: &Path) {
        if self.flaw != Flaw::FoldersNotSynced {
            self.image(|image| image.synced_folder(path));
        }
    }

    /// If the power went: lets go of what was not synced.
    pub(super) fn lose_unsynced(&self) {
        let image = lock(&self.image).take();
        if let (Crash::PowerCut(loss), Some(image)) = (self.crash, image) {
            image.cut(loss, &mut Dice::new(self.cut_at));
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the machine has stopped")
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
        self.plan.tick(Change::Look)?;
        Ok(Arc::new(CrashFolder {
            inner: RealFileSystem.open(path)?,
            path: path.to_owned(),
            plan: Arc::clone(&self.plan),
        }))
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
        for path in missing.into_iter().rev() {
            self.plan.tick(Change::Grow)?;
            RealFileSystem.make(path)?;
            self.plan.image(|image| image.made(path, true));
            self.plan.tick(Change::Sync)?;
            if let Some(parent) = path.parent() {
                self.plan.synced_folder(parent);
            }
        }
        self.plan.tick(Change::Look)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        RealFileSystem.canonical(path)
    }

    fn available_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.free_bytes)
    }

    /// The order of operations follows from what was asked.
    fn looks_at_once(&self) -> usize {
        1
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
        self.plan.tick(Change::Look)?;
        Ok(Arc::new(Self {
            inner: self.inner.open_folder(path)?,
            path: self.full(path),
            plan: Arc::clone(&self.plan),
        }))
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        self.plan.tick(Change::Look)?;
        self.inner.list()
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.plan.tick(Change::Look)?;
        self.inner.stat(path)
    }

    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>> {
        let full = self.full(path);
        let makes = access != Access::Read && !full.exists();
        self.plan.tick(match access {
            Access::Read => Change::Look,
            Access::Write | Access::New | Access::NewPrivate if makes => Change::Grow,
            // A process that was killed has changed nothing by opening.
            Access::Write | Access::New | Access::NewPrivate if self.plan.crash().stops() => {
                Change::Look
            }
            Access::Write | Access::New | Access::NewPrivate => Change::Other,
        })?;
        let inner = self.inner.open_file(path, access)?;
        if makes {
            self.plan.image(|image| image.made(&full, false));
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
        self.plan.image(|image| image.made(&self.full(path), true));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.tick(Change::Other)?;
        let (from_full, to_full) = (self.full(from), self.full(to));
        self.plan.image(|image| image.going(&to_full));
        self.inner.rename(from, to)?;
        self.plan.image(|image| image.renamed(&from_full, &to_full));
        Ok(())
    }

    fn link_file(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.tick(Change::Grow)?;
        self.inner.link_file(from, to)?;
        self.plan
            .image(|image| image.linked(&self.full(from), &self.full(to)));
        Ok(())
    }

    fn copy_symlink(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.plan.tick(Change::Grow)?;
        self.inner.copy_symlink(from, to)?;
        self.plan.image(|image| image.made_link(&self.full(to)));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let full = self.full(path);
        if fs::symlink_metadata(&full).is_err() {
            self.plan.tick(Change::Look)?;
            return self.inner.remove_file(path);
        }
        self.plan.tick(Change::Other)?;
        self.plan.image(|image| image.going(&full));
        self.inner.remove_file(path)?;
        self.plan.image(|image| image.removed(&full));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.plan.tick(Change::Other)?;
        self.inner.remove_folder(path)?;
        self.plan.image(|image| image.removed(&self.full(path)));
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.plan.tick(Change::Sync)?;
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
            self.plan.tick(Change::Sync)?;
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
        let report = self.inner.unpack(unpacker, order);
        self.plan.image(|image| {
            image.discovered(&self.path);
            if report.is_ok() {
                image.synced_tree(&self.path);
            }
        });
        report
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
        self.plan.tick(Change::Look)?;
        let mut stat = self.inner.stat()?;
        if let Flaw::SaysBytes(bytes) = self.plan.flaw {
            stat.stamp.size_bytes = bytes;
        }
        Ok(stat)
    }

    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        self.plan.tick(Change::Look)?;
        self.inner.read_at(into, offset_bytes)
    }

    fn read_from_memory(&self, into: &mut [u8], offset_bytes: u64) -> bool {
        self.plan.tick(Change::Look).is_ok() && self.inner.read_from_memory(into, offset_bytes)
    }

    fn write_at(&self, bytes: &[u8], offset_bytes: u64) -> io::Result<()> {
        self.plan.image(|image| image.writing(&self.path));
        if let Err(stopped) = self.plan.tick(Change::Grow) {
            // The write during which it happens is torn.
            let is_torn = self.plan.crash != Crash::ReadOnly;
            if is_torn && self.plan.count() == self.plan.cut_at + 1 {
                self.inner
                    .write_at(&bytes[..bytes.len() / 2], offset_bytes)?;
            }
            return Err(stopped);
        }
        self.inner.write_at(bytes, offset_bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.plan.tick(Change::Sync)?;
        self.plan.synced_file(&self.path);
        Ok(())
    }
}
