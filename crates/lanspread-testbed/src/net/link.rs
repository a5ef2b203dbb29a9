//! What a host's cable is like, and the commands that make it so.
//!
//! The invariant: applying a link replaces all that an earlier one had set, so a test may change a
//! cable at any time without knowing its history.

use std::fmt;

/// The bucket of the rate limiter. It holds four of the largest packets the kernel hands over in
/// one piece, which keeps segmentation offload usable on a limited cable.
const BURST_BYTES: u32 = 256 * 1024;

/// How long a packet may wait in a limited cable before it is dropped, in milliseconds: a home
/// switch's buffer, not a queue of seconds.
const QUEUE_MS: u32 = 50;

/// A bit rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    kbit_per_second: u32,
}

impl Rate {
    /// So many kilobits (1000 bits) per second.
    #[must_use]
    pub const fn kbit(kbit_per_second: u32) -> Self {
        Self { kbit_per_second }
    }

    /// So many megabits (1000 kilobits) per second.
    #[must_use]
    pub const fn mbit(mbit_per_second: u32) -> Self {
        Self {
            kbit_per_second: mbit_per_second * 1000,
        }
    }

    /// The same rate in bytes per second.
    #[must_use]
    pub const fn bytes_per_second(self) -> u64 {
        self.kbit_per_second as u64 * 125
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kbit_per_second.is_multiple_of(1000) {
            write!(formatter, "{} Mbit/s", self.kbit_per_second / 1000)
        } else {
            write!(formatter, "{} kbit/s", self.kbit_per_second)
        }
    }
}

/// How many of a thousand packets are dropped at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loss(u16);

impl Loss {
    /// Nothing is lost.
    pub const NONE: Self = Self(0);

    /// So many of a thousand packets; more than a thousand means all of them.
    #[must_use]
    pub const fn per_mille(count: u16) -> Self {
        Self(if count > 1000 { 1000 } else { count })
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of 1000 packets", self.0)
    }
}

/// Whether a host hears multicast, which is what discovery by mDNS needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Multicast {
    /// The switch forwards multicast to the host.
    #[default]
    Heard,
    /// The switch keeps multicast from the host; unicast still works.
    Blocked,
}

/// The cable between one host and the switch. The default is an unlimited, perfect one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Link {
    upload: Option<Rate>,
    download: Option<Rate>,
    loss: Loss,
    multicast: Multicast,
}

impl Link {
    /// An unlimited cable without loss.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits both directions to `rate` each.
    #[must_use]
    pub fn rate(self, rate: Rate) -> Self {
        self.upload(rate).download(rate)
    }

    /// Limits what the host sends.
    #[must_use]
    pub fn upload(mut self, rate: Rate) -> Self {
        self.upload = Some(rate);
        self
    }

    /// Limits what the host receives.
    #[must_use]
    pub fn download(mut self, rate: Rate) -> Self {
        self.download = Some(rate);
        self
    }

    /// Loses packets in each direction.
    #[must_use]
    pub fn loss(mut self, loss: Loss) -> Self {
        self.loss = loss;
        self
    }

    /// Decides whether the host hears multicast.
    #[must_use]
    pub fn multicast(mut self, multicast: Multicast) -> Self {
        self.multicast = multicast;
        self
    }

    /// The limit of what the host sends, if it has one.
    #[must_use]
    pub fn upload_limit(&self) -> Option<Rate> {
        self.upload
    }

    /// Shell lines for the host's side of the cable, whose device is `device`.
    pub(super) fn host_script(&self, device: &str) -> String {
        self.side_script(device, self.upload)
    }

    /// Shell lines for the switch's side of the cable, whose device is `port`.
    pub(super) fn switch_script(&self, port: &str) -> String {
        let flood = match self.multicast {
            Multicast::Heard => "on",
            Multicast::Blocked => "off",
        };
        let side = self.side_script(port, self.download);
        format!("{side}ip link set dev {port} type bridge_slave mcast_flood {flood}\n")
    }

    /// What one side does: limit what it sends, lose what it receives.
    fn side_script(&self, device: &str, sends: Option<Rate>) -> String {
        let limit = match sends {
            Some(rate) => format!(
                "tc qdisc replace dev {device} root tbf rate {}kbit burst {BURST_BYTES} latency \
                 {QUEUE_MS}ms\n",
                rate.kbit_per_second
            ),
            None => format!("tc qdisc del dev {device} root 2>/dev/null || true\n"),
        };
        limit + &self.loss_script(device)
    }

    fn loss_script(&self, device: &str) -> String {
        let table = format!("lanspread_{device}");
        if self.loss == Loss::NONE {
            return format!("nft delete table netdev {table} 2>/dev/null || true\n");
        }
        // With offloads on, a packet here is an aggregate of dozens, and losing one of those is
        // not what a lossy cable does.
        format!(
            "ethtool -K {device} tx off gso off tso off gro off tx-udp-segmentation off \
             >/dev/null 2>&1 || true\n\
             nft delete table netdev {table} 2>/dev/null || true\n\
             nft -f - <<'RULES'\n\
             table netdev {table} {{\n\
             chain loss {{\n\
             type filter hook ingress device \"{device}\" priority 0\n\
             numgen random mod 1000 < {} counter drop\n\
             }}\n\
             }}\n\
             RULES\n",
            self.loss.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_link_removes_what_an_earlier_one_set() {
        let script = Link::new().switch_script("p0");
        assert!(script.contains("qdisc del dev p0"), "{script}");
        assert!(
            script.contains("delete table netdev lanspread_p0"),
            "{script}"
        );
        assert!(script.contains("mcast_flood on"), "{script}");
    }

    #[test]
    fn upload_is_limited_at_the_host_and_download_at_the_switch() {
        let link = Link::new().upload(Rate::mbit(10)).download(Rate::kbit(500));
        assert!(link.host_script("eth0").contains("rate 10000kbit"));
        assert!(link.switch_script("p0").contains("rate 500kbit"));
    }

    #[test]
    fn loss_ends_at_everything() {
        assert_eq!(Loss::per_mille(1000), Loss::per_mille(1001));
        assert_ne!(Loss::per_mille(999), Loss::per_mille(1000));
    }

    #[test]
    fn rates_are_said_in_the_unit_people_use() {
        assert_eq!(Rate::mbit(100).to_string(), "100 Mbit/s");
        assert_eq!(Rate::kbit(1500).to_string(), "1500 kbit/s");
        assert_eq!(Rate::mbit(8).bytes_per_second(), 1_000_000);
    }
}
