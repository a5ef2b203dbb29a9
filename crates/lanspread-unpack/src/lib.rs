//! Unpacks the archives of a game into one directory, trusting nothing in them.
//!
//! The one invariant: whatever an archive holds, nothing outside [`UnpackJob::target`] is created,
//! changed or followed, and an archive that is damaged or cut short never ends in success.
//!
//! The crate knows nothing of games, peers or intents: it gets archives and a directory and reports
//! what it put there. A failed or cancelled job leaves a partly filled target behind, so callers
//! unpack into a staging directory and rename it into place after success.

mod any;
mod budget;
mod cancel;
mod detect;
mod durable;
mod entry_path;
mod error;
mod extractor;
mod finish;
mod format;
mod limits;
mod links;
mod progress;
mod read_ahead;
mod report;
mod target;
mod text;
mod tree;

use std::path::PathBuf;

use cap_std::fs::Dir;

pub use crate::any::AnyUnpacker;
pub use crate::cancel::CancelFlag;
pub use crate::detect::FORMAT_NAMES;
pub use crate::error::{EntryRefusal, LimitKind, UnpackError};
pub use crate::limits::{
    ENTRIES_MAX, FILE_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX, RATIO_FREE_BYTES, RATIO_MAX,
    TOTAL_BYTES_MAX, UnpackLimits,
};
pub use crate::progress::{UnpackPhase, UnpackProgress};
pub use crate::report::{
    RespelledEntry, SkipReason, SkippedEntry, UnpackReport, UnpackedFile, UnpackedLink,
};

/// Puts the content of archives into a directory.
///
/// Implementations block for as long as the work takes; asynchronous callers run them on a thread
/// that may block.
pub trait Unpacker: Send + Sync {
    /// Unpacks the archives of `job`, in their order, into its target.
    ///
    /// # Errors
    ///
    /// Fails as a whole when one archive cannot be read, is damaged, encrypted, refused as unsafe or
    /// exceeds a limit, when the target cannot be written, and when the job is cancelled. The target
    /// then holds an unspecified part of the content.
    fn unpack(&self, job: UnpackJob<'_>) -> Result<UnpackReport, UnpackError>;
}

/// One job: which archives, where to, and within which bounds.
#[derive(Clone, Copy)]
pub struct UnpackJob<'a> {
    /// The archives, in the order in which they are unpacked; callers sort them by file name. Files
    /// of a later archive replace files of an earlier one.
    pub archives: &'a [PathBuf],
    /// The opened directory that receives the content.
    pub target: &'a Dir,
    /// Bounds on what the archives may ask for.
    pub limits: UnpackLimits,
    /// Names directly below the target that no archive may touch, such as a marker file of the
    /// caller. They are compared without regard to case.
    pub reserved_names: &'a [&'a str],
    /// Whether the content is on disk, or only handed to the operating system, on success.
    pub durability: Durability,
    /// Ends the job soon after it is set.
    pub cancel: &'a CancelFlag,
    /// Called on the unpacking thread, about every megabyte and at the borders of archives.
    pub progress: &'a dyn Fn(UnpackProgress<'_>),
}

impl<'a> UnpackJob<'a> {
    /// Makes a job with default limits, no reserved names, synced content and no progress reports.
    #[must_use]
    pub fn new(archives: &'a [PathBuf], target: &'a Dir, cancel: &'a CancelFlag) -> Self {
        Self {
            archives,
            target,
            limits: UnpackLimits::default(),
            reserved_names: &[],
            durability: Durability::Synced,
            cancel,
            progress: &|_| {},
        }
    }
}

impl std::fmt::Debug for UnpackJob<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnpackJob")
            .field("archives", &self.archives)
            .field("limits", &self.limits)
            .field("reserved_names", &self.reserved_names)
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

/// What success promises about a power cut right after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Every file and directory written has been synced, so that the caller may rename the target
    /// into place. Syncing happens once, after the last archive, and each final file once: while
    /// content still streams in, the operating system is free to write it back in the order that
    /// suits the disk, and a file that a later archive replaces is never synced for nothing.
    Synced,
    /// Nothing has been synced; for content that can be made again at no cost.
    LeftToSystem,
}
