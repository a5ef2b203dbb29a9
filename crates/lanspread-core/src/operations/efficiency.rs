//! How well a download uses what this peer's link can do.
//!
//! The least time in which anything can be here is bytes over rate of the link that they come by. What
//! that link can do is not asked of anybody: it is the greatest rate at which any download of this peer
//! has come so far. Invariant: 0 to 100, and never without a rate that was measured.

use std::time::Duration;

use crate::{Now, transfer::TransferProgress};

/// A rate that held for a shorter time says nothing of the link: chunks come in lumps.
const MEASURED_FOR: Duration = Duration::from_secs(1);

/// What the link of this peer has shown that it can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LinkRate {
    bytes_per_s: u64,
}

/// The efficiency of one download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Efficiency {
    since: Now,
}

impl LinkRate {
    /// A download is so far.
    pub(crate) fn saw(&mut self, now: Now, download: &Efficiency, progress: &TransferProgress) {
        if now.since(download.since) >= MEASURED_FOR {
            self.bytes_per_s = self.bytes_per_s.max(progress.rate_bytes_per_s);
        }
    }
}

impl Efficiency {
    /// Of a download that begins.
    pub(crate) const fn since(now: Now) -> Self {
        Self { since: now }
    }

    /// The least time that these bytes could have taken, in hundredths of the time that they took;
    /// `None` until the link has shown what it can do.
    pub(crate) fn percent(self, now: Now, moved_bytes: u64, link: LinkRate) -> Option<u8> {
        let could_bytes = u128::from(link.bytes_per_s) * now.since(self.since).as_millis() / 1_000;
        if could_bytes == 0 {
            return None;
        }
        let percent = u128::from(moved_bytes) * 100 / could_bytes;
        Some(u8::try_from(percent.min(100)).unwrap_or(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now(Duration::from_millis(ms))
    }

    fn coming_at(rate_bytes_per_s: u64) -> TransferProgress {
        TransferProgress {
            verified_bytes: 0,
            total_bytes: 0,
            moved_bytes: 0,
            moved_chunks: 0,
            duplicate_bytes: 0,
            rate_bytes_per_s,
            time_left: None,
            sources: Vec::new(),
        }
    }

    #[test]
    fn a_download_at_the_greatest_rate_that_was_seen_is_at_a_hundred_and_one_at_half_of_it_at_fifty()
     {
        let mut link = LinkRate::default();
        let first = Efficiency::since(at(0));
        link.saw(at(5_000), &first, &coming_at(10_000_000));
        assert_eq!(first.percent(at(5_000), 50_000_000, link), Some(100));
        let second = Efficiency::since(at(60_000));
        link.saw(at(62_000), &second, &coming_at(5_000_000));
        assert_eq!(second.percent(at(62_000), 10_000_000, link), Some(50));
        assert_eq!(second.percent(at(62_000), 0, link), Some(0), "it waits");
    }

    #[test]
    fn more_than_the_link_could_is_a_hundred_and_nothing_is_said_before_anything_is_known() {
        let mut link = LinkRate::default();
        let download = Efficiency::since(at(0));
        assert_eq!(download.percent(at(500), 1_000_000, link), None);
        link.saw(at(999), &download, &coming_at(1_000_000));
        assert_eq!(
            download.percent(at(999), 1_000_000, link),
            None,
            "too short"
        );
        link.saw(at(1_000), &download, &coming_at(1_000_000));
        assert_eq!(download.percent(at(1_000), 2_000_000, link), Some(100));
        assert_eq!(download.percent(at(0), 2_000_000, link), None);
    }
}
