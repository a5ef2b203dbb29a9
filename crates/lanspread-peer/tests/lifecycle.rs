//! A peer from its start to its end: what it refuses, how fast it goes, and that nothing is left.
//!
//! Everything stays on the loopback device, and discovery is off: it has tests of its own.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::Path,
    sync::Arc,
    time::Duration,
};

use lanspread_db::{Catalog, GameId};
use lanspread_peer::{
    DiscoveryMode, ErrorKind, LimitChange, LimitChanges, PeerCommand, PeerEvent, PeerGameDB,
    PeerOptions, PeerRuntimeHandle, PeerView, Playing, RATES_FILE, RateLimit, RateLimits,
    RuntimeEnd, StartError, start_peer_with,
};
use lanspread_unpack::AnyUnpacker;
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
    time::{Instant, timeout},
};

/// Far longer than anything here takes, also on a machine that does ten other things.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer and what belongs to it.
struct Started {
    peer: PeerRuntimeHandle,
    events: mpsc::Receiver<PeerEvent>,
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn start(folder: &Path, listen: SocketAddr) -> Result<Started, StartError> {
    let options = PeerOptions {
        state_dir: folder.join("state"),
        listen,
        discovery: DiscoveryMode::ConnectOnly,
        ..PeerOptions::default()
    };
    let games = folder.join("games");
    std::fs::create_dir_all(&games).expect("a folder for games");
    let (tx, events) = mpsc::channel(256);
    let peer = start_peer_with(
        options,
        games,
        tx,
        PeerGameDB::new(),
        Arc::new(AnyUnpacker),
        Catalog::open_party(),
    )?;
    Ok(Started { peer, events })
}

impl Started {
    async fn event(&mut self, wanted: impl Fn(&PeerEvent) -> bool) -> PeerEvent {
        let find = async {
            loop {
                let event = self
                    .events
                    .recv()
                    .await
                    .expect("the events end only with the peer");
                if wanted(&event) {
                    return event;
                }
            }
        };
        timeout(PATIENCE, find)
            .await
            .expect("the event comes in time")
    }

    async fn ready(&mut self) {
        self.event(|event| matches!(event, PeerEvent::LocalPeerReady { .. }))
            .await;
    }
}

/// The task that tells the end is itself the last one, and ends right after it.
fn assert_no_task_is_left(runtime: &Runtime) {
    runtime.block_on(async {
        let metrics = runtime.metrics();
        let none_left = async {
            while metrics.num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        };
        let left = timeout(PATIENCE, none_left).await;
        assert!(left.is_ok(), "{} tasks are left", metrics.num_alive_tasks());
    });
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_peer_that_ends_leaves_no_task_behind() {
    let folder = folder();
    let runtime = runtime();
    runtime.block_on(async {
        let mut started = start(folder.path(), loopback(0)).expect("a peer");
        started.ready().await;
        let before = Instant::now();
        assert_eq!(started.peer.shutdown().await, RuntimeEnd::Stopped);
        println!("the peer ended within {:?}", before.elapsed());
        assert!(before.elapsed() < PATIENCE);
    });
    assert_no_task_is_left(&runtime);
}

#[test]
fn a_dropped_handle_ends_its_peer_and_frees_the_state_directory() {
    let folder = folder();
    let runtime = runtime();
    runtime.block_on(async {
        let Started { peer, mut events } = start(folder.path(), loopback(0)).expect("a peer");
        drop(peer);
        let ended = async { while events.recv().await.is_some() {} };
        timeout(PATIENCE, ended)
            .await
            .expect("the events end with the peer");
        let again = async {
            loop {
                match start(folder.path(), loopback(0)) {
                    Ok(started) => return started,
                    Err(StartError::StateDirBusy { .. }) => tokio::task::yield_now().await,
                    Err(other) => panic!("{other}"),
                }
            }
        };
        let started = timeout(PATIENCE, again)
            .await
            .expect("the directory is free again");
        started.peer.shutdown().await;
    });
}

#[test]
fn a_second_peer_on_the_same_state_directory_is_refused() {
    let folder = folder();
    runtime().block_on(async {
        let first = start(folder.path(), loopback(0)).expect("a peer");
        let second = start(folder.path(), loopback(0))
            .err()
            .expect("no second peer");
        assert!(
            matches!(second, StartError::StateDirBusy { .. }),
            "{second}"
        );
        assert!(second.to_string().contains("another peer runs"), "{second}");
        first.peer.shutdown().await;
    });
}

#[test]
fn without_its_listener_a_peer_fails_and_says_so() {
    let folder = folder();
    let taken = UdpSocket::bind(loopback(0)).expect("a socket");
    let listen = taken.local_addr().expect("an address");
    let runtime = runtime();
    runtime.block_on(async {
        let mut started = start(folder.path(), listen).expect("the tasks start");
        let end = timeout(PATIENCE, started.peer.wait())
            .await
            .expect("the peer ends by itself");
        let RuntimeEnd::Failed(reason) = end else {
            panic!("{end:?}")
        };
        assert!(reason.contains(&listen.port().to_string()), "{reason}");
        let failed = started
            .event(|event| matches!(event, PeerEvent::RuntimeFailed { .. }))
            .await;
        assert_eq!(failed, PeerEvent::RuntimeFailed { reason });
    });
    assert_no_task_is_left(&runtime);
}

#[test]
fn limits_hold_after_a_restart_and_playing_does_not() {
    let folder = folder();
    let limit = RateLimit::new(1_000_000).expect("fast enough");
    let limits = RateLimits {
        upload: Some(limit),
        ..RateLimits::default()
    };
    runtime().block_on(async {
        let Started { peer, events: _events } = start(folder.path(), loopback(0)).expect("a peer");
        let changes = LimitChanges {
            upload: LimitChange::To(limit),
            ..LimitChanges::default()
        };
        let commands = [
            PeerCommand::SetRateLimits { changes },
            PeerCommand::SetPlaying {
                playing: Playing::Yes,
            },
        ];
        for command in commands {
            peer.command(command).await.expect("accepted");
        }
        let view = peer.game_db().view();
        assert_eq!((view.rate_limits, view.playing), (limits, Playing::Yes));
        peer.shutdown().await;
        let mut again = start(folder.path(), loopback(0)).expect("a peer");
        again.ready().await;
        let view = again.peer.game_db().view();
        assert_eq!((view.rate_limits, view.playing), (limits, Playing::No));
        again.peer.shutdown().await;
        let file = folder.path().join("state").join(RATES_FILE);
        std::fs::write(&file, "what is this").expect("written");
        let mut broken = start(folder.path(), loopback(0)).expect("it starts");
        let told = |event: &PeerEvent| {
            matches!(event, PeerEvent::Notice(notice) if notice.message.contains(RATES_FILE))
        };
        broken.event(told).await;
        assert_eq!(broken.peer.game_db().view().rate_limits, RateLimits::default());
        broken.peer.shutdown().await;
    });
}

#[test]
fn a_command_to_an_ended_peer_is_answered() {
    let folder = folder();
    runtime().block_on(async {
        let started = start(folder.path(), loopback(0)).expect("a peer");
        started.peer.shutdown().await;
        let id = GameId::parse("chess").expect("an id");
        let refused = started.peer.command(PeerCommand::InstallGame { id }).await;
        assert_eq!(refused.expect_err("no peer").kind, ErrorKind::ShuttingDown);
    });
}

#[test]
fn an_embedder_that_reads_no_events_holds_up_nothing() {
    let folder = folder();
    runtime().block_on(async {
        let Started { peer, events } = start(folder.path(), loopback(0)).expect("a peer");
        for _ in 0..5_000 {
            let id = GameId::parse("chess").expect("an id");
            let refused = timeout(PATIENCE, peer.command(PeerCommand::GetGame { id })).await;
            refused
                .expect("an answer in time")
                .expect_err("nobody has it");
        }
        assert_eq!(
            timeout(PATIENCE, peer.shutdown()).await,
            Ok(RuntimeEnd::Stopped)
        );
        drop(events);
    });
}

#[test]
fn outside_of_a_runtime_a_peer_is_refused() {
    let folder = folder();
    let refused = start(folder.path(), loopback(0)).err().expect("no peer");
    assert!(matches!(refused, StartError::NoRuntime), "{refused}");
}

/// Puts the smallest game into a folder of games.
fn put(dir: &Path, id: &str) {
    let root = dir.join(id);
    std::fs::create_dir_all(&root).expect("writable");
    std::fs::write(root.join("version.ini"), "20240101\n").expect("writable");
}

/// Whether a game is here and hashed.
fn has(view: &PeerView, id: &str) -> bool {
    let mut games = view.games.iter();
    games.any(|game| game.id.as_str() == id && game.manifest.is_some())
}

/// Whoever deleted the folder of games and made it anew had to choose it again before anything was found in it.
#[test]
fn a_games_folder_that_was_deleted_and_made_anew_is_used_again() {
    let folder = folder();
    let runtime = runtime();
    runtime.block_on(async {
        let games = folder.path().join("games");
        put(&games, "chess");
        let Started { peer, events: _rx } = start(folder.path(), loopback(0)).expect("a peer");
        let mut views = peer.game_db().subscribe();
        let mut until = async |wanted: &dyn Fn(&PeerView) -> bool| {
            let found = views.wait_for(|view| wanted(view));
            drop(timeout(PATIENCE, found).await.expect("in time"));
        };
        until(&|view| has(view, "chess")).await;
        std::fs::remove_dir_all(&games).expect("deletable");
        until(&|view| view.game_dir_problem.is_some()).await;
        put(&games, "go");
        until(&|view| has(view, "go") && !has(view, "chess") && view.game_dir_problem.is_none())
            .await;
        // At once, so that nobody notices that it was gone.
        std::fs::remove_dir_all(&games).expect("deletable");
        put(&games, "ludo");
        until(&|view| has(view, "ludo") && !has(view, "go")).await;
        assert_eq!(peer.shutdown().await, RuntimeEnd::Stopped);
    });
}

#[test]
fn games_of_a_further_folder_are_found_also_while_the_peer_runs_and_when_it_comes_back() {
    let folder = folder();
    let runtime = runtime();
    runtime.block_on(async {
        let more = folder.path().join("more");
        put(&folder.path().join("games"), "chess");
        put(&more, "go");
        let Started { peer, events: _rx } = start(folder.path(), loopback(0)).expect("a peer");
        let mut views = peer.game_db().subscribe();
        let mut until = async |wanted: &dyn Fn(&PeerView) -> bool| {
            let found = views.wait_for(|view| wanted(view));
            drop(timeout(PATIENCE, found).await.expect("in time"));
        };
        until(&|view| has(view, "chess")).await;
        let paths = vec![more.clone()];
        let added = peer.command(PeerCommand::SetMoreGameDirs { paths }).await;
        added.expect("it can be used");
        until(&|view| has(view, "chess") && has(view, "go")).await;
        put(&more, "ludo");
        until(&|view| has(view, "ludo")).await;
        let id = GameId::parse("ludo").expect("a valid id");
        assert_eq!(peer.game_root(&id).await, more.join("ludo"));
        let away = folder.path().join("away");
        std::fs::rename(&more, &away).expect("movable");
        let is_away = |view: &PeerView| {
            let more = view.more_game_dirs.first();
            more.is_some_and(|dir| dir.problem.is_some())
        };
        until(&|view| is_away(view) && has(view, "ludo") && view.game_dir_problem.is_none()).await;
        let refused = peer.command(PeerCommand::VerifyGame { id }).await;
        assert_eq!(refused.expect_err("it is away").kind, ErrorKind::FolderAway);
        std::fs::rename(&away, &more).expect("movable");
        until(&|view| !is_away(view) && has(view, "ludo")).await;
        let none = PeerCommand::SetMoreGameDirs { paths: Vec::new() };
        peer.command(none).await.expect("nothing runs");
        until(&|view| has(view, "chess") && !has(view, "go") && view.more_game_dirs.is_empty())
            .await;
        assert!(more.join("go/version.ini").exists(), "nothing is deleted");
        assert_eq!(peer.shutdown().await, RuntimeEnd::Stopped);
    });
}
