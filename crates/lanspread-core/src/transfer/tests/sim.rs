//! A party of sources and one receiver on a virtual clock: sources with a rate and a delay that die,
//! stall, lie or refuse. Everything is integer arithmetic and ordered maps, so that a run replays.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use lanspread_db::{ChunkRef, Manifest};
use lanspread_proto::PeerId;

use super::{
    super::{
        Fetch, FetchId, Holding, Transfer, TransferLimits, TransferNote, TransferProgress,
        TransferState, limits::STALL_TIMEOUT,
    },
    fixture::{ME, SEED, peer},
};
use crate::{FetchFailure, Now};

/// One byte in the unit that work is counted in: a rate in bytes per second times microseconds.
const BYTE: u128 = 1_000_000;

/// More events than any scenario here needs.
const STEPS_MAX: usize = 200_000;

/// How a source hands out what it is asked for at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serving {
    /// One fetch after the other.
    InOrder,
    /// All at once, each with an equal part of the rate.
    Shared,
}

/// What a source does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// From this time on every connection breaks.
    DiesAt(Now),
    /// It breaks every connection until this time.
    DeadUntil(Now),
    /// From this time on nothing more comes, and nothing is said.
    StallsAt(Now),
    /// Its nth chunk is wrong, counted from 1.
    CorruptsChunk(u64),
    Refuses,
}

/// A source and its link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) bytes_per_s: u64,
    /// From a request to the first byte that can come of it.
    pub(super) delay: Duration,
    pub(super) fault: Fault,
}

impl Link {
    pub(super) fn new(bytes_per_s: u64) -> Self {
        Self {
            bytes_per_s,
            delay: Duration::from_micros(300),
            fault: Fault::None,
        }
    }

    pub(super) fn fault(self, fault: Fault) -> Self {
        Self { fault, ..self }
    }

    pub(super) fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// A fetch on its way.
#[derive(Debug)]
struct Running {
    fetch: Fetch,
    began: Now,
    /// When the source starts to serve it.
    ready: Now,
    stored: Vec<ChunkRef>,
    /// What is left of the chunk that is coming.
    left: u128,
    last_byte: Now,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) finished: Now,
    pub(super) state: TransferState,
    pub(super) progress: TransferProgress,
    pub(super) notes: Vec<TransferNote>,
    /// Every fetch in the order it was asked for, with the time.
    pub(super) trace: Vec<(Now, Fetch)>,
    /// Time in which the source had nothing to send although it was needed.
    pub(super) idle: BTreeMap<PeerId, Duration>,
}

impl Report {
    /// Bytes one source gave.
    pub(super) fn bytes_from(&self, n: u8) -> u64 {
        let sources = self.progress.sources.iter();
        sources
            .filter(|it| it.peer_id == peer(n))
            .map(|it| it.bytes)
            .sum()
    }

    pub(super) fn seconds(&self) -> f64 {
        self.finished.0.as_secs_f64()
    }
}

pub(super) struct Sim {
    transfer: Transfer,
    manifest: Arc<Manifest>,
    serving: Serving,
    links: BTreeMap<PeerId, Link>,
    served: BTreeMap<PeerId, u64>,
    running: BTreeMap<FetchId, Running>,
    now: Now,
    report: Report,
}

impl Sim {
    /// Sources 1, 2, … with these links.
    pub(super) fn new(manifest: &Arc<Manifest>, serving: Serving, links: &[Link]) -> Self {
        let now = Now::default();
        let limits = TransferLimits::default();
        let mut transfer = Transfer::new(Arc::clone(manifest), &[], ME, limits, SEED, now);
        let links: BTreeMap<PeerId, Link> = (1..).map(peer).zip(links.iter().copied()).collect();
        for &source in links.keys() {
            transfer.add_source(now, source, Holding::All);
        }
        let report = Report {
            finished: now,
            state: transfer.state(),
            progress: transfer.progress(now),
            notes: Vec::new(),
            trace: Vec::new(),
            idle: BTreeMap::new(),
        };
        Self {
            transfer,
            manifest: Arc::clone(manifest),
            serving,
            links,
            served: BTreeMap::new(),
            running: BTreeMap::new(),
            now,
            report,
        }
    }

    /// Runs until the transfer has ended or nothing happens any more.
    pub(super) fn run(mut self) -> Report {
        let mut verified = 0;
        for _ in 0..STEPS_MAX {
            self.obey();
            let progress = self.transfer.progress(self.now);
            assert!(progress.verified_bytes >= verified, "progress went back");
            verified = progress.verified_bytes;
            if self.transfer.state() != TransferState::Running {
                self.report.finished = self.now;
                self.report.state = self.transfer.state();
                self.report.progress = progress;
                self.transfer.chunks.check();
                return self.report;
            }
            let next = self
                .next_event()
                .expect("a running transfer waits for something");
            self.advance(next);
            self.happen();
        }
        panic!(
            "the transfer does not end: {:?}",
            self.transfer.progress(self.now)
        );
    }

    /// Carries out what the transfer wants.
    fn obey(&mut self) {
        loop {
            if let Some(id) = self.transfer.poll_abort() {
                self.end(id, Err(FetchFailure::Aborted));
            } else if let Some(fetch) = self.transfer.poll_fetch(self.now) {
                self.check_fetch(&fetch);
                self.report.trace.push((self.now, fetch.clone()));
                let link = self.links[&fetch.source];
                let left = self.work(fetch.chunks[0]);
                let ready = self.now + link.delay;
                let running = Running {
                    began: self.now,
                    ready,
                    stored: Vec::new(),
                    left,
                    last_byte: self.now,
                    fetch,
                };
                self.running.insert(running.fetch.id, running);
            } else {
                let deadline = self.transfer.poll_deadline();
                assert!(
                    deadline.is_none_or(|due| due > self.now),
                    "{deadline:?} has passed"
                );
                return;
            }
        }
    }

    /// A chunk is in flight at most twice, and at one source once.
    fn check_fetch(&self, fetch: &Fetch) {
        for chunk in &fetch.chunks {
            let others: Vec<PeerId> = self
                .running
                .values()
                .filter(|it| it.fetch.chunks.contains(chunk))
                .map(|it| it.fetch.source)
                .collect();
            assert!(
                !others.contains(&fetch.source),
                "{chunk:?} twice at one source"
            );
            assert!(others.len() < 2, "{chunk:?} three times in flight");
        }
    }

    fn work(&self, chunk: ChunkRef) -> u128 {
        u128::from(self.manifest.chunk(chunk).unwrap().len_bytes) * BYTE
    }

    /// The fetches that bytes come for at this moment, each with its rate.
    fn flowing(&self) -> Vec<(FetchId, u64)> {
        let mut by_source: BTreeMap<PeerId, Vec<FetchId>> = BTreeMap::new();
        for (&id, running) in &self.running {
            let link = self.links[&running.fetch.source];
            let stalled = matches!(link.fault, Fault::StallsAt(at) if at <= self.now);
            if running.ready <= self.now && !stalled {
                by_source.entry(running.fetch.source).or_default().push(id);
            }
        }
        let mut flowing = Vec::new();
        for (source, ids) in by_source {
            let rate = self.links[&source].bytes_per_s;
            match self.serving {
                Serving::InOrder => flowing.push((ids[0], rate)),
                Serving::Shared => {
                    let part = rate / ids.len() as u64;
                    flowing.extend(ids.into_iter().map(|id| (id, part)));
                }
            }
        }
        flowing
    }

    /// When something happens next.
    fn next_event(&self) -> Option<Now> {
        let chunks = self.flowing().into_iter().map(|(id, rate)| {
            let micros = self.running[&id].left.div_ceil(u128::from(rate));
            self.now + Duration::from_micros(u64::try_from(micros).unwrap())
        });
        let starts = self.running.values().map(|it| it.ready);
        let stalls = self.running.values().filter_map(|it| self.stalled_at(it));
        let faults = self.links.values().filter_map(|link| match link.fault {
            Fault::DiesAt(at) | Fault::StallsAt(at) | Fault::DeadUntil(at) => Some(at),
            Fault::None | Fault::CorruptsChunk(_) | Fault::Refuses => None,
        });
        let mut times: Vec<Now> = chunks.collect();
        times.extend(starts.chain(faults).filter(|&at| at > self.now));
        times.extend(stalls);
        times.extend(self.transfer.poll_deadline());
        times.into_iter().min()
    }

    fn stalled_at(&self, running: &Running) -> Option<Now> {
        match self.links[&running.fetch.source].fault {
            Fault::StallsAt(at) if at <= self.now => Some(running.last_byte + STALL_TIMEOUT),
            _ => None,
        }
    }

    /// Lets the bytes flow until then.
    fn advance(&mut self, next: Now) {
        let micros = next.since(self.now).as_micros();
        let flowing = self.flowing();
        for source in self.links.keys() {
            let busy = flowing
                .iter()
                .any(|(id, _)| self.running[id].fetch.source == *source);
            if !busy {
                *self.report.idle.entry(*source).or_default() += next.since(self.now);
            }
        }
        for (id, rate) in flowing {
            let running = self.running.get_mut(&id).unwrap();
            running.left = running.left.saturating_sub(u128::from(rate) * micros);
            running.last_byte = next;
        }
        self.now = next;
    }

    /// Ends what has ended.
    fn happen(&mut self) {
        let ids: Vec<FetchId> = self.running.keys().copied().collect();
        for id in ids {
            if let Some(result) = self.outcome(id) {
                self.end(id, result);
            }
        }
    }

    /// Moves a fetch on to its next chunk; says how it ended, if it did.
    fn outcome(&mut self, id: FetchId) -> Option<Result<(), FetchFailure>> {
        let running = self.running.get(&id)?;
        let source = running.fetch.source;
        let reset = || Some(Err(FetchFailure::Connection("reset".to_owned())));
        let ready = running.ready <= self.now;
        match self.links[&source].fault {
            Fault::DiesAt(at) if at <= self.now => return reset(),
            Fault::DeadUntil(at) if self.now < at && ready => return reset(),
            Fault::Refuses if ready => {
                return Some(Err(FetchFailure::Refused("no".to_owned())));
            }
            Fault::StallsAt(_) if self.stalled_at(running).is_some_and(|at| at <= self.now) => {
                return Some(Err(FetchFailure::Stalled));
            }
            _ => {}
        }
        if running.left > 0 {
            return None;
        }
        let chunk = running.fetch.chunks[running.stored.len()];
        let served = self.served.entry(source).or_default();
        *served += 1;
        if self.links[&source].fault == Fault::CorruptsChunk(*served) {
            return Some(Err(FetchFailure::WrongHash(chunk)));
        }
        let next = running.fetch.chunks.get(running.stored.len() + 1).copied();
        let left = next.map(|next| self.work(next));
        let running = self.running.get_mut(&id)?;
        running.stored.push(chunk);
        running.left = left.unwrap_or_default();
        left.is_none().then_some(Ok(()))
    }

    fn end(&mut self, id: FetchId, result: Result<(), FetchFailure>) {
        let running = self.running.remove(&id).expect("an aborted fetch runs");
        let elapsed = self.now.since(running.began);
        let notes = self
            .transfer
            .fetch_ended(self.now, id, &running.stored, elapsed, result);
        self.report.notes.extend(notes);
    }
}
