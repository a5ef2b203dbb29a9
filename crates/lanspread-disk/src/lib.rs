//! The file-system side of a peer: everything that reads or writes the game directory, and what is
//! remembered of games in the state directory.
//!
//! Invariant: every path of a game is resolved, without following a symbolic link, below an opened
//! directory handle; and what a method reports as done survives a power cut. It takes no decision of
//! its own: which step comes next, whose a file is and what may go are asked of
//! [`lanspread_core::root`] and [`lanspread_core::scan`].
//!
//! All methods block; asynchronous callers run them on threads that may.

mod beneath;
mod download;
mod failure;
mod files;
pub mod formats;
mod handles;
mod hard_disk;
mod hash;
mod hasher;
mod index;
mod intent_log;
mod known;
mod library;
mod marker;
mod observe;
mod obstacles;
mod old;
mod parents;
pub mod port;
mod prepare;
mod readers;
mod real;
mod scan;
mod serve;
mod state_dir;
mod steps;
mod store;
#[cfg(test)]
mod tests;
mod turns;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use lanspread_core::{
    AfterDownload, DiskFailure, DiskFailureKind, HashTrust, PreparedDownload, RootReport,
    StepProgress,
    root::{DownloadIntent, RootObservation, Step, StepReport},
};
use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash};
use lanspread_unpack::{CancelFlag, Unpacker};

pub use download::Download;
use failure::{Doing, failure};
pub use hasher::GameHasher;
use library::{Library, SharedUnpacker, lock};
use port::FileSystem;
pub use real::RealFileSystem;
pub use state_dir::{ASIDE_MAX, StateDir};
use steps::Watch;

/// Bytes read in one turn on a hard disk: it reads them in about 30 ms, and finds the place in 10.
pub const HARD_DISK_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The disk of one peer. Clones share everything.
#[derive(Debug, Clone)]
pub struct Disk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fs: Arc<dyn FileSystem>,
    state_dir: PathBuf,
    unpacker: SharedUnpacker,
    library: Mutex<Option<Arc<Library>>>,
}

impl Disk {
    /// Uses a state directory, making it if need be. No game directory is open yet.
    ///
    /// # Errors
    ///
    /// When the state directory cannot be made.
    pub fn new(state_dir: &Path, unpacker: Arc<dyn Unpacker>) -> Result<Self, DiskFailure> {
        Self::with_file_system(Arc::new(RealFileSystem), state_dir, unpacker)
    }

    /// The same over any file system: one that counts and cuts, or a simulated one.
    ///
    /// # Errors
    ///
    /// When the state directory cannot be made.
    pub fn with_file_system(
        fs: Arc<dyn FileSystem>,
        state_dir: &Path,
        unpacker: Arc<dyn Unpacker>,
    ) -> Result<Self, DiskFailure> {
        fs.make(state_dir)
            .doing("make the state directory", state_dir)?;
        Ok(Self(Arc::new(Inner {
            fs,
            state_dir: state_dir.to_owned(),
            unpacker: SharedUnpacker(unpacker),
            library: Mutex::new(None),
        })))
    }

    /// Carries out [`lanspread_core::Effect::OpenGameDir`]: uses this game directory from here on.
    /// What already runs in another one ends there.
    ///
    /// # Errors
    ///
    /// When the directory does not exist or cannot be read; the one before stays in use.
    pub fn open_game_dir(&self, path: &Path) -> Result<(), DiskFailure> {
        let opened = Library::open(
            Arc::clone(&self.0.fs),
            &self.0.state_dir,
            path,
            self.0.unpacker.clone(),
        )?;
        *lock(&self.0.library) = Some(Arc::new(opened));
        Ok(())
    }

    fn library(&self) -> Result<Arc<Library>, DiskFailure> {
        lock(&self.0.library).clone().ok_or_else(|| {
            failure(
                DiskFailureKind::NotFound,
                "no game directory is open: choose one first",
            )
        })
    }

    /// Opens the game directory anew if another stands at its path: it was deleted or moved away, or is on a
    /// disk that was unplugged, and is there again. What already runs in the old one ends there.
    fn open_anew_if_replaced(&self) -> Result<(), DiskFailure> {
        let library = self.library()?;
        // Where nothing can be told, the look itself says what is wrong.
        if library.games.stands_at(&library.path).unwrap_or(true) {
            return Ok(());
        }
        tracing::info!(dir = %library.path.display(), "the game directory is another one: it is opened anew");
        let fs = Arc::clone(&self.0.fs);
        let unpacker = self.0.unpacker.clone();
        let opened = Library::open(fs, &self.0.state_dir, &library.path, unpacker)?;
        let mut current = lock(&self.0.library);
        // Unless another one was chosen meanwhile.
        if current
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, &library))
        {
            *current = Some(Arc::new(opened));
        }
        Ok(())
    }

    /// Carries out [`lanspread_core::Effect::ScanLibrary`]. A directory that was deleted and made anew is opened
    /// anew.
    ///
    /// # Errors
    ///
    /// When the game directory cannot be read. A root that cannot be read is reported as such.
    pub fn scan_library(&self) -> Result<Vec<RootReport>, DiskFailure> {
        self.open_anew_if_replaced()?;
        scan::scan_local_library(&*self.library()?)
    }

    /// Bytes that are free where the games lie; `None` if the system does not say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        let library = self.library().ok()?;
        library.fs.available_bytes(&library.path).ok()
    }

    /// Carries out [`lanspread_core::Effect::ScanRoot`]. `None`: there is no such root.
    ///
    /// # Errors
    ///
    /// When the root cannot be read.
    pub fn scan_root(&self, id: &GameId) -> Result<Option<RootReport>, DiskFailure> {
        scan::scan_root(&*self.library()?, id)
    }

    /// Carries out [`lanspread_core::Effect::HashRoot`]; `progress` gets the bytes whose hash is known
    /// and those of all files. What was hashed before an error or `abort` is remembered.
    ///
    /// # Errors
    ///
    /// When the game is not downloaded, its files cannot make a manifest, one cannot be read or
    /// changes meanwhile, or `abort` is set.
    pub fn hash_root(
        &self,
        id: &GameId,
        trust: HashTrust,
        progress: &dyn Fn(u64, u64),
        abort: &CancelFlag,
    ) -> Result<Arc<Manifest>, DiskFailure> {
        hash::hash_root(&*self.library()?, id, trust, progress, abort)
    }

    /// The manifest of what this peer downloaded for a game, if it did and it is known in full.
    ///
    /// # Errors
    ///
    /// When what is remembered cannot be read.
    pub fn recorded_manifest(&self, id: &GameId) -> Result<Option<Arc<Manifest>>, DiskFailure> {
        let recorded = self.library()?.recorded_manifest(id)?;
        Ok(recorded.map(|(_, manifest)| manifest))
    }

    /// Carries out [`lanspread_core::Effect::RecallManifest`]: a manifest that was kept when its download
    /// began, if it is of this game.
    ///
    /// # Errors
    ///
    /// When what is remembered cannot be read.
    pub fn kept_manifest(
        &self,
        id: &GameId,
        hash: ManifestHash,
    ) -> Result<Option<Arc<Manifest>>, DiskFailure> {
        let kept = self.library()?.store.manifest(hash)?;
        Ok(kept.filter(|manifest| manifest.game_id() == id))
    }

    /// Carries out [`lanspread_core::Effect::ObserveRoot`].
    ///
    /// # Errors
    ///
    /// When the root cannot be read.
    pub fn observe_root(&self, id: &GameId) -> Result<RootObservation, DiskFailure> {
        Ok(observe::observe(&*self.library()?, id)?.root)
    }

    /// Carries out [`lanspread_core::Effect::RunStep`]. `abort` ends the long ones; those that only
    /// go forward are completed.
    ///
    /// # Errors
    ///
    /// When the step cannot be taken whole; taking it again is safe.
    pub fn run_step(
        &self,
        id: &GameId,
        step: &Step,
        progress: &dyn Fn(StepProgress),
        abort: &CancelFlag,
    ) -> Result<StepReport, DiskFailure> {
        steps::run_step(&*self.library()?, id, step, Watch { progress, abort })
    }

    /// Carries out [`lanspread_core::Effect::PrepareDownload`]; `progress` gets the bytes that were
    /// checked and those to check. Afterwards [`Self::download`] takes chunks.
    ///
    /// # Errors
    ///
    /// When something that is not ours stands in the way, there is no room, what is there cannot be
    /// read, or `abort` is set. A staging place that was not there before is gone again.
    pub fn prepare_download(
        &self,
        manifest: &Arc<Manifest>,
        intent: DownloadIntent,
        then: AfterDownload,
        progress: &dyn Fn(u64, u64),
        abort: &CancelFlag,
    ) -> Result<PreparedDownload, DiskFailure> {
        prepare::prepare(&*self.library()?, manifest, intent, then, progress, abort)
    }

    /// The prepared download of a game, for [`lanspread_core::Effect::FetchChunks`].
    ///
    /// # Errors
    ///
    /// When none is prepared.
    pub fn download(&self, id: &GameId) -> Result<Arc<Download>, DiskFailure> {
        self.library()?.download(id)
    }

    /// The manifest of a hashed game that lies here, for [`lanspread_core::Effect::ServeManifest`], or
    /// of one that is being downloaded.
    ///
    /// # Errors
    ///
    /// When the game does not lie here as this manifest.
    pub fn manifest(&self, id: &GameId, hash: ManifestHash) -> Result<Arc<Manifest>, DiskFailure> {
        serve::manifest(&*self.library()?, id, hash)
    }

    /// How many bytes of a game are to be read at a time, where `usual_bytes` are on a disk that does not
    /// turn: on one that does, finding the place takes as long as reading some megabytes.
    #[must_use]
    pub fn batch_bytes(&self, id: &GameId, usual_bytes: usize) -> usize {
        let library = self.library();
        let is_on_hard_disk = library.is_ok_and(|library| library.readers.is_on_hard_disk(id));
        if is_on_hard_disk {
            usual_bytes.max(HARD_DISK_BATCH_BYTES)
        } else {
            usual_bytes
        }
    }

    /// Reads chunks, for [`lanspread_core::Effect::ServeChunks`], one behind the other to `into`, which
    /// has to be as long as they are together. On a hard disk it waits for its turn.
    ///
    /// # Errors
    ///
    /// When the game does not lie here as this manifest and no download has stored the chunks, there is
    /// no such chunk, they have another length, a file changed since it was hashed, or the disk does not
    /// answer. `into` then holds anything.
    pub fn read_chunks(
        &self,
        id: &GameId,
        manifest: ManifestHash,
        chunks: &[ChunkRef],
        into: &mut [u8],
    ) -> Result<(), DiskFailure> {
        serve::read_chunks(&*self.library()?, id, manifest, chunks, into)
    }
}
