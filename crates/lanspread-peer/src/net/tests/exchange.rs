//! Requests and their answers.

use lanspread_core::RequestFailure;

use super::*;

#[tokio::test]
async fn both_sides_ask_over_one_connection_whoever_made_it() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
    let (to_a, to_b) = (a.route(), b.route());
    let (a, b) = (a.keep_answering(), b.keep_answering());
    assert_eq!(ping(&a, to_b).await, Response::Pong);
    assert_eq!(ping(&b, to_a).await, Response::Pong);
    assert_eq!((a.connection_count(), b.connection_count()), (1, 1));
}

#[tokio::test]
async fn a_request_to_a_peer_that_is_not_connected_dials_its_listener() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let to = b.route();
    let _b = b.keep_answering();
    assert_eq!(ping(&a.transport, to).await, Response::Pong);
}

#[tokio::test]
async fn the_end_of_the_last_connection_is_reported_on_both_sides() {
    let mut a = TestPeer::start();
    let mut b = TestPeer::start();
    let (a_id, b_id) = (a.transport.peer_id(), b.transport.peer_id());
    a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
    b.transport.dial(&[a.addr()], None, PATIENCE).await.unwrap();
    a.transport.disconnect(b_id);
    assert!(matches!(a.next_event().await, NetEvent::Disconnected(peer) if peer == b_id));
    assert!(matches!(b.next_event().await, NetEvent::Disconnected(peer) if peer == a_id));
    assert_eq!(
        (
            a.transport.connection_count(),
            b.transport.connection_count()
        ),
        (0, 0)
    );
}

#[tokio::test]
async fn a_request_after_a_disconnect_connects_again() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let (to, b_id) = (b.route(), b.transport.peer_id());
    let _b = b.keep_answering();
    ping(&a.transport, to).await;
    a.transport.disconnect(b_id);
    assert_eq!(ping(&a.transport, to).await, Response::Pong);
}

#[tokio::test]
async fn an_unanswered_request_fails_when_its_time_is_up() {
    let a = TestPeer::start();
    let mut b = TestPeer::start();
    let asked = a.transport.request(b.route(), &Request::Ping, SHORT);
    let (failure, incoming) = tokio::join!(asked, b.next_request());
    assert_eq!(failure.unwrap_err(), RequestFailure::Timeout(SHORT));
    drop(incoming);
}

#[tokio::test]
async fn a_dropped_responder_tells_the_asker_at_once() {
    let a = TestPeer::start();
    let mut b = TestPeer::start();
    let to = b.route();
    let asked = a.transport.request(to, &Request::Ping, PATIENCE);
    let dropped = async { drop(b.next_request().await) };
    let (failure, ()) = tokio::join!(asked, dropped);
    assert!(matches!(
        failure.unwrap_err(),
        RequestFailure::Connection(_)
    ));
}

#[tokio::test]
async fn bytes_behind_an_answer_that_has_none_break_the_protocol() {
    let a = TestPeer::start();
    let mut b = TestPeer::start();
    let to = b.route();
    let asked = a.transport.request(to, &Request::Ping, PATIENCE);
    let answered = async {
        let mut sender = b.next_request().await.responder.chunks(1).await.unwrap();
        sender.send("x".into()).await.unwrap();
        // The asker may stop reading before all is acknowledged.
        let _ = sender.finish().await;
    };
    let (failure, ()) = tokio::join!(asked, answered);
    assert!(matches!(failure.unwrap_err(), RequestFailure::Protocol(_)));
}

#[tokio::test]
async fn a_request_to_an_address_where_nobody_is_says_so() {
    let a = TestPeer::start();
    let silent = std::net::UdpSocket::bind(LOOPBACK).unwrap();
    let listen_addr = ListenAddr::new(silent.local_addr().unwrap()).unwrap();
    let to = Route {
        peer_id: Identity::ephemeral().unwrap().peer_id(),
        listen_addr,
    };
    let failure = a
        .transport
        .request(to, &Request::Ping, SHORT)
        .await
        .unwrap_err();
    assert!(
        matches!(
            failure,
            RequestFailure::Timeout(_) | RequestFailure::Connection(_)
        ),
        "{failure}"
    );
}

#[tokio::test]
async fn a_silent_connection_ends_after_its_idle_time() {
    let mut config = TransportConfig::new(LOOPBACK);
    config.idle_timeout = SHORT;
    let a = TestPeer::start();
    let mut b = TestPeer::start_with(config);
    a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
    let a_id = a.transport.peer_id();
    assert!(matches!(b.next_event().await, NetEvent::Disconnected(peer) if peer == a_id));
}
