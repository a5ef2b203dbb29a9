//! How fast a peer's transfers may be: the limits that its user sets, and whether it yields to a game.
//!
//! Invariant: a limit that exists is one that works: below [`RATE_MIN_BYTES_PER_S`] the other side would
//! take a slow answer for a dead one, so there is no such [`RateLimit`]. Only the contents of games are
//! slowed; what peers tell each other is not.
//!
//! [`gate`] says when the next bytes may pass, [`yielding`] how fast an upload may be beside a game, and
//! neither knows a clock or a connection.

pub mod gate;
mod setting;
pub mod yielding;

pub(crate) use setting::RateSetting;

/// Least rate that can be set, in bytes per second.
///
/// A receiver gives up an answer that brings less than 8 KiB in 5 s, and a sender one of which nothing
/// was taken for 30 s. At this rate [`UPLOADS_MAX`](crate::uploads::UPLOADS_MAX) uploads at a time bring
/// 20 KiB each in 5 s, and the [`fetches_max`] fetches at a time take 2 MiB each in 30 s.
pub const RATE_MIN_BYTES_PER_S: u64 = 256 * 1024;

/// What each fetch is left with, at least, when downloads are limited.
const FETCH_BYTES_PER_S_MIN: u64 = 64 * 1024;

/// A rate that transfers may not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateLimit(u64);

/// Why a rate is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} bytes per second is too slow: others would take this peer for a dead one; the least is \
     {RATE_MIN_BYTES_PER_S} bytes per second (256 KiB/s)"
)]
pub struct RateTooLow(u64);

impl RateLimit {
    /// This many bytes per second.
    ///
    /// # Errors
    /// Less than [`RATE_MIN_BYTES_PER_S`].
    pub const fn new(bytes_per_s: u64) -> Result<Self, RateTooLow> {
        if bytes_per_s < RATE_MIN_BYTES_PER_S {
            return Err(RateTooLow(bytes_per_s));
        }
        Ok(Self(bytes_per_s))
    }

    /// In bytes per second.
    #[must_use]
    pub const fn bytes_per_s(self) -> u64 {
        self.0
    }
}

/// All limits; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Of all that leaves.
    pub upload: Option<RateLimit>,
    /// Of what leaves for any one peer.
    pub upload_per_peer: Option<RateLimit>,
    /// Of all that comes.
    pub download: Option<RateLimit>,
    /// Of what comes from any one peer.
    pub download_per_peer: Option<RateLimit>,
}

/// What becomes of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// There is none any more.
    Lift,
    /// It is this from here on.
    To(RateLimit),
}

/// What becomes of each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitChanges {
    /// Of all that leaves.
    pub upload: LimitChange,
    /// Of what leaves for any one peer.
    pub upload_per_peer: LimitChange,
    /// Of all that comes.
    pub download: LimitChange,
    /// Of what comes from any one peer.
    pub download_per_peer: LimitChange,
}

impl LimitChange {
    const fn of(self, before: Option<RateLimit>) -> Option<RateLimit> {
        match self {
            Self::Keep => before,
            Self::Lift => None,
            Self::To(limit) => Some(limit),
        }
    }
}

impl LimitChanges {
    /// The limits after the change.
    #[must_use]
    pub const fn of(self, before: RateLimits) -> RateLimits {
        RateLimits {
            upload: self.upload.of(before.upload),
            upload_per_peer: self.upload_per_peer.of(before.upload_per_peer),
            download: self.download.of(before.download),
            download_per_peer: self.download_per_peer.of(before.download_per_peer),
        }
    }
}

/// Whether the user plays, so that uploads yield to the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Playing {
    /// Uploads take what they get.
    #[default]
    No,
    /// Uploads keep the link's queue short.
    Yes,
}

/// Most fetches at a time under a limit of all downloads: each is left with
/// enough for its source not to give it up.
#[must_use]
pub fn fetches_max(download: RateLimit) -> usize {
    usize::try_from(download.bytes_per_s() / FETCH_BYTES_PER_S_MIN).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{transfer::limits::STALL_TIMEOUT, uploads::UPLOADS_MAX};

    fn limit(bytes_per_s: u64) -> RateLimit {
        RateLimit::new(bytes_per_s).unwrap()
    }

    #[test]
    fn the_least_rate_is_a_limit_and_a_byte_less_is_refused_with_the_least_named() {
        assert_eq!(limit(RATE_MIN_BYTES_PER_S).bytes_per_s(), 262_144);
        assert_eq!(limit(u64::MAX).bytes_per_s(), u64::MAX);
        let refusal = RateLimit::new(RATE_MIN_BYTES_PER_S - 1).unwrap_err();
        let text = refusal.to_string();
        assert!(
            text.contains("262143 bytes") && text.contains("262144"),
            "{text}"
        );
    }

    /// The transport's own numbers: a receiver wants 8 KiB in each stall timeout, a sender waits 30 s
    /// for 1 MiB to be taken.
    #[test]
    fn at_the_least_rate_no_side_takes_the_other_for_dead() {
        let uploads = u64::try_from(UPLOADS_MAX).unwrap();
        let each = RATE_MIN_BYTES_PER_S / uploads * STALL_TIMEOUT.as_secs();
        assert!(each >= 2 * 8 * 1024, "{each}");
        let fetches = u64::try_from(fetches_max(limit(RATE_MIN_BYTES_PER_S))).unwrap();
        let each = RATE_MIN_BYTES_PER_S / fetches * Duration::from_secs(30).as_secs();
        assert!(each >= 1024 * 1024, "{each}");
    }

    #[test]
    fn a_change_names_what_it_changes_and_leaves_the_rest() {
        let before = RateLimits {
            upload: Some(limit(1_000_000)),
            download: Some(limit(2_000_000)),
            ..RateLimits::default()
        };
        let changes = LimitChanges {
            upload: LimitChange::Lift,
            upload_per_peer: LimitChange::To(limit(3_000_000)),
            ..LimitChanges::default()
        };
        let after = RateLimits {
            upload_per_peer: Some(limit(3_000_000)),
            download: Some(limit(2_000_000)),
            ..RateLimits::default()
        };
        assert_eq!(changes.of(before), after);
    }

    #[test]
    fn fetches_at_a_time_follow_the_limit_of_downloads() {
        assert_eq!(fetches_max(limit(RATE_MIN_BYTES_PER_S)), 4);
        assert_eq!(fetches_max(limit(1024 * 1024)), 16);
    }
}
