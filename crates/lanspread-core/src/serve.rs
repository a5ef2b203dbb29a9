//! What other peers are served, and how much at once.
//!
//! Invariant: a request is in the register before the order to serve it goes out, and leaves it only
//! with the answer to that order; so whoever is about to change a game can end its uploads and wait
//! until none is left.

use std::collections::BTreeMap;

use lanspread_db::GameId;
use lanspread_proto::{PeerId, Refusal, RefusalKind};

use crate::{
    Ctx, Effect, EffectId, OutboundView, Purpose,
    hashing::Rest,
    limits::{SERVES_MAX, SERVES_PER_PEER_MAX},
};

/// One request being served.
#[derive(Debug)]
struct Serve {
    peer: PeerId,
    id: GameId,
}

/// The register of requests being served.
#[derive(Debug, Default)]
pub(crate) struct Serves {
    running: BTreeMap<EffectId, Serve>,
    per_peer: BTreeMap<PeerId, usize>,
}

impl Serves {
    /// Registers a request and orders to serve it, unless too much is being served.
    pub(crate) fn admit(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        id: &GameId,
        order: impl FnOnce(EffectId) -> Effect,
    ) -> Result<(), Refusal> {
        let of_peer = self.per_peer.get(&peer).copied().unwrap_or(0);
        if of_peer >= SERVES_PER_PEER_MAX || self.running.len() >= SERVES_MAX {
            let message = format!(
                "{of_peer} requests of yours and {} in all are being served: ask again in a moment",
                self.running.len()
            );
            return Err(Refusal::new(RefusalKind::Overloaded, message));
        }
        *self.per_peer.entry(peer).or_default() += 1;
        let serve = Serve {
            peer,
            id: id.clone(),
        };
        let running = &mut self.running;
        ctx.out.ask(Purpose::Serve, |effect| {
            running.insert(effect, serve);
            order(effect)
        });
        Ok(())
    }

    /// A request was served or given up. Says which game it was for.
    pub(crate) fn ended(&mut self, effect: EffectId) -> Option<GameId> {
        let serve = self.running.remove(&effect)?;
        if let Some(count) = self.per_peer.get_mut(&serve.peer) {
            *count -= 1;
            if *count == 0 {
                self.per_peer.remove(&serve.peer);
            }
        }
        Some(serve.id)
    }

    /// Ends every upload of a game. Says whether all have come to rest.
    pub(crate) fn stop(&self, ctx: &mut Ctx<'_>, id: &GameId) -> Rest {
        let mut rest = Rest::Reached;
        for (&effect, _) in self.running.iter().filter(|(_, serve)| serve.id == *id) {
            ctx.out.abort(effect);
            rest = Rest::Awaited;
        }
        rest
    }

    /// Ends every upload.
    pub(crate) fn abort(&self, ctx: &mut Ctx<'_>) {
        for &effect in self.running.keys() {
            ctx.out.abort(effect);
        }
    }

    /// Whether no upload of a game runs.
    pub(crate) fn is_at_rest(&self, id: &GameId) -> bool {
        !self.running.values().any(|serve| serve.id == *id)
    }

    /// Whether nothing is being served.
    pub(crate) fn is_quiet(&self) -> bool {
        self.running.is_empty()
    }

    /// What users see, sorted by receiver and game.
    pub(crate) fn view(&self) -> Vec<OutboundView> {
        let mut requests: BTreeMap<(PeerId, &GameId), usize> = BTreeMap::new();
        for serve in self.running.values() {
            *requests.entry((serve.peer, &serve.id)).or_default() += 1;
        }
        requests
            .into_iter()
            .map(|((peer_id, id), requests)| OutboundView {
                peer_id,
                id: id.clone(),
                requests,
            })
            .collect()
    }
}
