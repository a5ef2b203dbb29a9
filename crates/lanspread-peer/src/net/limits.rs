//! Every limit and interval of the transport, in one place.
//!
//! The sizes are the ones that moved the most bytes for the least memory when they were measured
//! (`docs/decisions/0006-s2n-quic.md`); the counts are far above what a party needs and far below what
//! would hurt a machine.

use std::time::Duration;

/// Size asked of the system for each UDP socket buffer, in bytes.
///
/// The systems' own defaults (64 to 208 KiB) cost a quarter of the throughput.
pub const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// Bytes a peer may send on one stream before this side has read any.
pub const STREAM_WINDOW_BYTES: u64 = 2 * 1024 * 1024;

/// Bytes a peer may send on a stream that it opened itself before this side has read any: on such a
/// stream comes one request, and nothing behind it.
pub const REQUEST_WINDOW_BYTES: u64 = 128 * 1024;

/// Bytes a peer may send on one connection before this side has read any.
///
/// It holds sixteen full streams: a disk that stalls fills the windows of the fetches, and the
/// control messages on the same connection must still get through.
pub const CONNECTION_WINDOW_BYTES: u64 = 16 * STREAM_WINDOW_BYTES;

/// Bytes kept per stream until the other side has acknowledged them.
pub const STREAM_SEND_BUFFER_BYTES: u32 = 1024 * 1024;

/// Streams each side may have open at once on one connection.
pub const STREAMS_PER_CONNECTION_MAX: u64 = 128;

/// Connections that one endpoint keeps at once.
pub const CONNECTIONS_MAX: usize = 1024;

/// Handshakes that one endpoint carries on at once.
pub const HANDSHAKES_MAX: usize = 128;

/// Connections that one address may have at a time, whoever it claims to be. A machine that runs a
/// whole party of test peers stays below.
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;

/// Handshakes that one address may begin in one go.
pub const HANDSHAKES_BURST_MAX: u32 = 128;

/// Then one so often.
pub const HANDSHAKE_EVERY: Duration = Duration::from_millis(50);

/// Addresses whose connections are counted at a time; more of them are turned away.
pub const ADDRESSES_MAX: usize = 4096;

/// Connections kept with one peer; one more closes the oldest.
pub const CONNECTIONS_PER_PEER_MAX: usize = 8;

/// Pause between two reports of what the same peers did wrong; meanwhile it is only counted.
pub const MISCONDUCT_PAUSE: Duration = Duration::from_millis(100);

/// Largest certificate accepted from a peer, in bytes of DER.
pub const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;

/// Largest IP packet that path discovery tries, in bytes. Paths that carry less are found out.
pub const MTU_TRIED_BYTES: u16 = 9000;

/// A connection on which nothing arrived for this long is closed.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A connection must be made within this time.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Both sides must have proved the party code this long after a connection was made.
pub const ADMISSION_TIMEOUT: Duration = Duration::from_secs(3);

/// A request must be there in full this long after its stream was opened.
pub const REQUEST_READ_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that somebody else made and on which nothing is asked for this long is closed.
pub const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of contents that a source has to send within each stall timeout; less is the same as nothing.
pub const TRICKLE_BYTES_MIN: usize = 8 * 1024;

/// An answer that came so often and yet less than [`TRICKLE_BYTES_MIN`] when its time is over was
/// trickled. Once can be a machine that fell asleep while it answered, or a disk that woke up.
pub const TRICKLE_TIMES_MIN: usize = 2;

/// A manifest comes at least so fast, in bytes per second, after the first wait.
pub const MANIFEST_BYTES_PER_S_MIN: u64 = 64 * 1024;

/// A manifest is there after so long, however large it is.
pub const MANIFEST_TIMEOUT_MAX: Duration = Duration::from_mins(2);

/// Answers up to this size are read without asking for room, in bytes.
pub const SMALL_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Bytes of larger answers that are held at a time, of all peers together; the next one waits.
pub const ANSWERS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Larger answers that are parsed at a time: a parsed one takes many times its size.
pub const ANSWERS_PARSED_MAX: usize = 1;

/// An upload ends when the receiver took nothing for this long.
pub const SERVE_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// An upload ends when the disk gave nothing for this long. A hard disk that slept is awake before, and
/// whoever asked waits longer for a first byte.
pub const READ_STALL_TIMEOUT: Duration = Duration::from_secs(20);

/// How often it is told how long packets to each peer take, while much is exchanged.
pub const DELAYS_EVERY: Duration = Duration::from_secs(2);

/// Acknowledgements of a peer in that time that make its least delay worth telling. An idle party has fewer.
pub const DELAY_SAMPLES_MIN: u32 = 8;

/// Peers of which there have to be so many.
pub const DELAY_PEERS_MIN: usize = 3;

/// Pause between the first packets to two candidate addresses of one peer.
pub const DIAL_STAGGER: Duration = Duration::from_millis(50);

/// How long the last packets of closed connections are waited for at shutdown.
pub const CLOSE_FLUSH_TIMEOUT: Duration = Duration::from_millis(200);

/// Bytes handed to a stream in one piece.
pub const SEND_PIECE_BYTES: usize = 256 * 1024;

/// Bytes of chunks that are stored in one go, unless a single one is larger: a job on
/// another thread costs as much as hashing 30 KB, and files are often smaller.
pub const STORE_BATCH_BYTES: usize = 1024 * 1024;

/// Bytes of a chunk that are hashed in one go while it comes over QUIC: half of them are slower to hash, and twice as
/// many fall out of the core's cache before.
pub const HASH_STEP_BYTES: usize = 32 * 1024;

/// Bytes of chunks that are read in one go to be sent, unless a single one is larger.
pub const READ_BATCH_BYTES: usize = 1024 * 1024;

/// Lanes that this peer opens to one other: as many as it has fetches under way there.
pub const LANES_PER_PEER_MAX: usize = 4;

/// Lanes that a peer opens to all others of a party together before it needs them, but one to each in any case.
/// As many as there may be handshakes at once, since all of them may come to the same source.
pub const LANES_AHEAD_MAX: usize = LANE_HANDSHAKES_MAX;

/// Lanes that one other peer may have here. More than it opens: a run of it that ended without a word
/// may still have some.
pub const LANES_SERVED_PER_PEER_MAX: usize = 2 * LANES_PER_PEER_MAX;

/// Lanes that all others together may have here; the next comer uses QUIC. Each costs a file
/// descriptor, of which some systems give a program 1,024.
pub const LANES_SERVED_MAX: usize = 256;

/// Handshakes of lanes that are carried on at once.
pub const LANE_HANDSHAKES_MAX: usize = 64;

/// Ports that are tried until one is free for UDP and TCP, if the system may choose it.
pub const LANE_PORTS_TRIED: usize = 8;

/// A lane must be open within this time. Nobody waits for it: the chunks come over QUIC meanwhile.
pub const LANE_OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// After trouble with a lane, its peer's chunks come over QUIC for this long.
pub const LANE_PAUSE: Duration = Duration::from_mins(1);

/// A lane without use is closed by whoever opened it after this long.
pub const LANE_KEPT: Duration = Duration::from_secs(30);

/// A lane on which nothing is asked is closed by the other side after this long. Longer than
/// [`LANE_KEPT`], so that nobody asks on a lane that is just being closed.
pub const LANE_IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Threads that move the bytes of lanes, on a machine with twice as many cores. One moves more than a
/// gigabyte per second.
pub const LANE_THREADS_MAX: usize = 4;

/// A lane wakes its reader for so many bytes, as long as more are to come. At 100 Mbit/s it was woken for every
/// seven packets, 220,000 times in a swarm of 8 instead of 78,000.
pub const LANE_WAKE_BYTES: usize = 64 * 1024;

/// What came of less is taken after this time all the same.
pub const LANE_WAKE_PATIENCE: Duration = Duration::from_millis(300);

/// A whole TLS record: 16 KiB, its header and what sealing adds at most (RFC 8446, section 5.2).
pub const TLS_RECORD_BYTES_MAX: usize = 16 * 1024 + 256 + 5;

/// Bytes taken from the system at once on a lane.
pub const LANE_READ_BYTES: usize = 128 * 1024;

/// The same on one without encryption, where the bytes of chunks are read to where they belong.
pub const CLEAR_LANE_READ_BYTES: usize = 8 * 1024;

/// Tokens for lanes without encryption that one peer may have and not have used: as many as it may have
/// lanes.
pub const LANE_TOKENS_PER_PEER_MAX: usize = LANES_SERVED_PER_PEER_MAX;

/// Tokens that all peers together may have and not have used.
pub const LANE_TOKENS_MAX: usize = LANES_SERVED_MAX;

/// A token that was not used is void after this long: whoever opens a lane gives up before.
pub const LANE_TOKEN_LIFE: Duration = Duration::from_secs(10);

/// Chunk buffers kept for reuse.
pub const BUFFERS_KEPT_MAX: usize = 8;
