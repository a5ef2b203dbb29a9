//! Requests, answers and chunks between two peers.
//!
//! Invariant: whoever pending gets exactly one answer: what the other said, or that the time was over,
//! or that it gave up itself. What belongs to a run that ended comes to nothing.

use std::{sync::Arc, time::Duration};

use lanspread_core::{
    DiskFailure, EffectId, FetchFailure, Inbound, Input, ManifestAnswer, Now, ReplyId,
    RequestFailure, Route, ServeFailure,
};
use lanspread_db::{ChunkRef, ContentHash, GameId, Manifest, ManifestHash};
use lanspread_disk::{Disk, Download};
use lanspread_proto::{Refusal, RefusalKind, Request, Response, TransportAddr};

use crate::{
    faults::Fault,
    node::Serving,
    world::{Happening, World},
};

/// As long as the transport keeps a connection on which nothing arrives.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// The first pause before a packet that did not get through is sent again, and the longest.
const RESEND: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// Bytes of a message without contents.
const MESSAGE_BYTES: u64 = 300;
/// Reading a chunk takes at least this long.
const READ_TIME: Duration = Duration::from_micros(300);

/// A request and what becomes of it.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) asker: usize,
    pub(crate) asker_run: u32,
    pub(crate) effect: EffectId,
    pub(crate) wants: Wants,
    pub(crate) source: usize,
    pub(crate) source_run: u32,
    asked_at: Now,
    heard_at: Now,
    /// Nothing on the way to the asker arrives before this.
    arrives_at: Now,
}

/// What is pending for.
#[derive(Debug)]
pub(crate) enum Wants {
    Response,
    Manifest {
        expect: ManifestHash,
    },
    Chunks {
        download: Arc<Download>,
        chunks: Vec<ChunkRef>,
        stored: Vec<ChunkRef>,
        /// How long it may take until something comes, and until more does.
        patience: (Duration, Duration),
    },
}

/// Something on its way to a guest.
#[derive(Debug)]
pub(crate) struct Packet {
    exchange: u64,
    from: usize,
    body: Body,
    sent_at: Now,
    pause: Duration,
}

#[derive(Debug)]
enum Body {
    Request(Request),
    Response(Response),
    Manifest(Arc<Manifest>),
    Chunk {
        index: usize,
        bytes: Vec<u8>,
    },
    /// The source closed the stream.
    Reset,
}

impl World {
    /// Who listens at an address.
    pub(crate) fn holder(&self, addr: lanspread_proto::ListenAddr) -> Option<usize> {
        self.nodes
            .iter()
            .position(|node| node.is_bound() && node.addr == addr)
    }

    pub(crate) fn ask(
        &mut self,
        n: usize,
        effect: EffectId,
        to: Route,
        request: Request,
        wants: Wants,
        timeout: Duration,
    ) {
        self.next += 1;
        let exchange = self.next;
        let source = self.holder(to.listen_addr);
        let now = self.now;
        let pending = Exchange {
            asker: n,
            asker_run: self.nodes[n].run,
            effect,
            wants,
            source: source.unwrap_or(n),
            source_run: source.map_or(0, |source| self.nodes[source].run),
            asked_at: now,
            heard_at: now,
            arrives_at: now,
        };
        self.exchanges.insert(exchange, pending);
        if let Some(running) = self.nodes[n].running.as_mut() {
            running.asking.insert(effect, exchange);
        }
        self.after(timeout, n, Happening::TimeOut { effect });
        let Some(source) = source else {
            return self.counts.add("request to nobody", 1);
        };
        if self.nodes[source].id != to.peer_id {
            // Somebody else has got the address: the connection proves it at once.
            self.counts.add("request to somebody else", 1);
            let why = "another peer answers at this address".to_owned();
            let delay = self.network.latency() * 2;
            return self.end_asking(n, effect, delay, RequestFailure::Connection(why));
        }
        if self.nodes[n].keeps_away(to.peer_id) {
            let why = "the peer is kept away".to_owned();
            return self.end_asking(n, effect, Duration::ZERO, RequestFailure::Connection(why));
        }
        self.counts.add(request_name(&request), 1);
        #[cfg(test)]
        if let Some(record) = &mut self.record {
            record.request(n, source, &request);
        }
        self.send(n, source, exchange, Body::Request(request), MESSAGE_BYTES);
    }

    fn send(&mut self, from: usize, to: usize, exchange: u64, body: Body, bytes: u64) -> Now {
        let passage = self.network.carry(self.now, from, to, bytes);
        let mut there = passage.there;
        if let Some(exchange) = self.exchanges.get_mut(&exchange)
            && exchange.asker == to
        {
            // One stream: nothing is overtaken on it.
            there = there.max(exchange.arrives_at);
            exchange.arrives_at = there;
        }
        let packet = Packet {
            exchange,
            from,
            body,
            sent_at: self.now,
            pause: RESEND.0,
        };
        self.at(there, to, Happening::Packet(packet));
        passage.sent
    }

    pub(crate) fn arrive(&mut self, n: usize, mut packet: Packet) {
        if self.nodes[n].asleep.is_some() || !self.network.is_open(packet.from, n) {
            if self.now.since(packet.sent_at) > IDLE_TIMEOUT {
                return self.counts.add("packet given up", 1);
            }
            let pause = packet.pause;
            packet.pause = (pause * 2).min(RESEND.1);
            return self.after(pause, n, Happening::Packet(packet));
        }
        let Some(exchange) = self.exchanges.get_mut(&packet.exchange) else {
            return;
        };
        match packet.body {
            Body::Request(request) => self.requested(n, packet.exchange, request),
            body => {
                exchange.heard_at = self.now;
                self.heard(n, packet.from, packet.exchange, body);
            }
        }
    }

    fn requested(&mut self, n: usize, exchange: u64, request: Request) {
        let Some(pending) = self.exchanges.get(&exchange) else {
            return;
        };
        let asker = pending.asker;
        if pending.source_run != self.nodes[n].run || pending.asker_run != self.nodes[asker].run {
            return;
        }
        if self.nodes[n].keeps_away(peer_id_of(asker)) {
            let (effect, delay) = (pending.effect, self.network.latency());
            let why = "the peer refuses connections".to_owned();
            return self.end_asking(asker, effect, delay, RequestFailure::Connection(why));
        }
        if self.mismatch(n, asker).is_some() {
            self.counts.add("request from another party", 1);
            let (effect, delay) = (pending.effect, self.network.latency());
            let why = "the peer is of another party by now".to_owned();
            return self.end_asking(asker, effect, delay, RequestFailure::Connection(why));
        }
        self.link(n, asker);
        let reply = ReplyId(exchange);
        let node = &mut self.nodes[n];
        let from = Inbound {
            peer_id: peer_id_of(asker),
            transport_addr: TransportAddr::new(transport(asker)),
            local_listen_addr: node.is_bound().then_some(node.addr),
        };
        let Some(running) = node.running.as_mut() else {
            return;
        };
        running.replies.insert(exchange);
        self.tell(
            n,
            Input::Requested {
                reply,
                from,
                request,
            },
        );
    }

    /// The core's own answer to a request.
    pub(crate) fn reply(&mut self, n: usize, reply: ReplyId, response: Response) {
        if !self.answers(n, reply.0) {
            return;
        }
        let Some(pending) = self.exchanges.get(&reply.0) else {
            return;
        };
        let bytes = match &response {
            Response::LibrarySnapshot(snapshot) => 200 * snapshot.games.len() as u64,
            Response::Holdings(holdings) => {
                MESSAGE_BYTES + 16 * holdings.chunks.iter().count() as u64
            }
            _ => MESSAGE_BYTES,
        };
        let to = pending.asker;
        self.send(n, to, reply.0, Body::Response(response), bytes);
    }

    /// Notes that a request is answered; each is once.
    fn answers(&mut self, n: usize, exchange: u64) -> bool {
        let Some(running) = self.nodes[n].running.as_mut() else {
            return false;
        };
        let first = running.replies.remove(&exchange);
        if !first {
            let message = format!("peer{n}: a request of another peer is answered twice");
            self.fail(crate::failure::Invariant::AnsweredOnce, message);
        }
        first
    }

    pub(crate) fn begin_serving(&mut self, n: usize, effect: EffectId, serving: Serving) {
        if !self.answers(n, serving.exchange) {
            return;
        }
        let lag = self.nodes[n].lag;
        if let Some(running) = self.nodes[n].running.as_mut() {
            running.serving.insert(effect, serving);
        }
        self.after(READ_TIME + lag, n, Happening::ReadNext { effect });
    }

    /// Reads the next piece of an upload and sends it.
    pub(crate) fn read_next(&mut self, n: usize, effect: EffectId) {
        let Some(running) = self.nodes[n].running.as_mut() else {
            return;
        };
        let Some(mut serving) = running.serving.remove(&effect) else {
            return;
        };
        let disk = running.disk.clone();
        let exchange = serving.exchange;
        let pending = self.exchanges.get(&exchange);
        let Some(asker) = pending
            .filter(|pending| self.nodes[pending.asker].run == pending.asker_run)
            .map(|pending| pending.asker)
        else {
            let why = "it is not there any more".to_owned();
            let sent = serving.sent_bytes;
            return self.served(n, effect, sent, Err(ServeFailure::Connection(why)));
        };
        if serving.chunks.is_empty() {
            let result = disk.manifest(&serving.id, serving.manifest);
            let cost = self.nodes[n].machine.take_cost();
            self.after_disk(n);
            match result {
                Ok(manifest) => {
                    let bytes = 100 * u64::from(manifest.chunk_count());
                    self.send(n, asker, exchange, Body::Manifest(manifest), bytes);
                    self.later_served(n, effect, cost, bytes);
                }
                Err(failure) => self.cannot_serve(n, asker, effect, &serving, failure),
            }
            return;
        }
        let chunk = serving.chunks[serving.next];
        let result = read_chunk(&disk, &serving.id, serving.manifest, chunk);
        let cost = self.nodes[n].machine.take_cost();
        self.after_disk(n);
        let mut bytes = match result {
            Ok(bytes) => bytes,
            Err(failure) => return self.cannot_serve(n, asker, effect, &serving, failure),
        };
        let gathering = disk.download(&serving.id).ok();
        if let Some(download) = gathering.filter(|it| it.hash() == serving.manifest)
            && let Some(info) = download.manifest().chunk(chunk)
        {
            bytes = self.twisted_piece(n, bytes);
            if info.hash != ContentHash::of(&bytes) {
                let message = format!("peer{n}: `{}` is passed on with other bytes", info.path);
                return self.fail(crate::failure::Invariant::PassedOnVerified, message);
            }
        }
        if self.nodes[n].lies
            && self.network.luck.permille(400)
            && let Some(last) = bytes.last_mut()
        {
            *last ^= 1;
            self.counts.add("chunk with a wrong byte sent", 1);
        }
        let index = serving.next;
        let len = bytes.len() as u64;
        let sent = self.send(n, asker, exchange, Body::Chunk { index, bytes }, len);
        serving.next += 1;
        serving.sent_bytes += len;
        let delay = sent.since(self.now) + cost + self.nodes[n].lag;
        if serving.next == serving.chunks.len() {
            let sent_bytes = serving.sent_bytes;
            self.later_served(n, effect, delay, sent_bytes);
        } else if let Some(running) = self.nodes[n].running.as_mut() {
            running.serving.insert(effect, serving);
            self.after(delay, n, Happening::ReadNext { effect });
        }
    }

    fn later_served(&mut self, n: usize, effect: EffectId, delay: Duration, sent_bytes: u64) {
        let result = Ok(());
        self.fact(
            delay,
            n,
            Input::Served {
                effect,
                sent_bytes,
                result,
            },
        );
    }

    fn served(
        &mut self,
        n: usize,
        effect: EffectId,
        sent_bytes: u64,
        result: Result<(), ServeFailure>,
    ) {
        self.fact(
            Duration::ZERO,
            n,
            Input::Served {
                effect,
                sent_bytes,
                result,
            },
        );
    }

    fn cannot_serve(
        &mut self,
        n: usize,
        asker: usize,
        effect: EffectId,
        serving: &Serving,
        failure: DiskFailure,
    ) {
        self.counts.add("upload that failed on the disk", 1);
        let body = if serving.next == 0 {
            let why = "the game cannot be read here any more";
            Body::Response(Response::Refused(Refusal::new(
                RefusalKind::NotAvailable,
                why,
            )))
        } else {
            Body::Reset
        };
        if self.is_running(n) {
            self.send(n, asker, serving.exchange, body, MESSAGE_BYTES);
            let sent = serving.sent_bytes;
            self.served(n, effect, sent, Err(ServeFailure::Disk(failure)));
        }
    }

    /// The source itself ends an upload.
    pub(crate) fn abort_serving(&mut self, n: usize, effect: EffectId) -> bool {
        let running = self.nodes[n].running.as_mut();
        let Some(serving) = running.and_then(|running| running.serving.remove(&effect)) else {
            return false;
        };
        self.served(n, effect, serving.sent_bytes, Err(ServeFailure::Aborted));
        if let Some(pending) = self.exchanges.get(&serving.exchange) {
            let asker = pending.asker;
            self.send(n, asker, serving.exchange, Body::Reset, MESSAGE_BYTES);
        }
        true
    }

    /// Something for the one who pending.
    fn heard(&mut self, n: usize, from: usize, exchange: u64, body: Body) {
        let Some(pending) = self.exchanges.get_mut(&exchange) else {
            return;
        };
        let effect = pending.effect;
        let waits = self.nodes[n].run == pending.asker_run
            && self.nodes[n]
                .running
                .as_ref()
                .is_some_and(|running| running.asking.contains_key(&effect));
        if !waits {
            return;
        }
        match (&mut pending.wants, body) {
            (Wants::Chunks { .. }, Body::Chunk { index, bytes }) => {
                self.chunk(n, from, exchange, index, bytes);
            }
            (Wants::Chunks { .. }, Body::Response(response)) => {
                let failure = match response {
                    Response::Refused(refusal) => refusal.into(),
                    other => FetchFailure::Refused(format!("{other:?}")),
                };
                self.end_fetch(n, effect, Err(failure));
            }
            (Wants::Chunks { .. }, _) => {
                let why = "the stream was closed".to_owned();
                self.end_fetch(n, effect, Err(FetchFailure::Connection(why)));
            }
            (Wants::Manifest { expect }, Body::Manifest(manifest)) => {
                let result = if manifest.hash() == *expect {
                    Ok(ManifestAnswer::Manifest(manifest))
                } else {
                    let why = "the manifest has another hash".to_owned();
                    Err(RequestFailure::Protocol(why))
                };
                self.answered(n, effect, Input::ManifestFetched { effect, result });
            }
            (Wants::Manifest { .. }, Body::Response(response)) => {
                let answer = match response {
                    Response::GamePending {
                        hashed_bytes,
                        total_bytes,
                    } => ManifestAnswer::Pending {
                        hashed_bytes,
                        total_bytes,
                    },
                    Response::Refused(refusal) => ManifestAnswer::Refused(refusal.message),
                    other => ManifestAnswer::Refused(format!("{other:?}")),
                };
                let result = Ok(answer);
                self.answered(n, effect, Input::ManifestFetched { effect, result });
            }
            (Wants::Response, Body::Response(response)) => {
                self.responded(n, effect, response);
            }
            // Asked only to have a game hashed: the bytes are not wanted.
            (Wants::Response, Body::Manifest(_)) => self.responded(n, effect, Response::Noted),
            (_, _) => {
                let why = "the stream was closed".to_owned();
                let failure = RequestFailure::Connection(why);
                self.end_asking(n, effect, Duration::ZERO, failure);
            }
        }
    }

    fn responded(&mut self, n: usize, effect: EffectId, response: Response) {
        let twice =
            self.fault == Some(Fault::DeltaTwice) && matches!(response, Response::LibraryDelta(_));
        let again = twice.then(|| response.clone());
        let result = Ok(response);
        self.answered(n, effect, Input::Responded { effect, result });
        if let Some(response) = again {
            let result = Ok(response);
            self.tell(n, Input::Responded { effect, result });
        }
    }

    /// A chunk arrived: it is checked and stored.
    fn chunk(&mut self, n: usize, from: usize, exchange: u64, index: usize, bytes: Vec<u8>) {
        let fault = self.fault;
        self.keep_what_came(n, &bytes);
        let Some(pending) = self.exchanges.get_mut(&exchange) else {
            return;
        };
        let (effect, now) = (pending.effect, self.now);
        let Wants::Chunks {
            download,
            chunks,
            stored,
            ..
        } = &mut pending.wants
        else {
            return;
        };
        if index > stored.len() {
            // What comes before it was held up on its way.
            let packet = Packet {
                exchange,
                from,
                body: Body::Chunk { index, bytes },
                sent_at: now,
                pause: RESEND.0,
            };
            return self.after(RESEND.0, n, Happening::Packet(packet));
        }
        let chunk = chunks[index];
        let hash = download.manifest().chunk(chunk).map(|info| info.hash);
        let is_right = hash == Some(ContentHash::of(&bytes));
        if !is_right && fault != Some(Fault::ChunkUnchecked) {
            self.counts.add("chunk with a wrong byte refused", 1);
            return self.end_fetch(n, effect, Err(FetchFailure::WrongHash(chunk)));
        }
        let result = download.store_chunk(chunk, &bytes);
        let complete = match &result {
            Ok(()) => {
                stored.push(chunk);
                stored.len() == chunks.len()
            }
            Err(_) => false,
        };
        let cost = self.nodes[n].machine.take_cost();
        self.counts.add("chunk stored", 1);
        #[cfg(test)]
        if let Some(record) = &mut self.record {
            *record.moved.entry((n, from)).or_default() += 1;
        }
        self.counts.add("byte stored", bytes.len() as u64);
        self.after_disk(n);
        if !self.is_running(n) {
            return;
        }
        if result.is_ok() {
            let lag = self.nodes[n].lag;
            self.fact(lag, n, Input::ChunkStored { effect, chunk });
        }
        match result {
            Err(failure) => {
                self.counts.add("chunk that the disk did not take", 1);
                self.end_fetch(n, effect, Err(FetchFailure::Disk(failure)));
            }
            Ok(()) if complete => self.end_fetch(n, effect, Ok(())),
            Ok(()) => {
                // The next one is read from the stream when this one is stored.
                if let Some(pending) = self.exchanges.get_mut(&exchange) {
                    pending.arrives_at = pending.arrives_at.max(now + cost);
                }
            }
        }
    }

    /// A fetch is over, with what it stored until here.
    pub(crate) fn end_fetch(
        &mut self,
        n: usize,
        effect: EffectId,
        result: Result<(), FetchFailure>,
    ) {
        let Some(pending) = self.take_asking(n, effect, result.is_err()) else {
            return;
        };
        let Wants::Chunks {
            mut stored, chunks, ..
        } = pending.wants
        else {
            return;
        };
        if self.fault == Some(Fault::StoredOverstated)
            && let Some(next) = chunks.get(stored.len())
        {
            stored.push(*next);
        }
        let elapsed = self.now.since(pending.asked_at);
        let lag = self.nodes[n].lag;
        self.fact(
            lag,
            n,
            Input::ChunksFetched {
                effect,
                stored,
                elapsed,
                result,
            },
        );
    }

    /// Whatever was pending for comes to nothing.
    pub(crate) fn end_asking(
        &mut self,
        n: usize,
        effect: EffectId,
        delay: Duration,
        failure: RequestFailure,
    ) {
        let asking = self.nodes[n].running.as_ref();
        let exchange = asking.and_then(|running| running.asking.get(&effect).copied());
        let wants = exchange.and_then(|exchange| self.exchanges.get(&exchange));
        let Some(wants) = wants.map(|pending| &pending.wants) else {
            return;
        };
        match wants {
            Wants::Chunks { .. } => {
                let failure = match failure {
                    RequestFailure::Connection(why) => FetchFailure::Connection(why),
                    RequestFailure::Timeout(_) => FetchFailure::Stalled,
                    RequestFailure::Protocol(why) => FetchFailure::Protocol(why),
                    RequestFailure::Aborted => FetchFailure::Aborted,
                };
                self.end_fetch(n, effect, Err(failure));
            }
            Wants::Manifest { .. } => {
                self.take_asking(n, effect, true);
                let result = Err(failure);
                self.fact(delay, n, Input::ManifestFetched { effect, result });
            }
            Wants::Response => {
                self.take_asking(n, effect, true);
                let result = Err(failure);
                self.fact(delay, n, Input::Responded { effect, result });
            }
        }
    }

    fn answered(&mut self, n: usize, effect: EffectId, input: Input) {
        self.take_asking(n, effect, false);
        let lag = self.nodes[n].lag;
        self.fact(lag, n, input);
    }

    /// Whoever pending waits no more. The source hears of it when it was given up early.
    fn take_asking(&mut self, n: usize, effect: EffectId, early: bool) -> Option<Exchange> {
        let running = self.nodes[n].running.as_mut()?;
        let exchange = running.asking.remove(&effect)?;
        let pending = self.exchanges.remove(&exchange)?;
        let (source, run) = (pending.source, pending.source_run);
        if early && source != n && self.nodes[source].run == run {
            // The source is told of it by name: the exchange itself is closed.
            let delay = self.network.latency();
            let is_open = self.network.is_open(n, source);
            let serving = self.nodes[source].running.as_ref().and_then(|running| {
                let found = running
                    .serving
                    .iter()
                    .find(|(_, serving)| serving.exchange == exchange);
                found.map(|(&effect, _)| effect)
            });
            // One that is cut off finds out at the next chunk that nobody is there.
            if let Some(effect) = serving.filter(|_| is_open) {
                self.after(delay, source, Happening::ReadNext { effect });
            }
        }
        Some(pending)
    }

    pub(crate) fn time_out(&mut self, n: usize, effect: EffectId) {
        let Some(running) = self.nodes[n].running.as_ref() else {
            return;
        };
        let Some(pending) = running
            .asking
            .get(&effect)
            .and_then(|exchange| self.exchanges.get(exchange))
        else {
            return;
        };
        let (quiet, asked_at) = (self.now.since(pending.heard_at), pending.asked_at);
        // A source that is connected may serve others first; nobody at all does not.
        let is_awaited = pending.heard_at == asked_at && pending.source != n;
        if let Wants::Chunks { patience, .. } = pending.wants {
            let limit = if is_awaited { patience.0 } else { patience.1 };
            if quiet < limit {
                let pause = limit.saturating_sub(quiet).min(patience.1);
                return self.after(pause, n, Happening::TimeOut { effect });
            }
        }
        self.counts.add("request that timed out", 1);
        let waited = self.now.since(asked_at);
        self.end_asking(n, effect, Duration::ZERO, RequestFailure::Timeout(waited));
    }
}

/// One chunk as it lies on a disk.
fn read_chunk(
    disk: &Disk,
    id: &GameId,
    hash: ManifestHash,
    chunk: ChunkRef,
) -> Result<Vec<u8>, DiskFailure> {
    let manifest = disk.manifest(id, hash)?;
    // One that the manifest does not have is refused below.
    let info = manifest.chunk(chunk);
    let mut bytes = vec![0; info.map_or(0, |info| info.len_bytes as usize)];
    disk.read_chunks(id, hash, &[chunk], &mut bytes)?;
    Ok(bytes)
}

fn peer_id_of(n: usize) -> lanspread_proto::PeerId {
    crate::world::peer_id(n)
}

/// The ephemeral port of a connection: never an address anybody listens at.
pub(crate) fn transport(n: usize) -> std::net::SocketAddr {
    let host = u8::try_from(n + 1).unwrap_or(u8::MAX);
    ([10, 0, 0, host], 65_000).into()
}

fn request_name(request: &Request) -> &'static str {
    match request {
        Request::Hello(_) => "request: hello",
        Request::Ping => "request: ping",
        Request::LibrarySummary { .. } => "request: library-summary",
        Request::LibrarySnapshot => "request: library-snapshot",
        Request::LibraryDelta { .. } => "request: library-delta",
        Request::GetGame { .. } => "request: get-game",
        Request::GetGameFileChunk(_) => "request: get-game-file-chunk",
        Request::TakeBack(_) => "request: take-back",
        Request::Holdings(_) => "request: holdings",
        Request::Expulsions { .. } => "request: expulsions",
        Request::Status(_) => "request: status",
        Request::Message(_) => "request: message",
        Request::LaneToken => "request: lane-token",
        Request::Goodbye => "request: goodbye",
        Request::ListGames => "request: list-games",
    }
}
