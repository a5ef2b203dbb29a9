//! One source, one receiver: the same bytes moved by Lanspread and by what people would use instead,
//! in turns, in one run.
//!
//! The invariant: every way moves the same file between the same two places and is timed from the
//! request to the last byte in a file; processor time is counted on both sides. Figures of one run
//! may be compared with each other and with nothing else.

mod lanspread;
mod place;
mod rivals;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::lanspread_testbed::fixture::write_random_file;
use clap::ValueEnum;
use eyre::{Result, WrapErr, ensure};

use super::machine;
use super::storage::Storage;
use crate::setup;
use crate::workspace::{self, Profile};
use place::Place;
use table::Table;

/// The name of the file that everybody moves.
const FILE_NAME: &str = "data.bin";

/// What the benchmark can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct TransferOptions {
    /// How many MiB to move.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    mib: u32,
    /// How many times each way is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Where to measure.
    #[arg(long, value_enum, default_value_t = Where::Both)]
    place: Where,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Where {
    Loopback,
    Namespaces,
    Both,
}

/// One measurement of one way.
#[derive(Debug, Clone, Copy)]
struct Sample {
    wall: Duration,
    source_cpu: Duration,
    receiver_cpu: Duration,
}

/// A way of moving the file, with its source running.
trait Way {
    /// What the table calls it.
    fn name(&self) -> String;

    /// Moves the file into the empty directory `target` and returns what it cost.
    fn measure(&mut self, place: &Place, target: &Path) -> Result<Sample>;
}

/// What all ways share: the file and a directory for their own needs.
#[derive(Debug)]
struct Material {
    /// A game directory with one game, whose one large file everybody moves.
    games: PathBuf,
    /// The directory of that file.
    served: PathBuf,
    /// Where configurations, logs and received files go.
    scratch: PathBuf,
    size_bytes: u64,
}

/// Runs the benchmark and prints its tables.
pub(crate) fn run(options: &TransferOptions) -> Result<()> {
    setup::run();
    let binary = workspace::build_program(Profile::Release)?;
    let storage = Storage::make(needed_mib(options.mib))?;
    let material = Material::write(storage.path(), options.mib)?;
    println!("\n{}", machine::describe(&binary, &rivals::VERSIONS));
    println!(
        "{} MiB in {}, {} runs each\n",
        options.mib,
        storage.describe(),
        options.runs
    );
    let places = match options.place {
        Where::Loopback => vec![Place::loopback()],
        Where::Namespaces => vec![Place::namespaces()?],
        Where::Both => vec![Place::loopback(), Place::namespaces()?],
    };
    for place in places {
        let table = measure_at(&place, &binary, &material, options.runs)?;
        println!("{table}");
    }
    Ok(())
}

/// Measures all ways in turns, so that a change of the machine's load meets all of them.
fn measure_at(place: &Place, binary: &Path, material: &Material, runs: u32) -> Result<Table> {
    let mut ways: Vec<Box<dyn Way>> = vec![Box::new(lanspread::Lanspread::start(
        place, binary, material,
    )?)];
    ways.extend(rivals::start_all(place, material)?);
    let mut table = Table::new(place.name(), material.size_bytes);
    for run in 1..=runs {
        for way in &mut ways {
            let target = material.scratch.join("received");
            std::fs::create_dir_all(&target)?;
            let name = way.name();
            let sample = way
                .measure(place, &target)
                .wrap_err_with(|| format!("{name} failed in {}", place.name()))?;
            eprintln!(
                "{}: run {run} of {runs}: {name}: {:.2} s",
                place.name(),
                sample.wall.as_secs_f64()
            );
            std::fs::remove_dir_all(&target)?;
            table.add(&name, sample);
        }
    }
    Ok(table)
}

/// Fails unless the file arrived whole.
fn ensure_arrived(file: &Path, size_bytes: u64) -> Result<()> {
    let found = std::fs::metadata(file)
        .wrap_err_with(|| format!("{} did not arrive", file.display()))?
        .len();
    ensure!(
        found == size_bytes,
        "{} has {found} of {size_bytes} bytes",
        file.display()
    );
    Ok(())
}

impl Material {
    fn write(directory: &Path, mib: u32) -> Result<Self> {
        let games = directory.join("source");
        let served = games.join(lanspread::GAME_ID);
        let scratch = directory.join("scratch");
        std::fs::create_dir_all(&served)?;
        std::fs::create_dir_all(&scratch)?;
        let size_bytes = u64::from(mib) << 20;
        write_random_file(&served.join(FILE_NAME), "benchmark", size_bytes)?;
        std::fs::write(served.join("version.ini"), "20240101\n")?;
        Ok(Self {
            games,
            served,
            scratch,
            size_bytes,
        })
    }
}

/// The source's copy, the receiver's, and room for state and logs.
fn needed_mib(mib: u32) -> u32 {
    mib.saturating_mul(2).saturating_add(256)
}
