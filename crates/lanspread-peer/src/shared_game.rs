//! A shared game, read for somebody who is no peer: a browser.
//!
//! Invariant: what is handed out is verified, chunk by chunk, and pays at the same gate as what leaves for
//! peers; so an upload limit holds for both together.

use std::{net::IpAddr, sync::Arc};

use lanspread_core::{CommandRefused, DiskFailure, ErrorKind};
use lanspread_db::{ChunkRef, ContentHash, GameId, Manifest, ManifestHash};
use lanspread_disk::Disk;
use lanspread_proto::PeerId;

use crate::{
    PeerRuntimeHandle,
    net::{Rates, Toll},
};

/// What games are read with.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    disk: Disk,
    rates: Arc<Rates>,
}

impl Reader {
    pub(crate) fn new(disk: &Disk, rates: &Arc<Rates>) -> Self {
        Self {
            disk: disk.clone(),
            rates: Arc::clone(rates),
        }
    }

    pub(crate) const fn disk(&self) -> &Disk {
        &self.disk
    }
}

/// A shared game that is being read.
#[derive(Debug)]
pub struct SharedGame {
    disk: Disk,
    id: GameId,
    hash: ManifestHash,
    manifest: Arc<Manifest>,
    toll: Toll,
}

/// Why a chunk cannot be handed out.
#[derive(Debug, thiserror::Error)]
pub enum ReadSharedError {
    /// The disk does not give it.
    #[error(transparent)]
    Disk(#[from] DiskFailure),
    /// It is not what it was when it was hashed.
    #[error("a chunk of {id} is damaged on this disk; `verify` repairs it from the others")]
    Damaged {
        /// The game.
        id: GameId,
    },
    /// The game has no such chunk.
    #[error("{id} has no such chunk")]
    NoSuchChunk {
        /// The game.
        id: GameId,
    },
    /// The reading thread is gone.
    #[error("it cannot be read now: {0}")]
    Ended(String),
}

impl PeerRuntimeHandle {
    /// A game that is here, hashed and shared, to be read for somebody at this address.
    ///
    /// # Errors
    /// It is not shared here, or an operation runs on it.
    pub async fn shared_game(&self, id: &GameId, to: IpAddr) -> Result<SharedGame, CommandRefused> {
        let refused = |kind, message| CommandRefused { kind, message };
        let view = self.game_db().view();
        let shared = |game: &&lanspread_core::GameView| {
            game.id == *id && game.downloaded && game.problem.is_none()
        };
        let game = view.games.iter().find(shared);
        let Some(hash) = game.and_then(|game| game.manifest) else {
            let message = format!("{id} is not shared here, or is still being hashed");
            return Err(refused(ErrorKind::NotDownloaded, message));
        };
        if view.operations.iter().any(|operation| operation.id == *id) {
            let message = format!("{id} is being changed here: try again later");
            return Err(refused(ErrorKind::Busy, message));
        }
        let manifest = self.manifest(id, hash).await?;
        let Reader { disk, rates } = self.reader.clone();
        Ok(SharedGame {
            disk,
            id: id.clone(),
            hash,
            manifest,
            toll: rates.uploads_to(account_of(to)),
        })
    }
}

impl PeerRuntimeHandle {
    /// The manifest of a game that is here and hashed.
    ///
    /// # Errors
    /// It is not that of what is here any more, or the disk does not give it.
    pub async fn manifest(
        &self,
        id: &GameId,
        hash: ManifestHash,
    ) -> Result<Arc<Manifest>, CommandRefused> {
        let refused = |message| CommandRefused {
            kind: ErrorKind::Io,
            message: format!("the list of files of {id} cannot be read: {message}"),
        };
        let (disk, id) = (self.reader.disk.clone(), id.clone());
        let read = tokio::task::spawn_blocking(move || disk.manifest(&id, hash)).await;
        read.map_err(|error| refused(error.to_string()))?
            .map_err(|failure| refused(failure.to_string()))
    }
}

/// Under which name somebody without an identity pays.
fn account_of(addr: IpAddr) -> PeerId {
    PeerId::from_bytes(*ContentHash::of(addr.to_string().as_bytes()).as_bytes())
}

impl SharedGame {
    /// Its files, with their sizes.
    #[must_use]
    pub const fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Reads one chunk and verifies it. Takes as long as the limits of uploads want. It blocks no thread of
    /// the runtime.
    ///
    /// # Errors
    /// See [`ReadSharedError`]; nothing of the chunk is handed out then.
    pub async fn read(&self, at: ChunkRef) -> Result<Vec<u8>, ReadSharedError> {
        let no_such_chunk = || ReadSharedError::NoSuchChunk {
            id: self.id.clone(),
        };
        let chunk = self.manifest.chunk(at).ok_or_else(no_such_chunk)?;
        let (len_bytes, wanted) = (chunk.len_bytes as usize, chunk.hash);
        self.toll.pass_all(len_bytes).await;
        let (disk, id, hash) = (self.disk.clone(), self.id.clone(), self.hash);
        let read = move || {
            let mut bytes = vec![0; len_bytes];
            disk.read_chunks(&id, hash, &[at], &mut bytes)?;
            if ContentHash::of(&bytes) == wanted {
                Ok(bytes)
            } else {
                Err(ReadSharedError::Damaged { id })
            }
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or_else(|error| Err(ReadSharedError::Ended(error.to_string())))
    }
}
