//! Who takes part: two sources that hold the new version, and the one that things happen to.
//!
//! The invariant: everybody has directories of their own on the disk that the workspace is built on,
//! and keeps them when their process is killed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eyre::{Result, WrapErr, eyre};
use lanspread_testbed::fixture::{ArchiveFormat, BuiltGame, Contents, GameFixture, MIB};
use lanspread_testbed::net::{Link, Party, Rate};
use lanspread_testbed::peer::{Mark, PeerBuilder, PeerProcess};
use serde_json::json;
use tempfile::TempDir;

use crate::workspace;

/// The game that everything happens to.
pub(super) const GAME: &str = "quake";
/// The version that was there before.
pub(super) const OLD: &str = "20240101";
/// The version of this party.
pub(super) const NEW: &str = "20250101";
/// The length of the game's chunks.
pub(super) const CHUNK_BYTES: u64 = 256 * 1024;

/// How long anything may take: only a broken peer reaches it.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// What each source can send: slow enough that a download is more than a moment.
const UPLOAD: Rate = Rate::mbit(80);

/// The names of the sources and of the one who fetches.
const SOURCES: [&str; 2] = ["alpha", "bravo"];
const RECEIVER: &str = "receiver";

/// Everybody and where they are.
pub(super) struct Cast {
    network: Party,
    dir: Option<TempDir>,
    pub(super) sources: Vec<Source>,
    pub(super) receiver: Seat,
    pub(super) old: BuiltGame,
    pub(super) new: BuiltGame,
}

/// A place at the table.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    host: &'static str,
    pub(super) games: PathBuf,
    pub(super) state: PathBuf,
    builder: PeerBuilder,
}

/// A source, alive or killed.
pub(super) struct Source {
    seat: Seat,
    running: Option<(PeerProcess, String)>,
}

fn game(version: &str) -> GameFixture {
    let unpacked = Contents::new()
        .random_file(version, "bin/quake", 3 * MIB)
        .random_file(version, &format!("maps/{version}.map"), MIB)
        .random_file("both", "maps/start.map", MIB)
        .file("config", format!("default of {version}"));
    GameFixture::new(GAME)
        .version(version)
        .random_file("data/shared.bin", MIB)
        .seed(version)
        .random_file("data/changed.bin", 4 * MIB)
        .random_file(&format!("data/only-{version}.bin"), MIB)
        .archive("quake.eti", ArchiveFormat::Zip, unpacked)
}

impl Seat {
    fn new(host: &'static str, dir: &Path, binary: &Path) -> Self {
        let games = dir.join(host).join("games");
        let state = dir.join(host).join("state");
        Self::at(host, dir, binary, games, state)
    }

    fn at(host: &'static str, dir: &Path, binary: &Path, games: PathBuf, state: PathBuf) -> Self {
        let builder = PeerProcess::builder(binary)
            .name(host)
            .games_dir(&games)
            .state_dir(&state)
            .environment("RUST_LOG", "info,lanspread=debug")
            .log(dir.join(format!("{host}.log")));
        Self {
            host,
            games,
            state,
            builder,
        }
    }

    /// The same person with the games on another disk.
    pub(super) fn with_games(&self, games: PathBuf, state: PathBuf) -> Self {
        let builder = self.builder.clone().games_dir(&games).state_dir(&state);
        Self {
            host: self.host,
            games,
            state,
            builder,
        }
    }

    /// The root of the game.
    pub(super) fn root(&self) -> PathBuf {
        self.games.join(GAME)
    }
}

impl Cast {
    /// Builds the network and the games; nobody runs yet.
    pub(super) fn gather(binary: &Path) -> Result<Self> {
        let link = Link::new().upload(UPLOAD);
        let network = SOURCES
            .iter()
            .fold(Party::builder().host(RECEIVER), |builder, source| {
                builder.host_with(source, link)
            })
            .build()
            .wrap_err("these rounds are played in network namespaces: run as root")?;
        let base = workspace::target_dir()?.join("crash-rounds");
        std::fs::create_dir_all(&base)?;
        let dir = tempfile::tempdir_in(&base)?;
        let at = dir.path();
        let old = game(OLD).build(&at.join("old"))?;
        let sources: Vec<Source> = SOURCES
            .iter()
            .map(|host| Source {
                seat: Seat::new(host, at, binary),
                running: None,
            })
            .collect();
        let mut new = None;
        for source in &sources {
            new = Some(game(NEW).build(&source.seat.games)?);
        }
        let receiver = Seat::new(RECEIVER, at, binary);
        std::fs::create_dir_all(&receiver.games)?;
        Ok(Self {
            network,
            receiver,
            sources,
            old,
            new: new.ok_or_else(|| eyre!("there are no sources"))?,
            dir: Some(dir),
        })
    }

    /// Where everybody's directories are.
    pub(super) fn dir(&self) -> &Path {
        self.dir.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// Keeps the directories for whoever looks into a failure.
    pub(super) fn keep(&mut self) {
        if let Some(dir) = self.dir.take() {
            println!("everything is kept in {}", dir.keep().display());
        }
    }

    /// A source of the old version, for as long as it is held.
    pub(super) fn old_source(&self) -> Result<(PeerProcess, String)> {
        let alpha = &self.sources[0].seat;
        let state = self.dir().join("old-state");
        self.start(&alpha.with_games(self.dir().join("old"), state))
    }

    /// Has every source run that does not.
    pub(super) fn wake_sources(&mut self) -> Result<()> {
        for index in 0..self.sources.len() {
            if self.sources[index].running.is_none() {
                let started = self.start(&self.sources[index].seat)?;
                self.sources[index].running = Some(started);
            }
        }
        Ok(())
    }

    /// Kills a source as a power cut would.
    pub(super) fn kill_source(&mut self, index: usize) {
        if let Some((peer, _)) = self.sources[index].running.take() {
            peer.kill9();
        }
    }

    /// Starts a peer and waits until its listener is bound.
    fn start(&self, seat: &Seat) -> Result<(PeerProcess, String)> {
        std::fs::create_dir_all(&seat.games)?;
        let peer = seat.builder.spawn_on(self.network.host(seat.host)?)?;
        let ready = peer.wait_event(Mark::START, PATIENCE, "bind its listener", |line| {
            line["event"] == "ready"
        })?;
        let address = ready.field("listen_addr").as_str().unwrap_or_default();
        Ok((peer, address.to_owned()))
    }

    /// Starts the receiver and introduces it to these addresses.
    pub(super) fn start_receiver(&self, seat: &Seat, addresses: &[String]) -> Result<PeerProcess> {
        let (peer, _) = self.start(seat)?;
        for address in addresses {
            peer.call(json!({ "cmd": "connect", "addr": address }))?;
        }
        Ok(peer)
    }

    /// Where the living sources are.
    pub(super) fn addresses(&self) -> Vec<String> {
        let running = self
            .sources
            .iter()
            .filter_map(|source| source.running.as_ref());
        running.map(|(_, address)| address.clone()).collect()
    }
}
