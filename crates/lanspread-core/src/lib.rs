//! Every decision Lanspread makes, as a pure state machine.
//!
//! [`Peer`] takes in facts ([`Input`]) and gives out wishes ([`Effect`]). It does no IO, reads no
//! clock, draws no random number, spawns nothing and is not async: time comes in as [`Now`], and
//! whatever looks random follows from [`Config::seed`]. The real shell, a simulator and table tests
//! drive the same code. File contents never pass through here; the core hears "chunk stored" and
//! "chunk failed".

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod admission;
mod announce;
mod api;
pub mod conduct;
mod ctx;
mod deliveries;
mod digest;
mod expulsions;
pub mod game_dirs;
mod hashing;
mod inquiry;
mod library;
pub mod limits;
mod listing;
#[cfg(test)]
mod machine_table;
mod manifests;
mod membership;
mod messages;
pub mod news;
pub mod offers;
mod operations;
mod outbox;
mod peer;
pub mod rates;
mod rescan;
pub mod root;
pub mod scan;
mod serve;
mod status;
mod sync;
mod telling;
mod ties;
pub mod transfer;
pub mod uploads;
mod view;
mod world;

pub(crate) use ctx::{Ctx, Purpose};

pub use api::*;
pub use conduct::{KeepAwayReason, Offence};
pub use digest::library_digest;
pub use peer::Peer;
pub use rates::{LimitChange, LimitChanges, Playing, RateLimit, RateLimits, RateTooLow};
