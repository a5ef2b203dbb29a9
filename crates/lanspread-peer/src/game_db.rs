//! What embedders read: the last view the core published.
//!
//! Invariant: there is exactly one writer, the driver. Reading never waits for the core.

use std::sync::Arc;

use lanspread_core::{DiscoveryState, PeerView, Playing, RateLimits};
use lanspread_db::CatalogMode;
use tokio::sync::watch;

/// A shared, cheap handle on the merged view of games, peers and operations.
///
/// Make one, hand a clone to [`crate::start_peer`] and read from yours.
#[derive(Debug, Clone)]
pub struct PeerGameDB {
    view: Arc<watch::Sender<Arc<PeerView>>>,
}

impl Default for PeerGameDB {
    fn default() -> Self {
        Self::new()
    }
}

impl PeerGameDB {
    /// Makes an empty one.
    #[must_use]
    pub fn new() -> Self {
        let nothing = PeerView {
            mode: CatalogMode::Open,
            games: Arc::default(),
            peers: Vec::new(),
            kept_away: Vec::new(),
            messages: Vec::new(),
            operations: Vec::new(),
            outbound: Vec::new(),
            hashing: None,
            rate_limits: RateLimits::default(),
            playing: Playing::No,
            player: false,
            game_dir_problem: None,
            more_game_dirs: Vec::new(),
            free_bytes: None,
            discovery: DiscoveryState::default(),
        };
        Self {
            view: Arc::new(watch::Sender::new(Arc::new(nothing))),
        }
    }

    /// The last published view: what the events so far tell of is in it and so is whom
    /// this peer serves; how many uploads of each run, 50 ms after it changed.
    #[must_use]
    pub fn view(&self) -> Arc<PeerView> {
        self.view.borrow().clone()
    }

    /// Follows the views from here on.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<PeerView>> {
        self.view.subscribe()
    }

    pub(crate) fn publish(&self, view: Arc<PeerView>) {
        self.view.send_if_modified(|known| {
            let changed = !Arc::ptr_eq(known, &view);
            *known = view;
            changed
        });
    }
}
