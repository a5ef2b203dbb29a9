//! Small parties with a story each, on the simulator's engine: the real cores and the real disk side on
//! virtual machines.
//!
//! Invariant: every invariant of a walk holds in a scenario too; what a scenario says besides is what a
//! user would see.

mod changing;
mod doors;
mod expelling;
mod fetching;
mod meeting;
mod saying;
mod sharing;
mod stage;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lanspread_core::{
    AfterDownload, CommandRefused, DownloadRoom, ErrorKind, Input, OperationKind, Outcome,
    PeerCommand, PeerEvent, Progress, transfer::DropReason,
};
use lanspread_db::{Catalog, Game, GameDB, GameId, Pins, Version};
use lanspread_proto::{PROTOCOL_VERSION, PeerId};

use crate::world::peer_id;
use stage::{Stage, manifest};

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
fn party(n: usize, seed: u64) -> Stage {
    let catalog = Arc::new(Catalog::open_party());
    let mut world = Stage::new(seed);
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

fn all_connected(world: &mut Stage) -> bool {
    let n = world.nodes.len();
    (0..n).all(|me| {
        let others: BTreeSet<PeerId> = (0..n).filter(|&n| n != me).map(peer_id).collect();
        let view = world.view(me);
        view.peers.iter().all(|peer| peer.in_sync) && world.seen_by(me) == others
    })
}

/// Starts everybody at once and waits for the full mesh.
fn start_all(world: &mut Stage) {
    for n in 0..world.nodes.len() {
        world.start(n);
    }
    world.pass(Duration::from_secs(3));
    assert!(all_connected(world));
}

fn ended(world: &Stage, n: usize, kind: OperationKind) -> Vec<&Outcome> {
    world
        .events(n)
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

fn until_ended(world: &mut Stage, n: usize, wanted: OperationKind) {
    world.until_event(
        n,
        "an operation to end",
        |event| matches!(event, PeerEvent::OperationEnded { kind, .. } if *kind == wanted),
    );
}

/// A command that has to be accepted.
fn accepted(world: &mut Stage, n: usize, command: PeerCommand) {
    assert_eq!(world.command(n, command), Ok(()));
}

/// Peer 1 in the middle of a download of a game that only peer 0 has: so many chunks have come.
fn downloading(seed: u64, size_bytes: u64, chunks: usize) -> Stage {
    let mut world = party(2, seed);
    let copy = manifest("game", OLD, size_bytes, 7);
    world.disk(0).put(&copy, true);
    world.set_upload(0, 5_000_000);
    start_all(&mut world);
    accepted(&mut world, 1, download("game"));
    until_chunks(&mut world, chunks);
    world
}

fn until_chunks(world: &mut Stage, chunks: usize) {
    world.until("some chunks", |world| {
        world.moved().values().sum::<usize>() > chunks
    });
}

/// A peer alone in the middle of an install.
fn installing(seed: u64) -> Stage {
    let mut world = party(1, seed);
    world.disk(0).put(&manifest("game", OLD, 8 * MIB, 7), true);
    world.start(0);
    accepted(&mut world, 0, PeerCommand::InstallGame { id: game("game") });
    world.pass(Duration::from_millis(200));
    world
}

#[test]
fn every_walk_comes_to_rest_in_agreement() {
    for seed in 0..10 {
        if let Err(failure) = crate::run(&crate::expand(seed, crate::STEPS)) {
            panic!("seed {seed}: {failure}");
        }
    }
}
