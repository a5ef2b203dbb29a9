//! The benchmarks: Lanspread beside what people would use instead, in one run.
//!
//! The invariant: figures of one run may be compared with each other and with nothing else, so each
//! benchmark runs all that it compares, in turns, and prints the machine and the versions with them.

mod library;
mod machine;
mod play;
mod server;
mod spread;
mod storage;
mod swarm;
mod transfer;

use clap::Subcommand;
use eyre::Result;

/// Which benchmark to run.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchOptions {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One source, one receiver: beside rsync and nginx with curl.
    Transfer(transfer::TransferOptions),
    /// One seeder, many receivers at once: beside aria2 and everybody from nginx.
    Swarm(swarm::SwarmOptions),
    /// The packets of a game beside an upload through the same cable.
    Play(play::PlayOptions),
    /// Thousands of games, dozens of idle peers.
    Library(library::LibraryOptions),
}

/// Runs a benchmark and prints its tables.
pub(crate) fn run(options: &BenchOptions) -> Result<()> {
    match &options.what {
        What::Transfer(options) => transfer::run(options),
        What::Swarm(options) => swarm::run(options),
        What::Play(options) => play::run(options),
        What::Library(options) => library::run(options),
    }
}
