//! Lanspread's own way: every receiver is told at the same moment to download.
//!
//! At two tables everybody is told his own, as an organiser would, unless he is to find out. The invariant: before the clock starts, the seeder has hashed the game and everybody knows
//! everybody, as guests do who have sat down. It stops when the last peer says that its download is
//! finished: fetched, verified, and in its place.

use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use eyre::{Result, ensure, eyre};
use lanspread_testbed::net::Host;
use lanspread_testbed::peer::PeerProcess;
use serde_json::{Value, json};

use super::hall::Hall;
use super::material::{GAME_ID, Material};
use super::report::{Extent, Sample};

/// The longest a distribution may take.
const PATIENCE: Duration = Duration::from_hours(1);

/// The longest it may take until everybody knows everybody.
const MEETING_PATIENCE: Duration = Duration::from_mins(2);

/// How a distribution differs from the usual.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::bench) struct Manner<'a> {
    /// Arguments that every peer gets.
    pub(in crate::bench) args: &'a [&'a str],
    /// What the seeder is told before it begins.
    pub(in crate::bench) commands: &'a [Value],
    /// Whether nobody is told at which table he sits.
    pub(in crate::bench) is_untold: bool,
}

/// Measures one distribution.
pub(in crate::bench) fn measure(
    hall: &Hall,
    material: &Material,
    binary: &Path,
    manner: &Manner<'_>,
) -> Result<Sample> {
    let has_tables = hall.distribution().uplink.is_some() && !manner.is_untold;
    let table =
        |number: usize| has_tables.then_some(if number % 2 == 1 { "second" } else { "first" });
    let start_peer = |host, games: &Path, number| {
        start_peer(binary, host, material, games, (table(number), manner.args))
    };
    let seeder = start_peer(hall.seeder(), material.games(), 0)?;
    seeder.wait_for_game(GAME_ID, "share", |game| game["manifest"].is_string())?;
    for command in manner.commands {
        seeder.call(command.clone())?;
    }
    let mut receivers = Vec::new();
    for (number, host) in hall.receivers().iter().enumerate() {
        let games = material.receiver(number);
        receivers.push(start_peer(host, &games, number)?);
    }
    for receiver in &receivers {
        let timeout_ms = u64::try_from(MEETING_PATIENCE.as_millis())?;
        receiver.call_within(
            json!({ "cmd": "wait-peers", "count": receivers.len(), "timeout_ms": timeout_ms }),
            2 * MEETING_PATIENCE,
        )?;
        receiver.wait_for_game(GAME_ID, "see", |game| game["peers"] == 1)?;
    }

    let cpu_before = cpu_of_all(&seeder, &receivers)?;
    let traffic_before = hall.traffic()?;
    let (start, wall) = distribute(&receivers)?;
    let traffic = hall.traffic()?.since(traffic_before);
    let cpu = cpu_of_all(&seeder, &receivers)?.saturating_sub(cpu_before);

    material.ensure_arrived(receivers.len())?;
    println!("- {}", memory_of(&seeder, &receivers)?);
    for peer in receivers.into_iter().chain([seeder]) {
        peer.shutdown()?;
    }
    Ok(Sample {
        start,
        wall,
        seeder_bytes: traffic.seeder_bytes,
        uplink_bytes: traffic.uplink_bytes,
        cpu,
        extent: Extent::Whole,
    })
}

fn start_peer(
    binary: &Path,
    host: &Host,
    material: &Material,
    games: &Path,
    (table, args): (Option<&str>, &[&str]),
) -> Result<PeerProcess> {
    let state = material.scratch().join(format!("{}-state", host.name()));
    let mut builder = PeerProcess::builder(binary)
        .name(host.name())
        .games_dir(games)
        .state_dir(state);
    if let Some(table) = table {
        builder = builder.argument("--table").argument(table);
    }
    let builder = args
        .iter()
        .fold(builder, |builder, argument| builder.argument(argument));
    Ok(builder.spawn_on(host)?)
}

/// Tells all receivers at once to download and returns when, and how long it took the last one.
fn distribute(receivers: &[PeerProcess]) -> Result<(Instant, Duration)> {
    let everybody = Barrier::new(receivers.len() + 1);
    let (start, ends) = std::thread::scope(|scope| {
        let downloads: Vec<_> = receivers
            .iter()
            .map(|receiver| scope.spawn(|| download(receiver, &everybody)))
            .collect();
        everybody.wait();
        let start = Instant::now();
        let ends: Vec<Result<Instant>> = downloads
            .into_iter()
            .map(|download| {
                download
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect();
        (start, ends)
    });
    let mut last = start;
    for end in ends {
        last = last.max(end?);
    }
    Ok((start, last - start))
}

/// Waits for everybody, downloads, and returns when it was finished.
fn download(receiver: &PeerProcess, everybody: &Barrier) -> Result<Instant> {
    let from = receiver.mark();
    everybody.wait();
    receiver.call(json!({ "cmd": "download", "id": GAME_ID, "install": false }))?;
    let end = receiver.wait_event(from, PATIENCE, "end the download", |event| {
        let name = event["event"].as_str().unwrap_or_default();
        event["id"] == GAME_ID && (name == "download-finished" || name == "download-failed")
    })?;
    ensure!(
        end.field("event") == "download-finished",
        eyre!("{}: {}", receiver.name(), end.value)
    );
    Ok(end.at)
}

/// The most memory that the seeder held since it began, and that any of the receivers did.
fn memory_of(seeder: &PeerProcess, receivers: &[PeerProcess]) -> Result<String> {
    let mut most_bytes = 0;
    for receiver in receivers {
        most_bytes = most_bytes.max(receiver.memory_peak_bytes()?);
    }
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    Ok(format!(
        "lanspread with {} receivers: peak memory of the seeder {} MiB, of a receiver at most {} MiB",
        receivers.len(),
        mib(seeder.memory_peak_bytes()?),
        mib(most_bytes)
    ))
}

fn cpu_of_all(seeder: &PeerProcess, receivers: &[PeerProcess]) -> Result<Duration> {
    let mut total = seeder.cpu_time()?;
    for receiver in receivers {
        total += receiver.cpu_time()?;
    }
    Ok(total)
}
