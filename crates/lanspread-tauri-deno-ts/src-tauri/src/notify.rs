//! What the system tells the user while he looks elsewhere: a game that came, an update, somebody kept away.
//!
//! Invariant: nothing is told while the window has the focus, nothing twice, and no more than so many within a
//! minute, whatever a party does.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use lanspread_app::{App, GameState};
use lanspread_db::GameId;
use lanspread_peer::{OperationKind, Outcome, PeerEvent};
use notify_rust::Notification;

use crate::{
    desktop::Desktop,
    words::{Words, fill},
};

/// Most notifications within [`WITHIN`]; what is past that is in the window.
const NOTIFICATIONS_MAX: usize = 6;

/// The time within which they are counted.
const WITHIN: Duration = Duration::from_mins(1);

/// Tells, and remembers what it told.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    told: VecDeque<Instant>,
    updates: BTreeSet<GameId>,
}

impl Notifier {
    /// Tells what is worth it.
    pub(crate) fn follow(&mut self, desktop: &Desktop, app: &App, event: &PeerEvent) {
        let words = desktop.words();
        let texts = match event {
            PeerEvent::GamesListUpdated => self.updates(app, words),
            other => text(app, words, other).into_iter().collect(),
        };
        for text in texts {
            if !desktop.is_focused() && self.may_tell(Instant::now()) {
                tell(text);
            }
        }
    }

    /// Games of which an update has come up.
    fn updates(&mut self, app: &App, words: &Words) -> Vec<String> {
        let snapshot = app.snapshot();
        let mut texts = Vec::new();
        let mut updates = BTreeSet::new();
        for game in snapshot.games.iter() {
            if game.state == GameState::UpdateAvailable {
                updates.insert(game.id.clone());
                if !self.updates.contains(&game.id) {
                    texts.push(fill(words.update_available, &[("game", &game.title)]));
                }
            }
        }
        self.updates = updates;
        texts
    }

    fn may_tell(&mut self, now: Instant) -> bool {
        while self
            .told
            .front()
            .is_some_and(|told| now.duration_since(*told) >= WITHIN)
        {
            self.told.pop_front();
        }
        let may = self.told.len() < NOTIFICATIONS_MAX;
        if may {
            self.told.push_back(now);
        }
        may
    }
}

fn text(app: &App, words: &Words, event: &PeerEvent) -> Option<String> {
    match event {
        PeerEvent::OperationEnded { id, kind, outcome } => ended(app, words, id, *kind, outcome),
        PeerEvent::PeerKeptAway { name, reason, .. } => Some(fill(
            words.kept_away,
            &[("name", name.as_str()), ("reason", &reason.to_string())],
        )),
        PeerEvent::RuntimeFailed { reason } => Some(fill(words.broken, &[("reason", reason)])),
        PeerEvent::LocalPeerReady { .. }
        | PeerEvent::PeerConnected { .. }
        | PeerEvent::PeerMoved { .. }
        | PeerEvent::PeerLost { .. }
        | PeerEvent::PeerRefused { .. }
        | PeerEvent::PeerReadmitted { .. }
        | PeerEvent::RatesChanged { .. }
        | PeerEvent::ConnectFinished { .. }
        | PeerEvent::GamesListUpdated
        | PeerEvent::ActiveOperationsChanged { .. }
        | PeerEvent::GotGameFiles { .. }
        | PeerEvent::GetGameFailed { .. }
        | PeerEvent::ManifestConflict { .. }
        | PeerEvent::OperationBegan { .. }
        | PeerEvent::OperationProgress { .. }
        | PeerEvent::SourceDropped { .. }
        | PeerEvent::HashingProgress { .. }
        | PeerEvent::Notice { .. } => None,
    }
}

/// How an operation ended, if the user waits for that.
fn ended(
    app: &App,
    words: &Words,
    id: &GameId,
    kind: OperationKind,
    outcome: &Outcome,
) -> Option<String> {
    let view = app.view();
    let game = view.games.iter().find(|game| game.id == *id);
    let title = game.map_or_else(|| id.to_string(), |game| game.title.clone());
    // What is unpacked next is told when it is ready.
    let goes_on = view.operations.iter().any(|operation| operation.id == *id);
    let text = match (kind, outcome) {
        (OperationKind::Download, Outcome::Finished(_)) if !goes_on => words.downloaded,
        (OperationKind::Install, Outcome::Finished(_)) => words.installed,
        (OperationKind::Download | OperationKind::Install, Outcome::Failed(_)) => words.failed,
        (
            OperationKind::Download
            | OperationKind::Install
            | OperationKind::Uninstall
            | OperationKind::Remove
            | OperationKind::Verify
            | OperationKind::Recover,
            Outcome::Finished(_) | Outcome::Failed(_) | Outcome::Cancelled,
        ) => return None,
    };
    let reason = match outcome {
        Outcome::Failed(error) => error.message.as_str(),
        Outcome::Finished(_) | Outcome::Cancelled => "",
    };
    Some(fill(text, &[("game", &title), ("reason", reason)]))
}

/// Hands a text to the system, which may take its time, or have nobody who shows it.
fn tell(text: String) {
    tauri::async_runtime::spawn_blocking(move || {
        let mut notification = Notification::new();
        notification
            .appname("Lanspread")
            .summary("Lanspread")
            .body(&text);
        if let Err(error) = notification.show() {
            tracing::debug!(%error, text, "a notification was not shown");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_told_within_a_minute_and_one_more_is_not() {
        let mut notifier = Notifier::default();
        let now = Instant::now();
        for _ in 0..NOTIFICATIONS_MAX {
            assert!(notifier.may_tell(now));
        }
        assert!(!notifier.may_tell(now));
        assert!(notifier.may_tell(now + WITHIN));
    }
}
