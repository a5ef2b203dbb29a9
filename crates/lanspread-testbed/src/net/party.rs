//! Builds a party's switch and hosts out of namespaces, and takes them down again.
//!
//! The invariant: every namespace is named after this process and is deleted, with all processes
//! in it, when the [`Party`] goes; building a party also sweeps what dead processes left.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use super::enter;
use super::link::{Link, Rate};
use super::rights::Rights;
use super::tables::{self, Table};
use super::traffic;
use crate::command::{self, CommandError};
use crate::leftovers;

/// The most hosts one party can have: two octets of addresses, the second without 0 and 255.
pub const HOSTS_MAX: usize = 1000;

/// How many addresses one value of the third octet gives.
const HOSTS_PER_SUBNET: usize = 250;

/// How often it is looked, a hundredth of a second apart, whether a port of the switch has opened.
const FORWARDING_TRIES_MAX: u32 = 1000;

/// The network device of every host.
const HOST_DEVICE: &str = "eth0";

/// Why a party could not be built or changed.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// This machine or user cannot have network namespaces.
    #[error("no network namespaces here: {why}")]
    Unavailable {
        /// The reason, and what would help.
        why: String,
    },
    /// A command that builds or changes the network failed.
    #[error("could not {doing}: {source}")]
    Command {
        /// What was being done.
        doing: String,
        /// The command and what it said.
        source: CommandError,
    },
    /// Two hosts have one name, or a name cannot be a namespace's.
    #[error("`{name}` cannot name a host: use each name once, of letters, digits and `_`")]
    BadName {
        /// The name that was given.
        name: String,
    },
    /// The party has more hosts than it has addresses for.
    #[error("a party of {count} hosts is larger than {HOSTS_MAX}")]
    TooManyHosts {
        /// How many were asked for.
        count: usize,
    },
    /// What goes through a cable cannot be counted.
    #[error("the cable at {device} has no limit, and only a limited one is counted")]
    NotCounted {
        /// The network device at one end of the cable.
        device: String,
    },
    /// There is no host of this name.
    #[error("this party has no host named `{name}`")]
    UnknownHost {
        /// The name that was asked for.
        name: String,
    },
}

/// Collects the hosts of a party before it is built.
#[derive(Debug, Default)]
pub struct PartyBuilder {
    hosts: Vec<(String, Table, Link)>,
    uplink: Option<Rate>,
}

impl PartyBuilder {
    /// Adds a host with an unlimited cable.
    #[must_use]
    pub fn host(self, name: &str) -> Self {
        self.host_with(name, Link::new())
    }

    /// Adds a host with this cable.
    #[must_use]
    pub fn host_with(self, name: &str, link: Link) -> Self {
        self.host_at(Table::First, name, link)
    }

    /// Adds a host with this cable at this table.
    #[must_use]
    pub fn host_at(mut self, table: Table, name: &str, link: Link) -> Self {
        self.hosts.push((name.to_owned(), table, link));
        self
    }

    /// Limits the cable between the two tables to `rate` in each direction.
    #[must_use]
    pub fn uplink(mut self, rate: Rate) -> Self {
        self.uplink = Some(rate);
        self
    }

    /// Makes the namespaces and cables.
    ///
    /// # Errors
    ///
    /// When the machine or user cannot have namespaces, a name is unfit, or a command fails; what
    /// was made until then is taken down again.
    pub fn build(self) -> Result<Party, NetError> {
        self.check()?;
        let rights = Arc::new(Rights::obtain()?);
        if matches!(*rights, Rights::Root) {
            sweep(&rights);
        }
        let prefix = leftovers::unique_name();
        let switch = Namespace::create(&rights, format!("{prefix}-switch"))?;
        switch.script("build the switch", &tables::bridge_script(Table::First))?;
        if self
            .hosts
            .iter()
            .any(|(_, table, _)| *table == Table::Second)
        {
            let mut lines = tables::bridge_script(Table::Second);
            lines += &tables::uplink_script(self.uplink);
            for port in tables::UPLINK_PORTS {
                lines += &until_forwarding(port);
            }
            switch.script("join the tables", &lines)?;
        }
        let mut party = Party {
            hosts: Vec::with_capacity(self.hosts.len()),
            next_address: Mutex::new(self.hosts.len()),
            switch,
        };
        for (index, (name, table, link)) in self.hosts.into_iter().enumerate() {
            let host = Host::plug_in(&rights, &prefix, &party.switch, (name, table), index)?;
            host.set_link(link)?;
            party.hosts.push(host);
        }
        Ok(party)
    }

    fn check(&self) -> Result<(), NetError> {
        if self.hosts.len() > HOSTS_MAX {
            return Err(NetError::TooManyHosts {
                count: self.hosts.len(),
            });
        }
        for (index, (name, _, _)) in self.hosts.iter().enumerate() {
            let fit = !name.is_empty()
                && name.len() <= 64
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let taken = name == "switch"
                || self.hosts[..index]
                    .iter()
                    .any(|(other, _, _)| other == name);
            if !fit || taken {
                return Err(NetError::BadName { name: name.clone() });
            }
        }
        Ok(())
    }
}

/// A switch with hosts, which exist as long as this value.
#[derive(Debug)]
pub struct Party {
    hosts: Vec<Host>,
    next_address: Mutex<usize>,
    switch: Namespace,
}

impl Party {
    /// Starts to describe a party.
    #[must_use]
    pub fn builder() -> PartyBuilder {
        PartyBuilder::default()
    }

    /// Builds a party of these hosts with unlimited cables.
    ///
    /// # Errors
    ///
    /// As [`PartyBuilder::build`].
    pub fn of(names: &[&str]) -> Result<Self, NetError> {
        names
            .iter()
            .fold(Self::builder(), |builder, name| builder.host(name))
            .build()
    }

    /// All hosts in the order in which they were added.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The host of this name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn host(&self, name: &str) -> Result<&Host, NetError> {
        self.hosts
            .iter()
            .find(|host| host.name == name)
            .ok_or_else(|| NetError::UnknownHost {
                name: name.to_owned(),
            })
    }

    /// How many bytes have gone from the first table to the second, and back, headers included.
    ///
    /// # Errors
    ///
    /// When there is one table only, or [`PartyBuilder::uplink`] set no limit.
    pub fn uplink_bytes(&self) -> Result<[u64; 2], NetError> {
        let [there, back] = tables::UPLINK_PORTS;
        Ok([
            self.switch.limiter_bytes(there)?,
            self.switch.limiter_bytes(back)?,
        ])
    }

    /// Gives `host` an address that nobody had before and takes its old one away, as when a
    /// laptop comes back with another lease. Returns the new address.
    ///
    /// # Errors
    ///
    /// When a command fails or the party has run out of addresses.
    pub fn move_to_new_address(&self, host: &Host) -> Result<Ipv4Addr, NetError> {
        let index = {
            let mut next = self
                .next_address
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let index = *next;
            *next += 1;
            index
        };
        if index >= HOSTS_MAX {
            return Err(NetError::TooManyHosts { count: index + 1 });
        }
        host.take_address(address_of(index))
    }
}

/// One host: a namespace with a cable to the switch.
#[derive(Debug)]
pub struct Host {
    name: String,
    namespace: Namespace,
    /// The switch's namespace and the port of this host's cable, to change the far side.
    switch: Namespace,
    port: String,
    address: Mutex<Ipv4Addr>,
}

impl Host {
    /// The name given to the builder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the network namespace, as `ip netns` knows it.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace.name
    }

    /// The host's present address.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host's present address with a port.
    #[must_use]
    pub fn socket_addr(&self, port: u16) -> SocketAddr {
        (self.address(), port).into()
    }

    /// A command that runs `program` on this host. Give the program and all paths absolutely: as
    /// an ordinary user the working directory is lost on the way in.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.namespace.exec();
        command.arg(program);
        command
    }

    /// Runs `work` on a thread of this process that has joined the host's network, and returns what
    /// it returned.
    ///
    /// # Errors
    ///
    /// When this process may not join a namespace: it takes root.
    pub fn run_inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, NetError> {
        enter::run_inside(&self.namespace.name, work)
    }

    /// The ids of all processes on this host.
    ///
    /// # Errors
    ///
    /// When a command fails.
    pub fn process_ids(&self) -> Result<Vec<u32>, NetError> {
        let mut list = self.namespace.rights.command("ip");
        list.args(["netns", "pids", &self.namespace.name]);
        let ids = command::run(&mut list).map_err(|source| NetError::Command {
            doing: format!("list the processes of {}", self.name),
            source,
        })?;
        Ok(ids
            .lines()
            .filter_map(|id| id.trim().parse().ok())
            .collect())
    }

    /// How many bytes the host has sent since its upload was limited, headers included.
    ///
    /// # Errors
    ///
    /// When its upload has no limit.
    pub fn sent_bytes(&self) -> Result<u64, NetError> {
        self.namespace.limiter_bytes(HOST_DEVICE)
    }

    /// Makes the cable be like `link`, whatever it was before.
    ///
    /// # Errors
    ///
    /// When a command fails.
    pub fn set_link(&self, link: Link) -> Result<(), NetError> {
        self.namespace.script(
            "set the host's side of a cable",
            &link.host_script(HOST_DEVICE),
        )?;
        self.switch.script(
            "set the switch's side of a cable",
            &link.switch_script(&self.port),
        )
    }

    /// Pulls the cable out of the switch.
    ///
    /// # Errors
    ///
    /// When a command fails.
    pub fn unplug(&self) -> Result<(), NetError> {
        let line = format!("ip link set dev {} down\n", self.port);
        self.switch.script("pull a cable", &line)
    }

    /// Puts the cable back.
    ///
    /// # Errors
    ///
    /// When a command fails.
    pub fn plug(&self) -> Result<(), NetError> {
        let port = &self.port;
        let lines = format!("ip link set dev {port} up\n{}", until_forwarding(port));
        self.switch.script("plug in a cable", &lines)
    }

    fn plug_in(
        rights: &Arc<Rights>,
        prefix: &str,
        switch: &Namespace,
        (name, table): (String, Table),
        index: usize,
    ) -> Result<Self, NetError> {
        let namespace = Namespace::create(rights, format!("{prefix}-{name}"))?;
        let port = format!("p{index}");
        let doing = || format!("plug {name} into the switch");
        let mut cable = rights.command("ip");
        cable
            .args([
                "link",
                "add",
                "name",
                &port,
                "netns",
                &switch.name,
                "type",
                "veth",
            ])
            .args(["peer", "name", HOST_DEVICE, "netns", &namespace.name]);
        command::run(&mut cable).map_err(|source| NetError::Command {
            doing: doing(),
            source,
        })?;
        switch.script(&doing(), &tables::port_script(&port, table))?;
        namespace.script(
            &doing(),
            &format!(
                "ip link set dev lo up\n\
                 ip link set dev {HOST_DEVICE} addrgenmode none up\n"
            ),
        )?;
        switch.script(&doing(), &until_forwarding(&port))?;
        let address = address_of(index);
        let host = Self {
            name,
            namespace,
            switch: switch.alias(),
            port,
            address: Mutex::new(address),
        };
        host.take_address(address)?;
        Ok(host)
    }

    fn take_address(&self, address: Ipv4Addr) -> Result<Ipv4Addr, NetError> {
        // Losing the last address of a device also loses the route that leads to it.
        self.namespace.script(
            "give a host its address",
            &format!(
                "ip address flush dev {HOST_DEVICE}\n\
                 ip address add {address}/16 broadcast + dev {HOST_DEVICE}\n\
                 ip route replace 224.0.0.0/4 dev {HOST_DEVICE}\n"
            ),
        )?;
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
        Ok(address)
    }
}

/// One network namespace by its name.
#[derive(Debug)]
struct Namespace {
    name: String,
    rights: Arc<Rights>,
    ownership: Ownership,
}

/// Who deletes a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ownership {
    /// This value made it and takes it away.
    Owner,
    /// Another value does.
    Alias,
}

impl Namespace {
    fn create(rights: &Arc<Rights>, name: String) -> Result<Self, NetError> {
        command::run(rights.command("ip").args(["netns", "add", &name])).map_err(|source| {
            NetError::Command {
                doing: format!("make the namespace {name}"),
                source,
            }
        })?;
        Ok(Self {
            name,
            rights: Arc::clone(rights),
            ownership: Ownership::Owner,
        })
    }

    fn alias(&self) -> Self {
        Self {
            name: self.name.clone(),
            rights: Arc::clone(&self.rights),
            ownership: Ownership::Alias,
        }
    }

    fn exec(&self) -> Command {
        let mut command = self.rights.command("ip");
        command.args(["netns", "exec", &self.name]);
        command
    }

    fn limiter_bytes(&self, device: &str) -> Result<u64, NetError> {
        let mut show = self.exec();
        show.args(["tc", "-s", "-j", "qdisc", "show", "dev", device]);
        let said = command::run(&mut show).map_err(|source| NetError::Command {
            doing: format!("count what went through {device}"),
            source,
        })?;
        traffic::limiter_bytes(&said).ok_or_else(|| NetError::NotCounted {
            device: device.to_owned(),
        })
    }

    /// Runs shell lines inside, stopping at the first that fails.
    fn script(&self, doing: &str, lines: &str) -> Result<(), NetError> {
        command::run(self.exec().args(["sh", "-e", "-c", lines]))
            .map(drop)
            .map_err(|source| NetError::Command {
                doing: doing.to_owned(),
                source,
            })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if self.ownership == Ownership::Owner {
            delete(&self.rights, &self.name);
        }
    }
}

/// Ends every process inside and deletes the namespace; failures have nobody to go to.
fn delete(rights: &Rights, name: &str) {
    let end_processes = format!("for pid in $(ip netns pids {name}); do kill -9 $pid; done");
    command::run_quietly(rights.command("sh").args(["-c", &end_processes]));
    command::run_quietly(rights.command("ip").args(["netns", "delete", name]));
}

fn sweep(rights: &Rights) {
    let Ok(list) = command::run(rights.command("ip").args(["netns", "list"])) else {
        return;
    };
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| leftovers::is_leftover(name))
        .for_each(|name| delete(rights, name));
}

/// Shell lines that wait until the switch forwards to and from a port. The kernel gets there by
/// itself a moment after both ends are up, and drops what comes before.
fn until_forwarding(port: &str) -> String {
    format!(
        "tries=0\n\
         until bridge link show dev {port} | grep -q 'state forwarding'; do\n\
         tries=$((tries + 1))\n\
         test $tries -lt {FORWARDING_TRIES_MAX} || {{ echo {port} stays shut >&2; exit 1; }}\n\
         sleep 0.01\n\
         done\n"
    )
}

/// The address of the host with this index: `10.77.0.1`, `10.77.0.2` and so on.
fn address_of(index: usize) -> Ipv4Addr {
    let [subnet, host] = [index / HOSTS_PER_SUBNET, index % HOSTS_PER_SUBNET + 1]
        .map(|octet| u8::try_from(octet).unwrap_or(u8::MAX));
    Ipv4Addr::new(10, 77, subnet, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_distinct_up_to_the_limit() {
        let all: std::collections::BTreeSet<_> = (0..HOSTS_MAX).map(address_of).collect();
        assert_eq!(all.len(), HOSTS_MAX);
        assert!(all.iter().all(|address| address.octets()[3] != 0));
        assert!(all.iter().all(|address| address.octets()[3] != 255));
    }

    #[test]
    fn one_host_too_many_is_refused() {
        let names: Vec<String> = (0..=HOSTS_MAX).map(|index| format!("h{index}")).collect();
        let builder = |count: usize| PartyBuilder {
            hosts: names[..count]
                .iter()
                .map(|name| (name.clone(), Table::First, Link::new()))
                .collect(),
            uplink: None,
        };
        assert!(builder(HOSTS_MAX).check().is_ok());
        assert!(matches!(
            builder(HOSTS_MAX + 1).check(),
            Err(NetError::TooManyHosts { .. })
        ));
    }

    #[test]
    fn names_that_would_reach_a_shell_or_collide_are_refused() {
        for names in [&["a", "a"][..], &["a;b"], &[""], &["switch"], &["a b"]] {
            let builder = names
                .iter()
                .fold(Party::builder(), |builder, name| builder.host(name));
            assert!(
                matches!(builder.check(), Err(NetError::BadName { .. })),
                "{names:?}"
            );
        }
    }
}
