//! A party in which nobody does anything.
//!
//! The invariant: it is measured only after everybody knows everybody and has been left alone for a
//! while; nobody asks the peers anything meanwhile.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use eyre::Result;
use lanspread_testbed::net;
use lanspread_testbed::peer::PeerProcess;
use lanspread_testbed::usage;
use serde_json::json;

use super::material::write_game;
use super::{Bytes, cable, wait};
use crate::bench::machine;
use crate::bench::spread::spread;

/// Games of each peer, and their files.
const GAMES: u32 = 4;
const FILES: u32 = 3;

/// The longest it may take until everybody knows everybody.
const MEETING_PATIENCE: Duration = Duration::from_mins(5);

/// Who sits there, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Party {
    pub(super) peers: u32,
    pub(super) settle: Duration,
    pub(super) idle: Duration,
}

/// What one peer cost while nothing happened.
#[derive(Debug, Clone, Copy)]
struct Sample {
    cpu: Duration,
    sent_bytes: u64,
    memory_bytes: u64,
    memory_peak_bytes: u64,
}

/// What all of them cost.
#[derive(Debug)]
pub(super) struct Report {
    party: Party,
    samples: Vec<Sample>,
}

pub(super) fn measure(binary: &Path, directory: &Path, party: Party) -> Result<Report> {
    machine::ensure_room_for_neighbours(party.peers)?;
    let mut builder = net::Party::builder();
    for number in 0..party.peers {
        builder = builder.host_with(&format!("guest{number}"), cable());
    }
    let network = builder.build()?;
    let mut peers = Vec::new();
    for (number, host) in (0..).zip(network.hosts()) {
        let games = directory.join(format!("games-{number}"));
        for game in 0..GAMES {
            let game = number * GAMES + game;
            write_game(&games.join(format!("game{game:05}")), game, FILES)?;
        }
        let peer = PeerProcess::builder(binary)
            .name(host.name())
            .games_dir(games)
            .state_dir(directory.join(format!("state-{number}")));
        peers.push(peer.spawn_on(host)?);
    }
    let timeout_ms = u64::try_from(MEETING_PATIENCE.as_millis())?;
    for peer in &peers {
        peer.call_within(
            json!({ "cmd": "wait-peers", "count": party.peers - 1, "timeout_ms": timeout_ms }),
            2 * MEETING_PATIENCE,
        )?;
    }
    wait(party.settle);
    let spent = |peer: &PeerProcess, host: &net::Host| -> Result<(Duration, u64)> {
        Ok((peer.cpu_time()?, host.sent_bytes()?))
    };
    let pairs = || peers.iter().zip(network.hosts());
    let before = pairs().map(|(peer, host)| spent(peer, host));
    let before = before.collect::<Result<Vec<_>>>()?;
    wait(party.idle);
    let mut samples = Vec::new();
    for ((peer, host), before) in pairs().zip(before) {
        let after = spent(peer, host)?;
        samples.push(Sample {
            cpu: after.0.saturating_sub(before.0),
            sent_bytes: after.1.saturating_sub(before.1),
            memory_bytes: usage::memory_bytes_of(peer.pid())?,
            memory_peak_bytes: peer.memory_peak_bytes()?,
        });
    }
    for peer in peers {
        peer.shutdown()?;
    }
    Ok(Report { party, samples })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.party.idle.as_secs_f64();
        let each = |value: &dyn Fn(&Sample) -> f64, decimals| {
            spread(self.samples.iter().map(value), decimals)
        };
        #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
        let float = |bytes: u64| bytes as f64;
        let most =
            |bytes: fn(&Sample) -> u64| Bytes(self.samples.iter().map(bytes).max().unwrap_or(0));
        writeln!(
            f,
            "| idle peers | of a core each, % | sent by each, B/s | memory, most | peak, most |"
        )?;
        writeln!(f, "|---|---|---|---|---|")?;
        writeln!(
            f,
            "| {} | {} | {} | {} | {} |",
            self.party.peers,
            each(&|sample| sample.cpu.as_secs_f64() / seconds * 100.0, 2),
            each(&|sample| float(sample.sent_bytes) / seconds, 0),
            most(|sample| sample.memory_bytes),
            most(|sample| sample.memory_peak_bytes),
        )
    }
}
