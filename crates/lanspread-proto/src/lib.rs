//! The wire: what two peers say to each other, how it is framed and where it ends.
//!
//! Invariant: everything that arrives is parsed into types that cannot hold an invalid value, within
//! a named limit, before anyone acts on it. This crate touches no socket and no file.

mod addr;
mod admission;
mod frame;
mod holdings;
mod library;
pub mod limits;
mod message;
mod party_message;
mod peer_id;
mod status;
mod version;

pub use addr::{ListenAddr, ListenAddrError, TransportAddr};
pub use admission::{Admission, AdmissionRefusal, Token, TokenError};
pub use frame::{FrameError, FrameKind, decode_payload, encode_frame, payload_len};
pub use holdings::{ChunkRuns, ChunkRunsError, Holdings, HoldingsLog, HoldingsRequest};
pub use library::{
    GameSummary, LibraryDelta, LibraryEpoch, LibraryRevision, LibrarySnapshot, LibraryState,
    PeerName, TableName, TableNameError,
};
pub use message::{
    ChunkRequest, ExpelledPeer, Hello, HelloAck, Refusal, RefusalKind, Request, Response,
    WrongVersion,
};
pub use party_message::{MessageText, MessageTextError, PartyMessage, PartyMessageError};
pub use peer_id::{PeerId, PeerIdError};
pub use status::{PeerOperation, PeerSource, PeerStatus, Work};
pub use version::{VersionExchangeError, VersionProbe, alpn, alpn_with_code};

/// The wire version this build speaks. Peers of any other version are refused, by name.
pub const PROTOCOL_VERSION: u32 = 7;

/// The TLS application protocol of this wire version, in a party without a code.
pub const ALPN: &[u8] = b"lanspread/7";

/// The TLS application protocol of this wire version, in a party with a code: on such a connection
/// an [`Admission`] comes before anything else.
pub const ALPN_WITH_CODE: &[u8] = b"lanspread/7+code";

/// The TLS application protocol on which peers of different versions tell each other so.
///
/// The only exchange on such a connection is a [`VersionProbe`] answered by
/// [`Response::WrongVersion`]. Two peers of the same version that end up here differ in that one
/// takes part with a party code and the other without.
pub const ALPN_ANY_VERSION: &[u8] = b"lanspread";

/// The DNS-SD service under which peers advertise themselves.
pub const SERVICE_TYPE: &str = "_lanspread._udp.local.";
