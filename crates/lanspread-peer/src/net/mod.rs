//! The transport: carries requests, manifests and chunks between proven peers.
//!
//! Invariant: every peer that this module names has proved its key on the connection it is named
//! for, and the code of the party if it has one, and no chunk leaves it whose hash was not checked. It decides nothing: whom to dial, what to
//! ask and what to answer is said from outside, and it knows no game, no disk and no library.

mod addrs;
mod admission;
mod beside;
mod census;
mod delays;
mod dial;
mod endpoint;
mod error;
mod fetch;
mod hashing;
mod inbound;
mod lane;
pub mod limits;
mod link;
mod misconduct;
mod outbound;
mod pace;
mod rates;
mod room;
mod stream;
mod tls;
mod trace;
mod transport;

#[cfg(test)]
mod tests;

pub use addrs::{Adapter, AdapterKind, Reach};
pub use error::BindError;
pub(crate) use fetch::batch_len;
pub use fetch::{ChunkSink, ChunksFetched, Patience, WantedChunk};
pub(crate) use inbound::no_answer_of_disk;
pub use inbound::{AtHand, ChunkSender, ChunkSource, IncomingStream, Responder};
pub use rates::Rates;
pub(crate) use rates::Toll;
pub use transport::{NetEvent, Transport, TransportConfig, TransportStats};
