//! Limits of transfers over real QUIC: they hold, they are shared, they change in the middle, and they
//! slow down nothing but contents.
//!
//! Times are judged in one direction only: a limit that holds makes a transfer take at least so long,
//! whatever the machine does beside it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use lanspread_core::{
    FetchFailure, LimitChange, LimitChanges, Playing, RateLimit, RateLimits, rates,
};
use lanspread_db::{ChunkRef, ContentHash, GameId, ManifestHash};
use lanspread_proto::ChunkRequest;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::net::{ChunksFetched, Patience, Rates, WantedChunk};

const MIB: u64 = 1024 * 1024;

fn limit(bytes_per_s: u64) -> LimitChange {
    LimitChange::To(RateLimit::new(bytes_per_s).unwrap())
}

fn set(peer: &TestPeer, changes: LimitChanges) {
    rates_of(peer).set(changes.of(RateLimits::default()), Playing::No);
}

fn rates_of(peer: &TestPeer) -> &Rates {
    &peer.transport.shared.config.rates
}

/// Answers every request for chunks with as many times `content`, and every ping.
fn source_of(content: &Bytes) -> TestPeer {
    let mut source = TestPeer::start();
    let (_, nothing) = mpsc::channel(1);
    let mut events = std::mem::replace(&mut source.events, nothing);
    let content = content.clone();
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            let NetEvent::Incoming(incoming) = event else {
                continue;
            };
            let content = content.clone();
            tokio::spawn(async move {
                let Request::GetGameFileChunk(request) = incoming.request else {
                    return incoming.responder.reply(&Response::Pong).await;
                };
                let count = request.chunks.len();
                let bytes = content.len() * count;
                let mut sender = incoming.responder.chunks(bytes as u64).await?;
                for _ in 0..count {
                    sender.send(content.clone()).await?;
                }
                sender.finish().await.map(|_| ())
            });
        }
    });
    source
}

/// What came so far.
type Count = Arc<AtomicU64>;

/// Fetches that many chunks in one request, and counts what was stored.
fn fetch(by: &TestPeer, from: &TestPeer, content: &Bytes, chunks: u32, count: &Count) -> Fetching {
    fetch_until(CancellationToken::new(), by, from, content, chunks, count)
}

/// The same, until it is aborted.
fn fetch_until(
    abort: CancellationToken,
    by: &TestPeer,
    from: &TestPeer,
    content: &Bytes,
    chunks: u32,
    count: &Count,
) -> Fetching {
    let hash = ContentHash::of(content);
    let wanted: Vec<WantedChunk> = (0..chunks)
        .map(|chunk| WantedChunk {
            chunk: ChunkRef { file: 0, chunk },
            len_bytes: u32::try_from(content.len()).unwrap(),
            hash,
        })
        .collect();
    let request = ChunkRequest {
        id: GameId::parse("limited").unwrap(),
        manifest: ManifestHash(hash),
        chunks: wanted.iter().map(|wanted| wanted.chunk).collect(),
    };
    let counted = Arc::clone(count);
    let sink = one_by_one(move |_, bytes: &[u8]| {
        counted.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    });
    // The stall timeout is shorter than the transfers take: a limit is no stall.
    let patience = Patience {
        first_byte: PATIENCE,
        stall: Duration::from_secs(1),
    };
    let (transport, from) = (by.transport.clone(), from.route());
    tokio::spawn(async move {
        transport
            .fetch_chunks(from, request, &wanted, &sink, patience, &abort)
            .await
    })
}

type Fetching = JoinHandle<ChunksFetched>;

async fn done(fetching: Fetching) {
    let fetched = timeout(PATIENCE, fetching).await.expect("in time");
    fetched.expect("it ended").result.expect("all came");
}

fn content(bytes: u64) -> Bytes {
    Bytes::from(vec![0x5a; usize::try_from(bytes).unwrap()])
}

/// The least time that so many bytes take at a limit: with a burst of a twentieth of a second and a
/// piece of a hundredth to spare for each change of it.
fn at_least(bytes: u64, bytes_per_s: u64) -> Duration {
    let micros = bytes * 1_000_000 / bytes_per_s;
    Duration::from_micros(micros).saturating_sub(Duration::from_millis(70))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_uploads_holds_for_all_receivers_together_and_is_shared_between_them() {
    let content = content(MIB / 8);
    let source = source_of(&content);
    let bytes_per_s = 4 * MIB;
    set(
        &source,
        LimitChanges {
            upload: limit(bytes_per_s),
            ..LimitChanges::default()
        },
    );
    let [greedy, modest] = [TestPeer::start(), TestPeer::start()];
    let counts = [Count::default(), Count::default()];
    let began = Instant::now();
    let fetches: Vec<Fetching> = (0..4)
        .map(|_| fetch(&greedy, &source, &content, 8, &counts[0]))
        .collect();
    done(fetch(&modest, &source, &content, 16, &counts[1])).await;
    let (of_greedy, of_modest) = (
        counts[0].load(Ordering::Relaxed),
        counts[1].load(Ordering::Relaxed),
    );
    // Eight times a whole chunk may still be on its way to each.
    assert!(of_greedy <= of_modest * 3 / 2, "{of_greedy} of {of_modest}");
    for fetching in fetches {
        done(fetching).await;
    }
    assert!(began.elapsed() >= at_least(6 * MIB, bytes_per_s));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_per_peer_holds_for_each_receiver() {
    let content = content(MIB / 8);
    let source = source_of(&content);
    let bytes_per_s = 2 * MIB;
    set(
        &source,
        LimitChanges {
            upload_per_peer: limit(bytes_per_s),
            ..LimitChanges::default()
        },
    );
    let receiver = TestPeer::start();
    let count = Count::default();
    let began = Instant::now();
    let fetches = [1, 2].map(|_| fetch(&receiver, &source, &content, 8, &count));
    for fetching in fetches {
        done(fetching).await;
    }
    assert!(began.elapsed() >= at_least(2 * MIB, bytes_per_s));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_downloads_holds_for_all_sources_together_and_is_no_stall() {
    let content = content(MIB / 4);
    let sources = [source_of(&content), source_of(&content)];
    let receiver = TestPeer::start();
    let bytes_per_s = 2 * MIB;
    set(
        &receiver,
        LimitChanges {
            download: limit(bytes_per_s),
            ..LimitChanges::default()
        },
    );
    let count = Count::default();
    let began = Instant::now();
    let fetches = sources
        .each_ref()
        .map(|source| fetch(&receiver, source, &content, 8, &count));
    for fetching in fetches {
        done(fetching).await;
    }
    assert_eq!(count.load(Ordering::Relaxed), 4 * MIB);
    assert!(began.elapsed() >= at_least(4 * MIB, bytes_per_s));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_changes_in_the_middle_of_a_transfer_and_slows_no_message_down() {
    let content = content(MIB);
    let source = source_of(&content);
    let slowest = LimitChanges {
        upload: limit(rates::RATE_MIN_BYTES_PER_S),
        ..LimitChanges::default()
    };
    set(&source, slowest);
    let receiver = TestPeer::start();
    let count = Count::default();
    // Alone it would take a minute.
    let fetching = fetch(&receiver, &source, &content, 16, &count);
    for _ in 0..50 {
        assert_eq!(
            ping(&receiver.transport, source.route()).await,
            Response::Pong
        );
    }
    assert!(count.load(Ordering::Relaxed) <= MIB, "it is slow indeed");
    set(&source, LimitChanges::default());
    done(fetching).await;
    assert_eq!(count.load(Ordering::Relaxed), 16 * MIB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_that_a_limit_holds_up_ends_at_once_when_it_is_aborted() {
    let content = content(MIB);
    let source = source_of(&content);
    let receiver = TestPeer::start();
    let slowest = LimitChanges {
        download_per_peer: limit(rates::RATE_MIN_BYTES_PER_S),
        ..LimitChanges::default()
    };
    set(&receiver, slowest);
    let abort = CancellationToken::new();
    let count = Count::default();
    let fetching = fetch_until(abort.clone(), &receiver, &source, &content, 8, &count);
    while rates_of(&receiver).downloaded_bytes() == 0 {
        tokio::task::yield_now().await;
    }
    abort.cancel();
    let fetched = timeout(PATIENCE, fetching).await.expect("in time");
    let result = fetched.expect("it ended").result;
    assert_eq!(result, Err(FetchFailure::Aborted));
}

/// How fast it becomes depends on the machine; that it goes on at the floor, at least, does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_beside_a_game_begins_slowly_and_comes_to_its_end() {
    let content = content(MIB / 8);
    let source = source_of(&content);
    rates_of(&source).set(RateLimits::default(), Playing::Yes);
    let receiver = TestPeer::start();
    let began = Instant::now();
    let fetches = [1, 2, 3, 4].map(|_| fetch(&receiver, &source, &content, 2, &Count::default()));
    for fetching in fetches {
        done(fetching).await;
    }
    // From the floor and by a sixteenth every 10 ms, a MiB takes a third of a second at the least.
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(200),
        "it does not leap: {took:?}"
    );
}
