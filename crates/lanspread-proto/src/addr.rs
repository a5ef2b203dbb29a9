//! The two kinds of address, kept apart by type.
//!
//! Invariant: a peer is recorded only under a [`ListenAddr`]. A [`TransportAddr`] is for logs and has
//! no conversion to it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// Where a peer accepts connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ListenAddr(SocketAddr);

/// Why an address cannot be a peer's listener address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListenAddrError {
    /// The text is not an IP address with a port.
    #[error("{0:?} is not an address; write it like 192.168.1.20:47000 or [fe80::1]:47000")]
    NotAnAddress(String),
    /// Port 0 means "any port" and cannot be dialed.
    #[error("{0} has port 0, which nobody can dial")]
    PortZero(SocketAddr),
    /// `0.0.0.0` and `::` mean "every address" and cannot be dialed.
    #[error("{0} names no machine: it stands for every address of the one that uses it")]
    Unspecified(SocketAddr),
    /// A multicast or broadcast address is not one machine.
    #[error("{0} is not the address of one machine")]
    NotUnicast(SocketAddr),
}

impl ListenAddr {
    /// Accepts an address that another peer could dial.
    ///
    /// # Errors
    /// Port 0 and unspecified, multicast or broadcast addresses are refused.
    pub fn new(addr: SocketAddr) -> Result<Self, ListenAddrError> {
        if addr.port() == 0 {
            return Err(ListenAddrError::PortZero(addr));
        }
        if addr.ip().is_unspecified() {
            return Err(ListenAddrError::Unspecified(addr));
        }
        let broadcast = match addr.ip() {
            IpAddr::V4(ip) => ip.is_broadcast(),
            IpAddr::V6(_) => false,
        };
        if broadcast || addr.ip().is_multicast() {
            return Err(ListenAddrError::NotUnicast(addr));
        }
        Ok(Self(addr))
    }

    /// The socket address to dial.
    #[must_use]
    pub const fn socket_addr(self) -> SocketAddr {
        self.0
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ListenAddr {
    type Err = ListenAddrError;

    fn from_str(text: &str) -> Result<Self, ListenAddrError> {
        let addr = text
            .parse()
            .map_err(|_| ListenAddrError::NotAnAddress(text.chars().take(80).collect()))?;
        Self::new(addr)
    }
}

impl TryFrom<String> for ListenAddr {
    type Error = ListenAddrError;

    fn try_from(text: String) -> Result<Self, ListenAddrError> {
        text.parse()
    }
}

impl From<ListenAddr> for String {
    fn from(addr: ListenAddr) -> Self {
        addr.to_string()
    }
}

/// The far end of one connection: usually an ephemeral port, worth a log line and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportAddr(SocketAddr);

impl TransportAddr {
    /// Whether a listener at `addr` would be on the machine that this connection comes from.
    #[must_use]
    pub fn is_machine_of(self, addr: ListenAddr) -> bool {
        self.0.ip().to_canonical() == addr.0.ip().to_canonical()
    }

    /// Wraps the far end of a connection.
    #[must_use]
    pub const fn new(addr: SocketAddr) -> Self {
        Self(addr)
    }

    /// The machine it is on, for counting who comes from where. Without a port it leads nowhere.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        self.0.ip()
    }
}

impl fmt::Display for TransportAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ListenAddr, ListenAddrError> {
        text.parse()
    }

    #[test]
    fn a_listener_address_round_trips_as_text() {
        for text in ["192.168.1.20:47000", "127.0.0.1:1", "[fd00::20]:65535"] {
            let addr = parse(text).unwrap();
            assert_eq!(addr.to_string(), text);
            assert_eq!(addr.socket_addr().to_string(), text);
            let json = serde_json::to_string(&addr).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<ListenAddr>(&json).unwrap(), addr);
        }
    }

    #[test]
    fn what_nobody_can_dial_is_no_listener_address() {
        assert!(matches!(
            parse("10.0.0.1:0"),
            Err(ListenAddrError::PortZero(_))
        ));
        for text in ["0.0.0.0:47000", "[::]:47000"] {
            assert!(
                matches!(parse(text), Err(ListenAddrError::Unspecified(_))),
                "{text}"
            );
        }
        for text in ["224.0.0.251:5353", "255.255.255.255:9", "[ff02::fb]:5353"] {
            assert!(
                matches!(parse(text), Err(ListenAddrError::NotUnicast(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_says_how_one_is_written() {
        for text in [
            "",
            "10.0.0.1",
            "party.local:47000",
            "10.0.0.1:99999",
            "::1:47000",
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.to_string().contains("write it like"), "{error}");
        }
        let error = parse(&"x".repeat(10_000)).unwrap_err();
        assert!(error.to_string().len() < 200);
    }
}
