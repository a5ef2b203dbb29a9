//! Fetching chunks: from the stream into a buffer, checked, and only then handed on.
//!
//! Invariant: no byte reaches the sink whose chunk does not have the hash it is wanted by. Chunks are
//! gathered on the endpoint's own thread, where their bytes are decrypted and, as they come over QUIC, hashed. What
//! was not hashed on the way is hashed where chunks are stored, on a blocking thread.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lanspread_core::{DiskFailure, FetchFailure, RequestFailure, Route};
use lanspread_db::{ChunkRef, ContentHash};
use lanspread_proto::{ChunkRequest, Request, Response};
use tokio::{runtime::Handle, time};
use tokio_util::sync::CancellationToken;

use super::{
    hashing::Hashing,
    lane::{Lane, LaneStream},
    limits::{BUFFERS_KEPT_MAX, STORE_BATCH_BYTES},
    outbound::{Answer, read_failure, unexpected},
    pace::{Came, Pace},
    rates::Toll,
    stream::ReadError,
    transport::{Shared, Transport},
};

/// Stores verified chunks in their order and says how many of them are stored, also when it failed;
/// called on a blocking thread.
pub type ChunkSink =
    Arc<dyn Fn(&[(ChunkRef, &[u8])]) -> (usize, Result<(), DiskFailure>) + Send + Sync>;

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

/// How long a fetch waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the answer to begin: a source may serve others first.
    pub first_byte: Duration,
    /// For more bytes, once it has begun, and for a connection.
    pub stall: Duration,
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
    /// `request` must name the chunks of `wanted` in the same order. The fetch fails when nothing
    /// came for as long as `patience` says.
    pub async fn fetch_chunks(
        &self,
        from: Route,
        request: ChunkRequest,
        wanted: &[WantedChunk],
        sink: &ChunkSink,
        patience: Patience,
        abort: &CancellationToken,
    ) -> ChunksFetched {
        let began = Instant::now();
        let fetch = Fetch {
            shared: Arc::clone(&self.shared),
            sink: Arc::clone(sink),
            patience,
            abort: abort.clone(),
            blocking: Handle::current(),
            toll: self.shared.config.rates.downloads_from(from.peer_id),
            stored: Vec::with_capacity(wanted.len()),
        };
        let turn = fetch.unless_aborted(fetch.toll.turn()).await;
        let (stored, result) = match turn {
            Ok(_) => fetch.run(from, request, wanted).await,
            Err(failure) => (Vec::new(), Err(failure)),
        };
        ChunksFetched {
            stored,
            elapsed: began.elapsed(),
            result,
        }
    }
}

struct Fetch {
    shared: Arc<Shared>,
    sink: ChunkSink,
    patience: Patience,
    abort: CancellationToken,
    /// Where chunks are hashed and stored.
    blocking: Handle,
    /// What comes pays here, before more is read.
    toll: Toll,
    stored: Vec<ChunkRef>,
}

/// The chunks that were stored, also when it failed, and whether it did.
type Gathered = (Vec<ChunkRef>, Result<(), FetchFailure>);

impl Fetch {
    /// Fetches on a lane, if there is one, and over QUIC what a lane that broke did not bring.
    async fn run(mut self, from: Route, request: ChunkRequest, wanted: &[WantedChunk]) -> Gathered {
        let Some(lane) = self.shared.take_lane(from) else {
            return self.run_over_quic(from, request, wanted).await;
        };
        let since = lane.since();
        let is_sealed = lane.stream.is_sealed();
        let on_lane = Fetch {
            shared: Arc::clone(&self.shared),
            sink: Arc::clone(&self.sink),
            abort: self.abort.clone(),
            blocking: self.blocking.clone(),
            toll: self.toll.clone(),
            stored: Vec::with_capacity(wanted.len()),
            ..self
        };
        let (stored, result) = on_lane.run_on(lane, from, request.clone(), wanted).await;
        match result {
            // The other side may have closed a lane that waited; that is no trouble at first.
            Err(FetchFailure::Connection(_)) if stored.is_empty() => {
                self.shared.lane_was_closed(from.peer_id, since);
            }
            Err(failure @ FetchFailure::Connection(_)) => {
                self.shared.lane_broke(from.peer_id, &failure);
            }
            Err(FetchFailure::Stalled) => {
                self.shared.lane_broke(from.peer_id, &"nothing came on it");
                return (stored, Err(FetchFailure::Stalled));
            }
            // Anybody on the way may have written that: over QUIC it is the source that says so. What was taken
            // back, on the other hand, is not asked for again; whether it was, its user knows.
            Err(FetchFailure::Refused(_)) if !is_sealed => {}
            Err(failure @ (FetchFailure::WrongHash(_) | FetchFailure::Protocol(_)))
                if !is_sealed =>
            {
                self.shared.lane_broke(from.peer_id, &failure);
            }
            result => return (stored, result),
        }
        let rest: Vec<WantedChunk> = wanted[stored.len()..].to_vec();
        let request = ChunkRequest {
            chunks: rest.iter().map(|wanted| wanted.chunk).collect(),
            ..request
        };
        self.stored = stored;
        self.run_over_quic(from, request, &rest).await
    }

    async fn run_over_quic(
        self,
        from: Route,
        request: ChunkRequest,
        wanted: &[WantedChunk],
    ) -> Gathered {
        let request = Request::GetGameFileChunk(request);
        let asked = async {
            // On the heap: it is over before the chunks come, and would make every fetch larger.
            Box::pin(self.shared.ask(from, &request, self.patience.stall))
                .await
                .map_err(request_failure)
        };
        let answer = match self.within(self.patience.stall, asked).await {
            Ok(answer) => answer,
            Err(failure) => return (self.stored, Err(failure)),
        };
        let beside = answer.beside.clone();
        let kept = self.stored.clone();
        let gathered = beside.run(self.gather(answer, request, wanted.to_vec()));
        let (_, gathered) = gathered
            .await
            .unwrap_or((None, (kept, Err(FetchFailure::Aborted))));
        gathered
    }

    async fn run_on(
        self,
        lane: Lane,
        from: Route,
        request: ChunkRequest,
        wanted: &[WantedChunk],
    ) -> Gathered {
        let shared = Arc::clone(&self.shared);
        let request = Request::GetGameFileChunk(request);
        let asked = self
            .within(self.patience.stall, async {
                let asked = shared.ask_on(lane, from, &request).await;
                asked.map_err(request_failure)
            })
            .await;
        let (answer, place) = match asked {
            Ok(asked) => asked,
            Err(failure) => return (self.stored, Err(failure)),
        };
        let beside = answer.beside.clone();
        let wanted = wanted.to_vec();
        let kept = self.stored.clone();
        let on_its_thread = async move {
            let (lane, gathered) = self.gather(answer, request, wanted).await;
            if let Some(stream) = lane {
                let lane = Lane::new(stream, Handle::current(), place);
                shared.acknowledge(from.peer_id, lane).await;
            }
            gathered
        };
        let gathered = beside.run(on_its_thread).await;
        gathered.unwrap_or((kept, Err(FetchFailure::Aborted)))
    }

    /// Gathers and stores the chunks of an answer; gives back the lane they came on, if it can be used again.
    async fn gather(
        mut self,
        mut answer: Answer,
        request: Request,
        wanted: Vec<WantedChunk>,
    ) -> (Option<LaneStream>, Gathered) {
        let result = match self.begun(&mut answer, &request, &wanted).await {
            Ok(()) => self.gather_all(&mut answer, &wanted).await,
            Err(refused @ (FetchFailure::Refused(_) | FetchFailure::TakenBack)) => {
                // To the end, so that whoever refused does not take it for broken off.
                let ended = self.ended(&mut answer).await;
                ended.and(Err(refused))
            }
            Err(failure) => Err(failure),
        };
        let is_over = matches!(
            result,
            Ok(()) | Err(FetchFailure::Refused(_) | FetchFailure::TakenBack)
        );
        let lane = answer.reader.into_lane().filter(|_| is_over);
        (lane, (self.stored, result))
    }

    async fn gather_all(
        &mut self,
        answer: &mut Answer,
        wanted: &[WantedChunk],
    ) -> Result<(), FetchFailure> {
        let mut rest = wanted;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch_len(rest, STORE_BATCH_BYTES));
            let mut buffer = self.shared.buffers.take();
            let (whole, read) = self.read_batch(answer, &mut buffer, batch).await;
            // What came whole is kept, whatever becomes of the rest.
            self.store(batch, whole, buffer).await?;
            read?;
            rest = later;
        }
        self.ended(answer).await
    }

    /// Waits for the end of an answer.
    async fn ended(&self, answer: &mut Answer) -> Result<(), FetchFailure> {
        let end = async { answer.reader.end().await };
        let end = async { end.await.map_err(|error| fetch_failure(&error)) };
        self.within(self.patience.stall, end).await
    }

    /// Waits for the answer and checks that it announces the right number of bytes.
    async fn begun(
        &self,
        answer: &mut Answer,
        request: &Request,
        wanted: &[WantedChunk],
    ) -> Result<(), FetchFailure> {
        let wanted_bytes: u64 = wanted.iter().map(|chunk| u64::from(chunk.len_bytes)).sum();
        // A source may serve others first; once it begins, it has to go on.
        let begun = async {
            let begun = answer.reader.fill().await;
            begun.map_err(|error| fetch_failure(&error))
        };
        self.within(self.patience.first_byte, begun).await?;
        let message = async {
            let message = self.shared.message(answer).await;
            message.map_err(request_failure)
        };
        let response = self.within(self.patience.stall, message).await;
        let response = response.inspect_err(|failure| {
            if matches!(failure, FetchFailure::Stalled) {
                self.shared.too_slow(answer, Came::default());
            }
        })?;
        match response {
            Response::Chunks { data_bytes } if data_bytes == wanted_bytes => Ok(()),
            Response::Chunks { data_bytes } => Err(FetchFailure::Protocol(format!(
                "it announced {data_bytes} bytes for chunks of {wanted_bytes} bytes"
            ))),
            Response::Refused(refusal) => Err(refusal.into()),
            Response::InternalPeerError { message } => Err(FetchFailure::Refused(message)),
            other => Err(request_failure(unexpected(request, &other))),
        }
    }

    /// Reads the chunks of a batch, one behind the other; returns those that are whole, as far as they are hashed.
    async fn read_batch(
        &self,
        answer: &mut Answer,
        buffer: &mut Vec<u8>,
        batch: &[WantedChunk],
    ) -> (Vec<Hashing>, Result<(), FetchFailure>) {
        // Exactly: what is used again would be twice as large after the first that is a little larger.
        let all = bytes_of(batch);
        buffer.reserve_exact(all.max(STORE_BATCH_BYTES));
        let mut pace = Pace::new(self.patience.stall, Instant::now(), answer.reader.came());
        let mut whole = Vec::with_capacity(batch.len());
        for chunk in batch {
            let mut hashing = Hashing::default();
            let chunk = (chunk, &mut hashing);
            if let Err(failure) = self.read_chunk(answer, buffer, chunk, all, &mut pace).await {
                return (whole, Err(failure));
            }
            whole.push(hashing);
        }
        (whole, Ok(()))
    }

    /// Reads a chunk to the end of `buffer`, and hashes it where that is cheaper now; `all` is what the batch has.
    async fn read_chunk(
        &self,
        answer: &mut Answer,
        buffer: &mut Vec<u8>,
        (chunk, hashing): (&WantedChunk, &mut Hashing),
        all: usize,
        pace: &mut Pace,
    ) -> Result<(), FetchFailure> {
        let begin = buffer.len();
        let len = begin + chunk.len_bytes as usize;
        while buffer.len() < len {
            if !pace.holds(Instant::now(), answer.reader.came()) {
                self.shared.too_slow(answer, pace.had());
                return Err(FetchFailure::Stalled);
            }
            let before = answer.reader.came();
            let reader = &mut answer.reader;
            reader.expect(all - buffer.len());
            let filled = async { reader.fill().await.map_err(|error| fetch_failure(&error)) };
            if !self.within(self.patience.stall, filled).await? {
                let missing_bytes = len - buffer.len();
                return Err(fetch_failure(&answer.reader.ended_early(missing_bytes)));
            }
            reader.take_at_hand(buffer, len);
            if reader.brings_little_at_a_time() {
                hashing.advance(&buffer[begin..]);
            }
            let came_bytes = reader.came().bytes_since(before);
            let paid = self.toll.pass_all(came_bytes);
            pace.excuse(self.unless_aborted(paid).await?);
        }
        Ok(())
    }

    /// Checks the chunks that `buffer` holds one behind the other, the first of a batch, and hands each on.
    async fn store(
        &mut self,
        batch: &[WantedChunk],
        whole: Vec<Hashing>,
        buffer: Vec<u8>,
    ) -> Result<(), FetchFailure> {
        if whole.is_empty() {
            self.shared.buffers.give_back(buffer);
            return Ok(());
        }
        let sink = Arc::clone(&self.sink);
        let whole: Vec<_> = batch.iter().copied().zip(whole).collect();
        let job = self.blocking.spawn_blocking(move || {
            let mut stored = Vec::with_capacity(whole.len());
            let result = store_each(whole, &buffer, &sink, &mut stored);
            (buffer, stored, result)
        });
        // A job that runs is waited for even when the fetch is aborted: what it stored is stored.
        let Ok((buffer, stored, result)) = job.await else {
            return Err(FetchFailure::Aborted);
        };
        self.shared.buffers.give_back(buffer);
        self.stored.extend(stored);
        result
    }

    /// Waits for a limit, but not after an abort.
    async fn unless_aborted<T>(&self, step: impl Future<Output = T>) -> Result<T, FetchFailure> {
        tokio::select! {
            biased;
            () = self.abort.cancelled() => Err(FetchFailure::Aborted),
            done = step => Ok(done),
        }
    }

    /// Waits for one step, but not longer than this, nor after an abort.
    async fn within<T>(
        &self,
        limit: Duration,
        step: impl Future<Output = Result<T, FetchFailure>>,
    ) -> Result<T, FetchFailure> {
        tokio::select! {
            biased;
            () = self.abort.cancelled() => Err(FetchFailure::Aborted),
            result = time::timeout(limit, step) => match result {
                Ok(result) => result,
                Err(_) => Err(FetchFailure::Stalled),
            },
        }
    }
}

/// How many of the next chunks are moved in one go: several small ones of so many bytes together, or one
/// of any size.
pub(crate) fn batch_len(wanted: &[WantedChunk], bytes_max: usize) -> usize {
    let mut bytes = 0;
    let fitting = wanted.iter().take_while(|chunk| {
        bytes += chunk.len_bytes as usize;
        bytes <= bytes_max
    });
    fitting.count().max(1)
}

fn bytes_of(batch: &[WantedChunk]) -> usize {
    batch.iter().map(|chunk| chunk.len_bytes as usize).sum()
}

/// Checks the chunks and stores those that come before the first wrong one, and notes in `stored` which
/// it did.
fn store_each(
    whole: Vec<(WantedChunk, Hashing)>,
    mut bytes: &[u8],
    sink: &ChunkSink,
    stored: &mut Vec<ChunkRef>,
) -> Result<(), FetchFailure> {
    let mut verified = Vec::with_capacity(whole.len());
    let mut checked = Ok(());
    for (wanted, hashing) in whole {
        let (chunk, later) = bytes.split_at(wanted.len_bytes as usize);
        if hashing.finish(chunk) != wanted.hash {
            checked = Err(FetchFailure::WrongHash(wanted.chunk));
            break;
        }
        verified.push((wanted.chunk, chunk));
        bytes = later;
    }
    if !verified.is_empty() {
        let (count, result) = sink(&verified);
        stored.extend(verified[..count].iter().map(|(chunk, _)| *chunk));
        result.map_err(FetchFailure::Disk)?;
    }
    checked
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

    fn chunks(lens: &[usize]) -> Vec<WantedChunk> {
        lens.iter()
            .map(|len| WantedChunk {
                chunk: ChunkRef { file: 0, chunk: 0 },
                len_bytes: u32::try_from(*len).unwrap(),
                hash: ContentHash::of(b""),
            })
            .collect()
    }

    #[test]
    fn small_chunks_are_stored_together_up_to_the_limit_and_one_byte_more_waits() {
        let half = STORE_BATCH_BYTES / 2;
        assert_eq!(batch_len(&chunks(&[half, half, 1]), STORE_BATCH_BYTES), 2);
        assert_eq!(
            batch_len(&chunks(&[half, half + 1, 1]), STORE_BATCH_BYTES),
            1
        );
    }

    #[test]
    fn a_chunk_larger_than_a_batch_is_stored_alone() {
        assert_eq!(
            batch_len(&chunks(&[STORE_BATCH_BYTES + 1, 1]), STORE_BATCH_BYTES),
            1
        );
        assert_eq!(
            batch_len(&chunks(&[1, STORE_BATCH_BYTES]), STORE_BATCH_BYTES),
            1
        );
    }

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
