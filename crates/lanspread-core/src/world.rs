//! What an operation sees of the rest of the core, and what it may change there.
//!
//! Invariant: sources are live peers that announce the very manifest that is wanted, of a game that
//! this party admits, and never one beside the catalog's pin.

use std::sync::Arc;

use lanspread_db::{GameId, Manifest, ManifestHash, Version};
use lanspread_proto::{GameSummary, PeerId, PeerName};

use crate::{
    Ctx, NamedPeer, Offer, RootReport,
    hashing::Hashing,
    library::{Library, version_of},
    manifests::ManifestCache,
    membership::Membership,
    offers::{Choice, OfferGroup, choose},
    operations::LinkRate,
    rescan::Rescan,
    serve::Serves,
    sync::Sync,
};

/// What changed since it was last looked after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dirty {
    /// Users were not told of the last change of the list of games.
    pub(crate) list: bool,
    /// The merged list of games has to be built again.
    pub(crate) games: bool,
    /// Who has what changed: sources come and go.
    pub(crate) sources: bool,
}

impl Dirty {
    /// The own library or another one changed.
    pub(crate) const fn mark(&mut self) {
        *self = Self {
            list: true,
            games: true,
            sources: true,
        };
    }
}

/// The rest of the core, as an operation sees it.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) ctx: Ctx<'a>,
    pub(crate) library: &'a mut Library,
    pub(crate) members: &'a Membership,
    pub(crate) sync: &'a Sync,
    pub(crate) serves: &'a mut Serves,
    pub(crate) hashing: &'a mut Hashing,
    pub(crate) rescan: &'a mut Rescan,
    pub(crate) manifests: &'a mut ManifestCache,
    pub(crate) dirty: &'a mut Dirty,
    /// What this peer's link has shown that it can do.
    pub(crate) link: &'a mut LinkRate,
    /// How many downloads gather chunks.
    pub(crate) gathering: usize,
}

impl World<'_> {
    /// What live peers announce of a game, sorted by peer.
    pub(crate) fn offers(&self, id: &GameId) -> Vec<(PeerId, &GameSummary)> {
        if !self.ctx.config.catalog.admits(id) {
            return Vec::new();
        }
        self.members
            .all_live()
            .filter_map(|(peer, _)| Some((peer, self.sync.held(peer)?.games().get(id)?)))
            .collect()
    }

    /// Live peers that announce this manifest of a game, sorted.
    pub(crate) fn sources(&self, id: &GameId, manifest: ManifestHash) -> Vec<PeerId> {
        self.offers(id)
            .into_iter()
            .filter(|(_, offer)| offer.manifest == Some(manifest))
            .filter(|(_, offer)| self.allows(id, offer.version, manifest))
            .map(|(peer, _)| peer)
            .collect()
    }

    /// The manifest that the catalog pins for a version of a game.
    pub(crate) fn pin(&self, id: &GameId, version: Version) -> Option<ManifestHash> {
        self.ctx.config.catalog.pin(id, version)
    }

    /// Whether a manifest may be this version of a game.
    pub(crate) fn allows(&self, id: &GameId, version: Version, manifest: ManifestHash) -> bool {
        self.ctx.config.catalog.allows(id, version, manifest)
    }

    /// Which manifest of this version of a game to fetch; without one, of the newest.
    pub(crate) fn choose(&self, id: &GameId, version: Option<Version>) -> Choice {
        let pin = |version| self.pin(id, version);
        choose(version.as_ref(), pin, self.offers(id))
    }

    /// The version of a game that this party plays: the catalog's, or the newest that anybody
    /// announces, this peer included.
    pub(crate) fn expected_version(&self, id: &GameId) -> Option<Version> {
        self.ctx.config.catalog.expected_version(id).or_else(|| {
            let announced = self
                .offers(id)
                .into_iter()
                .map(|(_, offer)| offer.version)
                .max();
            announced.max(self.library.shared_version(&self.ctx.config.catalog, id))
        })
    }

    /// A manifest that is at hand, if it may be what this party plays of the game although nobody announces
    /// it.
    pub(crate) fn kept(&self, id: &GameId, hash: ManifestHash) -> Option<Arc<Manifest>> {
        let manifest = self.manifests.get(hash)?;
        let version = manifest.version();
        let is_played = self
            .expected_version(id)
            .is_none_or(|expected| expected == version);
        (is_played && self.allows(id, version, hash)).then_some(manifest)
    }

    /// What a peer calls itself.
    pub(crate) fn name(&self, peer: PeerId) -> PeerName {
        let known = self.members.live(peer).map(|member| member.name.clone());
        known.unwrap_or_else(|| PeerName::new(&peer.short()))
    }

    /// The names of peers, for people.
    pub(crate) fn names(&self, peers: &[PeerId]) -> String {
        let names: Vec<String> = peers
            .iter()
            .map(|&peer| self.name(peer).to_string())
            .collect();
        names.join(", ")
    }

    /// Peers with their names.
    pub(crate) fn named(&self, peers: &[PeerId]) -> Vec<NamedPeer> {
        peers.iter().map(|&peer| (peer, self.name(peer))).collect()
    }

    /// Who says what, for a report of a conflict.
    pub(crate) fn who_says_what(&self, groups: &[OfferGroup]) -> Vec<Offer> {
        groups
            .iter()
            .map(|group| Offer {
                manifest: group.manifest,
                size_bytes: group.size_bytes,
                peers: group
                    .peers
                    .iter()
                    .map(|&peer| (peer, self.name(peer)))
                    .collect(),
            })
            .collect()
    }

    /// A look at a root is here: the library and what has to be hashed follow from it.
    pub(crate) fn root_seen(&mut self, id: &GameId, report: Option<RootReport>) {
        self.rescan.learned(id);
        let hash = report.as_ref().is_some_and(needs_hashing);
        if self.library.set(&mut self.ctx, id, report) {
            self.dirty.mark();
        }
        if hash {
            self.hashing.want(id);
        } else {
            self.hashing.unwant(id);
        }
    }
}

/// Whether a root could be shared if its manifest were known.
pub(crate) fn needs_hashing(root: &RootReport) -> bool {
    version_of(root).is_some() && root.problem.is_none() && root.manifest.is_none()
}
