//! A running peer as interfaces see it: commands in, snapshots and events out to all who look.
//!
//! Invariant: no event is lost to a listener that was there before the peer was, and every interface of
//! one peer sees the same state.

use std::{
    collections::btree_map::Entry,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use lanspread_db::{Catalog, GameId};
use lanspread_peer::{GameView, PeerEvent, PeerId, PeerName, PeerRuntimeHandle, PeerView};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    compose::{self, Composed},
    covers::{self, Cover, Covers},
    history::History,
    live::Live,
    play::{self, RunningScripts, Script},
    snapshot::{Game, GameDetails, NoticeKind, Snapshot},
};

/// Events a listener may be behind before it loses the oldest.
const EVENT_QUEUE_LEN: usize = 4096;

/// Events on their way to one listener.
pub type Events = broadcast::Receiver<Arc<PeerEvent>>;

/// What a peer was started with, as far as users are told.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What it calls itself.
    pub name: PeerName,
    /// Whether the party has a code; the code itself is told to nobody.
    pub party_code: bool,
    /// Whether chunks move without encryption where the other side wants that, too.
    pub unencrypted_lanes: bool,
    /// Whose expulsions this peer follows.
    pub organiser: Option<PeerId>,
    /// Where it keeps what it writes for itself.
    pub state_dir: PathBuf,
    /// The catalog of the party.
    pub catalog: Option<PathBuf>,
}

/// A running peer and what is said about it.
#[derive(Debug)]
pub struct App {
    handle: PeerRuntimeHandle,
    facts: Facts,
    games_dir: Mutex<PathBuf>,
    catalog: Arc<Catalog>,
    covers: Covers,
    history: Mutex<History>,
    /// The games of the last view that somebody looked at: they are many and change seldom.
    games: Mutex<Option<KeptGames>>,
    scripts: Mutex<RunningScripts>,
    events: broadcast::Sender<Arc<PeerEvent>>,
    /// Changes whenever something is in a snapshot that does not come from the peer's view.
    news: watch::Sender<()>,
    began: Instant,
    ready: CancellationToken,
    leave: CancellationToken,
    ended: CancellationToken,
}

/// Games as the peer shows them, and what was made of them.
#[derive(Debug)]
struct KeptGames {
    of: Arc<Vec<GameView>>,
    games: Arc<Vec<Game>>,
}

impl App {
    /// Takes over a running peer and its events; `notices` are told first. Whoever holds the returned
    /// listener hears every event from the beginning.
    pub(crate) fn take_over(
        handle: PeerRuntimeHandle,
        rx_events: mpsc::Receiver<PeerEvent>,
        facts: Facts,
        games_dir: PathBuf,
        catalog: Arc<Catalog>,
        notices: Vec<String>,
    ) -> (Arc<Self>, Events) {
        let (events, listener) = broadcast::channel(EVENT_QUEUE_LEN);
        let covers = facts.catalog.as_deref().map(Covers::beside);
        let app = Arc::new(Self {
            handle,
            facts,
            games_dir: Mutex::new(games_dir),
            catalog,
            covers: covers.unwrap_or_default(),
            history: Mutex::default(),
            games: Mutex::default(),
            scripts: Mutex::default(),
            events,
            news: watch::Sender::new(()),
            began: Instant::now(),
            ready: CancellationToken::new(),
            leave: CancellationToken::new(),
            ended: CancellationToken::new(),
        });
        for message in notices {
            app.notice(message);
        }
        tokio::spawn(Arc::clone(&app).pump(rx_events));
        (app, listener)
    }

    /// Carries events from the peer to all listeners, from the first to the last.
    async fn pump(self: Arc<Self>, mut rx_events: mpsc::Receiver<PeerEvent>) {
        while let Some(event) = rx_events.recv().await {
            let is_ready = matches!(event, PeerEvent::LocalPeerReady { .. });
            self.tell(event);
            if is_ready {
                self.ready.cancel();
            }
        }
        // Commands that come from here on are answered by the peer's own refusal.
        self.ready.cancel();
        self.leave.cancel();
        self.ended.cancel();
    }

    /// Tells all who listen what the user should know.
    pub fn notice(&self, message: String) {
        self.tell(PeerEvent::Notice { message });
    }

    fn tell(&self, event: PeerEvent) {
        if lock(&self.history).note(unix_ms(), &event) {
            self.news.send_replace(());
        }
        // With nobody listening an event is told to nobody.
        drop(self.events.send(Arc::new(event)));
    }

    /// Follows the events from here on.
    #[must_use]
    pub fn events(&self) -> Events {
        self.events.subscribe()
    }

    /// Follows the state from here on.
    #[must_use]
    pub fn live(self: &Arc<Self>) -> Live {
        Live::new(Arc::clone(self))
    }

    /// Set once the listener is bound, and at the end.
    #[must_use]
    pub const fn ready(&self) -> &CancellationToken {
        &self.ready
    }

    /// Set when somebody asked this peer to end, or it ended by itself.
    #[must_use]
    pub const fn leave(&self) -> &CancellationToken {
        &self.leave
    }

    /// Set when the peer has ended and its last event is told.
    #[must_use]
    pub const fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// The peer itself.
    #[must_use]
    pub const fn handle(&self) -> &PeerRuntimeHandle {
        &self.handle
    }

    /// What it was started with.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The folder of games that is used.
    #[must_use]
    pub fn games_dir(&self) -> PathBuf {
        lock(&self.games_dir).clone()
    }

    pub(crate) fn set_games_dir(&self, path: PathBuf) {
        *lock(&self.games_dir) = path;
        self.news.send_replace(());
    }

    /// For how long it has run.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// Notes that a script begins; whether it may, because it does not run yet.
    pub(crate) fn script_begins(&self, id: &GameId, script: Script) -> bool {
        let mut scripts = lock(&self.scripts);
        let begins = match scripts.entry((id.clone(), script)) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(unix_ms());
                true
            }
        };
        self.news.send_replace(());
        begins
    }

    pub(crate) fn script_ended(&self, id: &GameId, script: Script) {
        lock(&self.scripts).remove(&(id.clone(), script));
        self.news.send_replace(());
    }

    /// Tells that a script failed.
    pub(crate) fn script_failed(&self, id: &GameId, message: String) {
        let kind = NoticeKind::ScriptFailed;
        lock(&self.history).tell(unix_ms(), kind, Some(id.to_string()), message.clone());
        self.news.send_replace(());
        drop(self.events.send(Arc::new(PeerEvent::Notice { message })));
    }

    /// What the peer itself shows.
    #[must_use]
    pub fn view(&self) -> Arc<PeerView> {
        self.handle.game_db().view()
    }

    pub(crate) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// The state at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let view = self.view();
        let games = self.games_of(&view);
        let history = lock(&self.history);
        compose::snapshot(Composed {
            view: &view,
            games,
            me: compose::me(self, &view),
            running: play::running(&lock(&self.scripts)),
            history: &history,
        })
    }

    fn games_of(&self, view: &PeerView) -> Arc<Vec<Game>> {
        let mut kept = lock(&self.games);
        if let Some(kept) = kept.as_ref()
            && Arc::ptr_eq(&kept.of, &view.games)
        {
            return Arc::clone(&kept.games);
        }
        let games = Arc::new(compose::games(&view.games, &self.catalog, &self.covers));
        *kept = Some(KeptGames {
            of: Arc::clone(&view.games),
            games: Arc::clone(&games),
        });
        games
    }

    /// The picture of a game, if there is one.
    pub async fn cover(&self, id: &GameId) -> Option<Cover> {
        let path = self.covers.path(id)?;
        let read = tokio::task::spawn_blocking(move || covers::read(&path));
        read.await.ok().flatten()
    }

    /// What is told of one game; `None` if nobody knows it.
    #[must_use]
    pub fn details(&self, id: &GameId) -> Option<GameDetails> {
        let view = self.view();
        let game = view.games.iter().find(|game| game.id == *id)?;
        Some(compose::details(game, self.catalog.get(id)))
    }
}

/// What a lock holds is whole between two calls, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since 1970 by this machine's clock; 0 for a clock that stands before that.
fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |time| {
            u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
        })
}
