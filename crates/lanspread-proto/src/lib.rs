//! The wire: what two peers say to each other, how it is framed and where it ends.
//!
//! Invariant: everything that arrives is parsed into types that cannot hold an invalid value, within
//! a named limit, before anyone acts on it. This crate touches no socket and no file.

mod addr;
mod frame;
mod library;
pub mod limits;
mod message;
mod peer_id;
mod version;

pub use addr::{ListenAddr, ListenAddrError, TransportAddr};
pub use frame::{FrameError, FrameKind, decode_payload, encode_frame, payload_len};
pub use library::{
    GameSummary, LibraryDelta, LibraryEpoch, LibraryRevision, LibrarySnapshot, LibraryState,
    PeerName,
};
pub use message::{
    ChunkRequest, Hello, HelloAck, Refusal, RefusalKind, Request, Response, WrongVersion,
};
pub use peer_id::{PeerId, PeerIdError};
pub use version::{VersionExchangeError, VersionProbe, alpn};

/// The wire version this build speaks. Peers of any other version are refused, by name.
pub const PROTOCOL_VERSION: u32 = 1;

/// The TLS application protocol of this wire version.
pub const ALPN: &[u8] = b"lanspread/1";

/// The TLS application protocol on which peers of different versions tell each other so.
///
/// The only exchange on such a connection is a [`VersionProbe`] answered by
/// [`Response::WrongVersion`].
pub const ALPN_ANY_VERSION: &[u8] = b"lanspread";

/// The DNS-SD service under which peers advertise themselves.
pub const SERVICE_TYPE: &str = "_lanspread._udp.local.";
