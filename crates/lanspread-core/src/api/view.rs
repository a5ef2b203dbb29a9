//! What users see at one moment: a snapshot, rendered as it is.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lanspread_db::{CatalogMode, GameId, ManifestHash, Script, Version};
use lanspread_proto::{ListenAddr, MessageText, PeerId, PeerName, PeerStatus};

use super::{
    AfterDownload, DiskFailure, DownloadRoom, GameDirReport, GameProblem, Gathered, OperationKind,
    Progress,
};
use crate::{
    conduct::KeepAwayReason,
    rates::{Playing, RateLimits},
};

/// What users see: the merged view of local and remote facts, and all that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerView {
    /// Whether a catalog rules.
    pub mode: CatalogMode,
    /// Every game that is here, at a peer or in the catalog, sorted by id.
    pub games: Arc<Vec<GameView>>,
    /// Live peers, sorted by id.
    pub peers: Vec<PeerInfo>,
    /// Peers that are kept away, sorted by id.
    pub kept_away: Vec<KeptAwayView>,
    /// What was said to the party, the newest last; nothing of whoever is kept away.
    pub messages: Vec<Arc<MessageView>>,
    /// Running operations, sorted by game.
    pub operations: Vec<OperationView>,
    /// Running uploads.
    pub outbound: Vec<OutboundView>,
    /// The game whose files are hashed so that others can fetch it.
    pub hashing: Option<HashingView>,
    /// How fast transfers may be.
    pub rate_limits: RateLimits,
    /// Whether uploads yield to a game.
    pub playing: Playing,
    /// Whether somebody can play here, as the others are told.
    pub player: bool,
    /// Why the directory where new games go could not be read when it was looked at last; `None` if it could.
    pub game_dir_problem: Option<DiskFailure>,
    /// The further game directories, as they were looked at last.
    pub more_game_dirs: Vec<GameDirReport>,
    /// Bytes that were free where new games go when all of them were looked at last, as the others are told
    /// it; `None` if the system does not say.
    pub free_bytes: Option<u64>,
    /// How well finding peers works.
    pub discovery: DiscoveryState,
}

/// How well this peer finds others, and is found, without being told an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DiscoveryState {
    /// It is not known yet.
    #[default]
    Starting,
    /// It is not wanted: peers are reached by their addresses only.
    Off,
    /// This peer is advertised and looks for others.
    Works,
    /// It does not work.
    Trouble {
        /// The kind.
        trouble: DiscoveryTrouble,
        /// Why, and what to do meanwhile, in plain words.
        message: String,
    },
}

/// What keeps peers from finding each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiscoveryTrouble {
    /// No network is there that could be used, or another program keeps the port.
    NoInterface,
    /// The system refuses something that is needed.
    Fails,
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
    /// Whether its files are still to be hashed, before others can fetch it from here.
    pub to_hash: bool,
    /// Its scripts that are here and that this system can run.
    pub scripts: BTreeSet<Script>,
    /// Live peers that hold the expected version, and not with other files than those pinned.
    pub peers: Vec<PeerId>,
    /// Who says what of it, and what that counts for: sources first.
    pub offers: Vec<OfferView>,
    /// How much of an unfinished download is here, as it was noted when that was last at rest.
    pub gathered: Option<Gathered>,
    /// The manifest of what is here.
    pub manifest: Option<ManifestHash>,
    /// The manifest that the catalog pins for the expected version.
    pub pinned: Option<ManifestHash>,
    /// What is wrong with it.
    pub problem: Option<GameProblem>,
}

/// What some peers say of a game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferView {
    /// The version they announce.
    pub version: Version,
    /// The manifest they announce; `None` while they hash.
    pub manifest: Option<ManifestHash>,
    /// Bytes of its files, as one of them says.
    pub size_bytes: u64,
    /// What that counts for.
    pub standing: Standing,
    /// Who announces it, sorted; never empty.
    pub peers: Vec<PeerId>,
}

/// What an announcement of a game counts for in a download, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// These files are fetched.
    Source,
    /// As many peers announce others: people have to decide.
    Tied,
    /// More peers announce other files of this version.
    Outvoted,
    /// The catalog pins other files of this version.
    NotPinned,
    /// It is not known yet which files these are.
    Hashing,
    /// This party plays another version.
    OtherVersion,
}

impl Standing {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Tied => "tied",
            Self::Outvoted => "outvoted",
            Self::NotPinned => "not-pinned",
            Self::Hashing => "hashing",
            Self::OtherVersion => "other-version",
        }
    }
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
    /// What it says of itself; `None` until it did.
    pub status: Option<Arc<PeerStatus>>,
}

/// One peer that is kept away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAwayView {
    /// The peer.
    pub peer_id: PeerId,
    /// Its name, or the beginning of its id.
    pub name: PeerName,
    /// Every reason; never empty.
    pub reasons: Vec<KeepAwayReason>,
}

/// Something that was said to the party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// Counts up from 1 for each that this peer learns of.
    pub number: u64,
    /// Who said it.
    pub peer_id: PeerId,
    /// What it called itself then.
    pub name: PeerName,
    /// What was said.
    pub text: MessageText,
    /// Whether it was said here.
    pub own: bool,
    /// How long ago it was said when this peer learned of it.
    pub age: Duration,
}

/// One running operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationView {
    /// The game.
    pub id: GameId,
    /// What runs.
    pub kind: OperationKind,
    /// What follows a download.
    pub after: AfterDownload,
    /// What a download does with the version that is here.
    pub room: DownloadRoom,
    /// How far, once known.
    pub progress: Option<Progress>,
}

/// One game whose files are hashed so that others can fetch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashingView {
    /// The game.
    pub id: GameId,
    /// Bytes whose hash is known.
    pub hashed_bytes: u64,
    /// Bytes of all its files; 0 until that is known.
    pub total_bytes: u64,
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
    /// Bytes per second of what was served in the last seconds.
    pub rate_bytes_per_s: u64,
}
