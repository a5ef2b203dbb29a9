//! One thing that one peer is told: what it knows of it, what is under way to it, and when it is asked again.
//!
//! Invariant: one request is under way at a time, and a peer knows what it noted.

use lanspread_proto::Request;

use crate::{Ctx, Effect, EffectId, Now, Purpose, Route};

/// How far a peer was told.
#[derive(Debug)]
pub(crate) struct Telling<T> {
    known: Option<T>,
    pending: Option<(EffectId, T)>,
    retry_at: Option<Now>,
}

/// Of a peer that knows nothing.
impl<T> Default for Telling<T> {
    fn default() -> Self {
        Self {
            known: None,
            pending: None,
            retry_at: None,
        }
    }
}

impl<T> Telling<T> {
    /// Of a peer that knows this already.
    pub(crate) fn knowing(known: T) -> Self {
        Self {
            known: Some(known),
            ..Self::default()
        }
    }

    /// What the peer knows.
    pub(crate) const fn known(&self) -> Option<&T> {
        self.known.as_ref()
    }

    /// Whether the peer can be told something: nothing is under way, and the pause after a failure is over.
    pub(crate) fn is_free(&mut self, now: Now) -> bool {
        self.retry_at = self.retry_at.filter(|&at| at > now);
        self.pending.is_none() && self.retry_at.is_none()
    }

    /// Sends what tells it.
    pub(crate) fn tell(
        &mut self,
        ctx: &mut Ctx<'_>,
        purpose: Purpose,
        to: Route,
        request: Request,
        what: T,
    ) {
        let timeout = ctx.config.timing.request_timeout;
        let tell = |effect| Effect::Request {
            effect,
            to,
            request,
            timeout,
        };
        self.pending = Some((ctx.out.ask(purpose, tell), what));
    }

    /// The peer answered. What was under way; `None` if it was something else.
    pub(crate) fn answered(&mut self, effect: EffectId) -> Option<T> {
        let pending = self.pending.take_if(|(pending, _)| *pending == effect);
        pending.map(|(_, what)| what)
    }

    /// The peer knows this now, or need not be told it again.
    pub(crate) fn noted(&mut self, what: T) {
        self.known = Some(what);
    }

    /// It did not reach the peer, which is told again after a pause.
    pub(crate) fn failed(&mut self, ctx: &Ctx<'_>) {
        self.retry_at = Some(ctx.now + ctx.config.timing.redial_min);
    }

    /// The peer is reached again, so there is no pause any more.
    pub(crate) const fn is_back(&mut self) {
        self.retry_at = None;
    }

    /// When the pause after a failure is over.
    pub(crate) const fn retry_at(&self) -> Option<Now> {
        self.retry_at
    }
}
