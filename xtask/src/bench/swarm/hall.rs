//! The network of one distribution: a seeder and its receivers, every cable limited both ways.
//!
//! The invariant: a cable is limited where each of its ends sends, by a token bucket (`tbf`) of
//! 256 KiB before a queue of 50 ms. The bucket holds four of the largest pieces that segmentation
//! offload hands over, so no packet has to be cut up in software before its time; with 16 KiB TCP
//! lost up to 3 % of the rate when both directions were busy. The queue is longer than the round
//! trip, so neither TCP nor QUIC leaves the cable idle after it has slowed down for a loss.
//! [`Hall::measure_link`] says what comes of it.

use eyre::{Result, WrapErr, eyre};
use lanspread_testbed::command;
use lanspread_testbed::net::{Host, Link, Party, PartyBuilder, Table};
use serde_json::Value;

use super::bound::Distribution;
use crate::bench::server::Server;

/// What the seeder is called.
const SEEDER: &str = "seeder";

/// What the host with no part in the distribution is called.
const BYSTANDER: &str = "bystander";

/// The port of iperf3.
const IPERF_PORT: u16 = 5201;

/// For how long a link is measured, in seconds, after the first one, which is not counted.
const LINK_SECONDS: &str = "4";

/// Most times that iperf3 is asked for one measurement.
const IPERF_TRIES_MAX: usize = 3;

/// A seeder and receivers.
#[derive(Debug)]
pub(in crate::bench) struct Hall {
    party: Party,
    distribution: Distribution,
}

/// What has gone through the cables so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traffic {
    /// What the seeder has sent.
    pub(super) seeder_bytes: u64,
    /// What has gone over the cable between the tables, and back.
    pub(super) uplink_bytes: Option<[u64; 2]>,
}

impl Traffic {
    /// What went through since `earlier`.
    pub(super) fn since(self, earlier: Self) -> Self {
        let both = self.uplink_bytes.zip(earlier.uplink_bytes);
        Self {
            seeder_bytes: self.seeder_bytes.saturating_sub(earlier.seeder_bytes),
            uplink_bytes: both.map(|(now, then)| {
                [
                    now[0].saturating_sub(then[0]),
                    now[1].saturating_sub(then[1]),
                ]
            }),
        }
    }
}

/// What iperf3 got through one cable, in Mbit/s of payload.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinkSpeed {
    /// From the seeder to a receiver while nothing else moved.
    pub(super) one_way: f64,
    /// In each direction at once.
    pub(super) both_ways: [f64; 2],
}

impl Hall {
    /// Builds the network. With an uplink every second receiver sits at the other table.
    pub(in crate::bench) fn build(distribution: Distribution) -> Result<Self> {
        Self::build_with(distribution, |builder| builder)
    }

    /// Builds the network with one host more, which has an unlimited cable and no part in the
    /// distribution.
    pub(in crate::bench) fn build_with_bystander(distribution: Distribution) -> Result<Self> {
        Self::build_with(distribution, |builder| builder.host(BYSTANDER))
    }

    fn build_with(
        distribution: Distribution,
        add: impl FnOnce(PartyBuilder) -> PartyBuilder,
    ) -> Result<Self> {
        let cable = Link::new().rate(distribution.link);
        let mut builder = Party::builder().host_with(SEEDER, cable);
        for number in 0..distribution.receivers {
            let table = if distribution.uplink.is_some() && number % 2 == 1 {
                Table::Second
            } else {
                Table::First
            };
            builder = builder.host_at(table, &format!("guest{number}"), cable);
        }
        if let Some(rate) = distribution.uplink {
            builder = builder.uplink(rate);
        }
        Ok(Self {
            party: add(builder).build()?,
            distribution,
        })
    }

    /// What is distributed here.
    pub(super) fn distribution(&self) -> Distribution {
        self.distribution
    }

    /// The host that has the file.
    pub(in crate::bench) fn seeder(&self) -> &Host {
        &self.party.hosts()[0]
    }

    /// The hosts that want it.
    pub(super) fn receivers(&self) -> &[Host] {
        let [_, others @ ..] = self.party.hosts() else {
            return &[];
        };
        let is_receiver = |host: &Host| host.name() != BYSTANDER;
        let count = others.iter().take_while(|host| is_receiver(host)).count();
        &others[..count]
    }

    /// The host with no part in the distribution.
    pub(in crate::bench) fn bystander(&self) -> Result<&Host> {
        Ok(self.party.host(BYSTANDER)?)
    }

    /// What has gone through the cables so far.
    pub(super) fn traffic(&self) -> Result<Traffic> {
        let uplink_bytes = match self.distribution.uplink {
            Some(_) => Some(self.party.uplink_bytes()?),
            None => None,
        };
        Ok(Traffic {
            seeder_bytes: self.seeder().sent_bytes()?,
            uplink_bytes,
        })
    }

    /// Measures with iperf3 what one cable really carries.
    pub(super) fn measure_link(&self, scratch: &std::path::Path) -> Result<LinkSpeed> {
        let receiver = self
            .receivers()
            .first()
            .ok_or_else(|| eyre!("there is no receiver"))?;
        let port = IPERF_PORT.to_string();
        let client = |arguments: &[&str]| {
            let mut client = self.seeder().command("iperf3");
            client
                .args(["--json", "--port", &port, "--client"])
                .arg(receiver.address().to_string())
                .args(arguments);
            client
        };
        let mut server = receiver.command("iperf3");
        server.args(["--server", "--port", &port]);
        let _server = Server::start(server, &scratch.join("iperf3.log"), || {
            Ok(client(&["--bytes", "64K"]))
        })?;
        let timed = ["--time", LINK_SECONDS, "--omit", "1"];
        let one_way = tried_again(|| {
            let said = command::run(&mut client(&timed))?;
            received_mbit(&said, "sum_received")
        })?;
        let both_ways = tried_again(|| {
            let said = command::run(client(&timed).arg("--bidir"))?;
            Ok([
                received_mbit(&said, "sum_received")?,
                received_mbit(&said, "sum_received_bidir_reverse")?,
            ])
        })?;
        Ok(LinkSpeed { one_way, both_ways })
    }
}

/// What iperf3 measures, tried again if it fails: on a slow cable that is full it now and then loses its own
/// control connection.
fn tried_again<T>(mut measure: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..IPERF_TRIES_MAX {
        match measure() {
            Ok(measured) => return Ok(measured),
            Err(error) => eprintln!("iperf3 is asked again: {error:#}"),
        }
    }
    measure()
}

/// The rate of a sum at the end of what iperf3 says, in Mbit/s.
fn received_mbit(json: &str, sum: &str) -> Result<f64> {
    let said: Value = serde_json::from_str(json).wrap_err("iperf3 did not print JSON")?;
    said["end"][sum]["bits_per_second"]
        .as_f64()
        .map(|bits| bits / 1e6)
        .ok_or_else(|| eyre!("iperf3 says nothing of {sum}: {}", said["error"]))
}

#[cfg(test)]
mod tests {
    use eyre::ensure;

    use super::*;

    #[test]
    fn traffic_counts_from_a_moment_on() {
        let earlier = Traffic {
            seeder_bytes: 10,
            uplink_bytes: Some([1, 2]),
        };
        let later = Traffic {
            seeder_bytes: 110,
            uplink_bytes: Some([51, 7]),
        };
        let between = later.since(earlier);
        assert_eq!(between.seeder_bytes, 100);
        assert_eq!(between.uplink_bytes, Some([50, 5]));
    }

    #[test]
    fn iperf_is_asked_again_a_few_times_and_no_more() {
        let asked_until = |good: usize| {
            let mut asked = 0;
            let measured = tried_again(|| {
                asked += 1;
                ensure!(asked >= good, "lost");
                Ok(asked)
            });
            (measured.ok(), asked)
        };
        assert_eq!(asked_until(1), (Some(1), 1));
        assert_eq!(asked_until(IPERF_TRIES_MAX), (Some(IPERF_TRIES_MAX), 3));
        assert_eq!(asked_until(IPERF_TRIES_MAX + 1), (None, 3));
    }

    #[test]
    fn what_iperf_does_not_say_is_an_error_with_its_words() {
        let said = r#"{"end":{"sum_received":{"bits_per_second":95500000.0}},"error":"no"}"#;
        let rate = received_mbit(said, "sum_received").expect("it is there");
        assert!((rate - 95.5).abs() < 1e-9);
        let error = received_mbit(said, "sum_sent").expect_err("it is not");
        assert!(error.to_string().contains("no"), "{error}");
    }
}
