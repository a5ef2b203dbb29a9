//! The scene of a test: a party's network, a seat for each peer with its directories, and a guest,
//! the running peer, that is asked and listened to.
//!
//! Invariant: a seat outlives its guests, so a peer that was killed comes back to the same game and
//! state directories. Of a scene that ends in a panic the logs are kept, and the message says where.

use std::{
    collections::BTreeMap,
    ops::Deref,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use lanspread_testbed::{
    fixture::{BuiltGame, GameFixture},
    net::{Host, Party, PartyBuilder},
    peer::{Mark, PeerBuilder, PeerError, PeerProcess},
    tree::Tree,
};
use serde_json::{Value, json};
use tempfile::TempDir;

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

    /// Starts a peer and waits until its listener is bound.
    pub(crate) fn start(&self) -> Guest {
        self.start_with(|builder| builder)
    }

    /// The same, with other options.
    pub(crate) fn start_with(&self, change: impl FnOnce(PeerBuilder) -> PeerBuilder) -> Guest {
        let builder = change(self.builder.clone());
        let process = builder.spawn_on(self.host).expect("the peer starts");
        let ready = process
            .wait_event(Mark::START, PATIENCE, "bind its listener", |line| {
                line["event"] == "ready"
            })
            .expect("the listener is bound");
        Guest {
            process,
            peer_id: text(ready.field("peer_id")),
            addr: text(ready.field("listen_addr")),
            mode: text(ready.field("mode")),
            ready_at: ready.at,
        }
    }

    /// Starts a peer that talks to nobody, has it hash these games, and ends it: a start after this
    /// one has nothing to hash and nothing to announce later.
    pub(crate) fn hash_alone(&self, ids: &[&str]) {
        let log = self
            .builder
            .clone()
            .log(self.games.with_extension("hashing.log"));
        let alone = Seat {
            host: self.host,
            games: self.games.clone(),
            builder: log,
        };
        let guest = alone.start_with(|builder| builder.listen("127.0.0.1:0"));
        for id in ids {
            guest.wait_hashed(id);
        }
        guest.leave();
    }
}

/// A running peer.
pub(crate) struct Guest {
    process: PeerProcess,
    pub(crate) peer_id: String,
    pub(crate) addr: String,
    pub(crate) mode: String,
    pub(crate) ready_at: Instant,
}

impl Deref for Guest {
    type Target = PeerProcess;

    fn deref(&self) -> &PeerProcess {
        &self.process
    }
}

/// How an operation ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The terminal event.
    pub(crate) event: Value,
    /// The position after it.
    pub(crate) next: Mark,
}

impl Ended {
    /// Expects that it did what was asked.
    pub(crate) fn finished(self) -> Self {
        assert!(
            self.name().ends_with("-finished"),
            "it did not finish: {}",
            self.event
        );
        self
    }

    /// Expects that it failed, with an error of this kind; returns the message.
    pub(crate) fn failed(self, kind: &str) -> String {
        assert!(
            self.name().ends_with("-failed"),
            "it did not fail: {}",
            self.event
        );
        assert_eq!(self.event["kind"], kind, "{}", self.event);
        text(&self.event["message"])
    }

    /// Expects that it was cancelled.
    pub(crate) fn cancelled(self) {
        assert!(
            self.name().ends_with("-cancelled"),
            "it was not cancelled: {}",
            self.event
        );
    }

    pub(crate) fn number(&self, field: &str) -> u64 {
        self.event[field]
            .as_u64()
            .unwrap_or_else(|| panic!("{field} in {}", self.event))
    }

    /// Chunks and bytes by the name of the source.
    pub(crate) fn shares(&self) -> BTreeMap<String, (u64, u64)> {
        let sources = self.event["sources"].as_array().expect("a list of sources");
        let number = |value: &Value| value.as_u64().expect("a number");
        sources
            .iter()
            .map(|source| {
                (
                    text(&source["name"]),
                    (number(&source["chunks"]), number(&source["bytes"])),
                )
            })
            .collect()
    }

    fn name(&self) -> &str {
        self.event["event"].as_str().unwrap_or_default()
    }
}

impl Guest {
    /// Sends a command that must be accepted.
    pub(crate) fn tell(&self, command: Value) -> Value {
        self.process.call(command).expect("accepted")
    }

    /// Sends a command that must be refused, with an error of this kind; returns the message.
    pub(crate) fn refuses(&self, command: Value, kind: &str) -> String {
        match self.process.call(command) {
            Err(PeerError::Refused {
                kind: found,
                message,
                ..
            }) => {
                assert_eq!(found, kind, "{message}");
                message
            }
            other => panic!("{} did not refuse: {other:?}", self.name()),
        }
    }

    /// Waits until this many others are connected and their libraries known.
    pub(crate) fn wait_peers(&self, count: usize) {
        let timeout_ms = PATIENCE.as_millis();
        let command = json!({ "cmd": "wait-peers", "count": count, "timeout_ms": timeout_ms });
        self.process
            .call_within(command, PATIENCE * 2)
            .expect("the others are found");
    }

    /// Waits until this game can be checked chunk by chunk.
    pub(crate) fn wait_hashed(&self, id: &str) {
        self.process
            .wait_for_game(id, "hash", |game| game["manifest"].is_string())
            .expect("it is hashed");
    }

    /// Waits until this game shows so many sources.
    pub(crate) fn wait_sources(&self, id: &str, count: usize) {
        self.process
            .wait_for_game(id, "see all sources of", |game| game["peers"] == count)
            .expect("the sources are seen");
    }

    /// The game as `list-games` shows it; `null` if it does not.
    pub(crate) fn game(&self, id: &str) -> Value {
        let answer = self.process.ask("list-games").expect("answered");
        let games = answer["games"].as_array().expect("a list");
        games
            .iter()
            .find(|game| game["id"] == id)
            .cloned()
            .unwrap_or_default()
    }

    /// The ids of all games in the list.
    pub(crate) fn game_ids(&self) -> Vec<String> {
        let answer = self.process.ask("list-games").expect("answered");
        answer["games"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|game| text(&game["id"]))
            .collect()
    }

    /// The other peer as `list-peers` shows it; `null` if it does not.
    pub(crate) fn peer(&self, peer_id: &str) -> Value {
        let answer = self.process.ask("list-peers").expect("answered");
        let peers = answer["peers"].as_array().expect("a list");
        peers
            .iter()
            .find(|peer| peer["peer_id"] == peer_id)
            .cloned()
            .unwrap_or_default()
    }

    /// Has an operation done and waits for its one terminal event.
    pub(crate) fn run(&self, operation: &str, command: Value) -> Ended {
        let id = text(&command["id"]);
        let from = self.mark();
        self.tell(command);
        self.wait_end(from, operation, &id)
    }

    /// Downloads a game without installing it.
    pub(crate) fn download(&self, id: &str) -> Ended {
        self.run(
            "download",
            json!({ "cmd": "download", "id": id, "install": false }),
        )
    }

    /// Begins to download a game and returns where its events begin.
    pub(crate) fn begin_download(&self, id: &str) -> Mark {
        let from = self.mark();
        self.tell(json!({ "cmd": "download", "id": id, "install": false }));
        from
    }

    /// Waits for the terminal event of an operation.
    pub(crate) fn wait_end(&self, from: Mark, operation: &str, id: &str) -> Ended {
        let ends = ["finished", "failed", "cancelled"].map(|how| format!("{operation}-{how}"));
        let event = self
            .process
            .wait_event(
                from,
                PATIENCE,
                &format!("end the {operation} of {id}"),
                |line| line["id"] == id && ends.iter().any(|end| line["event"] == end.as_str()),
            )
            .expect("it ends");
        Ended {
            event: event.value,
            next: event.next,
        }
    }

    /// Waits until a running download has verified at least this much; returns how much it was.
    pub(crate) fn wait_verified(&self, from: Mark, id: &str, bytes: u64) -> u64 {
        let event = self
            .process
            .wait_event(
                from,
                PATIENCE,
                &format!("verify {bytes} bytes of {id}"),
                |line| {
                    let verified = line["verified_bytes"].as_u64();
                    assert!(
                        line["event"] != "download-finished",
                        "the download was over before it could be disturbed: slow its cable down"
                    );
                    line["event"] == "download-progress"
                        && line["id"] == id
                        && verified.is_some_and(|verified| verified >= bytes)
                },
            )
            .expect("it goes on");
        event
            .field("verified_bytes")
            .as_u64()
            .expect("checked before")
    }

    /// Waits for an event of this name; about a game it says so itself.
    pub(crate) fn wait(&self, from: Mark, event: &str) -> Value {
        self.process
            .wait_event(from, PATIENCE, &format!("report {event}"), |line| {
                line["event"] == event
            })
            .expect("it is reported")
            .value
    }

    /// Ends the peer at once, as a power cut would.
    pub(crate) fn kill(self) {
        self.process.kill9();
    }

    /// Ends the peer as `shutdown` does; returns how long that took.
    pub(crate) fn leave(self) -> Duration {
        let name = self.process.name().to_owned();
        let (status, took) = self.process.shutdown().expect("it ends");
        assert!(status.success(), "{name} ended with {status}");
        took
    }
}

/// The text of a JSON string; of anything else, nothing.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
