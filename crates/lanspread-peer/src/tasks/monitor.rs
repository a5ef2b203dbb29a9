//! Watches the game directories and each game root, not recursively, and tells the core what changed.
//!
//! Invariant: a missed event costs time, never correctness: the core rescans everything at an
//! interval of its own. Lanspread's own transient files are not reported. The directory above is watched, too:
//! while somebody has a directory open, the system does not tell whoever watches it that it was deleted.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use lanspread_core::Input;
use lanspread_db::{GameId, RootEntry};
use notify::{EventKind, RecursiveMode, Watcher, event::ModifyKind};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Most file-system events that wait to be looked at; past it, everything is rescanned.
const EVENTS_PENDING_MAX: usize = 1024;

/// Pause before a directory that could not be watched is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// Why the monitor ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MonitorError {
    /// The system's watcher could not be made.
    #[error(
        "changes in {dir} cannot be watched: {source}; they are found by the regular rescan instead"
    )]
    Watch { dir: PathBuf, source: notify::Error },
}

/// What reaches the monitor from the watcher's thread.
enum Change {
    At(Vec<PathBuf>),
    /// The game directory itself came, went, or was renamed.
    Replaced,
    Lost,
}

/// Runs until `shutdown`; follows the game directories when they are exchanged.
///
/// # Errors
/// The system does not let this process watch directories; the caller starts it again after a pause.
pub(crate) async fn run_local_game_monitor(
    mut game_dirs: watch::Receiver<Vec<PathBuf>>,
    inputs: mpsc::Sender<Input>,
    shutdown: CancellationToken,
) -> Result<(), MonitorError> {
    loop {
        let dirs = game_dirs.borrow_and_update().clone();
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            watched = watch_dirs(dirs, &inputs) => watched?,
            changed = game_dirs.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

/// Watches all game directories, each again when it comes back, until the system does not let it.
async fn watch_dirs(dirs: Vec<PathBuf>, inputs: &mpsc::Sender<Input>) -> Result<(), MonitorError> {
    let mut watching = JoinSet::new();
    for dir in dirs {
        let inputs = inputs.clone();
        watching.spawn(async move {
            loop {
                watch_dir(&dir, &inputs).await?;
            }
        });
    }
    match watching.join_next().await {
        Some(Ok(ended)) => ended,
        // One that panicked is begun anew, and with none there is nothing to watch.
        Some(Err(_)) => Ok(()),
        None => std::future::pending().await,
    }
}

/// Watches one game directory for as long as it is there.
async fn watch_dir(dir: &Path, inputs: &mpsc::Sender<Input>) -> Result<(), MonitorError> {
    let (tx, mut rx) = mpsc::channel(EVENTS_PENDING_MAX);
    let failed = |source| MonitorError::Watch {
        dir: dir.to_owned(),
        source,
    };
    let mut watcher = notify::recommended_watcher(report_to(dir.to_owned(), tx)).map_err(failed)?;
    if let Err(error) = watcher.watch(dir, RecursiveMode::NonRecursive) {
        tracing::warn!(dir = %dir.display(), %error, "the game directory cannot be watched");
        if !exists(dir).await {
            // It went before it was watched, and nobody else says so before the regular rescan.
            report(inputs, None).await;
            // One look shows that it is away; the others are not looked at again and again meanwhile.
            while !exists(dir).await {
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            return Ok(());
        }
        tokio::time::sleep(RETRY_PAUSE).await;
        return Ok(());
    }
    if let Some(above) = dir.parent()
        && let Err(error) = watcher.watch(above, RecursiveMode::NonRecursive)
    {
        tracing::debug!(dir = %above.display(), %error, "that the game directory goes is found by the regular rescan");
    }
    let mut roots = BTreeSet::new();
    watch_new_roots(&mut watcher, dir, &mut roots).await;
    // What happened between the first scan and this moment was not seen.
    report(inputs, None).await;
    while let Some(change) = rx.recv().await {
        match change {
            Change::Lost => report(inputs, None).await,
            Change::Replaced => {
                report(inputs, None).await;
                return Ok(());
            }
            Change::At(paths) => {
                for id in touched(dir, &paths) {
                    report(inputs, Some(id)).await;
                }
                if paths.iter().any(|path| path.parent() == Some(dir)) {
                    // One that was removed and made again lost its watch along the way.
                    roots.retain(|root| !paths.contains(root));
                    watch_new_roots(&mut watcher, dir, &mut roots).await;
                }
                if paths.iter().any(|path| path == dir) && !exists(dir).await {
                    report(inputs, None).await;
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn report_to(dir: PathBuf, tx: mpsc::Sender<Change>) -> impl FnMut(notify::Result<notify::Event>) {
    move |event| {
        let change = match event {
            Ok(event) if event.need_rescan() => Change::Lost,
            Ok(event) if event.kind.is_access() => return,
            // What else lies beside the game directory is nobody's business.
            Ok(event) if !event.paths.iter().any(|path| path.starts_with(&dir)) => return,
            Ok(event) if is_about_the_name(event.kind) && event.paths.contains(&dir) => {
                Change::Replaced
            }
            Ok(event) => Change::At(event.paths),
            Err(error) => {
                tracing::debug!(%error, "the system lost file events");
                Change::Lost
            }
        };
        // A full queue means that events are being lost; the regular rescan makes up for them, and
        // the events that are queued already name most of what changed.
        drop(tx.try_send(change));
    }
}

/// Whether something came, went, or got another name.
const fn is_about_the_name(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

async fn exists(dir: &Path) -> bool {
    tokio::fs::try_exists(dir).await.unwrap_or(false)
}

/// Adds a watch for each direct child that has none yet.
async fn watch_new_roots(
    watcher: &mut notify::RecommendedWatcher,
    dir: &Path,
    roots: &mut BTreeSet<PathBuf>,
) {
    let found = {
        let dir = dir.to_owned();
        tokio::task::spawn_blocking(move || child_dirs(&dir))
            .await
            .unwrap_or_default()
    };
    // A root that is gone took its watch along; should it come back, it is watched anew.
    roots.retain(|root| found.contains(root));
    for root in found {
        if roots.contains(&root) {
            continue;
        }
        match watcher.watch(&root, RecursiveMode::NonRecursive) {
            Ok(()) => drop(roots.insert(root)),
            Err(error) => {
                tracing::warn!(root = %root.display(), %error, "changes in this game are found by the regular rescan only");
            }
        }
    }
}

fn child_dirs(dir: &Path) -> BTreeSet<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return BTreeSet::new();
    };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// The games whose roots these paths lie in, without what Lanspread itself writes.
fn touched(dir: &Path, paths: &[PathBuf]) -> BTreeSet<GameId> {
    let mut ids = BTreeSet::new();
    for path in paths {
        let Ok(inside) = path.strip_prefix(dir) else {
            continue;
        };
        let mut parts = inside.components().map(Component::as_os_str);
        let Some(root) = parts.next().and_then(|part| part.to_str()) else {
            continue;
        };
        let own = parts
            .next()
            .and_then(|part| part.to_str())
            .is_some_and(|name| RootEntry::of_name(name) == RootEntry::Transient);
        if own {
            continue;
        }
        if let Ok(id) = GameId::parse(root) {
            ids.insert(id);
        }
    }
    ids
}

async fn report(inputs: &mpsc::Sender<Input>, id: Option<GameId>) {
    // The core is gone only when the peer ends.
    drop(inputs.send(Input::GameDirChanged { id }).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(paths: &[&str]) -> Vec<String> {
        let paths: Vec<_> = paths.iter().map(PathBuf::from).collect();
        touched(Path::new("/games"), &paths)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_change_names_the_game_root_it_lies_in() {
        assert_eq!(
            ids(&["/games/chess/version.ini", "/games/chess/a.eti"]),
            ["chess"]
        );
        assert_eq!(ids(&["/games/chess", "/games/go"]), ["chess", "go"]);
    }

    #[test]
    fn what_lanspread_writes_itself_is_no_change() {
        assert!(
            ids(&[
                "/games/chess/.lanspread.json",
                "/games/chess/.version.ini.tmp"
            ])
            .is_empty()
        );
    }

    #[test]
    fn paths_that_are_no_game_are_passed_over() {
        assert!(ids(&["/elsewhere/chess", "/games", "/games/.hidden/x"]).is_empty());
    }
}
