//! What the core wants done.
//!
//! Invariant: an effect with an id is answered by exactly one input; `api/ids.rs` says by which.

use std::{path::PathBuf, sync::Arc, time::Duration};

use lanspread_db::{ChunkRef, GameId, Manifest, ManifestHash};
use lanspread_proto::{LibraryRevision, ListenAddr, PeerId, Request, Response};

use super::{
    AfterDownload, CommandId, CommandRefused, EffectId, Expelled, HashTrust, PeerEvent, ReplyId,
    Route,
};
use crate::{
    rates::{Playing, RateLimits},
    root::{DownloadIntent, Step},
};

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
    /// Publish the view now: users want to see what changed, and no event tells of it.
    Show,
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
    /// Close all connections with a peer and refuse every new one as soon as it proves to be this
    /// peer, until [`Effect::Readmit`].
    KeepAway {
        /// The peer.
        peer_id: PeerId,
    },
    /// Let a peer in again.
    Readmit {
        /// The peer.
        peer_id: PeerId,
    },
    /// Slow transfers down to these limits from here on, those under way included.
    SetRates {
        /// The limits.
        limits: RateLimits,
        /// Whether uploads yield to a game.
        playing: Playing,
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
        /// The fetch fails as [`FetchFailure::Stalled`](crate::FetchFailure::Stalled) when its answer does not begin for
        /// this long: others may be served first.
        first_byte_timeout: Duration,
        /// The same, when no further byte came for this long.
        stall_timeout: Duration,
    },

    /// Write down who is expelled, for the next start.
    KeepExpelled {
        /// Names the effect.
        effect: EffectId,
        /// All that are.
        expelled: Vec<Expelled>,
    },

    /// Write down the limits of transfers, for the next start.
    KeepRateLimits {
        /// Names the effect.
        effect: EffectId,
        /// The limits.
        limits: RateLimits,
    },

    /// Use another game directory for new games from here on.
    OpenGameDir {
        /// Names the effect.
        effect: EffectId,
        /// The directory.
        path: PathBuf,
    },
    /// Use these game directories beside it from here on, and no others.
    OpenMoreGameDirs {
        /// Names the effect.
        effect: EffectId,
        /// The directories, in their order.
        paths: Vec<PathBuf>,
    },
    /// Read the manifest that an earlier run kept of what it was downloading.
    RecallManifest {
        /// Names the effect.
        effect: EffectId,
        /// The game.
        id: GameId,
        /// Which of its manifests.
        manifest: ManifestHash,
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
        /// What is to follow it: kept in the staging place, for a later start.
        then: AfterDownload,
    },
}
