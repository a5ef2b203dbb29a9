//! The JSON interface of a running peer, for whichever program runs it: lines on a pair of streams, and the
//! local socket on which the user's other programs speak them.
//!
//! Invariant: what is said on it is what `docs/JSONL.md` says. It decides nothing, and starts no peer.

mod json;
mod lines;
mod session;
mod socket;

pub use json::{EventLine, event, runtime_failed};
pub use lines::{AtEnd, read_line, serve};
pub use session::{RunBy, Served};
pub use socket::{Control, connect, key_of};
