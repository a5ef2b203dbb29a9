//! Fetching chunks: from the stream into a buffer, checked, and only then handed on.
//!
//! Invariant: no byte reaches the sink whose chunk does not have the hash it is wanted by. Hashing
//! and storing run together on a blocking thread, off the async workers and off the endpoint.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lanspread_core::{DiskFailure, FetchFailure, RequestFailure, Route};
use lanspread_db::{ChunkRef, ContentHash};
use lanspread_proto::{ChunkRequest, Request, Response};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{
    limits::BUFFERS_KEPT_MAX,
    outbound::{Answer, read_failure, unexpected},
    pace::{Came, Pace},
    stream::ReadError,
    transport::{Shared, Transport},
};

/// Stores one verified chunk; called on a blocking thread.
pub type ChunkSink = Arc<dyn Fn(ChunkRef, &[u8]) -> Result<(), DiskFailure> + Send + Sync>;

/// One chunk that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedChunk {
    /// Which.
    pub chunk: ChunkRef,
    /// Its length, in bytes.
    pub len_bytes: u32,
    /// The hash its bytes must have.
    pub hash: ContentHash,
}

/// What a fetch came to.
#[derive(Debug)]
pub struct ChunksFetched {
    /// The chunks that were verified and stored, also when the fetch failed later.
    pub stored: Vec<ChunkRef>,
    /// From the request to the end.
    pub elapsed: Duration,
    /// Why the rest is missing, if it is.
    pub result: Result<(), FetchFailure>,
}

impl Transport {
    /// Fetches chunks from a peer, in the order of `wanted`, and hands each to `sink` once its hash
    /// is checked. Ends early when `abort` is cancelled; a chunk that is being stored then is still
    /// stored and reported.
    ///
    /// `request` must name the chunks of `wanted` in the same order. The fetch fails when no byte
    /// came for `stall_timeout`.
    pub async fn fetch_chunks(
        &self,
        from: Route,
        request: ChunkRequest,
        wanted: &[WantedChunk],
        sink: &ChunkSink,
        stall_timeout: Duration,
        abort: &CancellationToken,
    ) -> ChunksFetched {
        let began = Instant::now();
        let mut fetch = Fetch {
            shared: &self.shared,
            sink,
            stall_timeout,
            abort,
            stored: Vec::with_capacity(wanted.len()),
        };
        let result = fetch.run(from, request, wanted).await;
        ChunksFetched {
            stored: fetch.stored,
            elapsed: began.elapsed(),
            result,
        }
    }
}

struct Fetch<'a> {
    shared: &'a Arc<Shared>,
    sink: &'a ChunkSink,
    stall_timeout: Duration,
    abort: &'a CancellationToken,
    stored: Vec<ChunkRef>,
}

impl Fetch<'_> {
    async fn run(
        &mut self,
        from: Route,
        request: ChunkRequest,
        wanted: &[WantedChunk],
    ) -> Result<(), FetchFailure> {
        let mut answer = self.ask(from, request, wanted).await?;
        for chunk in wanted {
            let mut buffer = self.shared.buffers.take();
            let read = self
                .read_chunk(&mut answer, &mut buffer, chunk.len_bytes as usize)
                .await;
            if let Err(failure) = read {
                self.shared.buffers.give_back(buffer);
                return Err(failure);
            }
            self.store(*chunk, buffer).await?;
        }
        let end = async { answer.reader.end().await };
        self.patiently(async { end.await.map_err(|error| fetch_failure(&error)) })
            .await
    }

    /// Sends the request and checks that the answer announces the right number of bytes.
    async fn ask(
        &self,
        from: Route,
        request: ChunkRequest,
        wanted: &[WantedChunk],
    ) -> Result<Answer, FetchFailure> {
        let wanted_bytes: u64 = wanted.iter().map(|chunk| u64::from(chunk.len_bytes)).sum();
        let request = Request::GetGameFileChunk(request);
        let asked = async {
            // On the heap: it is over before the chunks come, and would make every fetch larger.
            Box::pin(self.shared.ask(from, &request, self.stall_timeout))
                .await
                .map_err(request_failure)
        };
        let mut answer = self.patiently(asked).await?;
        let message = async {
            let message = self.shared.message(&mut answer).await;
            message.map_err(request_failure)
        };
        let response = self.patiently(message).await.inspect_err(|failure| {
            if matches!(failure, FetchFailure::Stalled) {
                self.shared.too_slow(&answer, Came::default());
            }
        })?;
        match response {
            Response::Chunks { data_bytes } if data_bytes == wanted_bytes => Ok(answer),
            Response::Chunks { data_bytes } => Err(FetchFailure::Protocol(format!(
                "it announced {data_bytes} bytes for chunks of {wanted_bytes} bytes"
            ))),
            Response::Refused(refusal) => Err(FetchFailure::Refused(refusal.message)),
            Response::InternalPeerError { message } => Err(FetchFailure::Refused(message)),
            other => Err(request_failure(unexpected(&request, &other))),
        }
    }

    async fn read_chunk(
        &self,
        answer: &mut Answer,
        buffer: &mut Vec<u8>,
        len: usize,
    ) -> Result<(), FetchFailure> {
        let mut pace = Pace::new(self.stall_timeout, Instant::now(), answer.reader.came());
        while buffer.len() < len {
            if !pace.holds(Instant::now(), answer.reader.came()) {
                self.shared.too_slow(answer, pace.had());
                return Err(FetchFailure::Stalled);
            }
            let reader = &mut answer.reader;
            let filled = async { reader.fill().await.map_err(|error| fetch_failure(&error)) };
            if !self.patiently(filled).await? {
                let missing_bytes = len - buffer.len();
                return Err(fetch_failure(&ReadError::EndedEarly { missing_bytes }));
            }
            reader.take_at_hand(buffer, len);
        }
        Ok(())
    }

    /// Checks a chunk and hands it on.
    async fn store(&mut self, wanted: WantedChunk, buffer: Vec<u8>) -> Result<(), FetchFailure> {
        let sink = Arc::clone(self.sink);
        let job = tokio::task::spawn_blocking(move || {
            let result = if blake3::hash(&buffer).as_bytes() == wanted.hash.as_bytes() {
                sink(wanted.chunk, &buffer).map_err(FetchFailure::Disk)
            } else {
                Err(FetchFailure::WrongHash(wanted.chunk))
            };
            (buffer, result)
        });
        // A job that runs is waited for even when the fetch is aborted: what it stored is stored.
        let Ok((buffer, result)) = job.await else {
            return Err(FetchFailure::Aborted);
        };
        self.shared.buffers.give_back(buffer);
        result.inspect(|()| self.stored.push(wanted.chunk))
    }

    /// Waits for one step, but not longer than without a byte, nor after an abort.
    async fn patiently<T>(
        &self,
        step: impl Future<Output = Result<T, FetchFailure>>,
    ) -> Result<T, FetchFailure> {
        tokio::select! {
            biased;
            () = self.abort.cancelled() => Err(FetchFailure::Aborted),
            result = time::timeout(self.stall_timeout, step) => match result {
                Ok(result) => result,
                Err(_) => Err(FetchFailure::Stalled),
            },
        }
    }
}

fn fetch_failure(error: &ReadError) -> FetchFailure {
    request_failure(read_failure(error))
}

fn request_failure(failure: RequestFailure) -> FetchFailure {
    match failure {
        RequestFailure::Connection(reason) => FetchFailure::Connection(reason),
        RequestFailure::Timeout(_) => FetchFailure::Stalled,
        RequestFailure::Protocol(reason) => FetchFailure::Protocol(reason),
        RequestFailure::Aborted => FetchFailure::Aborted,
    }
}

/// Chunk buffers that are used again, because asking the system for megabytes at a time costs more
/// than filling them.
#[derive(Default)]
pub(super) struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    fn take(&self) -> Vec<u8> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pop().unwrap_or_default()
    }

    fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < BUFFERS_KEPT_MAX {
            kept.push(buffer);
        }
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_kept_up_to_the_limit_and_one_more_is_let_go() {
        let buffers = Buffers::default();
        for n in 0..=BUFFERS_KEPT_MAX {
            let kept = buffers.0.lock().unwrap().len();
            assert_eq!(kept, n.min(BUFFERS_KEPT_MAX));
            buffers.give_back(vec![1; 10]);
        }
        assert_eq!(buffers.0.lock().unwrap().len(), BUFFERS_KEPT_MAX);
        assert!(buffers.take().is_empty(), "a kept buffer holds nothing");
    }
}
