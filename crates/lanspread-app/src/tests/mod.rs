//! Tests of the whole: the front end's types, patches, how things stand with games.

#[cfg(target_os = "linux")]
mod full_disk;
mod games;
mod history;
mod patches;
#[cfg(unix)]
mod peers;
#[cfg(unix)]
mod restart;
mod types;

use std::sync::Arc;

use lanspread_db::{GameId, Script};
use lanspread_peer::{PeerId, PeerName};

use crate::{
    health::Health,
    snapshot::{Action, Discovery, Game, GameState, Limits, Me, Mode, Snapshot, Wishes},
};

/// A snapshot with nothing in it.
fn empty() -> Snapshot {
    Snapshot {
        me: Me {
            peer_id: PeerId::from_bytes([1; 32]),
            name: PeerName::new("den"),
            version: "0.1.0".to_owned(),
            protocol_version: 1,
            listen_addrs: Vec::new(),
            mode: Mode::Open,
            party_code: false,
            unencrypted_lanes: false,
            games_dir: "/games".to_owned(),
            games_dir_problem: None,
            more_games_dirs: Vec::new(),
            free_bytes: None,
            player: true,
            discovery: Discovery::Works,
            state_dir: "/state".to_owned(),
            script_ending: Script::ENDING,
            catalog: None,
        },
        health: Health::default(),
        games: Arc::default(),
        peers: Vec::new(),
        kept_away: Vec::new(),
        messages: Vec::new(),
        operations: Vec::new(),
        uploads: Vec::new(),
        hashing: Vec::new(),
        running: Vec::new(),
        limits: Limits::default(),
        playing: false,
        queue: Vec::new(),
        settings: Wishes::default(),
        finished: Vec::new(),
        uploads_ended: Vec::new(),
        notices: Vec::new(),
    }
}

/// A game of this number.
fn game(number: u8, size: u64) -> Game {
    let id = GameId::parse(&format!("game{number:03}")).expect("a valid id");
    Game {
        title: id.to_string(),
        id,
        state: GameState::Nowhere,
        action: Action::None,
        also: Vec::new(),
        version: None,
        expected_version: None,
        size,
        downloaded: false,
        scripts: Vec::new(),
        installed: false,
        to_hash: false,
        holders: Vec::new(),
        outdated: Vec::new(),
        gathered: None,
        problem: None,
        genre: lanspread_db::Localized::default(),
        players: None,
        cover: false,
        first_seen_ms: None,
        described: false,
        games_dir: None,
    }
}
