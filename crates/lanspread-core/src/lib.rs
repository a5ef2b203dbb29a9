//! Every decision Lanspread makes, as a pure state machine.
//!
//! [`Peer`] takes in facts ([`Input`]) and gives out wishes ([`Effect`]). It does no IO, reads no
//! clock, draws no random number, spawns nothing and is not async: time comes in as [`Now`], and
//! whatever looks random follows from [`Config::seed`]. The real shell, a simulator and table tests
//! drive the same code. File contents never pass through here; the core hears "chunk stored" and
//! "chunk failed".

mod api;
mod outbox;
mod peer;
pub mod root;
pub mod transfer;

pub use api::*;
pub use peer::Peer;
