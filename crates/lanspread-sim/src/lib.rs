//! The simulator: whole parties of real peers on virtual machines, in one thread, from one seed.
//!
//! Invariant: what happens follows from the input alone. Nothing here reads a clock, draws random
//! numbers, touches the machine it runs on, or depends on the order of a hash map.
//!
//! This crate is for development only and never shipped.

mod act;
mod beliefs;
mod books;
mod checks;
mod choices;
mod company;
pub mod disk;
mod exchange;
mod executor;
mod failure;
mod faults;
mod games;
mod hex;
mod log;
mod looks;
mod machine;
mod meeting;
mod model;
mod network;
mod node;
mod orders;
mod party;
#[cfg(test)]
mod record;
mod report;
mod rest;
mod run;
mod sayings;
#[cfg(test)]
mod scenarios;
mod seeds;
pub mod swarm;
pub mod teeth;
mod trace;
mod transition;
mod world;

pub use choices::{Choices, HEADER_BYTES, STEP_BYTES, expand};
pub use failure::{Failure, Invariant};
pub use faults::Fault;
pub use hex::{from_hex, to_hex};
pub use party::Planted;
pub use report::Counts;
pub use run::{Ran, run, run_with, shrink};
pub use seeds::{Seeds, Summary, run_seeds};
pub use trace::Detail;
pub use transition::{Step, Transition};

/// Steps of a walk that a seed stands for.
pub const STEPS: usize = 60;
