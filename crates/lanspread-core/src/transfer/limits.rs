//! Every limit of a transfer, in one place.

use std::time::Duration;

use lanspread_proto::limits::{CHUNKS_PER_REQUEST_MAX, REQUEST_DATA_BYTES_MAX};

/// Most fetches that run on one source at a time: several, so that its link never waits for the
/// next request. More than four brought nothing on a tuned connection.
pub const FETCHES_PER_SOURCE_MAX: usize = 4;

/// Fetches that run at a time on a source whose throughput is not measured yet.
pub const FETCHES_UNMEASURED_MAX: usize = 2;

/// Fetches that run at a time while others gather the game too, unless half the sources are more.
pub const FETCHES_IN_SWARM: usize = 24;

/// A game of at least so many chunks is begun somewhere, others at their first chunk.
pub const DRAWN_BEGINNING_CHUNKS: u32 = 16;

/// Bytes that all running fetches of one transfer may have to buffer together: a chunk is held in
/// memory until its hash is known, one chunk per fetch.
pub const BUFFER_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// A fetch asks for about this much of its source's time.
pub const BATCH_TIME: Duration = Duration::from_millis(250);

/// A source gets another fetch when what it was asked for lasts no longer than this.
pub const PIPELINE_TIME: Duration = Duration::from_millis(500);

/// Bytes that the first fetches of a source ask for, until its throughput is measured, and after a
/// failure; also the least that small files are batched to.
pub const FIRST_FETCH_BYTES: u64 = 256 * 1024;

/// How long a source whose throughput is not measured yet may take before it counts as late.
pub const FIRST_ANSWER_TIME: Duration = Duration::from_millis(100);

/// Failures in a row that are forgiven; one more and the source is dropped. All fetches that one
/// broken connection takes with it count as one failure.
pub const RETRIES_MAX: u32 = 3;

/// Refusals in a row that are forgiven: one, for a source that is busy for a moment.
pub const REFUSAL_RETRIES_MAX: u32 = 1;

/// Pause after the first failure of a source, doubled with each further one.
pub const RETRY_PAUSE_MIN: Duration = Duration::from_millis(500);

/// How long a source rests from which a fetch was taken back: others are asked meanwhile, and one that
/// refuses everything in this way is not asked in a loop.
pub const TAKEN_BACK_PAUSE: Duration = Duration::from_millis(400);

/// Longest pause after a failure.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(4);

/// A source that sends no byte for this long has stalled; meant for
/// [`crate::Effect::FetchChunks`].
pub const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// A source whose answer does not begin for this long has stalled: it may serve others first, and
/// says nothing while it does. Meant for [`crate::Effect::FetchChunks`].
pub const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(30);

/// A chunk in flight is asked of a second source only if that one is expected to take at most this
/// part of the time that the first one still needs: 2 stands for half.
pub const RACE_ADVANTAGE: u32 = 2;

/// What asking a second source costs in any case: chunks of a few bytes are not worth a race
/// against one that is about to end.
pub const RACE_COST: Duration = Duration::from_millis(5);

/// While chunks come to this side of an uplink at least this often, the far side is asked only for what falls
/// to this peer, and raced with by nobody; else whoever nearby should fetch a chunk takes too long.
pub const IMPORT_PATIENCE: Duration = Duration::from_secs(2);

/// While chunks come in at least this often, one fetch at a time takes from a full holder what falls to
/// others; else whoever should fetch it takes too long.
pub const OTHERS_PATIENCE: Duration = Duration::from_secs(2);

/// Most fetches that have the same chunk in flight.
pub const FETCHES_PER_CHUNK_MAX: usize = 2;

/// The limits a transfer works with; [`Default`] gives the constants of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferLimits {
    /// See [`FETCHES_PER_SOURCE_MAX`].
    pub fetches_per_source_max: usize,
    /// Most bytes one fetch asks for, unless a single chunk is larger.
    pub fetch_bytes_max: u64,
    /// Most chunks one fetch asks for.
    pub fetch_chunks_max: usize,
    /// See [`BUFFER_BYTES_MAX`].
    pub buffer_bytes_max: u64,
    /// See [`BATCH_TIME`].
    pub batch_time: Duration,
    /// See [`PIPELINE_TIME`].
    pub pipeline_time: Duration,
    /// See [`FIRST_FETCH_BYTES`].
    pub first_fetch_bytes: u64,
    /// See [`RETRIES_MAX`].
    pub retries_max: u32,
    /// See [`REFUSAL_RETRIES_MAX`].
    pub refusal_retries_max: u32,
    /// See [`RETRY_PAUSE_MIN`].
    pub retry_pause_min: Duration,
    /// See [`RETRY_PAUSE_MAX`].
    pub retry_pause_max: Duration,
}

impl Default for TransferLimits {
    fn default() -> Self {
        Self {
            fetches_per_source_max: FETCHES_PER_SOURCE_MAX,
            fetch_bytes_max: REQUEST_DATA_BYTES_MAX,
            fetch_chunks_max: CHUNKS_PER_REQUEST_MAX,
            buffer_bytes_max: BUFFER_BYTES_MAX,
            batch_time: BATCH_TIME,
            pipeline_time: PIPELINE_TIME,
            first_fetch_bytes: FIRST_FETCH_BYTES,
            retries_max: RETRIES_MAX,
            refusal_retries_max: REFUSAL_RETRIES_MAX,
            retry_pause_min: RETRY_PAUSE_MIN,
            retry_pause_max: RETRY_PAUSE_MAX,
        }
    }
}
