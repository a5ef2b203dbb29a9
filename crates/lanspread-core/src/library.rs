//! What lies in the own game directory, and what of it is announced.
//!
//! Invariant: only a root with a readable sentinel, without a problem, with an id that the party's
//! catalog admits and with files that it does not pin otherwise is announced. Changes within the debounce time become one revision. It
//! does not look at a disk: it keeps what scans and hashing reported.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_db::{Catalog, GameId, Manifest, ManifestHash, Version, clean_line};
use lanspread_proto::{
    GameSummary, LibraryEpoch,
    limits::{LIBRARY_GAMES_MAX, TITLE_BYTES_MAX},
};

use crate::{
    Ctx, DiskFailure, GameProblem, Notice, NoticeAbout, Now, PeerEvent, RootReport, SentinelReport,
    limits::ROOTS_MAX, listing::Listing,
};

/// The own library.
#[derive(Debug)]
pub(crate) struct Library {
    roots: BTreeMap<GameId, RootReport>,
    /// Roots that could not be hashed, and why: a look at them does not make that undone.
    unhashable: BTreeMap<GameId, GameProblem>,
    listing: Listing,
    due: Option<Now>,
    /// Whether users were told that something is not announced for lack of room.
    told_full: bool,
}

impl Library {
    pub(crate) fn new(epoch: LibraryEpoch) -> Self {
        Self {
            roots: BTreeMap::new(),
            unhashable: BTreeMap::new(),
            listing: Listing::new(epoch),
            due: None,
            told_full: false,
        }
    }

    /// What is announced.
    pub(crate) const fn listing(&self) -> &Listing {
        &self.listing
    }

    /// A game root as last reported.
    pub(crate) fn root(&self, id: &GameId) -> Option<&RootReport> {
        self.roots.get(id)
    }

    /// All game roots, sorted by id.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &RootReport> {
        self.roots.values()
    }

    /// The version of a game that is downloaded here.
    pub(crate) fn version(&self, id: &GameId) -> Option<Version> {
        self.root(id).and_then(version_of)
    }

    /// The version of a game that is announced from here, or about to be.
    pub(crate) fn shared_version(&self, catalog: &Catalog, id: &GameId) -> Option<Version> {
        Some(summary(catalog, self.root(id)?)?.version)
    }

    /// The manifest under which a game is announced, if it can be served.
    pub(crate) fn served(&self, id: &GameId) -> Option<(Version, Option<ManifestHash>)> {
        self.listing
            .get(id)
            .map(|game| (game.version, game.manifest))
    }

    /// A scan of the whole directory: it replaces everything but the roots in `keep`. Says whether
    /// anything changed.
    pub(crate) fn replace(
        &mut self,
        ctx: &mut Ctx<'_>,
        reports: Vec<RootReport>,
        keep: &BTreeSet<GameId>,
    ) -> bool {
        let mut roots: BTreeMap<GameId, RootReport> = reports
            .into_iter()
            .take(ROOTS_MAX)
            .filter(|report| !keep.contains(&report.id))
            .map(|report| (report.id.clone(), self.with_known_problem(report)))
            .collect();
        for id in keep {
            if let Some(kept) = self.roots.get(id) {
                roots.insert(id.clone(), kept.clone());
            }
        }
        self.unhashable.retain(|id, _| roots.contains_key(id));
        if self.roots == roots {
            return false;
        }
        self.roots = roots;
        self.changed(ctx);
        true
    }

    /// A scan of one root; `None` if it is gone. Says whether anything changed.
    pub(crate) fn set(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &GameId,
        report: Option<RootReport>,
    ) -> bool {
        let report = report.map(|report| self.with_known_problem(report));
        if self.roots.get(id) == report.as_ref() {
            return false;
        }
        match report {
            Some(report) if self.roots.len() < ROOTS_MAX || self.roots.contains_key(id) => {
                self.roots.insert(id.clone(), report);
            }
            Some(_) | None => {
                self.roots.remove(id);
                self.unhashable.remove(id);
            }
        }
        self.changed(ctx);
        true
    }

    /// Changes what is known of one root, if it is there.
    fn amend(&mut self, ctx: &mut Ctx<'_>, id: &GameId, change: impl FnOnce(&mut RootReport)) {
        if let Some(root) = self.roots.get_mut(id) {
            change(root);
            self.changed(ctx);
        }
    }

    /// A root was hashed.
    pub(crate) fn hashed(&mut self, ctx: &mut Ctx<'_>, id: &GameId, manifest: &Manifest) {
        let was_unhashable = self.unhashable.remove(id).is_some();
        self.amend(ctx, id, |root| {
            root.manifest = Some(manifest.hash());
            root.size_bytes = manifest.total_bytes();
            root.problem = root.problem.take().filter(|_| !was_unhashable);
        });
    }

    /// A root could not be hashed: it cannot be shared. Says whether that is news.
    pub(crate) fn not_hashed(
        &mut self,
        ctx: &mut Ctx<'_>,
        id: &GameId,
        failure: &DiskFailure,
    ) -> bool {
        let problem = GameProblem::from(failure);
        let news = self.unhashable.get(id) != Some(&problem);
        if self.roots.contains_key(id) {
            self.unhashable.insert(id.clone(), problem.clone());
            self.amend(ctx, id, |root| root.problem = Some(problem));
        }
        news
    }

    /// Whether hashing a root failed the last time: it is tried again at every look.
    pub(crate) fn is_unhashable(&self, id: &GameId) -> bool {
        self.unhashable.contains_key(id)
    }

    fn with_known_problem(&mut self, mut report: RootReport) -> RootReport {
        if report.manifest.is_some() {
            self.unhashable.remove(&report.id);
        } else if report.problem.is_none() {
            report.problem = self.unhashable.get(&report.id).cloned();
        }
        report
    }

    fn changed(&mut self, ctx: &mut Ctx<'_>) {
        self.due
            .get_or_insert(ctx.now + ctx.config.timing.announce_debounce);
    }

    /// When [`Library::flush`] is due.
    pub(crate) const fn deadline(&self) -> Option<Now> {
        self.due
    }

    /// Announces what is due. Says whether that is a new revision.
    pub(crate) fn tick(&mut self, ctx: &mut Ctx<'_>) -> bool {
        self.due.is_some_and(|due| due <= ctx.now) && self.flush(ctx)
    }

    /// Announces what there is, due or not. Says whether that is a new revision.
    pub(crate) fn flush(&mut self, ctx: &mut Ctx<'_>) -> bool {
        self.due = None;
        let sharable: Vec<GameSummary> = self
            .roots
            .values()
            .filter_map(|root| summary(&ctx.config.catalog, root))
            .collect();
        if sharable.len() > LIBRARY_GAMES_MAX && !self.told_full {
            self.told_full = true;
            let games = sharable.len();
            ctx.out.emit(PeerEvent::Notice(Notice {
                about: NoticeAbout::LibraryFull { games },
                message: format!(
                    "{games} games are here, but a peer can announce {LIBRARY_GAMES_MAX}: the last \
                     ones in the order of their ids are not shared"
                ),
            }));
        }
        let wanted = sharable
            .into_iter()
            .take(LIBRARY_GAMES_MAX)
            .map(|game| (game.id.clone(), game))
            .collect();
        self.listing.announce(wanted)
    }
}

/// The version of a root that is downloaded.
pub(crate) const fn version_of(root: &RootReport) -> Option<Version> {
    match root.sentinel {
        SentinelReport::Version(version) => Some(version),
        SentinelReport::Absent | SentinelReport::Unreadable(_) => None,
    }
}

/// The version of a root whose files are known not to be those that the catalog pins for it, and
/// what is pinned.
pub(crate) fn broken_pin(catalog: &Catalog, root: &RootReport) -> Option<(Version, ManifestHash)> {
    let (version, manifest) = (version_of(root)?, root.manifest?);
    let pinned = catalog.pin(&root.id, version)?;
    (pinned != manifest).then_some((version, pinned))
}

/// What is announced of a root, if it can be shared.
fn summary(catalog: &Catalog, root: &RootReport) -> Option<GameSummary> {
    let version = version_of(root)?;
    let admitted = catalog.admits(&root.id) && broken_pin(catalog, root).is_none();
    if root.problem.is_some() || !admitted {
        return None;
    }
    let title = catalog.title(&root.id).unwrap_or(root.id.as_str());
    Some(GameSummary {
        id: root.id.clone(),
        title: wire_title(title, &root.id),
        version,
        size_bytes: root.size_bytes,
        manifest: root.manifest,
    })
}

/// A title that is safe to show and short enough to send; the id if nothing is left of it.
pub(crate) fn wire_title(title: &str, id: &GameId) -> String {
    let mut title = clean_line(title).unwrap_or_else(|| id.to_string());
    if title.len() > TITLE_BYTES_MAX {
        let cut = (0..=TITLE_BYTES_MAX)
            .rev()
            .find(|&at| title.is_char_boundary(at));
        title.truncate(cut.unwrap_or(0));
    }
    title
}
