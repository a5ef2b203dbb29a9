//! What the JSON interface answers, as the commands for people read it.
//!
//! Invariant: only what is shown is read, and fields that are not known are passed over, so that a
//! program of another release can talk to the peer that runs.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// The answer to `list-games`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Games {
    pub(crate) games: Vec<Game>,
}

impl Games {
    /// The game of this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Game> {
        self.games.iter().find(|game| game.id == id)
    }
}

/// One game of the merged view.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Game {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) version: Option<String>,
    pub(crate) expected_version: Option<String>,
    pub(crate) size: u64,
    pub(crate) downloaded: bool,
    pub(crate) installed: bool,
    pub(crate) peers: usize,
    #[serde(default)]
    pub(crate) offers: Vec<Offer>,
    #[serde(default)]
    pub(crate) manifest: Option<String>,
    #[serde(default)]
    pub(crate) pinned: Option<String>,
    #[serde(default)]
    pub(crate) problem: Option<String>,
}

impl Game {
    /// The names of those who offer other files than the catalog pins.
    pub(crate) fn refused(&self) -> Vec<&str> {
        let refused = self
            .offers
            .iter()
            .filter(|offer| offer.standing == "not-pinned");
        refused.flat_map(Offer::names).collect()
    }
}

/// What some peers say of a game.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Offer {
    pub(crate) version: String,
    pub(crate) manifest: Option<String>,
    pub(crate) size: u64,
    pub(crate) standing: String,
    pub(crate) peers: Vec<Named>,
}

impl Offer {
    /// Who says it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.peers.iter().filter_map(|peer| peer.name.as_deref())
    }
}

/// A peer by its name.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: Option<String>,
}

/// The answer to `list-peers`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Peers {
    pub(crate) peers: Vec<Peer>,
    #[serde(default)]
    pub(crate) kept_away: Vec<KeptAway>,
}

/// A peer that is kept away.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct KeptAway {
    #[serde(rename = "peer_id")]
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) reasons: Vec<Reason>,
}

/// Why a peer is kept away.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reason {
    pub(crate) message: String,
}

/// One peer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Peer {
    #[serde(rename = "peer_id")]
    pub(crate) id: String,
    pub(crate) addr: String,
    pub(crate) name: String,
    pub(crate) games: usize,
    pub(crate) in_sync: bool,
}

/// The answer to `status`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Status {
    pub(crate) peer_id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) listen_addrs: Vec<String>,
    pub(crate) version: String,
    pub(crate) protocol_version: u32,
    #[serde(default)]
    pub(crate) run_by: Option<String>,
    pub(crate) mode: String,
    #[serde(default)]
    pub(crate) party_code: bool,
    #[serde(default)]
    pub(crate) unencrypted_lanes: bool,
    #[serde(default)]
    pub(crate) organiser: Option<String>,
    pub(crate) catalog: Option<PathBuf>,
    pub(crate) games_dir: PathBuf,
    #[serde(default)]
    pub(crate) games_dir_problem: Option<String>,
    #[serde(default)]
    pub(crate) more_games_dirs: Vec<MoreGamesDir>,
    #[serde(default)]
    pub(crate) discovery: Discovery,
    #[serde(default)]
    pub(crate) health: Health,
    pub(crate) state_dir: PathBuf,
    pub(crate) games: usize,
    pub(crate) peers: usize,
    pub(crate) operations: Vec<Operation>,
    pub(crate) outbound: Vec<Outbound>,
    #[serde(default)]
    pub(crate) rate_limits: RateLimits,
    #[serde(default)]
    pub(crate) playing: bool,
    #[serde(default)]
    pub(crate) running: Vec<RunningScript>,
    pub(crate) uptime_ms: u64,
}

/// How well finding peers works.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub(crate) enum Discovery {
    Off,
    Trouble {
        message: String,
    },
    /// Nothing that has to be told.
    #[default]
    #[serde(other)]
    Fine,
}

/// Whether the machine can take part.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Health {
    #[serde(default)]
    pub(crate) folder: FolderCheck,
}

/// A folder of games beside the one where new games go.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MoreGamesDir {
    pub(crate) path: PathBuf,
    pub(crate) problem: Option<FolderProblem>,
}

/// Why a folder cannot be read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FolderProblem {
    pub(crate) message: String,
}

/// What trying to write into the folder of games came to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub(crate) enum FolderCheck {
    ReadOnly {
        message: String,
    },
    /// Nothing that has to be told.
    #[default]
    #[serde(other)]
    Fine,
}

/// A script of a game that runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RunningScript {
    pub(crate) id: String,
}

impl Status {
    /// The folders of games, that for new ones first.
    pub(crate) fn games_dirs(&self) -> impl Iterator<Item = &Path> {
        let further = self.more_games_dirs.iter().map(|dir| dir.path.as_path());
        std::iter::once(self.games_dir.as_path()).chain(further)
    }

    /// All of them in words.
    pub(crate) fn games_dirs_named(&self) -> String {
        let named: Vec<String> = self
            .games_dirs()
            .map(|dir| dir.display().to_string())
            .collect();
        named.join(", ")
    }

    /// Where a game lies: in the first of the folders that has it, or where new games go. The peer runs on this
    /// machine, so its folders can be looked at.
    pub(crate) fn root_of(&self, id: &str) -> PathBuf {
        self.games_dirs()
            .map(|dir| dir.join(id))
            .find(|root| root.is_dir())
            .unwrap_or_else(|| self.games_dir.join(id))
    }

    /// What runs on a game.
    pub(crate) fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }
}

/// How fast transfers may be, in bytes per second.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct RateLimits {
    #[serde(rename = "upload_bytes_per_s")]
    pub(crate) upload: Option<u64>,
    #[serde(rename = "upload_per_peer_bytes_per_s")]
    pub(crate) upload_per_peer: Option<u64>,
    #[serde(rename = "download_bytes_per_s")]
    pub(crate) download: Option<u64>,
    #[serde(rename = "download_per_peer_bytes_per_s")]
    pub(crate) download_per_peer: Option<u64>,
}

/// A running operation.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) progress: Option<Progress>,
}

/// A running upload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Outbound {
    pub(crate) peer_id: String,
    pub(crate) id: String,
}

/// How far an operation is.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "phase", rename_all = "kebab-case")]
pub(crate) enum Progress {
    Waiting {
        what: String,
    },
    Checking {
        done_bytes: u64,
        total_bytes: u64,
    },
    Transferring {
        verified_bytes: u64,
        total_bytes: u64,
        rate_bytes_per_s: u64,
        time_left_ms: Option<u64>,
        #[serde(default)]
        efficiency_percent: Option<u8>,
        sources: Vec<Source>,
    },
    Step {
        what: String,
        index: u32,
        count: u32,
        done_bytes: u64,
        #[serde(default)]
        total_bytes: Option<u64>,
    },
}

impl Progress {
    /// Bytes done and bytes in all, where both are known.
    pub(crate) const fn bytes(&self) -> Option<(u64, u64)> {
        match self {
            Self::Checking {
                done_bytes,
                total_bytes,
            }
            | Self::Step {
                done_bytes,
                total_bytes: Some(total_bytes),
                ..
            } => Some((*done_bytes, *total_bytes)),
            Self::Transferring {
                verified_bytes,
                total_bytes,
                ..
            } => Some((*verified_bytes, *total_bytes)),
            Self::Waiting { .. } | Self::Step { .. } => None,
        }
    }

    /// How much is done, in percent, rounded down.
    pub(crate) fn percent(&self) -> Option<u64> {
        self.bytes().map(percent)
    }
}

/// How much is done of all, in percent, rounded down.
pub(crate) fn percent((done, total): (u64, u64)) -> u64 {
    u64::try_from(u128::from(done) * 100 / u128::from(total.max(1))).unwrap_or(u64::MAX)
}

/// What one source gave.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) chunks: u64,
    pub(crate) bytes: u64,
    pub(crate) rate_bytes_per_s: u64,
}

/// What a finished operation tells.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Report {
    pub(crate) version: Option<String>,
    pub(crate) bytes: u64,
    pub(crate) sources: Vec<Source>,
    pub(crate) elapsed_ms: u64,
    #[serde(default)]
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// From acceptance to the end.
    pub(crate) const fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms)
    }
}
