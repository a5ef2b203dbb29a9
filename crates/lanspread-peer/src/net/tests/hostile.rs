//! What comes from broken or hostile peers, and that it disturbs nobody.

use std::{
    future::Future as _,
    pin::pin,
    task::{Context, Waker},
};

use bytes::Bytes;
use lanspread_core::RequestFailure;
use lanspread_proto::{
    RefusalKind,
    limits::{REQUEST_FRAME_BYTES_MAX, RESPONSE_FRAME_BYTES_MAX},
};

use s2n_quic::client::Connect;

use super::*;
use crate::net::{
    endpoint,
    limits::{CONNECTIONS_PER_PEER_MAX, REQUEST_WINDOW_BYTES, STREAMS_PER_CONNECTION_MAX},
    tls,
};

fn frame(payload: &[u8]) -> Bytes {
    let len = u32::try_from(payload.len()).unwrap();
    [&len.to_be_bytes(), payload].concat().into()
}

/// `{"type":"ping"}` with blanks behind it, `len` bytes in all.
fn padded_ping(len: usize) -> Vec<u8> {
    let mut payload = br#"{"type":"ping"}"#.to_vec();
    payload.resize(len, b' ');
    payload
}

async fn send_raw(from: &Transport, to: Route, bytes: Bytes) -> ReceiveStream {
    let (receive, mut send) = raw_stream(from, to).await;
    // The other side may have refused and reset before all was taken.
    let _ = send.send(bytes).await;
    let _ = send.finish();
    receive
}

fn assert_bad_request(response: &Response) {
    match response {
        Response::Refused(refusal) => assert_eq!(refusal.kind, RefusalKind::BadRequest),
        other => panic!("expected a refusal, not {other:?}"),
    }
}

#[tokio::test]
async fn five_hundred_malformed_frames_do_not_disturb_an_honest_peer() {
    let hostile = TestPeer::start();
    let honest = TestPeer::start();
    let b = TestPeer::start();
    let to = b.route();
    let b = b.keep_answering();
    let nonsense: [Bytes; 6] = [
        frame(b""),
        frame(b"{"),
        frame(br#"{"type":"open-sesame"}"#),
        frame(b"\xff\xfe\x00\x01"),
        frame(br#"{"type":"get-game","id":"../evil"}"#),
        [&frame(br#"{"type":"ping"}"#)[..], b"and more"]
            .concat()
            .into(),
    ];
    for nth in 0..500 {
        let receive = send_raw(&hostile.transport, to, nonsense[nth % 6].clone()).await;
        assert_bad_request(&read_response(receive).await);
        if nth % 50 == 0 {
            assert_eq!(ping(&honest.transport, to).await, Response::Pong);
        }
    }
    assert_eq!(b.stats().malformed_requests, 500);
    assert_eq!(ping(&hostile.transport, to).await, Response::Pong);
}

#[tokio::test]
async fn a_request_frame_at_the_limit_is_read_and_one_past_it_is_refused() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let to = b.route();
    let _b = b.keep_answering();
    let at_limit = frame(&padded_ping(REQUEST_FRAME_BYTES_MAX));
    let receive = send_raw(&a.transport, to, at_limit).await;
    assert_eq!(read_response(receive).await, Response::Pong);

    let past_limit = frame(&padded_ping(REQUEST_FRAME_BYTES_MAX + 1));
    let receive = send_raw(&a.transport, to, past_limit).await;
    assert_bad_request(&read_response(receive).await);
}

#[tokio::test]
async fn a_frame_is_refused_by_its_announced_length_before_its_bytes_come() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let (receive, mut send) = raw_stream(&a.transport, b.route()).await;
    send.send(Bytes::from_static(&[0xff; 4])).await.unwrap();
    assert_bad_request(&read_response(receive).await);
}

/// What a request to a server comes to that answers the first stream with these bytes.
async fn answered_with(bytes: Vec<u8>) -> Result<Response, RequestFailure> {
    let to = answering(|mut send| async move {
        // The asker may turn away before it has taken all.
        let _ = send.send(bytes.into()).await;
        let _ = send.close().await;
    });
    let a = TestPeer::start();
    a.transport.request(to, &Request::Ping, PATIENCE).await
}

#[tokio::test]
async fn a_response_frame_at_the_limit_is_read_and_one_past_it_breaks_the_protocol() {
    let mut payload = br#"{"type":"pong"}"#.to_vec();
    payload.resize(RESPONSE_FRAME_BYTES_MAX, b' ');
    let at_limit = answered_with(frame(&payload).to_vec()).await;
    assert_eq!(at_limit, Ok(Response::Pong));

    payload.push(b' ');
    let past_limit = answered_with(frame(&payload).to_vec()).await;
    assert!(
        matches!(past_limit, Err(RequestFailure::Protocol(_))),
        "{past_limit:?}"
    );
}

#[tokio::test]
async fn a_stream_on_which_nothing_is_written_is_dropped() {
    let mut config = TransportConfig::new(LOOPBACK);
    config.request_read_timeout = SHORT;
    let a = TestPeer::start();
    let b = TestPeer::start_with(config);
    let to = b.route();
    let b = b.keep_answering();
    let (mut receive, mut send) = raw_stream(&a.transport, to).await;
    // Two bytes make the stream known to the other side; the rest of the header never comes.
    send.send(Bytes::from_static(&[0, 0])).await.unwrap();
    let dropped = timeout(PATIENCE, receive.receive()).await.unwrap();
    assert!(dropped.is_err(), "the stream was not reset: {dropped:?}");
    assert_eq!(b.stats().silent_streams, 1);
    assert_eq!(ping(&a.transport, to).await, Response::Pong);
}

#[tokio::test]
async fn a_connection_has_no_more_streams_than_the_limit() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let to = b.route();
    let _b = b.keep_answering();
    let mut streams = Vec::new();
    for _ in 0..STREAMS_PER_CONNECTION_MAX {
        streams.push(raw_stream(&a.transport, to).await);
    }
    let mut one_more = pin!(raw_stream(&a.transport, to));
    let mut context = Context::from_waker(Waker::noop());
    assert!(one_more.as_mut().poll(&mut context).is_pending());

    let (receive, mut send) = streams.pop().unwrap();
    send.send(frame(br#"{"type":"ping"}"#)).await.unwrap();
    send.finish().unwrap();
    assert_eq!(read_response(receive).await, Response::Pong);
    drop(send);
    timeout(PATIENCE, one_more)
        .await
        .expect("room for one more stream");
}

#[tokio::test]
async fn one_connection_too_many_with_a_peer_closes_the_oldest() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    for made in 1..=CONNECTIONS_PER_PEER_MAX {
        a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
        assert_eq!(a.transport.connection_count(), made);
    }
    let first = a
        .transport
        .shared
        .links()
        .with_peer(b.transport.peer_id())
        .pop()
        .unwrap();
    a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
    let mut handle = first.handle.clone();
    assert!(handle.open_bidirectional_stream().await.is_err());
    assert!(a.transport.is_connected(b.transport.peer_id()));
}

#[tokio::test]
async fn a_stream_takes_its_window_and_not_one_byte_more_until_it_is_read() {
    let config = TransportConfig::new(LOOPBACK);
    let endpoints = || endpoint::start(&config, &Identity::ephemeral().unwrap()).unwrap();
    let (hostile, mut victim) = (endpoints(), endpoints());
    let connect = Connect::new(victim.listen).with_server_name(tls::SERVER_NAME);
    let (connection, accepted) =
        tokio::join!(hostile.client.connect(connect), victim.server.accept());
    let (mut connection, mut accepted) = (connection.unwrap(), accepted.unwrap());
    let window = usize::try_from(REQUEST_WINDOW_BYTES).unwrap();
    let mut written = Vec::new();
    for len in [window + 1, window, 1] {
        let mut stream = connection.open_bidirectional_stream().await.unwrap();
        stream.send(vec![7; len].into()).await.unwrap();
        written.push(stream);
    }
    let [past, at, another] = &mut written[..] else {
        panic!("three streams");
    };
    timeout(PATIENCE, at.flush()).await.unwrap().unwrap();
    timeout(PATIENCE, another.flush()).await.unwrap().unwrap();
    let mut flushed = pin!(past.flush());
    let mut context = Context::from_waker(Waker::noop());
    assert!(flushed.as_mut().poll(&mut context).is_pending());

    let mut first = accepted
        .accept_bidirectional_stream()
        .await
        .unwrap()
        .unwrap();
    let mut read = 0;
    while read <= window {
        let more = timeout(PATIENCE, first.receive()).await.unwrap().unwrap();
        read += more.expect("it goes on").len();
    }
    timeout(PATIENCE, flushed).await.unwrap().unwrap();
}
