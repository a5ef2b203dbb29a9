//! A game as one archive, made while it is sent: for a machine that has a browser and no Lanspread.
//!
//! Invariant: an archive ends whole or breaks off, so that a browser takes no half for a whole: what stands
//! in it was verified, and whatever goes wrong on the way breaks the connection. Zip, because every system
//! opens it; nothing is compressed, since games are archives already.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use lanspread_db::{ChunkRef, GameId};
use lanspread_peer::SharedGame;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, mpsc},
    time::timeout,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::bounded::Busy;

/// Most archives that are sent at the same time.
pub const ARCHIVES_MAX: usize = 8;

/// A browser that takes nothing of an archive for so long is gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes of an archive that are sent in one piece.
const PIECE_BYTES: usize = 256 * 1024;

/// Pieces that wait for a browser.
const PIECES_QUEUE_LEN: usize = 4;

/// What is kept while an archive is sent: its place among all, and that its connection is in use.
pub(crate) type Keeps = (OwnedSemaphorePermit, Busy);

/// Sends a game as one archive.
pub(crate) fn send(id: &GameId, game: SharedGame, keeps: Keeps) -> Response {
    let (tx, rx) = mpsc::channel(PIECES_QUEUE_LEN);
    let folder = id.clone();
    let runtime = Handle::current();
    let broken = tx.clone();
    tokio::task::spawn_blocking(move || {
        let pieces = Pieces::new(tx, runtime.clone());
        if let Err(error) = write(pieces, &folder, &game, &runtime) {
            tracing::warn!(game = %folder, %error, "an archive broke off");
            // Whoever is still there sees that it is not whole.
            drop(runtime.block_on(timeout(PATIENCE, broken.send(Err(error)))));
        }
        drop(keeps);
    });
    let pieces = stream::unfold(rx, |mut rx| async { Some((rx.recv().await?, rx)) });
    let name = format!("attachment; filename=\"{id}.zip\"");
    (
        [
            (header::CONTENT_TYPE, "application/zip".to_owned()),
            (header::CONTENT_DISPOSITION, name),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        ],
        Body::from_stream(pieces),
    )
        .into_response()
}

/// Writes the archive, one verified chunk after the other.
fn write(pieces: Pieces, id: &GameId, game: &SharedGame, runtime: &Handle) -> io::Result<()> {
    let manifest = Arc::clone(game.manifest());
    let mut archive = ZipWriter::new_stream(pieces);
    let mut chunks = manifest.chunk_refs().peekable();
    for (number, file) in (0_u32..).zip(manifest.files()) {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(file.size_bytes >= u64::from(u32::MAX))
            .unix_permissions(0o644);
        archive.start_file(format!("{id}/{}", file.path), options)?;
        let of_file = |at: &ChunkRef| at.file == number;
        while let Some(at) = chunks.next_if(of_file) {
            let bytes = runtime.block_on(game.read(at)).map_err(io::Error::other)?;
            archive.write_all(&bytes)?;
        }
    }
    archive.finish()?.into_inner().flush()
}

/// What is written, on its way to a browser in pieces.
struct Pieces {
    tx: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
    piece: Vec<u8>,
}

impl Pieces {
    fn new(tx: mpsc::Sender<io::Result<Bytes>>, runtime: Handle) -> Self {
        Self {
            tx,
            runtime,
            piece: Vec::with_capacity(PIECE_BYTES),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        let sent = self
            .runtime
            .block_on(timeout(PATIENCE, self.tx.send(Ok(Bytes::from(piece)))));
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the browser does not want the rest",
            )),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the browser took nothing for a minute",
            )),
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES - self.piece.len();
        let taken = bytes.len().min(room);
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            Ok(())
        } else {
            self.send()
        }
    }
}
