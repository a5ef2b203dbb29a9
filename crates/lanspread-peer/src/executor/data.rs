//! The effects that move file contents: chunks and manifests, in and out.
//!
//! Invariant: what is served is read through the disk's checks, and what is fetched is stored only
//! after its hash was checked.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use lanspread_core::{
    DiskFailure, DiskFailureKind, Effect, EffectId, FetchFailure, Input, ReplyId, Route,
    ServeFailure,
};
use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash};
use lanspread_proto::{
    ChunkRequest, Refusal, RefusalKind, Response, limits::REQUEST_DATA_BYTES_MAX,
};
use tokio_util::sync::CancellationToken;

use super::{Executor, Shared, disk::lost, read_buffers::ReadBuffer};
use crate::net::{
    AtHand, ChunkSink, ChunkSource, ChunksFetched, Patience, WantedChunk, batch_len,
    limits::{READ_BATCH_BYTES, READ_STALL_TIMEOUT},
    no_answer_of_disk,
};

impl Executor {
    pub(super) fn start_data(&self, effect: Effect) {
        match effect {
            Effect::ServeManifest {
                effect,
                reply,
                id,
                manifest,
            } => self.spawn(
                effect,
                |shared, abort| async move {
                    let work = serve_manifest(&shared, reply, id, manifest);
                    let (sent_bytes, result) = until_aborted(&abort, work).await;
                    Input::Served {
                        effect,
                        sent_bytes,
                        result,
                    }
                },
                move |why| serve_failed(effect, why),
            ),
            Effect::ServeChunks {
                effect,
                reply,
                id,
                manifest,
                chunks,
            } => self.spawn(
                effect,
                |shared, abort| async move {
                    let work = serve_chunks(&shared, reply, id, manifest, chunks);
                    let (sent_bytes, result) = until_aborted(&abort, work).await;
                    Input::Served {
                        effect,
                        sent_bytes,
                        result,
                    }
                },
                move |why| serve_failed(effect, why),
            ),
            Effect::FetchChunks {
                effect,
                from,
                id,
                chunks,
                first_byte_timeout,
                stall_timeout,
            } => self.spawn(
                effect,
                move |shared, abort| async move {
                    let patience = Patience {
                        first_byte: first_byte_timeout,
                        stall: stall_timeout,
                    };
                    let asked = (effect, from);
                    let fetched = fetch_chunks(&shared, &abort, asked, &id, chunks, patience).await;
                    let ChunksFetched {
                        stored,
                        elapsed,
                        result,
                    } = fetched;
                    Input::ChunksFetched {
                        effect,
                        stored,
                        elapsed,
                        result,
                    }
                },
                move |why| Input::ChunksFetched {
                    effect,
                    stored: Vec::new(),
                    elapsed: Duration::ZERO,
                    result: Err(FetchFailure::Connection(why)),
                },
            ),
            other => tracing::error!(effect = ?other, "not an effect that moves contents"),
        }
    }
}

fn serve_failed(effect: EffectId, why: String) -> Input {
    Input::Served {
        effect,
        sent_bytes: 0,
        result: Err(ServeFailure::Connection(why)),
    }
}

async fn until_aborted(
    abort: &CancellationToken,
    work: impl Future<Output = Result<u64, ServeFailure>>,
) -> (u64, Result<(), ServeFailure>) {
    tokio::select! {
        result = work => match result {
            Ok(sent_bytes) => (sent_bytes, Ok(())),
            Err(failure) => (0, Err(failure)),
        },
        () = abort.cancelled() => (0, Err(ServeFailure::Aborted)),
    }
}

async fn serve_manifest(
    shared: &Arc<Shared>,
    reply: ReplyId,
    id: GameId,
    hash: ManifestHash,
) -> Result<u64, ServeFailure> {
    let Some(responder) = shared.take_responder(reply) else {
        return Ok(0);
    };
    let encoded = on_disk(shared, move |shared| {
        let manifest = shared.disk.manifest(&id, hash)?;
        Ok((manifest.version(), Bytes::from(manifest.encode())))
    })
    .await;
    match encoded {
        Ok((version, encoded)) => responder.manifest(version, hash, encoded).await,
        Err(failure) => {
            refuse(responder, &failure).await;
            Err(ServeFailure::Disk(failure))
        }
    }
}

async fn serve_chunks(
    shared: &Arc<Shared>,
    reply: ReplyId,
    id: GameId,
    hash: ManifestHash,
    chunks: Vec<ChunkRef>,
) -> Result<u64, ServeFailure> {
    let Some(responder) = shared.take_responder(reply) else {
        return Ok(0);
    };
    // The first bytes are read before the answer begins, so that most failures can still be told.
    let begun = on_disk(shared, move |shared| begin(shared, id, hash, &chunks)).await;
    let (data_bytes, first, rest) = match begun {
        Ok(begun) => begun,
        Err(failure) => {
            refuse(responder, &failure).await;
            return Err(ServeFailure::Disk(failure));
        }
    };
    if let Some(refusal) = too_much(data_bytes) {
        let id = &rest.id;
        tracing::warn!(%id, data_bytes, "a request for more than is served at once is refused");
        drop(responder.reply(&Response::Refused(refusal)).await);
        return Ok(0);
    }
    let sender = responder.chunks(data_bytes).await?;
    sender.send_all(first, rest).await
}

/// Looks how many bytes the chunks have together, and reads the first of them.
fn begin(
    shared: &Arc<Shared>,
    id: GameId,
    hash: ManifestHash,
    chunks: &[ChunkRef],
) -> Result<(u64, Bytes, Reading), DiskFailure> {
    let manifest = shared.disk.manifest(&id, hash)?;
    let chunks = wanted(&manifest, chunks)?;
    let data_bytes = chunks.iter().map(|chunk| u64::from(chunk.len_bytes)).sum();
    let mut reading = Reading {
        shared: Arc::clone(shared),
        id,
        hash,
        chunks: chunks.into_iter(),
    };
    let first = reading.next()?.unwrap_or_default();
    Ok((data_bytes, first, reading))
}

/// The chunks of one request that are still to be read.
struct Reading {
    shared: Arc<Shared>,
    id: GameId,
    hash: ManifestHash,
    chunks: std::vec::IntoIter<WantedChunk>,
}

impl Reading {
    /// The next chunks of about so many bytes, and a buffer for them; nothing after the last.
    fn batch(&self, bytes_max: usize) -> Option<(Vec<ChunkRef>, ReadBuffer)> {
        let rest = self.chunks.as_slice();
        if rest.is_empty() {
            return None;
        }
        let batch = &rest[..batch_len(rest, bytes_max)];
        let batch_bytes = batch.iter().map(|chunk| chunk.len_bytes as usize).sum();
        let chunks = batch.iter().map(|wanted| wanted.chunk).collect();
        Some((chunks, self.shared.read_buffers.take(batch_bytes)))
    }
}

impl ChunkSource for Reading {
    /// A large chunk, or so many small ones that sending them, and on a hard disk finding them, is worth a
    /// turn.
    fn next(&mut self) -> Result<Option<Bytes>, DiskFailure> {
        let disk = &self.shared.disk;
        let Some((chunks, mut buffer)) = self.batch(disk.batch_bytes(&self.id, READ_BATCH_BYTES))
        else {
            return Ok(None);
        };
        self.chunks.nth(chunks.len() - 1);
        disk.read_chunks(&self.id, self.hash, &chunks, buffer.as_mut())?;
        Ok(Some(buffer.into_bytes()))
    }

    fn at_hand(&mut self) -> AtHand {
        let Some((chunks, mut buffer)) = self.batch(READ_BATCH_BYTES) else {
            return AtHand::End;
        };
        let disk = &self.shared.disk;
        if !disk.read_chunks_from_memory(&self.id, self.hash, &chunks, buffer.as_mut()) {
            return AtHand::Elsewhere;
        }
        self.chunks.nth(chunks.len() - 1);
        AtHand::Bytes(buffer.into_bytes())
    }
}

/// Why a request for this many bytes is not served. Only the manifest says how many there are.
fn too_much(data_bytes: u64) -> Option<Refusal> {
    (data_bytes > REQUEST_DATA_BYTES_MAX).then(|| {
        let message = format!(
            "{data_bytes} bytes are asked for at once: at most {REQUEST_DATA_BYTES_MAX} are allowed"
        );
        Refusal::new(RefusalKind::BadRequest, message)
    })
}

/// What the manifest says of the chunks.
fn wanted(manifest: &Manifest, chunks: &[ChunkRef]) -> Result<Vec<WantedChunk>, DiskFailure> {
    chunks
        .iter()
        .map(|&chunk| {
            let info = manifest.chunk(chunk).ok_or_else(|| DiskFailure {
                kind: DiskFailureKind::NotFound,
                message: format!(
                    "{} has no chunk {} in file {}",
                    manifest.game_id(),
                    chunk.chunk,
                    chunk.file
                ),
            })?;
            Ok(WantedChunk {
                chunk,
                len_bytes: info.len_bytes,
                hash: info.hash,
            })
        })
        .collect()
}

async fn refuse(responder: crate::net::Responder, failure: &DiskFailure) {
    tracing::warn!(%failure, "a game cannot be served");
    // The path in the message stays here: the asker learns only that there is nothing to have.
    let refusal = Refusal::new(
        RefusalKind::NotAvailable,
        "the game cannot be read here any more",
    );
    drop(responder.reply(&Response::Refused(refusal)).await);
}

async fn fetch_chunks(
    shared: &Arc<Shared>,
    abort: &CancellationToken,
    (effect, from): (EffectId, Route),
    id: &GameId,
    chunks: Vec<ChunkRef>,
    patience: Patience,
) -> ChunksFetched {
    let nothing = |failure| ChunksFetched {
        stored: Vec::new(),
        elapsed: Duration::ZERO,
        result: Err(failure),
    };
    let Some(transport) = shared.transports.get() else {
        return nothing(FetchFailure::Connection(
            "the listener is not bound yet".to_owned(),
        ));
    };
    let download = match shared.disk.download(id) {
        Ok(download) => download,
        Err(failure) => return nothing(FetchFailure::Disk(failure)),
    };
    let wanted = match wanted(download.manifest(), &chunks) {
        Ok(wanted) => wanted,
        Err(failure) => return nothing(FetchFailure::Disk(failure)),
    };
    let request = ChunkRequest {
        id: id.clone(),
        manifest: download.hash(),
        chunks,
    };
    let inputs = shared.inputs.clone();
    let sink: ChunkSink = Arc::new(move |chunks| {
        let (count, result) = download.store_chunks(chunks);
        for &(chunk, _) in &chunks[..count] {
            // On a blocking thread: it waits for a core that is behind. One that is gone needs no news.
            drop(inputs.blocking_send(Input::ChunkStored { effect, chunk }));
        }
        (count, result)
    });
    transport
        .fetch_chunks(from, request, &wanted, &sink, patience, abort)
        .await
}

/// Has the disk do something for another peer, but not longer than it may take.
async fn on_disk<T: Send + 'static>(
    shared: &Arc<Shared>,
    work: impl FnOnce(&Arc<Shared>) -> Result<T, DiskFailure> + Send + 'static,
) -> Result<T, DiskFailure> {
    let shared = Arc::clone(shared);
    let job = tokio::task::spawn_blocking(move || work(&shared));
    match tokio::time::timeout(READ_STALL_TIMEOUT, job).await {
        Ok(joined) => joined.unwrap_or_else(|error| Err(lost(&error))),
        Err(_) => Err(no_answer_of_disk()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request was held to the number of its chunks only, so that one for 1,024 of the largest was
    /// served with 4 GiB. Found by looking for limits that no test names.
    #[test]
    fn a_request_is_served_up_to_the_limit_of_bytes_and_not_past_it() {
        assert_eq!(too_much(REQUEST_DATA_BYTES_MAX), None);
        let refusal = too_much(REQUEST_DATA_BYTES_MAX + 1).expect("refused");
        assert_eq!(refusal.kind, RefusalKind::BadRequest);
    }
}
