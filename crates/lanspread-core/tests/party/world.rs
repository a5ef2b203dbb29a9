//! A party of real cores in one thread, on a virtual clock and network.
//!
//! Invariant: the same party with the same script gives the same trace. Every effect is answered
//! exactly once, and a peer whose deadline never moves on fails the test.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use lanspread_core::{
    CommandId, CommandRefused, Config, DiskFailure, DiskFailureKind, Effect, EffectId, Expelled,
    Input, Now, Peer, PeerCommand, PeerEvent, PeerView, ServeFailure, Timing,
    root::{Step, StepReport},
};
use lanspread_db::Catalog;
use lanspread_proto::{
    ChunkRequest, LibraryEpoch, ListenAddr, PROTOCOL_VERSION, PeerId, PeerName, Request,
};

use crate::{
    chance::Chance,
    disk::Disk,
    network::{Arrival, Failure, end, owed},
    node::{Node, Owed},
};

/// One operation of a disk.
const DISK: Duration = Duration::from_millis(1);
/// Unpacking a game.
const UNPACK: Duration = Duration::from_millis(700);
/// Hashing a game.
const HASH: Duration = Duration::from_millis(300);

/// What will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A fact reaches a peer.
    Fact(Input),
    /// A peer's disk is done with an effect: the model changes and the answer follows.
    Disk(Effect),
    /// Chunks have all arrived.
    Arrived(Arrival),
    /// The time for an answer is over.
    TimeOut { effect: EffectId },
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: &'static str,
}

/// How long a disk is at it.
fn disk_time(effect: &Effect) -> Duration {
    match effect {
        Effect::RunStep {
            step: Step::Unpack { .. },
            ..
        } => UNPACK,
        Effect::HashRoot { .. } => HASH,
        _ => DISK,
    }
}

/// The whole party.
pub(crate) struct World {
    pub(crate) now: Now,
    pub(crate) nodes: Vec<Node>,
    pub(crate) sent: Vec<Sent>,
    /// Chunks that arrived: who got how many from whom.
    pub(crate) moved: BTreeMap<(usize, usize), usize>,
    pub(crate) trace: Vec<String>,
    /// Each packet takes its own time: what was sent first may come last.
    pub(crate) jitter: Option<Chance>,
    pub(crate) queue: BTreeMap<(Now, u64), (usize, u32, Happening)>,
    pub(crate) next: u64,
    seed: u64,
}

pub(crate) fn peer_id(n: usize) -> PeerId {
    PeerId::from_bytes([u8::try_from(n + 1).unwrap(); 32])
}

fn addr(n: usize, run: u32) -> ListenAddr {
    format!("10.0.0.{}:{}", n + 1, 47_000 + run)
        .parse()
        .unwrap()
}

impl World {
    /// An empty party.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            now: Now::default(),
            nodes: Vec::new(),
            sent: Vec::new(),
            moved: BTreeMap::new(),
            trace: Vec::new(),
            jitter: None,
            queue: BTreeMap::new(),
            next: 0,
            seed,
        }
    }

    /// A machine joins; its peer is not started yet.
    pub(crate) fn add(&mut self, catalog: &Arc<Catalog>) -> usize {
        let n = self.nodes.len();
        self.nodes.push(Node {
            id: peer_id(n),
            addr: addr(n, 0),
            disk: Disk::default(),
            upload: 100_000_000,
            faults: BTreeSet::new(),
            version: PROTOCOL_VERSION,
            code: None,
            organiser: None,
            expelled: (Now::default(), Vec::new()),
            kept_away: BTreeSet::new(),
            events: Vec::new(),
            answers: BTreeMap::new(),
            owed: BTreeMap::new(),
            peer: None,
            name: format!("peer{n}"),
            catalog: Arc::clone(catalog),
            run: 0,
            bound: false,
            advertised: false,
            sending_until: Now::default(),
            replies: BTreeMap::new(),
            serving: BTreeMap::new(),
        });
        n
    }

    /// Starts a peer and binds its listener, under a new port each time.
    pub(crate) fn start(&mut self, n: usize) {
        self.start_unbound(n);
        self.bind(n);
    }

    pub(crate) fn start_unbound(&mut self, n: usize) {
        let (now, seed) = (self.now, self.seed);
        let node = &mut self.nodes[n];
        node.run += 1;
        node.kept_away.clear();
        node.addr = addr(n, node.run);
        let config = Config {
            peer_id: node.id,
            name: PeerName::new(&node.name),
            epoch: LibraryEpoch(u64::from(node.run) * 1000 + n as u64),
            seed: seed ^ n as u64,
            catalog: Arc::clone(&node.catalog),
            door: node.door(),
            organiser: node.organiser,
            expelled: node.expelled(now),
            timing: Timing::default(),
        };
        node.peer = Some(Peer::new(config, now));
        self.drain(n);
    }

    pub(crate) fn bind(&mut self, n: usize) {
        self.nodes[n].bound = true;
        let addrs = vec![self.nodes[n].addr];
        self.tell(n, Input::ListenerBound { addrs });
    }

    /// The machine dies without a word.
    pub(crate) fn kill(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.peer = None;
        node.run += 1;
        node.bound = false;
        node.advertised = false;
        node.owed.clear();
        node.replies.clear();
        node.serving.clear();
        node.sending_until = Now::default();
        node.events.clear();
        self.trace.push(format!("{:?} peer{n} dies", self.now.0));
    }

    pub(crate) fn is_running(&self, n: usize) -> bool {
        self.nodes[n].peer.is_some()
    }

    /// A command, carried to its answer.
    pub(crate) fn command(&mut self, n: usize, command: PeerCommand) -> Result<(), CommandRefused> {
        let id = self.send_command(n, command);
        self.until("the command to be answered", |world| {
            world.nodes[n].answers.contains_key(&id)
        });
        self.nodes[n].answers[&id].clone()
    }

    pub(crate) fn send_command(&mut self, n: usize, command: PeerCommand) -> CommandId {
        self.next += 1;
        let id = CommandId(self.next);
        self.tell(n, Input::Command { id, command });
        id
    }

    pub(crate) fn view(&mut self, n: usize) -> Arc<PeerView> {
        self.nodes[n].peer.as_mut().expect("a running peer").view()
    }

    /// Tells a peer a fact at this moment.
    pub(crate) fn tell(&mut self, n: usize, input: Input) {
        let now = self.now;
        self.trace.push(format!("{:?} peer{n} < {input:?}", now.0));
        if let Some(effect) = input.effect()
            && !input.is_progress()
        {
            let owed = self.nodes[n].owed.remove(&effect);
            assert!(owed.is_some(), "peer{n}: {effect:?} is answered twice");
        }
        let Some(peer) = self.nodes[n].peer.as_mut() else {
            return;
        };
        peer.handle(now, input);
        self.drain(n);
    }

    fn drain(&mut self, n: usize) {
        while let Some(effect) = self.nodes[n].peer.as_mut().and_then(Peer::poll_effect) {
            self.trace
                .push(format!("{:?} peer{n} > {effect:?}", self.now.0));
            self.carry_out(n, effect);
        }
    }

    pub(crate) fn after(&mut self, delay: Duration, n: usize, happening: Happening) {
        self.next += 1;
        let run = self.nodes[n].run;
        self.queue
            .insert((self.now + delay, self.next), (n, run, happening));
    }

    pub(crate) fn fact(&mut self, delay: Duration, n: usize, input: Input) {
        self.after(delay, n, Happening::Fact(input));
    }

    fn keep_expelled(&mut self, n: usize, effect: EffectId, expelled: Vec<Expelled>) {
        self.nodes[n].expelled = (self.now, expelled);
        let result = Ok(());
        self.fact(DISK, n, Input::ExpelledKept { effect, result });
    }

    fn carry_out(&mut self, n: usize, effect: Effect) {
        if let Some(id) = effect.id() {
            let known = self.nodes[n].owed.insert(id, owed(&effect));
            assert!(known.is_none(), "peer{n}: {id:?} is used twice");
        }
        match effect {
            Effect::Emit(event) => self.nodes[n].events.push(event),
            Effect::Answer { id, result } => {
                let known = self.nodes[n].answers.insert(id, result);
                assert!(known.is_none(), "peer{n}: {id:?} is answered twice");
            }
            Effect::Reply { reply, response } => self.reply(n, reply, response),
            Effect::Advertise { .. } => self.advertise(n),
            Effect::Disconnect { .. } => {}
            Effect::KeepAway { peer_id } => drop(self.nodes[n].kept_away.insert(peer_id)),
            Effect::Readmit { peer_id } => drop(self.nodes[n].kept_away.remove(&peer_id)),
            Effect::KeepExpelled { effect, expelled } => self.keep_expelled(n, effect, expelled),
            Effect::Abort { effect } => self.abort(n, effect),
            Effect::Stopped => {
                self.kill(n);
                for other in 0..self.nodes.len() {
                    let peer_id = self.nodes[n].id;
                    let delay = self.latency();
                    self.fact(delay, other, Input::Disconnected { peer_id });
                }
            }
            Effect::Dial {
                effect,
                candidates,
                expect,
                timeout,
            } => {
                self.dial(n, effect, &candidates, expect, timeout);
            }
            Effect::Request {
                effect,
                to,
                request,
                timeout,
            } => {
                self.request(n, effect, to, request, timeout);
            }
            Effect::FetchManifest {
                effect,
                from,
                id,
                timeout,
                ..
            } => {
                self.request(n, effect, from, Request::GetGame { id }, timeout);
            }
            Effect::FetchChunks {
                effect,
                from,
                id,
                chunks,
                stall_timeout,
            } => {
                let manifest = self.nodes[n]
                    .disk
                    .staged_manifest(&id)
                    .expect("a download")
                    .hash();
                let request = Request::GetGameFileChunk(ChunkRequest {
                    id,
                    manifest,
                    chunks,
                });
                self.request(n, effect, from, request, stall_timeout);
            }
            Effect::ServeManifest {
                effect,
                reply,
                id,
                manifest,
            } => {
                self.serve_manifest(n, effect, reply, &id, manifest);
            }
            Effect::ServeChunks {
                effect,
                reply,
                id,
                manifest,
                chunks,
            } => {
                self.serve_chunks(n, effect, reply, &id, manifest, &chunks);
            }
            Effect::RunStep { .. }
            | Effect::HashRoot { .. }
            | Effect::OpenGameDir { .. }
            | Effect::ScanLibrary { .. }
            | Effect::ScanRoot { .. }
            | Effect::ObserveRoot { .. }
            | Effect::PrepareDownload { .. } => {
                let delay = disk_time(&effect);
                self.after(delay, n, Happening::Disk(effect));
            }
        }
    }

    fn abort(&mut self, n: usize, effect: EffectId) {
        if !self.nodes[n].owed.contains_key(&effect) {
            return;
        }
        // Whoever was aborted first answers so; what was on its way comes to nothing.
        let aborted = DiskFailure {
            kind: DiskFailureKind::Aborted,
            message: "aborted".to_owned(),
        };
        let here = (n, self.nodes[n].run);
        let of_here = |node: usize, run: u32, pending: &Effect| {
            (node, run) == here && pending.id() == Some(effect)
        };
        let pending =
            self.queue
                .iter()
                .find_map(|(&key, (node, run, happening))| match happening {
                    Happening::Disk(pending) if of_here(*node, *run, pending) => Some(key),
                    _ => None,
                });
        let input = match pending.and_then(|key| self.queue.remove(&key)) {
            Some((_, _, Happening::Disk(pending))) => match pending {
                Effect::ScanLibrary { .. } => Input::LibraryScanned {
                    effect,
                    result: Err(aborted),
                },
                Effect::ScanRoot { .. } => Input::RootScanned {
                    effect,
                    result: Err(aborted),
                },
                Effect::HashRoot { .. } => Input::RootHashed {
                    effect,
                    result: Err(aborted),
                },
                Effect::ObserveRoot { .. } => Input::RootObserved {
                    effect,
                    result: Err(aborted),
                },
                Effect::RunStep { .. } => Input::StepDone {
                    effect,
                    result: Err(aborted),
                },
                Effect::PrepareDownload { .. } => Input::DownloadPrepared {
                    effect,
                    result: Err(aborted),
                },
                _ => Input::GameDirOpened {
                    effect,
                    result: Err(aborted),
                },
            },
            _ => match self.nodes[n].serving.remove(&effect) {
                Some(reply) => {
                    self.nodes[n].replies.remove(&reply);
                    Input::Served {
                        effect,
                        sent_bytes: 0,
                        result: Err(ServeFailure::Aborted),
                    }
                }
                None => match self.nodes[n].owed[&effect] {
                    // Its answer is on the way.
                    Owed::Disk | Owed::Serve => return,
                    owed => end(effect, owed, Failure::Aborted),
                },
            },
        };
        self.fact(Duration::ZERO, n, input);
    }

    /// Lets the next thing happen. `false` when nothing is left to happen.
    fn step(&mut self) -> bool {
        let due = self
            .nodes
            .iter()
            .enumerate()
            .filter_map(|(n, node)| Some((node.peer.as_ref()?.poll_deadline()?, n)))
            .min();
        let queued = self.queue.keys().next().copied();
        match (due, queued) {
            (None, None) => return false,
            (Some((at, n)), queued) if queued.is_none_or(|(then, _)| at < then) => {
                self.now = self.now.max(at);
                self.tell(n, Input::Tick);
                let next = self.nodes[n].peer.as_ref().and_then(Peer::poll_deadline);
                assert!(
                    next.is_none_or(|next| next > self.now),
                    "peer{n} ticks without end"
                );
            }
            (_, Some(key)) => {
                self.now = key.0;
                let (n, run, happening) = self.queue.remove(&key).unwrap();
                if self.nodes[n].run == run {
                    self.happen(n, happening);
                }
            }
            (Some(_), None) => unreachable!("taken above"),
        }
        true
    }

    fn happen(&mut self, n: usize, happening: Happening) {
        match happening {
            Happening::Fact(input) => {
                let stale = input
                    .effect()
                    .is_some_and(|id| !self.nodes[n].owed.contains_key(&id));
                if let Input::Served { effect, .. } = &input
                    && let Some(reply) = self.nodes[n].serving.remove(effect)
                {
                    self.nodes[n].replies.remove(&reply);
                }
                if !stale {
                    self.tell(n, input);
                }
            }
            Happening::Disk(effect) => self.disk(n, effect),
            Happening::TimeOut { effect } => self.time_out(n, effect),
            Happening::Arrived(arrival) => self.arrived(n, arrival),
        }
    }

    fn disk(&mut self, n: usize, effect: Effect) {
        let disk = &mut self.nodes[n].disk;
        let input = match effect {
            Effect::ScanLibrary { effect } => Input::LibraryScanned {
                effect,
                result: Ok(disk.scan()),
            },
            Effect::ScanRoot { effect, id } => Input::RootScanned {
                effect,
                result: Ok(disk.scan_root(&id)),
            },
            Effect::HashRoot { effect, id, .. } => Input::RootHashed {
                effect,
                result: disk.hash(&id),
            },
            Effect::ObserveRoot { effect, id } => Input::RootObserved {
                effect,
                result: Ok(disk.observe(&id)),
            },
            Effect::RunStep { effect, id, step } => {
                let result = disk.step(&id, &step).map(|()| StepReport::default());
                Input::StepDone { effect, result }
            }
            Effect::PrepareDownload {
                effect,
                manifest,
                then,
                ..
            } => Input::DownloadPrepared {
                effect,
                result: disk.prepare(&manifest, then),
            },
            Effect::OpenGameDir { effect, .. } => {
                *disk = Disk::default();
                Input::GameDirOpened {
                    effect,
                    result: Ok(()),
                }
            }
            other => unreachable!("not of the disk: {other:?}"),
        };
        self.tell(n, input);
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let due = self
                .nodes
                .iter()
                .filter_map(|node| node.peer.as_ref()?.poll_deadline())
                .chain(self.queue.keys().next().map(|key| key.0))
                .min();
            if due.is_none_or(|due| due > end) {
                self.now = end;
                return;
            }
            self.step();
        }
    }

    /// Lets things happen until `fact` holds; at most ten virtual minutes.
    pub(crate) fn until(&mut self, what: &str, fact: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_mins(10);
        while !fact(self) {
            let last: VecDeque<&String> = self.trace.iter().rev().take(30).collect();
            assert!(
                self.now <= end,
                "waited in vain for {what}; lately: {last:#?}"
            );
            assert!(self.step(), "nothing happens any more, waiting for {what}");
        }
    }

    /// Lets things happen until a peer emitted an event that fits.
    pub(crate) fn until_event(&mut self, n: usize, what: &str, fits: impl Fn(&PeerEvent) -> bool) {
        self.until(what, |world| world.nodes[n].events.iter().any(&fits));
    }

    /// How many requests of a kind went from one peer to another.
    pub(crate) fn count(&self, from: usize, to: usize, kind: &str) -> usize {
        self.sent
            .iter()
            .filter(|sent| (sent.from, sent.to, sent.kind) == (from, to, kind))
            .count()
    }

    /// Nothing is owed to anybody, and no request is unanswered.
    pub(crate) fn assert_at_rest(&self) {
        for (n, node) in self.nodes.iter().enumerate() {
            assert_eq!(
                node.owed.keys().collect::<Vec<_>>(),
                Vec::<&EffectId>::new(),
                "peer{n}"
            );
            assert!(
                node.replies.is_empty() && node.serving.is_empty(),
                "peer{n}"
            );
        }
    }

    /// Whether nothing is owed to anybody.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.nodes
            .iter()
            .all(|node| node.owed.is_empty() && node.replies.is_empty())
    }

    /// All live peers, as a peer sees them.
    pub(crate) fn seen_by(&mut self, n: usize) -> BTreeSet<PeerId> {
        self.view(n).peers.iter().map(|peer| peer.peer_id).collect()
    }
}
