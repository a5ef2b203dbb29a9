//! A running peer as the JSON interface sees it: commands in, answers out, events to all who listen.
//!
//! Invariant: a command is answered as soon as it is accepted; only `wait-peers` waits, for at most
//! the time it names. No event is lost to a listener that was there before the peer was.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lanspread_db::GameId;
use lanspread_jsonl::Command;
use lanspread_peer::{
    AfterDownload, CommandRefused, DownloadRoom, ErrorKind, LimitChanges, ListenAddr,
    PROTOCOL_VERSION, PeerCommand, PeerEvent, PeerId, PeerName, PeerRuntimeHandle, PeerView,
    Playing,
};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::json;

/// Events a listener may be behind before it loses the oldest.
const EVENT_QUEUE_LEN: usize = 4096;

/// Events on their way to one listener.
pub(crate) type Events = broadcast::Receiver<Arc<Value>>;

/// What a peer was started with, as far as users are told.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) name: PeerName,
    /// Whether the party has a code; the code itself is told to nobody.
    pub(crate) party_code: bool,
    /// Whether chunks move without encryption where the other side wants that, too.
    pub(crate) unencrypted_lanes: bool,
    /// Whose expulsions this peer follows.
    pub(crate) organiser: Option<PeerId>,
    pub(crate) games_dir: PathBuf,
    pub(crate) state_dir: PathBuf,
    pub(crate) catalog: Option<PathBuf>,
}

/// A running peer and what is said about it.
pub(crate) struct Session {
    handle: PeerRuntimeHandle,
    facts: Facts,
    games_dir: Mutex<PathBuf>,
    events: broadcast::Sender<Arc<Value>>,
    began: std::time::Instant,
    ready: CancellationToken,
    leave: CancellationToken,
    ended: CancellationToken,
}

impl Session {
    /// Takes over a running peer and its events; `notices` are told first. Whoever holds the returned
    /// listener hears every event from the beginning.
    pub(crate) fn start(
        handle: PeerRuntimeHandle,
        rx_events: mpsc::Receiver<PeerEvent>,
        facts: Facts,
        notices: &[String],
    ) -> (Arc<Self>, Events) {
        let (events, listener) = broadcast::channel(EVENT_QUEUE_LEN);
        for notice in notices {
            tell(&events, json::notice(notice));
        }
        let session = Arc::new(Self {
            handle,
            games_dir: Mutex::new(facts.games_dir.clone()),
            facts,
            events: events.clone(),
            began: std::time::Instant::now(),
            ready: CancellationToken::new(),
            leave: CancellationToken::new(),
            ended: CancellationToken::new(),
        });
        let pump = Pump {
            events,
            ready: session.ready.clone(),
            leave: session.leave.clone(),
            ended: session.ended.clone(),
        };
        tokio::spawn(pump.run(rx_events));
        (session, listener)
    }

    /// Follows the events from here on.
    pub(crate) fn events(&self) -> Events {
        self.events.subscribe()
    }

    /// Set once the listener is bound, and at the end.
    pub(crate) const fn ready(&self) -> &CancellationToken {
        &self.ready
    }

    /// Set when somebody asked this peer to end, or it ended by itself.
    pub(crate) const fn leave(&self) -> &CancellationToken {
        &self.leave
    }

    /// Set when the peer has ended and its last event is told.
    pub(crate) const fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// The peer itself.
    pub(crate) const fn handle(&self) -> &PeerRuntimeHandle {
        &self.handle
    }

    /// Carries out a command or has it accepted.
    pub(crate) async fn run(&self, command: Command) -> Result<Value, CommandRefused> {
        let command = match command {
            Command::Status {} => return Ok(self.status()),
            Command::ListGames {} => return Ok(json::games(&self.view())),
            Command::ListPeers {} => return Ok(json::peers(&self.view())),
            Command::WaitPeers { count, timeout_ms } => {
                return self
                    .wait_peers(count, Duration::from_millis(timeout_ms))
                    .await;
            }
            Command::Shutdown {} => {
                self.leave.cancel();
                return Ok(json!({}));
            }
            Command::Connect { addr } => PeerCommand::Connect { addr },
            Command::Expel { peer_id, for_s } => PeerCommand::Expel {
                peer_id,
                time: Duration::from_secs(for_s),
            },
            Command::Readmit { peer_id } => PeerCommand::Readmit { peer_id },
            Command::SetRateLimits {
                upload_bytes_per_s,
                upload_per_peer_bytes_per_s,
                download_bytes_per_s,
                download_per_peer_bytes_per_s,
            } => PeerCommand::SetRateLimits {
                changes: LimitChanges {
                    upload: upload_bytes_per_s,
                    upload_per_peer: upload_per_peer_bytes_per_s,
                    download: download_bytes_per_s,
                    download_per_peer: download_per_peer_bytes_per_s,
                },
            },
            Command::SetPlaying { playing } => PeerCommand::SetPlaying {
                playing: if playing { Playing::Yes } else { Playing::No },
            },
            Command::SetGameDir { path } => return self.set_game_dir(path).await,
            Command::GetGame { id } => self.get_game(id),
            Command::Download {
                id,
                install,
                give_up_old,
            } => download(id, install, give_up_old),
            Command::Update {
                id,
                install,
                give_up_old,
            } => {
                self.expect_here(&id)?;
                download(id, install, give_up_old)
            }
            Command::Install { id } => PeerCommand::InstallGame { id },
            Command::Uninstall { id } => PeerCommand::UninstallGame { id },
            Command::Remove { id } => PeerCommand::RemoveGame { id },
            Command::Verify { id } => PeerCommand::VerifyGame { id },
            Command::Cancel { id } => PeerCommand::Cancel { id },
        };
        self.handle.command(command).await.map(|()| json!({}))
    }

    fn view(&self) -> Arc<PeerView> {
        self.handle.game_db().view()
    }

    fn is_here(&self, id: &GameId) -> bool {
        self.view()
            .games
            .iter()
            .any(|game| game.id == *id && game.downloaded)
    }

    /// A game that is here already is asked for anew, past what lies here.
    fn get_game(&self, id: GameId) -> PeerCommand {
        if self.is_here(&id) {
            PeerCommand::FetchLatestFromPeers { id }
        } else {
            PeerCommand::GetGame { id }
        }
    }

    fn expect_here(&self, id: &GameId) -> Result<(), CommandRefused> {
        if self.is_here(id) {
            return Ok(());
        }
        Err(CommandRefused {
            kind: ErrorKind::NotDownloaded,
            message: format!("cannot update {id}: it is not downloaded; `download` fetches it"),
        })
    }

    async fn set_game_dir(&self, path: PathBuf) -> Result<Value, CommandRefused> {
        let path = std::path::absolute(&path).unwrap_or(path);
        self.handle
            .command(PeerCommand::SetGameDir { path: path.clone() })
            .await?;
        *self
            .games_dir
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = path;
        Ok(json!({}))
    }

    fn status(&self) -> Value {
        status(&StatusFacts {
            peer_id: self.handle.peer_id(),
            listen_addrs: self.handle.listen_addrs(),
            facts: &self.facts,
            games_dir: self
                .games_dir
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            uptime: self.began.elapsed(),
            view: &self.view(),
        })
    }

    /// Waits until that many peers are connected and their libraries known.
    async fn wait_peers(&self, count: usize, timeout: Duration) -> Result<Value, CommandRefused> {
        let mut views = self.handle.game_db().subscribe();
        let known = |view: &PeerView| view.peers.iter().filter(|peer| peer.in_sync).count();
        let found = tokio::select! {
            biased;
            view = views.wait_for(|view| known(view) >= count) => view.ok().map(|view| Arc::clone(&view)),
            () = self.leave.cancelled() => None,
            () = tokio::time::sleep(timeout) => return Err(too_few(known(&self.view()), count, timeout)),
        };
        found
            .map(|view| json::peers(&view))
            .ok_or_else(|| CommandRefused {
                kind: ErrorKind::ShuttingDown,
                message: format!("this peer ended while it was waiting for {count} others"),
            })
    }
}

fn too_few(found: usize, count: usize, timeout: Duration) -> CommandRefused {
    CommandRefused {
        kind: ErrorKind::Timeout,
        message: format!(
            "{found} of {count} peers were found within {} ms; are the others running, on the same \
             network, and does it carry multicast? `connect` reaches a peer by its address",
            timeout.as_millis()
        ),
    }
}

const fn download(id: GameId, install: bool, give_up_old: bool) -> PeerCommand {
    PeerCommand::DownloadGameFiles {
        id,
        then: if install {
            AfterDownload::Install
        } else {
            AfterDownload::Keep
        },
        room: if give_up_old {
            DownloadRoom::GiveUpOld
        } else {
            DownloadRoom::KeepOld
        },
    }
}

/// All that `status` tells.
pub(crate) struct StatusFacts<'a> {
    pub(crate) peer_id: PeerId,
    pub(crate) listen_addrs: Vec<ListenAddr>,
    pub(crate) facts: &'a Facts,
    pub(crate) games_dir: PathBuf,
    pub(crate) uptime: Duration,
    pub(crate) view: &'a PeerView,
}

/// The answer to `status`.
pub(crate) fn status(status: &StatusFacts<'_>) -> Value {
    let StatusFacts {
        peer_id,
        listen_addrs,
        facts,
        games_dir,
        uptime,
        view,
    } = status;
    json!({
        "peer_id": peer_id,
        "name": facts.name,
        "listen_addr": listen_addrs.first(),
        "listen_addrs": listen_addrs,
        "version": env!("CARGO_PKG_VERSION"),
        "protocol_version": PROTOCOL_VERSION,
        "mode": json::mode(view.mode),
        "party_code": facts.party_code,
        "unencrypted_lanes": facts.unencrypted_lanes,
        "organiser": facts.organiser,
        "catalog": facts.catalog.as_ref().map(|path| path.to_string_lossy()),
        "games_dir": games_dir.to_string_lossy(),
        "state_dir": facts.state_dir.to_string_lossy(),
        "games": view.games.len(),
        "peers": view.peers.len(),
        "operations": json::operations(view),
        "outbound": json::outbound(view),
        "rate_limits": json::rate_limits(view.rate_limits),
        "playing": json::is_playing(view.playing),
        "uptime_ms": json::millis(*uptime),
    })
}

/// Carries events from the peer to all listeners, from the first to the last.
struct Pump {
    events: broadcast::Sender<Arc<Value>>,
    ready: CancellationToken,
    leave: CancellationToken,
    ended: CancellationToken,
}

impl Pump {
    async fn run(self, mut rx_events: mpsc::Receiver<PeerEvent>) {
        while let Some(event) = rx_events.recv().await {
            tell(&self.events, json::event(&event));
            if matches!(event, PeerEvent::LocalPeerReady { .. }) {
                self.ready.cancel();
            }
        }
        // Commands that come from here on are answered by the peer's own refusal.
        self.ready.cancel();
        self.leave.cancel();
        self.ended.cancel();
    }
}

fn tell(events: &broadcast::Sender<Arc<Value>>, event: Value) {
    // With nobody listening an event is told to nobody.
    drop(events.send(Arc::new(event)));
}
