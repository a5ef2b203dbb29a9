//! The JSON interface's answers: commands go to the peer, questions are answered from what is seen.
//!
//! Invariant: a command is answered as soon as it is accepted; only `wait-peers` waits, for at most
//! the time it names, and `list-files` for the answers of other peers.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lanspread_app::{App, Asked, Discovery, Facts, Health, MoreGamesDir, Ran, Running, Seat};
use lanspread_jsonl::Command;
use lanspread_peer::{CommandRefused, ErrorKind, ListenAddr, PROTOCOL_VERSION, PeerId, PeerView};
use serde_json::{Value, json};

use crate::json;

/// A peer, and what runs it.
#[derive(Debug, Clone)]
pub struct Served {
    /// The peer.
    pub app: Arc<App>,
    /// What runs it.
    pub run_by: RunBy,
}

/// What a peer runs in, so that people can be told what to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunBy {
    /// `lanspread serve`.
    Serve,
    /// `lanspread jsonl`, for a program that drives it.
    Jsonl,
    /// Another command of `lanspread`, for as long as it takes.
    Command,
    /// The window.
    Window,
}

impl RunBy {
    /// How `docs/JSONL.md` calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Jsonl => "jsonl",
            Self::Command => "command",
            Self::Window => "window",
        }
    }
}

/// Carries out a command or has it accepted.
///
/// # Errors
/// It cannot be carried out now; the refusal says why and what to do.
pub(crate) async fn run(served: &Served, command: Command) -> Result<Value, CommandRefused> {
    let app = &served.app;
    let asked = match app.run(command).await? {
        Ran::Accepted => return Ok(json!({})),
        Ran::Asked(asked) => asked,
    };
    match asked {
        Asked::Status => Ok(status_of(served)),
        Asked::Games => Ok(json::games(&app.view())),
        Asked::Files(id) => Ok(json!(app.files(&id, Seat::Here).await?)),
        Asked::Peers => Ok(json::peers(&app.view())),
        Asked::WaitPeers { count, timeout } => wait_peers(app, count, timeout).await,
        Asked::Shutdown => {
            app.leave().cancel();
            Ok(json!({}))
        }
    }
}

fn status_of(Served { app, run_by }: &Served) -> Value {
    status(&StatusFacts {
        run_by: *run_by,
        peer_id: app.handle().peer_id(),
        listen_addrs: app.handle().listen_addrs(),
        facts: app.facts(),
        games_dir: app.games_dir(),
        more_games_dirs: &app.more_games_dirs(),
        running: &app.running(),
        health: &app.health(),
        uptime: app.uptime(),
        view: &app.view(),
    })
}

/// Waits until that many peers are connected and their libraries known.
async fn wait_peers(app: &App, count: usize, timeout: Duration) -> Result<Value, CommandRefused> {
    let mut views = app.handle().game_db().subscribe();
    let known = |view: &PeerView| view.peers.iter().filter(|peer| peer.in_sync).count();
    let found = tokio::select! {
        biased;
        view = views.wait_for(|view| known(view) >= count) => view.ok().map(|view| Arc::clone(&view)),
        () = app.leave().cancelled() => None,
        () = tokio::time::sleep(timeout) => return Err(too_few(known(&app.view()), count, timeout)),
    };
    found
        .map(|view| json::peers(&view))
        .ok_or_else(|| CommandRefused {
            kind: ErrorKind::ShuttingDown,
            message: format!("this peer ended while it was waiting for {count} others"),
        })
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

/// All that `status` tells.
pub(crate) struct StatusFacts<'a> {
    pub(crate) run_by: RunBy,
    pub(crate) peer_id: PeerId,
    pub(crate) listen_addrs: Vec<ListenAddr>,
    pub(crate) facts: &'a Facts,
    pub(crate) games_dir: PathBuf,
    pub(crate) more_games_dirs: &'a [MoreGamesDir],
    pub(crate) running: &'a [Running],
    pub(crate) health: &'a Health,
    pub(crate) uptime: Duration,
    pub(crate) view: &'a PeerView,
}

/// The answer to `status`.
pub(crate) fn status(status: &StatusFacts<'_>) -> Value {
    let StatusFacts {
        run_by,
        peer_id,
        listen_addrs,
        facts,
        games_dir,
        more_games_dirs,
        running,
        health,
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
        "run_by": run_by.as_str(),
        "mode": json::mode(view.mode),
        "party_code": facts.party_code,
        "unencrypted_lanes": facts.unencrypted_lanes,
        "organiser": facts.organiser,
        "catalog": facts.catalog.as_ref().map(|path| path.to_string_lossy()),
        "games_dir": games_dir.to_string_lossy(),
        "games_dir_problem": view.game_dir_problem.as_ref().map(ToString::to_string),
        "more_games_dirs": more_games_dirs,
        "discovery": Discovery::from(&view.discovery),
        "health": health,
        "state_dir": facts.state_dir.to_string_lossy(),
        "games": view.games.len(),
        "peers": view.peers.len(),
        "operations": json::operations(view),
        "outbound": json::outbound(view),
        "rate_limits": json::rate_limits(view.rate_limits),
        "playing": json::is_playing(view.playing),
        "running": running,
        "uptime_ms": json::millis(*uptime),
    })
}
