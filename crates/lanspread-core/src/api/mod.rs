//! The language between the core and whoever drives it: inputs, effects, commands, events.
//!
//! Invariant: every effect that carries an [`EffectId`] is answered by exactly one input with the
//! same id; progress inputs may come before it. Effects without an id are orders nobody waits for.

mod answer;
mod command;
mod effect;
mod error;
mod event;
mod expelled;
mod failure;
mod ids;
mod input;
mod note;
mod notice;
mod operation;
mod party;
mod problem;
mod view;
mod waiting;

use std::{ops::Add, sync::Arc, time::Duration};

use lanspread_db::Catalog;
use lanspread_proto::{LibraryEpoch, ListenAddr, PeerId, PeerName, TableName, TransportAddr};

use crate::rates::RateLimits;

pub use answer::{
    Dialed, FoundTwice, GameDirReport, Gathered, HashTrust, LibraryReport, ManifestAnswer,
    PreparedDownload, RootReport, SentinelReport, StepProgress, StepWork,
};
pub use command::{AfterDownload, CommandRefused, DownloadRoom, PeerCommand};
pub use effect::Effect;
pub use error::{ErrorKind, OperationError};
pub use event::{LostReason, Offer, PeerEvent};
pub use expelled::{Expelled, ExpelledBy};
pub use failure::{
    DialFailure, DiskFailure, DiskFailureKind, FetchFailure, RequestFailure, ServeFailure,
};
pub use input::Input;
pub use note::{LeftOut, OperationNote};
pub use notice::{Notice, NoticeAbout, StateFile};
pub use operation::{OperationKind, OperationReport, Outcome, Progress, SourceShare};
pub use party::{Door, PartyMismatch};
pub use problem::{GameProblem, GameProblemKind};
pub use view::{
    DiscoveryState, DiscoveryTrouble, GameView, HashingView, KeptAwayView, MessageView, OfferView,
    OperationView, OutboundView, PeerInfo, PeerView, Standing,
};
pub use waiting::{NamedPeer, WaitReason};

/// A point on the peer's own monotonic clock: the time since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Now(pub Duration);

impl Now {
    /// The time that passed since `earlier`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Now {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }
}

/// Names one effect, so that its answer finds its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// Names one request that another peer made and that waits for its response. Chosen by the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyId(pub u64);

/// Names one command of the embedder that waits for its answer. Chosen by the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// What a peer is made with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who this peer is.
    pub peer_id: PeerId,
    /// What it calls itself.
    pub name: PeerName,
    /// Names this run of the peer; drawn at random by the driver.
    pub epoch: LibraryEpoch,
    /// Decides every tie; drawn at random by the driver, fixed by a simulator.
    pub seed: u64,
    /// The games of this party.
    pub catalog: Arc<Catalog>,
    /// Whether this party has a code.
    pub door: Door,
    /// Who may expel peers from the whole party; nobody if that is not known.
    pub organiser: Option<PeerId>,
    /// The table it sits at, if its user was told.
    pub table: Option<TableName>,
    /// Whether its machine has a screen, so that somebody may play there.
    pub has_screen: bool,
    /// Who was expelled before this start and still is.
    pub expelled: Vec<Expelled>,
    /// How fast transfers may be, as an earlier run kept it.
    pub rate_limits: RateLimits,
    /// The intervals.
    pub timing: Timing,
}

/// Every interval of the control plane. `docs/PROTOCOL.md` lists the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long the peer with the larger id waits for the other's `Hello` before it dials itself.
    pub hello_yield: Duration,
    /// How long one control request may take.
    pub request_timeout: Duration,
    /// After this much silence a peer is pinged.
    pub ping_idle: Duration,
    /// How much longer the peer with the larger id waits for the other's `Ping`, which is a sign of life
    /// to both.
    pub ping_yield: Duration,
    /// After this much silence a peer is pruned.
    pub stale_after: Duration,
    /// Pause after a failed dial, doubled each time up to `redial_max`.
    pub redial_min: Duration,
    /// Longest pause between two dials of the same peer.
    pub redial_max: Duration,
    /// Pause before a peer is dialed again that had another party code.
    pub other_party_rest: Duration,
    /// Library changes within this time are announced together.
    pub announce_debounce: Duration,
    /// File-system events within this time lead to one rescan.
    pub rescan_debounce: Duration,
    /// Everything is rescanned this often, for events that were missed.
    pub rescan_all: Duration,
    /// Progress events come this often.
    pub progress: Duration,
    /// How long a download without any source waits for one.
    pub source_wait: Duration,
    /// How long it rests before it asks sources again that failed too often.
    pub source_retry: Duration,
    /// How long `Goodbye` is awaited at shutdown.
    pub goodbye: Duration,
    /// How long shutdown may take in all, running effects included.
    pub shutdown: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            hello_yield: Duration::from_millis(500),
            request_timeout: Duration::from_secs(5),
            ping_idle: Duration::from_secs(5),
            ping_yield: Duration::from_secs(1),
            stale_after: Duration::from_secs(20),
            redial_min: Duration::from_secs(1),
            redial_max: Duration::from_secs(30),
            other_party_rest: Duration::from_hours(1),
            announce_debounce: Duration::from_millis(100),
            rescan_debounce: Duration::from_millis(200),
            rescan_all: Duration::from_mins(5),
            progress: Duration::from_millis(500),
            source_wait: Duration::from_mins(1),
            source_retry: Duration::from_secs(10),
            goodbye: Duration::from_millis(300),
            shutdown: Duration::from_millis(700),
        }
    }
}

/// A peer and the address it is recorded under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Who.
    pub peer_id: PeerId,
    /// Where it accepts connections.
    pub listen_addr: ListenAddr,
}

/// A peer as discovery describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertisement {
    /// Who advertises; proved only by a connection.
    pub peer_id: PeerId,
    /// Where it may be reached, most promising first; at most [`CANDIDATES_MAX`] are used.
    pub candidates: Vec<ListenAddr>,
    /// Its wire version.
    pub protocol_version: u32,
    /// Whether it says that a party code is needed.
    pub door: Door,
    /// The machine's name, for people.
    pub host_name: String,
}

/// Most candidate addresses of one peer that are dialed.
pub const CANDIDATES_MAX: usize = 16;

/// The other end of an inbound request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inbound {
    /// Who asks, as proved by the connection.
    pub peer_id: PeerId,
    /// The connection's far end, for logs.
    pub transport_addr: TransportAddr,
    /// Where this peer's listener can be reached from there; `None` while no listener is bound.
    pub local_listen_addr: Option<ListenAddr>,
}
