//! Playing while seeding: what a full-rate upload does to the packets of a game beside it.
//!
//! The invariant: the game's packets and the upload leave through the same limited cable, and the
//! packets go to a host that does nothing else, so what is added is added by the upload.

mod echo;
mod table;

use std::net::UdpSocket;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use eyre::{Result, WrapErr};
use lanspread_testbed::caretaker::Caretaker;
use lanspread_testbed::net::{Host, Rate};
use serde_json::json;

use super::machine::{self, Version};
use super::storage::Storage;
use super::swarm::bound::Distribution;
use super::swarm::hall::Hall;
use super::swarm::lanspread::Manner;
use super::swarm::material::Material;
use super::swarm::{curl, lanspread, needed_mib};
use crate::setup;
use crate::workspace::{self, Profile};
use table::Table;

/// The programs that are measured, by the Debian package that brings them.
const NEEDED: [(&str, &str); 2] = [("nginx", "nginx-light"), ("curl", "curl")];

/// The programs whose versions a reader has to know.
const VERSIONS: [Version; 2] = [("nginx", "-v"), ("curl", "--version")];

/// The port of the game's server.
const GAME_PORT: u16 = 27_015;

/// For how long the game is played with nothing beside it.
const QUIET: Duration = Duration::from_secs(10);

/// What the benchmark can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct PlayOptions {
    /// How many MiB are uploaded beside the game.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=16_384))]
    mib: u32,
    /// What every cable carries in each direction, in Mbit/s.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mbit: u32,
    /// What uploads.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_values_t = [Upload::Lanspread, Upload::Playing, Upload::Curl]
    )]
    uploads: Vec<Upload>,
    /// Measure this program instead of building Lanspread for release.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// What goes on beside the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Upload {
    /// A peer that another one downloads from.
    Lanspread,
    /// The same, and it was told that its user plays.
    Playing,
    /// A web server that a `curl` downloads from.
    Curl,
}

impl Upload {
    fn name(self) -> &'static str {
        match self {
            Self::Lanspread => "an upload of lanspread",
            Self::Playing => "an upload of lanspread while playing",
            Self::Curl => "an upload of nginx to curl",
        }
    }
}

/// Runs the benchmark and prints its table.
pub(crate) fn run(options: &PlayOptions) -> Result<()> {
    let _caretaker = Caretaker::start()?;
    setup::provide(&NEEDED);
    let binary = match &options.binary {
        Some(binary) => std::path::absolute(binary)?,
        None => workspace::build_program(Profile::Release)?,
    };
    let storage = Storage::make(needed_mib(options.mib, 1))?;
    let material = Material::write(storage.path(), options.mib)?;
    let distribution = Distribution {
        size_bytes: material.size_bytes(),
        receivers: 1,
        link: Rate::mbit(options.mbit),
        uplink: None,
    };
    let hall = Hall::build_with_bystander(distribution)?;
    println!("\n{}", machine::describe(&binary, &VERSIONS));
    println!(
        "- network: {} Mbit/s each way on every cable, token bucket of 256 KiB, queue of 50 ms, \
         MTU 1500; the game sends 64 packets of 120 bytes a second and each is sent back",
        options.mbit
    );

    let server = hall.bystander()?;
    let answering = bind(server, GAME_PORT)?;
    let playing = bind(hall.seeder(), 0)?;
    playing.connect(server.socket_addr(GAME_PORT))?;
    let mut table = Table::default();
    echo::answering(&answering, || {
        let start = Instant::now();
        let (log, ()) = echo::beside(&playing, || {
            echo::wait(QUIET);
            Ok(())
        })?;
        table.add("nothing", None, log.within(start, QUIET));
        for upload in &options.uploads {
            material.start_afresh(1)?;
            let (log, sample) = echo::beside(&playing, || match upload {
                Upload::Lanspread => {
                    lanspread::measure(&hall, &material, &binary, &Manner::default())
                }
                Upload::Playing => {
                    let manner = Manner {
                        commands: &[json!({ "cmd": "set-playing", "playing": true })],
                        ..Manner::default()
                    };
                    lanspread::measure(&hall, &material, &binary, &manner)
                }
                Upload::Curl => curl::measure(&hall, &material),
            })?;
            let echoes = log.within(sample.start, sample.wall);
            let mbit = distribution.mbit_in(sample.wall);
            table.add(upload.name(), Some(mbit), echoes);
        }
        Ok(())
    })?;
    println!("\n{table}");
    Ok(())
}

/// A socket on a host; a socket stays in the network in which it was made.
fn bind(host: &Host, port: u16) -> Result<UdpSocket> {
    let address = host.socket_addr(port);
    host.run_inside(|| UdpSocket::bind(address))?
        .wrap_err_with(|| format!("could not bind {address} on {}", host.name()))
}
