//! One source, one receiver, one gibibyte on loopback: a measurement, run on demand.
//!
//! `cargo test --release -p lanspread-peer --lib throughput -- --ignored --nocapture`
//! prints the rate. It checks only that every chunk arrived verified.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use lanspread_db::{CHUNK_BYTES_MAX, ChunkRef, ContentHash, GameId, ManifestHash};
use lanspread_proto::ChunkRequest;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::net::{Patience, WantedChunk};

const TOTAL_BYTES: u64 = 1 << 30;

/// Fetches under way at a time.
const FETCHES: u32 = 4;

fn source_of(content: Bytes) -> TestPeer {
    let mut source = TestPeer::start();
    let (_, nothing) = mpsc::channel(1);
    let mut events = std::mem::replace(&mut source.events, nothing);
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            let NetEvent::Incoming(incoming) = event else {
                continue;
            };
            let content = content.clone();
            tokio::spawn(async move {
                let mut sender = incoming
                    .responder
                    .chunks(content.len() as u64)
                    .await
                    .unwrap();
                sender.send(content).await.unwrap();
                sender.finish().await.unwrap();
            });
        }
    });
    source
}

#[ignore = "a measurement: run it alone and in release"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_source_and_one_receiver_on_loopback() {
    let content = Bytes::from(vec![0x5a; CHUNK_BYTES_MAX as usize]);
    let hash = ContentHash::of(&content);
    let source = source_of(content);
    let to = source.route();
    let receiver = TestPeer::start();
    let stored = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&stored);
    let sink = one_by_one(move |_, bytes: &[u8]| {
        counted.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    });
    let patience = Patience {
        first_byte: PATIENCE,
        stall: PATIENCE,
    };
    let chunks = u32::try_from(TOTAL_BYTES / u64::from(CHUNK_BYTES_MAX)).unwrap();

    let began = Instant::now();
    let mut running = JoinSet::new();
    for first in 0..FETCHES {
        let (transport, sink) = (receiver.transport.clone(), Arc::clone(&sink));
        running.spawn(async move {
            for chunk in (first..chunks).step_by(FETCHES as usize) {
                let chunk = ChunkRef { file: 0, chunk };
                let len_bytes = CHUNK_BYTES_MAX;
                let wanted = [WantedChunk {
                    chunk,
                    len_bytes,
                    hash,
                }];
                let request = ChunkRequest {
                    id: GameId::parse("measured").unwrap(),
                    manifest: ManifestHash(hash),
                    chunks: vec![chunk],
                };
                let abort = CancellationToken::new();
                let fetched = transport
                    .fetch_chunks(to, request, &wanted, &sink, patience, &abort)
                    .await;
                fetched.result.unwrap();
            }
        });
    }
    running.join_all().await;
    let elapsed = began.elapsed();
    assert_eq!(stored.load(Ordering::Relaxed), TOTAL_BYTES);
    let mib = u32::try_from(TOTAL_BYTES >> 20).unwrap();
    let rate = f64::from(mib) / elapsed.as_secs_f64();
    println!("{mib} MiB in {elapsed:.2?}: {rate:.0} MiB/s");
}
