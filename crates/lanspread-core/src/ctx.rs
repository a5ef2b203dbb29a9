//! What every machine of the core is handed with each fact: the time, the configuration, the way out.
//!
//! Invariant: a machine reaches the world through nothing else.

use lanspread_db::{GameId, ManifestHash};
use lanspread_proto::{ListenAddr, PeerId};

use crate::{CommandId, Config, Now, outbox::Outbox};

/// The surroundings of one fact.
#[derive(Debug)]
pub(crate) struct Ctx<'a> {
    /// When it happened.
    pub(crate) now: Now,
    /// What this peer was made with.
    pub(crate) config: &'a Config,
    /// Where effects go.
    pub(crate) out: &'a mut Outbox<Purpose>,
}

/// What an effect is for: where its answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The dial of a `connect` command.
    Connect(ListenAddr),
    /// A dial of membership's own.
    Dial(PeerId),
    /// The address that a `Hello` gave, and that is not where it came from, is looked at.
    Check(PeerId, ListenAddr),
    /// A `Hello`.
    Hello(PeerId),
    /// A `Ping`.
    Ping(PeerId),
    /// A `Goodbye`.
    Goodbye(PeerId),
    /// The own library is announced.
    Announce(PeerId),
    /// What another library holds is asked.
    Pull(PeerId),
    /// A peer is told who is expelled.
    Expulsions(PeerId),
    /// Another peer is told how this one stands.
    Status(PeerId),
    /// Another peer is told what was said here.
    Message(PeerId),
    /// Who is expelled is written down.
    KeepExpelled,
    /// The limits of transfers are written down.
    KeepRateLimits,
    /// A peer is asked to hash a game; its answer says no more than that it is there.
    Nudge(PeerId),
    /// A source is told what is not waited for any more.
    TakeBack(PeerId),
    /// What a download would fetch is asked.
    Inquiry(GameId),
    /// A request of another peer is served.
    Serve,
    /// The manifest of an interrupted download is read.
    Recall(GameId, ManifestHash),
    /// Everything in the game directory is looked at.
    ScanLibrary,
    /// One game root is looked at.
    ScanRoot(GameId),
    /// A game root is hashed so that it can be shared.
    Hash(GameId),
    /// Something an operation does.
    Operation(GameId),
    /// Chunks are fetched from a peer for an operation.
    Fetch(GameId, PeerId),
    /// A peer that may gather the same is asked what it has of it.
    Holdings(GameId, PeerId),
    /// Another game directory is opened.
    OpenGameDir(CommandId),
}
