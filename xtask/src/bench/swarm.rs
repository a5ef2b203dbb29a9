//! One seeder, many receivers who start at the same moment: how long it takes until the last has
//! everything, as a multiple of the least time there can be.
//!
//! The invariant: every way moves the same game through the same kind of network, one way after the
//! other, so that they never share the machine with each other; the ways take turns within a run.

mod aria2;
pub(super) mod bound;
pub(super) mod curl;
pub(super) mod hall;
pub(super) mod lanspread;
pub(super) mod material;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use eyre::{Result, WrapErr};
use lanspread_testbed::caretaker::Caretaker;
use lanspread_testbed::net::Rate;

use super::machine::{self, Version};
use super::storage::Storage;
use crate::setup;
use crate::workspace::{self, Profile};
use bound::Distribution;
use hall::{Hall, LinkSpeed};
use lanspread::Manner;
use material::Material;
use report::{Report, Sample};

/// How often it is looked whether a program that cannot tell has ended.
const POLL: Duration = Duration::from_millis(5);

/// The programs that are measured or that measure, by the Debian package that brings them.
const NEEDED: [(&str, &str); 5] = [
    ("aria2c", "aria2"),
    ("mktorrent", "mktorrent"),
    ("iperf3", "iperf3"),
    ("nginx", "nginx-light"),
    ("curl", "curl"),
];

/// The programs whose versions a reader has to know.
const VERSIONS: [Version; 4] = [
    ("aria2c", "--version"),
    ("nginx", "-v"),
    ("curl", "--version"),
    ("iperf3", "--version"),
];

/// What the benchmark can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct SwarmOptions {
    /// The numbers of receivers to measure.
    #[arg(
        long,
        value_delimiter = ',',
        default_values_t = [4, 8, 16],
        value_parser = clap::value_parser!(u32).range(1..=64)
    )]
    receivers: Vec<u32>,
    /// How many MiB the game has.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=16_384))]
    mib: u32,
    /// How many times each way is measured.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// The ways to measure.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_values_t = [Way::Lanspread, Way::Aria2, Way::Curl]
    )]
    ways: Vec<Way>,
    /// What every cable carries in each direction, in Mbit/s.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mbit: u32,
    /// At how many tables the receivers sit, half of them at each. The tables share one cable.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2))]
    tables: u32,
    /// Do not tell Lanspread's peers at which table they sit: they have to find out.
    #[arg(long)]
    untold: bool,
    /// What the cable between two tables carries in each direction, in Mbit/s; as the others
    /// unless it is given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    uplink_mbit: Option<u32>,
    /// Measure this program instead of building Lanspread for release.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// A way to distribute a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Peers of Lanspread.
    Lanspread,
    /// The same without bulk lanes.
    LanspreadQuic,
    /// Clients of a torrent with a tracker.
    Aria2,
    /// Everybody from the seeder, by HTTP.
    Curl,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Lanspread => "lanspread",
            Self::LanspreadQuic => "lanspread, QUIC only",
            Self::Aria2 => "aria2",
            Self::Curl => "curl from nginx",
        }
    }
}

/// The programs that are not simply called by their name.
#[derive(Debug)]
struct Programs {
    lanspread: PathBuf,
    tracker: Option<aria2::Tracker>,
}

/// Runs the benchmark and prints its table.
pub(crate) fn run(options: &SwarmOptions) -> Result<()> {
    let _caretaker = Caretaker::start()?;
    setup::provide(&NEEDED);
    let lanspread = match &options.binary {
        Some(binary) => std::path::absolute(binary)?,
        None => workspace::build_program(Profile::Release)?,
    };
    let tracker = if options.ways.contains(&Way::Aria2) {
        Some(aria2::Tracker::provide()?)
    } else {
        None
    };
    let programs = Programs { lanspread, tracker };
    let most = options.receivers.iter().max().copied().unwrap_or(1);
    let storage = Storage::make(needed_mib(options.mib, most))?;
    let material = Material::write(storage.path(), options.mib)?;

    println!("\n{}", machine::describe(&programs.lanspread, &VERSIONS));
    if let Some(tracker) = &programs.tracker {
        println!("- {}, mktorrent with pieces of 256 KiB", tracker.version);
    }
    if let Some(binary) = &options.binary {
        println!("- lanspread is {}, whatever its commit", binary.display());
    }
    println!("- files in {}", storage.describe());
    let mut report = Report::default();
    for (index, receivers) in options.receivers.iter().enumerate() {
        machine::ensure_room_for_neighbours(receivers + 1)?;
        let hall = Hall::build(distribution(options, &material, *receivers))?;
        material.start_afresh(0)?;
        if index == 0 {
            std::fs::create_dir_all(material.scratch())?;
            print_network(options, hall.measure_link(material.scratch())?);
        }
        for run in 1..=options.runs {
            for way in &options.ways {
                let sample = measure((*way, options.untold), &hall, &material, &programs)?;
                eprintln!(
                    "{receivers} receivers, run {run} of {}: {}: {:.1} s",
                    options.runs,
                    way.name(),
                    sample.wall.as_secs_f64()
                );
                report.add(hall.distribution(), way.name(), sample);
            }
        }
    }
    println!("\n{report}");
    Ok(())
}

fn distribution(options: &SwarmOptions, material: &Material, receivers: u32) -> Distribution {
    let uplink_mbit = options.uplink_mbit.unwrap_or(options.mbit);
    Distribution {
        size_bytes: material.size_bytes(),
        receivers,
        link: Rate::mbit(options.mbit),
        uplink: (options.tables == 2).then(|| Rate::mbit(uplink_mbit)),
    }
}

fn measure(
    (way, is_untold): (Way, bool),
    hall: &Hall,
    material: &Material,
    programs: &Programs,
) -> Result<Sample> {
    material.start_afresh(hall.receivers().len())?;
    let measured = match (way, &programs.tracker) {
        (Way::Lanspread, _) => {
            let manner = Manner {
                is_untold,
                ..Manner::default()
            };
            lanspread::measure(hall, material, &programs.lanspread, &manner)
        }
        (Way::LanspreadQuic, _) => {
            let manner = Manner {
                args: &["--quic-only"],
                is_untold,
                ..Manner::default()
            };
            lanspread::measure(hall, material, &programs.lanspread, &manner)
        }
        (Way::Aria2, Some(tracker)) => aria2::measure(hall, material, tracker),
        (Way::Aria2, None) => Err(eyre::eyre!("there is no tracker")),
        (Way::Curl, _) => curl::measure(hall, material),
    };
    let receivers = hall.receivers().len();
    measured.wrap_err_with(|| format!("{} failed with {receivers} receivers", way.name()))
}

/// Says what the cables are and what they carry.
fn print_network(options: &SwarmOptions, speed: LinkSpeed) {
    let congestion = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control");
    println!(
        "- network: {} Mbit/s each way on every cable, token bucket of 256 KiB, queue of 50 ms, \
         MTU 1500; TCP uses {}",
        options.mbit,
        congestion.as_deref().unwrap_or("unknown").trim()
    );
    println!(
        "- one cable by iperf3 (TCP): {:.1} Mbit/s one way, {:.1} and {:.1} both ways at once: at \
         least {:.2} times the bound",
        speed.one_way,
        speed.both_ways[0],
        speed.both_ways[1],
        f64::from(options.mbit) / speed.one_way
    );
    if options.tables == 2 {
        println!(
            "- two tables, every second receiver at the other one; the cable between them carries \
             {} Mbit/s each way; Lanspread's peers are {} their table",
            options.uplink_mbit.unwrap_or(options.mbit),
            if options.untold { "not told" } else { "told" }
        );
    }
}

/// Everybody's copy, and room for state and logs.
pub(super) fn needed_mib(mib: u32, receivers: u32) -> u32 {
    let copies = receivers.saturating_add(1);
    mib.saturating_mul(copies).saturating_add(512)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: SwarmOptions,
    }

    #[test]
    fn lists_are_separated_by_commas_and_have_defaults() {
        let given = Line::parse_from(["swarm", "--receivers", "2,3", "--ways", "curl,aria2"]);
        assert_eq!(given.options.receivers, [2, 3]);
        assert_eq!(given.options.ways, [Way::Curl, Way::Aria2]);
        let line = Line::parse_from(["swarm"]);
        assert_eq!(line.options.receivers, [4, 8, 16]);
        assert_eq!(line.options.ways.len(), 3);
        assert!(Line::try_parse_from(["swarm", "--receivers", "65"]).is_err());
        assert!(Line::try_parse_from(["swarm", "--receivers", "64"]).is_ok());
    }
}
