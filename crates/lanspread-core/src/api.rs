//! The language between the core and whoever drives it: inputs, effects, commands, events.
//!
//! Invariant: every effect that carries an [`EffectId`] is answered by exactly one input with the
//! same id; progress inputs may come before it. Effects without an id are orders nobody waits for.

use std::{fmt, net::SocketAddr, ops::Add, path::PathBuf, sync::Arc, time::Duration};

use lanspread_db::{
    Catalog, CatalogMode, ChunkRef, GameFileDescription, GameId, Manifest, ManifestHash, Version,
};
use lanspread_proto::{
    LibraryEpoch, LibraryRevision, ListenAddr, PeerId, PeerName, Request, Response, TransportAddr,
};

use crate::root::{DownloadIntent, RootObservation, Step, StepReport};

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
    /// After this much silence a peer is pruned.
    pub stale_after: Duration,
    /// Pause after a failed dial, doubled each time up to `redial_max`.
    pub redial_min: Duration,
    /// Longest pause between two dials of the same peer.
    pub redial_max: Duration,
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
            hello_yield: Duration::from_millis(1500),
            request_timeout: Duration::from_secs(5),
            ping_idle: Duration::from_secs(5),
            stale_after: Duration::from_secs(20),
            redial_min: Duration::from_secs(1),
            redial_max: Duration::from_secs(30),
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

/// A fact that happened.
#[derive(Debug)]
pub enum Input {
    /// The listener is bound; other peers can connect. Nothing is sent before this.
    ListenerBound {
        /// Every address other peers may use, most promising first; never empty.
        addrs: Vec<ListenAddr>,
    },
    /// A deadline that [`crate::Peer::poll_deadline`] named is due.
    Tick,
    /// Discovery saw a peer.
    Discovered(Advertisement),
    /// An embedder wants something; answered by one [`Effect::Answer`].
    Command {
        /// Names the command.
        id: CommandId,
        /// What is wanted.
        command: PeerCommand,
    },
    /// Another peer asks; answered by one [`Effect::Reply`], [`Effect::ServeManifest`] or
    /// [`Effect::ServeChunks`].
    Requested {
        /// Names the request.
        reply: ReplyId,
        /// Who asks.
        from: Inbound,
        /// What is asked.
        request: Request,
    },
    /// The last connection with a peer closed: a hint that it may be gone.
    Disconnected {
        /// The peer.
        peer_id: PeerId,
    },
    /// Something changed in the game directory.
    GameDirChanged {
        /// The game root that changed; `None` for the directory itself or when events were lost.
        id: Option<GameId>,
    },
    /// The game directory cannot be watched or read, or can be again.
    GameDirHealth {
        /// What is wrong; `None` when all is well.
        problem: Option<String>,
    },
    /// A peer of another wire version came to this peer's listener and was told so.
    OtherVersion {
        /// Who it is, as proved by the connection.
        peer_id: PeerId,
        /// From where it came, for logs and people.
        transport_addr: TransportAddr,
        /// Its wire version.
        theirs: u32,
    },
    /// A part of the driver works less well than a user would expect; told once as a
    /// [`PeerEvent::Notice`].
    Trouble {
        /// In plain words, with what to do.
        message: String,
    },
    /// The embedder ends this peer.
    Shutdown,

    /// Answers [`Effect::Dial`].
    Dialed {
        /// The effect.
        effect: EffectId,
        /// Who answered, or why nobody did.
        result: Result<Dialed, DialFailure>,
    },
    /// Answers [`Effect::Request`].
    Responded {
        /// The effect.
        effect: EffectId,
        /// The response, or why there is none.
        result: Result<Response, RequestFailure>,
    },
    /// Answers [`Effect::FetchManifest`].
    ManifestFetched {
        /// The effect.
        effect: EffectId,
        /// The manifest, checked against the hash it was asked by.
        result: Result<ManifestAnswer, RequestFailure>,
    },
    /// Answers [`Effect::ServeManifest`] and [`Effect::ServeChunks`].
    Served {
        /// The effect.
        effect: EffectId,
        /// Bytes that were sent.
        sent_bytes: u64,
        /// Why sending ended early, if it did.
        result: Result<(), ServeFailure>,
    },
    /// Answers [`Effect::FetchChunks`].
    ChunksFetched {
        /// The effect.
        effect: EffectId,
        /// The chunks that were verified and stored, also when the fetch failed later.
        stored: Vec<ChunkRef>,
        /// From the request to the last byte.
        elapsed: Duration,
        /// Why the rest is missing, if it is.
        result: Result<(), FetchFailure>,
    },
    /// Answers [`Effect::ScanLibrary`].
    LibraryScanned {
        /// The effect.
        effect: EffectId,
        /// Every game root, or why the directory cannot be read.
        result: Result<Vec<RootReport>, DiskFailure>,
    },
    /// Answers [`Effect::ScanRoot`].
    RootScanned {
        /// The effect.
        effect: EffectId,
        /// The root; `None` if it is gone.
        result: Result<Option<RootReport>, DiskFailure>,
    },
    /// Progress of [`Effect::HashRoot`].
    HashProgress {
        /// The effect.
        effect: EffectId,
        /// Bytes whose hash is known.
        hashed_bytes: u64,
        /// Bytes of all files.
        total_bytes: u64,
    },
    /// Answers [`Effect::HashRoot`].
    RootHashed {
        /// The effect.
        effect: EffectId,
        /// The manifest of what lies there.
        result: Result<Arc<Manifest>, DiskFailure>,
    },
    /// Answers [`Effect::ObserveRoot`].
    RootObserved {
        /// The effect.
        effect: EffectId,
        /// What stands in the root.
        result: Result<RootObservation, DiskFailure>,
    },
    /// Progress of [`Effect::RunStep`].
    StepProgress {
        /// The effect.
        effect: EffectId,
        /// How far it is.
        progress: StepProgress,
    },
    /// Answers [`Effect::RunStep`].
    StepDone {
        /// The effect.
        effect: EffectId,
        /// What the step found or did, or why it failed.
        result: Result<StepReport, DiskFailure>,
    },
    /// Progress of [`Effect::PrepareDownload`]: bytes already on this disk that were checked.
    PrepareProgress {
        /// The effect.
        effect: EffectId,
        /// Bytes checked so far.
        checked_bytes: u64,
        /// Bytes to check.
        total_bytes: u64,
    },
    /// Answers [`Effect::PrepareDownload`].
    DownloadPrepared {
        /// The effect.
        effect: EffectId,
        /// What is there already, or why the download cannot start.
        result: Result<PreparedDownload, DiskFailure>,
    },
    /// Answers [`Effect::OpenGameDir`].
    GameDirOpened {
        /// The effect.
        effect: EffectId,
        /// Whether the directory can be used.
        result: Result<(), DiskFailure>,
    },
}

/// A wish to be carried out by the driver.
#[derive(Debug)]
pub enum Effect {
    /// Tell the embedder. Events come out in order.
    Emit(PeerEvent),
    /// Answer a command.
    Answer {
        /// The command.
        id: CommandId,
        /// Whether it was accepted; what takes longer reports by events.
        result: Result<(), CommandRefused>,
    },
    /// Answer another peer's request.
    Reply {
        /// The request.
        reply: ReplyId,
        /// The answer.
        response: Response,
    },
    /// Advertise this peer, or its new library revision, to the local network.
    Advertise {
        /// The revision to show.
        revision: LibraryRevision,
    },
    /// Close all connections with a peer.
    Disconnect {
        /// The peer.
        peer_id: PeerId,
    },
    /// End an effect early. It is still answered by its own input.
    Abort {
        /// The effect to end.
        effect: EffectId,
    },
    /// All is said and done: the driver ends.
    Stopped,

    /// Connect: race the candidates, keep the first that proves `expect`.
    Dial {
        /// Names the effect.
        effect: EffectId,
        /// Where to try, most promising first.
        candidates: Vec<ListenAddr>,
        /// Who must answer; `None` when the user gave only an address.
        expect: Option<PeerId>,
        /// When to give up.
        timeout: Duration,
    },
    /// Send one control request, over a live connection if there is one. Raw bytes that follow a
    /// response are not wanted here: [`Request::GetGame`] is sent only to have a peer hash a game.
    Request {
        /// Names the effect.
        effect: EffectId,
        /// To whom.
        to: Route,
        /// What to ask.
        request: Request,
        /// When to give up.
        timeout: Duration,
    },
    /// Ask a peer for a manifest and check it against its hash.
    FetchManifest {
        /// Names the effect.
        effect: EffectId,
        /// Whom to ask.
        from: Route,
        /// The game.
        id: GameId,
        /// The hash the manifest must have.
        expect: ManifestHash,
        /// When to give up.
        timeout: Duration,
    },
    /// Answer a `GetGame` request with the manifest.
    ServeManifest {
        /// Names the effect.
        effect: EffectId,
        /// The request.
        reply: ReplyId,
        /// The game.
        id: GameId,
        /// Which manifest.
        manifest: ManifestHash,
    },
    /// Answer a `GetGameFileChunk` request with the bytes.
    ServeChunks {
        /// Names the effect.
        effect: EffectId,
        /// The request.
        reply: ReplyId,
        /// The game.
        id: GameId,
        /// The manifest the chunks belong to.
        manifest: ManifestHash,
        /// Which chunks, in the order asked.
        chunks: Vec<ChunkRef>,
    },
    /// Fetch chunks of the game's prepared download, verify each, store it in the staging place.
    FetchChunks {
        /// Names the effect.
        effect: EffectId,
        /// From whom.
        from: Route,
        /// The game; its download was prepared before.
        id: GameId,
        /// Which chunks, in this order.
        chunks: Vec<ChunkRef>,
        /// The fetch fails as [`FetchFailure::Stalled`] when no byte came for this long.
        stall_timeout: Duration,
    },

    /// Use another game directory from here on.
    OpenGameDir {
        /// Names the effect.
        effect: EffectId,
        /// The directory.
        path: PathBuf,
    },
    /// Look at every game root.
    ScanLibrary {
        /// Names the effect.
        effect: EffectId,
    },
    /// Look at one game root.
    ScanRoot {
        /// Names the effect.
        effect: EffectId,
        /// The game.
        id: GameId,
    },
    /// Hash what of one game root is not hashed yet.
    HashRoot {
        /// Names the effect.
        effect: EffectId,
        /// The game.
        id: GameId,
        /// Whether known hashes may be used.
        trust: HashTrust,
    },
    /// Look at the parts of a root that an operation may change.
    ObserveRoot {
        /// Names the effect.
        effect: EffectId,
        /// The game.
        id: GameId,
    },
    /// Take one step of an operation on a root.
    RunStep {
        /// Names the effect.
        effect: EffectId,
        /// The game.
        id: GameId,
        /// The step.
        step: Step,
    },
    /// Make the staging place ready, find what is there already, check the free space.
    PrepareDownload {
        /// Names the effect.
        effect: EffectId,
        /// The manifest to gather.
        manifest: Arc<Manifest>,
        /// What the download is for.
        intent: DownloadIntent,
    },
}

/// Whether hashing may rely on what was hashed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashTrust {
    /// A file with the same size and times is not read again.
    Unchanged,
    /// Every byte is read: for `verify`.
    Nothing,
}

/// A successful dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialed {
    /// Who answered, as proved by the connection.
    pub peer_id: PeerId,
    /// Which candidate won.
    pub remote: ListenAddr,
    /// Where this peer's listener can be reached from there.
    pub local_listen_addr: ListenAddr,
}

/// Why a dial failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialFailure {
    /// Nobody answered at any candidate in time.
    #[error(
        "nobody answered at {tried}: is Lanspread running there, and does its firewall let it in?"
    )]
    Unreachable {
        /// The candidates, for people.
        tried: String,
    },
    /// Somebody else answered.
    #[error("the peer at {addr} is {found}, not {expected}")]
    OtherPeer {
        /// Where.
        addr: SocketAddr,
        /// Who answered.
        found: PeerId,
        /// Who was expected.
        expected: PeerId,
    },
    /// The peer runs another version.
    #[error(
        "the peer at {addr} runs another version of Lanspread (wire version {theirs}, this is {ours})"
    )]
    OtherVersion {
        /// Where.
        addr: SocketAddr,
        /// Its wire version.
        theirs: u32,
        /// The wire version of this peer.
        ours: u32,
    },
    /// This peer itself answered.
    #[error("{addr} is this peer itself")]
    Myself {
        /// Where.
        addr: SocketAddr,
    },
    /// The own listener is not bound.
    #[error("local peer listener address is not ready")]
    ListenerNotReady,
    /// The driver ended the dial.
    #[error("the dial was cancelled")]
    Aborted,
    /// The handshake of the connection failed.
    #[error("the peer at {addr} could not be verified: {reason}")]
    Handshake {
        /// Where.
        addr: SocketAddr,
        /// What went wrong.
        reason: String,
    },
}

/// Why a request got no usable response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// No connection could be made or it broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// Nothing came in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// What came breaks the protocol: the peer is to blame.
    #[error("the answer breaks the protocol: {0}")]
    Protocol(String),
    /// The driver ended the request.
    #[error("the request was cancelled")]
    Aborted,
}

/// What a peer answers when asked for a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestAnswer {
    /// The manifest; its hash is the one that was asked for.
    Manifest(Arc<Manifest>),
    /// It is still hashing.
    Pending {
        /// Bytes hashed so far.
        hashed_bytes: u64,
        /// Bytes of all files.
        total_bytes: u64,
    },
    /// It does not have it (any more).
    Refused(String),
}

/// Why chunks of a fetch are missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchFailure {
    /// The connection broke or could not be made.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// No byte came for too long.
    #[error("the source stopped sending")]
    Stalled,
    /// The source refused.
    #[error("the source refused: {0}")]
    Refused(String),
    /// The source sent a chunk whose hash is wrong; nothing of it was stored.
    #[error("the source sent wrong bytes for chunk {} of file {}", .0.chunk, .0.file)]
    WrongHash(ChunkRef),
    /// What came breaks the protocol.
    #[error("the source broke the protocol: {0}")]
    Protocol(String),
    /// The chunk is fine but this disk did not take it.
    #[error("{0}")]
    Disk(DiskFailure),
    /// The driver ended the fetch.
    #[error("the fetch was cancelled")]
    Aborted,
}

/// Why serving ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServeFailure {
    /// The receiver went away or stopped reading.
    #[error("the receiver went away: {0}")]
    Connection(String),
    /// The bytes could not be read, or they are not what the manifest says any more.
    #[error("{0}")]
    Disk(DiskFailure),
    /// The core ended it.
    #[error("the upload was cancelled")]
    Aborted,
}

/// Why something on this machine's disk failed, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DiskFailure {
    /// The kind, for decisions.
    pub kind: DiskFailureKind,
    /// What was tried, on what, why it failed, what to do.
    pub message: String,
}

/// The kinds of disk failure that lead to different decisions or error kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFailureKind {
    /// The disk is full, or would be.
    NoSpace,
    /// The system does not allow it.
    NotAllowed,
    /// What should be there is not.
    NotFound,
    /// Something stands in the way that is not ours to remove.
    Foreign,
    /// An archive is broken, hostile or of an unknown kind.
    BadArchive,
    /// The core ended it.
    Aborted,
    /// Anything else the system reports.
    Io,
}

/// What a scan finds in one direct child of the game directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootReport {
    /// The game.
    pub id: GameId,
    /// The sentinel.
    pub sentinel: SentinelReport,
    /// Whether `local/` is a directory.
    pub installed: bool,
    /// Whether [`crate::root::Goal::Settle`] has something to do here. A download that waits to be
    /// resumed does not count.
    pub unsettled: bool,
    /// The manifest of a download that waits in the staging place to be resumed.
    pub pending_download: Option<ManifestHash>,
    /// Bytes of the files that belong to the game.
    pub size_bytes: u64,
    /// The manifest, if every file is hashed and unchanged since.
    pub manifest: Option<ManifestHash>,
    /// Why this root cannot be shared although the sentinel is there, in words for people.
    pub problem: Option<String>,
}

/// What stands at a root's `version.ini`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentinelReport {
    /// Nothing, or not a regular file: not downloaded.
    Absent,
    /// A sentinel with a version.
    Version(Version),
    /// A file that holds no version; the reason, for people.
    Unreadable(String),
}

/// What is already there when a download starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedDownload {
    /// Chunks that need not be fetched: verified in the staging place, or in a file of the old
    /// version that stays as it is.
    pub stored: Vec<ChunkRef>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProgress {
    /// What is being worked on, for example an archive's name.
    pub what: String,
    /// Which of how many, from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// Bytes done in all.
    pub done_bytes: u64,
}

/// What an embedder can ask for. Each is answered at once; what takes longer reports by events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerCommand {
    /// Ask the peers what a download of the game would fetch: [`PeerEvent::GotGameFiles`].
    GetGame {
        /// The game.
        id: GameId,
    },
    /// The same for a game that is here already in another version: bypasses the local archive.
    FetchLatestFromPeers {
        /// The game.
        id: GameId,
    },
    /// Download a game.
    DownloadGameFiles {
        /// The game.
        id: GameId,
        /// What happens after the last byte.
        then: AfterDownload,
        /// What happens to the old version while the new one gathers.
        room: DownloadRoom,
    },
    /// Unpack a downloaded game to `local/`.
    InstallGame {
        /// The game.
        id: GameId,
    },
    /// Delete `local/`.
    UninstallGame {
        /// The game.
        id: GameId,
    },
    /// Delete a downloaded game that is not installed.
    RemoveGame {
        /// The game.
        id: GameId,
    },
    /// Read every byte again and repair from the peers what is damaged.
    VerifyGame {
        /// The game.
        id: GameId,
    },
    /// End the running operation of a game.
    Cancel {
        /// The game.
        id: GameId,
    },
    /// Use another game directory.
    SetGameDir {
        /// The directory.
        path: PathBuf,
    },
    /// Connect to a peer by its listener address.
    Connect {
        /// The address.
        addr: ListenAddr,
    },
}

/// What happens when a download is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDownload {
    /// Install it.
    Install,
    /// Leave it.
    Keep,
}

/// What happens to the old version while a new one is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadRoom {
    /// It stays until the new one is complete.
    KeepOld,
    /// It is given up first, for disks that cannot hold both.
    GiveUpOld,
}

/// Why a command was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CommandRefused {
    /// The kind, for programs.
    pub kind: ErrorKind,
    /// What was tried, why not, what to do.
    pub message: String,
}

/// The kinds of error that users and scripts see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// No such game here or at any peer.
    UnknownGame,
    /// Not in the catalog of this party.
    NotInCatalog,
    /// Another operation runs on this game.
    Busy,
    /// Nothing to cancel.
    NoOperation,
    /// No live peer has the version that is wanted.
    NoSource,
    /// Peers disagree about the files of this version.
    Conflict,
    /// The game is not downloaded.
    NotDownloaded,
    /// The game is not installed.
    NotInstalled,
    /// The game is installed.
    Installed,
    /// What is asked for is there already.
    UpToDate,
    /// The listener is not bound yet.
    NotReady,
    /// The peer is ending.
    ShuttingDown,
    /// The peer cannot be reached.
    Unreachable,
    /// The peer runs another version of Lanspread.
    OtherVersion,
    /// The disk is full.
    NoSpace,
    /// The system does not allow it.
    NotAllowed,
    /// Something that is not Lanspread's stands in the way.
    Foreign,
    /// An archive cannot be unpacked.
    BadArchive,
    /// All sources failed.
    SourcesFailed,
    /// The user cancelled.
    Cancelled,
    /// What was waited for did not come in time.
    Timeout,
    /// The input is not valid.
    BadInput,
    /// Anything else the system reports.
    Io,
}

impl ErrorKind {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownGame => "unknown-game",
            Self::NotInCatalog => "not-in-catalog",
            Self::Busy => "busy",
            Self::NoOperation => "no-operation",
            Self::NoSource => "no-source",
            Self::Conflict => "conflict",
            Self::NotDownloaded => "not-downloaded",
            Self::NotInstalled => "not-installed",
            Self::Installed => "installed",
            Self::UpToDate => "up-to-date",
            Self::NotReady => "not-ready",
            Self::ShuttingDown => "shutting-down",
            Self::Unreachable => "unreachable",
            Self::OtherVersion => "other-version",
            Self::NoSpace => "no-space",
            Self::NotAllowed => "not-allowed",
            Self::Foreign => "foreign",
            Self::BadArchive => "bad-archive",
            Self::SourcesFailed => "sources-failed",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::BadInput => "bad-input",
            Self::Io => "io",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationKind {
    /// A game that is not here, or an update of one that is.
    Download,
    /// Unpacking to `local/`.
    Install,
    /// Deleting `local/`.
    Uninstall,
    /// Deleting a downloaded game.
    Remove,
    /// Checking and repairing.
    Verify,
    /// Completing or undoing what a crash left.
    Recover,
}

impl OperationKind {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Install => "install",
            Self::Uninstall => "uninstall",
            Self::Remove => "remove",
            Self::Verify => "verify",
            Self::Recover => "recover",
        }
    }
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationError {
    /// The kind, for programs.
    pub kind: ErrorKind,
    /// What was tried, on what, why it failed, what to do.
    pub message: String,
}

/// What an operation came to: its one terminal event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did what was asked.
    Finished(OperationReport),
    /// It failed; what was there before is there.
    Failed(OperationError),
    /// The user ended it.
    Cancelled,
}

/// What a finished operation has to tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperationReport {
    /// The version that is there after it.
    pub version: Option<Version>,
    /// Bytes that came over the network (download, verify) or were unpacked (install).
    pub moved_bytes: u64,
    /// Chunks that came over the network.
    pub chunks: u64,
    /// Chunks and bytes from each source.
    pub sources: Vec<SourceShare>,
    /// From acceptance to the end.
    pub elapsed: Duration,
    /// Things the user may want to know, for example files that were left in place.
    pub notes: Vec<String>,
}

/// What one source gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceShare {
    /// The source.
    pub peer_id: PeerId,
    /// Its name.
    pub name: PeerName,
    /// Chunks it delivered and that were stored.
    pub chunks: u64,
    /// Bytes of those chunks.
    pub bytes: u64,
    /// Its present rate, in bytes per second; the mean rate once the transfer is over.
    pub rate_bytes_per_s: u64,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Waiting for something, said in words for people.
    Waiting {
        /// For what.
        what: String,
    },
    /// Bytes on this disk are being checked.
    Checking {
        /// Bytes checked.
        done_bytes: u64,
        /// Bytes to check.
        total_bytes: u64,
    },
    /// Bytes are coming.
    Transferring {
        /// Verified bytes; never decreases within one operation.
        verified_bytes: u64,
        /// Bytes of the game.
        total_bytes: u64,
        /// Bytes per second over the last seconds.
        rate_bytes_per_s: u64,
        /// Time left at that rate, if there is one.
        time_left: Option<Duration>,
        /// The sources.
        sources: Vec<SourceShare>,
    },
    /// A step on the disk.
    Step(StepProgress),
}

/// What one peer says of a game, for reports of a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The manifest.
    pub manifest: ManifestHash,
    /// Bytes of its files.
    pub size_bytes: u64,
    /// Who announces it.
    pub peers: Vec<(PeerId, PeerName)>,
}

/// What an embedder is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// The listener is bound and the peer takes part.
    LocalPeerReady {
        /// Who this peer is.
        peer_id: PeerId,
        /// Every address others may use.
        addrs: Vec<ListenAddr>,
        /// Whether a catalog rules.
        mode: CatalogMode,
    },
    /// A peer is connected.
    PeerConnected {
        /// The peer.
        peer_id: PeerId,
        /// Its listener address.
        addr: ListenAddr,
        /// Its name.
        name: PeerName,
    },
    /// A known peer is reached under another address.
    PeerMoved {
        /// The peer.
        peer_id: PeerId,
        /// Its listener address.
        addr: ListenAddr,
    },
    /// A peer is gone.
    PeerLost {
        /// The peer.
        peer_id: PeerId,
        /// Its name.
        name: PeerName,
        /// Why, for people.
        reason: String,
    },
    /// A peer cannot take part, for example because it "runs another version of Lanspread".
    PeerRefused {
        /// The peer, if known.
        peer_id: Option<PeerId>,
        /// Where or what it is, for people.
        who: String,
        /// The kind.
        kind: ErrorKind,
        /// Why, for people.
        reason: String,
    },
    /// A `connect` command came to its end.
    ConnectFinished {
        /// The address.
        addr: ListenAddr,
        /// Who is there, or why nobody is.
        result: Result<PeerId, OperationError>,
    },
    /// The merged list of games changed.
    GamesListUpdated,
    /// The set of running operations changed.
    ActiveOperationsChanged {
        /// All that run.
        active: Vec<(GameId, OperationKind)>,
    },
    /// What a download would fetch; answers `GetGame` and `FetchLatestFromPeers`.
    GotGameFiles {
        /// The game.
        id: GameId,
        /// Its version.
        version: Version,
        /// The manifest.
        manifest: ManifestHash,
        /// All files.
        files: Vec<GameFileDescription>,
    },
    /// `GetGame` or `FetchLatestFromPeers` failed.
    GetGameFailed {
        /// The game.
        id: GameId,
        /// Why.
        error: OperationError,
    },
    /// Peers disagree about a game's files. With a `chosen` manifest the download goes on.
    ManifestConflict {
        /// The game.
        id: GameId,
        /// The version.
        version: Version,
        /// Who says what, most peers first.
        offers: Vec<Offer>,
        /// The manifest that most announce; `None` on a tie.
        chosen: Option<ManifestHash>,
    },
    /// An operation began.
    OperationBegan {
        /// The game.
        id: GameId,
        /// What runs.
        kind: OperationKind,
    },
    /// An operation goes on.
    OperationProgress {
        /// The game.
        id: GameId,
        /// What runs.
        kind: OperationKind,
        /// How far.
        progress: Progress,
    },
    /// A source of a running download failed and is not asked any more.
    SourceDropped {
        /// The game.
        id: GameId,
        /// The source.
        peer_id: PeerId,
        /// Its name.
        name: PeerName,
        /// Why, for people; names wrong bytes as such.
        reason: String,
    },
    /// An operation ended: exactly one for each that began.
    OperationEnded {
        /// The game.
        id: GameId,
        /// What ended.
        kind: OperationKind,
        /// How.
        outcome: Outcome,
    },
    /// Files of a game are being hashed so that it can be shared.
    HashingProgress {
        /// The game.
        id: GameId,
        /// Bytes hashed.
        hashed_bytes: u64,
        /// Bytes of all files.
        total_bytes: u64,
    },
    /// Something the user should know, once.
    Notice {
        /// In plain words.
        message: String,
    },
    /// The runtime cannot go on; the peer ends.
    RuntimeFailed {
        /// Why.
        reason: String,
    },
}

/// What users see: the merged view of local and remote facts, and all that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerView {
    /// Whether a catalog rules.
    pub mode: CatalogMode,
    /// Every game that is here, at a peer or in the catalog, sorted by id.
    pub games: Arc<Vec<GameView>>,
    /// Live peers, sorted by id.
    pub peers: Vec<PeerInfo>,
    /// Running operations, sorted by game.
    pub operations: Vec<OperationView>,
    /// Running uploads.
    pub outbound: Vec<OutboundView>,
}

/// One game as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameView {
    /// The game.
    pub id: GameId,
    /// Its title.
    pub title: String,
    /// The version here, if it is downloaded.
    pub version: Option<Version>,
    /// The version this party plays: the catalog's, or the newest announced.
    pub expected_version: Option<Version>,
    /// Bytes of its files.
    pub size_bytes: u64,
    /// Whether the sentinel is there.
    pub downloaded: bool,
    /// Whether `local/` is a directory.
    pub installed: bool,
    /// Live peers that hold the expected version.
    pub peers: Vec<PeerId>,
    /// The manifest of what is here.
    pub manifest: Option<ManifestHash>,
    /// What is wrong with it, in words for people.
    pub problem: Option<String>,
}

/// One live peer as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerInfo {
    /// The peer.
    pub peer_id: PeerId,
    /// Its listener address.
    pub addr: ListenAddr,
    /// Its name.
    pub name: PeerName,
    /// How many games it announces.
    pub games: usize,
    /// Whether its library is known as it stands.
    pub in_sync: bool,
}

/// One running operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationView {
    /// The game.
    pub id: GameId,
    /// What runs.
    pub kind: OperationKind,
    /// How far, once known.
    pub progress: Option<Progress>,
}

/// One running upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundView {
    /// The receiver.
    pub peer_id: PeerId,
    /// The game.
    pub id: GameId,
    /// Requests being served.
    pub requests: usize,
}
