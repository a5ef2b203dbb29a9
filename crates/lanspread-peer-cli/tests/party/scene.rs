//! The scene of a test: a party's network, and a seat for each peer with its directories.
//!
//! Invariant: a seat outlives its guests, so a peer that was killed comes back to the same game and
//! state directories. Of a scene that ends in a panic the logs are kept, and the message says where.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use lanspread_testbed::{
    fixture::{BuiltGame, GameFixture},
    net::{Host, Party, PartyBuilder},
    peer::{PeerBuilder, PeerProcess},
    tree::Tree,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::guest::Guest;

/// The program under test.
pub(crate) const LANSPREAD: &str = env!("CARGO_BIN_EXE_lanspread");

/// How long anything may take before the test gives up: only a broken peer reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// What the peers log: enough to understand a failure, and every request on the wire.
const LOG_FILTER: &str = "info,lanspread=debug";

/// The chunks of every game here: none is large enough for larger ones.
pub(crate) const CHUNK_BYTES: u64 = 256 * 1024;

/// A network with room for files.
pub(crate) struct Scene {
    party: Party,
    dir: Option<TempDir>,
}

impl Scene {
    /// Hosts with unlimited cables.
    pub(crate) fn of(hosts: &[&str]) -> Self {
        let builder = hosts
            .iter()
            .fold(Party::builder(), |builder, host| builder.host(host));
        Self::build(builder)
    }

    /// Hosts with cables of their own.
    pub(crate) fn build(builder: PartyBuilder) -> Self {
        let party = builder
            .build()
            .expect("these tests build networks out of namespaces: run as root");
        let dir = tempfile::tempdir().expect("a temporary directory");
        Self {
            party,
            dir: Some(dir),
        }
    }

    pub(crate) fn party(&self) -> &Party {
        &self.party
    }

    pub(crate) fn host(&self, name: &str) -> &Host {
        self.party.host(name).expect("a host of this scene")
    }

    /// A directory for the files of this test.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.as_ref().expect("kept until the end").path()
    }

    /// The seat at this host, with an empty game directory.
    pub(crate) fn seat(&self, name: &str) -> Seat<'_> {
        self.seat_with_games(name, &self.dir().join(name).join("games"))
    }

    /// The seat at this host, with a game directory elsewhere.
    pub(crate) fn seat_with_games(&self, name: &str, games: &Path) -> Seat<'_> {
        let dir = self.dir().join(name);
        std::fs::create_dir_all(&dir).expect("writable");
        std::fs::create_dir_all(games).expect("writable");
        let builder = PeerProcess::builder(LANSPREAD)
            .name(name)
            .games_dir(games)
            .state_dir(dir.join("state"))
            .environment("RUST_LOG", LOG_FILTER)
            .log(self.dir().join(format!("{name}.log")));
        Seat {
            host: self.host(name),
            games: games.to_owned(),
            state: dir.join("state"),
            builder,
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let Some(dir) = self.dir.take() else { return };
        let dir = dir.keep();
        for host in self.party.hosts() {
            // Games are large and can be made again; a test that failed is told by its logs.
            let _ = std::fs::remove_dir_all(dir.join(host.name()).join("games"));
        }
        eprintln!("the logs of the peers are kept in {}", dir.display());
    }
}

/// A place at the table: a host, a game directory, a state directory.
pub(crate) struct Seat<'a> {
    pub(crate) host: &'a Host,
    pub(crate) games: PathBuf,
    state: PathBuf,
    pub(crate) builder: PeerBuilder,
}

impl Seat<'_> {
    /// Puts a game into the game directory.
    pub(crate) fn place(&self, game: &GameFixture) -> BuiltGame {
        game.build(&self.games).expect("writable")
    }

    /// The root of a game, whether it exists or not.
    pub(crate) fn root(&self, id: &str) -> PathBuf {
        self.games.join(id)
    }

    /// What the root of a game holds; nothing if there is no such root.
    pub(crate) fn tree(&self, id: &str) -> Tree {
        let root = self.root(id);
        if root.exists() {
            Tree::read(&root).expect("readable")
        } else {
            Tree::default()
        }
    }

    /// What `local/` holds, except for the marker that says which version was installed.
    pub(crate) fn installed(&self, id: &str) -> Tree {
        self.tree(id).below("local").without(".lanspread_owned")
    }

    /// Takes away all that peers at this seat had: the next one is a stranger with an empty folder.
    pub(crate) fn clear(&self) {
        for directory in [&self.games, &self.state] {
            if directory.exists() {
                std::fs::remove_dir_all(directory).expect("writable");
            }
        }
        std::fs::create_dir(&self.games).expect("writable");
    }

    /// Starts a peer and waits until its listener is bound.
    pub(crate) fn start(&self) -> Guest {
        self.start_with(|builder| builder)
    }

    /// The same, with other options.
    pub(crate) fn start_with(&self, change: impl FnOnce(PeerBuilder) -> PeerBuilder) -> Guest {
        let builder = change(self.builder.clone());
        Guest::welcome(builder.spawn_on(self.host).expect("the peer starts"))
    }

    /// Starts a peer that talks to nobody, has it hash these games, and ends it: a start after this
    /// one has nothing to hash and nothing to announce later. Returns their manifests.
    pub(crate) fn hash_alone(&self, ids: &[&str]) -> Vec<Value> {
        let log = self
            .builder
            .clone()
            .log(self.games.with_extension("hashing.log"));
        let alone = Seat {
            host: self.host,
            games: self.games.clone(),
            state: self.state.clone(),
            builder: log,
        };
        let guest = alone.start_with(|builder| builder.listen("127.0.0.1:0"));
        let hash = |id: &&str| {
            guest.wait_hashed(id);
            guest.game(id)["manifest"].clone()
        };
        let manifests = ids.iter().map(hash).collect();
        guest.leave();
        manifests
    }
}
