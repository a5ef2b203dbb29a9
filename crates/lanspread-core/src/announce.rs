//! Who knows which state of the own library: `LibrarySummary` to every live peer after a change.
//!
//! Invariant: one summary per peer is under way; a peer that knows the present state is sent nothing.
//! A peer that does not answer is told again later, for as long as it is live.

use std::collections::BTreeMap;

use lanspread_proto::{LibraryState, PeerId, Request};

use crate::{Ctx, EffectId, Now, Purpose, membership::Membership, telling::Telling};

/// What every live peer knows of the own library.
#[derive(Debug, Default)]
pub(crate) struct Announcer {
    told: BTreeMap<PeerId, Telling<LibraryState>>,
}

impl Announcer {
    /// A peer learned this state in a handshake.
    pub(crate) fn introduced(&mut self, peer: PeerId, state: LibraryState) {
        self.told.insert(peer, Telling::knowing(state));
    }

    /// A peer is gone.
    pub(crate) fn lost(&mut self, peer: PeerId) {
        self.told.remove(&peer);
    }

    /// Tells the present state to whoever does not know it.
    pub(crate) fn tell(&mut self, ctx: &mut Ctx<'_>, members: &Membership, state: &LibraryState) {
        for (&peer, told) in &mut self.told {
            if !told.is_free(ctx.now) || told.known() == Some(state) {
                continue;
            }
            let Some(to) = members.route(peer) else {
                continue;
            };
            let request = Request::LibrarySummary {
                state: state.clone(),
            };
            told.tell(ctx, Purpose::Announce(peer), to, request, state.clone());
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
        let Some(state) = told.answered(effect) else {
            return;
        };
        match outcome {
            Delivery::Noted => told.noted(state),
            Delivery::Failed => told.failed(ctx),
        }
    }

    /// When [`Announcer::tell`] has something to do, apart from changes.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.told.values().filter_map(Telling::retry_at).min()
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
