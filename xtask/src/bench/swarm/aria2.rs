//! A torrent, as people at a party would use it: `aria2c` everywhere, with a tracker on the seeder's
//! machine.
//!
//! The invariant: the seeder is known to the tracker before the clock starts, which then runs from
//! the start of the first receiver until the last says that it has verified every piece. Receivers
//! go on seeding until then. The DHT and peer exchange are as aria2 has them, local peer discovery
//! is switched on, nothing is limited, and nothing is allocated before it is written.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use eyre::{Result, WrapErr, bail, ensure, eyre};
use lanspread_testbed::command;
use lanspread_testbed::debian;
use lanspread_testbed::net::Host;
use lanspread_testbed::usage::cpu_time_of;

use super::POLL;
use super::hall::Hall;
use super::material::{GAME_ID, Material};
use super::report::{Extent, Sample};
use crate::bench::server::Server;
use crate::workspace;

/// The port of the tracker.
const TRACKER_PORT: u16 = 6969;

/// Starts a tracker in a directory, with a program, an address and a port. It tells that address how
/// many seeds it counts.
const TRACKER_SCRIPT: &str =
    r#"cd "$1" && exec "$2" -i "$3" -p "$4" -P "$4" -A "$3" -u nobody -d "$1" -w whitelist"#;

/// The size of a piece as a power of two: 256 KiB, what `mktorrent` takes by itself.
const PIECE_POWER: &str = "18";

/// The longest a distribution may take.
const PATIENCE: Duration = Duration::from_hours(1);

/// The tracker, opentracker.
///
/// Debian's package is unpacked and not installed: installing it would start a tracker on this
/// machine's own network.
#[derive(Debug)]
pub(super) struct Tracker {
    program: PathBuf,
    libraries: PathBuf,
    /// What it is, for the reader of the figures.
    pub(super) version: String,
}

impl Tracker {
    /// Has apt bring it.
    pub(super) fn provide() -> Result<Self> {
        let cache = workspace::target_dir()?.join("bench-tools");
        let tracker = debian::fetch("opentracker", &cache)
            .wrap_err("aria2 needs a tracker, and Debian's opentracker could not be had")?;
        let library = debian::fetch("libowfat0", &cache)?;
        Ok(Self {
            program: tracker.root.join("usr/bin/opentracker"),
            libraries: library.root.join("usr/lib"),
            version: format!("opentracker {}", tracker.version),
        })
    }

    /// Starts it at the seeder, for one torrent. It wants to be nobody in a directory of its own.
    fn start(&self, host: &Host, directory: &Path, info_hash: &str) -> Result<Server> {
        std::fs::create_dir_all(directory)?;
        std::fs::write(directory.join("whitelist"), format!("{info_hash}\n"))?;
        let mut command = host.command("sh");
        let (address, port) = (host.address(), TRACKER_PORT);
        command
            .env("LD_LIBRARY_PATH", &self.libraries)
            .args(["-c", TRACKER_SCRIPT, "tracker"])
            .arg(directory)
            .arg(&self.program)
            .args([address.to_string(), port.to_string()]);
        Server::start(command, &directory.join("output.log"), || {
            Ok(ask_for_seeds(host, 0))
        })
    }
}

/// A command that succeeds when the tracker counts so many seeds: the second line of what it says.
fn ask_for_seeds(host: &Host, count: usize) -> Command {
    let url = format!("http://{}/stats", host.socket_addr(TRACKER_PORT));
    let mut command = host.command("sh");
    command.args([
        "-c",
        r#"curl --silent --fail "$1" | sed -n 2p | grep -qx "$2""#,
        "seeds",
        &url,
        &count.to_string(),
    ]);
    command
}

/// Measures one distribution.
pub(super) fn measure(hall: &Hall, material: &Material, tracker: &Tracker) -> Result<Sample> {
    let seeder = hall.seeder();
    let scratch = material.scratch();
    let torrent = scratch.join("game.torrent");
    make_torrent(hall, material, &torrent)?;
    let tracker = tracker.start(seeder, &scratch.join("tracker"), &info_hash_of(&torrent)?)?;
    let mut command = aria2c(seeder, material.games(), scratch, &torrent);
    command.arg("--bt-seed-unverified=true");
    let server = Server::start(command, &scratch.join("seeder.log"), || {
        Ok(ask_for_seeds(seeder, 1))
    })?;

    let cpu_before = cpu_time_of(server.pid())? + cpu_time_of(tracker.pid())?;
    let traffic_before = hall.traffic()?;
    let start = Instant::now();
    let mut receivers = hall
        .receivers()
        .iter()
        .enumerate()
        .map(|(number, host)| Receiver::start(host, material, number, &torrent))
        .collect::<Result<Vec<_>>>()?;
    wait(&mut receivers, start)?;
    let wall = start.elapsed();
    let traffic = hall.traffic()?.since(traffic_before);
    let mut cpu = cpu_time_of(server.pid())? + cpu_time_of(tracker.pid())?;
    for receiver in &receivers {
        cpu += cpu_time_of(receiver.process.pid())?;
    }
    material.ensure_arrived(receivers.len())?;
    Ok(Sample {
        start,
        wall,
        seeder_bytes: traffic.seeder_bytes,
        uplink_bytes: traffic.uplink_bytes,
        cpu: cpu.saturating_sub(cpu_before),
        extent: Extent::Whole,
    })
}

/// One running receiver.
#[derive(Debug)]
struct Receiver {
    process: Server,
    log: PathBuf,
    /// The file that aria2 has made when it has everything.
    done: PathBuf,
}

impl Receiver {
    fn start(host: &Host, material: &Material, number: usize, torrent: &Path) -> Result<Self> {
        let scratch = material.scratch();
        let file = |ending: &str| scratch.join(format!("{}.{ending}", host.name()));
        let (done, hook, log) = (file("done"), file("hook"), file("log"));
        write_hook(&hook, &done)?;
        let mut command = aria2c(host, &material.receiver(number), scratch, torrent);
        command
            .arg("--file-allocation=none")
            .arg(format!("--on-bt-download-complete={}", hook.display()));
        Ok(Self {
            process: Server::spawn(command, &log)?,
            log,
            done,
        })
    }
}

/// Waits until every receiver has everything.
fn wait(receivers: &mut [Receiver], start: Instant) -> Result<()> {
    while !receivers.iter().all(|receiver| receiver.done.exists()) {
        for receiver in receivers.iter_mut() {
            if let Some(status) = receiver.process.ended()? {
                let said = std::fs::read_to_string(&receiver.log).unwrap_or_default();
                bail!("an aria2c ended with {status}: {said}");
            }
        }
        ensure!(start.elapsed() < PATIENCE, "aria2 took over {PATIENCE:?}");
        std::thread::park_timeout(POLL);
    }
    Ok(())
}

/// What all have in common. It ends with this process, and writes nothing outside `scratch`.
fn aria2c(host: &Host, directory: &Path, scratch: &Path, torrent: &Path) -> Command {
    let table = scratch.join(format!("{}.dht", host.name()));
    let mut command = host.command("aria2c");
    command
        .args([
            "--no-conf",
            "--summary-interval=0",
            "--console-log-level=warn",
            "--seed-ratio=0",
            "--bt-enable-lpd=true",
        ])
        .arg(format!("--stop-with-process={}", std::process::id()))
        .arg(format!("--dht-file-path={}", table.display()))
        .arg(format!("--dir={}", directory.display()))
        .arg(torrent);
    command
}

fn make_torrent(hall: &Hall, material: &Material, torrent: &Path) -> Result<()> {
    let tracker = hall.seeder().socket_addr(TRACKER_PORT);
    let announce = format!("http://{tracker}/announce");
    command::run(
        Command::new("mktorrent")
            .args(["--no-date", "--piece-length", PIECE_POWER])
            .args(["--name", GAME_ID, "--announce", &announce, "--output"])
            .arg(torrent)
            .arg(material.root()),
    )?;
    Ok(())
}

/// The hash that names a torrent, in hexadecimal digits.
fn info_hash_of(torrent: &Path) -> Result<String> {
    let said = command::run(Command::new("aria2c").arg("--show-files").arg(torrent))?;
    find_info_hash(&said).ok_or_else(|| eyre!("aria2c names no hash of {}", torrent.display()))
}

fn find_info_hash(said: &str) -> Option<String> {
    said.lines()
        .find_map(|line| line.strip_prefix("Info Hash: "))
        .map(|hash| hash.trim().to_owned())
}

/// A program that makes the file `done`.
fn write_hook(hook: &Path, done: &Path) -> Result<()> {
    std::fs::write(hook, format!("#!/bin/sh\n: >'{}'\n", done.display()))?;
    command::run(Command::new("chmod").arg("+x").arg(hook))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_found_in_what_aria2c_says() {
        let said = "*** BitTorrent File Information ***\nMode: multi\n\
                    Info Hash: 1ea053bc127e4d63c45bed40491f9d542fd38bf6\nPiece Length: 256KiB\n";
        assert_eq!(
            find_info_hash(said).as_deref(),
            Some("1ea053bc127e4d63c45bed40491f9d542fd38bf6")
        );
        assert_eq!(find_info_hash("nothing"), None);
    }
}
