//! Why a transport cannot start, and what QUIC errors mean to people.
//!
//! Invariant: a message says what was tried, on what, why it failed and what to do about it.

use std::{fmt, io, net::SocketAddr};

use s2n_quic::connection;

use super::link::KEPT_AWAY;

/// Why a transport cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error(
        "another program already uses UDP port {} ({addr}): end it, or choose another port",
        addr.port()
    )]
    InUse {
        /// The address that was to be listened on.
        addr: SocketAddr,
    },
    /// The address is not one of this machine.
    #[error("{addr} is not an address of this machine: choose one of its own, or 0.0.0.0 for all")]
    NotHere {
        /// The address that was to be listened on.
        addr: SocketAddr,
    },
    /// The system refuses to listen there.
    #[error("listening on {addr} failed: {source}")]
    Listen {
        /// The address that was to be listened on.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system refuses the socket for outgoing connections.
    #[error("the socket for outgoing connections cannot be opened: {0}")]
    DialSocket(io::Error),
    /// The system refuses a thread.
    #[error("a network thread cannot be started: {0}")]
    Thread(io::Error),
    /// The key or certificate cannot be used.
    #[error("this peer's key cannot be used for TLS: {0}")]
    Tls(rustls::Error),
    /// The QUIC library refuses to start.
    #[error("the QUIC endpoint cannot be started: {0}")]
    Endpoint(String),
}

impl BindError {
    pub(super) fn listen(addr: SocketAddr, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            Self::InUse { addr }
        } else if source.kind() == io::ErrorKind::AddrNotAvailable {
            Self::NotHere { addr }
        } else {
            Self::Listen { addr, source }
        }
    }

    pub(super) fn endpoint(error: impl fmt::Display) -> Self {
        Self::Endpoint(error.to_string())
    }
}

/// First of the transport error codes that carry a TLS alert (RFC 9001, section 4.8).
const CRYPTO_ERROR_FIRST: u64 = 0x100;

/// Last of them.
const CRYPTO_ERROR_LAST: u64 = 0x1ff;

/// The TLS alert of a server that speaks none of the offered protocols (RFC 7301).
const NO_APPLICATION_PROTOCOL: u64 = 120;

/// The code of a server that takes no more connections (RFC 9000, section 20.1).
const CONNECTION_REFUSED: u64 = 0x2;

/// What a failed attempt to connect says about the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConnectError {
    /// Nothing answered.
    Silence,
    /// Something answered but is no peer that can be talked to.
    Refused(String),
}

/// Reads a failed attempt to connect.
pub(super) fn connect_error(error: connection::Error) -> ConnectError {
    match error {
        connection::Error::Application { error, .. } if *error == u64::from(KEPT_AWAY) => {
            ConnectError::Refused("it keeps this peer away for a while".to_owned())
        }
        connection::Error::Transport { code, .. } => {
            let code = code.as_u64();
            if code == CRYPTO_ERROR_FIRST + NO_APPLICATION_PROTOCOL {
                ConnectError::Refused("it does not speak Lanspread".to_owned())
            } else if code == CONNECTION_REFUSED {
                ConnectError::Refused("it takes no more connections".to_owned())
            } else if (CRYPTO_ERROR_FIRST..=CRYPTO_ERROR_LAST).contains(&code) {
                let alert = code - CRYPTO_ERROR_FIRST;
                ConnectError::Refused(format!("the TLS handshake failed with alert {alert}"))
            } else {
                ConnectError::Refused(format!("the QUIC handshake failed with code {code:#x}"))
            }
        }
        connection::Error::Application { .. } | connection::Error::Closed { .. } => {
            ConnectError::Refused("it closed the connection at once".to_owned())
        }
        // The library's enum is open; what is left means that no answer came.
        _ => ConnectError::Silence,
    }
}
