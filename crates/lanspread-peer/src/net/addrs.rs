//! Which addresses of this machine other peers can use.
//!
//! Invariant: every address that leaves this file is concrete and carries the listener's port. The
//! order is a guess that costs time only when it is wrong: dialers race all candidates.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use lanspread_proto::ListenAddr;

/// Beginnings of names (in lower case) that adapters without a cable or radio of their own have.
///
/// Such an adapter often leads nowhere that another guest of the party could answer from.
const VIRTUAL_ADAPTERS: [&str; 20] = [
    "docker",
    "br-",
    "veth",
    "virbr",
    "vmnet",
    "vboxnet",
    "vethernet",
    "virtualbox",
    "vmware",
    "hyper-v",
    "tun",
    "tap",
    "wg",
    "zt",
    "zerotier",
    "tailscale",
    "utun",
    "hamachi",
    "podman",
    "lxc",
];

/// What an adapter leads to, as far as its name and its address tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A network with other machines.
    Network,
    /// Programs of this machine, or machines far away: a virtual switch, a VPN.
    Virtual,
    /// This machine alone.
    Loopback,
}

/// One address of one network adapter of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// What the system calls the adapter.
    pub name: String,
    /// The address.
    pub ip: IpAddr,
    /// What it leads to.
    pub kind: AdapterKind,
    /// Whether others are told to reach this peer there.
    pub offered: bool,
}

/// Where this machine can be reached, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Every address at which the listener can be dialed, most promising first; never empty.
    pub addrs: Vec<ListenAddr>,
    /// Every address of every adapter, most promising first.
    pub adapters: Vec<Adapter>,
}

/// An address as the system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    name: String,
    ip: IpAddr,
}

/// Where a listener bound to `listen` can be reached.
pub(super) fn reach(listen: SocketAddr) -> Reach {
    let found = match if_addrs::get_if_addrs() {
        Ok(adapters) => adapters,
        Err(error) => {
            tracing::warn!(%error, "the network adapters cannot be listed");
            Vec::new()
        }
    };
    let found: Vec<Found> = found
        .into_iter()
        .map(|adapter| Found {
            ip: adapter.ip(),
            name: adapter.name,
        })
        .collect();
    let addrs = listen_addrs(found.clone(), listen);
    let adapters = adapters(found, &addrs);
    Reach { addrs, adapters }
}

/// What the system lists, as it is told.
fn adapters(found: Vec<Found>, addrs: &[ListenAddr]) -> Vec<Adapter> {
    let adapter = |Found { name, ip }| Adapter {
        kind: if ip.is_loopback() {
            AdapterKind::Loopback
        } else if is_virtual(&name) {
            AdapterKind::Virtual
        } else {
            AdapterKind::Network
        },
        offered: addrs.iter().any(|addr| addr.socket_addr().ip() == ip),
        name,
        ip,
    };
    let mut adapters: Vec<Adapter> = found.into_iter().map(adapter).collect();
    // In the order of the addresses that are offered: the sort is stable here, too.
    adapters.sort_by_key(|it| (it.kind, is_self_assigned(it.ip), it.ip.is_ipv6()));
    adapters
}

/// Every address at which a listener bound to `listen` can be dialed, most promising first.
fn listen_addrs(found: Vec<Found>, listen: SocketAddr) -> Vec<ListenAddr> {
    if !listen.ip().is_unspecified() {
        return ListenAddr::new(listen).into_iter().collect();
    }
    let addrs = rank(found, listen);
    if !addrs.is_empty() {
        return addrs;
    }
    // Without any network this machine can still be reached from itself.
    let loopback = match listen {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    ListenAddr::new(SocketAddr::new(loopback, listen.port()))
        .into_iter()
        .collect()
}

/// Where a listener bound to `listen` can be reached from `remote`: the address this machine would
/// send from. Nothing is sent to find out.
pub(super) fn listen_addr_towards(listen: SocketAddr, remote: IpAddr) -> Option<ListenAddr> {
    let ip = if listen.ip().is_unspecified() {
        source_ip(remote)?
    } else {
        listen.ip()
    };
    ListenAddr::new(SocketAddr::new(ip, listen.port())).ok()
}

fn source_ip(remote: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match remote {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Connecting a UDP socket only looks up the route. The port does not matter.
    socket.connect((remote, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified()).then_some(ip)
}

/// Sorts the adapters' addresses: networks of a room first, virtual ones and loopback last.
fn rank(mut adapters: Vec<Found>, listen: SocketAddr) -> Vec<ListenAddr> {
    adapters.retain(|adapter| serves(listen, adapter.ip));
    if adapters.iter().any(|adapter| !adapter.ip.is_loopback()) {
        adapters.retain(|adapter| !adapter.ip.is_loopback());
    }
    // The sort is stable: within one rank the system's own order stays.
    adapters.sort_by_key(|adapter| {
        let is_virtual = is_virtual(&adapter.name);
        (
            is_virtual,
            is_self_assigned(adapter.ip),
            adapter.ip.is_ipv6(),
        )
    });
    let mut addrs: Vec<ListenAddr> = Vec::new();
    for adapter in adapters {
        let addr = ListenAddr::new(SocketAddr::new(adapter.ip, listen.port()));
        addrs.extend(addr.ok().filter(|addr| !addrs.contains(addr)));
    }
    addrs
}

/// Whether a listener bound to every address of its kind answers at `ip` in a way others can name.
fn serves(listen: SocketAddr, ip: IpAddr) -> bool {
    match ip {
        // `[::]` takes IPv4 as well.
        IpAddr::V4(_) => true,
        // A link-local address means something only together with an adapter of the machine that
        // dials, which is not this one.
        IpAddr::V6(ip) => listen.is_ipv6() && !ip.is_unicast_link_local(),
    }
}

fn is_virtual(name: &str) -> bool {
    let name = name.to_lowercase();
    VIRTUAL_ADAPTERS
        .iter()
        .any(|beginning| name.starts_with(beginning))
}

/// Whether a machine gave itself this address because nobody else did.
fn is_self_assigned(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, ip: &str) -> Found {
        Found {
            name: name.to_owned(),
            ip: ip.parse().unwrap(),
        }
    }

    fn ranked(adapters: Vec<Found>, listen: &str) -> Vec<String> {
        let addrs = rank(adapters, listen.parse().unwrap());
        addrs.into_iter().map(|addr| addr.to_string()).collect()
    }

    #[test]
    fn the_cable_comes_before_the_virtual_switch_and_loopback_is_left_out() {
        let adapters = vec![
            adapter("lo", "127.0.0.1"),
            adapter("vEthernet (WSL)", "172.20.0.1"),
            adapter("docker0", "172.17.0.1"),
            adapter("eth1", "169.254.7.7"),
            adapter("eth0", "192.168.1.20"),
            adapter("wlan0", "192.168.2.20"),
        ];
        assert_eq!(
            ranked(adapters, "0.0.0.0:47000"),
            [
                "192.168.1.20:47000",
                "192.168.2.20:47000",
                "169.254.7.7:47000",
                "172.20.0.1:47000",
                "172.17.0.1:47000",
            ]
        );
    }

    #[test]
    fn ipv6_is_listed_only_for_a_listener_that_takes_it_and_never_link_local() {
        let adapters = || {
            vec![
                adapter("eth0", "fe80::1"),
                adapter("eth0", "fd00::20"),
                adapter("eth0", "10.0.0.20"),
            ]
        };
        assert_eq!(ranked(adapters(), "0.0.0.0:47000"), ["10.0.0.20:47000"]);
        assert_eq!(
            ranked(adapters(), "[::]:47000"),
            ["10.0.0.20:47000", "[fd00::20]:47000"]
        );
    }

    #[test]
    fn without_a_network_loopback_is_what_is_left() {
        assert_eq!(
            ranked(vec![adapter("lo", "127.0.0.1")], "0.0.0.0:5"),
            ["127.0.0.1:5"]
        );
        assert!(!reach("0.0.0.0:5".parse().unwrap()).addrs.is_empty());
    }

    #[test]
    fn a_listener_on_one_address_has_one_address() {
        let listen = "127.0.0.1:47000".parse().unwrap();
        assert_eq!(reach(listen).addrs, [ListenAddr::new(listen).unwrap()]);
        let towards = listen_addr_towards(listen, "192.168.1.1".parse().unwrap());
        assert_eq!(towards, ListenAddr::new(listen).ok());
    }

    #[test]
    fn adapters_are_told_apart_and_say_which_of_them_are_offered() {
        let found = vec![
            adapter("lo", "127.0.0.1"),
            adapter("docker0", "172.17.0.1"),
            adapter("eth0", "fe80::1"),
            adapter("eth0", "192.168.1.20"),
        ];
        let told = |listen: &str| {
            let addrs = listen_addrs(found.clone(), listen.parse().unwrap());
            let told = adapters(found.clone(), &addrs).into_iter();
            told.map(|it| (it.ip.to_string(), it.kind, it.offered))
                .collect::<Vec<_>>()
        };
        let expected = |offered: [bool; 4]| {
            vec![
                ("192.168.1.20".to_owned(), AdapterKind::Network, offered[0]),
                ("fe80::1".to_owned(), AdapterKind::Network, offered[1]),
                ("172.17.0.1".to_owned(), AdapterKind::Virtual, offered[2]),
                ("127.0.0.1".to_owned(), AdapterKind::Loopback, offered[3]),
            ]
        };
        assert_eq!(told("0.0.0.0:5"), expected([true, false, true, false]));
        assert_eq!(told("127.0.0.1:5"), expected([false, false, false, true]));
    }

    #[test]
    fn towards_loopback_a_listener_on_every_address_is_reached_by_loopback() {
        let towards = listen_addr_towards(
            "0.0.0.0:47000".parse().unwrap(),
            "127.0.0.1".parse().unwrap(),
        );
        assert_eq!(towards.unwrap().to_string(), "127.0.0.1:47000");
    }
}
