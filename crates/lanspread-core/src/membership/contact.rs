//! What the answers to dials, greetings and pings mean.
//!
//! Invariant: an answer that is not the one the record waits for changes nothing but the time it was
//! last heard: the peer may have introduced itself meanwhile.

use lanspread_proto::{ListenAddr, PROTOCOL_VERSION, PeerId, RefusalKind, Response};

use super::{
    MemberFact, Membership,
    machine::{MemberEvent as E, MemberState as S},
};
use crate::{
    Ctx, DialFailure, Dialed, Effect, EffectId, ErrorKind, Offence, OperationError, PeerEvent,
    RequestFailure,
    limits::{PEERS_MAX, REDIALS_MAX},
};

impl Membership {
    /// The dial of a `connect` command ended.
    pub(crate) fn connect_dialed(
        &mut self,
        ctx: &mut Ctx<'_>,
        addr: ListenAddr,
        result: Result<Dialed, DialFailure>,
    ) {
        self.connects = self.connects.saturating_sub(1);
        let error = match result {
            Ok(dialed) if dialed.peer_id == ctx.config.peer_id => OperationError {
                kind: ErrorKind::BadInput,
                message: format!("cannot connect to {addr}: it is this peer itself"),
            },
            Ok(dialed) if !self.make_room(dialed.peer_id) => OperationError {
                kind: ErrorKind::Busy,
                message: format!("cannot connect to {addr}: {PEERS_MAX} peers are known already"),
            },
            Ok(dialed) => return self.connect_reached(ctx, addr, dialed),
            Err(failure) => OperationError {
                kind: kind_of(&failure),
                message: format!("cannot connect to {addr}: {failure}"),
            },
        };
        ctx.out.emit(PeerEvent::ConnectFinished {
            addr,
            result: Err(error),
        });
    }

    fn connect_reached(&mut self, ctx: &mut Ctx<'_>, addr: ListenAddr, dialed: Dialed) {
        let peer = dialed.peer_id;
        let member = self.members.entry(peer).or_default();
        if member.state == S::Live {
            ctx.out.emit(PeerEvent::ConnectFinished {
                addr,
                result: Ok(peer),
            });
            return;
        }
        member.connects.push(addr);
        if !matches!(member.state, S::Greeting | S::Regreeting) {
            member.reached = Some(dialed.remote);
            member.local = Some(dialed.local_listen_addr);
            self.on(ctx, peer, E::Reached);
        }
    }

    /// A dial of membership's own ended.
    pub(crate) fn dialed(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        effect: EffectId,
        result: Result<Dialed, DialFailure>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else {
            return;
        };
        if member.pending != Some(effect) {
            return;
        }
        match result {
            Ok(dialed) if dialed.peer_id == peer => {
                // A live peer keeps its recorded address until it answers at the new one.
                member.reached = Some(dialed.remote);
                member.local = Some(dialed.local_listen_addr);
                self.on(ctx, peer, E::Reached);
            }
            Ok(dialed) => {
                let why = format!("somebody else answers at {}", dialed.remote);
                self.fail(ctx, peer, why, E::Unreached);
            }
            Err(DialFailure::OtherVersion { theirs, .. }) => {
                member.version = Some(theirs);
                self.on(ctx, peer, E::OtherVersion);
            }
            Err(DialFailure::OtherParty { mismatch, .. }) => {
                member.mismatch = Some(mismatch);
                self.on(ctx, peer, E::OtherParty);
            }
            Err(failure) => self.fail(ctx, peer, failure.to_string(), E::Unreached),
        }
    }

    /// The answer to a `Hello`.
    pub(crate) fn hello_answered(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        effect: EffectId,
        result: Result<Response, RequestFailure>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else {
            return;
        };
        if member.pending != Some(effect) {
            // Both sides greeted at once, and the other `Hello` was faster. What this answer says of
            // the library may be newer than what that one said, and will not be said again.
            if let Ok(Response::HelloAck(ack)) = result
                && member.state.is_live()
                && ack.peer_id == peer
            {
                let library = ack.library;
                self.facts.push_back(MemberFact::Said { peer, library });
            }
            return;
        }
        let remote = member.reached.or(member.addr);
        match (result, remote) {
            (Ok(Response::HelloAck(ack)), _) if ack.protocol_version != PROTOCOL_VERSION => {
                member.version = Some(ack.protocol_version);
                self.on(ctx, peer, E::OtherVersion);
            }
            (Ok(Response::HelloAck(ack)), Some(addr)) if ack.peer_id == peer => {
                self.introduced(ctx, peer, addr, ack, E::Acked);
            }
            (Ok(Response::HelloAck(ack)), _) => {
                let why = format!("its HelloAck claims to be {}", ack.peer_id.short());
                ctx.out.blame(peer, Offence::Impersonation);
                ctx.out.tell(Effect::Disconnect { peer_id: peer });
                self.fail(ctx, peer, why, E::HelloFailed);
            }
            (Ok(Response::WrongVersion(versions)), _) => {
                member.version = Some(versions.ours);
                self.on(ctx, peer, E::OtherVersion);
            }
            (Ok(Response::InternalPeerError { message }), _) => {
                self.fail(
                    ctx,
                    peer,
                    format!("it cannot answer yet: {message}"),
                    E::HelloFailed,
                );
            }
            (Ok(Response::Refused(refusal)), _) => {
                self.fail(
                    ctx,
                    peer,
                    format!("it refused: {}", refusal.message),
                    E::HelloFailed,
                );
            }
            (Ok(_), _) => {
                self.fail(
                    ctx,
                    peer,
                    "it answered Hello with something else".to_owned(),
                    E::HelloFailed,
                );
            }
            (Err(failure), _) => self.fail(ctx, peer, failure.to_string(), E::HelloFailed),
        }
    }

    /// The answer to a `Ping`.
    pub(crate) fn pinged(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        effect: EffectId,
        result: Result<Response, RequestFailure>,
    ) {
        match result {
            Ok(Response::Refused(refusal)) if refusal.kind == RefusalKind::NotIntroduced => {
                self.not_known(ctx, peer);
            }
            Ok(_) => self.answered(ctx, peer),
            Err(failure) => {
                let Some(member) = self.members.get_mut(&peer) else {
                    return;
                };
                if member.pending == Some(effect) {
                    member.why = failure.to_string();
                    self.on(ctx, peer, E::PingFailed);
                }
            }
        }
    }

    /// Counts a failure; the last one gives the peer up.
    fn fail(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, why: String, event: E) {
        let Some(member) = self.members.get_mut(&peer) else {
            return;
        };
        member.why = why;
        member.failures = member.failures.saturating_add(1);
        let event = if member.failures >= REDIALS_MAX {
            E::GivenUp
        } else {
            event
        };
        self.on(ctx, peer, event);
    }
}

const fn kind_of(failure: &DialFailure) -> ErrorKind {
    match failure {
        DialFailure::OtherVersion { .. } => ErrorKind::OtherVersion,
        DialFailure::OtherParty { .. } => ErrorKind::OtherParty,
        DialFailure::Myself { .. } => ErrorKind::BadInput,
        DialFailure::KeptAway { .. } => ErrorKind::KeptAway,
        DialFailure::ListenerNotReady => ErrorKind::NotReady,
        DialFailure::Aborted => ErrorKind::ShuttingDown,
        DialFailure::Unreachable { .. }
        | DialFailure::OtherPeer { .. }
        | DialFailure::Handshake { .. } => ErrorKind::Unreachable,
    }
}
