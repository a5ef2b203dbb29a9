//! How fast an answer has to come: a trickle is no better than silence.
//!
//! Invariant: whoever sends less than the least pace is given up, however regularly it sends; a link
//! that is only slow, or shared by many, stays above it. Pure: the time is an argument.

use std::time::{Duration, Instant};

use super::limits::{
    MANIFEST_BYTES_PER_S_MIN, MANIFEST_TIMEOUT_MAX, TRICKLE_BYTES_MIN, TRICKLE_TIMES_MIN,
};

/// How long a whole manifest of so many bytes may take, when `timeout` is the longest wait for a part
/// of it.
pub(super) fn manifest_time_max(timeout: Duration, bytes: u64) -> Duration {
    let at_least_pace = Duration::from_secs(bytes / MANIFEST_BYTES_PER_S_MIN);
    timeout
        .saturating_add(at_least_pace)
        .min(MANIFEST_TIMEOUT_MAX)
}

/// What came of an answer so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Came {
    bytes: usize,
    /// How often some came.
    times: usize,
}

impl Came {
    /// So many bytes more came.
    pub(super) const fn more(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.times += 1;
    }

    /// Bytes that came since `before`.
    pub(super) const fn bytes_since(self, before: Self) -> usize {
        self.bytes - before.bytes
    }

    /// Whether what came since `before`, until the time was over, is a trickle.
    pub(super) const fn is_trickle_since(self, before: Self) -> bool {
        self.times - before.times >= TRICKLE_TIMES_MIN
            && self.bytes - before.bytes < TRICKLE_BYTES_MIN
    }
}

/// Watches whether contents come at the least pace.
#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    since: Instant,
    had: Came,
}

impl Pace {
    /// Demands [`TRICKLE_BYTES_MIN`] within each `every`, from `now` on, when this came already.
    pub(super) const fn new(every: Duration, now: Instant, came: Came) -> Self {
        Self {
            every,
            since: now,
            had: came,
        }
    }

    /// This came by now: whether that is fast enough.
    pub(super) fn holds(&mut self, now: Instant, came: Came) -> bool {
        if now.saturating_duration_since(self.since) < self.every {
            return true;
        }
        let is_fast = came.bytes - self.had.bytes >= TRICKLE_BYTES_MIN;
        if is_fast {
            (self.since, self.had) = (now, came);
        }
        is_fast
    }

    /// Nobody read for so long: that time does not count.
    pub(super) fn excuse(&mut self, unread: Duration) {
        self.since += unread;
    }

    /// What had come when the time began that is judged.
    pub(super) const fn had(&self) -> Came {
        self.had
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    /// So many bytes, in so many pieces.
    fn came(bytes: usize, times: usize) -> Came {
        Came { bytes, times }
    }

    #[test]
    fn a_source_at_the_least_pace_is_kept_and_one_byte_less_is_too_slow() {
        let start = Instant::now();
        let mut pace = Pace::new(EVERY, start, came(5, 1));
        assert!(pace.holds(start + EVERY, came(5 + TRICKLE_BYTES_MIN, 2)));
        assert!(pace.holds(start + EVERY * 2, came(5 + 2 * TRICKLE_BYTES_MIN, 3)));
        assert!(!pace.holds(start + EVERY * 3, came(5 + 3 * TRICKLE_BYTES_MIN - 1, 4)));
        assert_eq!(pace.had(), came(5 + 2 * TRICKLE_BYTES_MIN, 3));
    }

    #[test]
    fn little_that_comes_again_and_again_is_a_trickle_and_silence_after_a_beginning_is_none() {
        let before = came(1_000, 7);
        let since = |bytes, times| came(1_000 + bytes, 7 + times).is_trickle_since(before);
        assert!(since(TRICKLE_BYTES_MIN - 1, TRICKLE_TIMES_MIN));
        assert!(!since(TRICKLE_BYTES_MIN, TRICKLE_TIMES_MIN), "fast enough");
        assert!(!since(1, TRICKLE_TIMES_MIN - 1), "it fell silent");
        assert!(!since(0, 0));
    }

    #[test]
    fn time_in_which_nobody_read_is_not_the_source_s_fault() {
        let start = Instant::now();
        let mut pace = Pace::new(EVERY, start, came(0, 0));
        pace.excuse(EVERY);
        let moment = Duration::from_millis(1);
        let almost = (EVERY * 2).saturating_sub(moment);
        assert!(pace.holds(start + almost, came(0, 0)));
        assert!(!pace.holds(start + EVERY * 2, came(0, 0)));
    }

    #[test]
    fn nobody_is_judged_before_the_time_is_over() {
        let start = Instant::now();
        let mut pace = Pace::new(EVERY, start, came(0, 0));
        let moment = Duration::from_millis(1);
        assert!(pace.holds(start + EVERY.saturating_sub(moment), came(0, 0)));
        assert!(!pace.holds(start + EVERY, came(0, 0)));
    }

    #[test]
    fn a_manifest_may_take_longer_the_larger_it_is_but_never_longer_than_the_limit() {
        assert_eq!(manifest_time_max(EVERY, 0), EVERY);
        let second = Duration::from_secs(1);
        assert_eq!(
            manifest_time_max(EVERY, MANIFEST_BYTES_PER_S_MIN),
            EVERY + second
        );
        assert_eq!(manifest_time_max(EVERY, u64::MAX), MANIFEST_TIMEOUT_MAX);
        assert_eq!(
            manifest_time_max(MANIFEST_TIMEOUT_MAX, 0),
            MANIFEST_TIMEOUT_MAX
        );
    }
}
