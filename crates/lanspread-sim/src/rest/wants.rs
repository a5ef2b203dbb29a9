//! What users want of a party at rest: they ask for it once more, and then it has to be there.
//!
//! Invariant: what keeps a wanted game away, and what an unfinished download may wait for, is named
//! here, and it is only what people or nobody can help.

use std::{collections::BTreeSet, sync::Arc};

use lanspread_core::{
    AfterDownload, DownloadRoom, GameView, PeerCommand, PeerView, Standing,
    root::{RootObservation, Staged},
};
use lanspread_db::{DOWNLOAD_DIR, GameId, Manifest, ManifestHash, Version};

use crate::{
    checks::{DISAGREE, FOREIGN},
    failure::Invariant,
    world::World,
};

/// Whether users have asked for what they want since everything was put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    NotYet,
    Everybody,
}

/// What somebody asks for: a game as it is offered to that guest, to be fetched or to be verified.
pub(super) type Question = (usize, GameId, Option<Version>, Option<ManifestHash>, bool);

/// The files of a game that a download would fetch, as a guest is shown it.
fn offered(game: &GameView) -> Option<ManifestHash> {
    let mut offers = game.offers.iter();
    offers
        .find(|offer| offer.standing == Standing::Source)?
        .manifest
}

/// Whoever wants a game asks for it, all at the same moment, if somebody offers it in a way in which
/// it was not asked for yet; and whoever began a repair and was left alone with it has it verified
/// again, as the message says. Says whether anybody asked.
pub(super) fn ask(world: &mut World, asked: &mut BTreeSet<Question>) -> bool {
    let before = asked.len();
    for n in 0..world.nodes.len() {
        let Some(view) = world.view(n) else { continue };
        for game in view.games.iter() {
            let id = game.id.clone();
            let key = world.key(n, &id);
            let is_here = game.version.is_some() && game.version == game.expected_version;
            let begun = world.nodes[n].machine.root(&id).join(DOWNLOAD_DIR);
            let repairs = is_here && world.nodes[n].machine.disk.exists(begun);
            let fetches = !is_here && !game.peers.is_empty() && world.wanted.contains(&key);
            let question = (n, id.clone(), game.expected_version, offered(game), repairs);
            if !(repairs || fetches) || !asked.insert(question) {
                continue;
            }
            let command = if repairs {
                PeerCommand::VerifyGame { id }
            } else {
                PeerCommand::DownloadGameFiles {
                    id,
                    then: AfterDownload::Keep,
                    room: DownloadRoom::KeepOld,
                }
            };
            world.send_command(n, command);
        }
    }
    asked.len() > before
}

/// Whether what a download gathered may lie there: until the user has asked again, as the message of the
/// failed download says; then only while nobody offers an undamaged copy of these very files, or
/// something foreign stands in the way.
pub(super) fn may_wait(
    world: &mut World,
    n: usize,
    id: &GameId,
    view: &PeerView,
    asked: Asked,
) -> bool {
    let running = world.nodes[n].running.as_ref();
    let observed = running.map(|running| running.disk.observe_root(id));
    let Some(Ok(RootObservation {
        staged: Staged::Gathering(manifest),
        ..
    })) = observed
    else {
        return false;
    };
    let game = view.games.iter().find(|game| game.id == *id);
    let can_come = game
        .is_some_and(|game| offered(game) == Some(manifest) && has_undamaged_source(world, game));
    let is_blocked = world.excuses.get(&(n, id.clone())) == Some(&FOREIGN);
    let may = asked == Asked::NotYet || !can_come || is_blocked;
    world
        .counts
        .add("download that waits at rest", u64::from(may));
    may
}

/// Whether anybody from whom a download would fetch has every byte as it is offered.
fn has_undamaged_source(world: &World, game: &GameView) -> bool {
    let offers = game.offers.iter();
    let mut sources = offers.filter(|offer| offer.standing == Standing::Source);
    sources.any(|offer| {
        let manifest = offer.manifest.and_then(|it| world.beliefs.manifest(it));
        let mut peers = offer.peers.iter().filter_map(|&id| world.number_of(id));
        peers.any(|peer| {
            let is_it = |it: &Arc<Manifest>| is_undamaged(world, peer, it);
            manifest.as_ref().is_none_or(is_it)
        })
    })
}

/// Whether a guest's copy is this one, byte for byte.
fn is_undamaged(world: &World, n: usize, manifest: &Manifest) -> bool {
    let machine = &world.nodes[n].machine;
    let root = machine.root(manifest.game_id());
    manifest.files().iter().all(|file| {
        let content = machine.disk.content(root.join(file.path.as_str()));
        content.is_some_and(|it| it.chunk_hashes(manifest.chunk_bytes())[..] == file.chunks[..])
    })
}

/// Every game that was wanted and that somebody holds is here by now.
pub(super) fn check_wanted(world: &mut World) {
    for (n, dir, id) in world.wanted.clone() {
        if world.nodes[n].machine.game_dir != dir {
            continue;
        }
        let Some(view) = world.view(n) else { continue };
        let Some(game) = view.games.iter().find(|game| game.id == id) else {
            continue;
        };
        if game.expected_version.is_none() || game.peers.is_empty() {
            continue;
        }
        if game.version == game.expected_version {
            world.counts.add("wanted game that is there", 1);
        } else if let Some(excuse) = excuse(world, n, game) {
            let what = format!("wanted game that cannot come: {excuse}");
            world.counts.add(what, 1);
        } else {
            let message = format!(
                "peer{n} wants {id} {:?}, {} hold it, and it has {:?}",
                game.expected_version,
                game.peers.len(),
                game.version
            );
            return world.fail(Invariant::WantedArrives, message);
        }
    }
}

/// Why a wanted game cannot come, if only people can help.
fn excuse(world: &World, n: usize, game: &GameView) -> Option<&'static str> {
    let told = world.excuses.get(&(n, game.id.clone())).copied();
    let is_tied = game
        .offers
        .iter()
        .any(|offer| offer.standing == Standing::Tied);
    match told {
        // A tie that was told and is over keeps nothing away.
        Some(DISAGREE) if is_tied => told,
        Some(FOREIGN) => told,
        Some(_) | None if offered(game).is_some() => {
            (!has_undamaged_source(world, game)).then_some("no copy is undamaged")
        }
        Some(_) | None => None,
    }
}
