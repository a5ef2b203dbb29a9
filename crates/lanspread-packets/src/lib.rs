//! Moves packets between a UDP socket and a QUIC endpoint, and says how they are sealed.
//!
//! The invariant: an endpoint and its socket are served by one runtime, and what is queued between them
//! is small enough to stay in a processor's cache.
//!
//! On Linux this is s2n-quic's own loop, put together from its own parts with two numbers of ours: as many
//! packets go to the system at once as it takes, where the library itself stops at ten and
//! offers no setting. Elsewhere it is the library's loop as it is.

mod crypto;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

pub use crypto::crypto;
#[cfg(target_os = "linux")]
pub use linux::{Packets, packets};
#[cfg(not(target_os = "linux"))]
pub use other::{Packets, packets};

/// Bytes of packets that an endpoint prepares before it hands them to the system: four of the largest
/// batches.
pub const SEND_QUEUE_BYTES: usize = 256 * 1024;

/// Bytes of packets that are taken from the system at once: sixteen of the largest batches. The queue is
/// gone through from end to end, again and again; the library's own 8 MiB are in no cache by then.
pub const RECEIVE_QUEUE_BYTES: usize = 1024 * 1024;
