//! One source, one receiver: the same bytes moved by Lanspread and by what people would use instead,
//! in turns, in one run.
//!
//! The invariant: every way moves the same files between the same two places and is timed from the
//! request to the last byte in a file; processor time and memory are counted on both sides. Figures of
//! one run may be compared with each other and with nothing else.

mod bare;
mod client;
mod iperf;
mod lanspread;
mod material;
mod p2p;
mod place;
mod rivals;
mod table;

use std::path::Path;
use std::time::Duration;

use ::lanspread_testbed::net::{Link, Loss, Rate};
use clap::ValueEnum;
use eyre::{Result, WrapErr};

use super::machine;
use super::storage::Storage;
use crate::setup;
use crate::workspace;
use lanspread::{Lanes, Lanspread};
use material::{Load, Material};
use place::Place;
use rivals::Security;
use table::Table;

/// What the benchmark can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct TransferOptions {
    /// How many MiB to move in one file.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    mib: u32,
    /// Move so many files of 4 to 64 KiB instead of a large one.
    #[arg(long, conflicts_with = "mib", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    small_files: Option<u32>,
    /// How many times each way is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Where to measure.
    #[arg(long, value_enum, default_value_t = Where::Namespaces)]
    place: Where,
    /// The rate of both cables in the namespaces, in Mbit/s; 1000 is a gigabit.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    shape: Option<u32>,
    /// How many of a thousand packets the receiver's cable loses, in each direction.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=500))]
    loss_per_mille: Option<u16>,
    /// The ways to measure; the first of them that is measured is what the others are compared with.
    /// `rqbit` and `sendme` are built by cargo when they are first asked for.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "lanspread,unencrypted,quic-only,bare,iperf3,rsync,nginx,nginx-tls"
    )]
    ways: Vec<Wanted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Where {
    Loopback,
    Namespaces,
    Both,
}

/// A way that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    Lanspread,
    Unencrypted,
    QuicOnly,
    Bare,
    Iperf3,
    Rsync,
    Nginx,
    NginxTls,
    Rqbit,
    Sendme,
}

/// One measurement of one way.
#[derive(Debug, Clone, Copy)]
struct Sample {
    wall: Duration,
    source: Cost,
    receiver: Cost,
}

/// What a transfer cost one side.
#[derive(Debug, Clone, Copy)]
struct Cost {
    cpu: Duration,
    /// The most memory that the side's largest process ever held.
    memory_peak_bytes: u64,
}

/// A way of moving the files, with its source running.
trait Way {
    /// What the table calls it.
    fn name(&self) -> String;

    /// Moves the files into the empty directory `target` and returns what it cost.
    fn measure(&mut self, place: &Place, target: &Path) -> Result<Sample>;
}

/// Runs the benchmark and prints its tables.
pub(crate) fn run(options: &TransferOptions) -> Result<()> {
    setup::run();
    let programs = workspace::build_measured()?;
    let load = options
        .small_files
        .map_or(Load::OneFile { mib: options.mib }, |count| {
            Load::SmallFiles { count }
        });
    let storage = Storage::make(load.needed_mib(options.receiver_copies()))?;
    let material = Material::write(storage.path(), load)?;
    println!(
        "\n{}",
        machine::describe(&programs.lanspread, &rivals::VERSIONS)
    );
    println!(
        "{load} in {}, {} runs each; medians, least and greatest\n",
        storage.describe(),
        options.runs
    );
    for place in options.places()? {
        let table = measure_at(&place, &programs, &material, options)?;
        println!("{table}");
    }
    Ok(())
}

impl TransferOptions {
    fn places(&self) -> Result<Vec<Place>> {
        let namespaces = || Place::namespaces(self.link(), self.loss());
        Ok(match self.place {
            Where::Loopback => vec![Place::loopback()],
            Where::Namespaces => vec![namespaces()?],
            Where::Both => vec![Place::loopback(), namespaces()?],
        })
    }

    /// How often a receiver has the files at most: sendme copies them out of a store of its own.
    fn receiver_copies(&self) -> u32 {
        if self.ways.contains(&Wanted::Sendme) {
            2
        } else {
            1
        }
    }

    fn link(&self) -> Link {
        match self.shape {
            Some(mbit) => Link::new().rate(Rate::mbit(mbit)),
            None => Link::new(),
        }
    }

    fn loss(&self) -> Loss {
        self.loss_per_mille.map_or(Loss::NONE, Loss::per_mille)
    }
}

/// Measures all ways in turns, so that a change of the machine's load meets all of them.
fn measure_at(
    place: &Place,
    programs: &workspace::Measured,
    material: &Material,
    options: &TransferOptions,
) -> Result<Table> {
    let mut ways: Vec<Box<dyn Way + '_>> = Vec::new();
    for wanted in &options.ways {
        ways.extend(wanted.start(place, programs, material)?);
    }
    let runs = options.runs;
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

impl Wanted {
    /// Starts its source; `None` for a program that is not installed, or that moves one file and there
    /// are many.
    fn start<'a>(
        self,
        place: &Place,
        programs: &workspace::Measured,
        material: &'a Material,
    ) -> Result<Option<Box<dyn Way + 'a>>> {
        let own = |lanes| -> Result<Option<Box<dyn Way + 'a>>> {
            let started = Lanspread::start(place, &programs.lanspread, material, lanes)?;
            Ok(Some(Box::new(started)))
        };
        match self {
            Self::Lanspread => own(Lanes::All),
            Self::Unencrypted => own(Lanes::Unencrypted),
            Self::QuicOnly => own(Lanes::QuicOnly),
            Self::Bare | Self::Iperf3 if !material.load.is_one_file() => Ok(None),
            Self::Bare => {
                let bare = bare::Bare::start(place, &programs.bare, material)?;
                Ok(Some(Box::new(bare)))
            }
            Self::Iperf3 => iperf::start_if_installed(place, material),
            Self::Rsync => rivals::start_rsync(place, material),
            Self::Nginx => rivals::start_nginx(place, material, Security::Plain),
            Self::NginxTls => rivals::start_nginx(place, material, Security::Tls),
            Self::Rqbit => p2p::start(p2p::Program::Rqbit, place, material).map(Some),
            Self::Sendme => p2p::start(p2p::Program::Sendme, place, material).map(Some),
        }
    }
}
