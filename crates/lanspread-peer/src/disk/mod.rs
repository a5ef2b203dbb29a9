//! The file-system side of a peer: everything that reads or writes the game directory and the state
//! directory.
//!
//! Invariant: every path of a game is resolved, without following a symbolic link, below an opened
//! directory handle; and what a method reports as done survives a power cut. It takes no decision of
//! its own: which step comes next, whose a file is and what may go are asked of
//! [`lanspread_core::root`] and [`lanspread_core::scan`].
//!
//! All methods block; asynchronous callers run them on threads that may.

use std::{path::Path, sync::Arc};

use lanspread_core::{
    DiskFailure, HashTrust, PreparedDownload, RootReport, StepProgress,
    root::{DownloadIntent, RootObservation, Step, StepReport},
};
use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash};
use lanspread_unpack::{CancelFlag, Unpacker};

/// The disk of one peer. Clones share everything.
#[derive(Debug, Clone)]
pub struct Disk {}

/// One download whose staging place is ready: takes verified chunks, from any thread.
#[derive(Debug)]
pub struct Download {}

#[allow(missing_docs, clippy::unused_self, clippy::missing_errors_doc, unused_variables)]
impl Disk {
    /// Opens the state directory, making it if need be. No game directory is open yet.
    pub fn new(state_dir: &Path, unpacker: Arc<dyn Unpacker>) -> Result<Self, DiskFailure> {
        todo!()
    }
    /// [`lanspread_core::Effect::OpenGameDir`]
    pub fn open_game_dir(&self, path: &Path) -> Result<(), DiskFailure> {
        todo!()
    }
    /// [`lanspread_core::Effect::ScanLibrary`]
    pub fn scan_library(&self) -> Result<Vec<RootReport>, DiskFailure> {
        todo!()
    }
    /// [`lanspread_core::Effect::ScanRoot`]
    pub fn scan_root(&self, id: &GameId) -> Result<Option<RootReport>, DiskFailure> {
        todo!()
    }
    /// [`lanspread_core::Effect::HashRoot`]; `progress(hashed_bytes, total_bytes)`.
    pub fn hash_root(
        &self,
        id: &GameId,
        trust: HashTrust,
        progress: &dyn Fn(u64, u64),
        abort: &CancelFlag,
    ) -> Result<Arc<Manifest>, DiskFailure> {
        todo!()
    }
    /// [`lanspread_core::Effect::ObserveRoot`]
    pub fn observe_root(&self, id: &GameId) -> Result<RootObservation, DiskFailure> {
        todo!()
    }
    /// [`lanspread_core::Effect::RunStep`]
    pub fn run_step(
        &self,
        id: &GameId,
        step: &Step,
        progress: &dyn Fn(StepProgress),
        abort: &CancelFlag,
    ) -> Result<StepReport, DiskFailure> {
        todo!()
    }
    /// [`lanspread_core::Effect::PrepareDownload`]; `progress(checked_bytes, total_bytes)`.
    pub fn prepare_download(
        &self,
        manifest: &Arc<Manifest>,
        intent: DownloadIntent,
        progress: &dyn Fn(u64, u64),
        abort: &CancelFlag,
    ) -> Result<PreparedDownload, DiskFailure> {
        todo!()
    }
    /// The prepared download of a game, for [`lanspread_core::Effect::FetchChunks`].
    pub fn download(&self, id: &GameId) -> Result<Arc<Download>, DiskFailure> {
        todo!()
    }
    /// A manifest that this disk knows, for [`lanspread_core::Effect::ServeManifest`].
    pub fn manifest(&self, id: &GameId, hash: ManifestHash) -> Result<Arc<Manifest>, DiskFailure> {
        todo!()
    }
    /// The bytes of one chunk, for [`lanspread_core::Effect::ServeChunks`].
    pub fn read_chunk(
        &self,
        id: &GameId,
        manifest: ManifestHash,
        chunk: ChunkRef,
    ) -> Result<Vec<u8>, DiskFailure> {
        todo!()
    }
}

#[allow(clippy::unused_self, clippy::missing_errors_doc, unused_variables)]
impl Download {
    /// What is gathered.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        todo!()
    }
    /// Stores a chunk whose hash the caller has verified. Storing it twice is harmless.
    pub fn store_chunk(&self, chunk: ChunkRef, bytes: &[u8]) -> Result<(), DiskFailure> {
        todo!()
    }
}
