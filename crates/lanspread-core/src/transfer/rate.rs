//! Two measures of throughput: what a source can do, and what people are shown.
//!
//! Everything is integer arithmetic on microseconds, so that a run replays bit by bit on every
//! machine.

use std::{collections::VecDeque, time::Duration};

use crate::Now;

/// How much busy time the measure of a source looks back on.
const MEMORY: Duration = Duration::from_secs(2);

/// How a shown rate is sliced, and over how many slices it slides: 5 seconds.
const SLICE: Duration = Duration::from_millis(500);
const SLICES: u64 = 10;

/// What a source delivers while it has something to deliver; idle time does not count.
#[derive(Debug, Default)]
pub(super) struct BusyRate {
    bytes: u64,
    busy: Duration,
    last_end: Option<Now>,
}

impl BusyRate {
    /// A fetch that took `elapsed` has ended and brought `bytes`.
    ///
    /// Fetches of one source overlap. The time since the one before ended belongs to this one, but
    /// never more than it took itself: the rest was idle.
    pub(super) fn record(&mut self, now: Now, bytes: u64, elapsed: Duration) {
        let busy = self
            .last_end
            .map_or(elapsed, |end| now.since(end).min(elapsed));
        self.last_end = Some(now);
        if bytes == 0 {
            return;
        }
        let kept = MEMORY.saturating_sub(busy);
        if self.busy > kept {
            self.bytes = scale(self.bytes, kept, self.busy);
            self.busy = kept;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.busy = self.busy.saturating_add(busy).max(Duration::from_micros(1));
    }

    /// So many ask the source now, after as many as `before`: what it gave to each of these is more than
    /// what it gives from now on. Who does not expect that asks it, in the first second of a swarm, for what
    /// others are about to fetch, and it is sent twice.
    pub(super) fn is_shared(&mut self, before: usize, now: usize) {
        let shared = u128::from(self.bytes) * before as u128 / now.max(1) as u128;
        self.bytes = u64::try_from(shared).unwrap_or(u64::MAX);
    }

    /// Bytes per second, at least 1; `None` before anything came.
    pub(super) fn bytes_per_s(&self) -> Option<u64> {
        (self.busy > Duration::ZERO).then(|| per_second(self.bytes, self.busy).max(1))
    }

    /// How long these bytes take; `None` before anything came.
    pub(super) fn time_for(&self, bytes: u64) -> Option<Duration> {
        self.bytes_per_s().map(|rate| time_at(bytes, rate))
    }

    /// Bytes that take this long; `None` before anything came.
    pub(super) fn bytes_in(&self, time: Duration) -> Option<u64> {
        self.bytes_per_s()
            .map(|rate| scale(rate, time, Duration::from_secs(1)))
    }
}

/// A rate for people: over the last seconds, idle or not.
#[derive(Debug)]
pub(crate) struct SlidingRate {
    since: Now,
    /// Slice number and the bytes that came within it, oldest first.
    slices: VecDeque<(u64, u64)>,
}

impl SlidingRate {
    /// Nothing came before `now`.
    pub(crate) fn new(now: Now) -> Self {
        Self {
            since: now,
            slices: VecDeque::new(),
        }
    }

    /// Bytes came.
    pub(crate) fn record(&mut self, now: Now, bytes: u64) {
        let current = slice_of(now);
        while self
            .slices
            .front()
            .is_some_and(|&(slice, _)| slice + SLICES <= current)
        {
            self.slices.pop_front();
        }
        match self.slices.back_mut() {
            Some((slice, sum)) if *slice == current => *sum = sum.saturating_add(bytes),
            Some(_) | None => self.slices.push_back((current, bytes)),
        }
    }

    /// Bytes per second over the last seconds.
    pub(crate) fn bytes_per_s(&self, now: Now) -> u64 {
        let current = slice_of(now);
        let oldest = (current + 1).saturating_sub(SLICES);
        let sum: u64 = self
            .slices
            .iter()
            .filter(|(slice, _)| *slice >= oldest)
            .map(|(_, sum)| sum)
            .sum();
        let slice_start = Now(SLICE * u32::try_from(oldest).unwrap_or(u32::MAX));
        let span = now.since(slice_start.max(self.since)).max(SLICE);
        per_second(sum, span)
    }
}

/// The mean over a span of time; an empty span counts as a microsecond.
pub(super) fn per_second(bytes: u64, time: Duration) -> u64 {
    scale(
        bytes,
        Duration::from_secs(1),
        time.max(Duration::from_micros(1)),
    )
}

/// How long bytes take at a rate in bytes per second.
pub(super) fn time_at(bytes: u64, bytes_per_s: u64) -> Duration {
    let micros = u128::from(bytes) * 1_000_000 / u128::from(bytes_per_s.max(1));
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

fn slice_of(now: Now) -> u64 {
    u64::try_from(now.0.as_micros() / SLICE.as_micros()).unwrap_or(u64::MAX)
}

/// `value * by / of`, in microseconds and without overflow.
fn scale(value: u64, by: Duration, of: Duration) -> u64 {
    let scaled = u128::from(value).saturating_mul(by.as_micros()) / of.as_micros().max(1);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn at(ms: u64) -> Now {
        Now(Duration::from_millis(ms))
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn overlapping_fetches_add_up_and_idle_time_does_not_count() {
        let mut rate = BusyRate::default();
        assert_eq!(rate.bytes_per_s(), None);
        rate.record(at(200), MIB, ms(200));
        rate.record(at(200), MIB, ms(200));
        assert_eq!(
            rate.bytes_per_s(),
            Some(10 * MIB),
            "two at once, 200 ms in all"
        );
        rate.record(at(60_100), MIB, ms(100));
        assert_eq!(
            rate.bytes_per_s(),
            Some(10 * MIB),
            "a minute of idling is not slowness"
        );
    }

    #[test]
    fn a_source_that_becomes_slow_is_known_to_be_slow_after_one_slow_chunk() {
        let mut rate = BusyRate::default();
        for n in 1..=20 {
            rate.record(at(n * 100), 10 * MIB, ms(100));
        }
        assert_eq!(rate.bytes_per_s(), Some(100 * MIB));
        rate.record(at(6_000), 4 * MIB, ms(4_000));
        assert_eq!(rate.bytes_per_s(), Some(MIB));
        for n in 1..=20 {
            rate.record(at(6_000 + n * 100), 10 * MIB, ms(100));
        }
        assert!(rate.bytes_per_s() > Some(60 * MIB), "and forgiven as soon");
    }

    #[test]
    fn what_was_measured_is_shared_with_whoever_comes() {
        let mut rate = BusyRate::default();
        rate.is_shared(1, 2);
        assert_eq!(rate.bytes_per_s(), None, "nothing is known");
        rate.record(at(1_000), 12 * MIB, ms(1_000));
        rate.is_shared(1, 2);
        rate.is_shared(2, 3);
        assert_eq!(rate.bytes_per_s(), Some(4 * MIB));
        rate.is_shared(0, 0);
        assert_eq!(rate.bytes_per_s(), Some(1), "never none, once measured");
    }

    #[test]
    fn a_fetch_that_took_no_time_divides_by_nothing() {
        let mut rate = BusyRate::default();
        rate.record(at(0), MIB, Duration::ZERO);
        assert!(rate.bytes_per_s().is_some());
        assert_eq!(rate.time_for(0), Some(Duration::ZERO));
    }

    #[test]
    fn the_shown_rate_slides_and_falls_to_zero() {
        let mut rate = SlidingRate::new(at(0));
        assert_eq!(rate.bytes_per_s(at(0)), 0);
        for n in 1..=100 {
            rate.record(at(n * 100), MIB);
        }
        let shown = rate.bytes_per_s(at(10_000));
        assert!((9 * MIB..=11 * MIB).contains(&shown), "{shown}");
        assert_eq!(rate.bytes_per_s(at(16_000)), 0);
    }

    #[test]
    fn the_shown_rate_does_not_explode_in_the_first_moment() {
        let mut rate = SlidingRate::new(at(1_000));
        rate.record(at(1_001), MIB);
        assert_eq!(rate.bytes_per_s(at(1_001)), 2 * MIB);
    }
}
