//! How long operations take.
//!
//! Invariant: time is only added up here; whoever runs the clock asks how much passed and lets it pass.

use std::time::Duration;

/// How fast a disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// What every operation takes.
    pub operation: Duration,
    /// What every sync takes on top.
    pub sync: Duration,
    /// How much is read in a second.
    pub read_bytes_per_second: u64,
    /// How much is written in a second.
    pub write_bytes_per_second: u64,
}

impl Pace {
    /// No time passes.
    pub const INSTANT: Self = Self {
        operation: Duration::ZERO,
        sync: Duration::ZERO,
        read_bytes_per_second: u64::MAX,
        write_bytes_per_second: u64::MAX,
    };
    /// A solid-state disk.
    pub const SOLID: Self = Self {
        operation: Duration::from_micros(20),
        sync: Duration::from_micros(500),
        read_bytes_per_second: 500_000_000,
        write_bytes_per_second: 400_000_000,
    };
    /// A hard disk.
    pub const SPINNING: Self = Self {
        operation: Duration::from_micros(200),
        sync: Duration::from_millis(12),
        read_bytes_per_second: 120_000_000,
        write_bytes_per_second: 100_000_000,
    };
    /// A cheap memory card.
    pub const CARD: Self = Self {
        operation: Duration::from_millis(1),
        sync: Duration::from_millis(60),
        read_bytes_per_second: 40_000_000,
        write_bytes_per_second: 8_000_000,
    };

    pub(super) fn transfer(bytes: usize, per_second: u64) -> Duration {
        let ns = u128::from(bytes as u64) * 1_000_000_000 / u128::from(per_second.max(1));
        Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_takes_its_bytes_by_the_speed() {
        assert_eq!(
            Pace::transfer(5_000_000, 10_000_000),
            Duration::from_millis(500)
        );
        assert_eq!(Pace::transfer(1 << 30, u64::MAX), Duration::ZERO);
        assert_eq!(Pace::transfer(1, 0), Duration::from_secs(1));
    }
}
