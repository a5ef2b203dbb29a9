//! How fast partners are told what was stored.
//!
//! Invariant: many partners together are told no more often than few, but for what is much to each of them.

use std::time::Duration;

use crate::limits::{
    HOLDINGS_MUCH, HOLDINGS_PAUSE, HOLDINGS_PAUSE_MAX, HOLDINGS_PAUSE_PER_PARTNER,
};

/// The shortest time between two answers with something new to the same asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewsPace {
    /// If the news is much beside what the asker knows.
    pub(crate) of_much: Duration,
    /// Otherwise.
    pub(crate) of_little: Duration,
}

impl NewsPace {
    /// With so many partners that ask, and so many downloads that run here.
    #[must_use]
    pub fn new(askers: usize, downloads: usize) -> Self {
        let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let of = |pause: Duration| {
            let pause = pause.saturating_mul(count(downloads.max(1)));
            pause.min(HOLDINGS_PAUSE_MAX)
        };
        let for_all = HOLDINGS_PAUSE_PER_PARTNER.saturating_mul(count(askers));
        Self {
            of_much: of(HOLDINGS_PAUSE),
            of_little: of(for_all.max(HOLDINGS_PAUSE)),
        }
    }

    /// How long after the last answer so many chunks more are told to whoever knows so many.
    #[must_use]
    pub fn pause(self, news: u32, known: u32) -> Duration {
        if u64::from(news) * HOLDINGS_MUCH >= u64::from(known) {
            self.of_much
        } else {
            self.of_little
        }
    }
}
