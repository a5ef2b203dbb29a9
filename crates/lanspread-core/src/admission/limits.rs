//! How often and how many at once may try to prove the party code. Each has a test at the limit and
//! one past it; `docs/SECURITY.md` says what they come to for somebody who guesses.

use std::time::Duration;

/// For how long a wrong guess counts.
pub const ATTEMPTS_WINDOW: Duration = Duration::from_mins(10);

/// Most wrong guesses of one identity within [`ATTEMPTS_WINDOW`]: enough for who types badly.
pub const FAILED_ATTEMPTS_PER_IDENTITY_MAX: usize = 5;

/// Most wrong guesses from one address within [`ATTEMPTS_WINDOW`], whoever makes them: making another
/// identity costs nothing, another address on a switch a little more.
pub const FAILED_ATTEMPTS_PER_ADDRESS_MAX: usize = 20;

/// Most wrong guesses of strangers within [`ATTEMPTS_WINDOW`], wherever they come from: room for a
/// second party of this many peers on the same switch.
pub const FAILED_ATTEMPTS_MAX: usize = 300;

/// Most peers that are remembered to have proved the code; strangers cannot use up their chance.
pub const PROVED_REMEMBERED_MAX: usize = 512;

/// Most admissions under way with those who dialed this peer.
pub const ADMISSIONS_AT_ONCE_MAX: usize = 64;

/// Most of those from one address.
pub const ADMISSIONS_PER_ADDRESS_MAX: usize = 8;
