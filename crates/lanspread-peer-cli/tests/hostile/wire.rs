//! Lies on the wire: frames, streams and greetings.

use std::time::Duration;

use lanspread_proto::Response;
use tokio::time;

use crate::{
    attack::{Attack, Blame, CPU_MAX, MEMORY_MIB_MAX, Table, play},
    liar::Liar,
    lies::frame,
};

const fn attack(
    name: &'static str,
    misconduct: &'static str,
    log: &'static str,
    act: fn(&Table<'_>),
) -> Attack {
    Attack {
        name,
        blame: Blame::KeptAway(misconduct),
        log,
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act,
    }
}

const MALFORMED: &str = "sends requests that are no messages, or over the limits";

/// Sends the same on stream after stream, until the victim has enough.
async fn insist(table: &Table<'_>, bytes: Vec<u8>) {
    let liar = Liar::connect(&table.victim.addr, table.identity).await;
    for _ in 0..1_000 {
        if liar.send_raw(bytes.clone()).await.is_none() {
            break;
        }
    }
    table.wait_turned_on(&liar);
}

#[test]
fn a_frame_header_of_four_gigabytes() {
    play(&attack(
        "frame header of 4 GiB",
        "malformed-request",
        MALFORMED,
        |table| table.lie(|| insist(table, vec![0xff; 4])),
    ));
}

#[test]
fn a_request_nested_as_deep_as_its_frame_allows() {
    play(&attack(
        "request nested 60,000 deep",
        "malformed-request",
        MALFORMED,
        |table| table.lie(|| insist(table, frame(&b"[".repeat(60_000)))),
    ));
}

#[test]
fn a_frame_that_never_ends() {
    play(&attack(
        "endless frame",
        "malformed-request",
        MALFORMED,
        |table| table.lie(|| endless(table)),
    ));
}

/// Frames behind which more and more follows, on as many streams as may be open.
async fn endless(table: &Table<'_>) {
    let liar = Liar::connect(&table.victim.addr, table.identity).await;
    let mut floods = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let Some(mut stream) = liar.open().await else {
            break;
        };
        floods.spawn(async move {
            let mut sent = stream.send(frame(br#"{"type":"ping"}"#).into()).await;
            while sent.is_ok() {
                sent = stream.send(vec![0; 64 * 1024].into()).await;
            }
        });
    }
    table.wait_turned_on(&liar);
}

#[test]
fn streams_on_which_nothing_is_written() {
    play(&attack(
        "streams opened and never written",
        "silent-stream",
        "opens streams and asks nothing on them",
        |table| table.lie(|| silence(table)),
    ));
}

/// As many silent streams as may be open.
async fn silence(table: &Table<'_>) {
    let liar = Liar::connect(&table.victim.addr, table.identity).await;
    let mut streams = Vec::new();
    for _ in 0..128 {
        let Some(mut stream) = liar.open().await else {
            break;
        };
        // One byte makes the stream known to the other side.
        let _ = stream.send(vec![0].into()).await;
        streams.push(stream);
    }
    table.wait_turned_on(&liar);
}

#[test]
fn ten_thousand_streams() {
    play(&attack(
        "10,000 streams",
        "abandoned-stream",
        "opens streams and breaks them off",
        |table| table.lie(|| many_streams(table)),
    ));
}

/// Streams that are opened and broken off as fast as that goes.
async fn many_streams(table: &Table<'_>) {
    let liar = Liar::connect(&table.victim.addr, table.identity).await;
    for _ in 0..10_000 {
        let Some(mut stream) = liar.open().await else {
            break;
        };
        let _ = stream.send(vec![0].into()).await;
        let _ = stream.flush().await;
        let _ = stream.reset(1_u32.into());
    }
    table.wait_turned_on(&liar);
}

#[test]
fn one_byte_a_second() {
    play(&attack(
        "one byte a second",
        "silent-stream",
        "opens streams and asks nothing on them",
        |table| table.lie(|| trickle(table)),
    ));
}

/// Requests of which one byte comes each second, on as many streams as may be open.
async fn trickle(table: &Table<'_>) {
    let liar = Liar::connect(&table.victim.addr, table.identity).await;
    let mut drops = tokio::task::JoinSet::new();
    for _ in 0..128 {
        let Some(mut stream) = liar.open().await else {
            break;
        };
        drops.spawn(async move {
            let mut second = time::interval(Duration::from_secs(1));
            for byte in frame(br#"{"type":"library-snapshot"}"#) {
                second.tick().await;
                if stream.send(vec![byte].into()).await.is_err() {
                    break;
                }
            }
        });
    }
    table.wait_turned_on(&liar);
}

#[test]
fn a_hello_with_the_identity_of_another_peer() {
    play(&attack(
        "Hello with another's peer_id",
        "impersonation",
        "claimed to be another peer",
        |table| table.lie(|| impersonate(table)),
    ));
}

async fn impersonate(table: &Table<'_>) {
    let liar = Liar::connect(&table.victim.addr, table.identity).await;
    let honest = table.honest.peer_id.parse().expect("a peer id");
    let answer = liar.hello(liar.listen_addr(), honest, &[]).await;
    assert!(
        !matches!(answer, Some(Response::HelloAck(_))),
        "it is believed: {answer:?}"
    );
    table.wait_turned_on(&liar);
}

#[test]
fn a_hello_with_the_address_of_another_peer() {
    play(&attack(
        "Hello with another's listener address",
        "foreign-address",
        "gave the address of somebody else as its own",
        |table| table.lie(|| usurp(table)),
    ));
}

async fn usurp(table: &Table<'_>) {
    let liar = Liar::connect(&table.victim.addr, table.identity).await;
    let honest = table.honest.addr.parse().expect("an address");
    liar.hello(honest, table.identity.peer_id(), &[]).await;
    table.wait_turned_on(&liar);
}

#[test]
fn a_storm_of_requests() {
    play(&attack(
        "request storm",
        "request-storm",
        "asks far more than it may",
        |table| table.lie(|| insist(table, frame(br#"{"type":"list-games"}"#))),
    ));
}
