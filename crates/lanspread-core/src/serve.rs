//! What other peers are served, and how much at once.
//!
//! Invariant: a request is in the register before the order to serve it goes out, and leaves it only
//! with the answer to that order, or refused while it waits for a slot; so whoever is about to change
//! a game can end its uploads and wait until none is left.

use std::collections::{BTreeMap, BTreeSet};

use lanspread_db::{ChunkRef, GameId};
use lanspread_proto::{ChunkRequest, PeerId, PeerName, Refusal, RefusalKind, Response};

use crate::{
    Ctx, Effect, EffectId, Now, OutboundView, Purpose, ReplyId,
    deliveries::Deliveries,
    hashing::Rest,
    limits::{SERVES_MAX, SERVES_PER_PEER_MAX},
    transfer::rate::SlidingRate,
    uploads::{UploadId, Uploads},
};

/// One request being served.
#[derive(Debug)]
struct Serve {
    peer: PeerId,
    id: GameId,
    /// The slot it holds; a manifest needs none.
    upload: Option<UploadId>,
}

/// A request for chunks that waits for a slot.
#[derive(Debug)]
struct Waiting {
    peer: PeerId,
    reply: ReplyId,
    request: ChunkRequest,
}

/// The register of requests being served.
#[derive(Debug, Default)]
pub(crate) struct Serves {
    running: BTreeMap<EffectId, Serve>,
    waiting: BTreeMap<UploadId, Waiting>,
    uploads: Uploads,
    /// How fast each game leaves for each receiver, for people.
    rates: BTreeMap<(PeerId, GameId), SlidingRate>,
    deliveries: Deliveries,
    per_peer: BTreeMap<PeerId, usize>,
}

impl Serves {
    /// Nothing is being served. The same `seed` draws the same.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            uploads: Uploads::new(seed),
            ..Self::default()
        }
    }

    /// Registers a request and orders to serve it, unless too much is being served.
    pub(crate) fn admit(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        id: &GameId,
        order: impl FnOnce(EffectId) -> Effect,
    ) -> Result<(), Refusal> {
        self.count(ctx, peer)?;
        let serve = Serve {
            peer,
            id: id.clone(),
            upload: None,
        };
        let running = &mut self.running;
        ctx.out.ask(Purpose::Serve, |effect| {
            running.insert(effect, serve);
            order(effect)
        });
        Ok(())
    }

    /// Registers a request for chunks, unless too much is being served. It is served when a slot is
    /// free for it.
    pub(crate) fn admit_chunks(
        &mut self,
        ctx: &mut Ctx<'_>,
        (peer, name): (PeerId, Option<&PeerName>),
        reply: ReplyId,
        request: ChunkRequest,
    ) -> Result<(), Refusal> {
        self.count(ctx, peer)?;
        if let Some(name) = name {
            self.deliveries.asked(ctx.now, peer, &request.id, name);
        }
        let upload = self.uploads.enqueue(ctx.now, peer, &request);
        let waiting = Waiting {
            peer,
            reply,
            request,
        };
        self.waiting.insert(upload, waiting);
        self.begin_uploads(ctx);
        Ok(())
    }

    /// One request more of a peer. Users see at once whom they serve, however soon it is over.
    fn count(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) -> Result<(), Refusal> {
        let of_peer = self.per_peer.get(&peer).copied().unwrap_or(0);
        let all = self.running.len() + self.waiting.len();
        if of_peer >= SERVES_PER_PEER_MAX || all >= SERVES_MAX {
            let message = format!(
                "{of_peer} requests of yours and {all} in all are being served: ask again in a moment"
            );
            return Err(Refusal::new(RefusalKind::Overloaded, message));
        }
        if of_peer == 0 {
            ctx.out.tell(Effect::Show);
        }
        *self.per_peer.entry(peer).or_default() += 1;
        Ok(())
    }

    fn uncount(&mut self, peer: PeerId) {
        if let Some(count) = self.per_peer.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.per_peer.remove(&peer);
            }
        }
    }

    /// Orders to serve what a slot is free for.
    pub(crate) fn begin_uploads(&mut self, ctx: &mut Ctx<'_>) {
        while let Some(upload) = self.uploads.poll_start(ctx.now) {
            let Some(waiting) = self.waiting.remove(&upload) else {
                self.uploads.ended(ctx.now, upload, 0);
                continue;
            };
            let Waiting {
                peer,
                reply,
                request,
            } = waiting;
            let serve = Serve {
                peer,
                id: request.id.clone(),
                upload: Some(upload),
            };
            let running = &mut self.running;
            ctx.out.ask(Purpose::Serve, |effect| {
                running.insert(effect, serve);
                Effect::ServeChunks {
                    effect,
                    reply,
                    id: request.id,
                    manifest: request.manifest,
                    chunks: request.chunks,
                }
            });
        }
    }

    /// When [`Serves::begin_uploads`] or [`Serves::tell_ended`] has something to do although nothing happens.
    pub(crate) fn deadline(&self) -> Option<Now> {
        let deadlines = [self.uploads.poll_deadline(), self.deliveries.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Tells of uploads that came to rest.
    pub(crate) fn tell_ended(&mut self, ctx: &mut Ctx<'_>) {
        let (running, waiting) = (&self.running, &self.waiting);
        let is_served = |peer: PeerId, id: &GameId| {
            let mut runs = running.values();
            let mut waits = waiting.values();
            runs.any(|serve| serve.peer == peer && serve.id == *id)
                || waits.any(|it| it.peer == peer && it.request.id == *id)
        };
        for event in self.deliveries.ended(ctx.now, is_served) {
            ctx.out.emit(event);
        }
    }

    /// A request was served or given up, after so many bytes. Says which game it was for.
    pub(crate) fn ended(
        &mut self,
        ctx: &mut Ctx<'_>,
        effect: EffectId,
        sent_bytes: u64,
    ) -> Option<GameId> {
        let serve = self.running.remove(&effect)?;
        self.uncount(serve.peer);
        if let Some(upload) = serve.upload {
            self.uploads.ended(ctx.now, upload, sent_bytes);
            self.sent(ctx.now, &serve, sent_bytes);
            self.deliveries
                .sent(ctx.now, serve.peer, &serve.id, sent_bytes);
            self.begin_uploads(ctx);
        }
        Some(serve.id)
    }

    fn sent(&mut self, now: Now, serve: &Serve, bytes: u64) {
        let to = (serve.peer, serve.id.clone());
        if !self.rates.contains_key(&to) {
            // Whoever fetched in the last seconds is remembered, and nobody else.
            self.rates.retain(|_, rate| rate.bytes_per_s(now) > 0);
        }
        let rate = self.rates.entry(to);
        rate.or_insert_with(|| SlidingRate::new(now))
            .record(now, bytes);
    }

    /// A peer takes back those of its requests that wait and ask for none but these chunks.
    pub(crate) fn take_back(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, back: &ChunkRequest) {
        let chunks: BTreeSet<ChunkRef> = back.chunks.iter().copied().collect();
        let is_taken_back = |it: &Waiting| {
            let are_all = || it.request.chunks.iter().all(|chunk| chunks.contains(chunk));
            it.peer == peer && it.request.manifest == back.manifest && are_all()
        };
        self.refuse_waiting(ctx, is_taken_back, taken_back);
    }

    /// Ends every upload of a game. Says whether all have come to rest.
    pub(crate) fn stop(&mut self, ctx: &mut Ctx<'_>, id: &GameId) -> Rest {
        self.refuse_waiting(ctx, |waiting| waiting.request.id == *id, being_changed);
        let mut rest = Rest::Reached;
        for (&effect, _) in self.running.iter().filter(|(_, serve)| serve.id == *id) {
            ctx.out.abort(effect);
            rest = Rest::Awaited;
        }
        rest
    }

    /// Ends every upload.
    pub(crate) fn abort(&mut self, ctx: &mut Ctx<'_>) {
        self.refuse_waiting(ctx, |_| true, being_changed);
        for &effect in self.running.keys() {
            ctx.out.abort(effect);
        }
    }

    fn refuse_waiting(
        &mut self,
        ctx: &mut Ctx<'_>,
        which: impl Fn(&Waiting) -> bool,
        why: impl Fn(&ChunkRequest) -> Refusal,
    ) {
        let refused: Vec<UploadId> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| which(waiting))
            .map(|(&upload, _)| upload)
            .collect();
        for upload in refused {
            self.uploads.ended(ctx.now, upload, 0);
            if let Some(Waiting {
                peer,
                reply,
                request,
            }) = self.waiting.remove(&upload)
            {
                self.uncount(peer);
                let response = Response::Refused(why(&request));
                ctx.out.tell(Effect::Reply { reply, response });
            }
        }
    }

    /// Whether no upload of a game runs.
    pub(crate) fn is_at_rest(&self, id: &GameId) -> bool {
        let waits = self
            .waiting
            .values()
            .any(|waiting| waiting.request.id == *id);
        !waits && !self.running.values().any(|serve| serve.id == *id)
    }

    /// Whether nothing is being served.
    pub(crate) fn is_quiet(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }

    /// What users see, sorted by receiver and game.
    pub(crate) fn view(&self, now: Now) -> Vec<OutboundView> {
        let mut requests: BTreeMap<(PeerId, &GameId), usize> = BTreeMap::new();
        let running = self.running.values().map(|serve| (serve.peer, &serve.id));
        let waiting = self.waiting.values().map(|it| (it.peer, &it.request.id));
        for upload in running.chain(waiting) {
            *requests.entry(upload).or_default() += 1;
        }
        requests
            .into_iter()
            .map(|((peer_id, id), requests)| {
                let id = id.clone();
                let to = (peer_id, id);
                let rate = self.rates.get(&to).map(|rate| rate.bytes_per_s(now));
                OutboundView {
                    peer_id,
                    id: to.1,
                    requests,
                    rate_bytes_per_s: rate.unwrap_or(0),
                }
            })
            .collect()
    }
}

fn being_changed(request: &ChunkRequest) -> Refusal {
    let message = format!("{} is being changed here: ask again later", request.id);
    Refusal::new(RefusalKind::Busy, message)
}

fn taken_back(request: &ChunkRequest) -> Refusal {
    let message = format!("the request for {} was taken back", request.id);
    Refusal::new(RefusalKind::TakenBack, message)
}
