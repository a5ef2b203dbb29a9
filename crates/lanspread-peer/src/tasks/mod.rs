//! The long-lived tasks: server, discovery, ping service, monitor of local games.
//!
//! Invariant: each ends promptly when the peer shuts down, and none decides anything: they turn what
//! happens into inputs of the core.

pub(crate) mod discovery;
pub(crate) mod monitor;
pub(crate) mod ping;
pub(crate) mod server;
