//! The tables of a party: each has a switch of its own, and one cable joins the two.
//!
//! The invariant: there is one way between the tables, so what crosses it is all that one table
//! fetched from the other.

use super::link::{Link, Rate};

/// The two ends of the cable between the tables, at the first and at the second.
pub(super) const UPLINK_PORTS: [&str; 2] = ["u0", "u1"];

/// Where a host sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Table {
    /// At the first table, which every party has.
    #[default]
    First,
    /// At the second table.
    Second,
}

impl Table {
    /// The bridge that is this table's switch.
    pub(super) const fn bridge(self) -> &'static str {
        match self {
            Self::First => "br0",
            Self::Second => "br1",
        }
    }
}

/// Shell lines that make a table's switch.
pub(super) fn bridge_script(table: Table) -> String {
    let bridge = table.bridge();
    format!(
        "ip link add {bridge} type bridge forward_delay 0 mcast_snooping 0\n\
         ip link set dev {bridge} addrgenmode none up\n"
    )
}

/// Shell lines that join the two switches with a cable of this rate in each direction.
pub(super) fn uplink_script(rate: Option<Rate>) -> String {
    let link = rate.map_or_else(Link::new, |rate| Link::new().rate(rate));
    let [first, second] = UPLINK_PORTS;
    let mut script = format!("ip link add name {first} type veth peer name {second}\n");
    script += &port_script(first, Table::First);
    script += &port_script(second, Table::Second);
    for port in UPLINK_PORTS {
        script += &link.switch_script(port);
    }
    script
}

/// Shell lines that put one end of a cable into a table's switch.
pub(super) fn port_script(port: &str, table: Table) -> String {
    format!(
        "ip link set dev {port} addrgenmode none\n\
         ip link set dev {port} master {} up\n",
        table.bridge()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_of_the_uplink_is_in_its_own_switch_and_limited() {
        let script = uplink_script(Some(Rate::mbit(100)));
        for line in [
            "u0 master br0 up",
            "u1 master br1 up",
            "dev u0 root tbf rate 100000kbit",
            "dev u1 root tbf rate 100000kbit",
        ] {
            assert!(script.contains(line), "{line} is not in {script}");
        }
    }
}
