//! Chunks on their way from peer to peer.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use lanspread_core::{DiskFailure, DiskFailureKind, FetchFailure, ServeFailure};
use lanspread_db::{CHUNK_BYTES_MAX, ChunkRef, ContentHash, GameId, ManifestHash};
use lanspread_proto::{ChunkRequest, Refusal, RefusalKind};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::net::{AtHand, ChunkSender, ChunkSource, ChunksFetched, Patience, WantedChunk, limits};

/// What a sink was given, in order.
type Stored = Arc<Mutex<Vec<(ChunkRef, Vec<u8>)>>>;

fn collecting_sink() -> (ChunkSink, Stored) {
    let stored = Stored::default();
    let store = Arc::clone(&stored);
    let sink = one_by_one(move |chunk, bytes: &[u8]| {
        store.lock().unwrap().push((chunk, bytes.to_vec()));
        Ok(())
    });
    (sink, stored)
}

/// A chunk of `len` bytes that no other chunk shares.
fn content(nth: u32, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut stream = blake3::Hasher::new()
        .update(&nth.to_le_bytes())
        .finalize_xof();
    stream.fill(&mut bytes);
    bytes
}

fn wanted(contents: &[Vec<u8>]) -> Vec<WantedChunk> {
    let wanted = contents.iter().zip(0..).map(|(bytes, chunk)| WantedChunk {
        chunk: ChunkRef { file: 7, chunk },
        len_bytes: u32::try_from(bytes.len()).unwrap(),
        hash: ContentHash::of(bytes),
    });
    wanted.collect()
}

fn request(wanted: &[WantedChunk]) -> ChunkRequest {
    ChunkRequest {
        id: GameId::parse("teeworlds").unwrap(),
        manifest: ManifestHash(ContentHash::of(b"manifest")),
        chunks: wanted.iter().map(|wanted| wanted.chunk).collect(),
    }
}

/// Longer than any step of these tests takes.
const PATIENT: Patience = Patience {
    first_byte: PATIENCE,
    stall: PATIENCE,
};

/// One fetch against a peer that answers in the way the test says.
struct Fetching {
    wanted: Vec<WantedChunk>,
    sink: ChunkSink,
    patience: Patience,
    abort: CancellationToken,
}

impl Fetching {
    fn new(wanted: Vec<WantedChunk>, sink: ChunkSink) -> Self {
        Self {
            wanted,
            sink,
            patience: PATIENT,
            abort: CancellationToken::new(),
        }
    }

    async fn from<F: Future<Output = ()>>(
        self,
        answer: impl FnOnce(IncomingStream) -> F,
    ) -> ChunksFetched {
        let a = TestPeer::start();
        let mut b = TestPeer::start();
        let Self {
            wanted,
            sink,
            patience,
            abort,
        } = self;
        let asked = request(&wanted);
        let to = b.route();
        let fetch = &a.transport;
        let fetched = fetch.fetch_chunks(to, asked.clone(), &wanted, &sink, patience, &abort);
        let answered = async {
            let incoming = b.next_request().await;
            assert_eq!(incoming.request, Request::GetGameFileChunk(asked));
            answer(incoming).await;
        };
        tokio::join!(fetched, answered).0
    }
}

fn refs(wanted: &[WantedChunk]) -> Vec<ChunkRef> {
    wanted.iter().map(|wanted| wanted.chunk).collect()
}

async fn announce(incoming: IncomingStream, contents: &[Vec<u8>]) -> ChunkSender {
    let data_bytes: usize = contents.iter().map(Vec::len).sum();
    incoming.responder.chunks(data_bytes as u64).await.unwrap()
}

async fn send_all(incoming: IncomingStream, contents: Vec<Vec<u8>>) {
    let mut sender = announce(incoming, &contents).await;
    for bytes in contents {
        // A receiver that found a wrong chunk does not take the rest.
        if sender.send(Bytes::from(bytes)).await.is_err() {
            return;
        }
    }
    let _ = sender.finish().await;
}

#[tokio::test]
async fn chunks_arrive_whole_and_in_order_up_to_the_largest() {
    let contents = vec![
        content(0, 1),
        content(1, CHUNK_BYTES_MAX as usize),
        content(2, 300_000),
    ];
    let wanted = wanted(&contents);
    let (sink, stored) = collecting_sink();
    let sent = contents.clone();
    let fetched = Fetching::new(wanted.clone(), sink)
        .from(|incoming| async move {
            let total: usize = sent.iter().map(Vec::len).sum();
            let mut sender = announce(incoming, &sent).await;
            for bytes in sent {
                sender.send(Bytes::from(bytes)).await.unwrap();
            }
            assert_eq!(sender.sent_bytes(), total as u64);
            assert_eq!(sender.finish().await.unwrap(), total as u64);
        })
        .await;
    assert_eq!(fetched.result, Ok(()));
    assert_eq!(fetched.stored, refs(&wanted));
    let stored = std::mem::take(&mut *stored.lock().unwrap());
    assert_eq!(
        stored,
        refs(&wanted).into_iter().zip(contents).collect::<Vec<_>>()
    );
}

/// Gives one piece after the other.
struct Pieces(std::vec::IntoIter<Result<Bytes, DiskFailure>>);

impl ChunkSource for Pieces {
    fn next(&mut self) -> Result<Option<Bytes>, DiskFailure> {
        self.0.next().transpose()
    }
}

/// Has the first pieces in memory and the others on a disk, and says what was read from which.
struct PartlyAtHand {
    at_hand: std::vec::IntoIter<Bytes>,
    on_disk: Option<Pieces>,
    is_read: std::sync::mpsc::Sender<&'static str>,
}

impl ChunkSource for PartlyAtHand {
    fn at_hand(&mut self) -> AtHand {
        let next = self.at_hand.next();
        let place = if next.is_some() { "memory" } else { "none" };
        self.is_read.send(place).expect("the test listens");
        match next {
            Some(bytes) => AtHand::Bytes(bytes),
            None if self.on_disk.is_some() => AtHand::Elsewhere,
            None => AtHand::End,
        }
    }

    fn next(&mut self) -> Result<Option<Bytes>, DiskFailure> {
        self.is_read.send("disk").expect("the test listens");
        self.on_disk.as_mut().expect("there is more").next()
    }
}

#[tokio::test]
async fn what_is_in_memory_is_sent_first_and_the_rest_is_read_from_the_disk() {
    let contents = vec![content(0, 300_000), content(1, 5000), content(2, 700_000)];
    for in_memory in [0, 1, 2] {
        let wanted = wanted(&contents);
        let (sink, stored) = collecting_sink();
        let (is_read, reads) = std::sync::mpsc::channel();
        let served = contents.clone();
        let fetched = Fetching::new(wanted.clone(), sink)
            .from(|incoming| async move {
                let sender = announce(incoming, &served).await;
                let mut pieces: Vec<_> = served.into_iter().map(Bytes::from).collect();
                let first = pieces.remove(0);
                let rest: Vec<_> = pieces.split_off(in_memory).into_iter().map(Ok).collect();
                let on_disk = (!rest.is_empty()).then(|| Pieces(rest.into_iter()));
                let source = PartlyAtHand {
                    at_hand: pieces.into_iter(),
                    on_disk,
                    is_read,
                };
                assert_eq!(sender.send_all(first, source).await.unwrap(), 1_005_000);
            })
            .await;
        fetched.result.unwrap();
        assert_eq!(stored.lock().unwrap().len(), contents.len());
        let mut expected = vec!["memory"; in_memory];
        expected.push("none");
        // The last time for the end.
        expected.extend(vec!["disk"; [3, 2, 0][in_memory]]);
        assert_eq!(reads.into_iter().collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn what_a_source_reads_follows_the_first_bytes_to_the_end() {
    let contents = vec![content(0, 300_000), content(1, 5000), content(2, 700_000)];
    let wanted = wanted(&contents);
    let (sink, _stored) = collecting_sink();
    let fetched = Fetching::new(wanted.clone(), sink)
        .from(|incoming| async move {
            let sender = announce(incoming, &contents).await;
            let mut pieces = contents.into_iter().map(Bytes::from);
            let first = pieces.next().unwrap();
            let rest: Vec<_> = pieces.map(Ok).collect();
            let sent = sender.send_all(first, Pieces(rest.into_iter())).await;
            assert_eq!(sent.unwrap(), 1_005_000);
        })
        .await;
    assert_eq!(fetched.result, Ok(()));
    assert_eq!(fetched.stored, refs(&wanted));
}

#[tokio::test]
async fn a_source_that_cannot_read_on_breaks_the_answer_off() {
    let contents = vec![content(0, 5000), content(1, 5000)];
    let wanted = wanted(&contents);
    let (sink, _stored) = collecting_sink();
    let fetched = Fetching::new(wanted.clone(), sink)
        .from(|incoming| async move {
            let sender = announce(incoming, &contents).await;
            let first = Bytes::from(contents[0].clone());
            let rest = vec![Err(DiskFailure {
                kind: DiskFailureKind::Io,
                message: "unreadable".to_owned(),
            })];
            let sent = sender.send_all(first, Pieces(rest.into_iter())).await;
            assert!(matches!(sent, Err(ServeFailure::Disk(_))), "{sent:?}");
        })
        .await;
    assert!(
        matches!(fetched.result, Err(FetchFailure::Connection(_))),
        "{fetched:?}"
    );
}

#[tokio::test]
async fn a_chunk_with_a_wrong_hash_is_named_and_reaches_no_sink() {
    let mut contents = vec![content(0, 5000), content(1, 5000), content(2, 5000)];
    let wanted = wanted(&contents);
    contents[1][4999] ^= 1;
    let (sink, stored) = collecting_sink();
    let fetched = Fetching::new(wanted.clone(), sink)
        .from(|incoming| send_all(incoming, contents))
        .await;
    assert_eq!(
        fetched.result,
        Err(FetchFailure::WrongHash(wanted[1].chunk))
    );
    assert_eq!(fetched.stored, [wanted[0].chunk]);
    let stored: Vec<ChunkRef> = stored
        .lock()
        .unwrap()
        .iter()
        .map(|(chunk, _)| *chunk)
        .collect();
    assert_eq!(stored, [wanted[0].chunk]);
}

#[tokio::test]
async fn an_answer_of_another_length_is_refused_before_its_bytes_are_read() {
    let contents = vec![content(0, 5000)];
    let (sink, stored) = collecting_sink();
    let fetched = Fetching::new(wanted(&contents), sink)
        .from(|incoming| send_all(incoming, vec![content(0, 5001)]))
        .await;
    assert!(matches!(fetched.result, Err(FetchFailure::Protocol(_))));
    assert!(stored.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_sender_that_gives_up_is_not_taken_for_a_liar() {
    let contents = vec![content(0, 5000), content(1, 5000)];
    let wanted = wanted(&contents);
    let (sink, _stored) = collecting_sink();
    let fetched = Fetching::new(wanted.clone(), sink)
        .from(|incoming| async move {
            let mut sender = announce(incoming, &contents).await;
            sender.send(Bytes::from(contents[0].clone())).await.unwrap();
            sender
                .send(Bytes::from(contents[1][..2500].to_vec()))
                .await
                .unwrap();
            drop(sender);
        })
        .await;
    assert!(
        matches!(fetched.result, Err(FetchFailure::Connection(_))),
        "{fetched:?}"
    );
}

#[tokio::test]
async fn a_source_that_stops_sending_is_given_up_and_what_came_before_is_kept() {
    let contents = vec![content(0, 5000), content(1, 5000)];
    let wanted = wanted(&contents);
    let (sink, _stored) = collecting_sink();
    let mut fetching = Fetching::new(wanted.clone(), sink);
    fetching.patience.stall = SHORT;
    let mut held = None;
    let fetched = fetching
        .from(|incoming| async {
            let mut sender = announce(incoming, &contents).await;
            sender.send(Bytes::from(contents[0].clone())).await.unwrap();
            held = Some(sender);
        })
        .await;
    assert_eq!(fetched.result, Err(FetchFailure::Stalled));
    assert_eq!(fetched.stored, [wanted[0].chunk]);
}

#[tokio::test]
async fn a_source_that_does_not_begin_to_answer_is_given_up_later_than_one_that_stops() {
    let contents = vec![content(0, 5000)];
    let (sink, _stored) = collecting_sink();
    let mut fetching = Fetching::new(wanted(&contents), sink);
    fetching.patience = Patience {
        first_byte: SHORT * 3,
        stall: SHORT,
    };
    let began = std::time::Instant::now();
    let mut held = None;
    let fetched = fetching
        .from(|incoming| async {
            held = Some(incoming);
        })
        .await;
    assert_eq!(fetched.result, Err(FetchFailure::Stalled));
    assert!(began.elapsed() >= SHORT * 3, "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_aborted_fetch_reports_what_it_stored_and_the_sender_notices() {
    let contents = vec![content(0, 5000), content(1, CHUNK_BYTES_MAX as usize)];
    let wanted = wanted(&contents);
    let abort = CancellationToken::new();
    let abort_from_sink = abort.clone();
    let sink = one_by_one(move |_, _: &[u8]| {
        abort_from_sink.cancel();
        Ok(())
    });
    let mut fetching = Fetching::new(wanted.clone(), sink);
    fetching.abort = abort;
    let fetched = fetching
        .from(|incoming| async {
            let mut sender = announce(incoming, &contents).await;
            sender.send(Bytes::from(contents[0].clone())).await.unwrap();
            // The receiver turned away: the rest finds no taker.
            let rest = Bytes::from(contents[1].clone());
            let sent = async {
                sender.send(rest).await?;
                sender.finish().await
            };
            assert!(timeout(PATIENCE, sent).await.unwrap().is_err());
        })
        .await;
    assert_eq!(fetched.result, Err(FetchFailure::Aborted));
    assert_eq!(fetched.stored, [wanted[0].chunk]);
}

#[tokio::test]
async fn a_disk_that_fails_ends_the_fetch_and_is_not_blamed_on_the_source() {
    let contents = vec![content(0, 5000)];
    let full = DiskFailure {
        kind: DiskFailureKind::NoSpace,
        message: "full".to_owned(),
    };
    let failing = full.clone();
    let sink = one_by_one(move |_, _: &[u8]| Err(failing.clone()));
    let fetched = Fetching::new(wanted(&contents), sink)
        .from(|incoming| send_all(incoming, contents))
        .await;
    assert_eq!(fetched.result, Err(FetchFailure::Disk(full)));
    assert!(fetched.stored.is_empty());
}

/// Answers a chunk request with its bytes, counting what the stream has taken; anything else with
/// `Pong`.
async fn serve(incoming: IncomingStream, content: Bytes, taken: watch::Sender<usize>) {
    let Request::GetGameFileChunk(request) = incoming.request else {
        return incoming.responder.reply(&Response::Pong).await.unwrap();
    };
    let data_bytes = content.len() * request.chunks.len();
    let mut sender = incoming.responder.chunks(data_bytes as u64).await.unwrap();
    for _ in request.chunks {
        let mut rest = content.clone();
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(64 * 1024));
            let len = piece.len();
            sender.send(piece).await.unwrap();
            taken.send_modify(|taken| *taken += len);
        }
    }
    sender.finish().await.unwrap();
}

#[tokio::test]
async fn a_disk_that_stalls_does_not_hold_up_control_messages() {
    const FETCHES: usize = 8;
    let a = TestPeer::start();
    let mut b = TestPeer::start();
    let to = b.route();
    let content = Bytes::from(content(0, CHUNK_BYTES_MAX as usize));
    let wanted = wanted(&[content.to_vec(), content.to_vec()]);
    let (taken, mut taken_by_all) = watch::channel(0);
    let serves = content.clone();
    tokio::spawn(async move {
        while let Some(event) = b.events.recv().await {
            if let NetEvent::Incoming(incoming) = event {
                tokio::spawn(serve(*incoming, serves.clone(), taken.clone()));
            }
        }
    });

    // Every store waits until the test lets the disk go on.
    let (disk, stalled) = std::sync::mpsc::channel::<()>();
    let stalled = Mutex::new(stalled);
    let sink = one_by_one(move |_, _: &[u8]| {
        // It ends with an error when the sender is dropped, which is what the test does.
        let _ = stalled.lock().unwrap().recv();
        Ok(())
    });
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..FETCHES {
        let (transport, wanted, sink) = (a.transport.clone(), wanted.clone(), Arc::clone(&sink));
        running.spawn(async move {
            let abort = CancellationToken::new();
            let request = request(&wanted);
            transport
                .fetch_chunks(to, request, &wanted, &sink, PATIENT, &abort)
                .await
        });
    }
    // Each fetch has its first chunk, and of the second what fits into the window of the stream;
    // up to a send buffer more is taken and not sent.
    let per_fetch = content.len() + usize::try_from(limits::STREAM_WINDOW_BYTES).unwrap();
    let full = taken_by_all.wait_for(|&taken| taken >= FETCHES * per_fetch);
    timeout(PATIENCE, full)
        .await
        .expect("the windows fill")
        .unwrap();

    assert_eq!(ping(&a.transport, to).await, Response::Pong);
    drop(disk);
    let fetched = running.join_all().await;
    assert!(fetched.iter().all(|fetched| fetched.result == Ok(())));
}

#[tokio::test]
async fn a_refused_fetch_says_why() {
    let (sink, _stored) = collecting_sink();
    let fetched = Fetching::new(wanted(&[content(0, 5000)]), sink)
        .from(|incoming| async {
            let refusal = Refusal::new(RefusalKind::Busy, "an update is running");
            incoming
                .responder
                .reply(&Response::Refused(refusal))
                .await
                .unwrap();
        })
        .await;
    let reason = "an update is running".to_owned();
    assert_eq!(fetched.result, Err(FetchFailure::Refused(reason)));
}

#[tokio::test]
async fn an_answer_of_another_kind_breaks_the_protocol() {
    let (sink, _stored) = collecting_sink();
    let fetched = Fetching::new(wanted(&[content(0, 5000)]), sink)
        .from(|incoming| async {
            // The asker may have broken it off before its end was written.
            drop(incoming.responder.reply(&Response::Pong).await);
        })
        .await;
    assert!(matches!(fetched.result, Err(FetchFailure::Protocol(_))));
}

/// A reading that does not end before the test lets it.
struct Hanging {
    until: std::sync::mpsc::Receiver<()>,
    piece: Option<Bytes>,
}

impl ChunkSource for Hanging {
    fn next(&mut self) -> Result<Option<Bytes>, DiskFailure> {
        let _ = self.until.recv();
        Ok(self.piece.take())
    }
}

#[tokio::test]
async fn a_disk_that_hangs_holds_up_neither_another_upload_nor_a_ping() {
    let contents = vec![content(0, 5000), content(1, 5000)];
    let wanted = wanted(&contents);
    let (sink, stored) = collecting_sink();
    let (a, mut b) = (TestPeer::start(), TestPeer::start());
    let (to, abort) = (b.route(), CancellationToken::new());
    let asking = &a.transport;
    let fetch = || asking.fetch_chunks(to, request(&wanted), &wanted, &sink, PATIENT, &abort);
    let (release, until) = std::sync::mpsc::channel();
    let serving = async {
        let sender = announce(b.next_request().await, &contents).await;
        let [first, second] = [0, 1].map(|nth: usize| Bytes::from(contents[nth].clone()));
        let piece = Some(second);
        let hanging = tokio::spawn(sender.send_all(first, Hanging { until, piece }));
        // All of this while the disk hangs.
        let (fetched, ()) = tokio::join!(fetch(), async {
            send_all(b.next_request().await, contents.clone()).await;
        });
        assert_eq!(fetched.result, Ok(()));
        let (answer, ()) = tokio::join!(ping(asking, to), async {
            let asked = b.next_request().await;
            asked.responder.reply(&Response::Pong).await.unwrap();
        });
        assert_eq!(answer, Response::Pong);
        assert!(!hanging.is_finished());
        drop(release);
        hanging.await.unwrap().unwrap();
    };
    let (hung, ()) = tokio::join!(fetch(), serving);
    assert_eq!(hung.result, Ok(()));
    assert_eq!(stored.lock().unwrap().len(), 4, "both came whole");
}
