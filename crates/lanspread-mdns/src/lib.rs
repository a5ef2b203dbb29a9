//! Discovery: advertises this peer on the local network by multicast DNS and reports the others.
//!
//! [`Discovery`] registers one instance of [`SERVICE_TYPE`] and browses for the same type. What
//! comes back are [`DiscoveryEvent`]s: strings and socket addresses, every one of them a claim by a
//! stranger. Only a connection proves who a peer is.
//!
//! Invariant: nothing here blocks the async runtime, and nothing that arrived from the network gets
//! out without having passed the limits in [`limits`].
//!
//! Deliberately unknown here: peers, games, connections. This crate decides nothing; it reports.
//!
//! # Example
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use lanspread_mdns::{Discovery, DiscoveryConfig, DiscoveryEvent, Interfaces};
//!
//! let listen_addr: std::net::SocketAddr = "192.168.1.20:47000".parse()?;
//! let mut discovery = Discovery::start(DiscoveryConfig {
//!     peer_id: "ab".repeat(32),
//!     listen_port: listen_addr.port(),
//!     interfaces: Interfaces::for_listener(listen_addr.ip()),
//!     protocol_version: 1,
//!     needs_code: false,
//!     library_revision: "0".to_owned(),
//!     host_name: "gaming-pc".to_owned(),
//!     name: "Ada".to_owned(),
//!     timing: lanspread_mdns::Timing::default(),
//! })?;
//! while let Some(event) = discovery.next().await {
//!     if let DiscoveryEvent::Seen(peer) = event {
//!         println!("{} may be at {:?}", peer.peer_id, peer.candidates);
//!     }
//! }
//! discovery.shutdown().await?;
//! # Ok(())
//! # }
//! ```

mod advertisement;
mod candidates;
mod config;
mod discovery;
mod error;
mod event;
pub mod limits;
mod names;
mod service;
mod tracker;

pub use advertisement::{Advertisement, Rejection, RejectionReason, read_records};
pub use config::{DiscoveryConfig, Interfaces, Timing};
pub use discovery::Discovery;
pub use error::{DiscoveryError, ShutdownError, UpdateError};
pub use event::{DiscoveryEvent, Trouble};

/// The DNS-SD service type under which peers advertise themselves.
pub const SERVICE_TYPE: &str = "_lanspread._udp.local.";
