//! One swarm from its first to its last chunk.

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use lanspread_core::{
    FetchFailure, Now,
    news::NewsPace,
    transfer::{Fetch, FetchId, Holding, Side, Transfer, TransferLimits, TransferState},
    uploads::{UploadId, Uploads},
};
use lanspread_db::{
    ChunkRef, ContentHash, GameId, Manifest, ManifestFile, ManifestHash, RelPath, Version,
};
use lanspread_proto::{ChunkRequest, PeerId};

use super::{
    bound::Presence,
    fluid::{FlowId, Fluid, LinkId},
};

/// The steps in which time goes on.
const STEP: Duration = Duration::from_millis(1);
/// A swarm that takes this many times the bound is given up.
const PATIENCE: f64 = 20.0;

/// One peer's link and table.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Bytes per second that it can send.
    pub up: f64,
    /// Bytes per second that it can receive.
    pub down: f64,
    /// The switch it hangs on.
    pub table: usize,
}

/// Receivers that come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Churn {
    /// All begin at once and stay.
    None,
    /// They begin one after the other within a quarter of the bound, and every eighth leaves in the
    /// middle of it.
    ComeAndGo,
}

/// A swarm to play.
#[derive(Debug, Clone)]
pub struct Party {
    /// The seeder first.
    pub peers: Vec<Peer>,
    /// Bytes per second of each table's uplink, each way.
    pub uplink: f64,
    /// Bytes of the game.
    pub game_bytes: u64,
    /// Bytes of a chunk.
    pub chunk_bytes: u32,
    /// From a request to its arrival, from a chunk's last byte to its being stored, and from news to
    /// whom they are told. On cables whose queues are full it is some 40 ms.
    pub delay: Duration,
    /// Who comes and goes.
    pub churn: Churn,
    /// Decides whatever is left to chance.
    pub seed: u64,
}

/// How it went.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Seconds until the last receiver had all; `None` if it took too long.
    pub seconds: Option<f64>,
    /// When a receiver that stayed had all, in the mean of those who had: seconds.
    pub mean_seconds: f64,
    /// The bound: no scheme is faster.
    pub bound_seconds: f64,
    /// What the seeder sent, in games.
    pub seeder_games: f64,
    /// What the busiest uplink carried in one direction, in games.
    pub uplink_games: f64,
    /// Bytes that came twice, as a part of all.
    pub duplicates: f64,
}

impl Outcome {
    /// Time over bound; 1 is the best possible.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.seconds
            .map_or(f64::INFINITY, |seconds| seconds / self.bound_seconds)
    }
}

/// A request on its way, or an upload.
#[derive(Debug)]
struct Request {
    from: usize,
    to: usize,
    fetch: Fetch,
    began: Now,
    stored: Vec<ChunkRef>,
    /// Its place among the uploads of `from`, once it has arrived.
    upload: Option<UploadId>,
    runs: bool,
}

impl Request {
    fn waits(&self) -> bool {
        self.upload.is_some() && !self.runs
    }
}

#[derive(Debug)]
struct Node {
    id: PeerId,
    up: LinkId,
    down: LinkId,
    table: usize,
    transfer: Option<Transfer>,
    uploads: Uploads,
    /// Which request each upload serves.
    serving: BTreeMap<UploadId, u64>,
    fetches: BTreeMap<FetchId, u64>,
    told: u32,
    told_at: Option<Now>,
    begins: Now,
    leaves: Option<Now>,
    here: bool,
    complete: bool,
    /// When it had all, if it began with less.
    done: Option<Now>,
    dirty: bool,
    /// When it has something to do although nothing happens.
    due: Option<Now>,
}

struct Run<'a> {
    party: &'a Party,
    manifest: Arc<Manifest>,
    hash: ManifestHash,
    fluid: Fluid,
    uplinks: Vec<(LinkId, LinkId)>,
    nodes: Vec<Node>,
    by_id: BTreeMap<PeerId, usize>,
    requests: BTreeMap<u64, Request>,
    /// Requests that arrive, and what partners tell: by time.
    arrivals: BTreeMap<(Now, u64), Arrival>,
    next: u64,
    now: Now,
}

enum Arrival {
    Request(u64),
    Chunk(u64),
    Holds(usize, Vec<Range<u32>>),
    /// From whom, whom, and what.
    TakeBack(usize, usize, Vec<ChunkRef>),
    TakenBack(u64),
}

impl Party {
    /// Makes every link this many times as fast.
    pub fn scale_links(&mut self, factor: f64) {
        self.uplink *= factor;
        for peer in &mut self.peers {
            peer.up *= factor;
            peer.down *= factor;
        }
    }

    /// Plays it.
    ///
    /// # Panics
    /// If the game has no chunk.
    #[must_use]
    pub fn run(&self) -> Outcome {
        let mut run = Run::new(self);
        let seconds = run.play();
        let games = |bytes: f64| bytes / self.game_bytes as f64;
        let moved = run.nodes.iter().filter_map(|node| node.transfer.as_ref());
        let (twice, once) = moved
            .map(|transfer| transfer.progress(run.now))
            .fold((0, 0), |(twice, once), it| {
                (twice + it.duplicate_bytes, once + it.moved_bytes)
            });
        let done: Vec<f64> = run.nodes[1..]
            .iter()
            .filter_map(|node| Some(node.done?.0.as_secs_f64()))
            .collect();
        Outcome {
            seconds,
            mean_seconds: done.iter().sum::<f64>() / done.len().max(1) as f64,
            bound_seconds: self.bound_seconds(),
            seeder_games: games(run.fluid.carried_bytes(run.nodes[0].up)),
            uplink_games: run
                .uplinks
                .iter()
                .flat_map(|&(out, into)| [out, into])
                .map(|link| games(run.fluid.carried_bytes(link)))
                .fold(0.0, f64::max),
            duplicates: twice as f64 / (once as f64).max(1.0),
        }
    }
}

impl<'a> Run<'a> {
    fn new(party: &'a Party) -> Self {
        let manifest = game(party.game_bytes, party.chunk_bytes);
        let mut fluid = Fluid::default();
        let tables = party.peers.iter().map(|peer| peer.table).max().unwrap_or(0) + 1;
        let uplinks = (0..tables)
            .map(|_| (fluid.link(party.uplink), fluid.link(party.uplink)))
            .collect();
        let nodes: Vec<Node> = party
            .peers
            .iter()
            .enumerate()
            .map(|(n, peer)| {
                let Presence { begins, leaves } = party.presence(n);
                Node {
                    id: peer_id(party.seed, n as u64),
                    up: fluid.link(peer.up),
                    down: fluid.link(peer.down),
                    table: peer.table,
                    transfer: None,
                    uploads: Uploads::new(party.seed ^ n as u64),
                    serving: BTreeMap::new(),
                    fetches: BTreeMap::new(),
                    told: 0,
                    told_at: None,
                    begins: Now(Duration::from_secs_f64(begins)),
                    leaves: leaves.map(|at| Now(Duration::from_secs_f64(at))),
                    here: n == 0,
                    complete: n == 0,
                    done: None,
                    dirty: false,
                    due: None,
                }
            })
            .collect();
        let by_id = nodes
            .iter()
            .enumerate()
            .map(|(n, node)| (node.id, n))
            .collect();
        Self {
            party,
            hash: manifest.hash(),
            manifest,
            fluid,
            uplinks,
            nodes,
            by_id,
            requests: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            next: 0,
            now: Now::default(),
        }
    }

    /// Runs until all who stay have all.
    fn play(&mut self) -> Option<f64> {
        let patience = Duration::from_secs_f64(self.party.bound_seconds() * PATIENCE);
        while self.now.0 < patience {
            for n in 1..self.nodes.len() {
                if self.nodes[n].transfer.is_none() && self.nodes[n].begins <= self.now {
                    self.begin(n);
                }
                if self.nodes[n].leaves.is_some_and(|at| at <= self.now) {
                    self.leave(n);
                }
            }
            self.arrive();
            for n in 0..self.nodes.len() {
                self.turn(n);
            }
            if self.nodes.iter().all(|node| node.complete || gone(node)) {
                return Some(self.now.0.as_secs_f64());
            }
            self.now = self.now + STEP;
            for flow in self.fluid.advance(STEP.as_secs_f64()) {
                self.later(self.party.delay, Arrival::Chunk(flow));
            }
        }
        None
    }

    fn later(&mut self, delay: Duration, arrival: Arrival) {
        self.next += 1;
        self.arrivals.insert((self.now + delay, self.next), arrival);
    }

    fn begin(&mut self, n: usize) {
        let me = self.nodes[n].id;
        let seed = self.party.seed ^ n as u64;
        let limits = TransferLimits::default();
        let mut transfer =
            Transfer::new(Arc::clone(&self.manifest), &[], me, limits, seed, self.now);
        for other in 0..self.nodes.len() {
            if other == n || !self.nodes[other].here {
                continue;
            }
            let holding = if self.nodes[other].complete {
                Holding::All
            } else {
                Holding::Part
            };
            let their_id = self.nodes[other].id;
            let side = if self.nodes[other].table == self.nodes[n].table {
                Side::Near
            } else {
                Side::Far
            };
            transfer.source_is(their_id, side);
            transfer.add_source(self.now, their_id, holding);
            if let Some(theirs) = &mut self.nodes[other].transfer {
                if holding == Holding::Part {
                    transfer.source_holds(
                        self.now,
                        their_id,
                        theirs.stored_since(0, usize::MAX).runs,
                    );
                    theirs.source_is(me, side);
                    theirs.add_source(self.now, me, Holding::Part);
                }
                self.nodes[other].dirty = true;
            }
        }
        let node = &mut self.nodes[n];
        node.transfer = Some(transfer);
        node.here = true;
        node.dirty = true;
    }

    fn leave(&mut self, n: usize) {
        if !self.nodes[n].here {
            return;
        }
        self.nodes[n].here = false;
        let id = self.nodes[n].id;
        let broken: Vec<u64> = self
            .requests
            .iter()
            .filter(|(_, it)| it.from == n || it.to == n)
            .map(|(&request, _)| request)
            .collect();
        for request in broken {
            self.end(request, Err(FetchFailure::Connection("gone".to_owned())));
        }
        for node in &mut self.nodes {
            if let Some(transfer) = &mut node.transfer {
                transfer.remove_source(id);
            }
            node.dirty = true;
        }
    }

    fn arrive(&mut self) {
        while let Some(first) = self.arrivals.first_entry() {
            if first.key().0 > self.now {
                return;
            }
            match first.remove() {
                Arrival::Request(request) => self.requested(request),
                Arrival::Chunk(request) => self.chunk(request),
                Arrival::TakeBack(from, to, chunks) => self.take_back(from, to, &chunks),
                Arrival::TakenBack(request) => self.end(request, Err(FetchFailure::TakenBack)),
                Arrival::Holds(n, runs) => {
                    let id = self.nodes[n].id;
                    for node in &mut self.nodes {
                        if let Some(transfer) = &mut node.transfer
                            && node.id != id
                        {
                            transfer.source_holds(self.now, id, runs.clone());
                            node.dirty = true;
                        }
                    }
                }
            }
        }
    }

    /// What waits of these requests is answered as taken back.
    fn take_back(&mut self, asker: usize, source: usize, chunks: &[ChunkRef]) {
        let waiting = self.requests.iter_mut().filter(|(_, it)| {
            let is_theirs = it.to == asker && it.from == source && it.waits();
            is_theirs && it.fetch.chunks.iter().all(|chunk| chunks.contains(chunk))
        });
        let mut back = Vec::new();
        for (&request, it) in waiting {
            if let Some(upload) = it.upload.take() {
                self.nodes[source].uploads.ended(self.now, upload, 0);
                self.nodes[source].serving.remove(&upload);
                back.push(request);
            }
        }
        for request in back {
            self.later(self.party.delay, Arrival::TakenBack(request));
        }
    }

    fn requested(&mut self, request: u64) {
        let Some(it) = self.requests.get_mut(&request) else {
            return;
        };
        let peer = self.nodes[it.to].id;
        let node = &mut self.nodes[it.from];
        let request_of = ChunkRequest {
            id: self.manifest.game_id().clone(),
            manifest: self.hash,
            chunks: it.fetch.chunks.clone(),
        };
        let upload = node.uploads.enqueue(self.now, peer, &request_of);
        it.upload = Some(upload);
        node.serving.insert(upload, request);
        node.dirty = true;
    }

    /// The chunk that flowed is stored, and the next one flows.
    fn chunk(&mut self, request: u64) {
        let Some(it) = self.requests.get_mut(&request) else {
            return;
        };
        let chunk = it.fetch.chunks[it.stored.len()];
        it.stored.push(chunk);
        let (to, fetch) = (it.to, it.fetch.id);
        let is_last = it.stored.len() == it.fetch.chunks.len();
        if let Some(transfer) = &mut self.nodes[to].transfer {
            transfer.chunk_stored(self.now, fetch, chunk);
        }
        self.nodes[to].dirty = true;
        if is_last {
            self.end(request, Ok(()));
        } else {
            self.flow(request);
        }
    }

    fn flow(&mut self, request: u64) {
        let Some(it) = self.requests.get_mut(&request) else {
            return;
        };
        it.runs = true;
        let Some(chunk) = it.fetch.chunks.get(it.stored.len()) else {
            return;
        };
        let bytes = self.manifest.chunk(*chunk).map_or(0, |info| info.len_bytes);
        let (from, to) = (&self.nodes[it.from], &self.nodes[it.to]);
        let mut links = vec![from.up, to.down];
        if from.table != to.table {
            links.push(self.uplinks[from.table].0);
            links.push(self.uplinks[to.table].1);
        }
        let flow: FlowId = request;
        self.fluid.start(flow, links, u64::from(bytes));
    }

    fn end(&mut self, request: u64, result: Result<(), FetchFailure>) {
        let Some(it) = self.requests.remove(&request) else {
            return;
        };
        self.fluid.stop(request);
        let sent: u64 = it
            .stored
            .iter()
            .filter_map(|&chunk| self.manifest.chunk(chunk))
            .map(|info| u64::from(info.len_bytes))
            .sum();
        let from = &mut self.nodes[it.from];
        if let Some(upload) = it.upload {
            from.uploads.ended(self.now, upload, sent);
            from.serving.remove(&upload);
        }
        from.dirty = true;
        let to = &mut self.nodes[it.to];
        to.fetches.remove(&it.fetch.id);
        to.dirty = true;
        if let Some(transfer) = &mut to.transfer {
            let elapsed = self.now.since(it.began);
            transfer.fetch_ended(self.now, it.fetch.id, &it.stored, elapsed, result);
        }
    }

    /// One peer does what it has to do at this moment.
    fn turn(&mut self, n: usize) {
        let now = self.now;
        let node = &mut self.nodes[n];
        if node.dirty || node.due.is_some_and(|at| at <= now) {
            self.upload(n);
            self.fetch(n);
            let node = &mut self.nodes[n];
            node.dirty = false;
            let transfer = node.transfer.as_ref().and_then(Transfer::poll_deadline);
            node.due = [node.uploads.poll_deadline(), transfer]
                .into_iter()
                .flatten()
                .min();
        }
        self.tell(n);
    }

    fn upload(&mut self, n: usize) {
        while let Some(upload) = self.nodes[n].uploads.poll_start(self.now) {
            let request = self.nodes[n].serving.get(&upload).copied();
            match request {
                Some(request) => self.flow(request),
                None => self.nodes[n].uploads.ended(self.now, upload, 0),
            }
        }
    }

    fn fetch(&mut self, n: usize) {
        loop {
            let now = self.now;
            let Some(transfer) = &mut self.nodes[n].transfer else {
                return;
            };
            if let Some(abort) = transfer.poll_abort() {
                if let Some(&request) = self.nodes[n].fetches.get(&abort) {
                    self.end(request, Err(FetchFailure::Aborted));
                }
                continue;
            }
            if let Some((source, chunks)) = transfer.poll_take_back() {
                let arrival = Arrival::TakeBack(n, self.by_id[&source], chunks);
                self.later(self.party.delay, arrival);
                continue;
            }
            let Some(fetch) = transfer.poll_fetch(now) else {
                break;
            };
            let from = self.by_id[&fetch.source];
            self.next += 1;
            let request = self.next;
            self.nodes[n].fetches.insert(fetch.id, request);
            self.requests.insert(
                request,
                Request {
                    from,
                    to: n,
                    fetch,
                    began: now,
                    stored: Vec::new(),
                    upload: None,
                    runs: false,
                },
            );
            self.later(self.party.delay, Arrival::Request(request));
        }
        let node = &mut self.nodes[n];
        let complete = node
            .transfer
            .as_ref()
            .is_some_and(|it| it.state() == TransferState::Complete);
        if complete && !node.complete {
            node.complete = true;
            node.done = Some(self.now);
            let id = node.id;
            for other in &mut self.nodes {
                if let Some(transfer) = &mut other.transfer
                    && other.id != id
                    && !other.complete
                {
                    transfer.add_source(self.now, id, Holding::All);
                    other.dirty = true;
                }
            }
        }
    }

    /// Says what was stored since it said so last.
    fn tell(&mut self, n: usize) {
        let (now, pace) = (self.now, NewsPace::new(self.nodes.len(), 1));
        let node = &mut self.nodes[n];
        let Some(transfer) = node.transfer.as_ref().filter(|_| node.here) else {
            return;
        };
        let news = transfer.stored_count() - node.told;
        if news == 0 || node.complete {
            return;
        }
        let pause = pace.pause(news, node.told);
        if node.told_at.is_some_and(|at| now < at + pause) {
            return;
        }
        let news = transfer.stored_since(node.told, usize::MAX);
        node.told = news.upto;
        node.told_at = Some(now);
        self.later(self.party.delay, Arrival::Holds(n, news.runs));
    }
}

fn gone(node: &Node) -> bool {
    !node.here && node.leaves.is_some()
}

fn peer_id(seed: u64, n: u64) -> PeerId {
    let hash = ContentHash::of(&[seed.to_le_bytes(), n.to_le_bytes()].concat());
    PeerId::from_bytes(*hash.as_bytes())
}

fn game(bytes: u64, chunk_bytes: u32) -> Arc<Manifest> {
    let file = |name: &str, size_bytes: u64| ManifestFile {
        path: RelPath::parse(name).expect("a valid path"),
        size_bytes,
        chunks: (0..size_bytes.div_ceil(u64::from(chunk_bytes)))
            .map(|_| ContentHash([7; 32]))
            .collect(),
    };
    let files = vec![file("data.bin", bytes), file("version.ini", 8)];
    let id = GameId::parse("game").expect("a valid id");
    let version = Version::parse("20260101").expect("a valid version");
    Arc::new(Manifest::new(id, version, chunk_bytes, files).expect("a valid manifest"))
}
