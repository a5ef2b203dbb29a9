//! What can go wrong with discovery, one type per operation.

use crate::limits::{LIBRARY_REVISION_BYTES_MAX, PEER_ID_CHARS};

/// Why [`crate::Discovery::start`] failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// The caller's own id is not one.
    #[error(
        "cannot advertise this peer: {0:?} is not a peer id of {PEER_ID_CHARS} lower-case \
         hexadecimal characters"
    )]
    PeerId(String),
    /// Port 0 cannot be advertised; the listener is not bound yet.
    #[error("cannot advertise this peer: its listener has no port yet; bind it first")]
    PortZero,
    /// [`crate::Interfaces::Only`] named nothing.
    #[error("cannot advertise this peer: no interface was named; name at least one address")]
    NoInterfaces,
    /// The revision text breaks its rules.
    #[error(
        "cannot advertise library revision {0:?}: it must be at most \
         {LIBRARY_REVISION_BYTES_MAX} letters, digits or one of .-_:"
    )]
    LibraryRevision(String),
    /// The mDNS service could not be started or refused a request.
    #[error("cannot {doing}: {reason}; peers can still be reached by connecting to their address")]
    Mdns {
        /// What was tried.
        doing: &'static str,
        /// What the mDNS library said.
        reason: String,
    },
}

/// Why [`crate::Discovery::update`] failed. What was advertised before still is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// The revision text breaks its rules.
    #[error(
        "cannot advertise library revision {0:?}: it must be at most \
         {LIBRARY_REVISION_BYTES_MAX} letters, digits or one of .-_:"
    )]
    LibraryRevision(String),
    /// Too many requests are queued; a later update will do.
    #[error("cannot advertise the new library revision: mDNS is busy; try again later")]
    Busy,
    /// Discovery has ended.
    #[error("cannot advertise the new library revision: mDNS has stopped; start discovery anew")]
    Stopped,
    /// The mDNS library refused it.
    #[error("cannot advertise the new library revision: {0}")]
    Mdns(String),
}

impl UpdateError {
    /// Whether the same update may succeed a little later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::LibraryRevision(_) | Self::Stopped | Self::Mdns(_) => false,
        }
    }
}

/// Why [`crate::Discovery::shutdown`] could not see the end of mDNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShutdownError {
    /// The mDNS thread did not answer in time. It ends by itself; a farewell may be missing, so
    /// others notice by silence.
    #[error("mDNS did not stop within {} ms; it ends by itself", crate::discovery::SHUTDOWN_TIMEOUT.as_millis())]
    TimedOut,
}
