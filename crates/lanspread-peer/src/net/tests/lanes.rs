//! Chunks over bulk lanes, and what happens when those do not work.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use lanspread_core::{FetchFailure, Playing, RateLimits};
use lanspread_db::{ChunkRef, ContentHash, GameId, ManifestHash};
use lanspread_proto::{ChunkRequest, HoldingsLog, HoldingsRequest, Refusal, RefusalKind};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::net::{
    ChunksFetched, Patience, WantedChunk,
    lane::Lane,
    limits::{LANE_HANDSHAKES_MAX, LANES_PER_PEER_MAX},
};

pub(super) const CHUNK_BYTES: usize = 300_000;

/// Fetches the same three chunks again and again.
pub(super) struct Fetcher {
    pub(super) peer: TestPeer,
    wanted: Vec<WantedChunk>,
    stored: std::sync::Arc<AtomicU32>,
}

pub(super) fn contents() -> Vec<Bytes> {
    (1..=3_u8)
        .map(|n| Bytes::from(vec![n; CHUNK_BYTES]))
        .collect()
}

impl Fetcher {
    fn start() -> Self {
        Self::start_with(TransportConfig::new(LOOPBACK))
    }

    pub(super) fn start_with(config: TransportConfig) -> Self {
        let wanted = contents()
            .iter()
            .zip(0..)
            .map(|(bytes, chunk)| WantedChunk {
                chunk: ChunkRef { file: 0, chunk },
                len_bytes: u32::try_from(bytes.len()).unwrap(),
                hash: ContentHash::of(bytes),
            })
            .collect();
        Self {
            peer: TestPeer::start_with(config),
            wanted,
            stored: std::sync::Arc::default(),
        }
    }

    fn request(&self) -> ChunkRequest {
        ChunkRequest {
            id: GameId::parse("teeworlds").unwrap(),
            manifest: ManifestHash(ContentHash::of(b"manifest")),
            chunks: self.wanted.iter().map(|wanted| wanted.chunk).collect(),
        }
    }

    pub(super) async fn fetch(&self, from: Route) -> ChunksFetched {
        let stored = std::sync::Arc::clone(&self.stored);
        let sink = one_by_one(move |_, _| {
            stored.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let patience = Patience {
            first_byte: PATIENCE,
            stall: PATIENCE,
        };
        let abort = CancellationToken::new();
        let transport = &self.peer.transport;
        transport
            .fetch_chunks(from, self.request(), &self.wanted, &sink, patience, &abort)
            .await
    }

    pub(super) async fn fetch_all(&self, from: Route) {
        let before = self.stored.load(Ordering::Relaxed);
        let fetched = self.fetch(from).await;
        fetched.result.expect("fetched");
        assert_eq!(fetched.stored.len(), self.wanted.len());
        let new = self.stored.load(Ordering::Relaxed) - before;
        assert_eq!(
            new as usize,
            self.wanted.len(),
            "each chunk was stored once"
        );
    }

    /// A lane to this peer, once one is open.
    pub(super) async fn lane(&self, to: Route) -> Lane {
        let wait = async {
            loop {
                if let Some(lane) = self.peer.transport.shared.take_lane(to) {
                    return lane;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, wait).await.expect("a lane in time")
    }

    pub(super) fn is_paused(&self, to: Route) -> bool {
        let lanes = self.peer.transport.shared.lanes.as_ref();
        lanes.is_some_and(|lanes| lanes.is_paused(to.peer_id))
    }

    /// Waits until a lane is at hand.
    pub(super) async fn until_lane(&self, to: Route) {
        let lane = self.lane(to).await;
        self.peer.transport.shared.keep_lane(to.peer_id, lane);
    }

    /// Waits until all lanes that this peer opens to another are open and wait.
    async fn until_all_lanes(&self, to: Route) {
        let lanes = self.peer.transport.shared.lanes.as_ref();
        let lanes = lanes.expect("it has lanes");
        let all_open = async {
            while lanes.idle(to.peer_id) < LANES_PER_PEER_MAX {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, all_open).await.expect("lanes in time");
    }

    /// Has them opened, and waits for that.
    async fn until_all_lanes_after_asking(&self, to: Route) {
        self.until_lane(to).await;
        self.until_all_lanes(to).await;
    }

    /// Has a source close the lanes that wait here, and waits until it has: a lane that it still answers on
    /// would break in the middle.
    async fn are_closed_by(&self, source: &Transport, route: Route) {
        self.until_all_lanes_after_asking(route).await;
        let own_id = self.peer.transport.peer_id();
        source.shared.close_lanes(own_id);
        let lanes = source.shared.lanes.as_ref().expect("it has lanes");
        let all_closed = async {
            while lanes.served(own_id) > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, all_closed).await.expect("closed in time");
    }
}

/// A peer that serves the three chunks, those that are asked for, to whoever asks.
fn source() -> (Transport, Route) {
    source_with(TransportConfig::new(LOOPBACK))
}

pub(super) fn source_with(config: TransportConfig) -> (Transport, Route) {
    let mut source = TestPeer::start_with(config);
    let (transport, route) = (source.transport.clone(), source.route());
    tokio::spawn(async move {
        while let Some(event) = source.events.recv().await {
            let NetEvent::Incoming(incoming) = event else {
                continue;
            };
            let Request::GetGameFileChunk(asked) = &incoming.request else {
                let _ = incoming.responder.reply(&Response::Pong).await;
                continue;
            };
            let bytes: Vec<u8> = asked
                .chunks
                .iter()
                .flat_map(|at| contents()[at.chunk as usize].to_vec())
                .collect();
            tokio::spawn(async move {
                let sender = incoming.responder.chunks(bytes.len() as u64).await;
                // A lane may break on purpose.
                if let Ok(mut sender) = sender
                    && sender.send(Bytes::from(bytes)).await.is_ok()
                {
                    let _ = sender.finish().await;
                }
            });
        }
    });
    (transport, route)
}

#[tokio::test]
async fn the_first_fetch_goes_over_quic_and_later_ones_on_a_lane() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    assert_eq!(source.stats().lane_requests, 0);
    // Opened when there was a connection and the next request came.
    fetcher.until_lane(route).await;
    for nth in 1..=5 {
        fetcher.fetch_all(route).await;
        assert_eq!(source.stats().lane_requests, nth);
    }
}

#[tokio::test]
async fn whoever_asks_what_a_partner_has_finds_lanes_open_when_it_asks_for_chunks() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    let transport = &fetcher.peer.transport;
    // A connection has to be there first.
    let ping = transport.request(route, &Request::Ping, PATIENCE);
    ping.await.expect("answered");
    let ChunkRequest { id, manifest, .. } = fetcher.request();
    let request = Request::Holdings(HoldingsRequest {
        id,
        manifest,
        log: HoldingsLog(1),
        since: 0,
    });
    let asked = transport.request(route, &request, PATIENCE);
    asked.await.expect("answered");
    fetcher.until_all_lanes(route).await;
    fetcher.fetch_all(route).await;
    assert_eq!(source.stats().lane_requests, 1);
}

#[tokio::test]
async fn a_source_without_lanes_serves_over_quic() {
    let mut config = TransportConfig::new(LOOPBACK);
    config.bulk_lane = false;
    let (source, route) = source_with(config);
    let fetcher = Fetcher::start();
    for _ in 0..5 {
        fetcher.fetch_all(route).await;
    }
    assert_eq!(source.stats().lane_requests, 0);
}

#[tokio::test]
async fn a_receiver_that_wants_no_lanes_opens_none() {
    let (source, route) = source();
    let mut config = TransportConfig::new(LOOPBACK);
    config.bulk_lane = false;
    let fetcher = Fetcher::start_with(config);
    for _ in 0..5 {
        fetcher.fetch_all(route).await;
    }
    assert_eq!(source.stats().lane_requests, 0);
}

/// A source whose user takes back each request before it answers.
async fn assert_that_taking_back_keeps_the_lane(config: impl Fn() -> TransportConfig) {
    let mut source = TestPeer::start_with(config());
    let route = source.route();
    let fetcher = Fetcher::start_with(config());
    let refuse = async |source: &mut TestPeer| {
        let incoming = source.next_request().await;
        let refusal = Refusal::new(RefusalKind::TakenBack, "it was taken back");
        let answer = Response::Refused(refusal);
        incoming.responder.reply(&answer).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(fetcher.fetch(route), refuse(&mut source));
    assert_eq!(outcome.result, Err(FetchFailure::TakenBack), "over QUIC");
    fetcher.until_all_lanes_after_asking(route).await;
    for nth in 1..=3 {
        let (outcome, ()) = tokio::join!(fetcher.fetch(route), refuse(&mut source));
        assert_eq!(outcome.result, Err(FetchFailure::TakenBack), "on a lane");
        assert!(outcome.stored.is_empty());
        assert_eq!(source.transport.stats().lane_requests, nth);
        fetcher.until_all_lanes(route).await;
    }
    assert!(!fetcher.is_paused(route));
}

#[tokio::test]
async fn a_request_that_was_taken_back_keeps_its_lane_and_is_not_asked_again() {
    assert_that_taking_back_keeps_the_lane(|| TransportConfig::new(LOOPBACK)).await;
    assert_that_taking_back_keeps_the_lane(|| {
        let mut config = TransportConfig::new(LOOPBACK);
        config.unencrypted_lanes = true;
        config
    })
    .await;
}

/// A lane that a source answers a third of the wanted bytes on, and then breaks.
#[tokio::test]
async fn a_lane_that_breaks_loses_no_chunk_and_quic_goes_on() {
    let mut source = TestPeer::start();
    let route = source.route();
    let fetcher = Fetcher::start();
    let serve_whole = async |incoming: IncomingStream, chunks: &[Bytes]| {
        let whole: Vec<u8> = chunks.concat();
        let responder = incoming.responder;
        let mut sender = responder.chunks(whole.len() as u64).await.unwrap();
        sender.send(whole.into()).await.unwrap();
        sender.finish().await.unwrap();
    };
    let contents = contents();

    let (outcome, ()) = tokio::join!(fetcher.fetch(route), async {
        serve_whole(source.next_request().await, &contents).await;
    });
    outcome.result.unwrap();
    fetcher.until_lane(route).await;

    let (outcome, ()) = tokio::join!(fetcher.fetch(route), async {
        let on_lane = source.next_request().await;
        let announced = 3 * CHUNK_BYTES as u64;
        let mut sender = on_lane.responder.chunks(announced).await.unwrap();
        sender.send(contents[0].clone()).await.unwrap();
        sender.send(contents[1].slice(..1000)).await.unwrap();
        source
            .transport
            .shared
            .close_lanes(fetcher.peer.transport.peer_id());
        drop(sender);
        let over_quic = source.next_request().await;
        let Request::GetGameFileChunk(asked) = &over_quic.request else {
            panic!("chunks are asked for");
        };
        let rest: Vec<u32> = asked.chunks.iter().map(|at| at.chunk).collect();
        assert!(rest == [1, 2] || rest == [0, 1, 2], "{rest:?}");
        let from = rest[0] as usize;
        serve_whole(over_quic, &contents[from..]).await;
    });
    outcome.result.unwrap();
    assert_eq!(outcome.stored.len(), 3);
    assert_eq!(source.transport.stats().lane_requests, 1);
    assert!(fetcher.is_paused(route), "after trouble QUIC is used");
}

#[tokio::test]
async fn a_lane_that_its_other_side_closed_meanwhile_is_no_trouble() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    fetcher.until_lane(route).await;
    fetcher.fetch_all(route).await;
    fetcher.are_closed_by(&source, route).await;
    fetcher.fetch_all(route).await;
    assert!(!fetcher.is_paused(route));
    fetcher.until_lane(route).await;
}

#[tokio::test]
async fn a_lane_that_is_closed_again_and_again_is_not_opened_again_at_once() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    for _ in 0..2 {
        fetcher.until_lane(route).await;
        fetcher.fetch_all(route).await;
        fetcher.are_closed_by(&source, route).await;
        fetcher.fetch_all(route).await;
    }
    assert!(fetcher.is_paused(route));
}

#[tokio::test]
async fn a_peer_opens_as_many_lanes_to_another_as_the_limit() {
    let (_source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    let mut held = Vec::new();
    for _ in 0..LANES_PER_PEER_MAX {
        held.push(fetcher.lane(route).await);
    }
    // Every place is taken, so this opens none either.
    fetcher.fetch_all(route).await;
    assert!(fetcher.peer.transport.shared.take_lane(route).is_none());
}

/// Whether the other side closes this lane without having said anything.
pub(super) async fn is_closed(lane: &mut Lane) -> bool {
    let came = timeout(PATIENCE, lane.stream.fill()).await;
    matches!(came, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn whoever_is_kept_away_loses_its_lanes() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    let mut lane = fetcher.lane(route).await;
    source.keep_away(fetcher.peer.transport.peer_id());
    assert!(is_closed(&mut lane).await);
}

#[tokio::test]
async fn a_lane_of_a_peer_without_a_connection_is_closed() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    let shared = &fetcher.peer.transport.shared;
    let mut lane = fetcher.lane(route).await;
    shared.links().close_peer(route.peer_id);
    assert!(is_closed(&mut lane).await);
    assert_eq!(source.stats().lane_requests, 0);
}

#[tokio::test]
async fn nonsense_at_the_port_of_lanes_is_dropped_and_disturbs_nobody() {
    let (source, route) = source();
    let addr = route.listen_addr.socket_addr();
    let mut stranger = TcpStream::connect(addr).await.unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // An alert of TLS at most; then the end.
    let end = timeout(PATIENCE, stranger.read_to_end(&mut answer)).await;
    end.expect("it is closed").ok();
    assert!(answer.len() < 16, "{answer:?}");
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    fetcher.until_lane(route).await;
    fetcher.fetch_all(route).await;
    assert_eq!(source.stats().lane_requests, 1);
}

#[tokio::test]
async fn as_many_handshakes_as_the_limit_are_carried_on_and_one_more_is_turned_away() {
    let (_source, route) = source();
    assert_handshakes_end_at_the_limit(route, b"").await;
}

/// Begins as many lanes as handshakes are carried on, with so much of each, and one more.
pub(super) async fn assert_handshakes_end_at_the_limit(route: Route, begun: &[u8]) {
    let addr = route.listen_addr.socket_addr();
    let mut waiting = Vec::new();
    for _ in 0..LANE_HANDSHAKES_MAX {
        let mut tcp = TcpStream::connect(addr).await.unwrap();
        tcp.write_all(begun).await.unwrap();
        waiting.push(tcp);
    }
    let mut one_more = TcpStream::connect(addr).await.unwrap();
    let closed = timeout(PATIENCE, one_more.read(&mut [0])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))));
    // Had it been closed for its silence, those before it would have been closed before.
    let first = waiting[0].try_read(&mut [0]);
    assert_eq!(first.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_request_that_is_not_for_chunks_is_refused_on_a_lane() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    let lane = fetcher.lane(route).await;
    let shared = &fetcher.peer.transport.shared;
    let (mut answer, _place) = shared.ask_on(lane, route, &Request::Ping).await.unwrap();
    let response = timeout(PATIENCE, shared.message(&mut answer)).await;
    let response = response.unwrap().unwrap();
    assert!(matches!(response, Response::Refused(_)), "{response:?}");
    assert_eq!(source.stats().malformed_requests, 1);
    assert_eq!(source.stats().lane_requests, 0);
}

#[tokio::test]
async fn beside_a_game_chunks_come_over_quic() {
    let (source, route) = source();
    let fetcher = Fetcher::start();
    fetcher.fetch_all(route).await;
    fetcher.until_lane(route).await;
    let rates = &source.shared.config.rates;
    rates.set(RateLimits::default(), Playing::Yes);
    fetcher.fetch_all(route).await;
    assert_eq!(source.stats().lane_requests, 0);
    // The lane was closed before it carried anything: another would be, too.
    assert!(fetcher.is_paused(route));
}
