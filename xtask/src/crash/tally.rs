//! What happened in the rounds, to be printed at the end.
//!
//! The invariant: it counts; it judges nothing.

use std::collections::BTreeMap;
use std::time::Instant;

use super::operation::Operation;

/// Counts so far.
pub(super) struct Tally {
    seed: u64,
    began: Instant,
    rounds: u32,
    kills: BTreeMap<(&'static str, String), u32>,
    sources_killed: u32,
    verified_bytes: u64,
    fetched_again_bytes: u64,
    disks: BTreeMap<(&'static str, &'static str, String), u32>,
}

impl Tally {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            began: Instant::now(),
            rounds: 0,
            kills: BTreeMap::new(),
            sources_killed: 0,
            verified_bytes: 0,
            fetched_again_bytes: 0,
            disks: BTreeMap::new(),
        }
    }

    /// The receiver was killed in an operation at a stage.
    pub(super) fn killed(&mut self, operation: Operation, stage: String) {
        *self.kills.entry((operation.name(), stage)).or_default() += 1;
    }

    /// A source was killed.
    pub(super) fn killed_source(&mut self) {
        self.sources_killed += 1;
    }

    /// Of these verified bytes so many came again.
    pub(super) fn resumed(&mut self, verified_bytes: u64, again_bytes: u64) {
        self.verified_bytes += verified_bytes;
        self.fetched_again_bytes += again_bytes;
    }

    /// A disk took no more, and this came of it.
    pub(super) fn disk(&mut self, trouble: &'static str, operation: Operation, what: String) {
        let key = (trouble, operation.name(), what);
        *self.disks.entry(key).or_default() += 1;
    }

    /// A round is over and nothing was wrong.
    pub(super) fn passed(&mut self) {
        self.rounds += 1;
    }

    /// Prints everything.
    pub(super) fn print(&self) {
        println!("\nwhere the kills fell");
        for ((operation, stage), count) in &self.kills {
            println!("{count:>6}  {operation}: {stage}");
        }
        println!("{:>6}  sources killed as well", self.sources_killed);
        println!("\ndisks that took no more");
        for ((trouble, operation, what), count) in &self.disks {
            println!("{count:>6}  {operation}, {trouble}: {what}");
        }
        let mebibytes = |bytes: u64| bytes >> 20;
        println!(
            "\n{} MiB had been verified before kills, {} MiB of them were fetched again",
            mebibytes(self.verified_bytes),
            mebibytes(self.fetched_again_bytes)
        );
        let kills: u32 = self.kills.values().sum();
        println!(
            "{} rounds, {kills} peers and {} sources killed, none failed; seed {}, {:.0} s",
            self.rounds,
            self.sources_killed,
            self.seed,
            self.began.elapsed().as_secs_f64()
        );
    }
}
