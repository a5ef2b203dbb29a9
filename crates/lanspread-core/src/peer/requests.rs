//! What other peers ask, and what they are answered.
//!
//! Invariant: every request is answered exactly once, by a reply or by an order to serve, at once or,
//! if it asks what a download has, when there is something to say; nothing but a `Hello` is served to
//! a peer that has not introduced itself and is not being greeted.

use lanspread_db::{ChunkRef, GameId, ManifestHash};
use lanspread_proto::{
    ChunkRequest, LibraryEpoch, LibraryRevision, LibraryState, PartyMessage, PeerId, Refusal,
    RefusalKind, Request, Response, limits::CHUNKS_PER_REQUEST_MAX,
};

use super::Peer;
use crate::{Ctx, Effect, Inbound, Now, ReplyId, conduct::Toll, membership::NOT_READY};

/// What a request costs the peer that makes it.
const fn toll(request: &Request) -> Toll {
    match request {
        Request::Hello(_) | Request::LibrarySummary { .. } | Request::Expulsions { .. } => {
            Toll::Announcement
        }
        // Each takes back at least one request of the other kind.
        Request::GetGameFileChunk(_) | Request::TakeBack(_) => Toll::Contents,
        Request::Ping
        | Request::LibrarySnapshot
        | Request::LibraryDelta { .. }
        | Request::ListGames
        | Request::GetGame { .. }
        | Request::Holdings(_)
        | Request::Status(_)
        | Request::Message(_)
        | Request::LaneToken
        | Request::Goodbye => Toll::Question,
    }
}

impl Peer {
    /// Another peer asks.
    pub(super) fn requested(&mut self, now: Now, reply: ReplyId, from: Inbound, request: Request) {
        if let Some(response) = self.refuse_request(now, from.peer_id, toll(&request)) {
            return self.out.tell(Effect::Reply { reply, response });
        }
        let request = match request {
            Request::Hello(hello) => {
                let (members, mut ctx) = self.membership(now);
                return members.hello(&mut ctx, reply, from, hello);
            }
            other => other,
        };
        let peer = from.peer_id;
        let (members, mut ctx) = self.membership(now);
        let response = if members.heard(now, peer) {
            self.serve(now, reply, peer, request)
        } else if from.local_listen_addr.is_none() {
            Some(Response::InternalPeerError {
                message: NOT_READY.to_owned(),
            })
        } else if request == Request::Goodbye {
            members.left(&mut ctx, peer);
            Some(Response::Noted)
        } else {
            let message = "say Hello first";
            Some(Response::Refused(Refusal::new(
                RefusalKind::NotIntroduced,
                message,
            )))
        };
        if let Some(response) = response {
            self.out.tell(Effect::Reply { reply, response });
        }
    }

    /// Answers a peer that may ask; `None` when the order to serve is out.
    fn serve(
        &mut self,
        now: Now,
        reply: ReplyId,
        peer: PeerId,
        request: Request,
    ) -> Option<Response> {
        match request {
            // Taken by the caller.
            Request::Hello(_) => None,
            Request::Ping => Some(Response::Pong),
            Request::LibrarySummary { state } => Some(self.summary(now, peer, state)),
            Request::LibrarySnapshot => {
                Some(Response::LibrarySnapshot(self.library.listing().snapshot()))
            }
            Request::LibraryDelta { epoch, since } => Some(self.delta(epoch, since)),
            Request::ListGames => {
                let games = self.library.listing().games().cloned().collect();
                Some(Response::Games { games })
            }
            Request::GetGame { id } => self.serve_manifest(now, reply, peer, &id),
            Request::GetGameFileChunk(request) => self.serve_chunks(now, reply, peer, request),
            Request::TakeBack(back) => Some(self.take_back(now, peer, &back)),
            Request::Holdings(question) => {
                self.others_gather(&question.id, question.manifest);
                self.with_operations(now, |operations, _, world| {
                    operations.holdings_asked(world, peer, reply, &question)
                })
            }
            Request::Expulsions { expelled } => Some(self.expulsions_heard(now, peer, expelled)),
            Request::Status(status) => Some(self.statuses.hear(peer, status)),
            Request::Message(message) => Some(self.message_heard(now, peer, message)),
            // Whoever runs this and wants such lanes gives tokens out before a request comes here.
            Request::LaneToken => Some(Response::Refused(Refusal::new(
                RefusalKind::NotAvailable,
                "no lanes without encryption are to be had here at the moment",
            ))),
            Request::Goodbye => {
                let (members, mut ctx) = self.membership(now);
                members.left(&mut ctx, peer);
                Some(Response::Noted)
            }
        }
    }

    /// Somebody says something to the party. It has no name yet if it overtook its own `HelloAck`;
    /// then it has to say it again.
    fn message_heard(&mut self, now: Now, peer: PeerId, message: PartyMessage) -> Response {
        let Some(member) = self.members.live(peer) else {
            let message = "the greeting is still under way".to_owned();
            return Response::InternalPeerError { message };
        };
        let name = member.name.clone();
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.messages.hear(&mut ctx, peer, name, message)
    }

    /// A peer says how its library stands. It overtook its own `HelloAck` if there is no route to it
    /// yet; then it has to say it again.
    fn summary(&mut self, now: Now, peer: PeerId, state: LibraryState) -> Response {
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        let Some(to) = self.members.route(peer) else {
            let message = "the greeting is still under way".to_owned();
            return Response::InternalPeerError { message };
        };
        self.sync.announced(&mut ctx, to, state);
        Response::Noted
    }

    fn delta(&self, epoch: LibraryEpoch, since: LibraryRevision) -> Response {
        let listing = self.library.listing();
        listing.delta(epoch, since).map_or_else(
            || Response::LibrarySnapshot(listing.snapshot()),
            Response::LibraryDelta,
        )
    }

    /// Whether a game's files may be read by others at this moment. An update does not change them
    /// before its switch, and an install not at all: two peers that update to each other's version
    /// would else refuse each other as long as both are at it.
    fn check_idle(&self, id: &GameId) -> Result<(), Refusal> {
        let waits = self.to_recover.contains(id) || self.moving.is_some();
        if waits || !self.operations.may_be_served(id) {
            let message = format!("{id} is being changed here: ask again later");
            return Err(Refusal::new(RefusalKind::Busy, message));
        }
        Ok(())
    }

    fn serve_manifest(
        &mut self,
        now: Now,
        reply: ReplyId,
        peer: PeerId,
        id: &GameId,
    ) -> Option<Response> {
        let Some((_, manifest)) = self.library.served(id) else {
            let message = format!("{id} is not announced here");
            return Some(Response::Refused(Refusal::new(
                RefusalKind::NotAvailable,
                message,
            )));
        };
        if let Err(refusal) = self.check_idle(id) {
            return Some(Response::Refused(refusal));
        }
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        let Some(manifest) = manifest else {
            let (hashed_bytes, total_bytes) = self.hashing.prioritise(&mut ctx, id);
            let size_bytes = self.library.root(id).map_or(0, |root| root.size_bytes);
            let total_bytes = if total_bytes == 0 {
                size_bytes
            } else {
                total_bytes
            };
            return Some(Response::GamePending {
                hashed_bytes,
                total_bytes,
            });
        };
        let order = |effect| Effect::ServeManifest {
            effect,
            reply,
            id: id.clone(),
            manifest,
        };
        self.serves
            .admit(&mut ctx, peer, id, order)
            .err()
            .map(Response::Refused)
    }

    /// Whether chunks of a game may be read by others at this moment.
    fn check_held(
        &self,
        id: &GameId,
        manifest: ManifestHash,
        chunks: &[ChunkRef],
    ) -> Result<(), Refusal> {
        if let Some(gather) = self.operations.gatherer(id, manifest) {
            return match chunks.iter().find(|chunk| !gather.has(**chunk)) {
                None => Ok(()),
                Some(ChunkRef { file, chunk }) => Err(Refusal::new(
                    RefusalKind::NotAvailable,
                    format!("chunk {chunk} of file {file} of {id} is not stored here yet"),
                )),
            };
        }
        self.check_idle(id)?;
        let served = self.library.served(id).and_then(|(_, manifest)| manifest);
        if served != Some(manifest) {
            let message = format!(
                "{id} is not announced here under manifest {}",
                manifest.short()
            );
            return Err(Refusal::new(RefusalKind::NotAvailable, message));
        }
        Ok(())
    }

    fn serve_chunks(
        &mut self,
        now: Now,
        reply: ReplyId,
        peer: PeerId,
        request: ChunkRequest,
    ) -> Option<Response> {
        let ChunkRequest {
            id,
            manifest,
            chunks,
        } = request;
        let checked = check_count(&chunks).and_then(|()| self.check_held(&id, manifest, &chunks));
        if let Err(refusal) = checked {
            return Some(Response::Refused(refusal));
        }
        let name = self.members.live(peer).map(|member| &member.name);
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        let request = ChunkRequest {
            id,
            manifest,
            chunks,
        };
        self.serves
            .admit_chunks(&mut ctx, (peer, name), reply, request)
            .err()
            .map(Response::Refused)
    }

    /// What a peer does not wait for any more is answered at once.
    fn take_back(&mut self, now: Now, peer: PeerId, back: &ChunkRequest) -> Response {
        if let Err(refusal) = check_count(&back.chunks) {
            return Response::Refused(refusal);
        }
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        self.serves.take_back(&mut ctx, peer, back);
        Response::Noted
    }
}

/// Whether a request names as many chunks as it may.
fn check_count(chunks: &[ChunkRef]) -> Result<(), Refusal> {
    if (1..=CHUNKS_PER_REQUEST_MAX).contains(&chunks.len()) {
        return Ok(());
    }
    let message = format!(
        "{} chunks are asked for: 1 to {CHUNKS_PER_REQUEST_MAX} are allowed",
        chunks.len()
    );
    Err(Refusal::new(RefusalKind::BadRequest, message))
}
