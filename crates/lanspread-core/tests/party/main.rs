//! Small parties of real cores on a virtual clock, network and disk.

mod chance;
mod changing;
mod disk;
mod doors;
mod expelling;
mod fetching;
mod meeting;
mod network;
mod node;
mod world;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lanspread_core::{
    AfterDownload, CommandRefused, DownloadRoom, ErrorKind, Input, OperationKind, Outcome,
    PeerCommand, PeerEvent, Progress,
};
use lanspread_db::{Catalog, Game, GameDB, GameId, Pins, Version};
use lanspread_proto::{PROTOCOL_VERSION, PeerId};

use disk::manifest;
use node::Fault;
use world::{World, peer_id};

const OLD: &str = "20200101";
const NEW: &str = "20250101";
const MIB: u64 = 1024 * 1024;

fn game(id: &str) -> GameId {
    GameId::parse(id).unwrap()
}

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

/// A party of `n` in which nobody has anything yet and nobody is started.
fn party(n: usize, seed: u64) -> World {
    let catalog = Arc::new(Catalog::open_party());
    let mut world = World::new(seed);
    for _ in 0..n {
        world.add(&catalog);
    }
    world
}

fn download(id: &str) -> PeerCommand {
    PeerCommand::DownloadGameFiles {
        id: game(id),
        then: AfterDownload::Install,
        room: DownloadRoom::KeepOld,
    }
}

fn all_connected(world: &mut World) -> bool {
    let n = world.nodes.len();
    (0..n).all(|me| {
        let others: BTreeSet<PeerId> = (0..n).filter(|&n| n != me).map(peer_id).collect();
        let view = world.view(me);
        view.peers.iter().all(|peer| peer.in_sync) && world.seen_by(me) == others
    })
}

/// Starts everybody at once and waits for the full mesh.
fn start_all(world: &mut World) {
    for n in 0..world.nodes.len() {
        world.start(n);
    }
    world.pass(Duration::from_secs(3));
    assert!(all_connected(world));
}

fn ended(world: &World, n: usize, kind: OperationKind) -> Vec<&Outcome> {
    world.nodes[n]
        .events
        .iter()
        .filter_map(|event| match event {
            PeerEvent::OperationEnded {
                kind: ended,
                outcome,
                ..
            } if *ended == kind => Some(outcome),
            _ => None,
        })
        .collect()
}

fn until_ended(world: &mut World, n: usize, wanted: OperationKind) {
    world.until_event(
        n,
        "an operation to end",
        |event| matches!(event, PeerEvent::OperationEnded { kind, .. } if *kind == wanted),
    );
}
