//! What another peer can do wrong, and how much each of it weighs.
//!
//! Invariant: the weight says how hard it is to do the thing by accident. What no honest program does
//! reaches [`POINTS_MAX`] at once; what a bad disk, a bad cable or a laptop that fell asleep can do
//! reaches it only when it is repeated faster than [`FORGIVEN_EVERY`] forgives it.

use std::{fmt, time::Duration};

/// Points at which a peer is kept away.
pub const POINTS_MAX: u32 = 100;

/// One point is forgiven this often: all of them within ten minutes.
pub const FORGIVEN_EVERY: Duration = Duration::from_secs(6);

/// Answers that trickle count once in so long a time, however many do: each takes so long, and a bad
/// cable makes all of them slow at once.
pub const TRICKLE_PAUSE: Duration = Duration::from_secs(5);

/// Something that another peer did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Offence {
    /// A download dropped it because a chunk of it had a wrong hash.
    WrongBytes,
    /// A manifest of it did not have the hash it announced, or broke a rule or limit.
    FalseManifest,
    /// A library of it did not have the digest it announced, or broke a rule or limit.
    FalseLibrary,
    /// Any other answer of it broke the protocol.
    BrokenAnswer,
    /// An answer of it came a few bytes at a time, until its time was over.
    TrickledAnswer,
    /// Its `Hello` named another peer than its connection proved.
    Impersonation,
    /// It introduced itself with an address at which somebody else answers.
    ForeignAddress,
    /// A request of it was no message, or longer than allowed.
    MalformedRequest,
    /// It opened a stream on which no whole request came in time.
    SilentStream,
    /// It opened a stream and broke it off before the request was there.
    AbandonedStream,
    /// It introduced itself, or announced its library, faster than it can be followed.
    AnnounceStorm,
    /// It asked more than it may.
    RequestStorm,
}

impl Offence {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::WrongBytes,
        Self::FalseManifest,
        Self::FalseLibrary,
        Self::BrokenAnswer,
        Self::TrickledAnswer,
        Self::Impersonation,
        Self::ForeignAddress,
        Self::MalformedRequest,
        Self::SilentStream,
        Self::AbandonedStream,
        Self::AnnounceStorm,
        Self::RequestStorm,
    ];

    /// How many points it costs; each with the reason why it is not more and not less.
    #[must_use]
    pub const fn weight(self) -> u32 {
        match self {
            // A rotten disk does this too: the download that met it drops the source by itself.
            // The third download in a row that has to is one too many.
            Self::WrongBytes => 40,
            // The sender hashes what it sends, so a bad disk does not do this. Twice is no accident.
            Self::FalseManifest | Self::FalseLibrary => 50,
            // A program with a fault may break the protocol, and a very bad cable lets answers through
            // in drops for a moment. Neither should go on.
            Self::BrokenAnswer | Self::TrickledAnswer => 25,
            // No honest program can: each knows its own key and its own address.
            Self::Impersonation | Self::ForeignAddress => POINTS_MAX,
            // Of the same version nobody honest does, but each one costs next to nothing.
            Self::MalformedRequest => 5,
            // An honest peer was told to slow down before, and does.
            Self::AnnounceStorm => 2,
            // A laptop that falls asleep in the middle of a download leaves up to 64 of them at once.
            // And an honest peer can ask a little too fast, but never for long.
            Self::SilentStream | Self::AbandonedStream | Self::RequestStorm => 1,
        }
    }

    /// For how long after it counted it does not count again; `None` if every time counts.
    pub(super) const fn counts_once_in(self) -> Option<Duration> {
        if matches!(self, Self::TrickledAnswer) {
            Some(TRICKLE_PAUSE)
        } else {
            None
        }
    }

    /// The name in JSON and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongBytes => "wrong-bytes",
            Self::FalseManifest => "false-manifest",
            Self::FalseLibrary => "false-library",
            Self::BrokenAnswer => "broken-answer",
            Self::TrickledAnswer => "trickled-answer",
            Self::Impersonation => "impersonation",
            Self::ForeignAddress => "foreign-address",
            Self::MalformedRequest => "malformed-request",
            Self::SilentStream => "silent-stream",
            Self::AbandonedStream => "abandoned-stream",
            Self::AnnounceStorm => "announce-storm",
            Self::RequestStorm => "request-storm",
        }
    }
}

/// What it did, for people; follows "because it".
impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongBytes => "sent wrong bytes again and again",
            Self::FalseManifest => "sent lists of files that are not what it announced",
            Self::FalseLibrary => {
                "sent a library that is not what it announced, or over the limits"
            }
            Self::BrokenAnswer => "gives answers that break the protocol",
            Self::TrickledAnswer => "gives its answers a few bytes at a time",
            Self::Impersonation => "claimed to be another peer",
            Self::ForeignAddress => "gave the address of somebody else as its own",
            Self::MalformedRequest => "sends requests that are no messages, or over the limits",
            Self::SilentStream => "opens streams and asks nothing on them",
            Self::AbandonedStream => "opens streams and breaks them off",
            Self::AnnounceStorm => "announces itself faster than anybody can follow",
            Self::RequestStorm => "asks far more than it may",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_offence_that_can_be_an_accident_never_keeps_anybody_away() {
        for offence in Offence::ALL {
            let deliberate = matches!(offence, Offence::Impersonation | Offence::ForeignAddress);
            assert_eq!(offence.weight() >= POINTS_MAX, deliberate, "{offence:?}");
            assert!(offence.weight() > 0, "{offence:?}");
        }
    }

    #[test]
    fn a_rotten_disk_is_met_by_two_downloads_before_it_counts() {
        assert!(Offence::WrongBytes.weight() * 2 < POINTS_MAX);
        assert!(Offence::WrongBytes.weight() * 3 >= POINTS_MAX);
    }

    #[test]
    fn a_laptop_that_falls_asleep_in_a_download_is_let_in_again() {
        let streams = u32::try_from(crate::limits::SERVES_PER_PEER_MAX).unwrap();
        assert!(Offence::SilentStream.weight() * streams < POINTS_MAX);
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            Offence::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), Offence::ALL.len());
    }
}
