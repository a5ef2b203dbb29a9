//! The time of an endpoint, and its one timer.
//!
//! The invariant: a timer fires at most a millisecond early, and time is counted from one instant, so that
//! the same moment is the same sleep.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use s2n_quic_core::time::{self, Clock as _, StdClock, Timestamp};
use tokio::time::{Instant, Sleep, sleep_until};

/// Where a timer stands before it is set for the first time.
const UNSET: Duration = Duration::from_secs(1);

/// Reads the time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    now: StdClock,
    /// What it shows at `start`.
    zero: Timestamp,
    start: Instant,
}

impl Clock {
    pub(super) fn new() -> Self {
        let start = Instant::now();
        let now = StdClock::new(start.into_std());
        let zero = now.get_time();
        Self { now, zero, start }
    }

    /// The last whole millisecond before a moment: the library's timers are no finer.
    fn instant_of(&self, moment: Timestamp) -> Instant {
        let since = moment.saturating_duration_since(self.zero);
        let whole = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let far = Duration::from_millis(whole);
        self.start.checked_add(far).unwrap_or(self.start + UNSET)
    }
}

impl time::Clock for Clock {
    fn get_time(&self) -> Timestamp {
        self.now.get_time()
    }
}

impl time::ClockWithTimer for Clock {
    type Timer = Timer;

    fn timer(&self) -> Timer {
        let target = self.start + UNSET;
        Timer {
            clock: *self,
            target: Some(target),
            sleep: Box::pin(sleep_until(target)),
        }
    }
}

/// Fires once for each time it is set.
#[derive(Debug)]
pub(super) struct Timer {
    clock: Clock,
    target: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl time::clock::Timer for Timer {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.target.is_none() {
            return Poll::Pending;
        }
        let fired = self.sleep.as_mut().poll(cx);
        if fired.is_ready() {
            self.target = None;
        }
        fired
    }

    fn update(&mut self, moment: Timestamp) {
        let target = self.clock.instant_of(moment);
        if self.target != Some(target) {
            self.sleep.as_mut().reset(target);
            self.target = Some(target);
        }
    }
}
