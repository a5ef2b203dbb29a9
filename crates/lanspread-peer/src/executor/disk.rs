//! The effects on this machine's disk, each on a thread that may block.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use lanspread_core::{
    DiskFailure, DiskFailureKind, Effect, EffectId, HashTrust, Input, LibraryReport,
};
use lanspread_db::Manifest;
use lanspread_disk::{Disk, Unreadable};
use lanspread_unpack::CancelFlag;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Executor, Shared, lock};

/// Progress of one effect is reported at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// A result, and what came beside it.
type With<T, B> = Result<(T, Option<B>), DiskFailure>;

fn library_scanned(effect: EffectId, scanned: With<LibraryReport, u64>) -> Input {
    let (result, free_bytes) = apart(scanned);
    Input::LibraryScanned {
        effect,
        result,
        free_bytes,
    }
}

fn root_hashed(effect: EffectId, hashed: With<Arc<Manifest>, Arc<Manifest>>) -> Input {
    let (result, recorded) = apart(hashed);
    Input::RootHashed {
        effect,
        result,
        recorded,
    }
}

fn apart<T, B>(both: With<T, B>) -> (Result<T, DiskFailure>, Option<B>) {
    match both {
        Ok((result, beside)) => (Ok(result), beside),
        Err(failure) => (Err(failure), None),
    }
}

impl Executor {
    pub(super) fn start_disk(&self, effect: Effect) {
        match effect {
            Effect::OpenGameDir { effect, path } => {
                self.change_dirs(effect, move |disk| {
                    disk.open_game_dir(&path, Unreadable::Refused)
                });
            }
            Effect::OpenMoreGameDirs { effect, paths } => self.change_dirs(effect, move |disk| {
                disk.open_more_game_dirs(&paths, Unreadable::Refused)
            }),
            Effect::RecallManifest {
                effect,
                id,
                manifest,
            } => self.block(
                effect,
                move |shared, _| shared.disk.kept_manifest(&id, manifest),
                |effect, result| Input::ManifestRecalled { effect, result },
            ),
            Effect::ScanLibrary { effect } => self.block(
                effect,
                |shared, _| {
                    let found = shared.disk.scan_library()?;
                    Ok((found, shared.disk.free_bytes()))
                },
                library_scanned,
            ),
            Effect::ScanRoot { effect, id } => self.block(
                effect,
                move |shared, _| shared.disk.scan_root(&id),
                |effect, result| Input::RootScanned { effect, result },
            ),
            Effect::HashRoot { effect, id, trust } => self.block(
                effect,
                move |shared, abort| {
                    let report = Throttle::new(&shared.inputs);
                    let progress = |hashed_bytes, total_bytes| {
                        report.send(|| Input::HashProgress {
                            effect,
                            hashed_bytes,
                            total_bytes,
                        });
                    };
                    let manifest = shared.disk.hash_root(&id, trust, &progress, abort)?;
                    let recorded = match trust {
                        HashTrust::Nothing => shared.disk.recorded_manifest(&id)?,
                        HashTrust::Unchanged => None,
                    };
                    Ok((manifest, recorded))
                },
                root_hashed,
            ),
            Effect::ObserveRoot { effect, id } => self.block(
                effect,
                move |shared, _| shared.disk.observe_root(&id),
                |effect, result| Input::RootObserved { effect, result },
            ),
            Effect::RunStep { effect, id, step } => self.block(
                effect,
                move |shared, abort| {
                    let report = Throttle::new(&shared.inputs);
                    let progress =
                        |progress| report.send(|| Input::StepProgress { effect, progress });
                    shared.disk.run_step(&id, &step, &progress, abort)
                },
                |effect, result| Input::StepDone { effect, result },
            ),
            Effect::PrepareDownload {
                effect,
                manifest,
                intent,
                then,
            } => self.block(
                effect,
                move |shared, abort| {
                    let report = Throttle::new(&shared.inputs);
                    let progress = |checked_bytes, total_bytes| {
                        report.send(|| Input::PrepareProgress {
                            effect,
                            checked_bytes,
                            total_bytes,
                        });
                    };
                    shared
                        .disk
                        .prepare_download(&manifest, intent, then, &progress, abort)
                },
                |effect, result| Input::DownloadPrepared { effect, result },
            ),
            other => tracing::error!(effect = ?other, "not an effect on the disk"),
        }
    }

    /// Runs blocking work with a flag that is set when the effect is aborted.
    /// Uses other game directories; they are watched from here on.
    fn change_dirs(
        &self,
        effect: EffectId,
        change: impl FnOnce(&Disk) -> Result<(), DiskFailure> + Send + 'static,
    ) {
        self.block(
            effect,
            move |shared, _| {
                let changed = change(&shared.disk);
                shared.game_dirs.send_replace(shared.disk.game_dirs());
                changed
            },
            |effect, result| Input::GameDirOpened { effect, result },
        );
    }

    /// Has a blocking thread do something on the disk, and answers an effect with what came of it.
    pub(super) fn block<T: Send + 'static>(
        &self,
        effect: EffectId,
        work: impl FnOnce(&Shared, &CancelFlag) -> Result<T, DiskFailure> + Send + 'static,
        answer: impl Fn(EffectId, Result<T, DiskFailure>) -> Input + Copy + Send + 'static,
    ) {
        self.spawn(
            effect,
            |shared, abort| async move {
                let result = run_blocking(&shared, &abort, work).await;
                answer(effect, result)
            },
            move |why| answer(effect, Err(failed(why))),
        );
    }
}

async fn run_blocking<T: Send + 'static>(
    shared: &Arc<Shared>,
    abort: &CancellationToken,
    work: impl FnOnce(&Shared, &CancelFlag) -> Result<T, DiskFailure> + Send + 'static,
) -> Result<T, DiskFailure> {
    let flag = Arc::new(CancelFlag::new());
    let mut working = tokio::task::spawn_blocking({
        let (shared, flag) = (Arc::clone(shared), Arc::clone(&flag));
        move || work(&shared, &flag)
    });
    let joined = tokio::select! {
        joined = &mut working => joined,
        () = abort.cancelled() => {
            flag.cancel();
            working.await
        }
    };
    joined.unwrap_or_else(|error| Err(lost(&error)))
}

/// A thread of ours panicked.
pub(super) fn lost(error: &tokio::task::JoinError) -> DiskFailure {
    tracing::error!(%error, "work on the disk failed");
    failed(format!(
        "work on the disk failed inside this program: {error}"
    ))
}

/// The failure of work that this program did not bring to an end.
const fn failed(message: String) -> DiskFailure {
    DiskFailure {
        kind: DiskFailureKind::Io,
        message,
    }
}

/// Reports progress from a blocking thread: at most every [`PROGRESS_INTERVAL`], and never waiting.
struct Throttle<'a> {
    inputs: &'a mpsc::Sender<Input>,
    last: Mutex<Option<Instant>>,
}

impl<'a> Throttle<'a> {
    const fn new(inputs: &'a mpsc::Sender<Input>) -> Self {
        Self {
            inputs,
            last: Mutex::new(None),
        }
    }

    fn send(&self, input: impl FnOnce() -> Input) {
        let now = Instant::now();
        {
            let mut last = lock(&self.last);
            if last.is_some_and(|last| now.duration_since(last) < PROGRESS_INTERVAL) {
                return;
            }
            *last = Some(now);
        }
        // A full queue has more important things in it than progress.
        drop(self.inputs.try_send(input()));
    }
}
