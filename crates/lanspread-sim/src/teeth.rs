//! Whether the invariants bite: how many seeds it takes until a planted fault is caught.
//!
//! Invariant: seeds are tried in order, so that the answer is the same everywhere.

use crate::{
    choices::expand, disk::planted::PlantedFault, failure::Invariant, faults::Fault,
    party::Planted, run::run_with, trace::Detail,
};

/// How many seeds were run when a planted fault was caught, and by what; `None` if it was not.
#[must_use]
pub fn seeds_until_caught(
    planted: Planted,
    seeds_max: u64,
    steps: usize,
) -> Option<(u64, Invariant)> {
    (0..seeds_max).find_map(|seed| {
        let failure = run_with(&expand(seed, steps), planted, Detail::None).failure?;
        Some((seed + 1, failure.invariant))
    })
}

/// Within how many seeds a planted fault has to be caught by the tests; about four times what it took
/// when this was written. `None` where nothing is planted.
#[must_use]
pub const fn budget(planted: Planted) -> Option<u64> {
    match planted {
        Planted::Nothing => None,
        Planted::Shell(Fault::ChunkUnchecked | Fault::OneRottenBlamesAll) => Some(200),
        Planted::Shell(Fault::PinsIgnoredUnseen) => Some(80),
        Planted::Disk(
            PlantedFault::ContentSyncIsALie
            | PlantedFault::NameSyncIsALie
            | PlantedFault::MarkerNotAsked
            | PlantedFault::PlayersFileLost,
        ) => Some(120),
        Planted::Shell(Fault::PassedOnUnchecked)
        | Planted::Disk(PlantedFault::SentinelBeforeSync | PlantedFault::ForeignDirectoryDeleted) => {
            Some(600)
        }
        Planted::Shell(_) | Planted::Disk(_) => Some(20),
    }
}
