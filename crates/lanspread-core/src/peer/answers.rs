//! Where the answer to each effect goes.
//!
//! Invariant: an answer crosses its effect off the book before anything else happens.

use lanspread_proto::{PeerId, RefusalKind, Response};

use super::Peer;
use crate::{
    Ctx, DialFailure, DiskFailure, EffectId, Input, Notice, NoticeAbout, Now, Offence, PeerEvent,
    Purpose, RequestFailure, ServeFailure, announce::Delivery, rescan::Freshness,
};

/// What an answer that breaks the protocol says of the peer that gave it.
const fn blame(
    purpose: &Purpose,
    result: &Result<Response, RequestFailure>,
) -> Option<(PeerId, Offence)> {
    if !matches!(result, Err(RequestFailure::Protocol(_))) {
        return None;
    }
    match *purpose {
        Purpose::Pull(peer) => Some((peer, Offence::FalseLibrary)),
        Purpose::Hello(peer)
        | Purpose::Ping(peer)
        | Purpose::Announce(peer)
        | Purpose::Nudge(peer)
        | Purpose::Holdings(_, peer)
        | Purpose::TakeBack(peer)
        | Purpose::Expulsions(peer)
        | Purpose::Status(peer)
        | Purpose::Message(peer)
        | Purpose::Goodbye(peer) => Some((peer, Offence::BrokenAnswer)),
        Purpose::Connect(_)
        | Purpose::Dial(_)
        | Purpose::Check(..)
        | Purpose::Inquiry(_)
        | Purpose::Serve
        | Purpose::Recall(..)
        | Purpose::ScanLibrary
        | Purpose::ScanRoot(_)
        | Purpose::Hash(_)
        | Purpose::KeepExpelled
        | Purpose::KeepRateLimits
        | Purpose::Operation(_)
        | Purpose::Fetch(..)
        | Purpose::OpenGameDir(_) => None,
    }
}

/// Whether a fetch brought something.
fn is_sign_of_life(input: &Input) -> bool {
    matches!(input, Input::ChunkStored { .. })
        || matches!(input, Input::ChunksFetched { stored, .. } if !stored.is_empty())
}

impl Peer {
    /// An effect was answered, or goes on.
    pub(super) fn answered(&mut self, now: Now, effect: EffectId, input: Input) {
        let purpose = if input.is_progress() {
            self.out.purpose(effect).cloned()
        } else {
            self.out.settle(effect)
        };
        let Some(purpose) = purpose else { return };
        match (purpose, input) {
            (Purpose::Operation(id), input) => self.operation_answered(now, &id, input),
            (Purpose::Fetch(id, peer), input) => {
                if is_sign_of_life(&input) {
                    let (members, mut ctx) = self.membership(now);
                    members.answered(&mut ctx, peer);
                }
                self.operation_answered(now, &id, input);
            }
            (Purpose::Connect(addr), Input::Dialed { result, .. }) => {
                let result = self.unless_kept_away(addr, result);
                let (members, mut ctx) = self.membership(now);
                members.connect_dialed(&mut ctx, addr, result);
            }
            (Purpose::Check(peer, addr), Input::Dialed { result, .. }) => {
                if let Err(failure @ (DialFailure::OtherPeer { .. } | DialFailure::Myself { .. })) =
                    result
                {
                    tracing::warn!(
                        peer = %peer.short(), %addr, %failure,
                        "a Hello gave the address of somebody else"
                    );
                    self.out.blame(peer, Offence::ForeignAddress);
                }
            }
            (Purpose::Dial(peer), Input::Dialed { result, .. }) => {
                let (members, mut ctx) = self.membership(now);
                members.dialed(&mut ctx, peer, effect, result);
            }
            (purpose, Input::Responded { result, .. }) => {
                self.responded(now, effect, &purpose, result);
            }
            (Purpose::Inquiry(id), Input::ManifestFetched { result, .. }) => {
                self.with_operations(now, |_, inquiries, world| {
                    inquiries.answered(world, &id, effect, result);
                });
            }
            (
                Purpose::Serve,
                Input::Served {
                    sent_bytes, result, ..
                },
            ) => self.served(now, effect, sent_bytes, &result),
            (Purpose::Recall(id, hash), Input::ManifestRecalled { result, .. }) => {
                self.recalled(&id, hash, result);
            }
            (
                Purpose::ScanLibrary,
                Input::LibraryScanned {
                    result, free_bytes, ..
                },
            ) => {
                self.free_bytes = free_bytes;
                self.library_scanned(now, result);
            }
            (Purpose::ScanRoot(id), Input::RootScanned { result, .. }) => {
                let (rescan, mut ctx) = self.rescan(now);
                let freshness = rescan.root_scanned(&mut ctx, &id);
                match result {
                    // What an operation changes meanwhile, it looks at itself in the end.
                    Ok(_) if self.operations.is_running(&id) => {}
                    Ok(_) if freshness == Freshness::Outdated => {}
                    Ok(report) => {
                        self.with_operations(now, |_, _, world| world.root_seen(&id, report));
                    }
                    Err(failure) => tracing::warn!(game = %id, %failure, "a root cannot be read"),
                }
            }
            (Purpose::Hash(id), input) => self.hash_answered(now, &id, effect, input),
            (Purpose::KeepExpelled, Input::ExpelledKept { result, .. }) => {
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                self.expulsions.saved(&mut ctx, &result);
            }
            (Purpose::KeepRateLimits, Input::RateLimitsKept { result, .. }) => {
                let (rates, mut ctx) = self.rates(now);
                rates.saved(&mut ctx, &result);
            }
            (Purpose::OpenGameDir(id), Input::GameDirOpened { result, .. }) => {
                self.moved(now, id, result);
            }
            (purpose, input) => {
                tracing::warn!(?purpose, ?input, "an effect got an answer of another kind");
            }
        }
    }

    fn operation_answered(&mut self, now: Now, id: &lanspread_db::GameId, input: Input) {
        self.with_operations(now, |operations, _, world| {
            operations.answered(world, id, input);
        });
    }

    /// The user may have named the address of a peer that is kept away.
    fn unless_kept_away(
        &self,
        addr: lanspread_proto::ListenAddr,
        result: Result<crate::Dialed, DialFailure>,
    ) -> Result<crate::Dialed, DialFailure> {
        result.and_then(|dialed| {
            if self.conduct.is_kept_away(dialed.peer_id) {
                let addr = addr.socket_addr();
                return Err(DialFailure::KeptAway { addr });
            }
            Ok(dialed)
        })
    }

    /// A peer answered a control request, or did not.
    fn responded(
        &mut self,
        now: Now,
        effect: EffectId,
        purpose: &Purpose,
        result: Result<Response, RequestFailure>,
    ) {
        if let Some((peer, offence)) = blame(purpose, &result) {
            self.out.blame(peer, offence);
        }
        match *purpose {
            Purpose::Hello(peer) => {
                let (members, mut ctx) = self.membership(now);
                members.hello_answered(&mut ctx, peer, effect, result);
            }
            Purpose::Ping(peer) => {
                let (members, mut ctx) = self.membership(now);
                members.pinged(&mut ctx, peer, effect, result);
            }
            Purpose::Pull(peer) => {
                self.sign_of_life(now, peer, result.as_ref().ok());
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                if let Some(to) = self.members.route(peer)
                    && self.sync.answered(&mut ctx, to, effect, result)
                {
                    self.dirty.mark();
                }
            }
            Purpose::Announce(peer) => {
                self.sign_of_life(now, peer, result.as_ref().ok());
                let outcome = match result {
                    Ok(Response::Noted) => Delivery::Noted,
                    Ok(_) | Err(_) => Delivery::Failed,
                };
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                self.announcer.answered(&mut ctx, peer, effect, outcome);
            }
            Purpose::Status(peer) => {
                self.sign_of_life(now, peer, result.as_ref().ok());
                let noted = matches!(result, Ok(Response::Noted));
                self.statuses.answered(peer, effect, noted);
            }
            Purpose::Message(peer) => {
                self.sign_of_life(now, peer, result.as_ref().ok());
                let ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                self.messages.answered(&ctx, peer, effect, &result);
            }
            Purpose::Expulsions(peer) => {
                self.sign_of_life(now, peer, result.as_ref().ok());
                let mut ctx = Ctx {
                    now,
                    config: &self.config,
                    out: &mut self.out,
                };
                self.expulsions.answered(&mut ctx, peer, effect, &result);
            }
            Purpose::Nudge(peer) | Purpose::TakeBack(peer) => {
                self.sign_of_life(now, peer, result.as_ref().ok());
            }
            Purpose::Holdings(ref id, peer) => {
                self.sign_of_life(now, peer, result.as_ref().ok());
                self.with_operations(now, |operations, _, world| {
                    operations.holdings_heard(world, id, (peer, effect), result);
                });
            }
            Purpose::Connect(_)
            | Purpose::Dial(_)
            | Purpose::Check(..)
            | Purpose::Goodbye(_)
            | Purpose::Inquiry(_)
            | Purpose::Serve
            | Purpose::Recall(..)
            | Purpose::ScanLibrary
            | Purpose::ScanRoot(_)
            | Purpose::Hash(_)
            | Purpose::KeepExpelled
            | Purpose::KeepRateLimits
            | Purpose::Operation(_)
            | Purpose::Fetch(..)
            | Purpose::OpenGameDir(_) => {}
        }
    }

    /// An upload ended.
    fn served(
        &mut self,
        now: Now,
        effect: EffectId,
        sent_bytes: u64,
        result: &Result<(), ServeFailure>,
    ) {
        if let Err(failure) = result {
            tracing::debug!(%failure, "an upload ended early");
        }
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        let served = self.serves.ended(&mut ctx, effect, sent_bytes);
        if let (Some(id), Err(ServeFailure::Disk(_))) = (served, result) {
            // What is announced is not what lies there: look again.
            let (rescan, mut ctx) = self.rescan(now);
            rescan.changed(&mut ctx, Some(id));
        }
        self.dirty.sources = true;
    }

    /// Whoever answers is there; whoever does not know this peer is greeted again.
    fn sign_of_life(&mut self, now: Now, peer: PeerId, response: Option<&Response>) {
        let (members, mut ctx) = self.membership(now);
        match response {
            Some(Response::Refused(refusal)) if refusal.kind == RefusalKind::NotIntroduced => {
                members.not_known(&mut ctx, peer);
            }
            Some(_) => members.answered(&mut ctx, peer),
            None => {}
        }
    }

    /// A root was hashed so that it can be shared.
    fn hash_answered(
        &mut self,
        now: Now,
        id: &lanspread_db::GameId,
        effect: EffectId,
        input: Input,
    ) {
        match input {
            Input::HashProgress {
                hashed_bytes,
                total_bytes,
                ..
            } => {
                self.hashing.progress(effect, hashed_bytes, total_bytes);
                let every = self.config.timing.progress;
                if self.hash_told_at.is_none_or(|at| now.since(at) >= every) {
                    self.hash_told_at = Some(now);
                    let id = id.clone();
                    self.out.emit(PeerEvent::HashingProgress {
                        id,
                        hashed_bytes,
                        total_bytes,
                    });
                }
            }
            Input::RootHashed { result, .. } => {
                let failure = result.as_ref().err().map(|failure| failure.kind);
                self.hashing.ended(id, failure);
                self.dirty.sources = true;
                match result {
                    Ok(manifest) => self.hashed(now, id, &manifest),
                    Err(failure) => self.not_hashed(now, id, &failure),
                }
            }
            other => tracing::warn!(?other, "hashing got an answer of another kind"),
        }
    }

    fn hashed(&mut self, now: Now, id: &lanspread_db::GameId, manifest: &lanspread_db::Manifest) {
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        if self.library.version(id) != Some(manifest.version()) {
            // It was changed while it was hashed.
            return self.rescan.changed(&mut ctx, Some(id.clone()));
        }
        self.rescan.learned(id);
        self.library.hashed(&mut ctx, id, manifest);
        self.dirty.mark();
    }

    fn not_hashed(&mut self, now: Now, id: &lanspread_db::GameId, failure: &DiskFailure) {
        if failure.kind == crate::DiskFailureKind::Aborted {
            return;
        }
        self.rescan.learned(id);
        let mut ctx = Ctx {
            now,
            config: &self.config,
            out: &mut self.out,
        };
        let news = self.library.not_hashed(&mut ctx, id, failure);
        self.dirty.mark();
        if news {
            self.out.emit(PeerEvent::Notice(Notice {
                about: NoticeAbout::NotShared {
                    id: id.clone(),
                    failure: failure.kind,
                },
                message: format!("{id} cannot be shared: {failure}"),
            }));
        }
    }
}
