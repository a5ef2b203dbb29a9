//! What the user set of the rates: in force at once, and kept for the next start.
//!
//! Invariant: one save is under way at a time, and a command is answered when what it changed is saved
//! or cannot be. Whether the user plays is not kept: nobody plays when the machine starts.

use crate::{
    CommandId, CommandRefused, Ctx, DiskFailure, Effect, EffectId, PeerEvent, Playing, Purpose,
    RateLimits, rates::LimitChanges,
};

/// What is set.
#[derive(Debug, Default)]
pub(crate) struct RateSetting {
    limits: RateLimits,
    playing: Playing,
    /// Commands that the next save is for.
    waiting: Vec<CommandId>,
    saving: Option<EffectId>,
    /// Commands that the save under way is for.
    saved_for: Vec<CommandId>,
}

impl RateSetting {
    /// What an earlier run kept.
    pub(crate) fn kept(limits: RateLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// The limits in force.
    pub(crate) const fn limits(&self) -> RateLimits {
        self.limits
    }

    /// Whether the user plays.
    pub(crate) const fn playing(&self) -> Playing {
        self.playing
    }

    /// The user wants other limits; the command is answered when they are kept.
    pub(crate) fn limit(&mut self, ctx: &mut Ctx<'_>, id: CommandId, changes: LimitChanges) {
        self.limits = changes.of(self.limits);
        self.waiting.push(id);
        self.put_in_force(ctx);
        self.save(ctx);
    }

    /// The user begins or ends to play.
    pub(crate) fn play(&mut self, ctx: &mut Ctx<'_>, playing: Playing) {
        self.playing = playing;
        self.put_in_force(ctx);
    }

    /// The limits are kept, or cannot be.
    pub(crate) fn saved(&mut self, ctx: &mut Ctx<'_>, result: &Result<(), DiskFailure>) {
        self.saving = None;
        for id in std::mem::take(&mut self.saved_for) {
            let answer = result.clone().map_err(|why| CommandRefused {
                kind: why.kind.error_kind(),
                message: format!("the limits are in force, but only until this peer ends: {why}"),
            });
            ctx.out.answer(id, answer);
        }
        self.save(ctx);
    }

    /// Commands whose save nobody waits for any more, because the peer has ended.
    pub(crate) fn take_waiting(&mut self) -> Vec<CommandId> {
        let mut waiting = std::mem::take(&mut self.saved_for);
        waiting.append(&mut self.waiting);
        waiting
    }

    fn put_in_force(&self, ctx: &mut Ctx<'_>) {
        let (limits, playing) = (self.limits, self.playing);
        ctx.out.tell(Effect::SetRates { limits, playing });
        ctx.out.emit(PeerEvent::RatesChanged { limits, playing });
    }

    fn save(&mut self, ctx: &mut Ctx<'_>) {
        if self.waiting.is_empty() || self.saving.is_some() {
            return;
        }
        self.saved_for = std::mem::take(&mut self.waiting);
        let limits = self.limits;
        let keep = |effect| Effect::KeepRateLimits { effect, limits };
        self.saving = Some(ctx.out.ask(Purpose::KeepRateLimits, keep));
    }
}
