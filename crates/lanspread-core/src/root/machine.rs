//! Decides the next step of a game root.
//!
//! Invariant: a step that deletes a directory is only taken where the directory is marked or empty.
//! First a goal carries on what it began; whatever else is unfinished is settled; only then does
//! the goal begin. It keeps no state of its own: everything is in the observation.

use lanspread_db::{
    BACKUP_DIR, DISCARDED_SENTINEL, DOWNLOAD_DIR, INSTALL_DIR, INSTALLING_DIR, INTENT_FILE,
    ManifestHash, OWNER_MARKER, SENTINEL,
};

use super::{
    Blocked, BlockedKind, Entry, Goal, Intent, IntentLog, Next, RootObservation, Staged, Step,
};

/// Decides what to do next to reach `goal`.
#[must_use]
pub fn next_step(goal: &Goal, observed: &RootObservation) -> Next {
    match observed.root {
        Entry::Absent => return without_root(goal),
        Entry::File | Entry::Other => return not_a_root(goal),
        Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir => {}
    }
    let intent = match &observed.intent {
        IntentLog::Absent => None,
        IntentLog::Known(intent) => Some(intent),
        // The markers still say what is ours.
        IntentLog::Damaged { .. } => return Next::Take(Step::ClearIntent),
        IntentLog::Newer { format } => return newer(*format),
    };
    if let Some(next) = carry_on(goal, intent, observed) {
        return next;
    }
    match settle(intent, observed) {
        Next::Done => begin(goal, observed),
        next @ (Next::Take(_) | Next::Blocked(_)) => next,
    }
}

fn without_root(goal: &Goal) -> Next {
    match goal {
        Goal::Settle | Goal::DropDownload | Goal::Uninstall | Goal::Remove => Next::Done,
        Goal::Stage { manifest } => Next::Take(Step::CreateStaging {
            manifest: *manifest,
        }),
        Goal::GiveUpOld { .. } | Goal::Switch { .. } => download_gone(),
        Goal::Install => not_downloaded(),
    }
}

fn not_a_root(goal: &Goal) -> Next {
    match goal {
        Goal::Settle | Goal::DropDownload => Next::Done,
        Goal::Stage { .. }
        | Goal::GiveUpOld { .. }
        | Goal::Switch { .. }
        | Goal::Install
        | Goal::Uninstall
        | Goal::Remove => blocked(
            BlockedKind::Foreign,
            "a file or a symbolic link stands where the game's directory should be; nothing in it \
             is touched: move it away, or put a real directory there"
                .to_owned(),
        ),
    }
}

/// The next step of an operation that has begun and that settling would undo.
fn carry_on(goal: &Goal, intent: Option<&Intent>, observed: &RootObservation) -> Option<Next> {
    match (goal, intent?) {
        (Goal::Install, Intent::Installing { version })
            if observed.sentinel == Entry::File && observed.version == Some(*version) =>
        {
            Some(match observed.installing {
                Entry::Absent | Entry::EmptyDir | Entry::MarkedDir => {
                    Next::Take(Step::Unpack { version: *version })
                }
                Entry::PlainDir | Entry::File | Entry::Other => foreign(INSTALLING_DIR),
            })
        }
        (Goal::Install, Intent::Unpacked { version })
            if observed.sentinel == Entry::File
                && observed.version == Some(*version)
                && observed.installing == Entry::MarkedDir =>
        {
            Some(match observed.local {
                Entry::Absent | Entry::EmptyDir | Entry::MarkedDir | Entry::PlainDir => {
                    Next::Take(Step::CarryOver { version: *version })
                }
                Entry::File | Entry::Other => local_is_no_directory(),
            })
        }
        (Goal::Uninstall, Intent::Uninstalling) if observed.local.is_dir() => {
            match observed.backup {
                Entry::Absent | Entry::EmptyDir => Some(Next::Take(Step::BackupLocal)),
                Entry::MarkedDir => None,
                Entry::PlainDir | Entry::File | Entry::Other => Some(foreign(BACKUP_DIR)),
            }
        }
        (Goal::Remove, Intent::Removing) => park_to_remove(observed),
        (Goal::GiveUpOld { manifest }, Intent::GivingUp { manifest: begun })
            if manifest == begun =>
        {
            park_to_remove(observed)
        }
        (
            Goal::Settle
            | Goal::Stage { .. }
            | Goal::GiveUpOld { .. }
            | Goal::Switch { .. }
            | Goal::DropDownload
            | Goal::Install
            | Goal::Uninstall
            | Goal::Remove,
            Intent::GivingUp { .. }
            | Intent::Switching { .. }
            | Intent::Installing { .. }
            | Intent::Unpacked { .. }
            | Intent::Swapping { .. }
            | Intent::Uninstalling
            | Intent::Removing,
        ) => None,
    }
}

/// From a listed removal there is no way back once the sentinel is parked.
fn park_to_remove(observed: &RootObservation) -> Option<Next> {
    if observed.sentinel != Entry::File {
        return None;
    }
    match observed.parked {
        Entry::Absent => Some(Next::Take(Step::ParkSentinel)),
        // Somebody put a game here after the sentinel was parked: that is not what was to go.
        Entry::File => None,
        Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other => {
            Some(foreign(DISCARDED_SENTINEL))
        }
    }
}

/// Completes or undoes what is unfinished; [`Next::Done`] when nothing is.
fn settle(intent: Option<&Intent>, observed: &RootObservation) -> Next {
    match intent {
        None => settle_without_intent(observed),
        Some(Intent::Installing { .. } | Intent::Unpacked { .. }) => {
            Next::Take(if observed.installing.is_ours() {
                Step::DropInstalling
            } else {
                Step::ClearIntent
            })
        }
        Some(Intent::Swapping { .. }) => settle_swap(observed),
        Some(Intent::Uninstalling) => Next::Take(if observed.backup.is_ours() {
            Step::DropBackup
        } else {
            Step::ClearIntent
        }),
        Some(Intent::Switching { manifest }) => settle_switch(*manifest, observed),
        Some(Intent::GivingUp { .. }) => Next::Take(settle_removal(observed)),
        Some(Intent::Removing) => Next::Take(match settle_removal(observed) {
            Step::ClearIntent if observed.sentinel != Entry::File && observed.staging.is_ours() => {
                Step::DropStaging
            }
            step => step,
        }),
    }
}

/// Without an intent only leftovers can be there: of a crash beside the intent's own writing, of a
/// damaged intent, or of somebody's hand.
fn settle_without_intent(observed: &RootObservation) -> Next {
    if observed.temporaries == Entry::File {
        return Next::Take(Step::SweepTemporaries);
    }
    if observed.parked == Entry::File {
        // Whether the version it belonged to is whole cannot be known, so it is not put back.
        return Next::Take(Step::DropParked);
    }
    if observed.installing.is_ours() {
        return Next::Take(Step::DropInstalling);
    }
    match (observed.backup, observed.local) {
        (Entry::MarkedDir, Entry::Absent) => return Next::Take(Step::RestoreBackup),
        (Entry::MarkedDir, Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir)
        | (
            Entry::EmptyDir,
            Entry::Absent
            | Entry::MarkedDir
            | Entry::EmptyDir
            | Entry::PlainDir
            | Entry::File
            | Entry::Other,
        ) => return Next::Take(Step::DropBackup),
        (Entry::MarkedDir, Entry::File | Entry::Other)
        | (Entry::Absent | Entry::PlainDir | Entry::File | Entry::Other, _) => {}
    }
    match (observed.staging, observed.staged) {
        (Entry::EmptyDir, _) | (Entry::MarkedDir, Staged::Nothing) => Next::Take(Step::DropStaging),
        (Entry::MarkedDir, Staged::Gathering(_) | Staged::Promoted(_))
        | (Entry::Absent | Entry::PlainDir | Entry::File | Entry::Other, _) => Next::Done,
    }
}

/// The swap of a complete `.local.installing/` for `local/`.
fn settle_swap(observed: &RootObservation) -> Next {
    if observed.installing == Entry::MarkedDir {
        return match (observed.local, observed.backup) {
            (Entry::Absent, _) => Next::Take(Step::PromoteInstalling),
            (Entry::File | Entry::Other, _) => local_is_no_directory(),
            (
                Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir,
                Entry::Absent | Entry::EmptyDir,
            ) => Next::Take(Step::BackupLocal),
            (Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir, Entry::MarkedDir) => {
                Next::Take(Step::DropBackup)
            }
            (
                Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir,
                Entry::PlainDir | Entry::File | Entry::Other,
            ) => foreign(BACKUP_DIR),
        };
    }
    Next::Take(match (observed.backup, observed.local) {
        (Entry::MarkedDir, Entry::Absent) => Step::RestoreBackup,
        (Entry::MarkedDir, Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir) => {
            Step::DropBackup
        }
        (Entry::MarkedDir, Entry::File | Entry::Other)
        | (Entry::Absent | Entry::EmptyDir | Entry::PlainDir | Entry::File | Entry::Other, _) => {
            Step::ClearIntent
        }
    })
}

/// The switch from the old version to the staged one.
///
/// The sentinel and the staged files together say how far it is: both there, nothing has happened;
/// sentinel parked, files are moving; files moved, the new sentinel is due; sentinel there and
/// nothing staged, only leftovers remain.
fn settle_switch(manifest: ManifestHash, observed: &RootObservation) -> Next {
    let sentinel = match observed.sentinel {
        Entry::File => true,
        Entry::Absent => false,
        Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other => {
            return foreign(SENTINEL);
        }
    };
    let (waiting, ours) = match observed.staged {
        Staged::Gathering(staged) => (staged == manifest, staged == manifest),
        Staged::Promoted(staged) => (false, staged == manifest),
        Staged::Nothing => (false, false),
    };
    if ours && waiting {
        return match (sentinel, observed.parked) {
            (false, _) => Next::Take(Step::PromoteStaged { manifest }),
            (true, Entry::Absent | Entry::File) => Next::Take(Step::ParkSentinel),
            (true, Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other) => {
                foreign(DISCARDED_SENTINEL)
            }
        };
    }
    if ours && !sentinel {
        return Next::Take(Step::PublishSentinel { manifest });
    }
    if observed.parked == Entry::File {
        return Next::Take(Step::DropParked);
    }
    let swept = match observed.staged {
        Staged::Promoted(_) => ours,
        Staged::Nothing => true,
        Staged::Gathering(_) => false,
    };
    Next::Take(if swept && observed.staging.is_ours() {
        Step::DropStaging
    } else {
        Step::ClearIntent
    })
}

/// The removal of listed files: undone while the sentinel stands, else completed.
fn settle_removal(observed: &RootObservation) -> Step {
    match (observed.sentinel, observed.parked) {
        (Entry::File, Entry::File) => Step::DropParked,
        (
            Entry::Absent | Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other,
            Entry::File,
        ) => Step::RemoveListed,
        (
            _,
            Entry::Absent | Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other,
        ) => Step::ClearIntent,
    }
}

/// The first step towards a goal in a root where nothing is unfinished.
fn begin(goal: &Goal, observed: &RootObservation) -> Next {
    match goal {
        Goal::Settle => Next::Done,
        Goal::Stage { manifest } => begin_stage(*manifest, observed),
        Goal::GiveUpOld { manifest } => begin_giving_up(*manifest, observed),
        Goal::Switch { manifest } => begin_switch(*manifest, observed),
        Goal::DropDownload => match observed.staging {
            Entry::MarkedDir => Next::Take(Step::DropStaging),
            Entry::Absent | Entry::EmptyDir | Entry::PlainDir | Entry::File | Entry::Other => {
                Next::Done
            }
        },
        Goal::Install => begin_install(observed),
        Goal::Uninstall => {
            if !observed.local.is_dir() {
                Next::Done
            } else if observed.backup == Entry::Absent {
                Next::Take(Step::BeginUninstall)
            } else {
                foreign(BACKUP_DIR)
            }
        }
        Goal::Remove => begin_remove(observed),
    }
}

fn begin_stage(manifest: ManifestHash, observed: &RootObservation) -> Next {
    match (observed.staging, observed.staged) {
        (Entry::PlainDir | Entry::File | Entry::Other, _) => foreign(DOWNLOAD_DIR),
        (Entry::MarkedDir, Staged::Gathering(staged)) if staged == manifest => Next::Done,
        (Entry::MarkedDir, Staged::Gathering(staged) | Staged::Promoted(staged))
            if staged != manifest =>
        {
            Next::Take(Step::DropStaging)
        }
        (Entry::MarkedDir | Entry::EmptyDir | Entry::Absent, _) => {
            Next::Take(Step::CreateStaging { manifest })
        }
    }
}

fn begin_giving_up(manifest: ManifestHash, observed: &RootObservation) -> Next {
    if observed.staged != Staged::Gathering(manifest) {
        return download_gone();
    }
    match (observed.sentinel, observed.parked) {
        (Entry::Absent, _) => Next::Done,
        (Entry::File, Entry::Absent) => Next::Take(Step::BeginGivingUp { manifest }),
        (Entry::File, _) => foreign(DISCARDED_SENTINEL),
        (Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other, _) => {
            foreign(SENTINEL)
        }
    }
}

fn begin_switch(manifest: ManifestHash, observed: &RootObservation) -> Next {
    match observed.staged {
        Staged::Gathering(staged) | Staged::Promoted(staged) if staged == manifest => {}
        Staged::Nothing if is_switched(manifest, observed) => return Next::Done,
        Staged::Gathering(_) | Staged::Promoted(_) | Staged::Nothing => return download_gone(),
    }
    match (observed.sentinel, observed.parked) {
        (Entry::Absent | Entry::File, Entry::Absent) => Next::Take(Step::BeginSwitch { manifest }),
        (Entry::Absent | Entry::File, _) => foreign(DISCARDED_SENTINEL),
        (Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir | Entry::Other, _) => {
            foreign(SENTINEL)
        }
    }
}

fn is_switched(manifest: ManifestHash, observed: &RootObservation) -> bool {
    observed.staging == Entry::Absent
        && observed.sentinel == Entry::File
        && observed.recorded == Some(manifest)
}

fn begin_install(observed: &RootObservation) -> Next {
    let (Entry::File, Some(version)) = (observed.sentinel, observed.version) else {
        return not_downloaded();
    };
    match observed.local {
        Entry::File | Entry::Other => return local_is_no_directory(),
        Entry::MarkedDir if observed.installed == Some(version) => return Next::Done,
        Entry::Absent | Entry::MarkedDir | Entry::EmptyDir | Entry::PlainDir => {}
    }
    if observed.installing != Entry::Absent {
        return foreign(INSTALLING_DIR);
    }
    if observed.backup != Entry::Absent {
        return foreign(BACKUP_DIR);
    }
    Next::Take(Step::BeginInstall { version })
}

fn begin_remove(observed: &RootObservation) -> Next {
    if observed.root == Entry::EmptyDir {
        return Next::Take(Step::RemoveRoot);
    }
    if observed.sentinel != Entry::File {
        return Next::Done;
    }
    if observed.local.is_dir() {
        return blocked(
            BlockedKind::Installed,
            format!("the game is installed in `{INSTALL_DIR}`: uninstall it first"),
        );
    }
    if observed.parked != Entry::Absent {
        return foreign(DISCARDED_SENTINEL);
    }
    Next::Take(Step::BeginRemove)
}

fn blocked(kind: BlockedKind, message: String) -> Next {
    Next::Blocked(Blocked { kind, message })
}

fn foreign(name: &str) -> Next {
    let why = match name {
        INSTALLING_DIR | BACKUP_DIR | DOWNLOAD_DIR => {
            format!("`{name}` stands in the way and holds no `{OWNER_MARKER}`")
        }
        other => format!("`{other}` stands in the way and is not a file"),
    };
    blocked(
        BlockedKind::Foreign,
        format!(
            "{why}: Lanspread did not make it and does not touch it; look what it is, and move it \
             away or delete it"
        ),
    )
}

fn local_is_no_directory() -> Next {
    blocked(
        BlockedKind::Foreign,
        format!(
            "`{INSTALL_DIR}` stands in the way and is not a directory: move it away or delete it"
        ),
    )
}

fn not_downloaded() -> Next {
    blocked(
        BlockedKind::NotDownloaded,
        format!("the game is not downloaded: there is no `{SENTINEL}` with a version"),
    )
}

fn download_gone() -> Next {
    blocked(
        BlockedKind::DownloadGone,
        format!("the download is not in `{DOWNLOAD_DIR}`: start it again"),
    )
}

fn newer(format: u32) -> Next {
    blocked(
        BlockedKind::Newer,
        format!(
            "`{INTENT_FILE}` was written by a newer Lanspread (format {format}) in the middle of an \
             operation: start that one to complete it, or delete the file to start over"
        ),
    )
}
