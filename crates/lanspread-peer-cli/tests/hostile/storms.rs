//! Attacks that nobody can be blamed for, because whoever makes them can be anybody.

use std::{sync::Arc, time::Duration};

use lanspread_peer::identity::Identity;
use tokio::{
    io::AsyncReadExt as _,
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    attack::{Attack, CPU_MAX, MEMORY_MIB_MAX, TURNED_AWAY, Table, play},
    liar::Liar,
};

/// How many identities connect.
const IDENTITIES: usize = 500;

/// How many of them at a time.
const AT_A_TIME: usize = 64;

/// How long the storm lasts: a connection that is turned away is tried again by QUIC itself.
const STORM: Duration = Duration::from_secs(6);

#[test]
fn five_hundred_identities_connect() {
    play(&Attack {
        name: "connect storm from 500 identities",
        blame: TURNED_AWAY,
        log: "a connection storm",
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| table.lie(|| storm(table)),
    });
}

async fn storm(table: &Table<'_>) {
    let until = Instant::now() + STORM;
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut storm = JoinSet::new();
    for _ in 0..IDENTITIES {
        let (turns, addr) = (Arc::clone(&turns), table.victim.addr.clone());
        storm.spawn(async move {
            let _turn = turns.acquire().await.expect("never closed");
            let identity = Identity::ephemeral().expect("a new identity");
            let liar = timeout_at(until, Liar::connect(&addr, &identity))
                .await
                .ok()?;
            timeout_at(until, liar.is_received()).await.ok()?;
            Some(liar)
        });
    }
    // Whoever got in stays until the end.
    let mut received = Vec::new();
    while let Some(liar) = storm.join_next().await {
        received.extend(liar.ok().flatten());
    }
    assert!(received.len() < IDENTITIES, "nobody was turned away");
}

/// How many lanes are opened and left without a word.
const SILENT_LANES: usize = 500;

/// How long it may take on a busy machine until the last of them is closed.
const LANES_PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn five_hundred_lanes_say_nothing() {
    play(&Attack {
        name: "500 bulk lanes without a word",
        blame: TURNED_AWAY,
        log: "a connection storm",
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| table.lie(|| silence(table)),
    });
}

async fn silence(table: &Table<'_>) {
    let until = Instant::now() + LANES_PATIENCE;
    let mut lanes = JoinSet::new();
    for _ in 0..SILENT_LANES {
        let addr = table.victim.addr.clone();
        lanes.spawn(async move {
            let lane = timeout_at(until, TcpStream::connect(&addr)).await;
            let mut lane = lane.ok()?.ok()?;
            // Ends when the other side closes it.
            let closed = timeout_at(until, lane.read(&mut [0])).await;
            Some((lane, closed.is_ok()))
        });
    }
    let (mut closed, mut silent) = (0, Vec::new());
    while let Some(lane) = lanes.join_next().await {
        match lane.expect("no panic") {
            Some((_, true)) => closed += 1,
            Some((lane, false)) => silent.push(lane),
            None => {}
        }
    }
    assert!(closed > SILENT_LANES / 2, "{closed} lanes were opened");
    // A system that is asked for more connections than wait to be accepted drops some that the other end
    // takes for open. Of those the victim knows nothing: only what it has itself is left open.
    let known = table.victim.lanes();
    let left = silent.iter().filter_map(|lane| lane.local_addr().ok());
    let left: Vec<_> = left
        .filter(|&from| known.iter().any(|&there| from == there.into()))
        .collect();
    assert_eq!(left, [], "a lane was left open without a handshake");
}
