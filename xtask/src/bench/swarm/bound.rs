//! The least time in which all receivers can have a file, whatever they do.
//!
//! The invariant: this is the fluid limit of Kumar and Ross, "Peer-assisted file distribution: the
//! minimum distribution time" (2006), `max(F/u_s, F/d_min, N·F/(u_s + Σu_i))`, with one more term
//! for a cable between two tables, which has to carry the file once. Headers are not in it, so
//! nobody reaches it.

use std::time::Duration;

use lanspread_testbed::net::Rate;

/// A party in which one seeder gives a file to everybody else.
#[derive(Debug, Clone, Copy)]
pub(in crate::bench) struct Distribution {
    /// The size of the file.
    pub(in crate::bench) size_bytes: u64,
    /// How many receivers there are.
    pub(in crate::bench) receivers: u32,
    /// What every host sends at most, and receives at most.
    pub(in crate::bench) link: Rate,
    /// What the cable to the receivers at the other table carries in one direction.
    pub(in crate::bench) uplink: Option<Rate>,
}

impl Distribution {
    /// The least time.
    pub(in crate::bench) fn bound(&self) -> Duration {
        let through = |bytes: f64, rate: f64| bytes / rate;
        let (size, link) = (self.size(), bytes_per_second(self.link));
        let receivers = f64::from(self.receivers);
        let from_seeder = through(size, link);
        let into_a_receiver = through(size, link);
        let out_of_all = through(receivers * size, link * (1.0 + receivers));
        let over_the_uplink = self
            .uplink
            .map_or(0.0, |uplink| through(size, bytes_per_second(uplink)));
        let seconds = [from_seeder, into_a_receiver, out_of_all, over_the_uplink]
            .into_iter()
            .fold(0.0, f64::max);
        Duration::from_secs_f64(seconds)
    }

    /// So many bytes as a multiple of the file.
    #[expect(clippy::cast_precision_loss)]
    pub(in crate::bench) fn times_the_file(&self, bytes: u64) -> f64 {
        bytes as f64 / self.size()
    }

    /// The rate at which one receiver gets the file in so much time, in Mbit/s.
    pub(in crate::bench) fn mbit_in(&self, time: Duration) -> f64 {
        self.size() * 8.0 / 1e6 / time.as_secs_f64()
    }

    /// The size as a floating-point number: far below 2^52, so nothing is lost.
    #[expect(clippy::cast_precision_loss)]
    fn size(&self) -> f64 {
        self.size_bytes as f64
    }
}

/// A rate as a floating-point number: far below 2^52, so nothing is lost.
#[expect(clippy::cast_precision_loss)]
fn bytes_per_second(rate: Rate) -> f64 {
    rate.bytes_per_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal_links(receivers: u32) -> Distribution {
        Distribution {
            size_bytes: 256 << 20,
            receivers,
            link: Rate::mbit(100),
            uplink: None,
        }
    }

    #[test]
    fn equal_links_take_the_same_time_for_any_number_of_receivers() {
        for receivers in [1, 2, 8, 200] {
            let seconds = equal_links(receivers).bound().as_secs_f64();
            assert!(
                (seconds - 21.474_836).abs() < 1e-5,
                "{receivers}: {seconds}"
            );
        }
    }

    #[test]
    fn an_uplink_slower_than_the_links_decides() {
        let fast = Distribution {
            uplink: Some(Rate::mbit(1000)),
            ..equal_links(8)
        };
        let slow = Distribution {
            uplink: Some(Rate::mbit(50)),
            ..equal_links(8)
        };
        assert_eq!(fast.bound(), equal_links(8).bound());
        assert_eq!(slow.bound(), 2 * equal_links(8).bound());
    }

    #[test]
    fn whoever_takes_the_bound_gets_the_rate_of_his_cable() {
        let party = equal_links(1);
        assert!((party.mbit_in(party.bound()) - 100.0).abs() < 1e-5);
    }

    #[test]
    fn bytes_are_said_as_multiples_of_the_file() {
        let times = equal_links(4).times_the_file(384 << 20);
        assert!((times - 1.5).abs() < 1e-9);
    }
}
