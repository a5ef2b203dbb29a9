//! A guest: a running peer that is told and asked things and listened to.
//!
//! Invariant: whatever ends here ended in the order that users are promised; every wait for the end
//! of an operation checks it.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddrV4,
    ops::Deref,
    time::{Duration, Instant},
};

use lanspread_testbed::peer::{Mark, PeerError, PeerProcess};
use serde_json::{Value, json};

use crate::{order::assert_order, scene::PATIENCE};

/// An address as the table of the system writes it: in hexadecimal, the bytes of the IP as in memory.
fn socket_addr(text: &str) -> Option<SocketAddrV4> {
    let (ip, port) = text.split_once(':')?;
    let ip = u32::from_str_radix(ip, 16).ok()?.to_ne_bytes();
    Some(SocketAddrV4::new(
        ip.into(),
        u16::from_str_radix(port, 16).ok()?,
    ))
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
    /// Where the lanes come from that others have open to it: connections of TCP to its port, over IPv4.
    pub(crate) fn lanes(&self) -> Vec<SocketAddrV4> {
        const ESTABLISHED: &str = "01";
        let (_, port) = self.addr.rsplit_once(':').expect("an address");
        let port: u16 = port.parse().expect("a port");
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.pid())).expect("it lives");
        let rows = table.lines().skip(1).filter_map(|row| {
            let mut columns = row.split_whitespace().skip(1);
            let (here, there) = (columns.next()?, columns.next()?);
            let is_lane = socket_addr(here)?.port() == port && columns.next()? == ESTABLISHED;
            is_lane.then(|| socket_addr(there)).flatten()
        });
        rows.collect()
    }

    /// Waits until the listener of a peer that was just started is bound.
    pub(crate) fn welcome(process: PeerProcess) -> Self {
        let ready = process
            .wait_event(Mark::START, PATIENCE, "bind its listener", |line| {
                line["event"] == "ready"
            })
            .expect("the listener is bound");
        Self {
            process,
            peer_id: text(ready.field("peer_id")),
            addr: text(ready.field("listen_addr")),
            mode: text(ready.field("mode")),
            ready_at: ready.at,
        }
    }

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

    /// Waits for the terminal event of an operation, and expects that all its events since `from`
    /// came in the order that is promised.
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
        let mut events = self.events_since(from);
        // Others may have come since: only those up to the end are looked at.
        let end = events.iter().position(|line| *line == event.value);
        events.truncate(end.expect("it came after the mark") + 1);
        assert_order(&events, operation, id);
        Ended { event: event.value }
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
