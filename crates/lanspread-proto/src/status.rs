//! What a peer says of itself, so that people see who is ready and who is not: for people only, and no
//! decision of another peer rests on it.

use lanspread_db::GameId;
use serde::{Deserialize, Serialize};

use crate::PeerId;

/// What a peer says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerStatus {
    /// The version of its program; at most [`crate::limits::PROGRAM_BYTES_MAX`] bytes.
    pub program: String,
    /// Bytes that are free where its games lie, as far as it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// What its clock says while this is sent, in milliseconds since 1970; missing where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ms: Option<u64>,
    /// Whether its game directory can be read.
    pub games_folder: bool,
    /// Whether somebody plays there, so that its uploads yield.
    pub playing: bool,
    /// Whether somebody can play there at all: a server without a screen on which nothing is unpacked only
    /// shares.
    pub player: bool,
    /// Games that are unpacked there, sorted; missing where they are more than
    /// [`crate::limits::STATUS_INSTALLED_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<Vec<GameId>>,
    /// What runs there, sorted by game; at most [`crate::limits::STATUS_OPERATIONS_MAX`].
    pub operations: Vec<PeerOperation>,
}

/// One operation that runs at a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerOperation {
    /// The game.
    pub id: GameId,
    /// What is done with it.
    pub work: Work,
    /// How much of it is done, 0 to 100.
    pub percent: u8,
    /// Seconds that are left, as far as it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_s: Option<u32>,
    /// Whether it waits for something.
    pub waiting: bool,
    /// From whom bytes come, the fastest first; in all operations together at most
    /// [`crate::limits::STATUS_SOURCES_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<PeerSource>,
}

/// A peer that another one fetches from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerSource {
    /// The peer that sends.
    pub peer: PeerId,
    /// Bytes per second that come from it, never 0.
    pub rate_bytes_per_s: u64,
}

/// What is done with a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
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
