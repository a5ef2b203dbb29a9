//! A count that drains with time: points that are forgiven, requests that are paid off.
//!
//! Invariant: it drains by whole units, one for each full interval since it was last empty or drained,
//! so that looking at it often or seldom comes to the same.

use std::time::Duration;

use crate::Now;

/// A draining count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Leak {
    level: u32,
    since: Now,
}

impl Leak {
    /// What is left of it, when one unit drains `every` so often.
    pub(crate) fn level(&mut self, now: Now, every: Duration) -> u32 {
        let drained = now.since(self.since).as_nanos() / every.as_nanos().max(1);
        match u32::try_from(drained) {
            Ok(drained) if drained < self.level => {
                self.level -= drained;
                self.since = self.since + every * drained;
            }
            Ok(_) | Err(_) => {
                self.level = 0;
                self.since = now;
            }
        }
        self.level
    }

    /// Adds to it; returns the sum.
    pub(crate) fn add(&mut self, now: Now, every: Duration, amount: u32) -> u32 {
        self.level = self.level(now, every).saturating_add(amount);
        self.level
    }

    /// Empties it.
    pub(crate) const fn clear(&mut self) {
        self.level = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(6);

    fn at(ms: u64) -> Now {
        Now(Duration::from_millis(ms))
    }

    #[test]
    fn it_drains_by_whole_units_however_often_it_is_looked_at() {
        let mut often = Leak::default();
        let mut seldom = Leak::default();
        often.add(at(0), EVERY, 10);
        seldom.add(at(0), EVERY, 10);
        for ms in (0..30_000).step_by(700) {
            often.level(at(ms), EVERY);
        }
        assert_eq!(often.level(at(30_000), EVERY), 5);
        assert_eq!(seldom.level(at(30_000), EVERY), 5);
    }

    #[test]
    fn it_is_empty_in_the_end_and_starts_anew() {
        let mut leak = Leak::default();
        leak.add(at(0), EVERY, 2);
        assert_eq!(leak.level(at(12_000), EVERY), 0);
        assert_eq!(leak.add(at(17_000), EVERY, 1), 1);
        assert_eq!(leak.level(at(22_999), EVERY), 1);
        assert_eq!(leak.level(at(23_000), EVERY), 0);
    }

    #[test]
    fn it_never_overflows() {
        let mut leak = Leak::default();
        leak.add(at(0), EVERY, u32::MAX);
        assert_eq!(leak.add(at(0), EVERY, u32::MAX), u32::MAX);
        assert_eq!(leak.level(at(u64::MAX), EVERY), 0);
    }
}
