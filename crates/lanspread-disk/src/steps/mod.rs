//! Carries out the steps that the machine of a game root decides.
//!
//! Invariant: a step may be cut off anywhere and taken again, and what it did is durable when it
//! returns. Which step comes when is not known here.

mod carry;
mod install;
mod promote;
mod remove;
mod switch;

use std::path::Path;

use lanspread_core::{
    DiskFailure, DiskFailureKind, OperationNote, StepProgress,
    root::{Goal, Intent, IntentLog, Next, Step, StepReport, next_step},
};
use lanspread_db::{
    BACKUP_DIR, DISCARDED_SENTINEL, GameId, INSTALL_DIR, INSTALLING_DIR, INTENT_FILE, SENTINEL,
    SENTINEL_TMP,
};
use lanspread_unpack::CancelFlag;

use super::{
    failure::{Doing, blocked, failure},
    files::{self, TMP_SUFFIX},
    intent_log::{self, IntentRecord},
    library::{Library, Root},
    marker::Marker,
    observe::observe,
    port::Kind,
};

/// More steps than any goal takes; one more and the machine does not terminate.
const STEPS_MAX: usize = 64;

/// Whom a running step tells how far it is, and who can end it.
#[derive(Clone, Copy)]
pub(crate) struct Watch<'a> {
    pub(crate) progress: &'a dyn Fn(StepProgress),
    pub(crate) abort: &'a CancelFlag,
}

/// Takes steps until the goal is reached.
pub(crate) fn settle_towards(
    library: &Library,
    id: &GameId,
    goal: &Goal,
) -> Result<(), DiskFailure> {
    let watch = Watch {
        progress: &|_| {},
        abort: &CancelFlag::new(),
    };
    for _ in 0..STEPS_MAX {
        match next_step(goal, &observe(library, id)?.root) {
            Next::Take(step) => run_step(library, id, &step, watch).map(|_| ())?,
            Next::Done => return Ok(()),
            Next::Blocked(why) => return Err(blocked(why)),
        }
    }
    Err(failure(
        DiskFailureKind::Io,
        format!(
            "{id} does not settle after {STEPS_MAX} steps: something else changes it meanwhile"
        ),
    ))
}

/// Takes one step.
pub(crate) fn run_step(
    library: &Library,
    id: &GameId,
    step: &Step,
    watch: Watch<'_>,
) -> Result<StepReport, DiskFailure> {
    library.close_files(id);
    if let Step::CreateStaging { manifest } = step {
        return switch::create_staging(library, id, *manifest);
    }
    let root = library.root(id)?;
    match step {
        Step::CreateStaging { .. } => Ok(StepReport::default()),
        Step::BeginGivingUp { manifest } => switch::begin_giving_up(&root, *manifest),
        Step::BeginSwitch { manifest } => switch::begin(&root, *manifest),
        Step::PromoteStaged { manifest } => promote::promote(&root, *manifest, watch),
        Step::PublishSentinel { manifest } => switch::publish(&root, *manifest, watch),
        Step::DropStaging => switch::drop_staging(root),
        Step::BeginInstall { version } => begin(&root, Intent::Installing { version: *version }),
        Step::Unpack { version } => install::unpack(&root, *version, watch),
        Step::CarryOver { version } => carry::carry_over(&root, *version, watch),
        Step::BackupLocal => backup_local(&root),
        Step::PromoteInstalling => {
            let report = rename(&root, INSTALLING_DIR, INSTALL_DIR)?;
            library.store.forget_installs(
                id,
                Marker::read(&*root.folder, Path::new(INSTALL_DIR))
                    .doing("read the marker in", INSTALL_DIR)?
                    .version,
            );
            Ok(report)
        }
        Step::RestoreBackup => restore_backup(&root),
        Step::DropInstalling => remove_tree(&root, INSTALLING_DIR),
        Step::DropBackup => remove_tree(&root, BACKUP_DIR),
        Step::BeginUninstall => begin(&root, Intent::Uninstalling),
        Step::BeginRemove => remove::begin(&root),
        Step::RemoveListed => remove::remove_listed_and_parked(&root),
        Step::ParkSentinel => rename(&root, SENTINEL, DISCARDED_SENTINEL),
        Step::DropParked => remove_file(&root, DISCARDED_SENTINEL),
        Step::SweepTemporaries => {
            remove_file(&root, SENTINEL_TMP)?;
            remove_file(&root, &format!("{INTENT_FILE}{TMP_SUFFIX}"))
        }
        Step::ClearIntent => clear_intent(&root),
        Step::RemoveRoot => remove::remove_root(root),
    }
}

/// Reads the intent that a step carries out.
pub(crate) fn intent(root: &Root<'_>) -> Result<IntentRecord, DiskFailure> {
    match intent_log::read(&*root.folder).doing("read", INTENT_FILE)? {
        Ok(Some(record)) => Ok(record),
        Ok(None) | Err(_) => Err(failure(
            DiskFailureKind::NotFound,
            format!(
                "`{INTENT_FILE}` of {} went away in the middle of an operation",
                root.id
            ),
        )),
    }
}

pub(crate) fn write_intent(root: &Root<'_>, record: &IntentRecord) -> Result<(), DiskFailure> {
    intent_log::write(&*root.folder, record).doing("write", INTENT_FILE)
}

fn begin(root: &Root<'_>, intent: Intent) -> Result<StepReport, DiskFailure> {
    write_intent(root, &IntentRecord::new(intent))?;
    Ok(StepReport::default())
}

/// Renames within the root, durably. Done before is done.
fn rename(root: &Root<'_>, from: &str, to: &str) -> Result<StepReport, DiskFailure> {
    let folder = &*root.folder;
    if files::stat(folder, Path::new(from))
        .doing("look at", from)?
        .is_some()
    {
        folder
            .rename(Path::new(from), Path::new(to))
            .doing("rename", from)?;
    }
    folder
        .sync_folder(Path::new(""))
        .doing("sync", root.id.as_str())?;
    Ok(StepReport::default())
}

fn remove_file(root: &Root<'_>, name: &str) -> Result<StepReport, DiskFailure> {
    let folder = &*root.folder;
    files::remove_if_there(folder, Path::new(name)).doing("remove", name)?;
    folder
        .sync_folder(Path::new(""))
        .doing("sync", root.id.as_str())?;
    Ok(StepReport::default())
}

fn remove_tree(root: &Root<'_>, name: &str) -> Result<StepReport, DiskFailure> {
    files::remove_tree(&*root.folder, Path::new(name)).doing("delete", name)?;
    Ok(StepReport::default())
}

/// The old install is marked before it takes a reserved name: what bears one is always proved.
fn backup_local(root: &Root<'_>) -> Result<StepReport, DiskFailure> {
    let folder = &*root.folder;
    let (local, backup) = (Path::new(INSTALL_DIR), Path::new(BACKUP_DIR));
    if files::stat(folder, backup)
        .doing("look at", backup)?
        .is_some()
    {
        // Only an empty directory can be there, and only that can be removed so.
        folder.remove_folder(backup).doing("remove", backup)?;
    }
    let marker = local.join(lanspread_db::OWNER_MARKER);
    if files::stat(folder, &marker)
        .doing("look at", &marker)?
        .is_none()
    {
        Marker::default().put(folder, local).doing("mark", local)?;
    }
    rename(root, INSTALL_DIR, BACKUP_DIR)
}

/// An install that was marked only to be moved away loses the mark when it comes back.
fn restore_backup(root: &Root<'_>) -> Result<StepReport, DiskFailure> {
    let report = rename(root, BACKUP_DIR, INSTALL_DIR)?;
    let folder = &*root.folder;
    let local = Path::new(INSTALL_DIR);
    if Marker::read(folder, local)
        .doing("read the marker in", local)?
        .version
        .is_none()
    {
        let marker = local.join(lanspread_db::OWNER_MARKER);
        files::remove_if_there(folder, &marker).doing("remove", &marker)?;
        folder.sync_folder(local).doing("sync", local)?;
    }
    Ok(report)
}

fn clear_intent(root: &Root<'_>) -> Result<StepReport, DiskFailure> {
    let folder = &*root.folder;
    let mut report = StepReport::default();
    match intent_log::read(folder).doing("read", INTENT_FILE)? {
        Err(IntentLog::Damaged { reason }) => report.notes.push(OperationNote::IntentDamaged {
            id: root.id.clone(),
            reason,
        }),
        Ok(Some(IntentRecord {
            intent: Intent::Uninstalling,
            ..
        })) => {
            let local =
                files::stat(folder, Path::new(INSTALL_DIR)).doing("look at", INSTALL_DIR)?;
            if local.is_none_or(|stat| stat.kind != Kind::Folder) {
                root.library.store.forget_installs(root.id, None);
            }
        }
        Ok(Some(IntentRecord {
            intent: Intent::Removing,
            ..
        })) => {
            let sentinel = files::stat(folder, Path::new(SENTINEL)).doing("look at", SENTINEL)?;
            if sentinel.is_none() {
                root.library.store.forget_owned(root.id);
            }
        }
        Ok(_) | Err(_) => {}
    }
    remove_file(root, &format!("{INTENT_FILE}{TMP_SUFFIX}"))?;
    remove_file(root, INTENT_FILE)?;
    Ok(report)
}
