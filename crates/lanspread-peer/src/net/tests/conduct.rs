//! What peers do wrong on the wire, and how those that are kept away are met.

use bytes::Bytes;
use lanspread_core::{DialFailure, Offence, RequestFailure};

use super::*;

/// The next report of misconduct.
async fn next_misconduct(peer: &mut TestPeer) -> (lanspread_proto::PeerId, Offence, u32) {
    loop {
        if let NetEvent::Misbehaved {
            peer_id,
            offence,
            times,
            ..
        } = peer.next_event().await
        {
            return (peer_id, offence, times);
        }
    }
}

#[tokio::test]
async fn a_flood_of_offences_is_counted_and_told_seldom() {
    const FRAMES: u32 = 300;
    let hostile = TestPeer::start();
    let mut b = TestPeer::start();
    let to = b.route();
    let flood = async {
        for _ in 0..FRAMES {
            let (receive, mut send) = raw_stream(&hostile.transport, to).await;
            send.send(Bytes::from_static(&[0xff; 4])).await.unwrap();
            read_response(receive).await;
        }
    };
    let told = async {
        let (mut reports, mut sum) = (0, 0);
        while sum < FRAMES {
            let (peer_id, offence, times) = next_misconduct(&mut b).await;
            assert_eq!(peer_id, hostile.transport.peer_id());
            assert_eq!(offence, Offence::MalformedRequest);
            reports += 1;
            sum += times;
        }
        (reports, sum)
    };
    let ((), (reports, sum)) = tokio::join!(flood, told);
    assert_eq!(sum, FRAMES, "nothing is lost and nothing counted twice");
    assert!(reports < FRAMES, "{reports} reports");
}

#[tokio::test]
async fn a_stream_that_is_broken_off_is_an_offence_and_a_closed_connection_is_none() {
    let hostile = TestPeer::start();
    let mut b = TestPeer::start();
    let (_receive, mut send) = raw_stream(&hostile.transport, b.route()).await;
    send.send(Bytes::from_static(&[0, 0])).await.unwrap();
    send.reset(1_u32.into()).unwrap();
    let id = hostile.transport.peer_id();
    assert_eq!(
        next_misconduct(&mut b).await,
        (id, Offence::AbandonedStream, 1)
    );
    let (_receive, mut send) = raw_stream(&hostile.transport, b.route()).await;
    send.send(Bytes::from_static(&[0, 0])).await.unwrap();
    hostile.transport.close().await;
    let event = b.next_event().await;
    assert!(matches!(event, NetEvent::Disconnected(_)), "{event:?}");
}

/// A frame of which a byte is sent each time `often` ticks, until nobody wants it.
async fn trickle(mut send: SendStream) {
    let mut often = tokio::time::interval(SHORT / 20);
    for byte in [&1_000_u32.to_be_bytes()[..], &[b' '; 1_000]].concat() {
        often.tick().await;
        if send.send(vec![byte].into()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn an_answer_that_trickles_is_an_offence_and_one_that_falls_silent_is_none() {
    const WAIT: Duration = Duration::from_secs(1);
    let silent = answering(|mut send| async move {
        send.send(Bytes::from_static(b"\0\0")).await.unwrap();
        std::future::pending::<()>().await;
    });
    let trickling = answering(trickle);
    let mut a = TestPeer::start();
    for to in [silent, trickling] {
        let candidates = [to.listen_addr];
        a.transport.dial(&candidates, None, PATIENCE).await.unwrap();
        let answer = a.transport.request(to, &Request::Ping, WAIT).await;
        assert_eq!(answer, Err(RequestFailure::Timeout(WAIT)));
    }
    assert_eq!(
        next_misconduct(&mut a).await,
        (trickling.peer_id, Offence::TrickledAnswer, 1)
    );
}

#[tokio::test]
async fn whoever_is_kept_away_is_cut_off_and_its_next_connection_is_refused() {
    let hostile = TestPeer::start();
    let honest = TestPeer::start();
    let b = TestPeer::start();
    let (to, id) = (b.route(), hostile.transport.peer_id());
    let b = b.keep_answering();
    assert_eq!(ping(&hostile.transport, to).await, Response::Pong);
    b.keep_away(id);
    let refused = hostile
        .transport
        .request(to, &Request::Ping, PATIENCE)
        .await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(ping(&honest.transport, to).await, Response::Pong);
    b.readmit(id);
    assert_eq!(ping(&hostile.transport, to).await, Response::Pong);
}

#[tokio::test]
async fn whoever_is_kept_away_is_not_dialed_either() {
    let hostile = TestPeer::start();
    let a = TestPeer::start();
    a.transport.keep_away(hostile.transport.peer_id());
    let dialed = a.transport.dial(&[hostile.addr()], None, PATIENCE).await;
    assert!(
        matches!(dialed, Err(DialFailure::KeptAway { .. })),
        "{dialed:?}"
    );
    assert_eq!(a.transport.connection_count(), 0);
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_closed_and_one_that_asks_stays() {
    let mut config = TransportConfig::new(LOOPBACK);
    config.first_request_timeout = SHORT;
    let silent = TestPeer::start();
    let honest = TestPeer::start();
    let mut b = TestPeer::start_with(config);
    let to = b.route();
    let asked = raw_stream(&honest.transport, to).await;
    let (receive, mut send) = asked;
    send.send(Bytes::from_static(b"\0\0\0\x0f{\"type\":\"ping\"}"))
        .await
        .unwrap();
    send.finish().unwrap();
    let incoming = b.next_request().await;
    incoming.responder.reply(&Response::Pong).await.unwrap();
    assert_eq!(read_response(receive).await, Response::Pong);
    silent
        .transport
        .dial(&[b.addr()], None, PATIENCE)
        .await
        .unwrap();
    let (peer_id, offence, _) = next_misconduct(&mut b).await;
    assert_eq!(peer_id, silent.transport.peer_id());
    assert_eq!(offence, Offence::SilentStream);
    assert!(b.transport.is_connected(honest.transport.peer_id()));
}
