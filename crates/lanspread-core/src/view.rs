//! The merged view that users get: what is here, what live peers have, what the catalog lists.
//!
//! Invariant: one game per id, sorted; a peer counts as a holder only of the version this party
//! plays. The list of games is built again only when a library changed.

use std::{collections::BTreeMap, sync::Arc};

use lanspread_db::{Catalog, GameId, Version, clean_line};
use lanspread_proto::{GameSummary, PeerId};

use crate::{
    GameProblem, GameProblemKind, GameView, KeptAwayView, PeerInfo, RootReport, SentinelReport,
    conduct::Conduct,
    library::{Library, broken_pin, version_of},
    membership::Membership,
    offers::{choose, who_says_what},
    status::Statuses,
    sync::Sync,
    world::needs_hashing,
};

/// What is known of one game, as it is put together.
#[derive(Debug, Default)]
struct Merged<'a> {
    offers: Vec<(PeerId, &'a GameSummary)>,
}

/// Merges all libraries and the catalog.
pub(crate) fn games(
    catalog: &Catalog,
    library: &Library,
    members: &Membership,
    sync: &Sync,
) -> Arc<Vec<GameView>> {
    let mut merged: BTreeMap<&GameId, Merged<'_>> = BTreeMap::new();
    for id in catalog.games().ids() {
        merged.entry(id).or_default();
    }
    for root in library.roots().filter(|root| holds_game(root)) {
        merged.entry(&root.id).or_default();
    }
    for (peer, _) in members.all_live() {
        let Some(held) = sync.held(peer) else {
            continue;
        };
        for (id, game) in held.games() {
            if catalog.admits(id) {
                merged.entry(id).or_default().offers.push((peer, game));
            }
        }
    }
    let views = merged
        .into_iter()
        .map(|(id, merged)| game(catalog, library, id, &merged))
        .collect();
    Arc::new(views)
}

/// Whether a folder holds anything of a game: any other folder is none of the users' business.
fn holds_game(root: &RootReport) -> bool {
    root.sentinel != SentinelReport::Absent
        || root.installed
        || root.problem.is_some()
        || root.pending_download.is_some()
}

fn game(catalog: &Catalog, library: &Library, id: &GameId, merged: &Merged<'_>) -> GameView {
    let root = library.root(id);
    let own = root.and_then(version_of);
    let announced = library.shared_version(catalog, id);
    let newest = merged
        .offers
        .iter()
        .map(|(_, offer)| offer.version)
        .max()
        .max(announced);
    let expected = catalog
        .expected_version(id)
        .or(newest)
        .filter(|_| catalog.admits(id));
    let holders: Vec<&(PeerId, &GameSummary)> = merged
        .offers
        .iter()
        .filter(|(_, offer)| Some(offer.version) == expected)
        .filter(|(_, offer)| {
            let allows = |manifest| catalog.allows(id, offer.version, manifest);
            offer.manifest.is_none_or(allows)
        })
        .collect();
    let pin = |version| catalog.pin(id, version);
    let choice = choose(expected.as_ref(), pin, merged.offers.iter().copied());
    let offered = holders.first().map(|(_, offer)| offer.size_bytes);
    let cataloged = catalog.get(id).and_then(|game| game.size_bytes);
    let size_here = root.filter(|_| own.is_some()).map(|root| root.size_bytes);
    let unreadable = root.and_then(|root| match &root.sentinel {
        SentinelReport::Unreadable(reason) => {
            Some(GameProblem::new(GameProblemKind::NoVersion, reason))
        }
        SentinelReport::Absent | SentinelReport::Version(_) => None,
    });
    let outside = (!catalog.admits(id)).then(|| {
        let message = "it is not in the catalog of this party, so it is not shared";
        GameProblem::new(GameProblemKind::NotInCatalog, message)
    });
    GameView {
        id: id.clone(),
        title: title(catalog, id, &merged.offers, expected),
        version: own,
        expected_version: expected,
        size_bytes: size_here.or(offered).or(cataloged).unwrap_or(0),
        downloaded: own.is_some(),
        installed: root.is_some_and(|root| root.installed),
        to_hash: root.is_some_and(needs_hashing),
        scripts: root.map(|root| root.scripts.clone()).unwrap_or_default(),
        peers: holders.iter().map(|&&(peer, _)| peer).collect(),
        offers: who_says_what(&choice, merged.offers.iter().copied()),
        gathered: root.and_then(|root| root.gathered),
        manifest: root.and_then(|root| root.manifest),
        pinned: expected.and_then(pin),
        problem: root
            .and_then(|root| root.problem.clone())
            .or(unreadable)
            .or(outside)
            .or_else(|| beside_pin(catalog, root?)),
    }
}

/// What is wrong with a root whose files are not those that the catalog pins.
fn beside_pin(catalog: &Catalog, root: &RootReport) -> Option<GameProblem> {
    let (version, pinned) = broken_pin(catalog, root)?;
    let message = format!(
        "these are not the files of version {version} that the catalog pins ({}), so they are not \
         shared; verify the game to fetch those",
        pinned.short()
    );
    Some(GameProblem::new(GameProblemKind::NotPinned, message))
}

/// The catalog's title; else one that a peer announces and that says more than the id; else the id.
fn title(
    catalog: &Catalog,
    id: &GameId,
    offers: &[(PeerId, &GameSummary)],
    expected: Option<Version>,
) -> String {
    if let Some(title) = catalog.title(id) {
        return title.to_owned();
    }
    let telling = |&&(_, offer): &&(PeerId, &GameSummary)| offer.title != id.as_str();
    let of_version = offers
        .iter()
        .filter(telling)
        .find(|(_, offer)| Some(offer.version) == expected);
    let any = of_version.or_else(|| offers.iter().find(telling));
    any.and_then(|(_, offer)| clean_line(&offer.title))
        .unwrap_or_else(|| id.to_string())
}

/// Live peers as users see them.
pub(crate) fn peers(
    catalog: &Catalog,
    members: &Membership,
    sync: &Sync,
    statuses: &Statuses,
) -> Vec<PeerInfo> {
    members
        .all_live()
        .filter_map(|(peer, member)| {
            let games = sync.held(peer).map_or(0, |held| {
                held.games().keys().filter(|id| catalog.admits(id)).count()
            });
            Some(PeerInfo {
                peer_id: peer,
                addr: member.addr()?,
                name: member.name.clone(),
                games,
                in_sync: sync.in_sync(peer),
                status: statuses.of(peer),
            })
        })
        .collect()
}

/// Peers that are kept away, as users see them.
pub(crate) fn kept_away(conduct: &Conduct) -> Vec<KeptAwayView> {
    conduct
        .all_kept()
        .map(|(peer_id, kept)| KeptAwayView {
            peer_id,
            name: kept.name.clone(),
            reasons: kept.reasons(),
        })
        .collect()
}
