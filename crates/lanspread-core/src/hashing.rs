//! Which game root is hashed next so that it can be shared.
//!
//! Invariant: one root at a time; roots that a peer asked for come first, in the order they were
//! asked for, and pre-empt others. A root that is being changed is not hashed. What was hashed before
//! an interruption is not lost: the disk remembers the hashes of whole files.

use std::collections::{BTreeSet, VecDeque};

use lanspread_db::GameId;

use crate::{
    Ctx, DiskFailureKind, Effect, EffectId, HashTrust, HashingView, Purpose, limits::ROOTS_MAX,
};

/// The root being hashed.
#[derive(Debug)]
struct Running {
    id: GameId,
    effect: EffectId,
    requested: bool,
    hashed_bytes: u64,
    total_bytes: u64,
}

/// The queue of roots to hash.
#[derive(Debug, Default)]
pub(crate) struct Hashing {
    waiting: BTreeSet<GameId>,
    requested: VecDeque<GameId>,
    running: Option<Running>,
}

impl Hashing {
    /// A root is to be hashed.
    pub(crate) fn want(&mut self, id: &GameId) {
        let running = self
            .running
            .as_ref()
            .is_some_and(|running| running.id == *id);
        if !running && self.waiting.len() < ROOTS_MAX {
            self.waiting.insert(id.clone());
        }
    }

    /// A root need not be hashed any more.
    pub(crate) fn unwant(&mut self, id: &GameId) {
        self.waiting.remove(id);
        self.requested.retain(|requested| requested != id);
    }

    /// A peer asks for a root that is not hashed yet. Says how far it is, in bytes.
    pub(crate) fn prioritise(&mut self, ctx: &mut Ctx<'_>, id: &GameId) -> (u64, u64) {
        match &mut self.running {
            Some(running) if running.id == *id => {
                running.requested = true;
                return (running.hashed_bytes, running.total_bytes);
            }
            Some(running) if !running.requested && self.waiting.contains(id) => {
                ctx.out.abort(running.effect);
            }
            Some(_) | None => {}
        }
        if self.waiting.contains(id) && !self.requested.contains(id) {
            self.requested.push_back(id.clone());
        }
        (0, 0)
    }

    /// Starts the next one, if none runs, except roots that are `busy`.
    pub(crate) fn advance(&mut self, ctx: &mut Ctx<'_>, busy: &dyn Fn(&GameId) -> bool) {
        if self.running.is_some() {
            return;
        }
        let requested = self.requested.iter().find(|id| !busy(id)).cloned();
        let next = requested
            .clone()
            .or_else(|| self.waiting.iter().find(|id| !busy(id)).cloned());
        let Some(id) = next else { return };
        self.unwant(&id);
        let effect = ctx
            .out
            .ask(Purpose::Hash(id.clone()), |effect| Effect::HashRoot {
                effect,
                id: id.clone(),
                trust: HashTrust::Unchanged,
            });
        let requested = requested.is_some();
        self.running = Some(Running {
            id,
            effect,
            requested,
            hashed_bytes: 0,
            total_bytes: 0,
        });
    }

    /// Stops hashing a root that is about to be changed. Says whether it has come to rest.
    pub(crate) fn stop(&self, ctx: &mut Ctx<'_>, id: &GameId) -> Rest {
        match &self.running {
            Some(running) if running.id == *id => {
                ctx.out.abort(running.effect);
                Rest::Awaited
            }
            Some(_) | None => Rest::Reached,
        }
    }

    /// Whether a root is being hashed at this moment.
    pub(crate) fn is_running(&self, id: &GameId) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| running.id == *id)
    }

    /// What users see.
    pub(crate) fn view(&self) -> Option<HashingView> {
        self.running.as_ref().map(|running| HashingView {
            id: running.id.clone(),
            hashed_bytes: running.hashed_bytes,
            total_bytes: running.total_bytes,
        })
    }

    /// Whether no root is being hashed.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.running.is_none()
    }

    /// Hashing goes on.
    pub(crate) fn progress(&mut self, effect: EffectId, hashed_bytes: u64, total_bytes: u64) {
        if let Some(running) = self
            .running
            .as_mut()
            .filter(|running| running.effect == effect)
        {
            running.hashed_bytes = running.hashed_bytes.max(hashed_bytes);
            running.total_bytes = total_bytes;
        }
    }

    /// Hashing a root ended; one that was interrupted waits again.
    pub(crate) fn ended(&mut self, id: &GameId, failure: Option<DiskFailureKind>) {
        let Some(ended) = self.running.take_if(|running| running.id == *id) else {
            return;
        };
        if failure == Some(DiskFailureKind::Aborted) {
            self.waiting.insert(ended.id.clone());
            if ended.requested {
                self.requested.push_back(ended.id);
            }
        }
    }

    /// Forgets all roots and ends what runs.
    pub(crate) fn abort(&mut self, ctx: &mut Ctx<'_>) {
        self.waiting.clear();
        self.requested.clear();
        if let Some(running) = &self.running {
            ctx.out.abort(running.effect);
        }
    }
}

/// Whether something that was told to stop has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing runs.
    Reached,
    /// Something still runs; it was told to stop.
    Awaited,
}
