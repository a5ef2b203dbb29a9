//! Every limit of the wire, in one place. Each has a test at the limit and one past it.

/// Longest request frame payload, in bytes.
pub const REQUEST_FRAME_BYTES_MAX: usize = 64 * 1024;

/// Longest response frame payload, in bytes. A full library of [`LIBRARY_GAMES_MAX`] games fits.
pub const RESPONSE_FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Longest frame payload of an admission, in bytes.
pub const ADMISSION_FRAME_BYTES_MAX: usize = 256;

/// Most peers that an organiser may have expelled at once.
pub const EXPELLED_MAX: usize = 256;

/// Most games one peer may announce.
pub const LIBRARY_GAMES_MAX: usize = 10_000;

/// Longest title of a game on the wire, in bytes of UTF-8.
pub const TITLE_BYTES_MAX: usize = 256;

/// Longest name of a peer, in bytes of UTF-8.
pub const PEER_NAME_BYTES_MAX: usize = 64;

/// Most chunks one `GetGameFileChunk` request may name.
pub const CHUNKS_PER_REQUEST_MAX: usize = 1024;

/// Most bytes one `GetGameFileChunk` request may ask for: one chunk of the largest size, or many
/// small ones.
pub const REQUEST_DATA_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Most runs of chunks that one `Holdings` answer may name; the rest comes with the next one.
pub const HOLDINGS_RUNS_MAX: usize = 2_048;

/// Longest version of a program that a peer may say it runs, in bytes of UTF-8.
pub const PROGRAM_BYTES_MAX: usize = 64;

/// Most operations that a peer may say it runs.
pub const STATUS_OPERATIONS_MAX: usize = 64;

/// Most games that one `status` names as unpacked: with the longest ids and everything else at its limit, it
/// fits a request.
pub const STATUS_INSTALLED_MAX: usize = 512;

/// Most sources that one `status` names, in all its operations together.
pub const STATUS_SOURCES_MAX: usize = 32;

/// Longest text in a refusal, in bytes of UTF-8.
pub const REFUSAL_TEXT_BYTES_MAX: usize = 1024;

/// Longest text that may be said to the party at once, in bytes of UTF-8.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 500;

/// How long ago it may have been said, in milliseconds: whoever comes later is told what was said within
/// the last hour.
pub const MESSAGE_AGE_MS_MAX: u64 = 3_600_000;
