//! The end of every walk: everything is put right again, and then the party has to come to rest.
//!
//! Invariant: nothing here helps a peer to what it should find by itself. What is put right is what
//! only people can put right: cables, power, room on the disk.

mod wants;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lanspread_core::{
    ExpelledBy, Input, PeerView,
    conduct::{KEEP_AWAY, KEEP_AWAY_MAX},
};
use lanspread_db::DOWNLOAD_DIR;
use lanspread_proto::PeerId;

use wants::{Asked, ask, check_wanted, may_wait};

use crate::{
    disk::Item,
    failure::Invariant,
    games::{self, GAMES},
    world::World,
};

/// Longer than any pause, time-out or interval of a peer but the regular rescan.
const QUIET: Duration = Duration::from_secs(75);
/// As often a party may be given [`QUIET`] more, as long as something is still going on.
const PATIENCE: u32 = 8;

/// Puts everything right.
fn heal(world: &mut World) {
    for n in 0..world.nodes.len() {
        if world.nodes[n].asleep.is_some() {
            world.nodes[n].asleep = Some(world.now);
        }
        let node = &mut world.nodes[n];
        node.lag = Duration::ZERO;
        node.lies = false;
        node.machine.set_faults(None);
        node.machine.disk.set_capacity_bytes(u64::MAX);
    }
    world.network.heal();
    // Whoever is about to leave has left.
    world.pass(Duration::from_secs(2));
    for n in 0..world.nodes.len() {
        if !world.is_running(n) {
            world.start(n, false);
        }
        // What was changed by hand and seen by nobody is looked at again.
        world.tell(n, Input::GameDirChanged { id: None });
    }
}

/// Whoever sent wrong bytes too often is let in again some day.
fn forgive(world: &mut World) {
    let rounds = KEEP_AWAY_MAX.as_secs().div_ceil(KEEP_AWAY.as_secs());
    for _ in 0..rounds {
        let somebody = world.nodes.iter().any(|node| {
            let expelled = node.expelled(world.now);
            let running = node.running.as_ref();
            running.is_some_and(|running| {
                let mut kept = running.kept_away.iter();
                kept.any(|&id| expelled.iter().all(|expelled| expelled.peer_id != id))
            })
        });
        if world.failure.is_some() || !somebody {
            break;
        }
        world.pass(KEEP_AWAY);
    }
}

/// Lets time pass until nothing is going on any more.
fn quiet(world: &mut World) {
    forgive(world);
    for _ in 0..PATIENCE {
        world.pass(QUIET);
        if world.failure.is_some() || is_idle(world) {
            break;
        }
    }
    // A rotten copy may have shown itself only now.
    forgive(world);
    look_again(world);
    // A ping may be under way at any moment, and a dial that nobody answers takes its time.
    for _ in 0..800 {
        if world.failure.is_some() || owes_nothing(world) {
            break;
        }
        world.pass(Duration::from_millis(13));
    }
}

fn is_idle(world: &mut World) -> bool {
    let mut idle = true;
    for n in 0..world.nodes.len() {
        if let Some(view) = world.view(n) {
            idle &= view.operations.is_empty();
        }
    }
    idle
}

fn owes_nothing(world: &World) -> bool {
    world.nodes.iter().all(|node| {
        node.running
            .as_ref()
            .is_none_or(|running| running.owed.is_empty() && running.replies.is_empty())
    })
}

/// Lets the regular look at everything come early: a root in which something ran at the last one may
/// hold what an operation left behind.
fn look_again(world: &mut World) {
    for n in 0..world.nodes.len() {
        world.tell(n, Input::GameDirChanged { id: None });
    }
    world.pass(Duration::from_secs(30));
}

/// Puts everything right and checks what must be true of a party at rest.
pub(crate) fn come_to_rest(world: &mut World) {
    heal(world);
    // Some are connected, some are about to be, and some start only now.
    for n in 0..world.nodes.len() {
        world.say(n);
    }
    quiet(world);
    if world.failure.is_none() {
        check(world, Asked::NotYet);
    }
    // Nobody asks twice for the same. What one gets may be the first copy that another can see, where
    // not everybody sees everybody: then the other one asks too, and so on from guest to guest.
    let mut asked = BTreeSet::new();
    for _ in 0..=world.nodes.len() {
        if world.failure.is_some() || !ask(world, &mut asked) {
            break;
        }
        world.counts.add("round of asking", 1);
        quiet(world);
    }
    if world.failure.is_none() {
        check_wanted(world);
        check(world, Asked::Everybody);
    }
}

fn views(world: &mut World) -> Option<Vec<Arc<PeerView>>> {
    (0..world.nodes.len()).map(|n| world.view(n)).collect()
}

fn check(world: &mut World, asked: Asked) {
    let Some(views) = views(world) else {
        let message = "a peer that was started does not run".to_owned();
        return world.fail(Invariant::ComesToRest, message);
    };
    for (n, view) in views.iter().enumerate() {
        check_expelled(world, n, view);
        check_membership(world, n, view);
        check_nothing_left(world, n, view, asked);
        check_truth(world, n, view);
        world.check_disk(n);
        let lost = world.model.lost(n, &world.nodes[n].machine.disk);
        if !lost.is_empty() {
            let message = format!("peer{n} has no game any more in {}", lost.join(", "));
            world.fail(Invariant::GameStays, message);
        }
    }
    for n in 0..views.len() {
        check_agreement(world, n, &views);
    }
    check_heard(world);
}

fn check_membership(world: &mut World, n: usize, view: &PeerView) {
    let all = 0..world.nodes.len();
    let others: BTreeSet<PeerId> = all
        .filter(|&other| other != n && world.are_together(n, other))
        .map(|other| world.nodes[other].id)
        .collect();
    let seen: BTreeSet<PeerId> = view.peers.iter().map(|peer| peer.peer_id).collect();
    if seen != others {
        let message = format!("peer{n} sees {seen:?}, and of its party are {others:?}");
        return world.fail(Invariant::Membership, message);
    }
    let strangers = world.nodes.len() - 1 - others.len();
    world.counts.add("stranger at rest", strangers as u64);
    for peer in &view.peers {
        let addr = world
            .nodes
            .iter()
            .find(|node| node.id == peer.peer_id)
            .map(|node| node.addr);
        if addr != Some(peer.addr) {
            let message = format!(
                "peer{n} knows {} as {}, and it is {addr:?}",
                peer.name.as_str(),
                peer.addr
            );
            return world.fail(Invariant::ListenerAddress, message);
        }
        if !peer.in_sync {
            let message = format!(
                "peer{n} does not know the library of {}",
                peer.name.as_str()
            );
            return world.fail(Invariant::Agreement, message);
        }
    }
}

/// Whoever is here has heard what was said, whenever it came.
fn check_heard(world: &mut World) {
    let runs: Vec<u32> = world.nodes.iter().map(|node| node.run).collect();
    for saying in world.sayings.due(world.now, &runs) {
        for n in 0..runs.len() {
            let is_here = n == saying.by || world.are_together(n, saying.by);
            if is_here && !world.sayings.is_heard(n, &saying) {
                let message = format!("peer{n} never heard \"{}\"", saying.text);
                return world.fail(Invariant::HeardByAll, message);
            }
            world
                .counts
                .add("message heard at rest", u64::from(is_here));
        }
    }
}

/// Whoever is out for a peer is out because its user or its organiser wants it so.
fn check_expelled(world: &mut World, n: usize, view: &PeerView) {
    let expelled = world.nodes[n].expelled(world.now);
    let organiser = world.nodes[n].organiser.and_then(|id| world.number_of(id));
    for whom in 0..world.nodes.len() {
        let id = world.nodes[whom].id;
        let listed = |by| expelled.iter().any(|it| it.peer_id == id && it.by == by);
        let theirs = match organiser {
            Some(organiser) if organiser == n || organiser == whom => Some(false),
            Some(organiser) => {
                let hears = view
                    .peers
                    .iter()
                    .any(|it| it.peer_id == world.nodes[organiser].id);
                let order = world.orders.is_out(organiser, whom);
                order.filter(|_| hears && whom != n)
            }
            None => Some(false),
        };
        let own = world.orders.is_out(n, whom);
        for (by, wanted) in [(ExpelledBy::ThisPeer, own), (ExpelledBy::Organiser, theirs)] {
            let is = listed(by);
            // Whom both want out is written down once.
            let is_both = is != (wanted == Some(true)) && own == Some(true) && theirs == Some(true);
            if wanted.is_some_and(|wanted| wanted != is) && !is_both {
                let message = format!("peer{n} has peer{whom} out by {by:?}: {is}, not {wanted:?}");
                return world.fail(Invariant::ExpelledOut, message);
            }
            world.counts.add("expelled at rest", u64::from(is));
        }
    }
}

fn check_nothing_left(world: &mut World, n: usize, view: &PeerView, asked: Asked) {
    let mut left: Vec<String> = Vec::new();
    for running in &view.operations {
        left.push(format!("{} of {} runs", running.kind.as_str(), running.id));
    }
    left.extend(
        view.outbound
            .iter()
            .map(|upload| format!("an upload of {}", upload.id)),
    );
    left.extend(
        world
            .books
            .running(n)
            .into_iter()
            .map(|it| format!("{it} never ended")),
    );
    if let Some(running) = &world.nodes[n].running {
        left.extend(
            running
                .owed
                .iter()
                .map(|effect| format!("effect {} is owed", effect.0)),
        );
        left.extend(
            running
                .commands
                .iter()
                .map(|id| format!("command {} is not answered", id.0)),
        );
        left.extend(
            running
                .replies
                .iter()
                .map(|_| "a request is not answered".to_owned()),
        );
    }
    let machine = &world.nodes[n].machine;
    for game in 0..GAMES.len() {
        let root = machine.root(&games::id(game));
        for name in [
            ".version.ini.tmp",
            ".version.ini.discarded",
            ".lanspread.json",
            ".lanspread.json.tmp",
        ] {
            if machine.disk.exists(root.join(name)) {
                left.push(format!("{}/{name}", root.display()));
            }
        }
        for name in [".local.installing", ".local.backup"] {
            if machine
                .disk
                .exists(root.join(name).join(".lanspread_owned"))
            {
                left.push(format!("{}/{name}", root.display()));
            }
        }
    }
    for game in 0..GAMES.len() {
        let id = games::id(game);
        let staging = world.nodes[n].machine.root(&id).join(DOWNLOAD_DIR);
        if world.nodes[n].machine.disk.exists(&staging) && !may_wait(world, n, &id, view, asked) {
            left.push(staging.display().to_string());
        }
    }
    if !left.is_empty() {
        let message = format!("peer{n}: {}", left.join(", "));
        world.fail(Invariant::NothingLeftOver, message);
    }
}

fn check_truth(world: &mut World, n: usize, view: &PeerView) {
    for game in 0..GAMES.len() {
        let id = games::id(game);
        let on_disk = world.version_on_disk(n, &id);
        let shown = view.games.iter().find(|game| game.id == id);
        let machine = &world.nodes[n].machine;
        let installed = machine.disk.item(machine.root(&id).join("local")) == Some(Item::Folder);
        let (version, is_installed) =
            shown.map_or((None, false), |game| (game.version, game.installed));
        if version != on_disk || is_installed != installed {
            let message = format!(
                "peer{n} shows {id} as {version:?}, installed: {is_installed}; on its disk it is {on_disk:?}, installed: {installed}"
            );
            return world.fail(Invariant::TruthOfDisk, message);
        }
    }
}

/// What each peer says of the others' games is what those say themselves.
fn check_agreement(world: &mut World, n: usize, views: &[Arc<PeerView>]) {
    for game in views[n].games.iter() {
        let mut holders = BTreeSet::new();
        for (other, view) in views.iter().enumerate() {
            let own = view.games.iter().find(|own| own.id == game.id);
            let shares = own.is_some_and(|own| {
                own.version.is_some()
                    && own.version == game.expected_version
                    && own.problem.is_none()
                    && world.nodes[other].catalog.admits(&own.id)
            });
            let manifest = own.and_then(|own| own.manifest);
            let allowed = own.and_then(|own| own.version).is_some_and(|version| {
                let catalog = world.judged_by(n);
                manifest.is_none_or(|it| catalog.allows(&game.id, version, it))
            });
            if other != n && shares && allowed && world.are_together(n, other) {
                holders.insert(world.nodes[other].id);
            }
        }
        let told: BTreeSet<PeerId> = game.peers.iter().copied().collect();
        if told != holders {
            let message = format!(
                "peer{n} knows {told:?} as holders of {} {:?}, and they are {holders:?}",
                game.id, game.expected_version
            );
            return world.fail(Invariant::Agreement, message);
        }
    }
}
