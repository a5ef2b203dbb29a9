//! Who knows which state of the own library: `LibrarySummary` to every live peer after a change.
//!
//! Invariant: one summary per peer is under way; a peer that knows the present state is sent nothing.
//! A peer that does not answer is told again later, for as long as it is live.

use std::collections::BTreeMap;

use lanspread_proto::{LibraryState, PeerId, Request};

use crate::{Ctx, Effect, EffectId, Now, Purpose, membership::Membership};

/// What one peer knows.
#[derive(Debug)]
struct Told {
    state: LibraryState,
    pending: Option<(EffectId, LibraryState)>,
    retry_at: Option<Now>,
}

/// What every live peer knows of the own library.
#[derive(Debug, Default)]
pub(crate) struct Announcer {
    told: BTreeMap<PeerId, Told>,
}

impl Announcer {
    /// A peer learned this state in a handshake.
    pub(crate) fn introduced(&mut self, peer: PeerId, state: LibraryState) {
        let told = Told {
            state,
            pending: None,
            retry_at: None,
        };
        self.told.insert(peer, told);
    }

    /// A peer is gone.
    pub(crate) fn lost(&mut self, peer: PeerId) {
        self.told.remove(&peer);
    }

    /// Tells the present state to whoever does not know it.
    pub(crate) fn tell(&mut self, ctx: &mut Ctx<'_>, members: &Membership, state: &LibraryState) {
        for (&peer, told) in &mut self.told {
            told.retry_at = told.retry_at.filter(|&at| at > ctx.now);
            let waits = told.pending.is_some() || told.retry_at.is_some();
            if waits || told.state == *state {
                continue;
            }
            let Some(to) = members.route(peer) else {
                continue;
            };
            let timeout = ctx.config.timing.request_timeout;
            let request = Request::LibrarySummary {
                state: state.clone(),
            };
            let effect = ctx
                .out
                .ask(Purpose::Announce(peer), |effect| Effect::Request {
                    effect,
                    to,
                    request,
                    timeout,
                });
            told.pending = Some((effect, state.clone()));
        }
    }

    /// The answer to a summary: `noted` says whether it arrived.
    pub(crate) fn answered(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        effect: EffectId,
        outcome: Delivery,
    ) {
        let Some(told) = self.told.get_mut(&peer) else {
            return;
        };
        let Some((_, state)) = told.pending.take_if(|(pending, _)| *pending == effect) else {
            return;
        };
        match outcome {
            Delivery::Noted => told.state = state,
            Delivery::Failed => told.retry_at = Some(ctx.now + ctx.config.timing.redial_min),
        }
    }

    /// When [`Announcer::tell`] has something to do, apart from changes.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.told.values().filter_map(|told| told.retry_at).min()
    }
}

/// What became of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The peer knows it.
    Noted,
    /// It may not know it.
    Failed,
}
