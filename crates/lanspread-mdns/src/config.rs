//! What a caller says about itself and about the interfaces it wants to be seen on.
//!
//! Invariant: the interfaces follow the listener. An address nobody can connect to is not
//! advertised, and a loopback listener is advertised on the loopback interface only.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

/// Everything [`crate::Discovery::start`] needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryConfig {
    /// This peer's id: [`crate::limits::PEER_ID_CHARS`] lower-case hexadecimal characters. The
    /// first [`crate::limits::INSTANCE_LABEL_CHARS`] of them name the DNS-SD instance.
    pub peer_id: String,
    /// The UDP port of the bound listener; never 0.
    pub listen_port: u16,
    /// Where to advertise and browse; see [`Interfaces::for_listener`].
    pub interfaces: Interfaces,
    /// The wire version this peer speaks.
    pub protocol_version: u32,
    /// Whether whoever wants to connect has to know the party's code. Nothing else is said of it.
    pub needs_code: bool,
    /// The library's revision: at most [`crate::limits::LIBRARY_REVISION_BYTES_MAX`] bytes of
    /// letters, digits, `.`, `-`, `_` and `:`.
    pub library_revision: String,
    /// The machine's name, for people. Characters that could garble a terminal are dropped and what
    /// exceeds [`crate::limits::HOST_NAME_BYTES_MAX`] is cut.
    pub host_name: String,
    /// The peer's name, for people. Cleaned like the host name, to
    /// [`crate::limits::NAME_BYTES_MAX`].
    pub name: String,
    /// All intervals; `Timing::default()` suits a party.
    pub timing: Timing,
}

/// The network interfaces on which a peer advertises itself and browses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interfaces {
    /// Every interface, IPv4 and IPv6, as they come and go: for a listener on `[::]`.
    All,
    /// Every interface, IPv4 only: for a listener on `0.0.0.0`, which no IPv6 packet reaches.
    AllIpv4,
    /// Only the interfaces that own one of these addresses, and only these addresses are
    /// advertised. A loopback address stands for the loopback interface: no datagram is sent
    /// anywhere else. (The operating system itself may tell switches, by IGMP and MLD, that this
    /// machine listens to mDNS: `mdns-sd` joins on all interfaces before it leaves the unwanted.)
    ///
    /// Linux has no multicast on IPv6 loopback: a listener on `[::1]` is found by nobody there.
    Only(Vec<IpAddr>),
}

impl Interfaces {
    /// The interfaces on which a listener bound to `listen_ip` can be reached.
    #[must_use]
    pub fn for_listener(listen_ip: IpAddr) -> Self {
        match listen_ip {
            IpAddr::V4(ip) if ip.is_unspecified() => Self::AllIpv4,
            IpAddr::V6(ip) if ip.is_unspecified() => Self::All,
            ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => Self::Only(vec![ip]),
        }
    }

    /// The loopback interface and nothing else, at `127.0.0.1`.
    #[must_use]
    pub fn loopback() -> Self {
        Self::Only(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
    }

    /// Whether the address `ip` of a local interface takes part.
    pub(crate) fn wants(&self, ip: IpAddr) -> bool {
        match self {
            Self::All => true,
            Self::AllIpv4 => ip.is_ipv4(),
            // Linux answers on all of 127/8 although the interface owns 127.0.0.1 only.
            Self::Only(ips) => ips.iter().any(|wanted| {
                *wanted == ip
                    || (wanted.is_loopback()
                        && ip.is_loopback()
                        && wanted.is_ipv4() == ip.is_ipv4())
            }),
        }
    }

    /// The addresses to advertise whatever the interfaces say, because the listener has no others.
    pub(crate) fn fixed_addresses(&self) -> &[IpAddr] {
        match self {
            Self::Only(ips) if ips.iter().all(IpAddr::is_loopback) => ips,
            Self::All | Self::AllIpv4 | Self::Only(_) => &[],
        }
    }
}

/// The intervals of discovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long news about a peer is held back, so that what it says on all its interfaces is
    /// reported together: answers may be 40 ms apart. Default: 60 ms.
    pub settle: Duration,
    /// How often a peer that is still advertised is reported again, so that a consumer that lost it
    /// finds it. Default: 15 s. No packet is sent for this.
    pub remind_every: Duration,
    /// How often to ask the network anew while no other peer is known. Default: 15 s.
    pub ask_again_alone: Duration,
    /// How often to ask the network anew while others are known. Default: 120 s.
    pub ask_again_in_company: Duration,
    /// How often to look for interfaces that were plugged or unplugged, in whole seconds (at least
    /// one). Default: 2 s.
    pub check_interfaces_every: Duration,
    /// After how long without any interface to advertise on this is reported as
    /// [`crate::Trouble::NoInterface`]. Default: 3 s.
    pub announce_patience: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(60),
            remind_every: Duration::from_secs(15),
            ask_again_alone: Duration::from_secs(15),
            ask_again_in_company: Duration::from_mins(2),
            check_interfaces_every: Duration::from_secs(2),
            announce_patience: Duration::from_secs(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn interfaces_follow_the_listener() {
        let cases = [
            ("0.0.0.0", Interfaces::AllIpv4),
            ("::", Interfaces::All),
            ("192.168.1.20", Interfaces::Only(vec![ip("192.168.1.20")])),
            ("fd00::5", Interfaces::Only(vec![ip("fd00::5")])),
            ("127.0.0.1", Interfaces::loopback()),
        ];
        for (listen, expected) in cases {
            assert_eq!(Interfaces::for_listener(ip(listen)), expected, "{listen}");
        }
    }

    #[test]
    fn only_what_the_listener_can_hear_takes_part() {
        let cases = [
            ("0.0.0.0", "192.168.1.20", true),
            ("0.0.0.0", "127.0.0.1", true),
            ("0.0.0.0", "fd00::5", false),
            ("::", "fd00::5", true),
            ("192.168.1.20", "192.168.1.20", true),
            ("192.168.1.20", "192.168.1.21", false),
            ("192.168.1.20", "127.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "192.168.1.20", false),
            ("127.0.0.1", "::1", false),
            ("127.0.0.9", "127.0.0.1", true),
            ("::1", "::1", true),
            ("::1", "127.0.0.1", false),
        ];
        for (listen, interface, expected) in cases {
            let interfaces = Interfaces::for_listener(ip(listen));
            assert_eq!(
                interfaces.wants(ip(interface)),
                expected,
                "{listen} on {interface}"
            );
        }
    }

    #[test]
    fn a_loopback_listener_is_advertised_under_its_very_address() {
        assert_eq!(
            Interfaces::for_listener(ip("127.0.0.9")).fixed_addresses(),
            [ip("127.0.0.9")]
        );
        assert_eq!(
            Interfaces::for_listener(ip("192.168.1.20")).fixed_addresses(),
            [] as [IpAddr; 0]
        );
        assert_eq!(Interfaces::All.fixed_addresses(), [] as [IpAddr; 0]);
    }
}
