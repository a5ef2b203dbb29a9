//! Random sequences of events: whatever sources, disk and driver do, the books balance, and one
//! honest source is enough to finish.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter::once,
};

use lanspread_db::{ChunkRef, Manifest};
use proptest::prelude::*;

use super::{
    super::{Fetch, FetchId, Holding, SourceAdded, Transfer, TransferState, limits},
    fixture::{KIB, ME, MIB, broken, bytes_of, game, ms, peer},
};
use crate::{FetchFailure, Now};

/// The source that nothing bad happens to.
const HONEST: u8 = 0;
const SOURCES: u8 = 5;
/// More steps than an honest source needs for the largest game here.
const STEPS_MAX: usize = 5_000;

#[derive(Debug, Clone)]
enum Event {
    /// Time passes.
    Wait { ms: u64 },
    /// The nth of the running fetches ends like this, after a part of its chunks.
    End { nth: usize, how: How, part: usize },
    /// A source that has everything appears, or has everything by now.
    Add { n: u8 },
    /// A source that is not the honest one gathers the game too, and has these chunks of it.
    Part { n: u8, from: u32, count: u32 },
    /// The nth of the running fetches says that one of its chunks is stored.
    Stored { nth: usize, which: usize },
    /// A source that is not the honest one leaves.
    Remove { n: u8 },
}

#[derive(Debug, Clone, Copy)]
enum How {
    Well,
    Broken,
    Stalled,
    Refused,
    WrongHash,
    Protocol,
    Aborted,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let how = prop_oneof![
        8 => Just(How::Well),
        1 => Just(How::Broken),
        1 => Just(How::Stalled),
        1 => Just(How::Refused),
        1 => Just(How::WrongHash),
        1 => Just(How::Protocol),
        1 => Just(How::Aborted),
    ];
    let event = prop_oneof![
        2 => (0_u64..800).prop_map(|ms| Event::Wait { ms }),
        6 => (0_usize..30, how, 0_usize..20)
            .prop_map(|(nth, how, part)| Event::End { nth, how, part }),
        1 => (0..SOURCES).prop_map(|n| Event::Add { n }),
        1 => (1..SOURCES, 0_u32..60, 0_u32..20)
            .prop_map(|(n, from, count)| Event::Part { n, from, count }),
        2 => (0_usize..30, 0_usize..20).prop_map(|(nth, which)| Event::Stored { nth, which }),
        1 => (1..SOURCES).prop_map(|n| Event::Remove { n }),
    ];
    prop::collection::vec(event, 0..200)
}

fn sizes() -> impl Strategy<Value = Vec<u64>> {
    let size = prop_oneof![0_u64..4, Just(256 * KIB), 1_u64..64 * KIB, 1_u64..3 * MIB];
    prop::collection::vec(size, 0..40)
}

/// A driver that checks everything it is told.
struct Driver {
    transfer: Transfer,
    running: BTreeMap<FetchId, (Now, Fetch)>,
    /// What those hold that do not hold everything.
    parts: BTreeMap<u8, BTreeSet<u32>>,
    now: Now,
    verified: u64,
    banned: Vec<u8>,
    trace: Vec<(Now, Fetch)>,
}

impl Driver {
    fn new(transfer: Transfer) -> Self {
        let (running, now, verified) = (BTreeMap::new(), Now::default(), 0);
        Self {
            transfer,
            running,
            parts: BTreeMap::new(),
            now,
            verified,
            banned: Vec::new(),
            trace: Vec::new(),
        }
    }

    /// Carries out what the transfer wants and checks the invariants.
    fn obey(&mut self) {
        while let Some(id) = self.transfer.poll_abort() {
            assert!(self.running.contains_key(&id), "{id:?} does not run");
            self.end(id, How::Aborted, 0);
        }
        while let Some(fetch) = self.transfer.poll_fetch(self.now) {
            self.check_fetch(&fetch);
            self.trace.push((self.now, fetch.clone()));
            self.running.insert(fetch.id, (self.now, fetch));
        }
        let deadline = self.transfer.poll_deadline();
        assert!(
            deadline.is_none_or(|due| due > self.now),
            "{deadline:?} has passed"
        );
        self.transfer.chunks.check();
        let missing = self.transfer.chunks.missing();
        self.transfer.swarm.check(missing);
        assert_eq!(self.transfer.outstanding(), self.running.len());
        let progress = self.transfer.progress(self.now);
        assert!(
            progress.verified_bytes >= self.verified,
            "progress went back"
        );
        assert!(progress.verified_bytes <= progress.total_bytes);
        self.verified = progress.verified_bytes;
    }

    fn check_fetch(&self, fetch: &Fetch) {
        let manifest: &Manifest = self.transfer.manifest();
        assert!(!fetch.chunks.is_empty());
        assert!(fetch.chunks.len() <= self.transfer.limits.fetch_chunks_max);
        let bytes = bytes_of(manifest, &fetch.chunks);
        assert!(bytes <= self.transfer.limits.fetch_bytes_max || fetch.chunks.len() == 1);
        assert!(
            !self.banned.iter().any(|&n| fetch.source == peer(n)),
            "a banned source is asked"
        );
        let of_source = self
            .running
            .values()
            .filter(|(_, it)| it.source == fetch.source);
        assert!(of_source.count() < limits::FETCHES_PER_SOURCE_MAX);
        for chunk in &fetch.chunks {
            let index = manifest.chunk_index(*chunk).unwrap();
            let part = self.parts.get(&fetch.source.as_bytes()[0]);
            assert!(
                part.is_none_or(|held| held.contains(&index)),
                "a source is asked for what it does not have"
            );
            let same: Vec<_> = self
                .running
                .values()
                .filter(|(_, it)| it.chunks.contains(chunk))
                .collect();
            assert!(
                same.iter().all(|(_, it)| it.source != fetch.source),
                "twice at one source"
            );
            let claims = self
                .transfer
                .chunks
                .claimants(manifest.chunk_index(*chunk).unwrap());
            assert!(claims.len() <= limits::FETCHES_PER_CHUNK_MAX);
            assert!(claims.contains(&fetch.id));
        }
    }

    fn end(&mut self, id: FetchId, how: How, part: usize) {
        let (began, fetch) = self.running.remove(&id).unwrap();
        let part = part % fetch.chunks.len();
        let refused = || FetchFailure::Refused("no".to_owned());
        let (stored, result): (&[ChunkRef], _) = match how {
            How::Well => (&fetch.chunks, Ok(())),
            How::Broken => (&fetch.chunks[..part], Err(broken())),
            How::Stalled => (&fetch.chunks[..part], Err(FetchFailure::Stalled)),
            How::Refused => (&[], Err(refused())),
            How::WrongHash => (
                &fetch.chunks[..part],
                Err(FetchFailure::WrongHash(fetch.chunks[part])),
            ),
            How::Protocol => (&[], Err(FetchFailure::Protocol("nonsense".to_owned()))),
            How::Aborted => (&fetch.chunks[..part], Err(FetchFailure::Aborted)),
        };
        if matches!(how, How::WrongHash | How::Protocol) {
            self.banned.push(fetch.source.as_bytes()[0]);
        }
        let elapsed = self.now.since(began);
        self.transfer
            .fetch_ended(self.now, id, stored, elapsed, result);
        self.transfer.chunks.check();
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Wait { ms: wait } => self.now = self.now + ms(wait),
            Event::End { nth, how, part } => {
                let Some(&id) = self.running.keys().nth(nth % self.running.len().max(1)) else {
                    return;
                };
                let honest = self.running[&id].1.source == peer(HONEST);
                self.end(id, if honest { How::Well } else { how }, part);
            }
            Event::Add { n } => {
                let banned = self.banned.contains(&n);
                self.parts.remove(&n);
                let added = self.transfer.add_source(self.now, peer(n), Holding::All);
                assert_eq!(matches!(added, SourceAdded::Banned(_)), banned);
            }
            Event::Part { n, from, count } => {
                self.transfer.add_source(self.now, peer(n), Holding::Part);
                self.transfer
                    .source_holds(self.now, peer(n), once(from..from + count));
                self.parts.entry(n).or_default().extend(from..from + count);
            }
            Event::Stored { nth, which } => {
                let running: Vec<&(Now, Fetch)> = self.running.values().collect();
                let Some((_, fetch)) = running.get(nth % running.len().max(1)) else {
                    return;
                };
                if fetch.source == peer(HONEST) {
                    let chunk = fetch.chunks[which % fetch.chunks.len()];
                    self.transfer.chunk_stored(self.now, fetch.id, chunk);
                    assert!(self.transfer.has(chunk));
                }
            }
            Event::Remove { n } => {
                self.parts.remove(&n);
                self.transfer.remove_source(peer(n));
            }
        }
    }

    /// The honest source delivers, the others have gone silent.
    fn finish(&mut self) {
        for _ in 0..STEPS_MAX {
            self.obey();
            if self.transfer.state() != TransferState::Running {
                return;
            }
            self.now = self.now + ms(20);
            let from_honest = |(_, fetch): &&(Now, Fetch)| fetch.source == peer(HONEST);
            if let Some((_, fetch)) = self.running.values().find(from_honest) {
                let id = fetch.id;
                self.end(id, How::Well, 0);
            } else if let Some(due) = self.transfer.poll_deadline() {
                self.now = self.now.max(due);
            } else {
                let id = *self
                    .running
                    .keys()
                    .next()
                    .expect("somebody has something to do");
                self.end(id, How::Stalled, 0);
            }
        }
        panic!(
            "one honest source does not finish: {:?}",
            self.transfer.progress(self.now)
        );
    }
}

fn drive(sizes: &[u64], stored: &[usize], seed: u64, events: &[Event]) -> Driver {
    let manifest = game(256 * 1024, sizes);
    let all: Vec<ChunkRef> = manifest.chunk_refs().collect();
    let stored: Vec<ChunkRef> = stored.iter().map(|nth| all[nth % all.len()]).collect();
    let limits = limits::TransferLimits::default();
    let transfer = Transfer::new(manifest, &stored, ME, limits, seed, Now::default());
    let mut driver = Driver::new(transfer);
    for n in 0..3 {
        driver
            .transfer
            .add_source(Now::default(), peer(n), Holding::All);
    }
    driver.obey();
    for event in events {
        driver.happen(event);
        driver.obey();
    }
    driver.finish();
    driver
}

proptest! {
    #[test]
    fn one_honest_source_is_enough_whatever_the_others_do(
        sizes in sizes(),
        stored in prop::collection::vec(0_usize..1000, 0..20),
        seed in any::<u64>(),
        events in events(),
    ) {
        let driver = drive(&sizes, &stored, seed, &events);
        prop_assert_eq!(driver.transfer.state(), TransferState::Complete);
        prop_assert_eq!(driver.running.len(), 0);
        let progress = driver.transfer.progress(driver.now);
        prop_assert_eq!(progress.verified_bytes, progress.total_bytes);
        let shares: u64 = progress.sources.iter().map(|source| source.bytes).sum();
        prop_assert_eq!(shares, progress.moved_bytes);
    }

    #[test]
    fn the_same_seed_and_events_give_the_same_fetches(
        sizes in sizes(),
        seed in any::<u64>(),
        events in events(),
    ) {
        let (first, second) = (drive(&sizes, &[], seed, &events), drive(&sizes, &[], seed, &events));
        prop_assert_eq!(first.trace, second.trace);
    }
}
