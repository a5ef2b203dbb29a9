//! Lanes without encryption: who gets one, and what somebody on the wire can do there.

use bytes::Bytes;
use lanspread_core::FetchFailure;
use lanspread_proto::{FrameKind, PeerId, Refusal, RefusalKind, Token, encode_frame};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    lanes::{CHUNK_BYTES, Fetcher, assert_handshakes_end_at_the_limit, contents, source_with},
    *,
};
use crate::net::{ChunksFetched, limits::LANE_TOKENS_PER_PEER_MAX};

fn clear() -> TransportConfig {
    let mut config = TransportConfig::new(LOOPBACK);
    config.unencrypted_lanes = true;
    config
}

/// Fetches over QUIC, and then on a lane; says whether that is sealed.
async fn is_sealed_between(source: TransportConfig, fetcher: TransportConfig) -> bool {
    let (source, route) = source_with(source);
    let fetcher = Fetcher::start_with(fetcher);
    fetcher.fetch_all(route).await;
    let lane = fetcher.lane(route).await;
    let is_sealed = lane.stream.is_sealed();
    let shared = &fetcher.peer.transport.shared;
    shared.keep_lane(route.peer_id, lane);
    for nth in 1..=3 {
        fetcher.fetch_all(route).await;
        assert_eq!(source.stats().lane_requests, nth);
    }
    is_sealed
}

#[tokio::test]
async fn chunks_move_without_encryption_where_both_sides_want_that() {
    assert!(!is_sealed_between(clear(), clear()).await);
}

#[tokio::test]
async fn a_lane_is_sealed_if_either_side_wants_that() {
    let sealed = || TransportConfig::new(LOOPBACK);
    assert!(is_sealed_between(sealed(), clear()).await);
    assert!(is_sealed_between(clear(), sealed()).await);
}

/// Asks for a token as the peer that fetches.
async fn token(fetcher: &Fetcher, from: Route) -> Option<Token> {
    let transport = &fetcher.peer.transport;
    let answer = transport.request(from, &Request::LaneToken, PATIENCE).await;
    match answer.expect("answered") {
        Response::LaneToken { token } => Some(token),
        _ => None,
    }
}

/// Shows a token as somebody, and says whether that opens a lane.
async fn enter(source: Route, peer_id: PeerId, token: Token) -> Option<TcpStream> {
    let addr = source.listen_addr.socket_addr();
    let mut tcp = TcpStream::connect(addr).await.expect("it listens");
    let opening = [b"L", &peer_id.as_bytes()[..], &token.0].concat();
    tcp.write_all(&opening).await.expect("taken");
    let answer = timeout(PATIENCE, tcp.read_u8()).await.expect("in time");
    match answer {
        Ok(byte) => {
            assert_eq!(byte, 6);
            Some(tcp)
        }
        Err(_) => None,
    }
}

#[tokio::test]
async fn a_token_opens_one_lane_of_its_own_peer_and_nothing_else() {
    let (source, route) = source_with(clear());
    let (ada, bob) = (Fetcher::start_with(clear()), Fetcher::start_with(clear()));
    let ada_id = ada.peer.transport.peer_id();
    let bob_id = bob.peer.transport.peer_id();
    let of_ada = token(&ada, route).await.expect("given");
    let of_bob = token(&bob, route).await.expect("given");
    let guessed = Token([7; 32]);
    assert!(enter(route, ada_id, guessed).await.is_none(), "guessed");
    assert!(enter(route, ada_id, of_bob).await.is_none(), "another's");
    assert!(enter(route, source.peer_id(), of_bob).await.is_none());
    let lane = enter(route, ada_id, of_ada).await;
    assert!(lane.is_some());
    assert!(enter(route, ada_id, of_ada).await.is_none(), "used");
    // Whoever is kept away has no use for what it was given before.
    source.keep_away(bob_id);
    assert!(enter(route, bob_id, of_bob).await.is_none(), "kept away");
}

#[tokio::test]
async fn a_flood_of_questions_for_tokens_brings_as_many_as_the_limit() {
    let (_source, route) = source_with(clear());
    let ada = Fetcher::start_with(clear());
    for _ in 0..LANE_TOKENS_PER_PEER_MAX {
        assert!(token(&ada, route).await.is_some());
    }
    // From here on they are questions like any other, which are counted.
    assert!(token(&ada, route).await.is_none());
    let bob = Fetcher::start_with(clear());
    assert!(token(&bob, route).await.is_some(), "others get theirs");
}

#[tokio::test]
async fn whoever_wants_no_such_lanes_gives_no_tokens_and_takes_none() {
    let (_source, route) = source_with(TransportConfig::new(LOOPBACK));
    let ada = Fetcher::start_with(clear());
    assert_eq!(token(&ada, route).await, None);
    let addr = route.listen_addr.socket_addr();
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    tcp.write_all(&[b'L'; 65]).await.unwrap();
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, tcp.read_to_end(&mut answer)).await;
    end.expect("it is closed").ok();
    assert_ne!(answer.first(), Some(&6), "not admitted");
}

#[tokio::test]
async fn lanes_that_are_opened_half_way_are_as_many_as_handshakes_and_one_more_is_turned_away() {
    let (_source, route) = source_with(clear());
    assert_handshakes_end_at_the_limit(route, b"L and then nothing").await;
}

#[tokio::test]
async fn nonsense_on_a_lane_without_encryption_ends_it_and_blames_nobody() {
    let (source, route) = source_with(clear());
    let ada = Fetcher::start_with(clear());
    let of_ada = token(&ada, route).await.expect("given");
    let lane = enter(route, ada.peer.transport.peer_id(), of_ada).await;
    let mut lane = lane.expect("admitted");
    let request = encode_frame(FrameKind::Request, &Request::Ping).unwrap();
    lane.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, lane.read_to_end(&mut answer)).await;
    end.expect("it is closed").unwrap();
    let said = String::from_utf8_lossy(&answer);
    assert!(said.contains("bad-request"), "{said}");
    assert_eq!(source.stats().malformed_requests, 0);
}

/// A source that is asked over QUIC, then on a lane, and then over QUIC for what that did not bring.
struct Tapped {
    source: TestPeer,
    route: Route,
    fetcher: Fetcher,
}

impl Tapped {
    async fn start(config: impl Fn() -> TransportConfig) -> Self {
        let source = TestPeer::start_with(config());
        let route = source.route();
        let fetcher = Fetcher::start_with(config());
        let mut tapped = Self {
            source,
            route,
            fetcher,
        };
        let over_quic = tapped
            .fetch(async |source| serve(source.next_request().await, &contents()).await)
            .await;
        over_quic.result.unwrap();
        tapped.fetcher.until_lane(route).await;
        tapped
    }

    async fn fetch(&mut self, serve: impl AsyncFnOnce(&mut TestPeer)) -> ChunksFetched {
        let (fetched, ()) = tokio::join!(self.fetcher.fetch(self.route), serve(&mut self.source));
        fetched
    }
}

async fn serve(incoming: IncomingStream, chunks: &[Bytes]) {
    let whole: Vec<u8> = chunks.concat();
    let sender = incoming.responder.chunks(whole.len() as u64).await;
    // Whoever asked may go before it has all of it.
    if let Ok(mut sender) = sender
        && sender.send(whole.into()).await.is_ok()
    {
        let _ = sender.finish().await;
    }
}

fn one_wrong() -> Vec<Bytes> {
    let mut chunks = contents();
    chunks[1] = Bytes::from(vec![9; CHUNK_BYTES]);
    chunks
}

#[tokio::test]
async fn wrong_bytes_in_the_clear_are_not_stored_and_the_right_ones_come_over_quic() {
    let mut tapped = Tapped::start(clear).await;
    let fetched = tapped
        .fetch(async |source| {
            serve(source.next_request().await, &one_wrong()).await;
            let over_quic = source.next_request().await;
            let Request::GetGameFileChunk(asked) = &over_quic.request else {
                panic!("chunks are asked for");
            };
            let from = asked.chunks[0].chunk as usize;
            assert!(from <= 1, "all behind the last right one");
            serve(over_quic, &contents()[from..]).await;
        })
        .await;
    fetched.result.unwrap();
    assert_eq!(fetched.stored.len(), 3);
    assert!(tapped.fetcher.is_paused(tapped.route));
}

#[tokio::test]
async fn wrong_bytes_on_a_sealed_lane_are_those_of_the_source() {
    let mut tapped = Tapped::start(|| TransportConfig::new(LOOPBACK)).await;
    let fetched = tapped
        .fetch(async |source| serve(source.next_request().await, &one_wrong()).await)
        .await;
    assert!(matches!(fetched.result, Err(FetchFailure::WrongHash(_))));
}

#[tokio::test]
async fn an_answer_in_the_clear_that_breaks_the_protocol_is_asked_for_over_quic() {
    let mut tapped = Tapped::start(clear).await;
    let fetched = tapped
        .fetch(async |source| {
            serve(source.next_request().await, &contents()[..1]).await;
            serve(source.next_request().await, &contents()).await;
        })
        .await;
    fetched.result.unwrap();
    assert!(tapped.fetcher.is_paused(tapped.route));
}

#[tokio::test]
async fn a_refusal_in_the_clear_is_believed_when_it_is_said_over_quic() {
    let refusal = || Response::Refused(Refusal::new(RefusalKind::NotAvailable, "not here"));
    let mut tapped = Tapped::start(clear).await;
    let fetched = tapped
        .fetch(async |source| {
            let on_lane = source.next_request().await;
            on_lane.responder.reply(&refusal()).await.unwrap();
            serve(source.next_request().await, &contents()).await;
        })
        .await;
    fetched.result.unwrap();
    assert!(!tapped.fetcher.is_paused(tapped.route), "no trouble");
    let fetched = tapped
        .fetch(async |source| {
            for _ in 0..2 {
                let asked = source.next_request().await;
                asked.responder.reply(&refusal()).await.unwrap();
            }
        })
        .await;
    assert!(matches!(fetched.result, Err(FetchFailure::Refused(_))));
}
