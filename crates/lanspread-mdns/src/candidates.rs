//! Which addresses of an instance are worth dialing, and in which order.
//!
//! Invariant: the same addresses, heard on the same interfaces, come out in the same order, and never
//! more than [`CANDIDATES_MAX`] of them.
//!
//! An mDNS responder announces on each interface the addresses of that interface, so the interface
//! on which an address was *heard* tells what kind of network leads to it.

use std::net::{IpAddr, SocketAddr};

use crate::limits::CANDIDATES_MAX;

/// An address and the names of our interfaces on which it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeardAddress {
    pub(crate) ip: IpAddr,
    pub(crate) heard_on: Vec<String>,
}

/// How promising an address is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Promise {
    /// IPv4 on a real network: what a LAN party runs on.
    Ipv4,
    /// IPv6 with a prefix of its own.
    Ipv6,
    /// 169.254/16: a network without a router or DHCP, or an adapter that failed to get an address.
    Ipv4LinkLocal,
    /// This very machine.
    Loopback,
    /// Heard only on an adapter that containers, virtual machines or tunnels brought along. It may
    /// be the only way to a peer, but rarely the fastest.
    Virtual,
}

/// Starts of interface names that belong to software, in lower case.
const VIRTUAL_NAME_STARTS: &[&str] = &[
    "docker",
    "br-",
    "veth",
    "virbr",
    "vmnet",
    "vboxnet",
    "vnet",
    "lxc",
    "lxd",
    "cni",
    "flannel",
    "podman",
    "tailscale",
    "wg",
    "tun",
    "tap",
    "utun",
    "zt",
    "ham",
];

/// Parts of interface names that belong to software (Windows shows descriptions), in lower case.
const VIRTUAL_NAME_PARTS: &[&str] = &[
    "vethernet",
    "hyper-v",
    "wsl",
    "virtual",
    "vmware",
    "vpn",
    "tailscale",
    "zerotier",
    "wireguard",
    "hamachi",
    "radmin",
];

/// The addresses to dial, most promising first.
pub(crate) fn candidates(heard: &[HeardAddress], port: u16) -> Vec<SocketAddr> {
    let mut ranked: Vec<_> = heard
        .iter()
        .filter_map(|address| Some((promise(address)?, address.ip)))
        .collect();
    ranked.sort();
    ranked.dedup_by_key(|(_, ip)| *ip);
    ranked.truncate(CANDIDATES_MAX);
    ranked
        .into_iter()
        .map(|(_, ip)| SocketAddr::new(ip, port))
        .collect()
}

/// How promising an address is; `None` if nobody can be reached there.
fn promise(address: &HeardAddress) -> Option<Promise> {
    let unusable = match address.ip {
        IpAddr::V4(ip) => ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast(),
        // The QUIC library has no place for the scope without which such an address is ambiguous.
        IpAddr::V6(ip) => {
            ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unicast_link_local()
                || ip.to_ipv4_mapped().is_some()
        }
    };
    if unusable {
        return None;
    }
    if address.ip.is_loopback() {
        // A stranger's loopback address would be our own.
        return address
            .heard_on
            .iter()
            .all(|name| is_loopback_name(name))
            .then_some(Promise::Loopback);
    }
    if !address.heard_on.is_empty() && address.heard_on.iter().all(|name| is_virtual_name(name)) {
        return Some(Promise::Virtual);
    }
    Some(match address.ip {
        IpAddr::V4(ip) if ip.is_link_local() => Promise::Ipv4LinkLocal,
        IpAddr::V4(_) => Promise::Ipv4,
        IpAddr::V6(_) => Promise::Ipv6,
    })
}

fn is_loopback_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("loopback")
        || name
            .strip_prefix("lo")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

fn is_virtual_name(name: &str) -> bool {
    let name = name.to_lowercase();
    VIRTUAL_NAME_STARTS
        .iter()
        .any(|start| name.starts_with(start))
        || VIRTUAL_NAME_PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn heard(ip: &str, on: &[&str]) -> HeardAddress {
        HeardAddress {
            ip: ip.parse().unwrap(),
            heard_on: on.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn dialed(addresses: &[HeardAddress]) -> Vec<String> {
        candidates(addresses, 47000)
            .iter()
            .map(|addr| addr.ip().to_string())
            .collect()
    }

    #[test]
    fn real_networks_come_first_and_virtual_adapters_last() {
        let order = dialed(&[
            heard("172.17.0.3", &["docker0"]),
            heard("127.0.0.1", &["lo"]),
            heard("169.254.7.7", &["eth0"]),
            heard("fd00::5", &["eth0"]),
            heard("10.0.0.5", &["eth0"]),
            heard("172.29.16.1", &["vEthernet (WSL)"]),
            heard("192.168.56.1", &["VirtualBox Host-Only Network"]),
        ]);
        assert_eq!(
            order,
            [
                "10.0.0.5",
                "fd00::5",
                "169.254.7.7",
                "127.0.0.1",
                "172.17.0.3",
                "172.29.16.1",
                "192.168.56.1"
            ]
        );
    }

    #[test]
    fn an_address_heard_on_a_real_network_too_is_not_virtual() {
        assert_eq!(
            dialed(&[
                heard("10.0.0.9", &["eth0"]),
                heard("10.0.0.5", &["tun0", "eth0"])
            ]),
            ["10.0.0.5", "10.0.0.9"]
        );
    }

    #[test]
    fn the_order_does_not_depend_on_luck() {
        let mut addresses = [
            heard("10.0.0.5", &["eth0"]),
            heard("10.0.0.4", &["eth0"]),
            heard("fd00::1", &["eth0"]),
        ];
        let once = dialed(&addresses);
        addresses.reverse();
        assert_eq!(dialed(&addresses), once);
    }

    #[test]
    fn addresses_that_reach_nobody_are_left_out() {
        let none = dialed(&[
            heard("0.0.0.0", &["eth0"]),
            heard("224.0.0.251", &["eth0"]),
            heard("255.255.255.255", &["eth0"]),
            heard("::", &["eth0"]),
            heard("ff02::fb", &["eth0"]),
            heard("fe80::1", &["eth0"]),
            heard("::ffff:10.0.0.5", &["eth0"]),
        ]);
        assert_eq!(none, [] as [String; 0]);
    }

    #[test]
    fn a_loopback_address_counts_only_if_heard_on_loopback() {
        assert_eq!(dialed(&[heard("127.0.0.1", &["eth0"])]), [] as [String; 0]);
        assert_eq!(
            dialed(&[heard("127.0.0.1", &["lo", "eth0"])]),
            [] as [String; 0]
        );
        assert_eq!(dialed(&[heard("127.0.0.1", &["lo"])]), ["127.0.0.1"]);
        assert_eq!(dialed(&[heard("127.0.0.1", &["lo0"])]), ["127.0.0.1"]);
        assert_eq!(
            dialed(&[heard("::1", &["Loopback Pseudo-Interface 1"])]),
            ["::1"]
        );
    }

    #[test]
    fn the_number_of_candidates_is_limited() {
        for (addresses, expected) in [
            (CANDIDATES_MAX, CANDIDATES_MAX),
            (CANDIDATES_MAX + 1, CANDIDATES_MAX),
            (500, CANDIDATES_MAX),
        ] {
            let addresses: Vec<_> = (1..=addresses)
                .map(|n| HeardAddress {
                    ip: IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + u32::try_from(n).unwrap())),
                    heard_on: vec!["eth0".to_owned()],
                })
                .collect();
            assert_eq!(candidates(&addresses, 1).len(), expected);
        }
    }

    #[test]
    fn real_adapters_are_not_taken_for_virtual_ones() {
        for name in [
            "eth0",
            "enp3s0",
            "wlan0",
            "en0",
            "Ethernet 2",
            "WLAN",
            "Wi-Fi",
        ] {
            assert!(!is_virtual_name(name), "{name}");
        }
    }
}
