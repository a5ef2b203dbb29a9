//! Every decision Lanspread makes, as a pure state machine.
//!
//! [`Peer`] takes in facts ([`Input`]) and gives out wishes ([`Effect`]). It does no IO, reads no
//! clock, draws no random number, spawns nothing and is not async: time comes in as [`Now`], and
//! whatever looks random follows from [`Config::seed`]. The real shell, a simulator and table tests
//! drive the same code. File contents never pass through here; the core hears "chunk stored" and
//! "chunk failed".

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod ctx;
pub mod limits;
#[cfg(test)]
mod machine_table;
mod membership;
pub mod offers;
mod outbox;
mod peer;
pub mod root;
pub mod transfer;

pub(crate) use ctx::{Ctx, Purpose};

pub use api::*;
pub use peer::Peer;
