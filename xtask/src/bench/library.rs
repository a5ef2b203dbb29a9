//! The scale of the library: what thousands of games and dozens of peers cost a peer that moves nothing.
//!
//! The invariant: nothing is downloaded here. What is timed is what a peer does at its start, when it
//! meets another, and while nothing happens.

mod alone;
mod idle;
mod material;

use std::fmt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use eyre::Result;
use lanspread_testbed::caretaker::Caretaker;
use lanspread_testbed::net::{Link, Rate};

use super::machine;
use super::storage::Storage;
use crate::setup;
use crate::workspace::{self, Profile};
use material::Material;

/// Every cable counts what goes through it, which takes a limit: one that is never reached.
const CABLE_MBIT: u32 = 10_000;

/// How often a peer is asked how far it is.
const POLL: Duration = Duration::from_millis(100);

/// What the benchmark can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct LibraryOptions {
    /// How many games there are; 0 leaves this part out.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    games: u32,
    /// How many files they have together.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=2_000_000))]
    files: u32,
    /// How many peers sit in the idle party; 0 leaves this part out.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=200))]
    peers: u32,
    /// For how long nothing happens before the idle party is measured, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=600))]
    settle_s: u32,
    /// For how long it is measured, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    idle_s: u32,
    /// Measure this program instead of building Lanspread for release.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Runs the benchmark and prints its tables.
pub(crate) fn run(options: &LibraryOptions) -> Result<()> {
    let _caretaker = Caretaker::start()?;
    setup::run();
    let binary = match &options.binary {
        Some(binary) => std::path::absolute(binary)?,
        None => workspace::build_program(Profile::Release)?,
    };
    println!("\n{}\n", machine::describe(&binary, &[]));
    if options.games > 0 {
        let storage = Storage::make(material::needed_mib(options.files))?;
        let material = Material::write(storage.path(), options.games, options.files)?;
        println!("{material} in {}\n", storage.describe());
        println!("{}", alone::measure(&binary, &material)?);
    }
    if options.peers > 0 {
        let storage = Storage::make(material::needed_mib(0))?;
        let party = idle::Party {
            peers: options.peers,
            settle: Duration::from_secs(options.settle_s.into()),
            idle: Duration::from_secs(options.idle_s.into()),
        };
        println!("{}", idle::measure(&binary, storage.path(), party)?);
    }
    Ok(())
}

fn cable() -> Link {
    Link::new().rate(Rate::mbit(CABLE_MBIT))
}

/// Lets time pass: what is measured is what peers do meanwhile.
fn wait(time: Duration) {
    thread::sleep(time);
}

/// Bytes as people read them.
struct Bytes(u64);

impl fmt::Display for Bytes {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ ..10_000 => write!(f, "{bytes} B"),
            bytes @ ..1_000_000 => write!(f, "{:.0} KB", bytes as f64 / 1e3),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_said_with_about_three_digits() {
        let said =
            [0, 9_999, 10_000, 999_400, 1_000_000, 123_456_789].map(|n| Bytes(n).to_string());
        assert_eq!(
            said,
            ["0 B", "9999 B", "10 KB", "999 KB", "1.0 MB", "123.5 MB"]
        );
    }
}
