//! Whether this machine can take part: its network, its folder of games, its archives.
//!
//! Invariant: pure. Every part is a fact that somebody found a moment ago; what is not known is said not to
//! be, and never taken for well.

use std::{io, net::IpAddr};

use lanspread_peer as peer;
use serde::Serialize;
use ts_rs::TS;

/// Most adapters that are told; those that lead to other machines come first.
pub const ADAPTERS_MAX: usize = 32;

/// Whether this machine can take part.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, TS)]
pub struct Health {
    /// The network adapters, those that lead to other machines first; empty until the peer listens.
    pub adapters: Vec<NetworkAdapter>,
    /// What trying to write into the folders of games came to.
    pub folder: FolderCheck,
    /// How this machine's clock stands beside those of the other peers.
    pub clock: ClockCheck,
    /// What archives are opened, by their usual names.
    #[ts(type = "Array<string>")]
    pub archive_formats: Vec<&'static str>,
}

/// One network adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct NetworkAdapter {
    /// What the system calls it.
    pub name: String,
    /// What it leads to, as far as its name tells.
    pub kind: AdapterKind,
    /// Its addresses, without those that another machine cannot name.
    #[ts(type = "Array<string>")]
    pub addrs: Vec<IpAddr>,
    /// Whether others are told to reach this peer there.
    pub offered: bool,
}

/// What an adapter leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum AdapterKind {
    /// A network with other machines.
    Network,
    /// Programs of this machine, or machines far away: a virtual switch, a VPN.
    Virtual,
    /// This machine alone.
    Loopback,
}

/// What trying to write into the folder of games came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, TS)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum FolderCheck {
    /// That was not tried yet, or no folder is there.
    #[default]
    Unknown,
    /// They can be written to.
    Writable {
        /// When that was found, in milliseconds since 1970 by this machine's clock.
        #[ts(type = "number")]
        at_ms: u64,
    },
    /// One cannot: its games can be shared, and none can be fetched or unpacked there.
    ReadOnly {
        /// The first of those that cannot.
        path: String,
        /// When that was found, in milliseconds since 1970 by this machine's clock.
        #[ts(type = "number")]
        at_ms: u64,
        /// What keeps it from that.
        fault: FolderFault,
        /// Why, in words.
        message: String,
    },
}

/// Why the folder of games cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct FolderProblem {
    /// The kind.
    pub fault: FolderFault,
    /// What was tried, why it failed, what to do.
    pub message: String,
}

/// What keeps a folder from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum FolderFault {
    /// It is not there, such as on a disk that is unplugged.
    Gone,
    /// Something that is no folder stands in its place.
    NoFolder,
    /// The system does not allow it.
    NotAllowed,
    /// The disk is full.
    Full,
    /// The disk does not answer.
    Hangs,
    /// The disk reports a fault.
    Broken,
}

impl From<&peer::DiskFailure> for FolderProblem {
    fn from(failure: &peer::DiskFailure) -> Self {
        Self {
            fault: FolderFault::from(failure.kind),
            message: failure.message.clone(),
        }
    }
}

impl From<peer::DiskFailureKind> for FolderFault {
    fn from(kind: peer::DiskFailureKind) -> Self {
        match kind {
            peer::DiskFailureKind::NotFound | peer::DiskFailureKind::FolderAway => Self::Gone,
            peer::DiskFailureKind::Foreign => Self::NoFolder,
            peer::DiskFailureKind::NotAllowed => Self::NotAllowed,
            peer::DiskFailureKind::NoSpace => Self::Full,
            peer::DiskFailureKind::BadArchive
            | peer::DiskFailureKind::FoldersClash
            | peer::DiskFailureKind::Aborted
            | peer::DiskFailureKind::Io => Self::Broken,
        }
    }
}

impl From<io::ErrorKind> for FolderFault {
    fn from(kind: io::ErrorKind) -> Self {
        match kind {
            io::ErrorKind::TimedOut => Self::Hangs,
            other => Self::from(peer::failure_kind(other)),
        }
    }
}

/// How this machine's clock stands beside those of the other peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, TS)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ClockCheck {
    /// Nobody has said what time it is there.
    #[default]
    Unknown,
    /// It says what most of the others say, give or take two minutes.
    Agrees {
        /// How many others said it.
        peers: u32,
    },
    /// It does not.
    Differs {
        /// How many others said it.
        peers: u32,
        /// By how many minutes the others are ahead of it; negative where they are behind.
        ahead_min: i32,
    },
}

/// The addresses of this machine by adapter, in their order.
pub(crate) fn adapters(found: &[peer::Adapter]) -> Vec<NetworkAdapter> {
    let mut adapters: Vec<NetworkAdapter> = Vec::new();
    for one in found {
        let at = adapters
            .iter()
            .position(|it| it.name == one.name)
            .unwrap_or_else(|| {
                adapters.push(NetworkAdapter {
                    name: one.name.clone(),
                    kind: kind(one.kind),
                    addrs: Vec::new(),
                    offered: false,
                });
                adapters.len() - 1
            });
        let adapter = &mut adapters[at];
        adapter.offered |= one.offered;
        if can_be_named(one.ip) {
            adapter.addrs.push(one.ip);
        }
    }
    // A cable without an address is worth telling; the ends of virtual ones are many and tell nothing.
    adapters.retain(|it| it.kind == AdapterKind::Network || !it.addrs.is_empty());
    adapters.truncate(ADAPTERS_MAX);
    adapters
}

const fn kind(kind: peer::AdapterKind) -> AdapterKind {
    match kind {
        peer::AdapterKind::Network => AdapterKind::Network,
        peer::AdapterKind::Virtual => AdapterKind::Virtual,
        peer::AdapterKind::Loopback => AdapterKind::Loopback,
    }
}

/// A link-local address of IPv6 means something only together with an adapter of whoever uses it.
const fn can_be_named(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => !ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, ip: &str, kind: peer::AdapterKind) -> peer::Adapter {
        peer::Adapter {
            name: name.to_owned(),
            ip: ip.parse().expect("an address"),
            kind,
            offered: ip.starts_with("192."),
        }
    }

    #[test]
    fn addresses_stand_beside_their_adapter_and_those_that_nobody_can_name_are_left_out() {
        use peer::AdapterKind::{Loopback, Network, Virtual};
        let told = adapters(&[
            found("eth0", "192.168.1.20", Network),
            found("eth1", "fe80::2", Network),
            found("eth0", "fd00::20", Network),
            found("eth0", "fe80::1", Network),
            found("docker0", "172.17.0.1", Virtual),
            found("veth1", "fe80::3", Virtual),
            found("lo", "127.0.0.1", Loopback),
        ]);
        let told: Vec<(&str, usize, bool)> = told
            .iter()
            .map(|it| (it.name.as_str(), it.addrs.len(), it.offered))
            .collect();
        assert_eq!(
            told,
            [
                ("eth0", 2, true),
                ("eth1", 0, false),
                ("docker0", 1, false),
                ("lo", 1, false)
            ]
        );
    }

    #[test]
    fn so_many_adapters_are_told_and_not_one_more() {
        let many = |count: usize| {
            let one = |n| found(&format!("tap{n}"), "10.0.0.1", peer::AdapterKind::Virtual);
            adapters(&(0..count).map(one).collect::<Vec<_>>()).len()
        };
        assert_eq!(many(ADAPTERS_MAX), ADAPTERS_MAX);
        assert_eq!(many(ADAPTERS_MAX + 1), ADAPTERS_MAX);
    }
}
