//! Game roots for tests: several chunks of content that is random to look at and the same in every
//! run, real archives in every format, and ways to damage them.
//!
//! The invariant: content depends only on a seed and a path. Give two sources different seeds, and
//! each byte that arrives tells whose it was; give them the same seed, and they hold the same game.

mod archive;
mod content;
mod damage;
mod game;

pub use archive::{ArchiveError, ArchiveFormat, write_archive};
pub use content::{Contents, Data, random_bytes};
pub use damage::{corrupt_byte, write_random_file};
pub use game::{BuiltGame, FixtureError, GameFixture};

/// One kibibyte, so that tests can say sizes in words.
pub const KIB: usize = 1024;

/// One mebibyte.
pub const MIB: usize = 1024 * KIB;
