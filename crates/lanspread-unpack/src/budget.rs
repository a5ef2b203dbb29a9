//! Counts what a job has unpacked and holds it against the limits.
//!
//! The one invariant: a count never passes its limit, because every check comes before the work that
//! it is for. It knows numbers only; who exceeded a limit with what is its caller's to say.

use crate::error::LimitKind;
use crate::limits::UnpackLimits;

/// A limit that would be exceeded, with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) limit: LimitKind,
    pub(crate) allowed: u64,
}

/// The counts of one job.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    limits: UnpackLimits,
    entries: u64,
    bytes: u64,
    archive_bytes: u64,
    archive_bytes_max: u64,
}

impl Budget {
    pub(crate) fn new(limits: UnpackLimits) -> Self {
        Self {
            limits,
            entries: 0,
            bytes: 0,
            archive_bytes: 0,
            archive_bytes_max: limits.ratio_free_bytes,
        }
    }

    /// Bytes unpacked so far, of all archives.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Starts the count of an archive of this size.
    pub(crate) fn begin_archive(&mut self, packed_bytes: u64) {
        self.archive_bytes = 0;
        self.archive_bytes_max = packed_bytes
            .saturating_mul(self.limits.ratio_max)
            .max(self.limits.ratio_free_bytes);
    }

    /// Counts an entry.
    pub(crate) fn count_entry(&mut self) -> Result<(), Exceeded> {
        check(
            self.entries + 1,
            self.limits.entries_max,
            LimitKind::Entries,
        )?;
        self.entries += 1;
        Ok(())
    }

    /// Checks the size of a file, as announced or as reached.
    pub(crate) fn check_file(&self, bytes: u64) -> Result<(), Exceeded> {
        check(bytes, self.limits.file_bytes_max, LimitKind::FileBytes)
    }

    /// Checks whether there is room for `more` bytes.
    pub(crate) fn check_bytes(&self, more: u64) -> Result<(), Exceeded> {
        let total = self.bytes.saturating_add(more);
        check(total, self.limits.total_bytes_max, LimitKind::TotalBytes)?;
        if self.archive_bytes.saturating_add(more) > self.archive_bytes_max {
            let allowed = self.limits.ratio_max;
            return Err(Exceeded {
                limit: LimitKind::Ratio,
                allowed,
            });
        }
        Ok(())
    }

    /// Counts bytes that have been checked and written.
    pub(crate) fn count_bytes(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.archive_bytes = self.archive_bytes.saturating_add(bytes);
    }
}

fn check(count: u64, allowed: u64, limit: LimitKind) -> Result<(), Exceeded> {
    if count > allowed {
        Err(Exceeded { limit, allowed })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_limits_hold_at_their_value_and_one_past_it() {
        let limits = UnpackLimits::default();
        let mut budget = Budget::new(limits);
        assert!(budget.check_file(limits.file_bytes_max).is_ok());
        assert!(budget.check_file(limits.file_bytes_max + 1).is_err());
        budget.begin_archive(u64::MAX);
        assert!(budget.check_bytes(limits.total_bytes_max).is_ok());
        assert!(budget.check_bytes(limits.total_bytes_max + 1).is_err());
        budget.entries = limits.entries_max - 1;
        assert!(budget.count_entry().is_ok());
        assert!(budget.count_entry().is_err());
    }

    #[test]
    fn the_ratio_counts_from_the_start_of_each_archive() {
        let limits = UnpackLimits {
            ratio_max: 10,
            ratio_free_bytes: 50,
            ..Default::default()
        };
        let mut budget = Budget::new(limits);
        for _ in 0..3 {
            budget.begin_archive(20);
            assert!(budget.check_bytes(200).is_ok());
            assert_eq!(budget.check_bytes(201).unwrap_err().limit, LimitKind::Ratio);
            budget.count_bytes(150);
            assert!(budget.check_bytes(50).is_ok());
            assert!(budget.check_bytes(51).is_err());
            budget.begin_archive(1);
            assert!(budget.check_bytes(50).is_ok());
            assert!(budget.check_bytes(51).is_err());
        }
        assert_eq!(budget.bytes(), 450);
        assert!(budget.check_bytes(u64::MAX).is_err());
    }
}
