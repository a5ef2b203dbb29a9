//! The libraries of all other peers, kept as they announce them.
//!
//! Invariant: a peer's games have exactly one writer, this module, and it writes them only from
//! `LibrarySnapshot` and `LibraryDelta` answers. The library of a peer that is gone is kept for a
//! while, so that its return costs nothing; it counts for nothing until then.

mod held;
mod machine;

use std::collections::{BTreeMap, VecDeque};

use lanspread_proto::{LibraryState, PeerId, Request, Response};

use crate::{
    Ctx, Effect, EffectId, Now, Offence, Purpose, RequestFailure, Route,
    limits::{ABSENT_LIBRARIES_MAX, BAD_ANSWERS_MAX, REMOTE_GAMES_MAX},
    membership::Membership,
};

use held::Relation;
pub(crate) use held::{Held, Rejection};
use machine::{SyncEvent as E, SyncState as S};

/// One other peer's library.
#[derive(Debug)]
struct Remote {
    state: S,
    held: Held,
    /// What it announced last.
    announced: Option<LibraryState>,
    pending: Option<EffectId>,
    retry_at: Option<Now>,
    failures: u32,
    bad_answers: u32,
}

impl Default for Remote {
    fn default() -> Self {
        Self {
            state: S::Pausing,
            held: Held::default(),
            announced: None,
            pending: None,
            retry_at: None,
            failures: 0,
            bad_answers: 0,
        }
    }
}

/// The libraries of all other peers.
#[derive(Debug, Default)]
pub(crate) struct Sync {
    remotes: BTreeMap<PeerId, Remote>,
    /// Peers that are gone and whose library is kept, oldest first.
    absent: VecDeque<PeerId>,
}

impl Sync {
    /// What is held of a peer's library.
    pub(crate) fn held(&self, peer: PeerId) -> Option<&Held> {
        self.remotes.get(&peer).map(|remote| &remote.held)
    }

    /// Whether what is held of a peer's library is what it announces.
    pub(crate) fn in_sync(&self, peer: PeerId) -> bool {
        self.remotes
            .get(&peer)
            .is_some_and(|remote| remote.state == S::UpToDate)
    }

    /// A peer announces the state of its library.
    pub(crate) fn announced(&mut self, ctx: &mut Ctx<'_>, to: Route, state: LibraryState) {
        let peer = to.peer_id;
        self.absent.retain(|&gone| gone != peer);
        let remote = self.remotes.entry(peer).or_default();
        // Messages arrive in any order: of the same run, the latest revision counts.
        let state = match &remote.announced {
            Some(known) if known.epoch == state.epoch && known.revision > state.revision => {
                known.clone()
            }
            Some(_) | None => state,
        };
        if remote.announced.as_ref() != Some(&state) {
            remote.bad_answers = 0;
            remote.failures = 0;
        }
        let event = match remote.held.relate(&state) {
            // It was overtaken by an answer: what is held is newer.
            Relation::Stale => return remote.on(ctx, to, E::Same),
            Relation::Same => E::Same,
            Relation::Ahead => E::Ahead,
            Relation::Other => E::Other,
        };
        remote.announced = Some(state);
        remote.on(ctx, to, event);
    }

    /// The answer to a question. Says whether the peer's games changed.
    pub(crate) fn answered(
        &mut self,
        ctx: &mut Ctx<'_>,
        to: Route,
        effect: EffectId,
        result: Result<Response, RequestFailure>,
    ) -> bool {
        let room = REMOTE_GAMES_MAX.saturating_sub(self.games_of_others(to.peer_id));
        let Some(remote) = self.remotes.get_mut(&to.peer_id) else {
            return false;
        };
        if remote.pending != Some(effect) {
            return false;
        }
        remote.pending = None;
        let applied = match result {
            Ok(Response::LibrarySnapshot(snapshot)) if snapshot.games.len() > room => {
                Err(Some(Rejection::NoRoom))
            }
            Ok(Response::LibraryDelta(delta))
                if delta.changed.len() + remote.held.games().len() > room =>
            {
                Err(Some(Rejection::NoRoom))
            }
            Ok(Response::LibrarySnapshot(snapshot)) => {
                remote.held.apply_snapshot(snapshot).map_err(Some)
            }
            Ok(Response::LibraryDelta(delta)) => remote.held.apply_delta(delta).map_err(Some),
            Ok(_) | Err(_) => Err(None),
        };
        let (event, changed) = match applied {
            Ok(changed) => (remote.compare(), changed),
            Err(Some(rejection)) => {
                tracing::warn!(peer = %to.peer_id.short(), %rejection, "a library was not accepted");
                if rejection.blames_peer() {
                    ctx.out.blame(to.peer_id, Offence::FalseLibrary);
                }
                (remote.bad_answer(), false)
            }
            Err(None) => {
                remote.failures += 1;
                (E::Failed, false)
            }
        };
        remote.on(ctx, to, event);
        changed
    }

    /// A peer is gone.
    pub(crate) fn lost(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        let Some(remote) = self.remotes.get_mut(&peer) else {
            return;
        };
        if let Some(effect) = remote.pending.take() {
            ctx.out.abort(effect);
        }
        remote.retry_at = None;
        if let Some(next) = remote.state.next(E::Lost) {
            remote.state = next;
        }
        self.absent.retain(|&gone| gone != peer);
        self.absent.push_back(peer);
        if self.absent.len() > ABSENT_LIBRARIES_MAX
            && let Some(oldest) = self.absent.pop_front()
        {
            self.remotes.remove(&oldest);
        }
    }

    /// Asks again where the pause after a failure is over.
    pub(crate) fn tick(&mut self, ctx: &mut Ctx<'_>, members: &Membership) {
        for (&peer, remote) in &mut self.remotes {
            if remote.retry_at.is_none_or(|at| at > ctx.now) {
                continue;
            }
            remote.retry_at = None;
            let (Some(to), Some(state)) = (members.route(peer), remote.announced.clone()) else {
                continue;
            };
            let event = match remote.held.relate(&state) {
                Relation::Stale | Relation::Same => E::Same,
                Relation::Ahead => E::Ahead,
                Relation::Other => E::Other,
            };
            remote.on(ctx, to, event);
        }
    }

    /// When [`Sync::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Now> {
        self.remotes
            .values()
            .filter_map(|remote| remote.retry_at)
            .min()
    }

    fn games_of_others(&self, peer: PeerId) -> usize {
        self.remotes
            .iter()
            .filter(|&(&other, _)| other != peer)
            .map(|(_, remote)| remote.held.games().len())
            .sum()
    }
}

impl Remote {
    /// After an answer: is what is held what was announced last?
    fn compare(&mut self) -> E {
        self.failures = 0;
        let relation = self.announced.as_ref().map(|state| self.held.relate(state));
        match relation {
            None | Some(Relation::Same | Relation::Stale) => {
                self.bad_answers = 0;
                E::Completed
            }
            Some(Relation::Ahead) => E::Behind,
            Some(Relation::Other) => match self.bad_answer() {
                E::Mismatch => E::Elsewhere,
                failed => failed,
            },
        }
    }

    fn bad_answer(&mut self) -> E {
        self.bad_answers += 1;
        if self.bad_answers >= BAD_ANSWERS_MAX {
            E::Failed
        } else {
            E::Mismatch
        }
    }

    fn on(&mut self, ctx: &mut Ctx<'_>, to: Route, event: E) {
        let Some(next) = self.state.next(event) else {
            return;
        };
        tracing::debug!(peer = %to.peer_id.short(), before = ?self.state, ?event, ?next, "sync");
        self.state = next;
        self.retry_at = None;
        match (next, self.held.at()) {
            (S::AskDelta, Some((epoch, since))) => {
                self.ask(ctx, to, Request::LibraryDelta { epoch, since });
            }
            (S::AskDelta, None) | (S::AskSnapshot, _) => {
                self.ask(ctx, to, Request::LibrarySnapshot);
            }
            // Who answers wrongly is asked again only when it announces something else.
            (S::Pausing, _) if self.bad_answers < BAD_ANSWERS_MAX => {
                let doublings = self.failures.saturating_sub(1).min(16);
                let timing = &ctx.config.timing;
                let pause = timing
                    .redial_min
                    .saturating_mul(1 << doublings)
                    .min(timing.redial_max);
                self.retry_at = Some(ctx.now + pause);
            }
            (S::UpToDate | S::Pausing, _) => {}
        }
    }

    fn ask(&mut self, ctx: &mut Ctx<'_>, to: Route, request: Request) {
        let timeout = ctx.config.timing.request_timeout;
        let effect = ctx
            .out
            .ask(Purpose::Pull(to.peer_id), |effect| Effect::Request {
                effect,
                to,
                request,
                timeout,
            });
        self.pending = Some(effect);
    }
}
