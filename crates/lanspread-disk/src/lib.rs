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
mod folders;
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
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use lanspread_core::{
    AfterDownload, DiskFailure, HashTrust, LibraryReport, PreparedDownload, RootReport,
    StepProgress,
    root::{DownloadIntent, RootObservation, Step, StepReport},
};
use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash};
use lanspread_unpack::{CancelFlag, Unpacker};

pub use download::Download;
use failure::Doing;
pub use failure::{io_failure, kind_of as failure_kind};
use folders::Folders;
pub use folders::Unreadable;
pub use hasher::GameHasher;
use library::{Library, Opener, SharedUnpacker};
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
    opener: Opener,
    folders: Folders,
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
            opener: Opener::new(fs, state_dir, SharedUnpacker(unpacker)),
            folders: Folders::default(),
        })))
    }

    /// Carries out [`lanspread_core::Effect::OpenGameDir`]: uses this game directory for new games from here on.
    /// What already runs in another one ends there. One of the further directories changes places with the
    /// present one.
    ///
    /// # Errors
    ///
    /// When the directory does not exist or cannot be read and is not to be awaited, lies in another one or around
    /// it, or holds the state directory, which is not looked at for the very first one; the one before stays in
    /// use.
    pub fn open_game_dir(&self, path: &Path, unreadable: Unreadable) -> Result<(), DiskFailure> {
        self.0.folders.open_first(&self.0.opener, path, unreadable)
    }

    /// Carries out [`lanspread_core::Effect::OpenMoreGameDirs`]: uses these game directories beside the one where
    /// new games go, and no others.
    ///
    /// # Errors
    ///
    /// When there are too many of them, one is named twice or lies in another, or one that was not used before
    /// cannot be read and is not to be awaited; those before stay in use.
    pub fn open_more_game_dirs(
        &self,
        paths: &[PathBuf],
        unreadable: Unreadable,
    ) -> Result<(), DiskFailure> {
        self.0.folders.open_more(&self.0.opener, paths, unreadable)
    }

    /// All game directories, as they were named; the first is where new games go.
    #[must_use]
    pub fn game_dirs(&self) -> Vec<PathBuf> {
        self.0.folders.paths()
    }

    /// Where the root of a game lies, or would lie.
    #[must_use]
    pub fn root_path(&self, id: &GameId) -> PathBuf {
        self.0.folders.root_path(id)
    }

    /// The games that were found in another directory than the first, and in which. The disk is not asked.
    #[must_use]
    pub fn found_beyond_first(&self) -> BTreeMap<GameId, PathBuf> {
        self.0.folders.found_beyond_first()
    }

    fn library_of(&self, id: &GameId) -> Result<Arc<Library>, DiskFailure> {
        self.0.folders.library_of(id)
    }

    /// Carries out [`lanspread_core::Effect::ScanLibrary`]: looks at every game root of every directory. A
    /// directory that was deleted and made anew is opened anew.
    ///
    /// # Errors
    ///
    /// When there is one game directory and it cannot be read; of several each is reported for itself, and so is
    /// a root that cannot be read.
    pub fn scan_library(&self) -> Result<LibraryReport, DiskFailure> {
        self.0.folders.scan(&self.0.opener)
    }

    /// Bytes that are free where new games go; `None` if the system does not say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        let library = self.0.folders.first().ok()?;
        library.fs.available_bytes(&library.path).ok()
    }

    /// Carries out [`lanspread_core::Effect::ScanRoot`]. `None`: there is no such root.
    ///
    /// # Errors
    ///
    /// When the root cannot be read.
    pub fn scan_root(&self, id: &GameId) -> Result<Option<RootReport>, DiskFailure> {
        scan::scan_root(&*self.library_of(id)?, id)
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
        hash::hash_root(&*self.library_of(id)?, id, trust, progress, abort)
    }

    /// The manifest of what this peer downloaded for a game, if it did and it is known in full.
    ///
    /// # Errors
    ///
    /// When what is remembered cannot be read.
    pub fn recorded_manifest(&self, id: &GameId) -> Result<Option<Arc<Manifest>>, DiskFailure> {
        let recorded = self.library_of(id)?.recorded_manifest(id)?;
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
        let kept = self.library_of(id)?.store.manifest(hash)?;
        Ok(kept.filter(|manifest| manifest.game_id() == id))
    }

    /// Carries out [`lanspread_core::Effect::ObserveRoot`].
    ///
    /// # Errors
    ///
    /// When the root cannot be read.
    pub fn observe_root(&self, id: &GameId) -> Result<RootObservation, DiskFailure> {
        Ok(observe::observe(&*self.library_of(id)?, id)?.root)
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
        steps::run_step(&*self.library_of(id)?, id, step, Watch { progress, abort })
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
        let id = manifest.game_id();
        let needed_bytes = manifest.total_bytes().saturating_add(prepare::SPARE_BYTES);
        let library = self.0.folders.library_for_download(id, needed_bytes)?;
        for other in self.0.folders.libraries() {
            if !Arc::ptr_eq(&other, &library) {
                other.drop_download(id);
            }
        }
        prepare::prepare(&library, manifest, intent, then, progress, abort)
    }

    /// The prepared download of a game, for [`lanspread_core::Effect::FetchChunks`].
    ///
    /// # Errors
    ///
    /// When none is prepared.
    pub fn download(&self, id: &GameId) -> Result<Arc<Download>, DiskFailure> {
        let prepared = self.0.folders.libraries().into_iter();
        let mut prepared = prepared.filter_map(|library| library.download(id).ok());
        prepared
            .next()
            .map_or_else(|| self.library_of(id)?.download(id), Ok)
    }

    /// The manifest of a hashed game that lies here, for [`lanspread_core::Effect::ServeManifest`], or
    /// of one that is being downloaded.
    ///
    /// # Errors
    ///
    /// When the game does not lie here as this manifest.
    pub fn manifest(&self, id: &GameId, hash: ManifestHash) -> Result<Arc<Manifest>, DiskFailure> {
        serve::manifest(&*self.0.folders.library_to_read(id)?, id, hash)
    }

    /// How many bytes of a game are to be read at a time, where `usual_bytes` are on a disk that does not
    /// turn: on one that does, finding the place takes as long as reading some megabytes.
    #[must_use]
    pub fn batch_bytes(&self, id: &GameId, usual_bytes: usize) -> usize {
        let library = self.0.folders.library_to_read(id);
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
        serve::read_chunks(
            &*self.0.folders.library_to_read(id)?,
            id,
            manifest,
            chunks,
            into,
        )
    }

    /// Reads the same if all of it is in memory, and never waits for a disk: for threads that must not. `false`, after
    /// which `into` holds anything, where that is not so or something is wrong: then
    /// [`Disk::read_chunks`] reads them, or says why not.
    #[must_use]
    pub fn read_chunks_from_memory(
        &self,
        id: &GameId,
        manifest: ManifestHash,
        chunks: &[ChunkRef],
        into: &mut [u8],
    ) -> bool {
        let library = self.0.folders.known_library(id);
        library.is_some_and(|library| {
            serve::read_chunks_from_memory(&library, id, manifest, chunks, into)
        })
    }
}
