//! How fast an upload may be so that a game on the same link does not notice it.
//!
//! The idea is that of LEDBAT (RFC 6817): the time that packets wait in the queue of the link is the time
//! that they take now less the least they ever took, and an upload that keeps this short stays out of the
//! way. While the queue is short the rate rises by a small step, faster the longer it was short; when it
//! is long the rate falls by a part, more the longer it is.
//!
//! Invariant: the rate is never below [`YIELD_FLOOR_BYTES_PER_S`], so nobody starves, and rises only when
//! it was used, so a rate that means something is at hand when a link becomes busy. Pure: the time is
//! counted in ticks of [`YIELD_TICK`].

use std::time::Duration;

use super::RATE_MIN_BYTES_PER_S;

/// How often the rate is decided.
pub const YIELD_TICK: Duration = Duration::from_millis(10);

const TICKS_PER_S: u64 = 100;

/// A queue is short up to this time.
pub const YIELD_TARGET: Duration = Duration::from_millis(2);

/// The rate that is left to uploads whatever happens, in bytes per second.
pub const YIELD_FLOOR_BYTES_PER_S: u64 = RATE_MIN_BYTES_PER_S;

/// After the rate fell, so many ticks pass until it may fall again: what waits has to leave first.
const REST_TICKS: u32 = 2;

/// Bytes pass and nobody confirms any for so many ticks: the queue is not known, and may be long.
const SILENT_TICKS_MAX: u32 = 50;

/// After so many ticks without a long queue the small step becomes twice as large, and so on.
const CALM_TICKS: u32 = 128;

/// What was seen in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The least time that a packet waited in a queue; `None` when none was confirmed.
    pub waited: Option<Duration>,
    /// Bytes that passed.
    pub passed_bytes: u64,
}

/// How the rate rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rise {
    /// By a sixteenth with each tick: the link is not known yet.
    Finding,
    /// Soon to just below the rate at which it fell last, and on from there in very small steps that
    /// grow with time: links let a burst pass before they queue, and show too late that a rate is too
    /// high.
    Careful {
        fell_at_bytes_per_s: u64,
        calm_ticks: u32,
    },
}

/// The rate of uploads beside a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yielding {
    rate_bytes_per_s: u64,
    rise: Rise,
    rest_ticks: u32,
    silent_ticks: u32,
    /// What was seen in the tick before.
    waited_before: Option<Duration>,
}

impl Default for Yielding {
    /// Begins at the floor, and finds the link's rate within a second.
    fn default() -> Self {
        Self {
            rate_bytes_per_s: YIELD_FLOOR_BYTES_PER_S,
            rise: Rise::Finding,
            rest_ticks: 0,
            silent_ticks: 0,
            waited_before: None,
        }
    }
}

impl Yielding {
    /// The rate at this moment, in bytes per second.
    #[must_use]
    pub const fn rate_bytes_per_s(&self) -> u64 {
        self.rate_bytes_per_s
    }

    /// A tick is over.
    pub fn tick(&mut self, seen: Seen) {
        self.rest_ticks = self.rest_ticks.saturating_sub(1);
        let before = std::mem::replace(&mut self.waited_before, seen.waited);
        // A queue is there for longer than a tick; a program that had to wait for a core is not.
        let waited = seen
            .waited
            .map(|now| before.map_or(now, |before| before.min(now)));
        match waited {
            Some(waited) if waited > YIELD_TARGET => {
                self.silent_ticks = 0;
                self.fall(waited, seen.passed_bytes);
            }
            Some(_) => {
                self.silent_ticks = 0;
                if self.was_used(seen.passed_bytes) {
                    self.rise();
                }
            }
            None if seen.passed_bytes > 0 => {
                self.silent_ticks += 1;
                if self.silent_ticks > SILENT_TICKS_MAX {
                    self.silent_ticks = 0;
                    self.fall(2 * YIELD_TARGET, seen.passed_bytes);
                }
            }
            None => {}
        }
    }

    /// Whether most of what may pass did.
    fn was_used(&self, passed_bytes: u64) -> bool {
        passed_bytes >= bytes_in_tick(self.rate_bytes_per_s) / 4 * 3
    }

    fn rise(&mut self) {
        let most = self.rate_bytes_per_s / 16;
        let step = match &mut self.rise {
            Rise::Finding => most,
            Rise::Careful {
                fell_at_bytes_per_s: fell_at,
                calm_ticks,
            } => {
                *calm_ticks = calm_ticks.saturating_add(1);
                if self.rate_bytes_per_s < *fell_at / 16 * 15 {
                    *fell_at / 128
                } else {
                    (*fell_at / 2048).max(YIELD_FLOOR_BYTES_PER_S / 64)
                        << (*calm_ticks / CALM_TICKS).min(10)
                }
            }
        };
        self.rate_bytes_per_s = self.rate_bytes_per_s.saturating_add(step.min(most));
    }

    /// Falls by an eighth of what passed; by a quarter when packets wait three times too long, and by a
    /// half when six times.
    fn fall(&mut self, waited: Duration, passed_bytes: u64) {
        if self.rest_ticks > 0 {
            return;
        }
        let passed = per_second(passed_bytes);
        let from = self
            .rate_bytes_per_s
            .min(passed.max(self.rate_bytes_per_s / 2));
        let part = if waited < YIELD_TARGET * 3 {
            from / 8
        } else if waited < YIELD_TARGET * 6 {
            from / 4
        } else {
            from / 2
        };
        self.rate_bytes_per_s = (from - part).max(YIELD_FLOOR_BYTES_PER_S);
        self.rise = Rise::Careful {
            fell_at_bytes_per_s: from,
            calm_ticks: 0,
        };
        self.rest_ticks = REST_TICKS + 1;
    }
}

fn bytes_in_tick(bytes_per_s: u64) -> u64 {
    bytes_per_s / TICKS_PER_S
}

fn per_second(bytes_in_tick: u64) -> u64 {
    bytes_in_tick.saturating_mul(TICKS_PER_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST_BYTES: u64 = 256 * 1024;

    /// A link with a queue, of which others take a part, and that lets a burst pass first.
    struct Link {
        bytes_per_s: u64,
        others_bytes_per_s: u64,
        burst_bytes: u64,
        queue_bytes: u64,
        queue_bytes_max: u64,
        /// What packets waited in the tick before: confirmed one tick later.
        waited: Duration,
    }

    impl Link {
        fn new(bytes_per_s: u64) -> Self {
            Self {
                bytes_per_s,
                others_bytes_per_s: 0,
                burst_bytes: BURST_BYTES,
                queue_bytes: 0,
                queue_bytes_max: bytes_per_s / 20,
                waited: Duration::ZERO,
            }
        }

        /// One tick of an upload at its full rate; returns what a game's packet waits at its end.
        fn tick(&mut self, yielding: &mut Yielding) -> Duration {
            let passed_bytes = bytes_in_tick(yielding.rate_bytes_per_s());
            let came = self.queue_bytes + passed_bytes + bytes_in_tick(self.others_bytes_per_s);
            let could = self.burst_bytes + bytes_in_tick(self.bytes_per_s);
            let left = came.saturating_sub(could);
            self.burst_bytes = could.saturating_sub(came).min(BURST_BYTES);
            self.queue_bytes = left.min(self.queue_bytes_max);
            let waits = Duration::from_micros(self.queue_bytes * 1_000_000 / self.bytes_per_s);
            let waited = Some(std::mem::replace(&mut self.waited, waits));
            yielding.tick(Seen {
                waited,
                passed_bytes,
            });
            waits
        }

        /// Plays for so long; returns the rate in hundredths of the link, and the wait at 99 %.
        fn play(&mut self, yielding: &mut Yielding, ticks: u32) -> (u64, Duration) {
            let mut waits = Vec::new();
            let mut sent_bytes = 0;
            for _ in 0..ticks {
                sent_bytes += bytes_in_tick(yielding.rate_bytes_per_s());
                waits.push(self.tick(yielding));
            }
            waits.sort_unstable();
            let could = bytes_in_tick(self.bytes_per_s) * u64::from(ticks);
            (sent_bytes * 100 / could, waits[waits.len() * 99 / 100])
        }
    }

    #[test]
    fn an_upload_fills_most_of_a_link_and_its_queue_stays_short() {
        for mbit in [50_u64, 100, 1_000, 2_500] {
            let mut link = Link::new(mbit * 125_000);
            let mut yielding = Yielding::default();
            link.play(&mut yielding, 300);
            let (percent, waits) = link.play(&mut yielding, 6_000);
            assert!(percent >= 85, "{mbit} Mbit/s: {percent} %");
            assert!(
                waits <= Duration::from_millis(5),
                "{mbit} Mbit/s: {waits:?}"
            );
        }
    }

    #[test]
    fn a_link_is_found_within_two_seconds_without_a_long_queue() {
        let mut link = Link::new(125_000_000);
        let mut yielding = Yielding::default();
        let mut longest = Duration::ZERO;
        for _ in 0..200 {
            longest = longest.max(link.tick(&mut yielding));
        }
        assert!(yielding.rate_bytes_per_s() > 125_000_000 / 2);
        assert!(longest <= Duration::from_millis(20), "{longest:?}");
    }

    #[test]
    fn an_upload_gives_way_to_others_and_takes_back_what_they_leave() {
        let mut link = Link::new(12_500_000);
        let mut yielding = Yielding::default();
        link.play(&mut yielding, 1_000);
        link.others_bytes_per_s = 10_000_000;
        link.play(&mut yielding, 50);
        let (percent, waits) = link.play(&mut yielding, 2_000);
        assert!((5..=22).contains(&percent), "{percent}");
        assert!(waits <= Duration::from_millis(5), "{waits:?}");
        link.others_bytes_per_s = 0;
        link.play(&mut yielding, 1_000);
        let (percent, _) = link.play(&mut yielding, 1_000);
        assert!(percent >= 85, "{percent}");
    }

    #[test]
    fn one_tick_of_waiting_is_no_queue_and_two_are() {
        let mut yielding = Yielding::default();
        let seen = |ms| Seen {
            waited: Some(Duration::from_millis(ms)),
            passed_bytes: 1_000_000,
        };
        for _ in 0..50 {
            yielding.tick(seen(0));
            yielding.tick(seen(30));
        }
        let risen = yielding.rate_bytes_per_s();
        assert!(risen > 20 * YIELD_FLOOR_BYTES_PER_S, "{risen}");
        yielding.tick(seen(30));
        assert!(yielding.rate_bytes_per_s() < risen);
    }

    #[test]
    fn whatever_happens_the_floor_is_left() {
        let mut yielding = Yielding::default();
        for _ in 0..1_000 {
            yielding.tick(Seen {
                waited: Some(Duration::from_secs(1)),
                passed_bytes: 1,
            });
            assert!(yielding.rate_bytes_per_s() >= YIELD_FLOOR_BYTES_PER_S);
        }
    }

    #[test]
    fn a_rate_that_is_not_used_does_not_rise_and_nothing_is_concluded_from_silence() {
        let mut yielding = Yielding::default();
        let idle = Seen {
            waited: Some(Duration::ZERO),
            passed_bytes: 0,
        };
        let silent = Seen {
            waited: None,
            passed_bytes: 0,
        };
        for _ in 0..100 {
            yielding.tick(idle);
            yielding.tick(silent);
        }
        assert_eq!(yielding, Yielding::default());
    }

    #[test]
    fn bytes_that_nobody_confirms_slow_an_upload_down_after_the_limit_and_not_before() {
        let mut yielding = Yielding {
            rate_bytes_per_s: 10_000_000,
            ..Yielding::default()
        };
        let unheard = Seen {
            waited: None,
            passed_bytes: 100_000,
        };
        for _ in 0..SILENT_TICKS_MAX {
            yielding.tick(unheard);
        }
        assert_eq!(yielding.rate_bytes_per_s(), 10_000_000);
        yielding.tick(unheard);
        assert!(yielding.rate_bytes_per_s() < 10_000_000);
    }
}
