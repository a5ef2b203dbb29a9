//! When the game directory is looked at: after events, after operations, and now and then.
//!
//! Invariant: one look at the whole directory at a time, one look at each root at a time; a root with
//! a running operation is looked at only when that operation ends. A look that began before
//! something was learned of a root says nothing of that root.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_db::GameId;

use crate::{Ctx, Effect, EffectId, Now, Purpose, limits::ROOTS_MAX};

/// Whether the answer to a look still says how things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It does.
    Fresh,
    /// An operation changed the root since the look began.
    Outdated,
}

/// What is looked at, and what will be.
#[derive(Debug, Default)]
pub(crate) struct Rescan {
    /// The look at everything that is under way.
    library: Option<EffectId>,
    /// The looks at single roots that are under way.
    roots: BTreeMap<GameId, EffectId>,
    /// Those of them whose answer says nothing any more.
    outdated: BTreeSet<GameId>,
    /// Roots that changed since they were looked at.
    dirty: BTreeSet<GameId>,
    /// Whether everything has to be looked at.
    all_dirty: bool,
    /// When what is dirty is looked at.
    due: Option<Now>,
    /// When everything is looked at for events that were missed.
    all_at: Option<Now>,
    /// Roots of which something was learned since the look at everything began.
    learned: BTreeSet<GameId>,
    /// Whether everything was looked at once.
    complete: bool,
}

impl Rescan {
    /// Whether everything was looked at once.
    pub(crate) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether nothing is being looked at.
    pub(crate) fn is_quiet(&self) -> bool {
        self.library.is_none() && self.roots.is_empty()
    }

    /// Begins anew with another directory.
    pub(crate) fn restart(&mut self, ctx: &mut Ctx<'_>) {
        *self = Self::default();
        self.scan_library(ctx);
    }

    /// Something changed in the game directory; `None`: anywhere.
    pub(crate) fn changed(&mut self, ctx: &mut Ctx<'_>, id: Option<GameId>) {
        match id {
            Some(id) if self.dirty.len() < ROOTS_MAX => {
                self.dirty.insert(id);
            }
            Some(_) | None => self.all_dirty = true,
        }
        self.due
            .get_or_insert(ctx.now + ctx.config.timing.rescan_debounce);
    }

    /// Something newer than the look under way is known of a root.
    pub(crate) fn learned(&mut self, id: &GameId) {
        if self.library.is_some() {
            self.learned.insert(id.clone());
        }
    }

    /// Looks at whatever is due, except at roots that are `busy`.
    pub(crate) fn tick(&mut self, ctx: &mut Ctx<'_>, busy: &dyn Fn(&GameId) -> bool) {
        if self.all_at.is_some_and(|at| at <= ctx.now) {
            self.all_at = None;
            self.all_dirty = true;
            self.due = Some(ctx.now);
        }
        if self.due.is_none_or(|due| due > ctx.now) {
            return;
        }
        self.due = None;
        if self.all_dirty && self.library.is_none() {
            self.scan_library(ctx);
            return;
        }
        let ready: Vec<GameId> = self
            .dirty
            .iter()
            .filter(|id| !busy(id) && !self.roots.contains_key(*id))
            .cloned()
            .collect();
        for id in ready {
            self.dirty.remove(&id);
            self.scan_root(ctx, id);
        }
    }

    fn scan_library(&mut self, ctx: &mut Ctx<'_>) {
        self.all_dirty = false;
        self.dirty.clear();
        self.learned.clear();
        let effect = ctx
            .out
            .ask(Purpose::ScanLibrary, |effect| Effect::ScanLibrary {
                effect,
            });
        self.library = Some(effect);
    }

    fn scan_root(&mut self, ctx: &mut Ctx<'_>, id: GameId) {
        let effect = ctx
            .out
            .ask(Purpose::ScanRoot(id.clone()), |effect| Effect::ScanRoot {
                effect,
                id: id.clone(),
            });
        self.roots.insert(id, effect);
    }

    /// The look at everything is over. Says which roots it says nothing of, apart from busy ones.
    pub(crate) fn library_scanned(&mut self, ctx: &mut Ctx<'_>) -> BTreeSet<GameId> {
        self.library = None;
        self.complete = true;
        self.all_at = Some(ctx.now + ctx.config.timing.rescan_all);
        self.again(ctx);
        std::mem::take(&mut self.learned)
    }

    /// The look at one root is over.
    pub(crate) fn root_scanned(&mut self, ctx: &mut Ctx<'_>, id: &GameId) -> Freshness {
        self.roots.remove(id);
        let outdated = self.outdated.remove(id);
        if outdated {
            self.dirty.insert(id.clone());
        } else {
            self.learned(id);
        }
        self.again(ctx);
        if outdated {
            Freshness::Outdated
        } else {
            Freshness::Fresh
        }
    }

    /// An operation on a root ended and looked at it.
    pub(crate) fn operation_ended(&mut self, ctx: &mut Ctx<'_>, id: &GameId) {
        self.dirty.remove(id);
        self.learned(id);
        if self.roots.contains_key(id) {
            self.outdated.insert(id.clone());
        }
        self.again(ctx);
    }

    /// What became dirty while something else was under way is due after the usual pause.
    fn again(&mut self, ctx: &mut Ctx<'_>) {
        if self.all_dirty || !self.dirty.is_empty() {
            self.due
                .get_or_insert(ctx.now + ctx.config.timing.rescan_debounce);
        }
    }

    /// Ends whatever is under way.
    pub(crate) fn abort(&self, ctx: &mut Ctx<'_>) {
        for &effect in self.library.iter().chain(self.roots.values()) {
            ctx.out.abort(effect);
        }
    }

    /// When [`Rescan::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Now> {
        [self.due, self.all_at].into_iter().flatten().min()
    }
}
