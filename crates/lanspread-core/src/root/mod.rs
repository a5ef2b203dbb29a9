//! The machine of one game root: which step comes next, given a goal and what is observed.
//!
//! Invariant: from every observable state the machine terminates, every step is idempotent, and a
//! crash after any step converges to the old or the new game. Start-up recovery is this machine with
//! [`Goal::Settle`]. It knows no path and no disk: the driver observes, carries out one step, and
//! observes again. `docs/INSTALL.md` holds the whole table, printed by a test of this module.

mod machine;
#[cfg(test)]
mod model;
#[cfg(test)]
mod space;
#[cfg(test)]
mod table;

use lanspread_db::{ManifestHash, Version};
use serde::{Deserialize, Serialize};

pub use machine::next_step;

use crate::api::OperationNote;

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
    /// Whatever was interrupted is completed or undone, whichever is safe. A download that gathers
    /// stays: it can be resumed.
    Settle,
    /// The staging place is ready for a download. The disk reaches this by itself as a part of
    /// [`crate::Effect::PrepareDownload`].
    Stage {
        /// The manifest to gather.
        manifest: ManifestHash,
    },
    /// The files of the old version that the staged one does not share are gone. The disk reaches
    /// this by itself as a part of [`crate::Effect::PrepareDownload`].
    GiveUpOld {
        /// The manifest that is staged.
        manifest: ManifestHash,
    },
    /// The gathered download becomes the game.
    Switch {
        /// The manifest that was gathered.
        manifest: ManifestHash,
    },
    /// The gathered download is swept, with nothing else touched. A switch that has begun is
    /// completed instead.
    DropDownload,
    /// The archives are unpacked to `local/`. Reached when the marker in `local/` names the version
    /// that is downloaded.
    Install,
    /// `local/` is deleted.
    Uninstall,
    /// The downloaded game is deleted.
    Remove,
}

/// What `.lanspread.json` says is about to happen. Absent means nothing is.
///
/// What only the disk needs, such as the list of files to remove, is stored beside it in the same
/// file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Intent {
    /// Files of the old version make room for the staged one; only forward once the sentinel is
    /// parked.
    GivingUp {
        /// What is staged.
        manifest: ManifestHash,
    },
    /// The staged files replace the old version; only forward from here.
    Switching {
        /// What becomes the game.
        manifest: ManifestHash,
    },
    /// Archives are unpacked to `.local.installing/`; undone by deleting it.
    Installing {
        /// The version being installed.
        version: Version,
    },
    /// `.local.installing/` holds all that the archives hold, and the player's files are being
    /// added; undone by deleting it.
    Unpacked {
        /// The version being installed.
        version: Version,
    },
    /// `.local.installing/` is complete and replaces `local/`; only forward from here.
    Swapping {
        /// The version being installed.
        version: Version,
    },
    /// `local/` is deleted, by way of `.local.backup/`; only forward once it is moved there.
    Uninstalling,
    /// The game's files are deleted; only forward once the sentinel is parked.
    Removing,
}

/// What could be read of `.lanspread.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentLog {
    /// There is none: nothing was about to happen.
    Absent,
    /// It says what was about to happen.
    Known(Intent),
    /// It is damaged; what is on the disk has to be judged by its markers.
    Damaged {
        /// Why it cannot be read, in words for people.
        reason: String,
    },
    /// A newer Lanspread wrote it, in a form that this one does not know.
    Newer {
        /// The number of that form.
        format: u32,
    },
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Nothing.
    Absent,
    /// A directory with our marker inside.
    MarkedDir,
    /// A directory with nothing inside: what a crash beside the making or removing of a marker leaves.
    /// Nothing in it can be lost, so under a reserved name it counts as ours.
    EmptyDir,
    /// A directory with something inside, but not our marker.
    PlainDir,
    /// A regular file.
    File,
    /// A symbolic link or anything else that is never followed and never removed.
    Other,
}

impl Entry {
    /// Whether it is a directory of any kind.
    #[must_use]
    pub const fn is_dir(self) -> bool {
        match self {
            Self::MarkedDir | Self::EmptyDir | Self::PlainDir => true,
            Self::Absent | Self::File | Self::Other => false,
        }
    }

    /// Whether a directory under a reserved name may be deleted: it is marked, or empty.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        match self {
            Self::MarkedDir | Self::EmptyDir => true,
            Self::PlainDir | Self::Absent | Self::File | Self::Other => false,
        }
    }
}

/// What the staging place holds, if it is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Staged {
    /// Nothing that says what it is for: no staging place, or one whose making was interrupted.
    Nothing,
    /// Files gather for this manifest.
    Gathering(ManifestHash),
    /// The files of this manifest have all moved to their final names.
    Promoted(ManifestHash),
}

/// The parts of a game root that operations may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootObservation {
    /// Whether the root exists and is a real directory (of any kind).
    pub root: Entry,
    /// The intent log.
    pub intent: IntentLog,
    /// `version.ini`.
    pub sentinel: Entry,
    /// The version in it, if it is readable.
    pub version: Option<Version>,
    /// `.version.ini.tmp` and `.lanspread.json.tmp`: [`Entry::File`] if at least one is a file.
    pub temporaries: Entry,
    /// `.version.ini.discarded`.
    pub parked: Entry,
    /// `local/`.
    pub local: Entry,
    /// `.local.installing/`.
    pub installing: Entry,
    /// `.local.backup/`.
    pub backup: Entry,
    /// `.lanspread.download/`.
    pub staging: Entry,
    /// What is in it.
    pub staged: Staged,
    /// The manifest that this machine has recorded for the game when it last completed a download.
    pub recorded: Option<ManifestHash>,
    /// The version that the marker in `local/` names, if one is there.
    pub installed: Option<Version>,
}

impl RootObservation {
    /// What is observed where no root is.
    #[must_use]
    pub const fn absent() -> Self {
        Self {
            root: Entry::Absent,
            intent: IntentLog::Absent,
            sentinel: Entry::Absent,
            version: None,
            temporaries: Entry::Absent,
            parked: Entry::Absent,
            local: Entry::Absent,
            installing: Entry::Absent,
            backup: Entry::Absent,
            staging: Entry::Absent,
            staged: Staged::Nothing,
            recorded: None,
            installed: None,
        }
    }
}

/// What to do about a goal, given what was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Take this step, then observe again.
    Take(Step),
    /// The goal is reached.
    Done,
    /// The goal cannot be reached from here; nothing was or will be changed.
    Blocked(Blocked),
}

/// Why a goal cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Blocked {
    /// The kind, for decisions.
    pub kind: BlockedKind,
    /// What stands in the way and what to do, in words for people. Names are relative to the root.
    pub message: String,
}

/// The kinds of obstacle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockedKind {
    /// There is no sentinel with a version.
    NotDownloaded,
    /// `local/` has to go first.
    Installed,
    /// Something that is not proved to be ours stands under a name that is needed.
    Foreign,
    /// What was gathered is not in the staging place any more.
    DownloadGone,
    /// A newer Lanspread is in the middle of something.
    Newer,
}

/// One idempotent step. Each is durable when it returns: what it did survives a power cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make the root if need be, the marked staging place in it, and put the manifest there.
    CreateStaging {
        /// What will gather.
        manifest: ManifestHash,
    },
    /// List the files that go, and write [`Intent::GivingUp`] with them.
    BeginGivingUp {
        /// What is staged.
        manifest: ManifestHash,
    },
    /// Check that everything is gathered, sync it, list the files that go, and write
    /// [`Intent::Switching`] with them and the bytes of the new `version.ini`.
    BeginSwitch {
        /// What becomes the game.
        manifest: ManifestHash,
    },
    /// Write [`Intent::Installing`].
    BeginInstall {
        /// What is installed.
        version: Version,
    },
    /// Write [`Intent::Uninstalling`].
    BeginUninstall,
    /// Check that nothing but the game's own files is in the root, and write [`Intent::Removing`]
    /// with their list.
    BeginRemove,
    /// Rename `version.ini` to `.version.ini.discarded`.
    ParkSentinel,
    /// Remove the files that the intent lists, and last of all the parked sentinel.
    RemoveListed,
    /// Remove the files that the intent lists, then rename every staged file into its place.
    PromoteStaged {
        /// What becomes the game.
        manifest: ManifestHash,
    },
    /// Check that every file of the manifest stands with its size, record the game as ours, write
    /// `.version.ini.tmp` from the intent, sync, rename.
    PublishSentinel {
        /// What becomes the game.
        manifest: ManifestHash,
    },
    /// Make `.local.installing/` anew, unpack the archives into it, record what was unpacked, and
    /// write [`Intent::Unpacked`].
    Unpack {
        /// What is installed.
        version: Version,
    },
    /// Add the player's files of the old `local/` to `.local.installing/`, and write
    /// [`Intent::Swapping`].
    CarryOver {
        /// What is installed.
        version: Version,
    },
    /// Mark `local/` and rename it to `.local.backup/`.
    BackupLocal,
    /// Rename `.local.installing/` to `local/`.
    PromoteInstalling,
    /// Rename `.local.backup/` to `local/`.
    RestoreBackup,
    /// Delete `.local.installing/`, its marker last.
    DropInstalling,
    /// Delete `.local.backup/`, its marker last.
    DropBackup,
    /// Delete `.lanspread.download/`, its marker last.
    DropStaging,
    /// Delete `.version.ini.discarded`.
    DropParked,
    /// Delete `.version.ini.tmp` and `.lanspread.json.tmp`.
    SweepTemporaries,
    /// Delete `.lanspread.json`: whatever it announced is done or undone.
    ClearIntent,
    /// Delete the root if nothing is in it; leave it otherwise.
    RemoveRoot,
}

/// What a step found or did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepReport {
    /// Bytes the step moved or unpacked.
    pub bytes: u64,
    /// Things the user may want to know.
    pub notes: Vec<OperationNote>,
}
