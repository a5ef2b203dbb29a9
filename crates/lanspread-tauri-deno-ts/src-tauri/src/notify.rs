//! What the system tells the user while he looks elsewhere: a game that came, an update, what
//! somebody says, somebody kept away.
//!
//! Invariant: nothing is told while the window has the focus, nothing twice, and no more than so many within a
//! minute, whatever a party does.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use lanspread_app::{App, GameState};
use lanspread_db::{GameId, Version};
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

/// How long after the first other peer is met the others may take to be found: what is offered by then was
/// so before this program began, and is no news.
const PARTY_IS_FOUND_WITHIN: Duration = Duration::from_mins(1);

/// Tells, and remembers what it told.
#[derive(Debug, Default)]
pub(crate) struct Notifier {
    told: VecDeque<Instant>,
    updates: Updates,
}

/// Which updates are known: of each game, the version that was offered last.
#[derive(Debug, Default)]
struct Updates {
    known: BTreeMap<GameId, Option<Version>>,
    /// When another peer was met first.
    company_since: Option<Instant>,
}

impl Updates {
    /// Another peer is there, whatever it has.
    fn in_company(&mut self, now: Instant) {
        self.company_since.get_or_insert(now);
    }

    /// Takes in the updates that there are; which of them have come up.
    fn come_up(
        &mut self,
        now: Instant,
        updates: &BTreeMap<GameId, Option<Version>>,
    ) -> BTreeSet<GameId> {
        let is_news = self
            .company_since
            .is_some_and(|since| now.duration_since(since) >= PARTY_IS_FOUND_WITHIN);
        let mut news = BTreeSet::new();
        for (id, version) in updates {
            // One that leaves with its peer and comes back with it is the same.
            let before = self.known.insert(id.clone(), *version);
            if is_news && before != Some(*version) {
                news.insert(id.clone());
            }
        }
        news
    }
}

impl Notifier {
    /// Tells what is worth it.
    pub(crate) fn follow(&mut self, desktop: &Desktop, app: &App, event: &PeerEvent) {
        let words = desktop.words();
        let texts = match event {
            PeerEvent::PeerConnected { .. } => {
                self.updates.in_company(Instant::now());
                Vec::new()
            }
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
        let games = snapshot.games.iter();
        let updates = games.filter(|game| game.state == GameState::UpdateAvailable);
        let offered = updates
            .clone()
            .map(|game| (game.id.clone(), game.expected_version))
            .collect();
        let news = self.updates.come_up(Instant::now(), &offered);
        updates
            .filter(|game| news.contains(&game.id))
            .map(|game| fill(words.update_available, &[("game", &game.title)]))
            .collect()
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
        PeerEvent::Message(message) if !message.own => Some(fill(
            words.message,
            &[
                ("name", message.name.as_str()),
                ("text", message.text.as_str()),
            ],
        )),
        PeerEvent::RuntimeFailed { reason } => Some(fill(words.broken, &[("reason", reason)])),
        PeerEvent::Message(_)
        | PeerEvent::LocalPeerReady { .. }
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
        | PeerEvent::UploadEnded { .. }
        | PeerEvent::HashingProgress { .. }
        | PeerEvent::Notice(_) => None,
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

    fn ids(ids: &[&str]) -> BTreeSet<GameId> {
        ids.iter()
            .map(|id| GameId::parse(id).expect("a valid id"))
            .collect()
    }

    fn offered(games: &[(&str, &str)]) -> BTreeMap<GameId, Option<Version>> {
        let offered = |(id, version): &(&str, &str)| {
            let id = GameId::parse(id).expect("a valid id");
            (id, Version::parse(version).ok())
        };
        games.iter().map(offered).collect()
    }

    /// Each start told every update that had been there for days, up to six at log-in.
    #[test]
    fn what_the_party_offers_when_it_is_found_is_known_and_what_comes_up_later_is_news() {
        const OLD: &str = "20240101";
        let mut updates = Updates::default();
        let start = Instant::now();
        assert_eq!(updates.come_up(start, &offered(&[])), ids(&[]));
        // However long nobody was there.
        let found = start + PARTY_IS_FOUND_WITHIN * 5;
        updates.in_company(found);
        let mut come_up = |at, games: &[(&str, &str)]| updates.come_up(at, &offered(games));
        assert_eq!(come_up(found, &[("chess", OLD)]), ids(&[]));
        let soon = found + PARTY_IS_FOUND_WITHIN / 2;
        assert_eq!(come_up(soon, &[("go", OLD)]), ids(&[]));
        let later = found + PARTY_IS_FOUND_WITHIN;
        let all = [("chess", OLD), ("go", OLD), ("quake", OLD)];
        assert_eq!(come_up(later, &all), ids(&["quake"]));
        assert_eq!(come_up(later, &all), ids(&[]), "once");
        assert_eq!(come_up(later, &[]), ids(&[]));
        assert_eq!(come_up(later, &all), ids(&[]), "a peer went and came");
        let newer = [("go", "20250101")];
        assert_eq!(come_up(later, &newer), ids(&["go"]));
    }
}
