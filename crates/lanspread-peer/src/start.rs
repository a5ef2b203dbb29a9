//! Puts a peer together and takes it apart again.
//!
//! Invariant: every task is tracked; when the end is told, none is left.

use std::{
    convert::Infallible,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use lanspread_core::{
    Config, DiscoveryState, DiskFailure, Door, Expelled, Input, Notice, NoticeAbout, Peer,
    PeerEvent, RateLimits, StateFile,
};
use lanspread_db::Catalog;
use lanspread_disk::{Disk, Unreadable};
use lanspread_proto::{LibraryEpoch, LibraryRevision, ListenAddr, PeerId};
use lanspread_unpack::Unpacker;
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    driver::{Clock, Driver, INPUT_QUEUE_LEN},
    events::EventOutbox,
    executor::{Executor, ExecutorParts, Transports},
    expelled_file::ExpelledFile,
    game_db::PeerGameDB,
    handle::{PeerRuntimeHandle, PendingCommands, RuntimeEnd},
    identity::{self, Identity, IdentityError},
    net::Rates,
    options::{DiscoveryMode, PeerOptions},
    rates_file::RatesFile,
    shared_game::Reader,
    state_lock::StateLock,
    supervisor::keep_running,
    tasks::{
        discovery::{DiscoveryTask, run_peer_discovery},
        monitor::run_local_game_monitor,
        ping::run_ping_service,
        server::{ServerTask, run_server_component},
    },
};

/// How long the effects of an ended peer may take to end; what is longer is left to the process.
const EFFECTS_END: Duration = Duration::from_millis(500);

/// Why a peer could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no async runtime to run in.
    #[error("a peer runs inside a tokio runtime; call start_peer from within one")]
    NoRuntime,
    /// The state directory cannot be used.
    #[error("the state directory {} cannot be used: {source}; choose another one", dir.display())]
    StateDir {
        /// The directory.
        dir: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another peer runs on the same state directory.
    #[error("another peer runs on the state directory {}; stop it, or give this one a directory of its own", dir.display())]
    StateDirBusy {
        /// The directory.
        dir: PathBuf,
    },
    /// The game directory cannot be used.
    #[error("the game directory {} cannot be used: {reason}", dir.display())]
    GameDir {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The further game directories cannot be used together.
    #[error("the further folders of games cannot be used: {0}")]
    MoreGameDirs(DiskFailure),
    /// The own identity cannot be read or made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The system gives no randomness.
    #[error("the system gives no random numbers: {0}")]
    Randomness(getrandom::Error),
}

/// Starts a peer with default options: listening on every address, found by mDNS, its state in the
/// user's data directory.
///
/// Events arrive in `tx_events`; `peer_game_db` is kept up to date with the merged view.
///
/// # Errors
/// The directories or the identity cannot be used, or this is called outside of a tokio runtime.
pub fn start_peer(
    game_dir: impl Into<PathBuf>,
    tx_events: mpsc::Sender<PeerEvent>,
    peer_game_db: PeerGameDB,
    unpacker: Arc<dyn Unpacker>,
    catalog: Catalog,
) -> Result<PeerRuntimeHandle, StartError> {
    let options = PeerOptions::default();
    start_peer_with(
        options,
        game_dir,
        tx_events,
        peer_game_db,
        unpacker,
        catalog,
    )
}

/// Starts a peer.
///
/// # Errors
/// The directories or the identity cannot be used, or this is called outside of a tokio runtime.
pub fn start_peer_with(
    options: PeerOptions,
    game_dir: impl Into<PathBuf>,
    tx_events: mpsc::Sender<PeerEvent>,
    peer_game_db: PeerGameDB,
    unpacker: Arc<dyn Unpacker>,
    catalog: impl Into<Arc<Catalog>>,
) -> Result<PeerRuntimeHandle, StartError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
    let game_dir = game_dir.into();
    let lock = StateLock::take(&options.state_dir)?;
    let identity::Loaded { identity, notice } = Identity::load_or_create(&options.state_dir)?;
    let disk = open_disk(&game_dir, &options, unpacker)?;
    let _in_runtime = runtime.enter();
    let parts = Parts {
        options,
        identity,
        disk,
        lock,
        catalog: catalog.into(),
        notice,
    };
    parts.start(tx_events, peer_game_db)
}

fn open_disk(
    game_dir: &Path,
    options: &PeerOptions,
    unpacker: Arc<dyn Unpacker>,
) -> Result<Disk, StartError> {
    let state_dir = &options.state_dir;
    let disk = Disk::new(state_dir, unpacker).map_err(|failure| StartError::StateDir {
        dir: state_dir.clone(),
        source: io::Error::other(failure),
    })?;
    disk.open_game_dir(game_dir, options.unreadable)
        .map_err(|failure| StartError::GameDir {
            dir: game_dir.to_owned(),
            reason: failure.to_string(),
        })?;
    disk.open_more_game_dirs(&options.more_game_dirs, Unreadable::Awaited)
        .map_err(StartError::MoreGameDirs)?;
    Ok(disk)
}

struct Parts {
    options: PeerOptions,
    identity: Identity,
    disk: Disk,
    lock: StateLock,
    catalog: Arc<Catalog>,
    /// What the user should know first.
    notice: Option<String>,
}

/// The way to the user, with what it should hear first.
fn events_after(notice: Option<String>, tx_events: mpsc::Sender<PeerEvent>) -> EventOutbox {
    let mut events = EventOutbox::new(tx_events);
    if let Some(message) = notice {
        tracing::warn!(message, "the identity is another one");
        events.push(PeerEvent::Notice(Notice {
            about: NoticeAbout::StateFile(StateFile::Identity),
            message,
        }));
    }
    events
}

impl Parts {
    fn start(
        self,
        tx_events: mpsc::Sender<PeerEvent>,
        game_db: PeerGameDB,
    ) -> Result<PeerRuntimeHandle, StartError> {
        let Self {
            options,
            identity,
            disk,
            lock,
            catalog,
            notice,
        } = self;
        let clock = Clock::start();
        let peer_id = identity.peer_id();
        let kept = Kept::load(&options);
        let config = draw_config(&options, peer_id, catalog, &kept)?;
        let (inputs, rx_inputs) = mpsc::channel(INPUT_QUEUE_LEN);
        kept.tell_troubles(&inputs);
        let shutdown = CancellationToken::new();
        let services = Services {
            tasks: TaskTracker::new(),
            inputs: inputs.clone(),
            shutdown: shutdown.clone(),
        };
        let effects = TaskTracker::new();
        let commands = Arc::new(PendingCommands::default());
        let (revision, rx_revision) = watch::channel(LibraryRevision::default());
        let (tx_game_dirs, rx_game_dirs) = watch::channel(disk.game_dirs());
        let (bound, listen) = watch::channel(None);
        let (tx_adapters, adapters) = watch::channel(Vec::new());
        let (deadline, rx_deadline) = watch::channel(None);
        let (tx_end, end) = watch::channel(None);
        let transports = Transports::default();
        let rates = Arc::new(Rates::default());
        let reader = Reader::new(&disk, &rates);
        let executor = Executor::new(ExecutorParts {
            transports: transports.clone(),
            disk,
            expelled: kept.expelled_file,
            rates: Arc::clone(&rates),
            rates_file: kept.rates_file,
            inputs: inputs.clone(),
            commands: Arc::clone(&commands),
            revision,
            game_dirs: tx_game_dirs,
            tasks: effects.clone(),
        });
        let events = events_after(notice, tx_events.clone());
        let driver = Driver {
            core: Peer::new(config, clock.now()),
            clock,
            inputs: rx_inputs,
            executor: executor.clone(),
            events,
            game_db: game_db.clone(),
            unseen: true,
            deadline,
        };

        services.watch_clock(rx_deadline);
        services.watch_games(rx_game_dirs);
        services.discover(&options, peer_id, &listen, &rx_revision);
        let server = ServerTask {
            listen: options.listen,
            party_code: options.party_code,
            rates,
            bulk_lane: options.bulk_lane,
            unencrypted_lanes: options.unencrypted_lanes,
            identity,
            transports: transports.clone(),
            executor: executor.clone(),
            bound,
            adapters: tx_adapters,
            inputs: inputs.clone(),
            shutdown: shutdown.clone(),
        };
        let leave = CancellationToken::new();
        let life = Life {
            driver,
            server,
            inputs: inputs.clone(),
            tx_events,
            commands: Arc::clone(&commands),
            executor,
            transports,
            services: services.tasks,
            effects,
            leave: leave.clone(),
            shutdown,
        };
        tokio::spawn(life.run_locked(lock, tx_end));
        Ok(PeerRuntimeHandle {
            peer_id,
            inputs,
            commands,
            game_db,
            reader,
            listen,
            adapters,
            end,
            leave,
        })
    }
}

/// What an earlier run kept for this one, and where this one keeps it for the next.
struct Kept {
    expelled_file: ExpelledFile,
    rates_file: RatesFile,
    expelled: Vec<Expelled>,
    rate_limits: RateLimits,
    /// What the user should know of the files.
    troubles: Vec<Notice>,
}

impl Kept {
    fn tell_troubles(&self, inputs: &mpsc::Sender<Input>) {
        for notice in self.troubles.clone() {
            // The queue is empty and long: there is room.
            drop(inputs.try_send(Input::Trouble(notice)));
        }
    }

    fn load(options: &PeerOptions) -> Self {
        let expelled_file = ExpelledFile::in_dir(&options.state_dir, options.organiser);
        let rates_file = RatesFile::in_dir(&options.state_dir);
        let expelled = expelled_file.load(SystemTime::now());
        let rates = rates_file.load();
        let of_file = |file, message| Notice {
            about: NoticeAbout::StateFile(file),
            message,
        };
        let troubles = [
            expelled
                .trouble
                .map(|why| of_file(StateFile::Expelled, why)),
            rates.trouble.map(|why| of_file(StateFile::Rates, why)),
        ];
        Self {
            expelled_file,
            rates_file,
            expelled: expelled.expelled,
            rate_limits: rates.limits,
            troubles: troubles.into_iter().flatten().collect(),
        }
    }
}

/// What the core is made with, drawn by lot where it has to be.
fn draw_config(
    options: &PeerOptions,
    peer_id: PeerId,
    catalog: Arc<Catalog>,
    kept: &Kept,
) -> Result<Config, StartError> {
    Ok(Config {
        peer_id,
        name: options.name.clone(),
        // Below 2^53, so that parsers which keep numbers as doubles hold it exactly.
        epoch: LibraryEpoch(getrandom::u64().map_err(StartError::Randomness)? >> 11),
        seed: getrandom::u64().map_err(StartError::Randomness)?,
        catalog,
        door: door(options),
        organiser: options.organiser,
        table: options.table.clone(),
        has_screen: options.has_screen,
        expelled: kept.expelled.clone(),
        rate_limits: kept.rate_limits,
        timing: options.timing,
    })
}

/// Whether the party has a code.
fn door(options: &PeerOptions) -> Door {
    options
        .party_code
        .as_ref()
        .map_or(Door::Open, |_| Door::Code)
}

/// The long-lived tasks beside the server, each started again when it fails.
struct Services {
    tasks: TaskTracker,
    inputs: mpsc::Sender<Input>,
    shutdown: CancellationToken,
}

impl Services {
    fn watch_clock(&self, deadline: watch::Receiver<Option<Instant>>) {
        let (inputs, shutdown) = (self.inputs.clone(), self.shutdown.clone());
        self.keep("run_ping_service", move || {
            let service = run_ping_service(deadline.clone(), inputs.clone(), shutdown.clone());
            async move {
                service.await;
                Ok::<(), Infallible>(())
            }
        });
    }

    fn watch_games(&self, game_dirs: watch::Receiver<Vec<PathBuf>>) {
        let (inputs, shutdown) = (self.inputs.clone(), self.shutdown.clone());
        self.keep("run_local_game_monitor", move || {
            run_local_game_monitor(game_dirs.clone(), inputs.clone(), shutdown.clone())
        });
    }

    fn discover(
        &self,
        options: &PeerOptions,
        peer_id: PeerId,
        listen: &watch::Receiver<Option<Vec<ListenAddr>>>,
        revision: &watch::Receiver<LibraryRevision>,
    ) {
        if options.discovery == DiscoveryMode::ConnectOnly {
            // The queue is long and nearly empty: there is room.
            drop(self.inputs.try_send(Input::Discovery(DiscoveryState::Off)));
            return;
        }
        let task = DiscoveryTask {
            peer_id,
            name: options.name.clone(),
            listen_ip: options.listen.ip(),
            door: door(options),
            listen: listen.clone(),
            revision: revision.clone(),
            inputs: self.inputs.clone(),
            shutdown: self.shutdown.clone(),
        };
        self.keep("run_peer_discovery", move || {
            run_peer_discovery(task.clone())
        });
    }

    fn keep<F, E>(&self, name: &'static str, task: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let kept = keep_running(name, self.shutdown.clone(), task);
        self.tasks.spawn(kept);
    }
}

/// A peer from its first task to its last.
struct Life {
    driver: Driver,
    server: ServerTask,
    inputs: mpsc::Sender<Input>,
    tx_events: mpsc::Sender<PeerEvent>,
    commands: Arc<PendingCommands>,
    executor: Executor,
    transports: Transports,
    services: TaskTracker,
    effects: TaskTracker,
    leave: CancellationToken,
    shutdown: CancellationToken,
}

impl Life {
    async fn run_locked(self, lock: StateLock, tx_end: watch::Sender<Option<RuntimeEnd>>) {
        let end = self.run().await;
        // The lock goes last: until here another peer on this directory would meet this one.
        drop(lock);
        tx_end.send_replace(Some(end));
    }

    async fn run(self) -> RuntimeEnd {
        let mut driver = tokio::spawn(self.driver.run());
        let mut server = tokio::spawn(run_server_component(self.server));
        let failure = tokio::select! {
            () = self.leave.cancelled() => None,
            ended = &mut driver => Some(match ended {
                Ok(end) => format!("the peer's core ended by itself ({end:?})"),
                Err(error) => format!("the peer's core failed: {error}"),
            }),
            ended = &mut server => Some(match ended {
                Ok(Ok(())) => "the listener ended by itself".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => format!("the listener failed: {error}"),
            }),
        };
        if !driver.is_finished() {
            // The core says goodbye within its own bound; then the driver ends.
            drop(self.inputs.send(Input::Shutdown).await);
            if let Err(error) = driver.await {
                tracing::error!(%error, "the peer's core failed while it ended");
            }
        }
        self.shutdown.cancel();
        self.commands.close();
        self.executor.abort_all();
        self.effects.close();
        self.services.close();
        if tokio::time::timeout(EFFECTS_END, self.effects.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                left = self.effects.len(),
                "some disk work takes longer than the peer's end"
            );
        }
        self.services.wait().await;
        if let Some(transport) = self.transports.get() {
            transport.close().await;
        }
        match failure {
            None => RuntimeEnd::Stopped,
            Some(reason) => {
                tracing::error!(reason, "the peer ends");
                drop(self.tx_events.try_send(PeerEvent::RuntimeFailed {
                    reason: reason.clone(),
                }));
                RuntimeEnd::Failed(reason)
            }
        }
    }
}
