//! One source of a transfer: what it is busy with, how fast it is, and how often it failed.
//!
//! Invariant: a source that keeps failing runs out of retries; every success forgives. It does not
//! know which chunks exist.

use std::time::Duration;

use super::{
    FetchId, TransferLimits,
    limits::{FETCHES_UNMEASURED_MAX, FIRST_ANSWER_TIME, TAKEN_BACK_PAUSE},
    rate::BusyRate,
};
use crate::Now;

/// What a failure comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It belongs to a failure that was counted already.
    SameFailure,
    /// The source is asked again after the pause.
    Retry {
        /// How many failures in a row this is.
        attempt: u32,
        /// When it is asked again.
        at: Now,
    },
    /// It failed too often in a row.
    Drop {
        /// How often.
        attempts: u32,
    },
}

/// How a source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// It could not be reached, broke off or stalled.
    Broken,
    /// It answered, but not with chunks.
    Refused,
}

/// One peer that chunks are fetched from.
#[derive(Debug)]
pub(super) struct Source {
    /// Decides between equals.
    pub(super) rank: u64,
    /// Where in the game it would go on.
    pub(super) place: Option<u32>,
    /// How long all that it was ever asked for should take it: who is asked in the order of this is
    /// asked in proportion to what it can do.
    pub(super) asked_time: Duration,
    /// Fetches from before it was removed and added again, that have not ended.
    pub(super) leftovers: usize,
    pub(super) rate: BusyRate,
    running: usize,
    running_bytes: u64,
    /// When everything it was asked for should be there.
    due: Now,
    /// Before this time no second fetch starts beside the last one.
    spaced: Now,
    failures: u32,
    refusals: u32,
    /// Fetches below this id belong to a failure that was counted.
    fence: FetchId,
    paused_until: Now,
}

impl Source {
    /// A source nobody has asked yet.
    pub(super) fn new(rank: u64, leftovers: usize) -> Self {
        Self {
            rank,
            place: None,
            asked_time: Duration::ZERO,
            leftovers,
            rate: BusyRate::default(),
            running: 0,
            running_bytes: 0,
            due: Now::default(),
            spaced: Now::default(),
            failures: 0,
            refusals: 0,
            fence: FetchId(0),
            paused_until: Now::default(),
        }
    }

    /// Fetches that run on it.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Bytes of the fetches that run on it.
    pub(super) fn running_bytes(&self) -> u64 {
        self.running_bytes
    }

    /// When everything it was asked for should be there: the doubt about it starts then.
    pub(super) fn due(&self) -> Now {
        self.due
    }

    /// How long it still has to do.
    pub(super) fn backlog(&self, now: Now) -> Duration {
        self.due.since(now)
    }

    /// From when on another fetch may start, as things stand; `None`: not before one has ended.
    pub(super) fn room_from(&self, limits: &TransferLimits) -> Option<Now> {
        let room = match self.rate.bytes_per_s() {
            _ if self.leftovers > 0 => None,
            _ if self.running == 0 => Some(Now::default()),
            _ if self.on_probation() => None,
            None => (self.running < FETCHES_UNMEASURED_MAX).then_some(Now::default()),
            Some(_) => (self.running < limits.fetches_per_source_max)
                .then(|| Now(self.due.0.saturating_sub(limits.pipeline_time)).max(self.spaced)),
        };
        room.map(|from| from.max(self.paused_until))
    }

    /// Bytes the next fetch should ask for.
    pub(super) fn batch_bytes(&self, limits: &TransferLimits) -> u64 {
        let measured = self
            .rate
            .bytes_in(limits.batch_time)
            .filter(|_| !self.on_probation());
        measured
            .unwrap_or(0)
            .max(limits.first_fetch_bytes)
            .min(limits.fetch_bytes_max)
    }

    /// How long these bytes would take it; a guess if it is not measured yet.
    pub(super) fn time_for(&self, bytes: u64, limits: &TransferLimits) -> Duration {
        self.rate.time_for(bytes).unwrap_or(limits.pipeline_time)
    }

    /// A fetch starts.
    pub(super) fn started(&mut self, now: Now, bytes: u64) {
        self.asked_time += self.rate.time_for(bytes).unwrap_or(FIRST_ANSWER_TIME);
        match self.rate.time_for(bytes) {
            Some(time) => {
                self.due = self.due.max(now) + time;
                // Fetches that start together end together, and then the link has nothing to do
                // until the next requests have arrived.
                self.spaced = now + time / 2;
            }
            None if self.running == 0 => self.due = now + FIRST_ANSWER_TIME,
            None => {}
        }
        self.running += 1;
        self.running_bytes += bytes;
    }

    /// A fetch that asked for `asked` bytes ended after `elapsed` with `delivered` bytes.
    pub(super) fn ended(&mut self, now: Now, asked: u64, delivered: u64, elapsed: Duration) {
        debug_assert!(self.running > 0 && self.running_bytes >= asked);
        self.running -= 1;
        self.running_bytes -= asked;
        self.rate.record(now, delivered, elapsed);
        if let Some(rest) = self.rate.time_for(self.running_bytes) {
            self.due = self.due.min(now + rest);
        }
    }

    /// A fetch that asked for `asked` bytes was taken back before it began: it has much to do, so others come first
    /// for a moment. What it was not given to do tells nothing about its throughput.
    pub(super) fn taken_back(&mut self, now: Now, asked: u64) {
        debug_assert!(self.running > 0 && self.running_bytes >= asked);
        self.running -= 1;
        self.running_bytes -= asked;
        let taken = self.rate.time_for(asked).unwrap_or(FIRST_ANSWER_TIME);
        self.asked_time = self.asked_time.saturating_sub(taken);
        if let Some(rest) = self.rate.time_for(self.running_bytes) {
            self.due = self.due.min(now + rest);
        }
        self.paused_until = self.paused_until.max(now + TAKEN_BACK_PAUSE);
    }

    /// Everything that was asked for came.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.refusals = 0;
    }

    /// Something went wrong that was not its fault, or only a moment's: it rests for a moment.
    pub(super) fn rest(&mut self, now: Now, limits: &TransferLimits) {
        self.paused_until = self.paused_until.max(now + limits.retry_pause_min);
    }

    /// A fetch failed. `next` is the id that the next fetch of the transfer will get.
    pub(super) fn failed(
        &mut self,
        now: Now,
        fetch: FetchId,
        next: FetchId,
        kind: FailureKind,
        limits: &TransferLimits,
    ) -> Verdict {
        if fetch < self.fence {
            return Verdict::SameFailure;
        }
        self.fence = next;
        let (count, retries) = match kind {
            FailureKind::Broken => (&mut self.failures, limits.retries_max),
            FailureKind::Refused => (&mut self.refusals, limits.refusal_retries_max),
        };
        *count += 1;
        let attempts = *count;
        if attempts > retries {
            return Verdict::Drop { attempts };
        }
        let doublings = (attempts - 1).min(16);
        let pause = limits.retry_pause_min.saturating_mul(1 << doublings);
        self.paused_until = now + pause.min(limits.retry_pause_max);
        Verdict::Retry {
            attempt: attempts,
            at: self.paused_until,
        }
    }

    /// Whether it failed and has not succeeded since: it gets one small fetch at a time.
    fn on_probation(&self) -> bool {
        self.failures + self.refusals > 0
    }
}
