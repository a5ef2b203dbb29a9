//! What runs of games, and goes on when the peer that started it makes room for another.
//!
//! Invariant: a script that was begun is ended once. What became of it is told to the app that runs then.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Arc, Mutex, Weak},
};

use lanspread_db::{GameId, Script};

use crate::{
    app::{App, lock, unix_ms},
    snapshot::Running,
};

/// What runs, by game and script, and since when: milliseconds of the Unix epoch.
pub(crate) type RunningScripts = BTreeMap<(GameId, Script), u64>;

/// The scripts that this program started. Every clone speaks of the same ones, so that whoever starts one app
/// after the other hands them on.
#[derive(Debug, Clone, Default)]
pub struct Scripts(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    running: Mutex<RunningScripts>,
    /// The app that was started last.
    app: Mutex<Weak<App>>,
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

    /// Notes that one begins; whether it may, because it does not run yet.
    pub(crate) fn begin(&self, id: &GameId, script: Script) -> bool {
        match lock(&self.0.running).entry((id.clone(), script)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(unix_ms());
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
