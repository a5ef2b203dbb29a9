//! The door of a party with a code: who comes past it, who does not, and what that costs the others.

use lanspread_core::{
    DialFailure, PartyMismatch,
    admission::limits::{FAILED_ATTEMPTS_PER_ADDRESS_MAX, FAILED_ATTEMPTS_PER_IDENTITY_MAX},
};
use lanspread_proto::{
    Admission, AdmissionRefusal, PROTOCOL_VERSION, Token, alpn_with_code, encode_frame,
    limits::ADMISSION_FRAME_BYTES_MAX,
};
use s2n_quic::{
    Client, Connection, Server,
    client::Connect,
    provider::tls::rustls::{Client as TlsClient, Server as TlsServer},
    stream::BidirectionalStream,
};

use super::*;
use crate::{
    net::{stream::Writer, tls},
    party_code::PartyCode,
};

const CODE: &str = "7d3k-9wqz";
const OTHER_CODE: &str = "7d3k-9wqy";

fn guarded(code: &str, listen: SocketAddr) -> TestPeer {
    let mut config = TransportConfig::new(listen);
    config.party_code = Some(PartyCode::parse(code).unwrap());
    TestPeer::start_with(config)
}

/// Loopback addresses are many machines as far as the door can tell.
fn machine(n: u8) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 0, n), 0).into()
}

async fn dial(from: &TestPeer, to: &TestPeer) -> Result<lanspread_core::Dialed, DialFailure> {
    dial_to(from, to.route()).await
}

async fn dial_to(from: &TestPeer, to: Route) -> Result<lanspread_core::Dialed, DialFailure> {
    let expect = Some(to.peer_id);
    from.transport
        .dial(&[to.listen_addr], expect, PATIENCE)
        .await
}

async fn turned_away(peer: &mut TestPeer) -> (lanspread_proto::PeerId, PartyMismatch) {
    match peer.next_event().await {
        NetEvent::OtherParty {
            peer_id, mismatch, ..
        } => (peer_id, mismatch),
        other => panic!("expected somebody of another party, not {other:?}"),
    }
}

#[tokio::test]
async fn who_knows_the_code_connects_and_both_sides_may_ask() {
    let a = guarded(CODE, LOOPBACK);
    let b = guarded("7D3K 9WQZ", LOOPBACK);
    assert_eq!(dial(&a, &b).await.unwrap().remote, b.addr());
    let (to_a, to_b) = (a.route(), b.route());
    let (a, b) = (a.keep_answering(), b.keep_answering());
    assert_eq!(ping(&a, to_b).await, Response::Pong);
    assert_eq!(ping(&b, to_a).await, Response::Pong);
    assert_eq!((a.connection_count(), b.connection_count()), (1, 1));
}

#[tokio::test]
async fn another_code_is_turned_away_on_both_sides_and_nothing_is_served() {
    let mut a = guarded(CODE, LOOPBACK);
    let mut b = guarded(OTHER_CODE, LOOPBACK);
    let failure = dial(&a, &b).await.unwrap_err();
    let expected = DialFailure::OtherParty {
        addr: b.addr().socket_addr(),
        mismatch: PartyMismatch::OtherCode,
    };
    assert_eq!(failure, expected);
    let told = failure.to_string();
    assert!(
        told.contains("typed wrong") && told.contains("another party"),
        "{told}"
    );
    let seen = turned_away(&mut b).await;
    assert_eq!(seen, (a.transport.peer_id(), PartyMismatch::OtherCode));
    assert!(!a.transport.is_connected(b.transport.peer_id()));
    assert!(!b.transport.is_connected(a.transport.peer_id()));
    let asked = a.transport.request(b.route(), &Request::Ping, PATIENCE);
    asked.await.unwrap_err();
    // Neither side heard a request, or of a connection that came and went.
    turned_away(&mut b).await;
    assert!(b.events.try_recv().is_err() && a.events.try_recv().is_err());
}

#[tokio::test]
async fn an_open_peer_and_one_with_a_code_tell_each_other_what_does_not_fit() {
    let mut open = TestPeer::start();
    let mut shut = guarded(CODE, LOOPBACK);
    let failure = dial(&open, &shut).await.unwrap_err();
    let addr = shut.addr().socket_addr();
    let mismatch = PartyMismatch::CodeNeeded;
    assert_eq!(failure, DialFailure::OtherParty { addr, mismatch });
    let seen = turned_away(&mut shut).await;
    assert_eq!(seen, (open.transport.peer_id(), PartyMismatch::CodeMissing));

    let failure = dial(&shut, &open).await.unwrap_err();
    let addr = open.addr().socket_addr();
    let mismatch = PartyMismatch::CodeMissing;
    assert_eq!(failure, DialFailure::OtherParty { addr, mismatch });
    let seen = turned_away(&mut open).await;
    assert_eq!(seen, (shut.transport.peer_id(), PartyMismatch::CodeNeeded));
}

/// Somebody who speaks the protocol of a party with a code, by hand.
async fn stranger(identity: &Identity, to: SocketAddr) -> (Client, Connection) {
    let tls = tls::configs(identity, alpn_with_code(PROTOCOL_VERSION)).unwrap();
    let client = Client::builder()
        .with_tls(TlsClient::from(tls.client))
        .unwrap()
        .with_io(LOOPBACK)
        .unwrap()
        .start()
        .unwrap();
    let connect = Connect::new(to).with_server_name("lanspread");
    let connection = client.connect(connect).await.unwrap();
    (client, connection)
}

/// Everything that comes back for these bytes on a new stream, until it ends or breaks.
async fn answer_to(connection: &mut Connection, bytes: Vec<u8>) -> Vec<u8> {
    let opened = timeout(PATIENCE, connection.open_bidirectional_stream()).await;
    let Ok(mut stream) = opened.unwrap() else {
        return Vec::new();
    };
    let _ = stream.send(bytes.into()).await;
    let mut answer = Vec::new();
    while let Ok(Some(part)) = timeout(PATIENCE, stream.receive()).await.unwrap() {
        answer.extend_from_slice(&part);
    }
    answer
}

fn framed(message: &Admission) -> Vec<u8> {
    encode_frame(FrameKind::Admission, message).unwrap()
}

#[tokio::test]
async fn who_skips_the_proof_or_says_nonsense_is_answered_nothing() {
    let mut b = guarded(CODE, LOOPBACK);
    let token = Token([7; 32]);
    // No point of the curve has this coordinate.
    let mut no_point = Token([0; 32]);
    no_point.0[0] = 2;
    let too_long = u32::try_from(ADMISSION_FRAME_BYTES_MAX + 1).unwrap();
    let nonsense = [
        encode_frame(FrameKind::Request, &Request::Ping).unwrap(),
        encode_frame(FrameKind::Request, &Request::ListGames).unwrap(),
        framed(&Admission::AdmissionProof { proof: token }),
        framed(&Admission::AdmissionRefused {
            reason: AdmissionRefusal::WrongCode,
        }),
        framed(&Admission::AdmissionShare { share: no_point }),
        [&too_long.to_be_bytes()[..], &[b'x'; 300]].concat(),
        vec![0xff; 8],
        b"\0\0\0\x02{}".to_vec(),
    ];
    for bytes in nonsense {
        let identity = Identity::ephemeral().unwrap();
        let (_client, mut connection) = stranger(&identity, b.addr().socket_addr()).await;
        let answer = answer_to(&mut connection, bytes.clone()).await;
        assert!(answer.is_empty(), "{bytes:?} was answered with {answer:?}");
        assert!(!b.transport.is_connected(identity.peer_id()));
    }
    assert_eq!(b.transport.connection_count(), 0);
    assert!(b.events.try_recv().is_err(), "nothing reached the peer");
    let a = guarded(CODE, LOOPBACK);
    dial(&a, &b).await.unwrap();
}

#[tokio::test]
async fn what_is_asked_beside_an_unfinished_proof_is_not_heard() {
    let mut b = guarded(CODE, LOOPBACK);
    let identity = Identity::ephemeral().unwrap();
    let (_client, mut connection) = stranger(&identity, b.addr().socket_addr()).await;
    let mut first = connection.open_bidirectional_stream().await.unwrap();
    first.send(vec![0].into()).await.unwrap();
    // The door closes on whoever does not get to the point; only then does this end.
    let ping = encode_frame(FrameKind::Request, &Request::Ping).unwrap();
    assert!(answer_to(&mut connection, ping).await.is_empty());
    assert!(b.events.try_recv().is_err(), "nothing reached the peer");
}

/// Sends a proof that is no guess at all; what the door says.
async fn guess(identity: &Identity, to: Route) -> Vec<u8> {
    let to = to.listen_addr.socket_addr();
    let (_client, mut connection) = stranger(identity, to).await;
    let mut base_point = [0x66; 32];
    base_point[0] = 0x58;
    let share = framed(&Admission::AdmissionShare {
        share: Token(base_point),
    });
    let proof = framed(&Admission::AdmissionProof {
        proof: Token([7; 32]),
    });
    answer_to(&mut connection, [share, proof].concat()).await
}

fn says(answer: &[u8], reason: &str) -> bool {
    String::from_utf8_lossy(answer).contains(reason)
}

#[tokio::test]
async fn an_identity_that_guessed_wrong_too_often_is_not_even_judged() {
    let b = guarded(CODE, LOOPBACK);
    let identity = Identity::ephemeral().unwrap();
    for _ in 0..FAILED_ATTEMPTS_PER_IDENTITY_MAX {
        let answer = guess(&identity, b.route()).await;
        assert!(says(&answer, "admission-share") && says(&answer, "wrong-code"));
    }
    let answer = guess(&identity, b.route()).await;
    assert!(says(&answer, "too-many-attempts"));
    assert!(!says(&answer, "admission-share"));
}

#[tokio::test]
async fn wrong_codes_of_a_whole_machine_do_not_keep_out_or_slow_down_right_ones() {
    let b = guarded(CODE, LOOPBACK);
    let to = b.route();
    let b = b.keep_answering();
    let friend = guarded(CODE, LOOPBACK);
    dial_to(&friend, to).await.unwrap();
    for n in 0..=FAILED_ATTEMPTS_PER_ADDRESS_MAX {
        let answer = guess(&Identity::ephemeral().unwrap(), to).await;
        let reason = if n < FAILED_ATTEMPTS_PER_ADDRESS_MAX {
            "wrong-code"
        } else {
            "too-many-attempts"
        };
        assert!(says(&answer, reason), "{n}");
    }
    // A stranger on that machine waits; one elsewhere does not; nor does who was here before.
    let neighbour = guarded(CODE, LOOPBACK);
    let failure = dial_to(&neighbour, to).await.unwrap_err();
    assert!(
        failure.to_string().contains("tried again in a while"),
        "{failure}"
    );
    let began = std::time::Instant::now();
    let newcomer = guarded(CODE, machine(77));
    dial_to(&newcomer, to).await.unwrap();
    friend.transport.disconnect(b.peer_id());
    while friend.transport.is_connected(b.peer_id()) {
        tokio::task::yield_now().await;
    }
    dial_to(&friend, to).await.unwrap();
    assert!(began.elapsed() < PATIENCE / 4, "took {:?}", began.elapsed());
}

/// Carries frames from one stream to the other until it breaks; what was carried.
async fn carry(
    from: &mut Reader,
    to: &mut Writer,
    frames: usize,
) -> Result<Vec<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
    let mut carried = Vec::new();
    for _ in 0..frames {
        let payload = from.frame(FrameKind::Admission).await?;
        let len = u32::try_from(payload.len())?.to_be_bytes();
        to.send([&len[..], &payload].concat().into()).await?;
        carried.push(payload);
    }
    Ok(carried)
}

fn halves(stream: BidirectionalStream) -> (Reader, Writer) {
    let (receive, send) = stream.split();
    (Reader::new(receive), Writer::new(send))
}

/// A man in the middle, with an identity of his own, passes on all that two who know the code say to
/// each other: both proofs are tied to whom each of them really talks to, so both refuse.
#[tokio::test]
async fn a_relay_between_two_who_know_the_code_gets_nothing_and_both_refuse() {
    let a = guarded(CODE, LOOPBACK);
    let mut b = guarded(CODE, LOOPBACK);
    let identity = Identity::ephemeral().unwrap();
    let tls = tls::configs(&identity, alpn_with_code(PROTOCOL_VERSION)).unwrap();
    let mut server = Server::builder()
        .with_tls(TlsServer::from(tls.server))
        .unwrap()
        .with_io(LOOPBACK)
        .unwrap()
        .start()
        .unwrap();
    let relay_addr = ListenAddr::new(server.local_addr().unwrap()).unwrap();
    let b_addr = b.addr().socket_addr();
    let relay_id = identity.peer_id();
    let relay = tokio::spawn(async move {
        let mut from_a = server.accept().await.unwrap();
        let (_client, mut to_b) = stranger(&identity, b_addr).await;
        let stream_a = from_a.accept_bidirectional_stream().await.unwrap().unwrap();
        let stream_b = to_b.open_bidirectional_stream().await.unwrap();
        let (mut from_a, mut back_to_a) = halves(stream_a);
        let (mut from_b, mut on_to_b) = halves(stream_b);
        let shares = carry(&mut from_a, &mut on_to_b, 1).await.unwrap();
        let shares_back = carry(&mut from_b, &mut back_to_a, 1).await.unwrap();
        let proof = carry(&mut from_a, &mut on_to_b, 1).await.unwrap();
        let answer = from_b.frame(FrameKind::Admission).await.unwrap();
        // The best he can do is to say that all is well.
        let forged = framed(&Admission::AdmissionProof {
            proof: Token([7; 32]),
        });
        back_to_a.send(forged.into()).await.unwrap();
        back_to_a.finish().await.unwrap();
        let after = from_a.frame(FrameKind::Admission).await;
        assert!(after.is_err(), "nothing follows from its dialer");
        (shares, shares_back, proof, answer)
    });
    let failure = a
        .transport
        .dial(&[relay_addr], None, PATIENCE)
        .await
        .unwrap_err();
    assert!(
        matches!(failure, DialFailure::OtherParty { .. }),
        "{failure}"
    );
    let (shares, shares_back, proof, answer) = timeout(PATIENCE, relay).await.unwrap().unwrap();
    for (frames, kind) in [(shares, "share"), (shares_back, "share"), (proof, "proof")] {
        assert!(
            says(&frames[0], kind),
            "he saw a {kind} and could not use it"
        );
    }
    assert!(says(&answer, "wrong-code"));
    assert_eq!(turned_away(&mut b).await.0, relay_id);
    assert_eq!(a.transport.connection_count(), 0);
    assert_eq!(b.transport.connection_count(), 0);
}
