//! Everything that reads what strangers or a broken disk wrote, each as a function of bytes that states
//! what must hold: it does not panic, it is bounded, what it accepts survives being written again, and
//! nothing leaves the place it was given.
//!
//! Invariant: a target panics if and only if its property is broken. The same functions are run by
//! the tests over the committed corpus and seeded mutations of it, and by the discovery of
//! `cargo xtask fuzz` (see `docs/FUZZING.md`). For tests only; never shipped.

mod mutate;
mod targets;

use lanspread_sim::{HEADER_BYTES, STEP_BYTES};

pub use mutate::{Chance, mutated};

/// One decoder and its property.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its corpus, too.
    pub name: &'static str,
    /// Longest input that discovery tries, in bytes.
    pub bytes_max: usize,
    /// How many seeded mutations of each input of the corpus the tests try.
    pub mutations: usize,
    /// Panics if the property does not hold for these bytes.
    pub run: fn(&[u8]),
}

/// How many mutations a target that only computes is tried with.
const MANY: usize = 200;
/// The same for one that works on a disk, or plays a whole party.
const FEW: usize = 20;

/// Steps of the longest party that discovery plays.
const PARTY_STEPS_MAX: usize = 60;

const fn pure(name: &'static str, bytes_max: usize, run: fn(&[u8])) -> Target {
    Target {
        name,
        bytes_max,
        mutations: MANY,
        run,
    }
}

const fn on_disk(name: &'static str, run: fn(&[u8])) -> Target {
    Target {
        name,
        bytes_max: 16 * 1024,
        mutations: FEW,
        run,
    }
}

/// All targets.
pub const TARGETS: [Target; 22] = [
    pure("frame", 256, targets::wire::frame),
    pure("request", 4096, targets::wire::request),
    pure("response", 4096, targets::wire::response),
    pure("admission", 256, targets::wire::admission),
    pure("version-exchange", 512, targets::wire::version_exchange),
    pure("manifest", 4096, targets::vocabulary::manifest),
    pure("rel-path", 2048, targets::vocabulary::rel_path),
    pure("names", 512, targets::vocabulary::names),
    on_disk("catalog", targets::catalog::catalog),
    pure("intent", 4096, targets::disk::intent),
    pure("index", 4096, targets::disk::index),
    pure("install-record", 4096, targets::disk::install_record),
    on_disk("resume", targets::disk::resume),
    pure("advertisement", 2048, targets::discovery::advertisement),
    pure("json-command", 4096, targets::lines::json_command),
    on_disk("rar", targets::archives::rar),
    on_disk("zip", targets::archives::zip),
    on_disk("7z", targets::archives::seven_z),
    on_disk("tar", targets::archives::tar),
    on_disk("tar-gz", targets::archives::tar_gz),
    on_disk("tar-zst", targets::archives::tar_zst),
    Target {
        name: "party",
        bytes_max: HEADER_BYTES + PARTY_STEPS_MAX * STEP_BYTES,
        mutations: FEW,
        run: targets::party::party,
    },
];

/// The target of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
