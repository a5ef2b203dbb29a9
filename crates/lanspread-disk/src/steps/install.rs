//! Unpacks the archives of a game into `.local.installing/`.
//!
//! Invariant: only archives that are files of the game are unpacked, into a directory that is made
//! anew, and the intent says that it is complete only after everything in it is synced.

use std::path::{Path, PathBuf};

use lanspread_core::{
    DiskFailure, DiskFailureKind, LeftOut, OperationNote, StepProgress, StepWork,
    root::{Intent, StepReport},
    scan::archives,
};
use lanspread_db::{INSTALLING_DIR, OWNER_MARKER, Version};
use lanspread_unpack::{SkipReason, UnpackError, UnpackPhase, UnpackProgress, UnpackReport};

use super::{
    super::{
        failure::{Doing, aborted, failure, kind_of},
        files,
        intent_log::IntentRecord,
        library::Root,
        marker::Marker,
        old::Old,
        port::{Folder, Kind, UnpackOrder},
        store::InstallRecord,
    },
    Watch, write_intent,
};

pub(super) fn unpack(
    root: &Root<'_>,
    version: Version,
    watch: Watch<'_>,
) -> Result<StepReport, DiskFailure> {
    let archives = find_archives(root)?;
    let installing = Path::new(INSTALLING_DIR);
    files::remove_tree(&*root.folder, installing).doing("delete", installing)?;
    Marker {
        version: Some(version),
        made_root: false,
    }
    .make(&*root.folder, installing)
    .doing("make", installing)?;
    let target = root
        .folder
        .open_folder(installing)
        .doing("open", installing)?;
    let report = run_unpacker(root, &archives, &*target, watch)?;
    record(root, version, &*target, &report)?;
    target
        .sync_folder(Path::new(""))
        .doing("sync", installing)?;
    write_intent(root, &IntentRecord::new(Intent::Unpacked { version }))?;
    let mut notes = Vec::new();
    for skipped in report
        .skipped
        .iter()
        .take(super::super::obstacles::NAMES_SHOWN_MAX)
    {
        notes.push(OperationNote::LeftOut {
            archive: skipped.archive.clone(),
            entry: skipped.entry.clone(),
            why: left_out(skipped.reason),
        });
    }
    Ok(StepReport {
        bytes: report.total_bytes(),
        notes,
    })
}

const fn left_out(reason: SkipReason) -> LeftOut {
    match reason {
        SkipReason::DanglingLink => LeftOut::DanglingLink,
        SkipReason::LinksUnavailable => LeftOut::LinksUnavailable,
        SkipReason::NotAFile => LeftOut::NotAFile,
    }
}

fn find_archives(root: &Root<'_>) -> Result<Vec<PathBuf>, DiskFailure> {
    let old = Old::of(root.library, root.id)?;
    let mut found = Vec::new();
    for path in archives(old.paths()) {
        let stat = files::stat(&*root.folder, Path::new(path.as_str()));
        if stat
            .doing("look at", path.as_str())?
            .is_some_and(|stat| stat.kind == Kind::File)
        {
            found.push(root.library.path.join(root.id.as_str()).join(path.as_str()));
        }
    }
    if found.is_empty() {
        return Err(failure(
            DiskFailureKind::BadArchive,
            format!(
                "{} has no archive (`*.eti` and the like) that could be unpacked",
                root.id
            ),
        ));
    }
    Ok(found)
}

fn run_unpacker(
    root: &Root<'_>,
    archives: &[PathBuf],
    target: &dyn Folder,
    watch: Watch<'_>,
) -> Result<UnpackReport, DiskFailure> {
    let progress = |at: UnpackProgress<'_>| {
        let work = match at.phase {
            UnpackPhase::Unpacking => StepWork::Unpacking {
                archive: at.archive_name.to_owned(),
            },
            UnpackPhase::Syncing => StepWork::Syncing,
        };
        (watch.progress)(StepProgress {
            work,
            index: u32::try_from(at.archive_index + 1).unwrap_or(u32::MAX),
            count: u32::try_from(at.archive_count).unwrap_or(u32::MAX),
            done_bytes: at.bytes_unpacked,
            total_bytes: at.bytes_total,
        });
    };
    let order = UnpackOrder {
        archives,
        reserved_names: &[OWNER_MARKER],
        cancel: watch.abort,
        progress: &progress,
    };
    target
        .unpack(&*root.library.unpacker.0, order)
        .map_err(|error| unpack_failure(&error))
}

fn unpack_failure(error: &UnpackError) -> DiskFailure {
    if error.is_cancelled() {
        return aborted();
    }
    let kind = match error {
        UnpackError::Read { source, .. }
        | UnpackError::Write { source, .. }
        | UnpackError::Sync { source, .. } => kind_of(source.kind()),
        other if other.blames_archive() => DiskFailureKind::BadArchive,
        // The list of errors is the unpacker's and may grow.
        _ => DiskFailureKind::Io,
    };
    let advice = match kind {
        DiskFailureKind::NoSpace => ": make room on this disk and install again",
        DiskFailureKind::NotAllowed
        | DiskFailureKind::NotFound
        | DiskFailureKind::Foreign
        | DiskFailureKind::BadArchive
        | DiskFailureKind::FolderAway
        | DiskFailureKind::FoldersClash
        | DiskFailureKind::Aborted
        | DiskFailureKind::Io => "",
    };
    failure(kind, format!("{error}{advice}"))
}

/// Remembers what was unpacked, so that the next install knows the player's files from these.
fn record(
    root: &Root<'_>,
    version: Version,
    target: &dyn Folder,
    report: &UnpackReport,
) -> Result<(), DiskFailure> {
    let mut record = InstallRecord::new();
    for file in &report.files {
        let stat = target
            .stat(Path::new(&file.path))
            .doing("look at", &file.path)?;
        let stamp = (stat.stamp.size_bytes, stat.stamp.modified_ns);
        record.files.insert(file.path.clone(), stamp);
    }
    for link in &report.links {
        record
            .links
            .insert(link.path.clone(), link.points_to.clone());
    }
    root.library.store.save_install(root.id, version, &record)
}
