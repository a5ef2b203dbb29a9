//! The record of one other peer, and what entering a state means for it.
//!
//! Invariant: at most one dial, `Hello` or `Ping` of this record is under way; its answer is the one
//! that [`Member::pending`] names, and any other answer is only a sign of life.

use std::time::Duration;

use lanspread_proto::{
    Hello, LibraryState, ListenAddr, PROTOCOL_VERSION, PeerId, PeerName, Request, TableName,
};

use super::machine::{MemberEvent as E, MemberState as S};
use crate::{
    Advertisement, CANDIDATES_MAX, Config, Ctx, Door, Effect, EffectId, ErrorKind, LostReason, Now,
    OperationError, PartyMismatch, PeerEvent, Purpose, Route, Timing,
};

/// One other peer.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Where this peer stands with it.
    pub(super) state: S,
    /// Its recorded listener address.
    pub(super) addr: Option<ListenAddr>,
    /// Where the last dial reached it, until it introduced itself.
    pub(super) reached: Option<ListenAddr>,
    /// Where this peer's own listener is reached from there.
    pub(super) local: Option<ListenAddr>,
    /// The table it says that it sits at.
    pub(super) table: Option<TableName>,
    /// What it calls itself; until it said so, the host name that discovery shows.
    pub(crate) name: PeerName,
    /// Where discovery says that it can be reached.
    candidates: Vec<ListenAddr>,
    /// The wire version that discovery shows.
    advertised: Option<u32>,
    /// The wire version it proved or advertised, if it is another one.
    pub(super) version: Option<u32>,
    /// What discovery shows of its door.
    door: Option<Door>,
    /// Why it is not of this party, as far as known.
    pub(super) mismatch: Option<PartyMismatch>,
    /// What users were told of that.
    told_mismatch: Option<PartyMismatch>,
    /// Whether its `Ping` is awaited before it is pinged: it has the smaller id.
    pings_first: bool,
    heard_at: Now,
    /// Since when an answer is missing.
    asked_at: Now,
    pause_until: Option<Now>,
    /// Dials and greetings that failed since it was live.
    pub(super) failures: u32,
    /// The dial, `Hello` or `Ping` under way.
    pub(super) pending: Option<EffectId>,
    /// Addresses of `connect` commands that wait for the greeting.
    pub(super) connects: Vec<ListenAddr>,
    /// The state of the own library that it was told last in a greeting.
    pub(super) told_library: Option<LibraryState>,
    /// Why it was not reached or is gone, for people.
    pub(super) why: String,
    /// Whether users know that it is not there.
    told: bool,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            state: S::Unknown,
            addr: None,
            reached: None,
            local: None,
            table: None,
            name: PeerName::new(""),
            candidates: Vec::new(),
            advertised: None,
            version: None,
            door: None,
            mismatch: None,
            told_mismatch: None,
            pings_first: false,
            heard_at: Now::default(),
            asked_at: Now::default(),
            pause_until: None,
            failures: 0,
            pending: None,
            connects: Vec::new(),
            told_library: None,
            why: String::new(),
            told: false,
        }
    }
}

impl Member {
    /// Its recorded listener address.
    pub(crate) const fn addr(&self) -> Option<ListenAddr> {
        self.addr
    }

    /// How discovery would show it: all addresses at which it may be. What is not known of it is taken
    /// to be as it is here.
    pub(super) fn advertisement(&self, own: &Config, peer: PeerId) -> Advertisement {
        Advertisement {
            peer_id: peer,
            candidates: self.addrs_to_dial(),
            protocol_version: self.advertised.unwrap_or(PROTOCOL_VERSION),
            door: self.door.unwrap_or(own.door),
            host_name: self.name.to_string(),
        }
    }

    /// Discovery shows it: what that means, if it is news.
    pub(super) fn seen(&mut self, own: &Config, peer: PeerId, shown: Advertisement) -> Option<E> {
        let version_is_news = self.advertised != Some(shown.protocol_version);
        let door_is_news = self.door != Some(shown.door);
        let addrs_are_news = match self.addr {
            Some(addr) if self.state.is_live() => !shown.candidates.contains(&addr),
            Some(_) | None => self.candidates != shown.candidates,
        };
        self.advertised = Some(shown.protocol_version);
        self.door = Some(shown.door);
        if self.addr.is_none() {
            self.name = PeerName::new(&shown.host_name);
        }
        if shown.protocol_version != PROTOCOL_VERSION {
            self.version = Some(shown.protocol_version);
            return version_is_news.then_some(E::SeenOtherVersion);
        }
        if let Some(mismatch) = PartyMismatch::between(own.door, shown.door) {
            self.mismatch = Some(mismatch);
            return door_is_news.then_some(E::SeenOtherParty);
        }
        if shown.candidates.is_empty() {
            return None;
        }
        self.candidates = shown.candidates;
        let news = addrs_are_news
            || (self.state == S::Refused && version_is_news)
            || (self.state == S::Elsewhere && door_is_news);
        let event = if own.peer_id < peer {
            E::SeenWeDial
        } else {
            E::SeenTheyDial
        };
        news.then_some(event)
    }

    /// It said who it is. Says whether its address changed.
    pub(super) fn introduce(&mut self, ctx: &Ctx<'_>, addr: ListenAddr, hello: &Hello) -> bool {
        let moved = self.addr.is_some_and(|known| known != addr);
        self.addr = Some(addr);
        self.reached = None;
        self.name = hello.name.clone();
        self.table.clone_from(&hello.table);
        self.pings_first = hello.peer_id < ctx.config.peer_id;
        self.version = None;
        self.mismatch = None;
        self.told_mismatch = None;
        self.hear(ctx.now);
        moved
    }

    /// It gave a sign of life.
    pub(super) const fn hear(&mut self, now: Now) {
        self.heard_at = now;
        self.asked_at = now;
    }

    /// What the clock says to it, if anything.
    pub(super) fn due(&self, now: Now, timing: &Timing) -> Option<E> {
        let passed = |at: Option<Now>| at.is_some_and(|at| at <= now);
        if passed(self.silent_at(timing)) {
            Some(E::Silent)
        } else if passed(self.pause_until) {
            Some(E::PauseOver)
        } else if passed(self.idle_at(timing)) {
            Some(E::Idle)
        } else {
            None
        }
    }

    /// When the clock has something to say to it.
    pub(super) fn deadline(&self, timing: &Timing) -> Option<Now> {
        [
            self.silent_at(timing),
            self.pause_until,
            self.idle_at(timing),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn idle_at(&self, timing: &Timing) -> Option<Now> {
        (self.state == S::Live).then(|| self.heard_at + self.silence_before_ping(timing))
    }

    /// A peer is given up only after it was asked: a machine that slept asks first.
    fn silent_at(&self, timing: &Timing) -> Option<Now> {
        let asked = self.state.is_live() && self.state != S::Live;
        let waited = self.silence_before_ping(timing);
        asked.then(|| self.asked_at + timing.stale_after.saturating_sub(waited))
    }

    /// How long it may be silent until it is asked.
    fn silence_before_ping(&self, timing: &Timing) -> Duration {
        if self.pings_first {
            timing.ping_idle + timing.ping_yield
        } else {
            timing.ping_idle
        }
    }

    /// Goes over to `after` and does what that asks for.
    pub(super) fn enter(
        &mut self,
        ctx: &mut Ctx<'_>,
        peer: PeerId,
        event: E,
        after: S,
        library: &LibraryState,
    ) {
        let before = self.state;
        self.state = after;
        self.pending = None;
        self.pause_until = None;
        if before == S::Live {
            self.asked_at = ctx.now;
        }
        if before.is_live() && !after.is_live() {
            self.lost(ctx, peer, event);
        }
        match after {
            S::Unknown => self.fail_connects(ctx),
            S::Yielding => self.pause_until = Some(ctx.now + ctx.config.timing.hello_yield),
            S::Dialing | S::Redialing => self.dial(ctx, peer),
            S::Greeting | S::Regreeting => self.greet(ctx, peer, library),
            S::Resting | S::Doubtful => {
                let pause = if event == E::SeenTheyDial {
                    ctx.config.timing.hello_yield
                } else {
                    self.backoff(&ctx.config.timing)
                };
                self.pause_until = Some(ctx.now + pause);
                self.fail_connects(ctx);
                self.tell_unreachable(ctx, peer);
            }
            S::Refused => {
                self.refuse(ctx, peer);
                self.fail_connects(ctx);
            }
            S::Elsewhere => {
                // Whoever has no code will not have one until it is started again, which discovery
                // shows; a code that was typed wrong is worth another look.
                let dials_again = self.mismatch == Some(PartyMismatch::OtherCode);
                self.pause_until =
                    dials_again.then(|| ctx.now + ctx.config.timing.other_party_rest);
                self.turn_away(ctx, peer);
                self.fail_connects(ctx);
            }
            S::Live => {
                self.failures = 0;
                self.told = false;
                self.succeed(ctx, peer, before);
            }
            S::Pinging => self.ping(ctx, peer),
        }
    }

    fn backoff(&self, timing: &Timing) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        timing
            .redial_min
            .saturating_mul(1 << doublings)
            .min(timing.redial_max)
    }

    /// Where to dial: the address that worked last comes first as long as discovery still shows it.
    fn addrs_to_dial(&self) -> Vec<ListenAddr> {
        let mut addrs = self.candidates.clone();
        if let Some(known) = self.addr {
            let shown = addrs.iter().position(|&addr| addr == known);
            if let Some(at) = shown {
                addrs.remove(at);
            }
            if shown.is_some() || addrs.is_empty() {
                addrs.insert(0, known);
            } else {
                addrs.truncate(CANDIDATES_MAX - 1);
                addrs.push(known);
            }
        }
        addrs
    }

    fn dial(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        let candidates = self.addrs_to_dial();
        let timeout = ctx.config.timing.request_timeout;
        let effect = ctx.out.ask(Purpose::Dial(peer), |effect| Effect::Dial {
            effect,
            candidates,
            expect: Some(peer),
            timeout,
        });
        self.pending = Some(effect);
    }

    fn greet(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, library: &LibraryState) {
        // A member is greeted only after a dial or a Hello of its own, and both say these two.
        let (Some(listen_addr), Some(local)) = (self.reached.or(self.addr), self.local) else {
            tracing::warn!(peer = %peer.short(), "cannot greet: no address is recorded");
            return;
        };
        let hello = Hello::new(
            local,
            ctx.config.peer_id,
            ctx.config.name.clone(),
            library.clone(),
        )
        .at_table(ctx.config.table.clone());
        let to = Route {
            peer_id: peer,
            listen_addr,
        };
        let timeout = ctx.config.timing.request_timeout;
        let effect = ctx.out.ask(Purpose::Hello(peer), |effect| Effect::Request {
            effect,
            to,
            request: Request::Hello(hello),
            timeout,
        });
        self.pending = Some(effect);
        self.told_library = Some(library.clone());
    }

    fn ping(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        let Some(listen_addr) = self.addr else { return };
        let to = Route {
            peer_id: peer,
            listen_addr,
        };
        let timeout = ctx.config.timing.request_timeout;
        let effect = ctx.out.ask(Purpose::Ping(peer), |effect| Effect::Request {
            effect,
            to,
            request: Request::Ping,
            timeout,
        });
        self.pending = Some(effect);
    }

    fn succeed(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, before: S) {
        if let Some(addr) = self.addr.filter(|_| !before.is_live()) {
            ctx.out.emit(PeerEvent::PeerConnected {
                peer_id: peer,
                addr,
                name: self.name.clone(),
            });
        }
        for addr in std::mem::take(&mut self.connects) {
            ctx.out.emit(PeerEvent::ConnectFinished {
                addr,
                result: Ok(peer),
            });
        }
    }

    fn fail_connects(&mut self, ctx: &mut Ctx<'_>) {
        let kind = if self.state == S::Refused {
            ErrorKind::OtherVersion
        } else if self.state == S::Elsewhere {
            ErrorKind::OtherParty
        } else {
            ErrorKind::Unreachable
        };
        for addr in std::mem::take(&mut self.connects) {
            let message = format!("cannot connect to {addr}: {}", self.why);
            let result = Err(OperationError { kind, message });
            ctx.out.emit(PeerEvent::ConnectFinished { addr, result });
        }
    }

    fn lost(&mut self, ctx: &mut Ctx<'_>, peer: PeerId, event: E) {
        let reason = self.lost_by(event, ctx.now);
        if event == E::Silent {
            self.why = reason.to_string();
            self.told = true;
        }
        if event != E::Left && event != E::KeptAway {
            // Who says goodbye closes its connections itself, when it has heard the answer. Those of
            // a peer that is kept away are closed for that very reason.
            ctx.out.tell(Effect::Disconnect { peer_id: peer });
        }
        ctx.out.emit(PeerEvent::PeerLost {
            peer_id: peer,
            name: self.name.clone(),
            reason,
        });
    }

    fn lost_by(&self, event: E, now: Now) -> LostReason {
        match event {
            E::Left => LostReason::Goodbye,
            E::Silent => LostReason::Silent {
                seconds: now.since(self.heard_at).as_secs(),
            },
            E::KeptAway => LostReason::KeptAway(self.why.clone()),
            E::OtherVersion | E::SeenOtherVersion => LostReason::OtherVersion,
            E::OtherParty | E::SeenOtherParty => LostReason::OtherParty,
            E::SeenWeDial
            | E::SeenTheyDial
            | E::PauseOver
            | E::Reached
            | E::Unreached
            | E::GivenUp
            | E::Acked
            | E::HelloFailed
            | E::Greeted
            | E::Answered
            | E::PingFailed
            | E::NotKnown
            | E::Idle
            | E::Closed => LostReason::Connection(self.why.clone()),
        }
    }

    fn refuse(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        let theirs = self
            .version
            .map_or_else(|| "unknown".to_owned(), |version| version.to_string());
        self.why = format!(
            "runs another version of Lanspread (wire version {theirs}, this is {PROTOCOL_VERSION}): \
             install the same release on both machines"
        );
        ctx.out.emit(PeerEvent::PeerRefused {
            peer_id: Some(peer),
            who: self.name.to_string(),
            kind: ErrorKind::OtherVersion,
            reason: self.why.clone(),
        });
    }

    fn turn_away(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        let mismatch = self.mismatch.unwrap_or(PartyMismatch::OtherCode);
        self.why = mismatch.to_string();
        if self.told_mismatch.replace(mismatch) != Some(mismatch) {
            ctx.out.emit(PeerEvent::PeerRefused {
                peer_id: Some(peer),
                who: self.name.to_string(),
                kind: ErrorKind::OtherParty,
                reason: self.why.clone(),
            });
        }
    }

    /// Users hear once that a discovered peer cannot be reached.
    fn tell_unreachable(&mut self, ctx: &mut Ctx<'_>, peer: PeerId) {
        if self.told || self.state.is_live() || self.failures == 0 {
            return;
        }
        self.told = true;
        ctx.out.emit(PeerEvent::PeerRefused {
            peer_id: Some(peer),
            who: self.name.to_string(),
            kind: ErrorKind::Unreachable,
            reason: self.why.clone(),
        });
    }
}
