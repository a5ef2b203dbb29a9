//! The bounds that hold an archive from a stranger to a sane size.
//!
//! Every limit is inclusive: a value equal to it is accepted, one more is refused.

/// Entries (files, directories and links) that all archives of a job may hold together.
pub const ENTRIES_MAX: u64 = 1_000_000;
/// Bytes that all archives of a job may unpack to: 2 TiB, more than any game.
pub const TOTAL_BYTES_MAX: u64 = 2 << 40;
/// Bytes that a single file may unpack to: 512 GiB.
pub const FILE_BYTES_MAX: u64 = 512 << 30;
/// Bytes unpacked per byte of archive. Game data rarely reaches 20; 50 GB of zeros in a file of a
/// few megabytes reaches thousands.
pub const RATIO_MAX: u64 = 200;
/// Bytes that one archive may unpack to before its ratio is looked at: 1 GiB. A small archive of a
/// few preallocated files compresses extremely well without meaning harm.
pub const RATIO_FREE_BYTES: u64 = 1 << 30;
/// Bytes of UTF-8 in the path of an entry, separators included.
pub const PATH_BYTES_MAX: usize = 1024;
/// Components in the path of an entry.
pub const PATH_DEPTH_MAX: usize = 32;

/// The limits of one job. [`Default`] takes the constants of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// See [`ENTRIES_MAX`].
    pub entries_max: u64,
    /// See [`TOTAL_BYTES_MAX`].
    pub total_bytes_max: u64,
    /// See [`FILE_BYTES_MAX`].
    pub file_bytes_max: u64,
    /// See [`RATIO_MAX`].
    pub ratio_max: u64,
    /// See [`RATIO_FREE_BYTES`].
    pub ratio_free_bytes: u64,
    /// See [`PATH_BYTES_MAX`].
    pub path_bytes_max: usize,
    /// See [`PATH_DEPTH_MAX`].
    pub path_depth_max: usize,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self {
            entries_max: ENTRIES_MAX,
            total_bytes_max: TOTAL_BYTES_MAX,
            file_bytes_max: FILE_BYTES_MAX,
            ratio_max: RATIO_MAX,
            ratio_free_bytes: RATIO_FREE_BYTES,
            path_bytes_max: PATH_BYTES_MAX,
            path_depth_max: PATH_DEPTH_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each limit means at its value and one past it is tried with smaller ones in
    /// `tests/unpack/limits.rs`.
    #[test]
    fn a_job_is_held_to_the_named_limits_unless_it_says_otherwise() {
        let expected = UnpackLimits {
            entries_max: ENTRIES_MAX,
            total_bytes_max: TOTAL_BYTES_MAX,
            file_bytes_max: FILE_BYTES_MAX,
            ratio_max: RATIO_MAX,
            ratio_free_bytes: RATIO_FREE_BYTES,
            path_bytes_max: PATH_BYTES_MAX,
            path_depth_max: PATH_DEPTH_MAX,
        };
        assert_eq!(UnpackLimits::default(), expected);
    }
}
