//! What runs of games, and goes on when the peer that started it makes room for another.
//!
//! Invariant: a script that was begun is ended once. What became of it is told to the app that runs then.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use lanspread_db::{GameId, Script};

use crate::{
    app::{App, lock, unix_ms},
    snapshot::Running,
};

/// What runs, by game and script, and since when: milliseconds of the Unix epoch.
pub(crate) type RunningScripts = BTreeMap<(GameId, Script), u64>;

/// The scripts that this program started, and those of an earlier run that still go on.
///
/// Every clone speaks of the same ones, so that whoever starts one app after the other hands them on.
#[derive(Debug, Clone, Default)]
pub struct Scripts(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    running: Mutex<RunningScripts>,
    /// The app that was started last.
    app: Mutex<Weak<App>>,
    /// Whether it has been looked for those of an earlier run.
    are_taken_up: AtomicBool,
}

impl Scripts {
    /// This app is told from here on what becomes of them.
    pub(crate) fn belong_to(&self, app: &Arc<App>) {
        *lock(&self.0.app) = Arc::downgrade(app);
    }

    /// The app that was started last, unless it is gone.
    pub(crate) fn app(&self) -> Option<Arc<App>> {
        lock(&self.0.app).upgrade()
    }

    /// Whether those of an earlier run are to be looked for, which is done once.
    pub(super) fn are_to_be_taken_up(&self) -> bool {
        !self.0.are_taken_up.swap(true, Ordering::Relaxed)
    }

    /// Notes that one begins; whether it may, because it does not run yet.
    pub(crate) fn begin(&self, id: &GameId, script: Script) -> bool {
        self.begin_at(id, script, unix_ms())
    }

    /// Notes that one began at a time, in milliseconds since 1970; whether it may.
    pub(super) fn begin_at(&self, id: &GameId, script: Script, began_ms: u64) -> bool {
        match lock(&self.0.running).entry((id.clone(), script)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(began_ms);
                true
            }
        }
    }

    /// Notes that one has ended.
    pub(crate) fn end(&self, id: &GameId, script: Script) {
        lock(&self.0.running).remove(&(id.clone(), script));
    }

    /// Looks at what runs; nothing begins or ends meanwhile.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&RunningScripts) -> T) -> T {
        at(&lock(&self.0.running))
    }

    /// What runs, for the snapshot.
    pub(crate) fn told(&self) -> Vec<Running> {
        let told = |((id, script), since_ms): (&(GameId, Script), &u64)| Running {
            id: id.clone(),
            script: *script,
            since_ms: *since_ms,
        };
        self.look(|running| running.iter().map(told).collect())
    }
}
