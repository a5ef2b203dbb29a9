//! The virtual network: tables with a switch each, cables, and how long bytes take between two peers.
//!
//! Invariant: whether and when something arrives follows from the state of the cables and from the
//! luck of the input alone. Requests, answers and chunks travel as QUIC would carry them: loss shows as
//! the delay of a retransmission, a cable that is out as silence. Only advertisements are datagrams
//! that get lost, doubled and overtaken for good.

use std::time::Duration;

use lanspread_core::Now;

use crate::choices::Luck;

/// What the air is like this evening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weather {
    /// One way between two peers of one table.
    pub(crate) latency: Duration,
    /// A packet may take up to this much longer.
    pub(crate) jitter: Duration,
    /// How many of a thousand packets are lost.
    pub(crate) loss_permille: u16,
    /// How many of a thousand advertisements come twice.
    pub(crate) twice_permille: u16,
}

/// The cable of one peer.
#[derive(Debug, Clone)]
pub(crate) struct Cable {
    pub(crate) table: usize,
    /// Bytes per second, either way.
    pub(crate) rate: u64,
    pub(crate) is_out: bool,
    /// Multicast does not get through.
    pub(crate) is_deaf: bool,
    sending_until: Now,
    receiving_until: Now,
}

/// The switch of one table and its uplink to the others.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Bytes per second between this table and the others.
    pub(crate) rate: u64,
    /// The uplink is out.
    pub(crate) is_cut: bool,
    /// Multicast does not leave the table.
    pub(crate) is_deaf: bool,
    busy_until: Now,
}

impl Cable {
    pub(crate) fn new(table: usize, rate: u64) -> Self {
        Self {
            table,
            rate,
            is_out: false,
            is_deaf: false,
            sending_until: Now::default(),
            receiving_until: Now::default(),
        }
    }

    /// The machine was off: nothing waits any more.
    pub(crate) fn reset(&mut self) {
        self.sending_until = Now::default();
        self.receiving_until = Now::default();
    }
}

/// When something is through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    /// The last byte left the sender.
    pub(crate) sent: Now,
    /// The last byte is there.
    pub(crate) there: Now,
}

/// The whole network.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) weather: Weather,
    pub(crate) cables: Vec<Cable>,
    pub(crate) tables: Vec<Table>,
    pub(crate) luck: Luck,
}

/// How long `bytes` take at `rate` bytes per second.
fn transmission(bytes: u64, rate: u64) -> Duration {
    Duration::from_nanos(bytes.saturating_mul(1_000_000_000) / rate.max(1))
}

impl Network {
    pub(crate) fn new(weather: Weather, table_rates: &[u64], luck: Luck) -> Self {
        let tables = table_rates.iter().map(|&rate| Table {
            rate,
            is_cut: false,
            is_deaf: false,
            busy_until: Now::default(),
        });
        Self {
            weather,
            cables: Vec::new(),
            tables: tables.collect(),
            luck,
        }
    }

    /// All cables are in again.
    pub(crate) fn heal(&mut self) {
        for cable in &mut self.cables {
            cable.is_out = false;
            cable.is_deaf = false;
        }
        for table in &mut self.tables {
            table.is_cut = false;
            table.is_deaf = false;
        }
        self.weather.loss_permille = 0;
    }

    /// Whether a packet gets from one to the other at present.
    pub(crate) fn is_open(&self, one: usize, other: usize) -> bool {
        let (from, to) = (&self.cables[one], &self.cables[other]);
        let crosses = from.table != to.table;
        !from.is_out
            && !to.is_out
            && !(crosses && (self.tables[from.table].is_cut || self.tables[to.table].is_cut))
    }

    /// Whether multicast gets from one to the other at present.
    pub(crate) fn is_heard(&self, one: usize, other: usize) -> bool {
        let (from, to) = (&self.cables[one], &self.cables[other]);
        let crosses = from.table != to.table;
        self.is_open(one, other)
            && !from.is_deaf
            && !to.is_deaf
            && !(crosses && (self.tables[from.table].is_deaf || self.tables[to.table].is_deaf))
    }

    /// One way, with the luck of one packet.
    pub(crate) fn latency(&mut self) -> Duration {
        let jitter = u64::try_from(self.weather.jitter.as_micros()).unwrap_or(0);
        self.weather.latency + Duration::from_micros(self.luck.below(jitter + 1))
    }

    /// Bytes that arrive for certain: what is lost is sent again after a while.
    pub(crate) fn carry(&mut self, now: Now, from: usize, to: usize, bytes: u64) -> Passage {
        let begins = now.max(self.cables[from].sending_until);
        let sent = begins + transmission(bytes, self.cables[from].rate);
        self.cables[from].sending_until = sent;
        let mut there = sent;
        let (one, other) = (self.cables[from].table, self.cables[to].table);
        if one != other {
            for table in [one, other] {
                let table = &mut self.tables[table];
                there = there.max(table.busy_until + transmission(bytes, table.rate));
                table.busy_until = there;
            }
        }
        let receiver = &mut self.cables[to];
        there = there.max(receiver.receiving_until + transmission(bytes, receiver.rate));
        receiver.receiving_until = there;
        there = there + self.latency();
        let mut pause = Duration::from_millis(40);
        while self.luck.permille(self.weather.loss_permille) {
            there = there + pause;
            pause *= 2;
        }
        Passage { sent, there }
    }

    /// When each copy of a datagram arrives: none if it is lost.
    pub(crate) fn throw(&mut self) -> Vec<Duration> {
        if self.luck.permille(self.weather.loss_permille) {
            return Vec::new();
        }
        let copies = 1 + usize::from(self.luck.permille(self.weather.twice_permille));
        (0..copies)
            // A datagram may be overtaken by a later one.
            .map(|_| self.latency() + Duration::from_micros(self.luck.below(3_000)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        let weather = Weather {
            latency: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss_permille: 0,
            twice_permille: 0,
        };
        let mut network = Network::new(weather, &[1_000_000, 1_000_000], Luck::new(0));
        for table in [0, 0, 1] {
            network.cables.push(Cable::new(table, 10_000_000));
        }
        network
    }

    #[test]
    fn bytes_wait_for_those_before_them_on_the_same_cable() {
        let mut network = network();
        let first = network.carry(Now::default(), 0, 1, 10_000_000);
        assert_eq!(first.there.0, Duration::from_millis(1001));
        let second = network.carry(Now::default(), 0, 1, 10_000_000);
        assert_eq!(second.sent.0, Duration::from_secs(2));
    }

    #[test]
    fn the_uplink_between_two_tables_is_slower_than_their_cables() {
        let mut network = network();
        let there = network.carry(Now::default(), 0, 2, 1_000_000).there;
        assert!(there.0 > Duration::from_secs(1), "{there:?}");
    }

    #[test]
    fn a_table_that_is_cut_off_still_hears_itself() {
        let mut network = network();
        network.tables[0].is_cut = true;
        assert!(network.is_open(0, 1));
        assert!(!network.is_open(0, 2));
        network.heal();
        network.tables[1].is_deaf = true;
        assert!(network.is_open(0, 2));
        assert!(!network.is_heard(0, 2));
    }

    #[test]
    fn what_is_lost_arrives_later_and_only_datagrams_never() {
        let mut network = network();
        network.weather.loss_permille = 900;
        let there = network.carry(Now::default(), 0, 1, 1).there;
        assert!(there.0 > Duration::from_millis(40), "{there:?}");
        network.weather.loss_permille = 1000;
        assert!(network.throw().is_empty());
    }
}
