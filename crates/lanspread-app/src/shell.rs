//! What an interface asks for beside the state of the peer.
//!
//! Invariant: data alone; the front end's types are written from it.

use serde::Serialize;
use ts_rs::TS;

/// What the first start asks for, as it is proposed and as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Proposal {
    /// What the player and this peer are called.
    pub name: String,
    /// The folder of games.
    pub games_dir: String,
}

/// How guests reach the page of a peer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
pub struct GuestLinks {
    /// The most promising first; none where no page is open to the network.
    pub links: Vec<String>,
    /// The first as a picture, row by row: `1` is a dark square.
    pub squares: Vec<String>,
}
