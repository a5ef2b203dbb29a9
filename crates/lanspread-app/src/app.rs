//! A running peer as interfaces see it: commands in, snapshots and events out to all who look.
//!
//! Invariant: no event is lost to a listener that was there before the peer was, and every interface of
//! one peer sees the same state.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use lanspread_db::{Catalog, GameId, INSTALL_DIR, Script};
use lanspread_peer::{
    GameView, Notice, PartyCode, PeerEvent, PeerId, PeerName, PeerRuntimeHandle, PeerView,
};
use lanspread_unpack::{CancelFlag, FORMAT_NAMES};
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    clocks::Clocks,
    compose::{self, Composed},
    covers::{self, Cover, Covers},
    first_seen::FirstSeen,
    health::{self, FolderCheck, Health},
    history::History,
    install_size::{self, InstallSize},
    live::Live,
    logs::{ApplicationLog, GameLog, GameRun, LogLine, LogPage, UnpackLog, UnpackRun},
    play::Scripts,
    queue::Queue,
    settings::Settings,
    snapshot::{Game, GameDetails, MoreGamesDir, Running, Seat, Snapshot, Wishes},
    start::{Chosen, catalog_beside},
    told::NoticeAbout,
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
    covers: Mutex<Covers>,
    history: Mutex<History>,
    /// The games of the last view that somebody looked at: they are many and change seldom.
    games: Mutex<Option<KeptGames>>,
    pub(crate) first_seen: Mutex<FirstSeen>,
    /// Whether the folder of games can be written to, as it was found last.
    pub(crate) folder: Mutex<FolderCheck>,
    /// What the clocks of the other peers said.
    pub(crate) clocks: Mutex<Clocks>,
    /// Told when the folder has to be tried anew.
    pub(crate) folder_wanted: Notify,
    pub(crate) scripts: Scripts,
    /// Who starts a game or begins to change its files, one after the other.
    pub(crate) files_turn: tokio::sync::Mutex<()>,
    pub(crate) queue: Mutex<Queue>,
    pub(crate) settings: watch::Sender<Settings>,
    /// Whether guests may come until the settings say something else.
    guests_from_start: AtomicBool,
    /// Who changes the settings, one after the other.
    pub(crate) settings_turn: tokio::sync::Mutex<()>,
    started_with: StartedWith,
    /// The catalog that the next start finds beside the games.
    catalog_beside: Mutex<Option<PathBuf>>,
    pub(crate) logs: Logs,
    events: broadcast::Sender<Arc<PeerEvent>>,
    /// Changes whenever something is in a snapshot that does not come from the peer's view.
    news: watch::Sender<()>,
    began: Instant,
    ready: CancellationToken,
    leave: CancellationToken,
    ended: CancellationToken,
}

/// What an app begins with beside the peer.
#[derive(Debug)]
pub(crate) struct Takeover {
    pub(crate) facts: Facts,
    pub(crate) games_dir: PathBuf,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) settings: Settings,
    pub(crate) started_with: StartedWith,
    /// Downloads that wait; `None` where they are left to another peer.
    pub(crate) queue: Option<Queue>,
    pub(crate) first_seen: FirstSeen,
    pub(crate) logs: Logs,
    pub(crate) scripts: Scripts,
    /// What is told first.
    pub(crate) notices: Vec<(NoticeAbout, String)>,
}

/// What the peer was started with, beside which the user's wishes are held.
#[derive(Debug)]
pub(crate) struct StartedWith {
    /// What the settings were.
    pub(crate) settings: Settings,
    /// The code of the party, wherever it came from.
    pub(crate) party_code: Option<PartyCode>,
    /// Whether the user named a catalog, so that none is looked for.
    pub(crate) catalog_named: bool,
}

/// What happened, for those who ask later.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logs {
    pub(crate) application: ApplicationLog,
    pub(crate) unpacking: UnpackLog,
    pub(crate) games: GameLog,
}

impl Logs {
    /// Keeps them in the state directory from here on.
    pub(crate) fn attach(&self, state_dir: &Path) {
        let dir = state_dir.join("logs");
        self.application.attach(&dir);
        self.unpacking.attach(&dir);
        self.games.attach(&dir);
    }

    fn flush(&self) {
        self.application.flush();
        self.unpacking.flush();
        self.games.flush();
    }
}

/// Games as the peer shows them, and what was made of them.
#[derive(Debug)]
struct KeptGames {
    of: Arc<Vec<GameView>>,
    games: Arc<Vec<Game>>,
}

impl App {
    /// Takes over a running peer and its events. Whoever holds the returned listener hears every event
    /// from the beginning.
    pub(crate) fn take_over(
        handle: PeerRuntimeHandle,
        rx_events: mpsc::Receiver<PeerEvent>,
        takeover: Takeover,
    ) -> (Arc<Self>, Events) {
        let Takeover {
            facts,
            games_dir,
            catalog,
            settings,
            started_with,
            queue,
            first_seen,
            logs,
            scripts,
            notices,
        } = takeover;
        let tends = queue.is_some();
        let (events, listener) = broadcast::channel(EVENT_QUEUE_LEN);
        let covers = facts.catalog.as_deref().map(Covers::beside);
        let app = Arc::new(Self {
            handle,
            catalog_beside: Mutex::new(facts.catalog.clone()),
            facts,
            games_dir: Mutex::new(games_dir),
            catalog,
            covers: Mutex::new(covers.unwrap_or_default()),
            history: Mutex::default(),
            games: Mutex::default(),
            first_seen: Mutex::new(first_seen),
            scripts,
            folder: Mutex::default(),
            clocks: Mutex::default(),
            folder_wanted: Notify::new(),
            files_turn: tokio::sync::Mutex::default(),
            queue: Mutex::new(queue.unwrap_or_default()),
            settings: watch::Sender::new(settings),
            guests_from_start: AtomicBool::new(false),
            settings_turn: tokio::sync::Mutex::default(),
            started_with,
            logs,
            events,
            news: watch::Sender::new(()),
            began: Instant::now(),
            ready: CancellationToken::new(),
            leave: CancellationToken::new(),
            ended: CancellationToken::new(),
        });
        app.scripts.belong_to(&app);
        app.take_up_scripts();
        for (about, message) in notices {
            app.notice(about, message);
        }
        tokio::spawn(Arc::clone(&app).pump(rx_events));
        if tends {
            tokio::spawn(Arc::clone(&app).tend());
            tokio::spawn(Arc::clone(&app).unpack_covers());
            tokio::spawn(Arc::clone(&app).watch_health());
        }
        (app, listener)
    }

    /// Carries events from the peer to all listeners, from the first to the last.
    async fn pump(self: Arc<Self>, mut rx_events: mpsc::Receiver<PeerEvent>) {
        while let Some(event) = rx_events.recv().await {
            let is_ready = matches!(event, PeerEvent::LocalPeerReady { .. });
            let is_back = matches!(
                &event,
                PeerEvent::Notice(Notice {
                    about: lanspread_peer::NoticeAbout::GameDirReadable,
                    ..
                })
            );
            self.tell(event);
            if is_back {
                let app = Arc::clone(&self);
                tokio::spawn(async move { app.look_beside().await });
            }
            if is_ready {
                self.ready.cancel();
            }
        }
        // Commands that come from here on are answered by the peer's own refusal.
        self.ready.cancel();
        self.leave.cancel();
        self.logs.flush();
        self.ended.cancel();
    }

    /// Tells all who listen what the user should know, of which the peer itself knows nothing.
    pub fn notice(&self, about: NoticeAbout, message: String) {
        lock(&self.history).tell(unix_ms(), about, message.clone());
        self.tell_news();
        let notice = Notice {
            about: lanspread_peer::NoticeAbout::Embedder,
            message,
        };
        drop(self.events.send(Arc::new(PeerEvent::Notice(notice))));
    }

    fn tell(&self, event: PeerEvent) {
        if matches!(event, PeerEvent::Message(_)) {
            lock(&self.history).keep_shown(&self.view().messages);
        }
        // A download that rests has not ended for whoever looks.
        let rests = self.note_in_queue(&event);
        if rests || lock(&self.history).note(unix_ms(), &event) {
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

    /// Follows the state from here on, from a seat.
    #[must_use]
    pub fn live(self: &Arc<Self>, seat: Seat) -> Live {
        Live::new(Arc::clone(self), seat)
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

    /// The folders of games beside that one, in their order.
    #[must_use]
    pub fn more_games_dirs(&self) -> Vec<MoreGamesDir> {
        compose::more_games_dirs(&self.handle().game_dirs(), &self.view())
    }

    /// Another folder is used from here on.
    pub(crate) async fn use_games_dir(&self, path: PathBuf) {
        *lock(&self.games_dir) = path;
        *lock(&self.folder) = FolderCheck::Unknown;
        self.look_beside().await;
        self.check_health();
    }

    /// Looks which catalog lies beside the games: the folder is another one, or can be read again.
    async fn look_beside(&self) {
        let path = self.games_dir();
        let folder = path.clone();
        let beside = tokio::task::spawn_blocking(move || catalog_beside(&folder)).await;
        if path == self.games_dir() {
            *lock(&self.catalog_beside) = beside.ok().flatten().map(Chosen::into_value);
        }
        self.news.send_replace(());
    }

    /// What the user wishes.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.borrow().clone()
    }

    /// Follows what the user wishes, whoever changes it.
    #[must_use]
    pub fn settings_changes(&self) -> watch::Receiver<Settings> {
        self.settings.subscribe()
    }

    /// Lets guests in until the settings are changed in that; kept nowhere.
    pub fn let_guests_in(&self) {
        self.guests_from_start.store(true, Ordering::Relaxed);
        self.tell_news();
    }

    /// Whether whoever opens the page without its token may look and fetch games.
    #[must_use]
    pub fn lets_guests_in(&self) -> bool {
        self.guests_from_start.load(Ordering::Relaxed) || self.settings.borrow().guests
    }

    /// From here on the settings alone say whether guests may come.
    pub(crate) fn follow_settings_on_guests(&self) {
        self.guests_from_start.store(false, Ordering::Relaxed);
    }

    /// What games call the player: the peer's name, or the one that was wished since it was started.
    pub(crate) fn player_name(&self) -> PeerName {
        let settings = self.settings.borrow();
        if settings.name == self.started_with.settings.name {
            self.facts.name.clone()
        } else {
            settings.name_or_default()
        }
    }

    fn wishes(&self) -> Wishes {
        let settings = self.settings();
        let then = &self.started_with;
        let other_catalog =
            !then.catalog_named && *lock(&self.catalog_beside) != self.facts.catalog;
        Wishes {
            name: settings.name.as_ref().map(ToString::to_string),
            language: settings.language,
            party_code: settings.party_code.is_some(),
            party_code_differs: settings.party_code != then.party_code,
            start_with_system: settings.start_with_system,
            keep_in_tray: settings.keep_in_tray,
            guests: self.lets_guests_in(),
            restart_needed: settings.name != then.settings.name
                || settings.party_code != then.settings.party_code
                || other_catalog,
        }
    }

    /// Whether this machine can take part.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            adapters: health::adapters(&self.handle.adapters().borrow()),
            folder: lock(&self.folder).clone(),
            clock: lock(&self.clocks).check(self.uptime(), unix_ms()),
            archive_formats: FORMAT_NAMES.to_vec(),
        }
    }

    /// The lines of the program's log after a number.
    #[must_use]
    pub fn log(&self, after: u64) -> LogPage<LogLine> {
        self.logs.application.page(after)
    }

    /// The archives that were unpacked after a number.
    #[must_use]
    pub fn unpack_log(&self, after: u64) -> LogPage<UnpackRun> {
        self.logs.unpacking.page(after)
    }

    /// The scripts of games that ran after a number.
    #[must_use]
    pub fn game_log(&self, after: u64) -> LogPage<GameRun> {
        self.logs.games.page(after)
    }

    /// For how long it has run.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// Notes that a script begins; whether it may, because it does not run yet.
    pub(crate) fn script_begins(&self, id: &GameId, script: Script) -> bool {
        let begins = self.scripts.begin(id, script);
        self.news.send_replace(());
        begins
    }

    pub(crate) fn script_ended(&self, id: &GameId, script: Script) {
        self.scripts.end(id, script);
        self.news.send_replace(());
    }

    /// Scripts of games that run, by game.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        self.scripts.told()
    }

    /// What the peer itself shows.
    #[must_use]
    pub fn view(&self) -> Arc<PeerView> {
        self.handle.game_db().view()
    }

    pub(crate) fn tell_news(&self) {
        self.news.send_replace(());
    }

    pub(crate) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// The state at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let view = self.view();
        let games = self.games_of(&view);
        let queue = lock(&self.queue).clone();
        let history = lock(&self.history);
        compose::snapshot(Composed {
            view: &view,
            games,
            me: compose::me(self, &view),
            health: self.health(),
            running: self.running(),
            queue: &queue,
            settings: self.wishes(),
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
        self.note_seen(view);
        let covers = lock(&self.covers);
        let games = compose::games(
            &view.games,
            &self.catalog,
            &covers,
            &lock(&self.first_seen),
            &self.handle().found_beyond_first(),
        );
        let games = Arc::new(games);
        *kept = Some(KeptGames {
            of: Arc::clone(&view.games),
            games: Arc::clone(&games),
        });
        games
    }

    /// Makes the pictures ready that lie beside the catalog in an archive: no start waits for that.
    async fn unpack_covers(self: Arc<Self>) {
        let Some(beside) = self.facts.catalog.as_deref().and_then(Path::parent) else {
            return;
        };
        let (beside, state_dir) = (beside.to_owned(), self.facts.state_dir.clone());
        let cancel = CancelFlag::new();
        let flag = cancel.clone();
        let mut work =
            tokio::task::spawn_blocking(move || covers::prepare(&beside, &state_dir, &flag));
        let prepared = tokio::select! {
            prepared = &mut work => prepared,
            () = self.leave.cancelled() => return cancel.cancel(),
        };
        match prepared {
            Ok(Ok(Some(folder))) => {
                lock(&self.covers).add_folder(&folder);
                *lock(&self.games) = None;
                self.tell_news();
            }
            Ok(Ok(None)) => {}
            Ok(Err(message)) => self.notice(NoticeAbout::NoCovers, message),
            Err(error) => tracing::error!(%error, "the pictures of games cannot be unpacked"),
        }
    }

    /// Notes the games that are new, whether somebody looks or not.
    pub(crate) fn note_seen(&self, view: &PeerView) {
        let games = view.games.iter().map(|game| &game.id);
        lock(&self.first_seen).note(games, unix_ms());
    }

    /// The picture of a game, if there is one.
    pub async fn cover(&self, id: &GameId) -> Option<Cover> {
        let path = lock(&self.covers).path(id)?;
        let read = tokio::task::spawn_blocking(move || covers::read(&path));
        read.await.ok().flatten()
    }

    /// How much of a game is unpacked here, counted when it is asked for; `None` if it cannot be counted.
    pub async fn install_size(&self, id: &GameId) -> Option<InstallSize> {
        let local = self.handle().game_root(id).await.join(INSTALL_DIR);
        let counted = tokio::task::spawn_blocking(move || install_size::measure(&local)).await;
        match counted.ok()? {
            Ok(size) => Some(size),
            Err(error) => {
                tracing::warn!(game = %id, %error, "what is unpacked of it cannot be counted");
                None
            }
        }
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
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since 1970 by this machine's clock; 0 for a clock that stands before that.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |time| {
            u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
        })
}
