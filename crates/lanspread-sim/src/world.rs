//! The party: one queue of what will happen, one clock, all guests.
//!
//! Invariant: the same input leads to the same happenings in the same order. What is due at the same
//! time happens in the order in which it was arranged; deadlines come before it, by the guests' order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use lanspread_core::{
    CommandId, Config, Effect, EffectId, Input, Now, PartyMismatch, Peer, PeerCommand, PeerView,
    RateLimits, Timing,
};
use lanspread_db::{Catalog, GameId, Pins};
use lanspread_proto::{LibraryEpoch, ListenAddr, MessageText, PROTOCOL_VERSION, PeerId, PeerName};

use crate::{
    beliefs::Beliefs,
    books::Books,
    exchange::{Exchange, Packet},
    failure::{Failure, Invariant},
    faults::{Fault, Kept},
    machine::Machine,
    model::{Model, RootKey},
    network::{Cable, Network},
    node::{Node, Running},
    orders::Orders,
    report::Counts,
    sayings::Sayings,
    trace::Trace,
};

/// What will happen to a guest.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A fact reaches the peer.
    Fact(Input),
    /// The disk is about to be done with an effect: now it is carried out.
    Disk(Effect),
    /// Something arrives over the network.
    Packet(Packet),
    /// An advertisement arrives, unless it does not get through.
    Seen { from: usize },
    /// The time for an answer is over.
    TimeOut { effect: EffectId },
    /// A dial has had the time it takes.
    Dialed {
        effect: EffectId,
        to: usize,
        expect: Option<PeerId>,
        addr: ListenAddr,
    },
    /// A dial that nobody answers has had its time.
    DialedNobody { effect: EffectId, tried: String },
    /// The next chunk of an upload is read.
    ReadNext { effect: EffectId },
    /// Nothing came over a connection for long.
    Idle { other: usize, runs: (u32, u32) },
    /// Its time to advertise again has come.
    Advertise,
}

/// The whole party.
pub(crate) struct World {
    pub(crate) now: Now,
    pub(crate) nodes: Vec<Node>,
    pub(crate) network: Network,
    pub(crate) queue: BTreeMap<(Now, u64), (usize, u32, Happening)>,
    pub(crate) exchanges: BTreeMap<u64, Exchange>,
    /// Connections between the runs of two peers, the lower number first.
    pub(crate) links: BTreeMap<(usize, usize), (u32, u32)>,
    pub(crate) next: u64,
    pub(crate) model: Model,
    pub(crate) books: Books,
    pub(crate) beliefs: Beliefs,
    /// What planted faults keep.
    pub(crate) kept: Kept,
    pub(crate) counts: Counts,
    pub(crate) trace: Trace,
    pub(crate) failure: Option<Failure>,
    pub(crate) fault: Option<Fault>,
    /// Games that somebody asked for.
    pub(crate) wanted: BTreeSet<RootKey>,
    /// Why a wanted game cannot come, as far as only people can help.
    pub(crate) excuses: BTreeMap<(usize, GameId), &'static str>,
    /// Whose disk was made to fail at some time.
    pub(crate) troubled: BTreeSet<usize>,
    /// Whom users expelled, and let in again.
    pub(crate) orders: Orders,
    /// What was said, and who heard it.
    pub(crate) sayings: Sayings,
    /// What scenarios look back on.
    #[cfg(test)]
    pub(crate) record: Option<crate::record::Record>,
}

/// The id of the peer with this number: its bytes are all one more.
pub(crate) fn peer_id(n: usize) -> PeerId {
    PeerId::from_bytes([u8::try_from(n + 1).unwrap_or(u8::MAX); 32])
}

/// The address of a peer in one of its runs.
pub(crate) fn address(n: usize, run: u32) -> ListenAddr {
    let host = u8::try_from(n + 1).unwrap_or(u8::MAX);
    let port = u16::try_from(40_000 + run % 20_000).unwrap_or(40_000);
    let addr = std::net::SocketAddr::from(([10, 0, 0, host], port));
    ListenAddr::new(addr).unwrap_or_else(|error| unreachable!("{addr}: {error}"))
}

/// How often a peer asks who is there.
const ADVERTISE_INTERVAL: Duration = Duration::from_secs(20);
/// A peer that starts binds its listener so much later.
const BIND_TIME: Duration = Duration::from_millis(2);

impl World {
    pub(crate) fn fail(&mut self, invariant: Invariant, message: String) {
        if self.failure.is_none() {
            let at = self.now;
            self.failure = Some(Failure {
                invariant,
                message,
                at,
            });
        }
    }

    /// A guest sits down with a machine.
    pub(crate) fn add(&mut self, machine: Machine, cable: Cable, catalog: Arc<Catalog>) {
        let n = self.nodes.len();
        self.network.cables.push(cable);
        self.nodes.push(Node {
            id: peer_id(n),
            name: format!("peer{n}"),
            addr: address(n, 0),
            catalog,
            machine,
            run: 0,
            running: None,
            lag: Duration::ZERO,
            lies: false,
            asleep: None,
            slept_through: Vec::new(),
            version: PROTOCOL_VERSION,
            code: None,
            organiser: None,
            expelled: (Now::default(), Vec::new()),
            rate_limits: RateLimits::default(),
            #[cfg(test)]
            last_command: None,
        });
    }

    pub(crate) fn is_running(&self, n: usize) -> bool {
        self.nodes[n].running.is_some()
    }

    /// Whether there is a peer that can be told something.
    pub(crate) fn is_awake(&self, n: usize) -> bool {
        self.nodes[n].asleep.is_none() && self.is_running(n)
    }

    /// Starts the peer of a guest; the address is that of before, or another.
    pub(crate) fn start(&mut self, n: usize, moves: bool) {
        self.nodes[n].run += 1;
        if moves {
            self.nodes[n].addr = address(n, self.nodes[n].run);
        }
        self.nodes[n].machine.set_time(self.now);
        let disk = match self.nodes[n].machine.boot() {
            Ok(disk) => disk,
            Err(failure) => {
                // A disk that fails at the start: the program says so and ends.
                self.counts.add("start that failed", 1);
                self.trace
                    .note(self.now, n, || format!("cannot start: {failure}"));
                return self.after_disk(n);
            }
        };
        let node = &self.nodes[n];
        let config = Config {
            peer_id: node.id,
            name: PeerName::new(&node.name),
            epoch: self.epoch_of(n),
            seed: u64::from(node.run) << 8 | n as u64,
            catalog: self.catalog_of(node),
            door: node.door(),
            organiser: node.organiser,
            table: None,
            has_screen: true,
            expelled: node.expelled(self.now),
            rate_limits: node.rate_limits,
            timing: Timing::default(),
        };
        self.beliefs.listens(n, node.addr, node.code);
        let peer = Peer::new(config, self.now);
        self.nodes[n].running = Some(Running::new(peer, disk));
        self.counts.add("start", 1);
        let addrs = vec![self.nodes[n].addr];
        self.trace
            .note(self.now, n, || format!("starts at {}", addrs[0]));
        self.drain(n);
        let delay = BIND_TIME + self.nodes[n].lag;
        self.fact(delay, n, Input::ListenerBound { addrs });
        self.after(ADVERTISE_INTERVAL, n, Happening::Advertise);
    }

    /// The peer of a guest is there no more.
    pub(crate) fn end(&mut self, n: usize) {
        self.nodes[n].running = None;
        self.nodes[n].run += 1;
        self.nodes[n].asleep = None;
        self.nodes[n].slept_through.clear();
        self.network.cables[n].reset();
        self.books.forget(n);
        self.sayings.forget(n);
        self.exchanges.retain(|_, exchange| exchange.asker != n);
        self.watch_links(n);
    }

    /// The process dies without a word.
    pub(crate) fn kill(&mut self, n: usize) {
        self.trace.note(self.now, n, || "dies".to_owned());
        self.counts.add("crash", 1);
        self.end(n);
        self.nodes[n].machine.process_died();
        self.check_disk(n);
    }

    /// The power fails: what was not synced is lost.
    pub(crate) fn power_cut(&mut self, n: usize) {
        self.trace.note(self.now, n, || "has no power".to_owned());
        self.counts.add("power cut", 1);
        self.end(n);
        self.nodes[n].machine.power_cut();
        self.check_disk(n);
    }

    /// After operations of a disk: the power may have failed in the middle of them.
    pub(crate) fn after_disk(&mut self, n: usize) {
        if self.nodes[n].machine.is_cut() {
            self.counts.add("power cut within an operation", 1);
            self.power_cut(n);
        }
    }

    pub(crate) fn send_command(&mut self, n: usize, command: PeerCommand) {
        self.next += 1;
        let id = CommandId(self.next);
        if let Some(running) = self.nodes[n].running.as_mut() {
            running.commands.insert(id);
            #[cfg(test)]
            {
                self.nodes[n].last_command = Some(id);
            }
            self.books.commanded(n, id, &command);
            if let PeerCommand::Expel { peer_id, .. } | PeerCommand::Readmit { peer_id } = command
                && let Some(whom) = self.number_of(peer_id)
            {
                self.orders.given(n, whom);
            }
            self.tell(n, Input::Command { id, command });
        }
    }

    /// The user of a peer says something that nobody said before.
    pub(crate) fn say(&mut self, n: usize) {
        let text = self.sayings.next_text(n);
        if let Ok(text) = MessageText::new(&text) {
            self.send_command(n, PeerCommand::Say { text });
        }
    }

    /// What this run of a peer counts its revisions by.
    fn epoch_of(&self, n: usize) -> LibraryEpoch {
        let run = match self.fault {
            Some(Fault::EpochKept) => 0,
            _ => self.nodes[n].run,
        };
        LibraryEpoch(u64::from(run) * 1000 + n as u64)
    }

    /// The catalog that the peer of a guest is started with.
    fn catalog_of(&self, node: &Node) -> Arc<Catalog> {
        if !matches!(
            self.fault,
            Some(Fault::PinsIgnored | Fault::PinsIgnoredUnseen)
        ) {
            return Arc::clone(&node.catalog);
        }
        let catalog = Catalog::clone(&node.catalog);
        Arc::new(catalog.with_pins(Pins::new()))
    }

    /// The catalog that judges what a guest shares and believes.
    pub(crate) fn judged_by(&self, n: usize) -> Arc<Catalog> {
        match self.fault {
            Some(Fault::PinsIgnoredUnseen) => self.catalog_of(&self.nodes[n]),
            _ => Arc::clone(&self.nodes[n].catalog),
        }
    }

    /// Why two guests are not of one party, as far as their peers ask.
    pub(crate) fn mismatch(&self, n: usize, other: usize) -> Option<PartyMismatch> {
        let mismatch = self.nodes[n].mismatch(&self.nodes[other]);
        mismatch.filter(|_| self.fault != Some(Fault::CodeNotAsked))
    }

    /// The guest with this id.
    pub(crate) fn number_of(&self, id: PeerId) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    /// Whether two guests are of one party, and neither has the other one out.
    pub(crate) fn are_together(&self, n: usize, other: usize) -> bool {
        let has_out = |n: usize, other: usize| {
            let id = self.nodes[other].id;
            let mut out = self.nodes[n].expelled(self.now).into_iter();
            out.any(|expelled| expelled.peer_id == id)
        };
        let mismatch = self.nodes[n].mismatch(&self.nodes[other]);
        mismatch.is_none() && !has_out(n, other) && !has_out(other, n)
    }

    pub(crate) fn view(&mut self, n: usize) -> Option<Arc<PeerView>> {
        Some(self.nodes[n].running.as_mut()?.peer.view())
    }

    /// Whether an operation of the game runs there.
    pub(crate) fn is_busy(&mut self, n: usize, id: &GameId) -> bool {
        self.view(n)
            .is_some_and(|view| view.operations.iter().any(|running| running.id == *id))
    }

    /// Tells a peer a fact, now.
    pub(crate) fn tell(&mut self, n: usize, input: Input) {
        let Some(input) = self.twisted_input(n, input) else {
            return;
        };
        self.trace.input(self.now, n, &input);
        let Some(running) = self.nodes[n].running.as_mut() else {
            return;
        };
        if let Some(effect) = input.effect()
            && !input.is_progress()
            && !running.owed.remove(&effect)
        {
            let message = format!("peer{n}: effect {} is answered twice: {input:?}", effect.0);
            return self.fail(Invariant::AnsweredOnce, message);
        }
        running.bound |= matches!(input, Input::ListenerBound { .. });
        self.books.told(n, &input);
        let is_new = !input.is_progress();
        running.peer.handle(self.now, input);
        self.counts.add("input", 1);
        self.drain(n);
        if is_new {
            self.check_beliefs(n);
        }
    }

    pub(crate) fn drain(&mut self, n: usize) {
        while let Some(effect) = self.nodes[n]
            .running
            .as_mut()
            .and_then(|running| running.peer.poll_effect())
        {
            self.counts.add("effect", 1);
            for effect in self.twisted_effect(n, effect) {
                self.trace.effect(self.now, n, &effect);
                self.carry_out(n, effect);
            }
        }
    }

    /// Arranges for something to happen to a guest, if its peer still runs then.
    pub(crate) fn after(&mut self, delay: Duration, n: usize, happening: Happening) {
        self.at(self.now + delay, n, happening);
    }

    pub(crate) fn at(&mut self, at: Now, n: usize, happening: Happening) {
        self.next += 1;
        let run = self.nodes[n].run;
        self.queue.insert((at, self.next), (n, run, happening));
    }

    pub(crate) fn fact(&mut self, delay: Duration, n: usize, input: Input) {
        self.after(delay, n, Happening::Fact(input));
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Now> {
        let wake = self.nodes.iter().filter_map(|node| node.asleep);
        let queued = self.queue.keys().next().map(|key| key.0);
        self.deadline()
            .map(|(at, _)| at)
            .into_iter()
            .chain(queued)
            .chain(wake)
            .min()
    }

    fn deadline(&self) -> Option<(Now, usize)> {
        let due = self.nodes.iter().enumerate().filter_map(|(n, node)| {
            let running = node.running.as_ref().filter(|_| node.asleep.is_none())?;
            Some((running.peer.poll_deadline()?, n))
        });
        due.min()
    }

    /// Lets the next thing happen; `false` when nothing is left, or something is wrong.
    pub(crate) fn step(&mut self) -> bool {
        if self.failure.is_some() {
            return false;
        }
        self.counts.add("happening", 1);
        let wake = self.nodes.iter().enumerate();
        let wake = wake.filter_map(|(n, node)| Some((node.asleep?, n))).min();
        let queued = self.queue.keys().next().copied();
        let first = |other: Now| {
            wake.is_none_or(|(at, _)| at >= other) && queued.is_none_or(|(at, _)| at >= other)
        };
        match (self.deadline(), wake, queued) {
            (Some((at, n)), ..) if first(at) => self.tick(at, n),
            (_, Some((at, n)), queued) if queued.is_none_or(|(then, _)| at <= then) => {
                self.now = self.now.max(at);
                self.wake(n);
            }
            (_, _, Some(key)) => {
                self.now = self.now.max(key.0);
                if let Some((n, run, happening)) = self.queue.remove(&key)
                    && self.nodes[n].run == run
                {
                    self.happen(n, run, happening);
                }
            }
            _ => return false,
        }
        self.failure.is_none()
    }

    fn tick(&mut self, at: Now, n: usize) {
        self.now = self.now.max(at);
        self.tell(n, Input::Tick);
        let running = self.nodes[n].running.as_ref();
        let next = running.and_then(|running| running.peer.poll_deadline());
        if next.is_some_and(|next| next <= self.now) {
            let message = format!("peer{n} ticks without end");
            self.fail(Invariant::DeadlinesMoveOn, message);
        }
    }

    fn wake(&mut self, n: usize) {
        self.trace.note(self.now, n, || "wakes".to_owned());
        self.nodes[n].asleep = None;
        for (run, happening) in std::mem::take(&mut self.nodes[n].slept_through) {
            self.next += 1;
            self.queue
                .insert((self.now, self.next), (n, run, happening));
        }
    }

    fn happen(&mut self, n: usize, run: u32, happening: Happening) {
        if self.nodes[n].asleep.is_some() && !matches!(happening, Happening::Packet(_)) {
            self.nodes[n].slept_through.push((run, happening));
            return;
        }
        self.nodes[n].machine.set_time(self.now);
        match happening {
            Happening::Fact(input) => self.tell(n, input),
            Happening::Disk(effect) => self.run_disk(n, effect),
            Happening::Packet(packet) => self.arrive(n, packet),
            Happening::Seen { from } => self.see(n, from),
            Happening::TimeOut { effect } => self.time_out(n, effect),
            Happening::Dialed {
                effect,
                to,
                expect,
                addr,
            } => self.dialed(n, effect, to, expect, addr),
            Happening::DialedNobody { effect, tried } => self.dialed_nobody(n, effect, tried),
            Happening::ReadNext { effect } => self.read_next(n, effect),
            Happening::Idle { other, runs } => self.idle(n, other, runs),
            Happening::Advertise => {
                self.advertise(n);
                self.after(ADVERTISE_INTERVAL, n, Happening::Advertise);
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.failure.is_none() && self.next_at().is_some_and(|at| at <= end) {
            self.step();
        }
        self.now = self.now.max(end);
    }
}
