//! What an interface shows at one moment, as data.
//!
//! Invariant: names and units are those of `docs/JSONL.md`, and everything an interface shows is in here:
//! it draws and translates, and works out nothing. Byte counts are below 2^53, so a script's numbers hold
//! them.

use std::sync::Arc;

use lanspread_db::{GameId, Localized, ManifestHash, MaxPlayers, Script, Version};
use lanspread_jsonl::Language;
use lanspread_peer::{ListenAddr, MessageText, PeerId, PeerName};
use serde::Serialize;
use ts_rs::TS;

use crate::{
    health::{FolderProblem, Health},
    told::{AwayReason, DiscoveryTrouble, Note, NoticeAbout, Problem, WaitReason},
};

/// The whole state.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Snapshot {
    /// This peer.
    pub me: Me,
    /// Whether its machine can take part.
    pub health: Health,
    /// Every game that is here, at others or in the catalog, sorted by id.
    #[ts(as = "Vec<Game>")]
    pub games: Arc<Vec<Game>>,
    /// The other peers, sorted by id.
    pub peers: Vec<Peer>,
    /// Peers that are not let in.
    pub kept_away: Vec<KeptAway>,
    /// What was said to the party within this run, the newest last.
    pub messages: Vec<Message>,
    /// Running operations, sorted by game.
    pub operations: Vec<Operation>,
    /// Who fetches what from here.
    pub uploads: Vec<Upload>,
    /// Games whose files are checked so that others can fetch them: one after the other.
    pub hashing: Vec<Hashing>,
    /// Scripts of games that run, by game.
    pub running: Vec<Running>,
    /// How fast transfers may be.
    pub limits: Limits,
    /// Whether uploads yield to a game.
    pub playing: bool,
    /// Downloads that wait for their turn, rest or run, in their order.
    pub queue: Vec<Queued>,
    /// What is kept of the user's wishes.
    pub settings: Wishes,
    /// Operations that ended, the newest last.
    pub finished: Vec<Finished>,
    /// Uploads that ended, the newest last.
    pub uploads_ended: Vec<UploadEnded>,
    /// What the user should know, the newest last.
    pub notices: Vec<Notice>,
}

impl Snapshot {
    /// What of it is seen from a seat: a guest is shown nothing of the machine's folders, of who is kept
    /// away and of what was told to its user.
    #[must_use]
    pub(crate) fn seen_from(mut self, seat: Seat) -> Self {
        if seat != Seat::Guest {
            return self;
        }
        self.me.games_dir = String::new();
        self.me.more_games_dirs = Vec::new();
        self.me.state_dir = String::new();
        self.me.catalog = self.me.catalog.map(|_| String::new());
        if let Some(problem) = &mut self.me.games_dir_problem {
            problem.message = String::new();
        }
        if self.games.iter().any(|game| game.games_dir.is_some()) {
            for game in Arc::make_mut(&mut self.games) {
                game.games_dir = None;
            }
        }
        self.health = Health::default();
        self.kept_away = Vec::new();
        self.running = Vec::new();
        self.queue = Vec::new();
        self.settings = Wishes::default();
        self.finished = Vec::new();
        self.uploads_ended = Vec::new();
        self.notices = Vec::new();
        self
    }
}

/// This peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Me {
    /// Who it is.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// What it calls itself.
    #[ts(type = "string")]
    pub name: PeerName,
    /// The program's version.
    pub version: String,
    /// The version of the wire.
    pub protocol_version: u32,
    /// Where others reach it, the most promising first; empty until it listens.
    #[ts(type = "Array<string>")]
    pub listen_addrs: Vec<ListenAddr>,
    /// Which games belong to the party.
    pub mode: Mode,
    /// Whether the party has a code.
    pub party_code: bool,
    /// Whether game files may move without encryption.
    pub unencrypted_lanes: bool,
    /// The folder of games.
    pub games_dir: String,
    /// Why that folder cannot be read, such as a disk that is unplugged.
    pub games_dir_problem: Option<FolderProblem>,
    /// The folders of games beside that one, in their order.
    pub more_games_dirs: Vec<MoreGamesDir>,
    /// Bytes that are free there, as the other peers are told it.
    #[ts(type = "number | null")]
    pub free_bytes: Option<u64>,
    /// Whether somebody can play here, as the other peers are told; a server without a screen only shares.
    pub player: bool,
    /// How well finding peers works.
    pub discovery: Discovery,
    /// The folder of what Lanspread writes for itself.
    pub state_dir: String,
    /// What the names of scripts end with on this system.
    pub script_ending: &'static str,
    /// The catalog, if there is one.
    pub catalog: Option<String>,
}

/// A folder of games beside the one where new games go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct MoreGamesDir {
    /// Where.
    pub path: String,
    /// Why it cannot be read, such as a disk that is unplugged.
    pub problem: Option<FolderProblem>,
    /// Bytes that are free there.
    #[ts(type = "number | null")]
    pub free_bytes: Option<u64>,
}

/// How well this peer finds others, and is found, without being told an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Discovery {
    /// It is not known yet.
    Starting,
    /// It is not wanted: peers are reached by their addresses only.
    Off,
    /// This peer is advertised and looks for others.
    Works,
    /// It does not work.
    Trouble {
        /// The kind.
        kind: DiscoveryTrouble,
        /// Why, and what to do meanwhile, in words.
        message: String,
    },
}

/// A download that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Queued {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// Whether it is installed, too.
    pub install: bool,
    /// How it stands.
    pub turn: Turn,
}

/// How a download that was asked for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Others are before it.
    Waiting,
    /// It runs.
    Running,
    /// The user lets it rest.
    Paused,
}

/// What is kept of the user's wishes, as far as it may be seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, TS)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish of its own, as the settings show it"
)]
pub struct Wishes {
    /// What the player and this peer are called; `None` for the machine's name.
    pub name: Option<String>,
    /// The player's language, if he chose one.
    pub language: Option<Language>,
    /// Whether a code of the party is kept.
    pub party_code: bool,
    /// Whether what is kept there is not what this peer was started with, as a code on the command line or in the
    /// environment goes before it, and one that is changed holds after the next start.
    pub party_code_differs: bool,
    /// Whether the window's program starts with the system.
    pub start_with_system: bool,
    /// Whether games are shared on when the window is closed.
    pub keep_in_tray: bool,
    /// Whether whoever opens the page without its token may look and fetch games.
    pub guests: bool,
    /// Whether something of it holds only after the next start.
    pub restart_needed: bool,
}

/// Who looks at a peer through an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Seat {
    /// Somebody at this machine.
    Here,
    /// Somebody elsewhere who may control this peer.
    Elsewhere,
    /// Somebody elsewhere who may look, and fetch games.
    Guest,
}

/// Which games belong to the party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Those that the catalog lists.
    Catalog,
    /// All.
    Open,
}

/// One game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, named as in the JSON interface"
)]
pub struct Game {
    /// Its id.
    #[ts(type = "string")]
    pub id: GameId,
    /// Its title.
    pub title: String,
    /// How things stand with it, whatever runs on it.
    pub state: GameState,
    /// What one click should do.
    pub action: Action,
    /// What else can be done instead, such as playing the version that is here.
    pub also: Vec<Action>,
    /// The version that is here.
    #[ts(type = "string | null")]
    pub version: Option<Version>,
    /// The version that this party plays.
    #[ts(type = "string | null")]
    pub expected_version: Option<Version>,
    /// Bytes of its files.
    #[ts(type = "number")]
    pub size: u64,
    /// Whether its files are here.
    pub downloaded: bool,
    /// Whether it is unpacked here.
    pub installed: bool,
    /// Whether its files are still to be checked, before others can fetch it from here.
    pub to_hash: bool,
    /// Its scripts that are here and that this system can run.
    #[ts(type = "Array<Script>")]
    pub scripts: Vec<Script>,
    /// Who has the version of this party, sorted.
    #[ts(type = "Array<string>")]
    pub holders: Vec<PeerId>,
    /// Who has another version, sorted.
    #[ts(type = "Array<string>")]
    pub outdated: Vec<PeerId>,
    /// How much of a download that does not run is here; what of it is still as it was is seen when the
    /// download goes on.
    pub gathered: Option<Gathered>,
    /// What is wrong with what is here.
    pub problem: Option<Problem>,
    /// What kind of game it is.
    #[ts(type = "{ de?: string, en?: string, fr?: string }")]
    pub genre: Localized,
    /// How many can play.
    #[ts(type = "{ text: string, count?: number } | null")]
    pub players: Option<MaxPlayers>,
    /// Whether there is a picture of it.
    pub cover: bool,
    /// When it was first seen here, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number | null")]
    pub first_seen_ms: Option<u64>,
    /// Whether there is more to tell of it than stands here.
    pub described: bool,
    /// The folder of games in which it was found, if that is not [`Me::games_dir`].
    pub games_dir: Option<String>,
}

/// What an unfinished download had gathered when it was last at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub struct Gathered {
    /// Bytes that were verified.
    #[ts(type = "number")]
    pub verified_bytes: u64,
    /// Bytes of the game.
    #[ts(type = "number")]
    pub total_bytes: u64,
}

/// How things stand with a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum GameState {
    /// It is unpacked and in the version of this party.
    Ready,
    /// It is here in the version of this party, and not unpacked.
    Downloaded,
    /// It is here in another version, and others have that of this party.
    UpdateAvailable,
    /// It is here in another version, and nobody has that of this party.
    OtherVersion,
    /// It is unpacked, and its files are not here: it can be played and not shared.
    LocalOnly,
    /// Others have it.
    OnOthers,
    /// Nobody has it.
    Nowhere,
}

/// What one click on a game should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Fetch and unpack it.
    Download,
    /// Fetch and unpack a newer version.
    Update,
    /// Unpack it.
    Install,
    /// Start it.
    Play,
    /// There is nothing to do, or nothing that can be done.
    None,
}

/// What is told of a game when somebody looks at it alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct GameDetails {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// Who published it.
    pub publisher: Option<String>,
    /// When it came out.
    pub release: Option<String>,
    /// What it is about, lines separated by line feeds.
    #[ts(type = "{ de?: string, en?: string, fr?: string }")]
    pub descriptions: Localized,
    /// Who says what of it: what would be fetched first.
    pub offers: Vec<Offer>,
    /// The version that the catalog lists; `None` without a catalog, and where it does not say.
    #[ts(type = "string | null")]
    pub catalog_version: Option<Version>,
    /// The manifest of what is here.
    #[ts(type = "string | null")]
    pub manifest: Option<ManifestHash>,
    /// The manifest that the catalog pins.
    #[ts(type = "string | null")]
    pub pinned: Option<ManifestHash>,
}

/// What some peers say of a game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Offer {
    /// The version.
    #[ts(type = "string")]
    pub version: Version,
    /// The manifest; `None` while they hash.
    #[ts(type = "string | null")]
    pub manifest: Option<ManifestHash>,
    /// Bytes of its files.
    #[ts(type = "number")]
    pub size: u64,
    /// What it counts for.
    pub standing: Standing,
    /// Who says it.
    #[ts(type = "Array<string>")]
    pub peers: Vec<PeerId>,
}

/// What an offer counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// These files are fetched.
    Source,
    /// As many peers offer others.
    Tied,
    /// More peers offer others.
    Outvoted,
    /// The catalog pins others.
    NotPinned,
    /// It is not known yet which files these are.
    Hashing,
    /// This party plays another version.
    OtherVersion,
}

/// One other peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Peer {
    /// Who it is.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// What it calls itself.
    #[ts(type = "string")]
    pub name: PeerName,
    /// Where it is reached.
    #[ts(type = "string")]
    pub addr: ListenAddr,
    /// How many games it has.
    pub games: u32,
    /// Whether its games are known as they stand.
    pub in_sync: bool,
    /// What it says of itself; `None` until it said anything.
    pub status: Option<PeerStatus>,
}

/// What a peer says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct PeerStatus {
    /// Its program's version.
    pub version: String,
    /// Bytes that are free where its games lie.
    #[ts(type = "number | null")]
    pub free_bytes: Option<u64>,
    /// Whether its games folder can be read.
    pub games_folder: bool,
    /// Whether somebody plays there, so that its uploads yield.
    pub playing: bool,
    /// Whether somebody can play there at all; a server without a screen only shares.
    pub player: bool,
    /// Games that are unpacked there, sorted; `None` where they are too many to be told.
    #[ts(type = "Array<string> | null")]
    pub installed: Option<Vec<GameId>>,
    /// What runs there, sorted by game.
    pub operations: Vec<PeerOperation>,
}

/// What runs at another peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct PeerOperation {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// What is done with it.
    pub kind: OperationKind,
    /// How much of it is done.
    pub percent: u8,
    /// Milliseconds that are left, as far as it knows.
    #[ts(type = "number | null")]
    pub time_left_ms: Option<u64>,
    /// Whether it waits for something.
    pub waiting: bool,
    /// From whom bytes come, the fastest first.
    pub sources: Vec<PeerSource>,
}

/// A peer that another one fetches from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub struct PeerSource {
    /// Who sends.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// Bytes per second that come from it.
    #[ts(type = "number")]
    pub rate_bytes_per_s: u64,
}

/// One peer that is not let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct KeptAway {
    /// Who it is.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// What it calls itself.
    #[ts(type = "string")]
    pub name: PeerName,
    /// Why.
    pub reasons: Vec<AwayReason>,
}

/// Something that was said to the party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Message {
    /// Counts up from 1 for each that this peer learns of.
    #[ts(type = "number")]
    pub number: u64,
    /// When it was said, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// Who said it.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// What it called itself then.
    #[ts(type = "string")]
    pub name: PeerName,
    /// What was said: one line of plain text.
    #[ts(type = "string")]
    pub text: MessageText,
    /// Whether it was said here.
    pub own: bool,
}

/// One running operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Operation {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// What is done with it.
    pub kind: OperationKind,
    /// How far it is, once that is known.
    pub progress: Option<Progress>,
}

/// What is done with a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    /// Its files are fetched.
    Download,
    /// It is unpacked.
    Install,
    /// What was unpacked is deleted.
    Uninstall,
    /// Its files are deleted.
    Remove,
    /// Every byte is read again.
    Verify,
    /// What an earlier run left is put in order.
    Recover,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub enum Progress {
    /// It cannot go on by itself.
    Waiting {
        /// For what, in words.
        what: String,
        /// The same as a fact, for whoever says it in another language.
        why: WaitReason,
    },
    /// What lies here already is looked at.
    Checking {
        /// Bytes looked at.
        #[ts(type = "number")]
        done_bytes: u64,
        /// Bytes to look at.
        #[ts(type = "number")]
        total_bytes: u64,
    },
    /// Bytes come in.
    Transferring {
        /// Bytes that are here and verified.
        #[ts(type = "number")]
        verified_bytes: u64,
        /// Bytes of the game.
        #[ts(type = "number")]
        total_bytes: u64,
        /// Bytes per second.
        #[ts(type = "number")]
        rate_bytes_per_s: u64,
        /// Milliseconds that are left at this rate.
        #[ts(type = "number | null")]
        time_left_ms: Option<u64>,
        /// How close it is to the least time there can be, in percent.
        efficiency_percent: Option<u8>,
        /// From whom it comes.
        sources: Vec<Source>,
    },
    /// A step of the work on a game root.
    Step {
        /// What is done.
        work: StepWork,
        /// The same in words.
        what: String,
        /// The archive that is unpacked.
        archive: Option<String>,
        /// Which archive or file, from 1.
        index: u32,
        /// Of how many.
        count: u32,
        /// Bytes done in all.
        #[ts(type = "number")]
        done_bytes: u64,
        /// Bytes to do in all, where that is known beforehand.
        #[ts(type = "number | null")]
        total_bytes: Option<u64>,
        /// How much of it is done, where that can be counted.
        percent: Option<u8>,
    },
}

/// What a step of the work on a game root does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum StepWork {
    /// Archives are unpacked.
    Unpacking,
    /// What was unpacked is made to stay on the disk.
    Syncing,
    /// Files that were fetched are moved into place.
    Moving,
    /// Files of the player are taken to the new version.
    Keeping,
    /// What an interrupted switch left is looked at.
    Checking,
}

/// One peer that a game comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Source {
    /// Who it is.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// What it calls itself.
    #[ts(type = "string")]
    pub name: PeerName,
    /// Chunks that came from it.
    #[ts(type = "number")]
    pub chunks: u64,
    /// Bytes that came from it.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Bytes per second.
    #[ts(type = "number")]
    pub rate_bytes_per_s: u64,
}

/// Who fetches what from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Upload {
    /// Who.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// Which game.
    #[ts(type = "string")]
    pub id: GameId,
    /// How many requests are served.
    pub requests: u32,
    /// Bytes per second that leave for it.
    #[ts(type = "number")]
    pub rate_bytes_per_s: u64,
}

/// A game whose files are checked so that others can fetch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Hashing {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// Bytes that were checked.
    #[ts(type = "number")]
    pub done_bytes: u64,
    /// Bytes to check; 0 until that is known.
    #[ts(type = "number")]
    pub total_bytes: u64,
}

/// An upload that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct UploadEnded {
    /// Counts up from 1 for each that ends.
    #[ts(type = "number")]
    pub number: u64,
    /// When it was over, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// Who got it.
    #[ts(type = "string")]
    pub peer_id: PeerId,
    /// What it calls itself.
    #[ts(type = "string")]
    pub name: PeerName,
    /// Bytes that left for it.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Milliseconds from its first request to the last byte.
    #[ts(type = "number")]
    pub elapsed_ms: u64,
}

/// A script of a game that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Running {
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// Which script.
    #[ts(type = "Script")]
    pub script: Script,
    /// Since when, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub since_ms: u64,
}

/// How fast transfers may be, in bytes per second; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, TS)]
pub struct Limits {
    /// All that leaves.
    #[ts(type = "number | null")]
    pub upload_bytes_per_s: Option<u64>,
    /// What leaves for any one peer.
    #[ts(type = "number | null")]
    pub upload_per_peer_bytes_per_s: Option<u64>,
    /// All that comes.
    #[ts(type = "number | null")]
    pub download_bytes_per_s: Option<u64>,
    /// What comes from any one peer.
    #[ts(type = "number | null")]
    pub download_per_peer_bytes_per_s: Option<u64>,
}

/// An operation that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Finished {
    /// Counts up from 1 for each that ends.
    #[ts(type = "number")]
    pub number: u64,
    /// When it ended, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// The game.
    #[ts(type = "string")]
    pub id: GameId,
    /// What was done.
    pub kind: OperationKind,
    /// What it came to.
    pub outcome: Outcome,
}

/// What an operation came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// It is done.
    Finished {
        /// Bytes that came.
        #[ts(type = "number")]
        bytes: u64,
        /// Milliseconds that it took.
        #[ts(type = "number")]
        elapsed_ms: u64,
        /// From whom they came.
        sources: Vec<Source>,
        /// What the user should know of it.
        notes: Vec<Note>,
    },
    /// It could not be done.
    Failed {
        /// The kind of error, as `docs/JSONL.md` lists them.
        kind: &'static str,
        /// What was tried, why it failed, what to do.
        message: String,
    },
    /// The user ended it.
    Cancelled,
}

/// What the user should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Notice {
    /// Counts up from 1 for each.
    #[ts(type = "number")]
    pub number: u64,
    /// When it was told, in milliseconds since 1970 by this machine's clock.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// What it is about, for whoever says it in another language.
    pub about: NoticeAbout,
    /// In words, with what to do.
    pub message: String,
}
