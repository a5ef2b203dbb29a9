//! The state as it goes on, for one client.
//!
//! Invariant: a client that is slow misses states between, never the last one, and costs no memory: what
//! it is sent next is made when it is ready for it.

use std::{sync::Arc, time::Duration};

use lanspread_peer::PeerView;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    app::App,
    patch::{Patch, Update},
    snapshot::{Seat, Snapshot},
};

/// A client is sent updates no more often than this.
pub const SNAPSHOT_PERIOD: Duration = Duration::from_millis(100);

/// The state as one client follows it.
#[derive(Debug)]
pub struct Live {
    app: Arc<App>,
    seat: Seat,
    views: watch::Receiver<Arc<PeerView>>,
    news: watch::Receiver<()>,
    /// Whether something may have changed since `sent`.
    stale: bool,
    sent: Option<Arc<Snapshot>>,
    sequence: u64,
    not_before: Instant,
}

impl Live {
    pub(crate) fn new(app: Arc<App>, seat: Seat) -> Self {
        Self {
            views: app.handle().game_db().subscribe(),
            news: app.news(),
            app,
            seat,
            stale: true,
            sent: None,
            sequence: 0,
            not_before: Instant::now(),
        }
    }

    /// Waits for something new; the whole state at first. Can be given up at any time without losing
    /// anything. `None` when the peer is gone.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            if !self.stale {
                tokio::select! {
                    changed = self.views.changed() => changed.ok()?,
                    changed = self.news.changed() => changed.ok()?,
                    () = self.app.ended().cancelled() => return None,
                }
                self.stale = true;
            }
            sleep_until(self.not_before).await;
            self.views.mark_unchanged();
            self.news.mark_unchanged();
            self.stale = false;
            let snapshot = Arc::new(self.app.snapshot().seen_from(self.seat));
            if let Some(update) = self.update(&snapshot) {
                self.sent = Some(snapshot);
                self.sequence += 1;
                self.not_before = Instant::now() + SNAPSHOT_PERIOD;
                return Some(update);
            }
        }
    }

    fn update(&self, snapshot: &Arc<Snapshot>) -> Option<Update> {
        let sequence = self.sequence;
        match &self.sent {
            None => Some(Update::Snapshot {
                sequence,
                seat: self.seat,
                snapshot: Arc::clone(snapshot),
            }),
            Some(sent) => Patch::between(sent, snapshot).map(|patch| Update::Patch {
                sequence,
                patch: Box::new(patch),
            }),
        }
    }
}
