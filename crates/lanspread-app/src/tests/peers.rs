//! Real peers for tests, which find each other only where one is told the address of another.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use lanspread_jsonl::Command;
use lanspread_peer::{DiscoveryMode, PeerOptions};
use tokio::time::{sleep, timeout};

use crate::{App, AppOptions, ApplicationLog, IfAway, Scripts, Settings, Stay};

/// Longest wait for anything here.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer with the games in `games/` of a directory.
pub(super) async fn start(dir: &Path, state_dir: &Path, scripts: &Scripts) -> Arc<App> {
    let (app, _events) = App::start(options(dir, state_dir, scripts)).expect("a peer starts");
    app.ready().cancelled().await;
    app
}

/// How such a peer is started.
pub(super) fn options(dir: &Path, state_dir: &Path, scripts: &Scripts) -> AppOptions {
    AppOptions {
        games_dir: dir.join("games"),
        if_away: IfAway::Made,
        catalog: None,
        stay: Stay::On,
        settings: Settings::default(),
        log: ApplicationLog::default(),
        scripts: scripts.clone(),
        peer: PeerOptions {
            state_dir: state_dir.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            discovery: DiscoveryMode::ConnectOnly,
            ..PeerOptions::default()
        },
    }
}

pub(super) async fn end(app: Arc<App>) {
    app.leave().cancel();
    app.handle().shutdown().await;
    app.ended().cancelled().await;
}

pub(super) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waits = async {
        while !is_so() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waits).await.expect(what);
}

pub(super) fn command(line: &str) -> Command {
    let parsed = lanspread_jsonl::parse(line.as_bytes()).command;
    parsed.expect("a valid command")
}
