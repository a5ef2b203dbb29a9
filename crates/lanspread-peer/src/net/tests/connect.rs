//! Who may connect with whom, and what a failed attempt says.

use std::{net::UdpSocket, time::Instant};

use lanspread_core::DialFailure;
use lanspread_proto::{PROTOCOL_VERSION, alpn};
use s2n_quic::{
    Client, Server,
    client::Connect,
    provider::tls::rustls::{Client as TlsClient, Server as TlsServer},
};

use super::*;
use crate::net::{BindError, tls};

#[tokio::test]
async fn both_sides_prove_who_they_are_and_where_they_listen() {
    let a = TestPeer::start();
    let mut b = TestPeer::start();
    let expect = Some(b.transport.peer_id());
    let dialed = a
        .transport
        .dial(&[b.addr()], expect, PATIENCE)
        .await
        .unwrap();
    assert_eq!(dialed.peer_id, b.transport.peer_id());
    assert_eq!(dialed.remote, b.addr());
    assert_eq!(dialed.local_listen_addr, a.addr());

    let asking = a.transport.clone();
    let to = b.route();
    let asked = tokio::spawn(async move { ping(&asking, to).await });
    let incoming = b.next_request().await;
    assert_eq!(incoming.request, Request::Ping);
    assert_eq!(incoming.from.peer_id, a.transport.peer_id());
    assert_eq!(incoming.from.local_listen_addr, Some(b.addr()));
    assert_ne!(
        incoming.from.transport_addr.to_string(),
        a.addr().to_string()
    );
    incoming.responder.reply(&Response::Pong).await.unwrap();
    assert_eq!(asked.await.unwrap(), Response::Pong);
}

#[tokio::test]
async fn a_dial_without_an_expected_identity_tells_who_is_there() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let dialed = a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
    assert_eq!(dialed.peer_id, b.transport.peer_id());
    assert!(a.transport.is_connected(b.transport.peer_id()));
}

#[tokio::test]
async fn another_identity_than_the_expected_one_is_refused_and_named() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let expected = Identity::ephemeral().unwrap().peer_id();
    let failure = a
        .transport
        .dial(&[b.addr()], Some(expected), PATIENCE)
        .await
        .unwrap_err();
    let addr = b.addr().socket_addr();
    let found = b.transport.peer_id();
    assert_eq!(
        failure,
        DialFailure::OtherPeer {
            addr,
            found,
            expected
        }
    );
    assert!(!a.transport.is_connected(found));

    let to = Route {
        peer_id: expected,
        listen_addr: b.addr(),
    };
    a.transport
        .request(to, &Request::Ping, PATIENCE)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_peer_does_not_connect_to_itself() {
    let a = TestPeer::start();
    let failure = a
        .transport
        .dial(&[a.addr()], None, PATIENCE)
        .await
        .unwrap_err();
    assert_eq!(
        failure,
        DialFailure::Myself {
            addr: a.addr().socket_addr()
        }
    );
}

#[tokio::test]
async fn peers_of_different_versions_name_both_versions_on_both_sides() {
    let a = TestPeer::start();
    let mut config = TransportConfig::new(LOOPBACK);
    config.protocol_version = PROTOCOL_VERSION + 6;
    let mut b = TestPeer::start_with(config);
    let expect = Some(b.transport.peer_id());
    let failure = a
        .transport
        .dial(&[b.addr()], expect, PATIENCE)
        .await
        .unwrap_err();
    let addr = b.addr().socket_addr();
    let (theirs, ours) = (PROTOCOL_VERSION + 6, PROTOCOL_VERSION);
    assert_eq!(failure, DialFailure::OtherVersion { addr, theirs, ours });
    assert!(
        failure
            .to_string()
            .contains("runs another version of Lanspread"),
        "{failure}"
    );

    match b.next_event().await {
        NetEvent::OtherVersion {
            peer_id, theirs, ..
        } => {
            assert_eq!(peer_id, a.transport.peer_id());
            assert_eq!(theirs, PROTOCOL_VERSION);
        }
        other => panic!("expected the other version to be reported, not {other:?}"),
    }
    assert!(!b.transport.is_connected(a.transport.peer_id()));
}

#[tokio::test]
async fn a_dead_candidate_does_not_hold_up_a_live_one() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    // It takes every packet and answers none, like a host behind a silent firewall.
    let silent = UdpSocket::bind(LOOPBACK).unwrap();
    let dead = ListenAddr::new(silent.local_addr().unwrap()).unwrap();
    let began = Instant::now();
    let expect = Some(b.transport.peer_id());
    let dialed = a
        .transport
        .dial(&[dead, b.addr()], expect, PATIENCE)
        .await
        .unwrap();
    assert_eq!(dialed.remote, b.addr());
    assert!(began.elapsed() < PATIENCE / 4, "took {:?}", began.elapsed());
    assert_eq!(a.transport.connection_count(), 1);
}

#[tokio::test]
async fn an_impostor_candidate_does_not_hold_up_the_right_one() {
    let a = TestPeer::start();
    let impostor = TestPeer::start();
    let b = TestPeer::start();
    let expect = Some(b.transport.peer_id());
    let candidates = [impostor.addr(), a.addr(), b.addr()];
    let dialed = a
        .transport
        .dial(&candidates, expect, PATIENCE)
        .await
        .unwrap();
    assert_eq!(dialed.peer_id, b.transport.peer_id());
}

#[tokio::test]
async fn when_nobody_answers_the_failure_names_every_candidate() {
    let a = TestPeer::start();
    let silent: Vec<UdpSocket> = (0..3).map(|_| UdpSocket::bind(LOOPBACK).unwrap()).collect();
    let candidates: Vec<ListenAddr> = silent
        .iter()
        .map(|socket| ListenAddr::new(socket.local_addr().unwrap()).unwrap())
        .collect();
    let failure = a
        .transport
        .dial(&candidates, None, SHORT)
        .await
        .unwrap_err();
    for candidate in candidates {
        assert!(
            failure.to_string().contains(&candidate.to_string()),
            "{failure}"
        );
    }
    assert!(matches!(failure, DialFailure::Unreachable { .. }));
}

#[tokio::test]
async fn a_dial_without_candidates_fails_at_once() {
    let a = TestPeer::start();
    let failure = a.transport.dial(&[], None, PATIENCE).await.unwrap_err();
    assert!(matches!(failure, DialFailure::Unreachable { .. }));
}

#[tokio::test]
async fn a_server_of_something_else_is_not_taken_for_a_peer() {
    let a = TestPeer::start();
    let mut config = tls::configs(&Identity::ephemeral().unwrap(), alpn(1))
        .unwrap()
        .server;
    config.alpn_protocols = vec![b"h3".to_vec()];
    let server = Server::builder()
        .with_tls(TlsServer::from(config))
        .unwrap()
        .with_io(LOOPBACK)
        .unwrap()
        .start()
        .unwrap();
    let addr = ListenAddr::new(server.local_addr().unwrap()).unwrap();
    // Some servers say that they speak no common protocol; those of s2n-quic stay silent.
    let failure = a.transport.dial(&[addr], None, SHORT).await.unwrap_err();
    assert!(
        matches!(
            failure,
            DialFailure::Handshake { .. } | DialFailure::Unreachable { .. }
        ),
        "{failure}"
    );
    assert_eq!(a.transport.connection_count(), 0);
}

#[tokio::test]
async fn whoever_shows_no_certificate_cannot_ask_anything() {
    let mut b = TestPeer::start();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let honest = tls::configs(&Identity::ephemeral().unwrap(), alpn(1))
        .unwrap()
        .client;
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(tls::any_proven_peer())
        .with_no_client_auth();
    config.alpn_protocols = honest.alpn_protocols;
    let client = Client::builder()
        .with_tls(TlsClient::from(config))
        .unwrap()
        .with_io(LOOPBACK)
        .unwrap()
        .start()
        .unwrap();
    let connect = Connect::new(b.addr().socket_addr()).with_server_name("lanspread");
    // The handshake fails on the listening side, which this side may learn a moment later.
    let refused = async {
        let mut connection = client.connect(connect).await?;
        let mut stream = connection.open_bidirectional_stream().await?;
        let _ = stream.send(r#"{"type":"ping"}"#.into()).await;
        stream
            .receive()
            .await
            .map_err(|_| s2n_quic::connection::Error::unspecified())
    };
    assert!(timeout(PATIENCE, refused).await.unwrap().is_err());

    // What the listener hears next is the honest peer: nothing of the other arrived.
    let a = TestPeer::start();
    let to = b.route();
    let honest = a.transport.clone();
    tokio::spawn(async move { ping(&honest, to).await });
    assert_eq!(b.next_request().await.from.peer_id, a.transport.peer_id());
}

#[tokio::test]
async fn many_requests_at_once_to_a_peer_make_one_connection() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let to = b.route();
    let b = b.keep_answering();
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let asking = a.transport.clone();
        requests.spawn(async move { ping(&asking, to).await });
    }
    assert!(
        requests
            .join_all()
            .await
            .iter()
            .all(|response| *response == Response::Pong)
    );
    assert_eq!(a.transport.connection_count(), 1);
    assert_eq!(b.connection_count(), 1);
}

#[tokio::test]
async fn a_listener_on_every_ipv6_address_talks_ipv4_both_ways() {
    let config = TransportConfig::new("[::]:0".parse().unwrap());
    let (sender, _events) = mpsc::channel(16);
    let identity = Identity::ephemeral().unwrap();
    let both = match Transport::bind(config, &identity, sender) {
        Ok(both) => both,
        // A machine without IPv6 has nothing to test.
        Err(BindError::Listen { .. } | BindError::NotHere { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    let v4 = TestPeer::start();
    let addr: SocketAddr = (Ipv4Addr::LOCALHOST, both.shared.listen.port()).into();
    let to = ListenAddr::new(addr).unwrap();
    let dialed = v4
        .transport
        .dial(&[to], Some(both.peer_id()), PATIENCE)
        .await
        .unwrap();
    assert_eq!(dialed.remote, to);

    let other = TestPeer::start();
    let expect = Some(other.transport.peer_id());
    let dialed = both.dial(&[other.addr()], expect, PATIENCE).await.unwrap();
    assert_eq!(dialed.local_listen_addr, to);
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let a = TestPeer::start();
    let (sender, _events) = mpsc::channel(1);
    let config = TransportConfig::new(a.addr().socket_addr());
    let error = Transport::bind(config, &Identity::ephemeral().unwrap(), sender).unwrap_err();
    assert!(matches!(error, BindError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("choose another port"), "{error}");
}

#[tokio::test]
async fn an_address_of_another_machine_cannot_be_listened_on() {
    let (sender, _events) = mpsc::channel(1);
    // TEST-NET-1 of RFC 5737: no machine has it.
    let config = TransportConfig::new("192.0.2.1:0".parse().unwrap());
    let error = Transport::bind(config, &Identity::ephemeral().unwrap(), sender).unwrap_err();
    assert!(matches!(error, BindError::NotHere { .. }), "{error}");
}
