//! One peer: the machines put together.
//!
//! Invariant: each input is handled to the end before the next; nothing happens between inputs. It
//! decides nothing itself: it hands facts to the machine they concern.

use std::sync::Arc;

use crate::{Config, Effect, Input, Now, PeerView, outbox::Outbox};

/// What an effect is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The whole game directory is looked at.
    ScanLibrary,
}

/// The control plane of one peer.
///
/// The driver's loop: [`Peer::handle`] one input; then carry out all of [`Peer::poll_effect`]; then
/// wait for the next input, but no longer than [`Peer::poll_deadline`], and tell [`Input::Tick`]
/// when that is due.
#[derive(Debug)]
pub struct Peer {
    config: Config,
    out: Outbox<Purpose>,
    view: Arc<PeerView>,
}

impl Peer {
    /// A peer that begins at `start`. It has effects at once: the game directory is scanned.
    #[must_use]
    pub fn new(config: Config, start: Now) -> Self {
        let _ = start;
        let view = PeerView {
            mode: config.catalog.mode(),
            games: Arc::default(),
            peers: Vec::new(),
            operations: Vec::new(),
            outbound: Vec::new(),
        };
        let mut out = Outbox::default();
        out.ask(Purpose::ScanLibrary, |effect| Effect::ScanLibrary { effect });
        Self { config, out, view: Arc::new(view) }
    }

    /// Takes in one fact. `now` never goes backwards. Effects may follow.
    pub fn handle(&mut self, now: Now, input: Input) {
        let _ = (now, input, &self.config);
    }

    /// The next effect to carry out; `None` until the next input.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.out.pop()
    }

    /// When [`Input::Tick`] is due next. Changes with every input.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Now> {
        None
    }

    /// What users see. Cheap when nothing changed since the last call: the same `Arc` again.
    pub fn view(&mut self) -> Arc<PeerView> {
        Arc::clone(&self.view)
    }
}
