//! Who takes part: discovery, handshake and liveness of every other peer.
//!
//! Invariant: a peer is recorded only under a [`ListenAddr`], and nothing is sent before this peer's
//! own listener is bound. What happens to one peer follows from its `MemberState` alone. It does
//! not know what a library holds: it carries the state of one in each `Hello`.

mod contact;
mod delays;
mod machine;
mod member;
mod side;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use lanspread_proto::{
    Hello, LibraryState, ListenAddr, PROTOCOL_VERSION, PeerId, PeerName, Refusal, RefusalKind,
    Request, Response, WrongVersion,
};

use crate::{
    Advertisement, CANDIDATES_MAX, CommandRefused, Config, Ctx, Effect, ErrorKind, Inbound,
    LostReason, Now, Offence, PartyMismatch, PeerEvent, Purpose, ReplyId, Route,
    limits::{CHECKS_MAX, CONNECTS_MAX, DIALS_MAX, PEERS_MAX},
    transfer::Side,
};

use delays::Delays;
use machine::{MemberEvent as E, MemberState as S};
pub(crate) use member::Member;

/// What every part of Lanspread says when it is asked too early.
pub(crate) const NOT_READY: &str = "local peer listener address is not ready";

/// What membership has to tell the rest of the core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MemberFact {
    /// A peer introduced itself.
    Introduced {
        /// The peer.
        peer: PeerId,
        /// The state of its library.
        library: LibraryState,
        /// The state of the own library that it was told.
        told: LibraryState,
    },
    /// A live peer said how its library stands.
    Said {
        /// The peer.
        peer: PeerId,
        /// The state of its library.
        library: LibraryState,
    },
    /// A live peer is gone.
    Lost {
        /// The peer.
        peer: PeerId,
    },
}

impl MemberFact {
    /// The peer.
    pub(crate) const fn peer(&self) -> PeerId {
        match self {
            Self::Introduced { peer, .. } | Self::Said { peer, .. } | Self::Lost { peer } => *peer,
        }
    }
}

/// How far this peer itself is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No listener: nothing is sent.
    Unbound,
    /// The listener is bound, the own library is not read yet: others may come.
    Bound,
    /// It takes part.
    Ready,
}

/// Every other peer that is known.
#[derive(Debug)]
pub(crate) struct Membership {
    stage: Stage,
    /// What a `Hello` of this peer says of its library.
    library: LibraryState,
    members: BTreeMap<PeerId, Member>,
    /// What discovery showed before this peer was ready.
    early: BTreeMap<PeerId, Advertisement>,
    /// Addresses that the user asked to connect to, while the dial runs.
    connects: usize,
    /// Whether the log says that no more peers are recorded.
    told_full: bool,
    facts: VecDeque<MemberFact>,
    delays: Delays,
}

impl Membership {
    pub(crate) const fn new(library: LibraryState) -> Self {
        Self {
            stage: Stage::Unbound,
            library,
            members: BTreeMap::new(),
            early: BTreeMap::new(),
            connects: 0,
            told_full: false,
            facts: VecDeque::new(),
            delays: Delays::new(),
        }
    }

    /// The listener is bound.
    pub(crate) fn bind(&mut self) {
        if self.stage == Stage::Unbound {
            self.stage = Stage::Bound;
        }
    }

    /// The own library is known: this peer takes part, beginning with whom discovery showed so far.
    pub(crate) fn take_part(&mut self, ctx: &mut Ctx<'_>) {
        self.stage = Stage::Ready;
        for advertisement in std::mem::take(&mut self.early).into_values() {
            self.discovered(ctx, advertisement);
        }
    }

    /// What a `Hello` says of the own library from here on.
    pub(crate) fn set_library(&mut self, library: LibraryState) {
        self.library = library;
    }

    /// The next thing to tell.
    pub(crate) fn next_fact(&mut self) -> Option<MemberFact> {
        self.facts.pop_front()
    }

    /// A live peer.
    pub(crate) fn live(&self, peer: PeerId) -> Option<&Member> {
        self.members
            .get(&peer)
            .filter(|member| member.state.is_live())
    }

    /// Live peers, sorted by id.
    pub(crate) fn all_live(&self) -> impl Iterator<Item = (PeerId, &Member)> {
        self.members
            .iter()
            .filter(|(_, member)| member.state.is_live())
            .map(|(&peer, member)| (peer, member))
    }

    /// How to reach a live peer.
    pub(crate) fn route(&self, peer: PeerId) -> Option<Route> {
        let listen_addr = self.live(peer)?.addr?;
        Some(Route {
            peer_id: peer,
            listen_addr,
        })
    }

    /// On which side of a shared uplink a peer probably is, as seen from this one.
    pub(crate) fn side(&self, config: &Config, peer: PeerId) -> Side {
        self.members.get(&peer).map_or(Side::Near, |member| {
            let tables = config.table.as_ref().zip(member.table.as_ref());
            let is_far = self.delays.is_far(peer);
            side::side(tables, member.local.zip(member.addr), is_far)
        })
    }

    /// The least delays of the last while. Says whether anybody is taken to be on another side since.
    pub(crate) fn measured(&mut self, delays: &[(PeerId, Duration)]) -> bool {
        self.delays.keep(|peer| self.members.contains_key(peer));
        self.delays.measured(delays)
    }

    /// Discovery saw a peer.
    pub(crate) fn discovered(&mut self, ctx: &mut Ctx<'_>, mut advertisement: Advertisement) {
        let peer = advertisement.peer_id;
        if peer == ctx.config.peer_id {
            return;
        }
        advertisement.candidates.truncate(CANDIDATES_MAX);
        if self.stage != Stage::Ready {
            if self.early.contains_key(&peer) || self.early.len() < PEERS_MAX {
                self.early.insert(peer, advertisement);
            }
            return;
        }
        if !self.make_room(peer) {
            if !std::mem::replace(&mut self.told_full, true) {
                tracing::warn!(
                    peer = %peer.short(),
                    "not recorded, and no more of them is told: {PEERS_MAX} peers are known"
                );
            }
            return;
        }
        let member = self.members.entry(peer).or_default();
        let event = member.seen(ctx.config, peer, advertisement);
        if let Some(event) = event {
            self.on(ctx, peer, event);
        } else {
            self.drop_if_unknown(peer);
        }
    }

    /// The user wants to connect to an address.
    pub(crate) fn connect(
        &mut self,
        ctx: &mut Ctx<'_>,
        addr: ListenAddr,
    ) -> Result<(), CommandRefused> {
        if self.stage == Stage::Unbound {
            return Err(CommandRefused {
                kind: ErrorKind::NotReady,
                message: NOT_READY.to_owned(),
            });
        }
        let greeting: usize = self
            .members
            .values()
            .map(|member| member.connects.len())
            .sum();
        if self.connects + greeting >= CONNECTS_MAX {
            return Err(CommandRefused {
                kind: ErrorKind::Busy,
                message: format!(
                    "cannot connect to {addr}: {CONNECTS_MAX} attempts to connect are under way \
                     already; wait for one of them to end"
                ),
            });
        }
        self.connects += 1;
        let timeout = ctx.config.timing.request_timeout;
        ctx.out.ask(Purpose::Connect(addr), |effect| Effect::Dial {
            effect,
            candidates: vec![addr],
            expect: None,
            timeout,
        });
        Ok(())
    }

    /// Another peer introduces itself.
    pub(crate) fn hello(&mut self, ctx: &mut Ctx<'_>, reply: ReplyId, from: Inbound, hello: Hello) {
        let response = self.accept(ctx, from, &hello);
        let accepted = matches!(response, Response::HelloAck(_));
        ctx.out.tell(Effect::Reply { reply, response });
        if accepted {
            let member = self.members.entry(from.peer_id).or_default();
            member.local = from.local_listen_addr;
            member.told_library = Some(self.library.clone());
            let listen_addr = hello.listen_addr;
            self.introduced(ctx, from.peer_id, listen_addr, hello, E::Greeted);
            if !from.transport_addr.is_machine_of(listen_addr) {
                check(ctx, from.peer_id, listen_addr);
            }
        }
    }

    /// What a `Hello` is answered with.
    fn accept(&mut self, ctx: &mut Ctx<'_>, from: Inbound, hello: &Hello) -> Response {
        let listen_addr = match (self.stage, from.local_listen_addr) {
            (Stage::Bound | Stage::Ready, Some(addr)) => addr,
            (Stage::Unbound, _) | (Stage::Bound | Stage::Ready, None) => {
                return Response::InternalPeerError {
                    message: NOT_READY.to_owned(),
                };
            }
        };
        let refuse = |kind, message: String| Response::Refused(Refusal::new(kind, message));
        if hello.protocol_version != PROTOCOL_VERSION {
            self.other_version(ctx, from.peer_id, hello.protocol_version);
            return Response::WrongVersion(WrongVersion {
                ours: PROTOCOL_VERSION,
                yours: hello.protocol_version,
            });
        }
        if hello.peer_id != from.peer_id || from.peer_id == ctx.config.peer_id {
            ctx.out.blame(from.peer_id, Offence::Impersonation);
            tracing::warn!(proved = %from.peer_id, claimed = %hello.peer_id, at = %from.transport_addr,
                "a Hello claims another identity than its connection proved");
            return refuse(
                RefusalKind::IdentityMismatch,
                format!(
                    "Hello says {}, but the connection proves {}",
                    hello.peer_id.short(),
                    from.peer_id.short()
                ),
            );
        }
        if !self.make_room(from.peer_id) {
            return refuse(
                RefusalKind::Overloaded,
                format!("this peer knows {PEERS_MAX} peers already"),
            );
        }
        Response::HelloAck(
            Hello::new(
                listen_addr,
                ctx.config.peer_id,
                ctx.config.name.clone(),
                self.library.clone(),
            )
            .at_table(ctx.config.table.clone()),
        )
    }

    /// A peer proved that it speaks another version: users hear of it once.
    pub(crate) fn other_version(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, theirs: u32) {
        if self.make_room(peer) {
            self.members.entry(peer).or_default().version = Some(theirs);
            self.on(ctx, peer, E::OtherVersion);
        }
    }

    /// A peer proved that it is not of this party: users hear of it once.
    pub(crate) fn other_party(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, mismatch: PartyMismatch) {
        if self.make_room(peer) {
            self.members.entry(peer).or_default().mismatch = Some(mismatch);
            self.on(ctx, peer, E::OtherParty);
        }
    }

    /// A peer said who it is, in a `Hello` or a `HelloAck`.
    fn introduced(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        addr: ListenAddr,
        hello: Hello,
        event: E,
    ) {
        let member = self.members.entry(peer).or_default();
        let moved = member.introduce(ctx, addr, &hello);
        if moved && member.state.is_live() {
            ctx.out.emit(PeerEvent::PeerMoved {
                peer_id: peer,
                addr,
            });
        }
        let told = member
            .told_library
            .clone()
            .unwrap_or_else(|| self.library.clone());
        self.on(ctx, peer, event);
        self.facts.push_back(MemberFact::Introduced {
            peer,
            library: hello.library,
            told,
        });
    }

    /// Any other message of a peer came. Says whether it may ask.
    ///
    /// A peer that this one is greeting may: streams arrive in any order, so what it asks after it
    /// accepted the `Hello` can overtake its `HelloAck`. To refuse that would make a second handshake
    /// out of many a first one.
    pub(crate) fn heard(&mut self, now: Now, peer: PeerId) -> bool {
        let Some(member) = self.members.get_mut(&peer) else {
            return false;
        };
        if member.state == S::Greeting {
            return true;
        }
        if !member.state.is_live() {
            return false;
        }
        member.hear(now);
        true
    }

    /// A live peer answered something that was asked of it.
    pub(crate) fn answered(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        let Some(member) = self.members.get_mut(&peer) else {
            return;
        };
        if member.state.is_live() {
            member.hear(ctx.now);
            self.on(ctx, peer, E::Answered);
        }
    }

    /// A live peer says that it does not know this one.
    pub(crate) fn not_known(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        self.on(ctx, peer, E::NotKnown);
    }

    /// The last connection with a peer closed.
    pub(crate) fn closed(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        self.on(ctx, peer, E::Closed);
    }

    /// A peer said `Goodbye`.
    pub(crate) fn left(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        if let Some(member) = self.members.get_mut(&peer) {
            member.why = LostReason::Goodbye.to_string();
            self.on(ctx, peer, E::Left);
        }
    }

    /// A peer is kept away: it is known no more. Returns its name and how to find it again.
    pub(crate) fn keep_away(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        why: String,
    ) -> Option<(PeerName, Advertisement)> {
        self.early.remove(&peer);
        let member = self.members.get_mut(&peer)?;
        member.why = why;
        let known = (member.name.clone(), member.advertisement(ctx.config, peer));
        self.on(ctx, peer, E::KeptAway);
        Some(known)
    }

    /// Says `Goodbye` to every live peer.
    pub(crate) fn farewell(&mut self, ctx: &mut Ctx<'_>) {
        let timeout = ctx.config.timing.goodbye;
        let routes: Vec<Route> = self
            .all_live()
            .filter_map(|(peer, _)| self.route(peer))
            .collect();
        for to in routes {
            ctx.out
                .ask(Purpose::Goodbye(to.peer_id), |effect| Effect::Request {
                    effect,
                    to,
                    request: Request::Goodbye,
                    timeout,
                });
        }
    }

    /// Whatever is due by the clock.
    pub(crate) fn tick(&mut self, ctx: &mut Ctx<'_>) {
        let due: Vec<(PeerId, E)> = self
            .members
            .iter()
            .filter_map(|(&peer, member)| Some((peer, member.due(ctx.now, &ctx.config.timing)?)))
            .collect();
        for (peer, event) in due {
            self.on(ctx, peer, event);
        }
    }

    /// When [`Membership::tick`] has something to do.
    pub(crate) fn deadline(&self, timing: &crate::Timing) -> Option<Now> {
        self.members
            .values()
            .filter_map(|member| member.deadline(timing))
            .min()
    }

    /// Lets the machine of one peer take an event, and does what the change of state asks for.
    fn on(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, event: E) {
        let dialing = self.dialing();
        let Some(member) = self.members.get_mut(&peer) else {
            return;
        };
        let before = member.state;
        let Some(mut after) = before.next(event) else {
            self.drop_if_unknown(peer);
            return;
        };
        if after == S::Dialing && dialing >= DIALS_MAX {
            after = S::Resting;
        }
        tracing::debug!(peer = %peer.short(), ?before, ?event, ?after, "membership");
        member.enter(ctx, peer, event, after, &self.library);
        if before.is_live() && !after.is_live() {
            self.facts.push_back(MemberFact::Lost { peer });
        }
        self.drop_if_unknown(peer);
    }

    fn dialing(&self) -> usize {
        self.members
            .values()
            .filter(|member| member.state == S::Dialing)
            .count()
    }

    fn drop_if_unknown(&mut self, peer: PeerId) {
        if self
            .members
            .get(&peer)
            .is_some_and(|member| member.state == S::Unknown)
        {
            self.members.remove(&peer);
        }
    }

    /// Whether `peer` is known or can be recorded; gives up one that is not live if need be.
    fn make_room(&mut self, peer: PeerId) -> bool {
        if self.members.contains_key(&peer) || self.members.len() < PEERS_MAX {
            return true;
        }
        let hopeless = self
            .members
            .iter()
            .filter(|(_, member)| matches!(member.state, S::Resting | S::Refused | S::Elsewhere))
            .max_by_key(|(_, member)| member.failures)
            .map(|(&peer, _)| peer);
        hopeless.is_some_and(|peer| self.members.remove(&peer).is_some())
    }
}

/// Looks at an address that a peer gave and that is not where it came from. It can be right: machines
/// with several adapters send from one and listen at another. If somebody else answers there, it was a
/// lie; if nobody does, that proves nothing.
fn check(ctx: &mut Ctx<'_>, peer: PeerId, addr: ListenAddr) {
    let under_way = ctx.out.owed();
    let checks = under_way.filter(|(_, purpose)| matches!(purpose, Purpose::Check(..)));
    if checks.count() >= CHECKS_MAX {
        return;
    }
    let timeout = ctx.config.timing.request_timeout;
    ctx.out
        .ask(Purpose::Check(peer, addr), |effect| Effect::Dial {
            effect,
            candidates: vec![addr],
            expect: Some(peer),
            timeout,
        });
}
