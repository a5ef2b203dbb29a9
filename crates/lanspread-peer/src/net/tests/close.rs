//! How a transport ends.

use std::time::Instant;

use super::*;

#[tokio::test]
async fn close_is_prompt_tells_the_others_and_leaves_nothing_running() {
    let a = TestPeer::start();
    let mut b = TestPeer::start();
    let to = b.route();
    a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
    // A request that nobody answers, and a stream on which nothing comes.
    let asking = a.transport.clone();
    let asked = tokio::spawn(async move { asking.request(to, &Request::Ping, PATIENCE).await });
    let unanswered = b.next_request().await;
    let _silent = raw_stream(&b.transport, a.route()).await;

    let began = Instant::now();
    a.transport.close().await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "took {:?}",
        began.elapsed()
    );
    assert_eq!(a.transport.shared.tasks.len(), 0);
    assert_eq!(a.transport.connection_count(), 0);
    assert!(asked.await.unwrap().is_err());

    let a_id = a.transport.peer_id();
    assert!(matches!(b.next_event().await, NetEvent::Disconnected(peer) if peer == a_id));
    drop(unanswered);
}

#[tokio::test]
async fn a_closed_transport_can_be_closed_again_and_refuses_work() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    a.transport.close().await;
    a.transport.close().await;
    assert!(a.transport.dial(&[b.addr()], None, PATIENCE).await.is_err());
    assert!(
        a.transport
            .request(b.route(), &Request::Ping, PATIENCE)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_port_of_a_closed_transport_is_free_again() {
    let a = TestPeer::start();
    let listen = a.addr().socket_addr();
    a.transport.close().await;
    let again = TestPeer::start_with(TransportConfig::new(listen));
    assert_eq!(again.addr().socket_addr(), listen);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_every_task() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    a.transport.dial(&[b.addr()], None, PATIENCE).await.unwrap();
    let tasks = a.transport.shared.tasks.clone();
    assert!(!tasks.is_empty());
    drop(a);
    tasks.close();
    timeout(PATIENCE, tasks.wait())
        .await
        .expect("every task ends");
}

#[tokio::test]
async fn reports_that_nobody_takes_do_not_hold_up_the_close() {
    let a = TestPeer::start();
    let b = TestPeer::start();
    let mut asks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (asking, to) = (a.transport.clone(), b.route());
        asks.spawn(async move { asking.request(to, &Request::Ping, PATIENCE).await });
    }
    while b.events.len() < b.events.max_capacity() {
        tokio::task::yield_now().await;
    }
    timeout(PATIENCE, b.transport.close())
        .await
        .expect("a prompt close");
    assert!(asks.join_all().await.iter().all(Result::is_err));
}
