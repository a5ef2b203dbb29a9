//! The machine of one game root: which step comes next, given a goal and what is observed.
//!
//! Invariant: from every observable state the machine terminates, every step is idempotent, and a
//! crash after any step converges to the old or the new game. Start-up recovery is this machine with
//! [`Goal::Settle`]. It knows no path and no disk: the driver observes and carries out.

use lanspread_db::{ManifestHash, RelPath, Version};
use serde::{Deserialize, Serialize};

/// What a download is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadIntent {
    /// The game is not here.
    New,
    /// Another version is here and stays until the switch.
    Update,
    /// Another version is here and is given up first, to make room.
    UpdateGivingUpOld,
    /// This version is here; damaged files are replaced.
    Repair,
}

/// What is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Whatever was interrupted is completed or undone, whichever is safe.
    Settle,
    /// The gathered download becomes the game.
    Switch {
        /// The manifest that was gathered.
        manifest: ManifestHash,
    },
    /// The gathered download is swept, with nothing else touched.
    DropDownload,
    /// The archives are unpacked to `local/`.
    Install,
    /// `local/` is deleted.
    Uninstall,
    /// The downloaded game is deleted.
    Remove,
}

/// What `.lanspread.json` says was about to happen. Absent means nothing was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Intent {
    /// A download gathers in the staging place.
    Downloading {
        /// What is gathered.
        manifest: ManifestHash,
    },
    /// The staged files replace the old version; only forward from here.
    Switching {
        /// What becomes the game.
        manifest: ManifestHash,
        /// The content of the new `version.ini`, written last.
        version_ini: String,
        /// Files of the old version that the new one lacks, and that are ours to remove.
        stale: Vec<RelPath>,
    },
    /// Archives are unpacked to `.local.installing/`; undone by deleting it.
    Installing {
        /// The version being installed.
        version: Version,
    },
    /// `.local.installing/` is complete and replaces `local/`; only forward from here.
    Swapping {
        /// The version being installed.
        version: Version,
    },
    /// `local/` is deleted, by way of `.local.backup/`; only forward from here.
    Uninstalling,
    /// The game's files are deleted; only forward from here.
    Removing {
        /// The files that are ours to remove.
        files: Vec<RelPath>,
    },
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Nothing.
    Absent,
    /// A directory with our marker inside.
    MarkedDir,
    /// A directory without it.
    PlainDir,
    /// A regular file.
    File,
    /// A symbolic link or anything else that is never followed and never removed.
    Other,
}

/// The parts of a game root that operations may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootObservation {
    /// Whether the root exists and is a real directory.
    pub root: Entry,
    /// The intent, as far as it can be read; `Err` holds why it cannot.
    pub intent: Result<Option<Intent>, String>,
    /// `version.ini`.
    pub sentinel: Entry,
    /// The version in it, if it is readable.
    pub version: Option<Version>,
    /// `.version.ini.tmp`.
    pub sentinel_tmp: Entry,
    /// `.version.ini.discarded`.
    pub sentinel_discarded: Entry,
    /// `local/`.
    pub local: Entry,
    /// `.local.installing/`.
    pub installing: Entry,
    /// `.local.backup/`.
    pub backup: Entry,
    /// `.lanspread.download/`.
    pub staging: Entry,
}

/// One idempotent step. (The machine's author completes this list.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing is left to do.
    Done,
}

/// What a step found or did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepReport {
    /// Bytes the step moved or unpacked.
    pub bytes: u64,
    /// Things the user may want to know.
    pub notes: Vec<String>,
}
