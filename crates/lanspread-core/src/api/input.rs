//! What the core is told: facts that happened, and the answers to its effects.
//!
//! Invariant: an input that carries an effect's id answers that effect, or says how far it is.

use std::{sync::Arc, time::Duration};

use lanspread_db::{ChunkRef, GameId, Manifest};
use lanspread_proto::{ListenAddr, PeerId, Request, Response, TransportAddr};

use super::{
    Advertisement, CommandId, DialFailure, Dialed, DiscoveryState, DiskFailure, EffectId,
    FetchFailure, Inbound, LibraryReport, ManifestAnswer, Notice, PartyMismatch, PeerCommand,
    PreparedDownload, ReplyId, RequestFailure, RootReport, ServeFailure, StepProgress,
};
use crate::{
    conduct::Offence,
    root::{RootObservation, StepReport},
};

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
    /// An embedder wants something; answered by one [`Effect::Answer`](crate::Effect::Answer).
    Command {
        /// Names the command.
        id: CommandId,
        /// What is wanted.
        command: PeerCommand,
    },
    /// Another peer asks; answered by one [`Effect::Reply`](crate::Effect::Reply), [`Effect::ServeManifest`](crate::Effect::ServeManifest) or
    /// [`Effect::ServeChunks`](crate::Effect::ServeChunks).
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
    /// A peer of another wire version came to this peer's listener and was told so.
    OtherVersion {
        /// Who it is, as proved by the connection.
        peer_id: PeerId,
        /// From where it came, for logs and people.
        transport_addr: TransportAddr,
        /// Its wire version.
        theirs: u32,
    },
    /// A peer misbehaved in a way that only the driver sees. It says so seldom, and how often it saw
    /// it meanwhile.
    Misbehaved {
        /// Who, as proved by the connection.
        peer_id: PeerId,
        /// From where, for logs.
        transport_addr: TransportAddr,
        /// What it did.
        offence: Offence,
        /// How often since it was last told.
        times: u32,
    },
    /// How long answers of peers take at least, measured over a while in which much was exchanged with
    /// each of them.
    Delays(Vec<(PeerId, Duration)>),
    /// A peer that is not of this party came to this peer's listener and was turned away.
    OtherParty {
        /// Who it is, as proved by the connection.
        peer_id: PeerId,
        /// From where it came, for logs and people.
        transport_addr: TransportAddr,
        /// What does not fit.
        mismatch: PartyMismatch,
    },
    /// A part of the driver works less well than a user would expect; told once as a
    /// [`PeerEvent::Notice`](crate::PeerEvent::Notice).
    Trouble(Notice),
    /// How well finding peers works, as it stands from here on.
    Discovery(DiscoveryState),
    /// The embedder ends this peer.
    Shutdown,

    /// Answers [`Effect::Dial`](crate::Effect::Dial).
    Dialed {
        /// The effect.
        effect: EffectId,
        /// Who answered, or why nobody did.
        result: Result<Dialed, DialFailure>,
    },
    /// Answers [`Effect::Request`](crate::Effect::Request).
    Responded {
        /// The effect.
        effect: EffectId,
        /// The response, or why there is none.
        result: Result<Response, RequestFailure>,
    },
    /// Answers [`Effect::FetchManifest`](crate::Effect::FetchManifest).
    ManifestFetched {
        /// The effect.
        effect: EffectId,
        /// The manifest, checked against the hash it was asked by.
        result: Result<ManifestAnswer, RequestFailure>,
    },
    /// Answers [`Effect::ServeManifest`](crate::Effect::ServeManifest) and [`Effect::ServeChunks`](crate::Effect::ServeChunks).
    Served {
        /// The effect.
        effect: EffectId,
        /// Bytes that were sent.
        sent_bytes: u64,
        /// Why sending ended early, if it did.
        result: Result<(), ServeFailure>,
    },
    /// Progress of [`Effect::FetchChunks`](crate::Effect::FetchChunks): a chunk is verified and stored. Comes before the
    /// answer, which names it again.
    ChunkStored {
        /// The effect.
        effect: EffectId,
        /// The chunk.
        chunk: ChunkRef,
    },
    /// Answers [`Effect::FetchChunks`](crate::Effect::FetchChunks).
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
    /// Answers [`Effect::RecallManifest`](crate::Effect::RecallManifest).
    ManifestRecalled {
        /// The effect.
        effect: EffectId,
        /// The manifest; `None` if it was not kept.
        result: Result<Option<Arc<Manifest>>, DiskFailure>,
    },
    /// Answers [`Effect::ScanLibrary`](crate::Effect::ScanLibrary).
    LibraryScanned {
        /// The effect.
        effect: EffectId,
        /// Every game root, or why there is nothing that can be read.
        result: Result<LibraryReport, DiskFailure>,
        /// Bytes that are free where new games go, if the system says so.
        free_bytes: Option<u64>,
    },
    /// Answers [`Effect::ScanRoot`](crate::Effect::ScanRoot).
    RootScanned {
        /// The effect.
        effect: EffectId,
        /// The root; `None` if it is gone.
        result: Result<Option<RootReport>, DiskFailure>,
    },
    /// Progress of [`Effect::HashRoot`](crate::Effect::HashRoot).
    HashProgress {
        /// The effect.
        effect: EffectId,
        /// Bytes whose hash is known.
        hashed_bytes: u64,
        /// Bytes of all files.
        total_bytes: u64,
    },
    /// Answers [`Effect::HashRoot`](crate::Effect::HashRoot).
    RootHashed {
        /// The effect.
        effect: EffectId,
        /// The manifest of what lies there.
        result: Result<Arc<Manifest>, DiskFailure>,
        /// The manifest of what this peer downloaded, if it did and every byte was to be read.
        recorded: Option<Arc<Manifest>>,
    },
    /// Answers [`Effect::ObserveRoot`](crate::Effect::ObserveRoot).
    RootObserved {
        /// The effect.
        effect: EffectId,
        /// What stands in the root.
        result: Result<RootObservation, DiskFailure>,
    },
    /// Progress of [`Effect::RunStep`](crate::Effect::RunStep).
    StepProgress {
        /// The effect.
        effect: EffectId,
        /// How far it is.
        progress: StepProgress,
    },
    /// Answers [`Effect::RunStep`](crate::Effect::RunStep).
    StepDone {
        /// The effect.
        effect: EffectId,
        /// What the step found or did, or why it failed.
        result: Result<StepReport, DiskFailure>,
    },
    /// Progress of [`Effect::PrepareDownload`](crate::Effect::PrepareDownload): bytes already on this disk that were checked.
    PrepareProgress {
        /// The effect.
        effect: EffectId,
        /// Bytes checked so far.
        checked_bytes: u64,
        /// Bytes to check.
        total_bytes: u64,
    },
    /// Answers [`Effect::PrepareDownload`](crate::Effect::PrepareDownload).
    DownloadPrepared {
        /// The effect.
        effect: EffectId,
        /// What is there already, or why the download cannot start.
        result: Result<PreparedDownload, DiskFailure>,
    },
    /// Answers [`Effect::KeepExpelled`](crate::Effect::KeepExpelled).
    ExpelledKept {
        /// The effect.
        effect: EffectId,
        /// Why it could not be written down.
        result: Result<(), DiskFailure>,
    },
    /// Answers [`Effect::KeepRateLimits`](crate::Effect::KeepRateLimits).
    RateLimitsKept {
        /// The effect.
        effect: EffectId,
        /// Why they could not be written down.
        result: Result<(), DiskFailure>,
    },
    /// Answers [`Effect::OpenGameDir`](crate::Effect::OpenGameDir) and
    /// [`Effect::OpenMoreGameDirs`](crate::Effect::OpenMoreGameDirs).
    GameDirOpened {
        /// The effect.
        effect: EffectId,
        /// Whether what was named can be used.
        result: Result<(), DiskFailure>,
    },
}
