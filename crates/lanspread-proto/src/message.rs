//! The messages: one request and one response per stream.
//!
//! A response to [`Request::GetGame`] or [`Request::GetGameFileChunk`] is followed on the same stream
//! by raw bytes, exactly as many as the response says.

use lanspread_db::{ChunkRef, GameId, ManifestHash, Version};
use serde::{Deserialize, Serialize};

use crate::{
    GameSummary, Holdings, HoldingsRequest, LibraryDelta, LibraryEpoch, LibraryRevision,
    LibrarySnapshot, LibraryState, ListenAddr, PROTOCOL_VERSION, PartyMessage, PeerId, PeerName,
    PeerStatus, TableName, Token, limits::REFUSAL_TEXT_BYTES_MAX,
};

/// What one peer asks of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// "I take part": the first request between two peers.
    Hello(Hello),
    /// "Are you there?"
    Ping,
    /// "This is the state of my library": sent after a change; the receiver asks for what it lacks.
    LibrarySummary {
        /// The sender's library.
        state: LibraryState,
    },
    /// "Send me your whole library."
    LibrarySnapshot,
    /// "Send me what changed in your library since this revision."
    LibraryDelta {
        /// The run of the receiver in which the revision was seen.
        epoch: LibraryEpoch,
        /// The last revision the sender knows.
        since: LibraryRevision,
    },
    /// "Which games do you have?" For diagnosis: the answer is never written to a peer's record.
    ListGames,
    /// "Send me the manifest of this game." An unhashed game is hashed next.
    GetGame {
        /// The game.
        id: GameId,
    },
    /// "Send me these chunks."
    GetGameFileChunk(ChunkRequest),
    /// "I do not wait for these any more": whatever this peer asked for of them that has not begun is refused.
    TakeBack(ChunkRequest),
    /// "I gather this as well: what have you stored since then?" Answered when there is something
    /// new, or after a while.
    Holdings(HoldingsRequest),
    /// "I am the organiser, and these are all whom I have expelled": heard from the organiser only.
    Expulsions {
        /// The whole list; at most [`crate::limits::EXPELLED_MAX`].
        expelled: Vec<ExpelledPeer>,
    },
    /// "This is how I stand": sent when it changed, for people to see.
    Status(PeerStatus),
    /// "My user says this to everybody": told again until it is noted.
    Message(PartyMessage),
    /// "Let me open one bulk lane without encryption": refused by whoever does not want any.
    LaneToken,
    /// "I leave": a hint.
    Goodbye,
}

impl Request {
    /// The name of the kind, as it stands in the JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Ping => "ping",
            Self::LibrarySummary { .. } => "library-summary",
            Self::LibrarySnapshot => "library-snapshot",
            Self::LibraryDelta { .. } => "library-delta",
            Self::ListGames => "list-games",
            Self::GetGame { .. } => "get-game",
            Self::GetGameFileChunk(_) => "get-game-file-chunk",
            Self::TakeBack(_) => "take-back",
            Self::Holdings(_) => "holdings",
            Self::Expulsions { .. } => "expulsions",
            Self::Status(_) => "status",
            Self::Message(_) => "message",
            Self::LaneToken => "lane-token",
            Self::Goodbye => "goodbye",
        }
    }
}

/// A peer that the organiser wants kept out by everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpelledPeer {
    /// Who.
    pub peer_id: PeerId,
    /// What it called itself, for people.
    pub name: PeerName,
    /// For how much longer, in seconds. No clock at a party need be right.
    pub left_s: u64,
}

/// The chunks of one manifest that a peer wants on one stream, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkRequest {
    /// The game.
    pub id: GameId,
    /// The manifest that the chunk numbers refer to.
    pub manifest: ManifestHash,
    /// Which chunks; 1 to [`crate::limits::CHUNKS_PER_REQUEST_MAX`], together at most
    /// [`crate::limits::REQUEST_DATA_BYTES_MAX`] bytes.
    pub chunks: Vec<ChunkRef>,
}

/// How a peer introduces itself.
///
/// It cannot be built before the listener is bound: the bound address is an argument of
/// [`Hello::new`], and [`ListenAddr`] cannot hold an unbound one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The wire version of the sender.
    pub protocol_version: u32,
    /// The sender; must be the one that the connection proved.
    pub peer_id: PeerId,
    /// Where the sender accepts connections, as the receiver can reach it.
    pub listen_addr: ListenAddr,
    /// What the sender calls itself.
    pub name: PeerName,
    /// The state of the sender's library.
    pub library: LibraryState,
    /// The table the sender sits at, if it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableName>,
}

/// How the receiver of a [`Hello`] introduces itself in turn.
pub type HelloAck = Hello;

impl Hello {
    /// Introduces a peer whose listener is bound at `listen_addr`.
    #[must_use]
    pub const fn new(
        listen_addr: ListenAddr,
        peer_id: PeerId,
        name: PeerName,
        library: LibraryState,
    ) -> Self {
        Self {
            protocol_version: PROTOCOL_VERSION,
            peer_id,
            listen_addr,
            name,
            library,
            table: None,
        }
    }

    /// The same, of a peer that sits at this table.
    #[must_use]
    pub fn at_table(self, table: Option<TableName>) -> Self {
        Self { table, ..self }
    }
}

/// What the asked peer answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Response {
    /// The answer to `Hello`.
    HelloAck(HelloAck),
    /// The answer to `Ping`.
    Pong,
    /// The answer to `LibrarySummary`, `Expulsions`, `Status`, `Message` and `Goodbye`.
    Noted,
    /// The answer to `LibrarySnapshot`, and to a `LibraryDelta` whose start is unknown.
    LibrarySnapshot(LibrarySnapshot),
    /// The answer to `LibraryDelta`.
    LibraryDelta(LibraryDelta),
    /// The answer to `ListGames`.
    Games {
        /// All announced games, sorted by id.
        games: Vec<GameSummary>,
    },
    /// The answer to `GetGame`; followed by the canonical encoding of the manifest.
    Game {
        /// The version the manifest describes.
        version: Version,
        /// The hash of the bytes that follow.
        manifest: ManifestHash,
        /// How many bytes follow.
        manifest_bytes: u64,
    },
    /// The answer to `GetGame` while the files are still being hashed: ask again when the library of
    /// this peer announces a manifest.
    GamePending {
        /// Bytes hashed so far.
        hashed_bytes: u64,
        /// Bytes of all files.
        total_bytes: u64,
    },
    /// The answer to `GetGameFileChunk`; followed by the bytes of the chunks, in the order asked.
    Chunks {
        /// How many bytes follow.
        data_bytes: u64,
    },
    /// The answer to `Holdings`.
    Holdings(Holdings),
    /// The answer to `LaneToken`.
    LaneToken {
        /// Opens one lane of the asker, once.
        token: Token,
    },
    /// The two peers speak different wire versions.
    WrongVersion(WrongVersion),
    /// The request cannot be served; the reason is for people and logs.
    Refused(Refusal),
    /// The peer cannot answer now through no fault of the asker, for example because its listener is
    /// not bound yet.
    InternalPeerError {
        /// What went wrong.
        message: String,
    },
}

impl Response {
    /// The name of the kind, as it stands in the JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::HelloAck(_) => "hello-ack",
            Self::Pong => "pong",
            Self::Noted => "noted",
            Self::LibrarySnapshot(_) => "library-snapshot",
            Self::LibraryDelta(_) => "library-delta",
            Self::Games { .. } => "games",
            Self::Game { .. } => "game",
            Self::GamePending { .. } => "game-pending",
            Self::Chunks { .. } => "chunks",
            Self::Holdings(_) => "holdings",
            Self::LaneToken { .. } => "lane-token",
            Self::WrongVersion(_) => "wrong-version",
            Self::Refused(_) => "refused",
            Self::InternalPeerError { .. } => "internal-peer-error",
        }
    }
}

/// Names both wire versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongVersion {
    /// The version of the peer that answers.
    pub ours: u32,
    /// The version of the peer that asked.
    pub yours: u32,
}

/// Why a request was not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The kind, for programs.
    pub kind: RefusalKind,
    /// The reason, for people; at most [`REFUSAL_TEXT_BYTES_MAX`] bytes.
    pub message: String,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The `peer_id` in a `Hello` is not the one the connection proved.
    IdentityMismatch,
    /// A request other than `Hello` from a peer that has not introduced itself.
    NotIntroduced,
    /// The game is not announced here, or not under this manifest; or it is not being gathered, or the
    /// chunk is not stored yet.
    NotAvailable,
    /// The game is being changed by an operation.
    Busy,
    /// The request breaks a rule or a limit.
    BadRequest,
    /// Too much is asked at once; ask again later.
    Overloaded,
    /// Only the organiser of the party may say that, and the sender is not the organiser here.
    NotOrganiser,
    /// The asker took its request back before it was this peer's turn to answer.
    TakenBack,
}

impl Refusal {
    /// Refuses for this reason; a longer text is cut.
    #[must_use]
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > REFUSAL_TEXT_BYTES_MAX {
            let end = (0..=REFUSAL_TEXT_BYTES_MAX)
                .rev()
                .find(|&at| message.is_char_boundary(at))
                .unwrap_or(0);
            message.truncate(end);
        }
        Self { kind, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::REFUSAL_TEXT_BYTES_MAX;

    #[test]
    fn the_reason_of_a_refusal_at_the_limit_stays_and_a_longer_one_is_cut() {
        let at_limit = "x".repeat(REFUSAL_TEXT_BYTES_MAX);
        let refusal = Refusal::new(RefusalKind::Busy, at_limit.clone());
        assert_eq!(refusal.message, at_limit);
        let refusal = Refusal::new(RefusalKind::Busy, format!("{at_limit}y"));
        assert_eq!(refusal.message, at_limit);
        let refusal = Refusal::new(RefusalKind::Busy, format!("{}é", &at_limit[1..]));
        assert_eq!(refusal.message, at_limit[1..]);
    }
}
