//! How fast an answer has to come: a trickle is no better than silence.
//!
//! Invariant: whoever sends less than the least pace is given up, however regularly it sends; a link
//! that is only slow, or shared by many, stays above it. Pure: the time is an argument.

use std::time::{Duration, Instant};

use super::limits::{MANIFEST_BYTES_PER_S_MIN, MANIFEST_TIMEOUT_MAX, TRICKLE_BYTES_MIN};

/// How long a whole manifest of so many bytes may take, when `timeout` is the longest wait for a part
/// of it.
pub(super) fn manifest_time_max(timeout: Duration, bytes: u64) -> Duration {
    let at_least_pace = Duration::from_secs(bytes / MANIFEST_BYTES_PER_S_MIN);
    timeout
        .saturating_add(at_least_pace)
        .min(MANIFEST_TIMEOUT_MAX)
}

/// Watches whether contents come at the least pace.
#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    since: Instant,
    had_bytes: usize,
}

impl Pace {
    /// Demands [`TRICKLE_BYTES_MIN`] within each `every`, from `now` on.
    pub(super) const fn new(every: Duration, now: Instant) -> Self {
        Self {
            every,
            since: now,
            had_bytes: 0,
        }
    }

    /// So many bytes are there by now: whether that is fast enough.
    pub(super) fn holds(&mut self, now: Instant, bytes: usize) -> bool {
        if now.saturating_duration_since(self.since) < self.every {
            return true;
        }
        let came_bytes = bytes - self.had_bytes;
        (self.since, self.had_bytes) = (now, bytes);
        came_bytes >= TRICKLE_BYTES_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    #[test]
    fn a_source_at_the_least_pace_is_kept_and_one_byte_less_is_too_slow() {
        let start = Instant::now();
        let mut pace = Pace::new(EVERY, start);
        assert!(pace.holds(start + EVERY, TRICKLE_BYTES_MIN));
        assert!(pace.holds(start + EVERY * 2, 2 * TRICKLE_BYTES_MIN));
        assert!(!pace.holds(start + EVERY * 3, 3 * TRICKLE_BYTES_MIN - 1));
    }

    #[test]
    fn nobody_is_judged_before_the_time_is_over() {
        let start = Instant::now();
        let mut pace = Pace::new(EVERY, start);
        let moment = Duration::from_millis(1);
        assert!(pace.holds(start + EVERY.saturating_sub(moment), 0));
        assert!(!pace.holds(start + EVERY, 0));
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
