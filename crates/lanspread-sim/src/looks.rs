//! What a look at a disk says, held against what lies there at that very moment.
//!
//! Invariant: what disks show is learned here and nowhere else; beliefs are held against it.

use lanspread_core::{ExpelledBy, Input, RootReport, SentinelReport};
use lanspread_db::{GameId, SENTINEL, Version};

use crate::{
    disk::Item,
    failure::Invariant,
    games::{self, GAMES},
    world::World,
};

impl World {
    /// The version that the sentinel on a disk holds.
    pub(crate) fn version_on_disk(&self, n: usize, id: &GameId) -> Option<Version> {
        let machine = &self.nodes[n].machine;
        match machine.disk.item(machine.root(id).join(SENTINEL))? {
            Item::File(content) => Version::from_version_ini(&content.to_bytes()).ok(),
            Item::Folder | Item::Symlink(_) => None,
        }
    }

    /// A disk was looked at; `root` is the game, if it was one alone.
    pub(crate) fn looked(&mut self, n: usize, root: Option<&GameId>, answer: &Input) {
        match answer {
            Input::RootScanned {
                result: Ok(None), ..
            } => {
                let there = root.and_then(|id| Some((id, self.version_on_disk(n, id)?)));
                if let Some((id, version)) = there {
                    self.overlooked(n, id, version);
                }
            }
            Input::RootScanned {
                result: Ok(Some(report)),
                ..
            } => self.reported(n, report),
            Input::LibraryScanned {
                result: Ok(found), ..
            } => {
                let reports = &found.roots;
                for report in reports {
                    self.reported(n, report);
                }
                for id in (0..GAMES.len()).map(games::id) {
                    let is_told = reports.iter().any(|report| report.id == id);
                    if let Some(version) = self.version_on_disk(n, &id).filter(|_| !is_told) {
                        self.overlooked(n, &id, version);
                    }
                }
            }
            Input::RootHashed {
                result: Ok(manifest),
                ..
            } => {
                let (id, version) = (manifest.game_id(), manifest.version());
                self.beliefs.know(manifest);
                if self.judged_by(n).allows(id, version, manifest.hash()) {
                    self.beliefs
                        .lay_there(n, id, version, Some(manifest.hash()));
                }
            }
            _ => {}
        }
    }

    fn overlooked(&mut self, n: usize, id: &GameId, version: Version) {
        let message = format!("peer{n} sees no {id}, and version {version} lies on its disk");
        self.fail(Invariant::LooksAreTrue, message);
    }

    fn reported(&mut self, n: usize, report: &RootReport) {
        let RootReport { id, manifest, .. } = report;
        let on_disk = self.version_on_disk(n, id);
        let told = match report.sentinel {
            SentinelReport::Version(version) => Some(version),
            // The disk may have failed, and the report says so.
            SentinelReport::Unreadable(_) => return,
            SentinelReport::Absent if report.problem.is_some() => return,
            SentinelReport::Absent => None,
        };
        if told != on_disk {
            let message = format!("peer{n} sees {id} as {told:?}, and on its disk is {on_disk:?}");
            return self.fail(Invariant::LooksAreTrue, message);
        }
        let catalog = self.judged_by(n);
        let shares = report.problem.is_none() && catalog.admits(id);
        let fits = |version| manifest.is_none_or(|it| catalog.allows(id, version, it));
        if let Some(version) = told.filter(|&version| shares && fits(version)) {
            self.beliefs.lay_there(n, id, version, *manifest);
        }
    }

    /// Holds what a guest is shown at this moment against what was so.
    pub(crate) fn check_beliefs(&mut self, n: usize) {
        let Some(view) = self.view(n) else { return };
        let nodes = &self.nodes;
        let number_of = |id| nodes.iter().position(|node| node.id == id);
        if let Err((invariant, message)) = self.beliefs.check(n, &view, &number_of) {
            return self.fail(invariant, format!("peer{n}: {message}"));
        }
        for peer in &view.peers {
            let Some(other) = self.number_of(peer.peer_id) else {
                continue;
            };
            if !self.beliefs.had_code(other, self.nodes[n].code) {
                let message = format!("peer{n} sees peer{other}, which was never of its party");
                return self.fail(Invariant::Membership, message);
            }
            let is_out = self.orders.is_out(n, other) == Some(true)
                && self.nodes[n]
                    .expelled(self.now)
                    .iter()
                    .any(|it| it.peer_id == peer.peer_id && it.by == ExpelledBy::ThisPeer);
            if is_out {
                let message = format!("peer{n} sees peer{other}, which its user has out");
                return self.fail(Invariant::ExpelledOut, message);
            }
        }
    }
}
