//! A game as one archive, made while it is sent: for a machine that has a browser and no Lanspread.
//!
//! Invariant: an archive ends whole or breaks off, so that a browser takes no half for a whole: what stands
//! in it was verified, and whatever goes wrong on the way breaks the connection. Zip, because every system
//! opens it; nothing is compressed, since games are archives already, and so its length is known before its
//! first byte: a browser shows how long it takes, and tells a half from a whole by itself.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use lanspread_db::{ChunkRef, GameId, RelPath};
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

/// Sends a game as one archive. One of which not even the first piece can be made is refused in words, since a
/// browser shows nothing of ours once an answer has broken off.
pub(crate) async fn send(id: &GameId, game: SharedGame, keeps: Keeps) -> Response {
    let (tx, mut rx) = mpsc::channel(PIECES_QUEUE_LEN);
    let folder = id.clone();
    let files = game.manifest().files().iter();
    let length_bytes = length_bytes(files.map(|file| (name(id, &file.path), file.size_bytes)));
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
    let first = match rx.recv().await {
        Some(Err(error)) => {
            let text = format!("{id} cannot be sent: {error}.\n");
            return (StatusCode::CONFLICT, text).into_response();
        }
        first => stream::iter(first),
    };
    let rest = stream::unfold(rx, |mut rx| async { Some((rx.recv().await?, rx)) });
    let disposition = format!("attachment; filename=\"{id}.zip\"");
    (
        [
            (header::CONTENT_TYPE, "application/zip".to_owned()),
            (header::CONTENT_LENGTH, length_bytes.to_string()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        ],
        Body::from_stream(first.chain(rest)),
    )
        .into_response()
}

/// Writes the archive, one verified chunk after the other.
fn write(pieces: Pieces, id: &GameId, game: &SharedGame, runtime: &Handle) -> io::Result<()> {
    let manifest = Arc::clone(game.manifest());
    let mut archive = ZipWriter::new_stream(pieces);
    let mut chunks = manifest.chunk_refs().peekable();
    for (number, file) in (0_u32..).zip(manifest.files()) {
        archive.start_file(name(id, &file.path), options(file.size_bytes))?;
        let of_file = |at: &ChunkRef| at.file == number;
        while let Some(at) = chunks.next_if(of_file) {
            let bytes = runtime.block_on(game.read(at)).map_err(io::Error::other)?;
            archive.write_all(&bytes)?;
        }
    }
    archive.finish()?.into_inner().flush()
}

/// What a file is called in the archive.
fn name(id: &GameId, path: &RelPath) -> String {
    format!("{id}/{path}")
}

/// How a file of this size is written: as it is.
fn options(size_bytes: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(is_large(size_bytes))
        .unix_permissions(0o644)
}

/// Whether a size or a place does not fit into the 32 bits that the format began with.
const fn is_large(bytes: u64) -> bool {
    bytes >= u32::MAX as u64
}

/// Bytes of an archive that holds files of these names and sizes in this order.
///
/// Lengths of the parts are those of PKWARE's APPNOTE 6.3: local header (4.3.7), data descriptor with its
/// signature (4.3.9), central header (4.3.12), the three end records (4.3.14 to 4.3.16), and the extra field
/// for what does not fit into 32 bits (4.5.3).
fn length_bytes(files: impl Iterator<Item = (String, u64)>) -> u64 {
    let (mut count, mut offset, mut central) = (0_u64, 0_u64, 0_u64);
    for (name, size_bytes) in files {
        let name_bytes = name.len() as u64;
        let (local_extra, sizes, descriptor) = if is_large(size_bytes) {
            (4 + 16, 16, 24)
        } else {
            (0, 0, 16)
        };
        let place = if is_large(offset) { 8 } else { 0 };
        let central_extra = match sizes + place {
            0 => 0,
            values => 4 + values,
        };
        count += 1;
        offset += 30 + name_bytes + local_extra + size_bytes + descriptor;
        central += 46 + name_bytes + central_extra;
    }
    let too_many = count > u64::from(u16::MAX);
    let too_far = offset.max(central) > u64::from(u32::MAX);
    let end = if too_many || too_far {
        56 + 20 + 22
    } else {
        22
    };
    offset + central + end
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Counts what is written to it.
    #[derive(Default)]
    struct Counted(u64);

    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Bytes of the archive as it is really written, of files that hold zeros.
    fn written_bytes(files: &[(String, u64)]) -> u64 {
        let zeros = vec![0; 1 << 20];
        let mut archive = ZipWriter::new_stream(Counted::default());
        for (name, size_bytes) in files {
            archive
                .start_file(name.as_str(), options(*size_bytes))
                .expect("a name");
            let mut left = *size_bytes;
            while left > 0 {
                let some = left.min(zeros.len() as u64);
                let bytes = &zeros[..usize::try_from(some).expect("small")];
                archive.write_all(bytes).expect("room");
                left -= some;
            }
        }
        archive.finish().expect("an archive").into_inner().0
    }

    fn assert_exact(files: &[(String, u64)]) {
        assert_eq!(length_bytes(files.iter().cloned()), written_bytes(files));
    }

    proptest! {
        #[test]
        fn the_length_is_known_before_the_first_byte(
            files in proptest::collection::btree_map("[a-zäß日 /.]{1,300}[a-z]", 0_u64..5_000, 0..20),
        ) {
            let files: Vec<_> = files.into_iter().collect();
            prop_assert_eq!(length_bytes(files.iter().cloned()), written_bytes(&files));
        }
    }

    #[test]
    fn the_length_is_exact_at_the_number_of_files_from_which_another_end_is_written() {
        let files = |count: u32| (0..count).map(|number| (format!("{number}"), 0)).collect();
        for count in [0, 1, 65_534, 65_535, 65_536] {
            let files: Vec<_> = files(count);
            assert_exact(&files);
        }
    }

    #[test]
    fn the_length_is_exact_where_sizes_and_places_outgrow_32_bits() {
        const MOST: u64 = u32::MAX as u64;
        // What stands around the content of a file whose name has one byte.
        const AROUND: u64 = 30 + 1 + 16;
        let files: [&[u64]; 6] = [
            &[MOST - AROUND],
            &[MOST - AROUND + 1],
            &[MOST - 1],
            &[MOST],
            &[MOST - AROUND - 1, 0],
            &[MOST - AROUND, 0],
        ];
        for sizes in files {
            let named = (0_u32..).zip(sizes);
            let named = named.map(|(number, size_bytes)| (number.to_string(), *size_bytes));
            assert_exact(&named.collect::<Vec<_>>());
        }
    }
}
