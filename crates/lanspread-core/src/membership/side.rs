//! On which side of a shared uplink another peer probably is.
//!
//! Invariant: what the organiser told both counts for more than what addresses look like, that for more than
//! how long answers take, and whoever nothing is known of counts as near. A wrong answer costs little: a peer that is taken for far is
//! asked for less, and everything still comes.

use std::net::IpAddr;

use lanspread_proto::{ListenAddr, TableName};

use crate::transfer::Side;

/// Bits of an IPv4 address that the machines at one switch share where each table has a network of its own.
const PREFIX_BITS_V4: u32 = 24;
/// The same of an IPv6 address.
const PREFIX_BITS_V6: u32 = 64;

/// Where another peer is: by the own table and its; or by the own address as it is reached from there and
/// its own; or, where those are of one network, by whether its answers come from behind a full cable.
pub(super) fn side(
    tables: Option<(&TableName, &TableName)>,
    addrs: Option<(ListenAddr, ListenAddr)>,
    is_slow: bool,
) -> Side {
    let is_near = match (tables, addrs) {
        (Some((ours, theirs)), _) => ours == theirs,
        (None, Some((ours, theirs))) => {
            share_prefix(ours.socket_addr().ip(), theirs.socket_addr().ip()) && !is_slow
        }
        (None, None) => !is_slow,
    };
    if is_near { Side::Near } else { Side::Far }
}

/// Whether two addresses are of one network, as far as that can be seen without its mask. Addresses of
/// different kinds do not say.
fn share_prefix(ours: IpAddr, theirs: IpAddr) -> bool {
    match (ours, theirs) {
        (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
            let differ = ours.to_bits() ^ theirs.to_bits();
            ours.is_loopback() || differ >> (u32::BITS - PREFIX_BITS_V4) == 0
        }
        (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
            let differ = ours.to_bits() ^ theirs.to_bits();
            ours.is_loopback() || differ >> (u128::BITS - PREFIX_BITS_V6) == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_addrs(ours: &str, theirs: &str) -> Side {
        let addrs = Some((ours.parse().unwrap(), theirs.parse().unwrap()));
        side(None, addrs, false)
    }

    #[test]
    fn who_has_another_prefix_is_far() {
        for (ours, theirs, expected) in [
            ("10.1.2.3:4000", "10.1.2.250:4001", Side::Near),
            ("10.1.2.3:4000", "10.1.3.3:4000", Side::Far),
            ("127.0.0.1:4000", "127.0.1.1:4000", Side::Near),
            ("[fe80::1]:4000", "[fe80::ffff]:4000", Side::Near),
            ("[fd00::1:0:0:0:1]:4", "[fd00::2:0:0:0:1]:4", Side::Far),
            ("10.1.2.3:4000", "[fe80::1]:4000", Side::Near),
        ] {
            assert_eq!(by_addrs(ours, theirs), expected, "{ours} {theirs}");
        }
        assert_eq!(side(None, None, false), Side::Near, "nothing is known");
    }

    #[test]
    fn the_table_that_both_were_told_counts_for_more_than_addresses() {
        let [a, b] = ["a", "b"].map(|name| TableName::new(name).unwrap());
        let same: Option<(ListenAddr, ListenAddr)> =
            Some(("10.0.0.1:1".parse().unwrap(), "10.0.0.2:1".parse().unwrap()));
        let other = Some(("10.0.0.1:1".parse().unwrap(), "10.0.1.1:1".parse().unwrap()));
        assert_eq!(side(Some((&a, &b)), same, false), Side::Far);
        assert_eq!(side(Some((&a, &a)), other, false), Side::Near);
    }

    #[test]
    fn delays_say_who_is_far_among_those_of_one_network_without_tables() {
        let addr = |text: &str| -> ListenAddr { text.parse().unwrap() };
        let [a, same] = ["10.0.0.1:1", "10.0.0.2:1"].map(addr);
        let table = TableName::new("a").unwrap();
        assert_eq!(side(None, Some((a, same)), true), Side::Far);
        assert_eq!(side(None, Some((a, same)), false), Side::Near);
        assert_eq!(side(None, Some((a, addr("10.0.1.1:1"))), false), Side::Far);
        assert_eq!(
            side(Some((&table, &table)), Some((a, same)), true),
            Side::Near
        );
    }
}
