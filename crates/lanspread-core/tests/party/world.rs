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
    Advertisement, CommandId, CommandRefused, Config, DialFailure, Dialed, DiskFailure,
    DiskFailureKind, Effect, EffectId, FetchFailure, Inbound, Input, ManifestAnswer, Now, Peer,
    PeerCommand, PeerEvent, PeerView, ReplyId, RequestFailure, Route, ServeFailure, Timing,
    root::{Step, StepReport},
};
use lanspread_db::{Catalog, ChunkRef, GameId, ManifestHash};
use lanspread_proto::{
    ChunkRequest, LibraryEpoch, ListenAddr, PROTOCOL_VERSION, PeerId, PeerName, Request, Response,
    TransportAddr,
};

use crate::disk::Disk;

/// One way through the network.
const LATENCY: Duration = Duration::from_millis(1);
/// One operation of a disk.
const DISK: Duration = Duration::from_millis(1);
/// Unpacking a game.
const UNPACK: Duration = Duration::from_millis(700);
/// Hashing a game.
const HASH: Duration = Duration::from_millis(300);

/// What will happen.
#[derive(Debug)]
enum Happening {
    /// A fact reaches a peer.
    Fact(Input),
    /// A peer's disk is done with an effect: the model changes and the answer follows.
    Disk(Effect),
    /// Chunks have all arrived from the peer of this run.
    Arrived {
        effect: EffectId,
        source: usize,
        run: u32,
        id: GameId,
        chunks: Vec<ChunkRef>,
        asked_at: Now,
    },
    /// The time for an answer is over.
    TimeOut { effect: EffectId },
}

/// What kind of answer an effect waits for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owed {
    Disk,
    Serve,
    Dial,
    Response,
    Manifest,
    Chunks { from: ListenAddr },
}

/// Who waits for the response to a request.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    node: usize,
    run: u32,
    effect: EffectId,
    asked_at: Now,
}

/// One peer and its machine.
pub(crate) struct Node {
    pub(crate) id: PeerId,
    pub(crate) addr: ListenAddr,
    pub(crate) disk: Disk,
    /// Bytes per second that it can send.
    pub(crate) upload: u64,
    /// It sends wrong bytes.
    pub(crate) lies: bool,
    /// Its cable is out.
    pub(crate) cut: bool,
    /// Whether multicast reaches it.
    pub(crate) hears_multicast: bool,
    pub(crate) version: u32,
    pub(crate) events: Vec<PeerEvent>,
    pub(crate) answers: BTreeMap<CommandId, Result<(), CommandRefused>>,
    pub(crate) owed: BTreeMap<EffectId, Owed>,
    peer: Option<Peer>,
    name: String,
    catalog: Arc<Catalog>,
    /// Counts its starts.
    run: u32,
    bound: bool,
    advertised: bool,
    sending_until: Now,
    replies: BTreeMap<ReplyId, Waiting>,
    serving: BTreeMap<EffectId, ReplyId>,
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: &'static str,
}

/// The whole party.
pub(crate) struct World {
    pub(crate) now: Now,
    pub(crate) nodes: Vec<Node>,
    pub(crate) sent: Vec<Sent>,
    /// Chunks that arrived: who got how many from whom.
    pub(crate) moved: BTreeMap<(usize, usize), usize>,
    pub(crate) trace: Vec<String>,
    queue: BTreeMap<(Now, u64), (usize, u32, Happening)>,
    next: u64,
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

fn kind(request: &Request) -> &'static str {
    match request {
        Request::Hello(_) => "Hello",
        Request::Ping => "Ping",
        Request::LibrarySummary { .. } => "LibrarySummary",
        Request::LibrarySnapshot => "LibrarySnapshot",
        Request::LibraryDelta { .. } => "LibraryDelta",
        Request::ListGames => "ListGames",
        Request::GetGame { .. } => "GetGame",
        Request::GetGameFileChunk(_) => "GetGameFileChunk",
        Request::Goodbye => "Goodbye",
    }
}

fn owed(effect: &Effect) -> Owed {
    match effect {
        Effect::Dial { .. } => Owed::Dial,
        Effect::Request { .. } => Owed::Response,
        Effect::FetchManifest { .. } => Owed::Manifest,
        Effect::FetchChunks { from, .. } => Owed::Chunks {
            from: from.listen_addr,
        },
        Effect::ServeManifest { .. } | Effect::ServeChunks { .. } => Owed::Serve,
        _ => Owed::Disk,
    }
}

/// How something on the network ends without success.
#[derive(Debug, Clone, Copy)]
enum Failure {
    Aborted,
    TimedOut,
}

/// The answer to an effect of the network that ended without success.
fn end(effect: EffectId, owed: Owed, failure: Failure) -> Input {
    let request = match failure {
        Failure::Aborted => RequestFailure::Aborted,
        Failure::TimedOut => RequestFailure::Timeout(Duration::from_secs(5)),
    };
    let fetch = match failure {
        Failure::Aborted => FetchFailure::Aborted,
        Failure::TimedOut => FetchFailure::Stalled,
    };
    match owed {
        Owed::Dial => Input::Dialed {
            effect,
            result: Err(DialFailure::Aborted),
        },
        Owed::Chunks { .. } => Input::ChunksFetched {
            effect,
            stored: Vec::new(),
            elapsed: Duration::ZERO,
            result: Err(fetch),
        },
        Owed::Manifest => Input::ManifestFetched {
            effect,
            result: Err(request),
        },
        Owed::Response => Input::Responded {
            effect,
            result: Err(request),
        },
        Owed::Disk | Owed::Serve => unreachable!("not of the network"),
    }
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
            lies: false,
            cut: false,
            hears_multicast: true,
            version: PROTOCOL_VERSION,
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
        node.addr = addr(n, node.run);
        let config = Config {
            peer_id: node.id,
            name: PeerName::new(&node.name),
            epoch: LibraryEpoch(u64::from(node.run) * 1000 + n as u64),
            seed: seed ^ n as u64,
            catalog: Arc::clone(&node.catalog),
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

    fn after(&mut self, delay: Duration, n: usize, happening: Happening) {
        self.next += 1;
        let run = self.nodes[n].run;
        self.queue
            .insert((self.now + delay, self.next), (n, run, happening));
    }

    fn fact(&mut self, delay: Duration, n: usize, input: Input) {
        self.after(delay, n, Happening::Fact(input));
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
            Effect::Abort { effect } => self.abort(n, effect),
            Effect::Stopped => {
                self.kill(n);
                for other in 0..self.nodes.len() {
                    let peer_id = self.nodes[n].id;
                    self.fact(LATENCY, other, Input::Disconnected { peer_id });
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
            Effect::RunStep { effect, id, step } => {
                let delay = if matches!(step, Step::Unpack { .. }) {
                    UNPACK
                } else {
                    DISK
                };
                self.keep(n, effect, delay, Effect::RunStep { effect, id, step });
            }
            Effect::HashRoot { effect, id, trust } => {
                self.keep(n, effect, HASH, Effect::HashRoot { effect, id, trust });
            }
            Effect::OpenGameDir { .. }
            | Effect::ScanLibrary { .. }
            | Effect::ScanRoot { .. }
            | Effect::ObserveRoot { .. }
            | Effect::PrepareDownload { .. } => {
                let id = effect.id().unwrap();
                self.keep(n, id, DISK, effect);
            }
        }
    }

    /// A disk effect takes its time.
    fn keep(&mut self, n: usize, id: EffectId, delay: Duration, effect: Effect) {
        debug_assert_eq!(effect.id(), Some(id));
        self.after(delay, n, Happening::Disk(effect));
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
        let pending = self
            .queue
            .iter()
            .find_map(|(&key, (node, _, happening))| match happening {
                Happening::Disk(pending) if *node == n && pending.id() == Some(effect) => Some(key),
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

    pub(crate) fn advertise(&mut self, n: usize) {
        self.nodes[n].advertised = true;
        for other in 0..self.nodes.len() {
            let deaf = [n, other].iter().any(|&it| {
                let node = &self.nodes[it];
                node.cut || !node.hears_multicast
            });
            if other == n || deaf {
                continue;
            }
            let shown = self.advertisement(n);
            self.fact(LATENCY, other, Input::Discovered(shown));
            if self.nodes[other].advertised {
                let shown = self.advertisement(other);
                self.fact(LATENCY, n, Input::Discovered(shown));
            }
        }
    }

    pub(crate) fn advertisement(&self, n: usize) -> Advertisement {
        let node = &self.nodes[n];
        Advertisement {
            peer_id: node.id,
            candidates: vec![node.addr],
            protocol_version: node.version,
            host_name: node.name.clone(),
        }
    }

    /// Who listens there, if packets get through.
    fn at(&self, from: usize, addr: ListenAddr) -> Option<usize> {
        let found = self
            .nodes
            .iter()
            .position(|node| node.bound && node.addr == addr)?;
        (!self.nodes[from].cut && !self.nodes[found].cut).then_some(found)
    }

    fn dial(
        &mut self,
        n: usize,
        effect: EffectId,
        candidates: &[ListenAddr],
        expect: Option<PeerId>,
        timeout: Duration,
    ) {
        let found = candidates
            .iter()
            .find_map(|&addr| Some((addr, self.at(n, addr)?)));
        let found = found.filter(|&(_, to)| expect.is_none_or(|id| id == self.nodes[to].id));
        let Some((remote, to)) = found else {
            let tried = format!("{candidates:?}");
            let result = Err(DialFailure::Unreachable { tried });
            return self.fact(timeout, n, Input::Dialed { effect, result });
        };
        let theirs = self.nodes[to].version;
        let result = if theirs == PROTOCOL_VERSION {
            Ok(Dialed {
                peer_id: self.nodes[to].id,
                remote,
                local_listen_addr: self.nodes[n].addr,
            })
        } else {
            let addr = remote.socket_addr();
            Err(DialFailure::OtherVersion {
                addr,
                theirs,
                ours: PROTOCOL_VERSION,
            })
        };
        self.fact(LATENCY * 2, n, Input::Dialed { effect, result });
    }

    fn request(
        &mut self,
        n: usize,
        effect: EffectId,
        to: Route,
        request: Request,
        timeout: Duration,
    ) {
        self.after(timeout, n, Happening::TimeOut { effect });
        let target = self
            .at(n, to.listen_addr)
            .filter(|&at| self.nodes[at].id == to.peer_id);
        let Some(target) = target else { return };
        self.sent.push(Sent {
            from: n,
            to: target,
            kind: kind(&request),
        });
        self.next += 1;
        let reply = ReplyId(self.next);
        let waiting = Waiting {
            node: n,
            run: self.nodes[n].run,
            effect,
            asked_at: self.now,
        };
        self.nodes[target].replies.insert(reply, waiting);
        let from = Inbound {
            peer_id: self.nodes[n].id,
            transport_addr: TransportAddr::new(([10, 0, 0, 1], 50_000).into()),
            local_listen_addr: self.nodes[target].bound.then_some(self.nodes[target].addr),
        };
        self.fact(
            LATENCY,
            target,
            Input::Requested {
                reply,
                from,
                request,
            },
        );
    }

    fn reply(&mut self, n: usize, reply: ReplyId, response: Response) {
        let waiting = self.nodes[n]
            .replies
            .remove(&reply)
            .expect("one reply each");
        let effect = waiting.effect;
        if self.nodes[n].cut || self.nodes[waiting.node].cut {
            return;
        }
        let Some(owed) = self.owed_by(waiting) else {
            return;
        };
        let input = match (owed, response) {
            (Owed::Chunks { .. }, response) => Input::ChunksFetched {
                effect,
                stored: Vec::new(),
                elapsed: LATENCY * 2,
                result: Err(FetchFailure::Refused(format!("{response:?}"))),
            },
            (
                Owed::Manifest,
                Response::GamePending {
                    hashed_bytes,
                    total_bytes,
                },
            ) => {
                let answer = ManifestAnswer::Pending {
                    hashed_bytes,
                    total_bytes,
                };
                Input::ManifestFetched {
                    effect,
                    result: Ok(answer),
                }
            }
            (Owed::Manifest, response) => {
                let answer = ManifestAnswer::Refused(format!("{response:?}"));
                Input::ManifestFetched {
                    effect,
                    result: Ok(answer),
                }
            }
            (_, response) => Input::Responded {
                effect,
                result: Ok(response),
            },
        };
        self.fact(LATENCY, waiting.node, input);
    }

    /// What the asker waits for, if it still does.
    fn owed_by(&self, waiting: Waiting) -> Option<Owed> {
        let node = &self.nodes[waiting.node];
        node.owed
            .get(&waiting.effect)
            .copied()
            .filter(|_| node.run == waiting.run)
    }

    fn serve_manifest(
        &mut self,
        n: usize,
        effect: EffectId,
        reply: ReplyId,
        id: &GameId,
        hash: ManifestHash,
    ) {
        let Some(manifest) = self.nodes[n].disk.serve(id, hash) else {
            return self.serve_nothing(n, effect, reply);
        };
        let waiting = self.nodes[n]
            .replies
            .remove(&reply)
            .expect("one reply each");
        self.fact(
            LATENCY,
            n,
            Input::Served {
                effect,
                sent_bytes: 1,
                result: Ok(()),
            },
        );
        let effect = waiting.effect;
        let input = match self.owed_by(waiting) {
            None => return,
            Some(Owed::Manifest) => {
                let result = Ok(ManifestAnswer::Manifest(manifest));
                Input::ManifestFetched { effect, result }
            }
            Some(_) => Input::Responded {
                effect,
                result: Ok(Response::Noted),
            },
        };
        self.fact(LATENCY, waiting.node, input);
    }

    /// What is announced is not there any more: somebody changed it by hand.
    fn serve_nothing(&mut self, n: usize, effect: EffectId, reply: ReplyId) {
        let failure = DiskFailure {
            kind: DiskFailureKind::NotFound,
            message: "gone".to_owned(),
        };
        let result = Err(ServeFailure::Disk(failure));
        self.fact(
            LATENCY,
            n,
            Input::Served {
                effect,
                sent_bytes: 0,
                result,
            },
        );
        let message = "it is gone".to_owned();
        self.reply(n, reply, Response::InternalPeerError { message });
    }

    fn serve_chunks(
        &mut self,
        n: usize,
        effect: EffectId,
        reply: ReplyId,
        id: &GameId,
        hash: ManifestHash,
        chunks: &[ChunkRef],
    ) {
        let Some(manifest) = self.nodes[n].disk.serve(id, hash) else {
            return self.serve_nothing(n, effect, reply);
        };
        let waiting = self.nodes[n].replies[&reply];
        let bytes: u64 = chunks
            .iter()
            .map(|&at| u64::from(manifest.chunk(at).unwrap().len_bytes))
            .sum();
        let begins = self.nodes[n].sending_until.max(self.now);
        let ends = begins + Duration::from_micros(bytes * 1_000_000 / self.nodes[n].upload);
        self.nodes[n].sending_until = ends;
        self.nodes[n].serving.insert(effect, reply);
        let delay = ends.since(self.now);
        self.fact(
            delay,
            n,
            Input::Served {
                effect,
                sent_bytes: bytes,
                result: Ok(()),
            },
        );
        let arrived = Happening::Arrived {
            effect: waiting.effect,
            source: n,
            run: self.nodes[n].run,
            id: id.clone(),
            chunks: chunks.to_vec(),
            asked_at: waiting.asked_at,
        };
        self.after(delay + LATENCY, waiting.node, arrived);
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
                if let Input::Served { effect, .. } = &input {
                    if let Some(reply) = self.nodes[n].serving.remove(effect) {
                        self.nodes[n].replies.remove(&reply);
                    }
                }
                if !stale {
                    self.tell(n, input);
                }
            }
            Happening::Disk(effect) => self.disk(n, effect),
            Happening::TimeOut { effect } => self.time_out(n, effect),
            Happening::Arrived {
                effect,
                source,
                run,
                id,
                chunks,
                asked_at,
            } => {
                let served = self.nodes[source].run == run;
                if !served || !self.nodes[n].owed.contains_key(&effect) {
                    return;
                }
                if self.nodes[n].cut || self.nodes[source].cut {
                    // It is sent again until it gets through or somebody gives up.
                    let again = Happening::Arrived {
                        effect,
                        source,
                        run,
                        id,
                        chunks,
                        asked_at,
                    };
                    return self.after(Duration::from_millis(500), n, again);
                }
                let lies = self.nodes[source].lies;
                let (stored, result) = if lies {
                    (Vec::new(), Err(FetchFailure::WrongHash(chunks[0])))
                } else {
                    self.nodes[n].disk.store(&id, &chunks);
                    *self.moved.entry((n, source)).or_default() += chunks.len();
                    (chunks, Ok(()))
                };
                let elapsed = self.now.since(asked_at);
                self.tell(
                    n,
                    Input::ChunksFetched {
                        effect,
                        stored,
                        elapsed,
                        result,
                    },
                );
            }
        }
    }

    fn time_out(&mut self, n: usize, effect: EffectId) {
        let Some(&owed) = self.nodes[n].owed.get(&effect) else {
            return;
        };
        if let Owed::Chunks { from } = owed
            && self.at(n, from).is_some()
            && self.is_on_its_way(n, effect)
        {
            return self.after(Duration::from_secs(5), n, Happening::TimeOut { effect });
        }
        self.tell(n, end(effect, owed, Failure::TimedOut));
    }

    /// Whether bytes still come: only a source that sends nothing stalls.
    fn is_on_its_way(&self, n: usize, fetch: EffectId) -> bool {
        self.queue
            .values()
            .any(|(node, _, happening)| match happening {
                Happening::Arrived { effect, .. } => *node == n && *effect == fetch,
                _ => false,
            })
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
                effect, manifest, ..
            } => Input::DownloadPrepared {
                effect,
                result: disk.prepare(&manifest),
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
