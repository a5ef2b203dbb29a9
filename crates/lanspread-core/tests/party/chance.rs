//! Random walks: whatever happens to a party, it comes to rest, and then everybody agrees.
//!
//! Invariant: a walk follows from its seed alone. A failing one is replayed by its seed, which the
//! message names.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use lanspread_core::{
    AfterDownload, DownloadRoom, GameView, Input, OperationKind, PeerCommand, PeerEvent,
    conduct::{KEEP_AWAY, KEEP_AWAY_MAX},
};
use lanspread_db::{Catalog, Game, GameDB, GameId, Version};
use lanspread_proto::PeerId;

use crate::{MIB, disk::manifest, game, node::Fault, world::World};

const GAMES: [&str; 3] = ["alpha", "beta", "gamma"];
const VERSIONS: [&str; 3] = ["20200101", "20220202", "20240404"];

/// `SplitMix64`: enough chance for a walk.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((value ^ (value >> 31)) % end as u64).unwrap()
    }
}

/// One thing that can happen.
fn act(world: &mut World, chance: &mut Chance) {
    let n = chance.below(world.nodes.len());
    let id = game(GAMES[chance.below(GAMES.len())]);
    match chance.below(24) {
        0 => world.kill(n),
        1 if world.is_running(n) => world.tell(n, Input::Shutdown),
        2..=5 if !world.is_running(n) => world.start(n),
        6..=7 => change_by_hand(world, chance, n, &id),
        8..=10 => befall(world, chance, n, &id),
        11 => {
            let peer_id = world.nodes[chance.below(world.nodes.len())].id;
            world.tell(n, Input::Disconnected { peer_id });
        }
        12 if world.is_running(n) => {
            let addr = world.nodes[chance.below(world.nodes.len())].addr;
            let path = "/elsewhere".into();
            let command = match chance.below(8) {
                0 => PeerCommand::SetGameDir { path },
                _ => PeerCommand::Connect { addr },
            };
            world.send_command(n, command);
        }
        _ if world.is_running(n) => {
            let command = command(chance, id);
            world.send_command(n, command);
        }
        _ => {}
    }
    let pause = [0, 1, 5, 30, 200, 1_000, 5_000][chance.below(7)];
    world.pass(Duration::from_millis(pause));
}

/// Something goes wrong with a machine, or is put right.
fn befall(world: &mut World, chance: &mut Chance, n: usize, id: &GameId) {
    let node = &mut world.nodes[n];
    match chance.below(7) {
        0 | 1 if !node.faults.remove(&Fault::Cut) => {
            node.faults.insert(Fault::Cut);
        }
        2 if chance.below(3) == 0 => {
            node.faults.insert(Fault::Lies);
        }
        2 => {
            node.faults.remove(&Fault::Lies);
        }
        3 => node.upload = [1_000_000, 5_000_000, 100_000_000][chance.below(3)],
        4 => node.disk.bad_archives = chance.below(3) == 0,
        5 => node.disk.free_bytes = [MIB, u64::MAX, u64::MAX][chance.below(3)],
        6 if node.disk.version(id).is_some() => node.disk.damage(id),
        _ => {}
    }
}

fn command(chance: &mut Chance, id: GameId) -> PeerCommand {
    match chance.below(9) {
        0..=3 => PeerCommand::DownloadGameFiles {
            id,
            then: [AfterDownload::Install, AfterDownload::Keep][chance.below(2)],
            room: [DownloadRoom::KeepOld, DownloadRoom::GiveUpOld][chance.below(2)],
        },
        4 => PeerCommand::InstallGame { id },
        5 => PeerCommand::UninstallGame { id },
        6 => PeerCommand::RemoveGame { id },
        7 => PeerCommand::VerifyGame { id },
        _ => PeerCommand::Cancel { id },
    }
}

/// Somebody puts a game there or takes it away, but not while an operation is at it.
fn change_by_hand(world: &mut World, chance: &mut Chance, n: usize, id: &GameId) {
    let busy = world.is_running(n) && world.view(n).operations.iter().any(|it| it.id == *id);
    if busy || !world.nodes[n].disk.is_settled(id) {
        return;
    }
    if chance.below(4) == 0 {
        world.nodes[n].disk.take(id);
    } else {
        let which = chance.below(VERSIONS.len());
        let content = manifest(id.as_str(), VERSIONS[which], 24 * MIB, which as u64);
        world.nodes[n].disk.put(&content, chance.below(2) == 0);
    }
    world.tell(
        n,
        Input::GameDirChanged {
            id: Some(id.clone()),
        },
    );
}

/// Everybody is there again, nothing runs, nothing is owed, all say the same.
fn come_to_rest(world: &mut World) {
    // Whoever is about to leave has left.
    world.pass(Duration::from_secs(1));
    for n in 0..world.nodes.len() {
        world.nodes[n].faults.clear();
        world.nodes[n].disk.bad_archives = false;
        world.nodes[n].disk.free_bytes = u64::MAX;
        if !world.is_running(n) {
            world.start(n);
        }
        // What was changed while the peer was away, or was seen by nobody, is looked at again.
        world.tell(n, Input::GameDirChanged { id: None });
    }
    // Whoever sent wrong bytes too often is let in again some day.
    let anybody = 0..world.nodes.len();
    for _ in 0..KEEP_AWAY_MAX.as_secs().div_ceil(KEEP_AWAY.as_secs()) {
        if anybody.clone().all(|n| world.view(n).kept_away.is_empty()) {
            break;
        }
        world.pass(KEEP_AWAY);
    }
    // Discovery repeats itself now and then.
    world.pass(Duration::from_secs(2));
    for n in 0..world.nodes.len() {
        world.advertise(n);
    }
    world.pass(Duration::from_mins(4));
    let mut lists: Vec<Vec<Shown>> = Vec::new();
    for n in 0..world.nodes.len() {
        let view = world.view(n);
        let others: BTreeSet<PeerId> = world
            .nodes
            .iter()
            .map(|node| node.id)
            .filter(|id| *id != world.nodes[n].id)
            .collect();
        assert_eq!(world.seen_by(n), others, "peer{n} sees everybody");
        for peer in &view.peers {
            let node = world.nodes.iter().find(|node| node.id == peer.peer_id);
            assert_eq!(
                node.map(|node| node.addr),
                Some(peer.addr),
                "peer{n} has an old address"
            );
        }
        assert!(
            view.peers.iter().all(|peer| peer.in_sync),
            "peer{n} knows all libraries"
        );
        assert!(
            view.operations.is_empty(),
            "peer{n} does nothing: {:?}",
            view.operations
        );
        assert!(view.outbound.is_empty(), "peer{n} serves nothing");
        assert_ended_once(n, &world.nodes[n].events);
        let unsettled = world.nodes[n].disk.scan().iter().any(|root| root.unsettled);
        assert!(!unsettled, "peer{n} left something half done");
        let me = world.nodes[n].id;
        // Leftovers that nobody else can see do not count.
        let known = view
            .games
            .iter()
            .filter(|game| game.expected_version.is_some());
        lists.push(known.map(|game| shown(game, me)).collect());
    }
    for (n, list) in lists.iter().enumerate() {
        assert_eq!(*list, lists[0], "peer{n} shows what peer0 shows");
    }
    for _ in 0..100 {
        if world.is_at_rest() {
            break;
        }
        world.pass(Duration::from_millis(17));
    }
    world.assert_at_rest();
}

/// What of a game has to look the same everywhere.
type Shown = (GameId, Option<Version>, BTreeSet<PeerId>);

fn shown(game: &GameView, me: PeerId) -> Shown {
    let mut holders: BTreeSet<PeerId> = game.peers.iter().copied().collect();
    let shares = game.version.is_some() && game.problem.is_none();
    if shares && game.version == game.expected_version {
        holders.insert(me);
    }
    (game.id.clone(), game.expected_version, holders)
}

/// Of every operation that began, exactly one end was told, before the next one on the game began.
fn assert_ended_once(n: usize, events: &[PeerEvent]) {
    let mut running: BTreeMap<&GameId, OperationKind> = BTreeMap::new();
    for event in events {
        match event {
            PeerEvent::OperationBegan { id, kind } => {
                assert_eq!(running.insert(id, *kind), None, "peer{n}: {id} began twice");
            }
            PeerEvent::OperationEnded { id, kind, .. } => {
                assert_eq!(
                    running.remove(id),
                    Some(*kind),
                    "peer{n}: {id} ended, but what?"
                );
            }
            PeerEvent::OperationProgress { id, kind, .. } => {
                assert_eq!(running.get(id), Some(kind), "peer{n}: progress of nothing");
            }
            _ => {}
        }
    }
    assert!(running.is_empty(), "peer{n}: {running:?} never ended");
}

/// A party that plays one version of one game, any version of another, and not the third.
fn catalog() -> Catalog {
    let mut games = GameDB::new();
    let mut alpha = Game::new(game("alpha"));
    alpha.version = Some(Version::parse(VERSIONS[1]).unwrap());
    games.insert(alpha);
    games.insert(Game::new(game("beta")));
    Catalog::of_games(games)
}

fn walk(seed: u64) {
    let mut chance = Chance(seed);
    let mut world = World::new(seed);
    world.jitter = Some(Chance(seed));
    let catalog = Arc::new(match chance.below(3) {
        0 => catalog(),
        _ => Catalog::open_party(),
    });
    for _ in 0..2 + chance.below(3) {
        world.add(&catalog);
    }
    for n in 0..world.nodes.len() {
        world.nodes[n].upload = [2_000_000, 20_000_000][chance.below(2)];
        world.start(n);
        for id in GAMES {
            if chance.below(2) == 0 {
                change_by_hand(&mut world, &mut chance, n, &game(id));
            }
        }
    }
    for _ in 0..80 {
        act(&mut world, &mut chance);
    }
    come_to_rest(&mut world);
}

#[test]
fn every_walk_comes_to_rest_in_agreement() {
    let walks = std::env::var("WALKS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    let first = std::env::var("WALK")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    for seed in first..first + walks {
        let outcome = std::panic::catch_unwind(|| walk(seed));
        assert!(outcome.is_ok(), "replay this walk with WALK={seed} WALKS=1");
    }
}
