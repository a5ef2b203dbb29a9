//! A running peer as the JSON interface sees it: commands in, answers out, events to all who listen.
//!
//! Invariant: a command is answered as soon as it is accepted; only `wait-peers` waits, for at most
//! the time it names.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lanspread_peer::{
    AfterDownload, CommandRefused, DownloadRoom, ErrorKind, PROTOCOL_VERSION, PeerCommand, PeerEvent,
    PeerName, PeerRuntimeHandle,
};
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{json, protocol::Command};

/// Events a listener may be behind before it loses the oldest.
pub(crate) const EVENTS_BEHIND_MAX: usize = 4096;

/// A running peer and what is said about it.
pub(crate) struct Session {
    handle: PeerRuntimeHandle,
    name: PeerName,
    games_dir: std::sync::Mutex<PathBuf>,
    state_dir: PathBuf,
    events: broadcast::Sender<Arc<Value>>,
    started: std::time::Instant,
    leave: CancellationToken,
}

impl Session {
    /// Takes over a running peer and its events.
    pub(crate) fn start(
        handle: PeerRuntimeHandle,
        mut rx_events: mpsc::Receiver<PeerEvent>,
        name: PeerName,
        games_dir: PathBuf,
        state_dir: PathBuf,
    ) -> Arc<Self> {
        let events = broadcast::Sender::new(EVENTS_BEHIND_MAX);
        let session = Arc::new(Self {
            handle,
            name,
            games_dir: games_dir.into(),
            state_dir,
            events: events.clone(),
            started: std::time::Instant::now(),
            leave: CancellationToken::new(),
        });
        tokio::spawn(async move {
            while let Some(event) = rx_events.recv().await {
                // With nobody listening an event is told to nobody.
                drop(events.send(Arc::new(json::event(&event))));
            }
        });
        session
    }

    /// Follows the events from here on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<Value>> {
        self.events.subscribe()
    }

    /// Set when somebody asked this peer to end.
    pub(crate) const fn leave(&self) -> &CancellationToken {
        &self.leave
    }

    /// The peer itself.
    pub(crate) const fn handle(&self) -> &PeerRuntimeHandle {
        &self.handle
    }

    /// Carries out a command or has it accepted.
    pub(crate) async fn run(&self, command: Command) -> Result<Value, CommandRefused> {
        let command = match command {
            Command::Status {} => return Ok(self.status()),
            Command::ListGames {} => return Ok(json::games(&self.handle.game_db().view())),
            Command::ListPeers {} => return Ok(json::peers(&self.handle.game_db().view())),
            Command::WaitPeers { count, timeout_ms } => {
                return self.wait_peers(count, Duration::from_millis(timeout_ms)).await;
            }
            Command::Shutdown {} => {
                self.leave.cancel();
                return Ok(json!({}));
            }
            Command::Connect { addr } => PeerCommand::Connect { addr },
            Command::SetGameDir { path } => return self.set_game_dir(path).await,
            Command::GetGame { id } => self.get_game(id),
            Command::Download { id, install, give_up_old }
            | Command::Update { id, install, give_up_old } => PeerCommand::DownloadGameFiles {
                id,
                then: if install { AfterDownload::Install } else { AfterDownload::Keep },
                room: if give_up_old { DownloadRoom::GiveUpOld } else { DownloadRoom::KeepOld },
            },
            Command::Install { id } => PeerCommand::InstallGame { id },
            Command::Uninstall { id } => PeerCommand::UninstallGame { id },
            Command::Remove { id } => PeerCommand::RemoveGame { id },
            Command::Verify { id } => PeerCommand::VerifyGame { id },
            Command::Cancel { id } => PeerCommand::Cancel { id },
        };
        self.handle.command(command).await.map(|()| json!({}))
    }

    /// A game that is here already is asked for anew, past what lies here.
    fn get_game(&self, id: lanspread_db::GameId) -> PeerCommand {
        let here = self.handle.game_db().view().games.iter().any(|game| game.id == id && game.downloaded);
        if here { PeerCommand::FetchLatestFromPeers { id } } else { PeerCommand::GetGame { id } }
    }

    async fn set_game_dir(&self, path: PathBuf) -> Result<Value, CommandRefused> {
        let path = std::path::absolute(&path).unwrap_or(path);
        self.handle.command(PeerCommand::SetGameDir { path: path.clone() }).await?;
        *self.games_dir.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = path;
        Ok(json!({}))
    }

    fn status(&self) -> Value {
        let view = self.handle.game_db().view();
        let addrs = self.handle.listen_addrs();
        let games_dir =
            self.games_dir.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        json!({
            "peer_id": self.handle.peer_id(),
            "name": self.name,
            "listen_addr": addrs.first(),
            "listen_addrs": addrs,
            "version": env!("CARGO_PKG_VERSION"),
            "protocol_version": PROTOCOL_VERSION,
            "mode": json::mode(view.mode),
            "games_dir": games_dir,
            "state_dir": self.state_dir,
            "games": view.games.len(),
            "peers": view.peers.len(),
            "operations": json::operations(&view),
            "outbound": json::outbound(&view),
            "uptime_ms": u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// Waits until that many peers are connected and their libraries known.
    async fn wait_peers(&self, count: usize, timeout: Duration) -> Result<Value, CommandRefused> {
        let mut views = self.handle.game_db().subscribe();
        let enough = views.wait_for(|view| view.peers.iter().filter(|peer| peer.in_sync).count() >= count);
        match tokio::time::timeout(timeout, enough).await {
            Ok(Ok(view)) => Ok(json::peers(&view)),
            Ok(Err(_)) => Err(CommandRefused {
                kind: ErrorKind::ShuttingDown,
                message: "the peer ended while it was waiting for others".to_owned(),
            }),
            Err(_) => {
                let found = self.handle.game_db().view().peers.len();
                Err(CommandRefused {
                    kind: ErrorKind::Timeout,
                    message: format!(
                        "{found} of {count} peers were found within {} ms; are the others running, \
                         on the same network, and does it carry multicast? `connect` reaches a \
                         peer by its address",
                        timeout.as_millis()
                    ),
                })
            }
        }
    }
}
