//! One peer with a large library: its first start, its second, and the first guest.
//!
//! The invariant: a start is timed from the moment the program is called, and the guest's from the
//! moment it is; bytes on the wire are those of the peer's cable, headers and discovery included.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use eyre::{Result, ensure};
use lanspread_testbed::net::{Host, Party};
use lanspread_testbed::peer::PeerProcess;
use lanspread_testbed::usage;
use serde_json::Value;

use super::material::Material;
use super::{Bytes, POLL, cable, wait};

/// The longest a start may take.
const PATIENCE: Duration = Duration::from_mins(20);

/// What one start came to.
#[derive(Debug)]
struct Start {
    /// Until all games are shown.
    listed: Duration,
    /// Until all of them can be shared.
    shared: Duration,
    cpu: Duration,
    read_bytes: u64,
    memory_bytes: u64,
    memory_peak_bytes: u64,
}

/// What the first guest came to.
#[derive(Debug)]
struct Guest {
    /// From its call until it knows all games.
    knows_all: Duration,
    /// What the peer with the library sent meanwhile.
    sent_bytes: u64,
    memory_peak_bytes: u64,
}

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Report {
    games: u32,
    cold: Start,
    warm: Start,
    guest: Guest,
}

pub(super) fn measure(binary: &Path, material: &Material) -> Result<Report> {
    let network = Party::builder()
        .host_with("library", cable())
        .host_with("guest", cable())
        .build()?;
    let host = network.host("library")?;
    let (peer, cold) = start(binary, host, material)?;
    peer.shutdown()?;
    let (peer, warm) = start(binary, host, material)?;
    let before_bytes = host.sent_bytes()?;
    let guest = visit(binary, network.host("guest")?, material)?;
    let sent_bytes = host.sent_bytes()? - before_bytes;
    peer.shutdown()?;
    Ok(Report {
        games: material.game_count,
        cold,
        warm,
        guest: Guest {
            sent_bytes,
            ..guest
        },
    })
}

fn start(binary: &Path, host: &Host, material: &Material) -> Result<(PeerProcess, Start)> {
    let begin = Instant::now();
    let peer = PeerProcess::builder(binary)
        .name(host.name())
        .games_dir(&material.games)
        .state_dir(material.scratch.join("library-state"))
        .spawn_on(host)?;
    let count = material.game_count as usize;
    let listed = until(begin, || Ok(peer.ask("status")?["games"] == count))?;
    let shared = until(begin, || {
        let is_shared = |game: &Value| game["manifest"].is_string();
        Ok(how_many(&peer, is_shared)? == count)
    })?;
    let start = Start {
        listed,
        shared,
        cpu: peer.cpu_time()?,
        read_bytes: usage::read_bytes_of(peer.pid())?,
        memory_bytes: usage::memory_bytes_of(peer.pid())?,
        memory_peak_bytes: peer.memory_peak_bytes()?,
    };
    Ok((peer, start))
}

fn visit(binary: &Path, host: &Host, material: &Material) -> Result<Guest> {
    let begin = Instant::now();
    let guest = PeerProcess::builder(binary)
        .name(host.name())
        .games_dir(material.scratch.join("guest"))
        .state_dir(material.scratch.join("guest-state"))
        .spawn_on(host)?;
    let count = material.game_count as usize;
    let knows_all = until(begin, || {
        Ok(how_many(&guest, |game| game["peers"] == 1)? == count)
    })?;
    let memory_peak_bytes = guest.memory_peak_bytes()?;
    guest.shutdown()?;
    Ok(Guest {
        knows_all,
        sent_bytes: 0,
        memory_peak_bytes,
    })
}

fn how_many(peer: &PeerProcess, is_it: impl Fn(&Value) -> bool) -> Result<usize> {
    let answer = peer.ask("list-games")?;
    let games = answer["games"].as_array().into_iter().flatten();
    Ok(games.filter(|game| is_it(game)).count())
}

/// How long it takes from `begin` until it is so.
fn until(begin: Instant, mut is_so: impl FnMut() -> Result<bool>) -> Result<Duration> {
    loop {
        if is_so()? {
            return Ok(begin.elapsed());
        }
        ensure!(begin.elapsed() < PATIENCE, "gave up after {PATIENCE:?}");
        wait(POLL);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| start | games shown after, s | all shared after, s | CPU, s | read | memory | peak |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for (name, start) in [("cold", &self.cold), ("warm", &self.warm)] {
            writeln!(
                f,
                "| {name} | {:.2} | {:.2} | {:.2} | {} | {} | {} |",
                start.listed.as_secs_f64(),
                start.shared.as_secs_f64(),
                start.cpu.as_secs_f64(),
                Bytes(start.read_bytes),
                Bytes(start.memory_bytes),
                Bytes(start.memory_peak_bytes),
            )?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "| first guest knows all games after, s | sent to it | for each game | its memory, peak |"
        )?;
        writeln!(f, "|---|---|---|---|")?;
        let guest = &self.guest;
        writeln!(
            f,
            "| {:.2} | {} | {} | {} |",
            guest.knows_all.as_secs_f64(),
            Bytes(guest.sent_bytes),
            Bytes(guest.sent_bytes / u64::from(self.games)),
            Bytes(guest.memory_peak_bytes),
        )
    }
}
