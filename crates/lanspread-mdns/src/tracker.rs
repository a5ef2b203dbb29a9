//! Which instances are known, and what of that is news.
//!
//! Invariant: an event comes out only for something a consumer does not know yet, except for the
//! reminders; and the table never holds more than [`INSTANCES_TRACKED_MAX`] instances. Pure: the time
//! is an argument.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    Advertisement, DiscoveryEvent, Rejection, Trouble,
    advertisement::RawInstance,
    limits::{INSTANCES_TRACKED_MAX, REJECTIONS_REMEMBERED_MAX},
};

/// The table of known instances.
#[derive(Debug)]
pub(crate) struct Tracker {
    own_peer_id: String,
    remind_every: Duration,
    /// By the instance's full name in lower case.
    instances: BTreeMap<String, Tracked>,
    rejections: BTreeSet<Rejection>,
    overflow_reported: bool,
}

#[derive(Debug)]
struct Tracked {
    advertisement: Advertisement,
    reported_at: Instant,
}

impl Tracker {
    pub(crate) fn new(own_peer_id: String, remind_every: Duration) -> Self {
        Self {
            own_peer_id,
            remind_every,
            instances: BTreeMap::new(),
            rejections: BTreeSet::new(),
            overflow_reported: false,
        }
    }

    /// Whether no other peer is known.
    pub(crate) fn is_alone(&self) -> bool {
        self.instances.is_empty()
    }

    /// The records of an instance are complete, or have changed.
    pub(crate) fn resolved(&mut self, raw: &RawInstance, now: Instant) -> Option<DiscoveryEvent> {
        let advertisement = match raw.parse() {
            Ok(advertisement) => advertisement,
            Err(reason) => return self.rejected(Rejection::new(&raw.fullname, reason)),
        };
        if advertisement.peer_id == self.own_peer_id {
            return None;
        }
        let key = raw.fullname.to_lowercase();
        let known = self.instances.get(&key).map(|known| &known.advertisement);
        if known == Some(&advertisement) {
            return None;
        }
        if known.is_none() && self.instances.len() == INSTANCES_TRACKED_MAX {
            return self.overflowed();
        }
        let tracked = Tracked {
            advertisement: advertisement.clone(),
            reported_at: now,
        };
        self.instances.insert(key, tracked);
        Some(DiscoveryEvent::Seen(advertisement))
    }

    /// An instance said goodbye or was not heard of for too long.
    pub(crate) fn removed(&mut self, fullname: &str) -> Option<DiscoveryEvent> {
        let known = self.instances.remove(&fullname.to_lowercase())?;
        Some(DiscoveryEvent::Gone {
            peer_id: known.advertisement.peer_id,
        })
    }

    /// Everything that was not reported for the reminder interval; counts as reported from now on.
    pub(crate) fn reminders(&mut self, now: Instant) -> Vec<DiscoveryEvent> {
        let remind_every = self.remind_every;
        self.instances
            .values_mut()
            .filter(|known| now >= known.reported_at + remind_every)
            .map(|known| {
                known.reported_at = now;
                DiscoveryEvent::Seen(known.advertisement.clone())
            })
            .collect()
    }

    /// When [`Self::reminders`] has something next. Later by every report, earlier never.
    pub(crate) fn next_reminder(&self) -> Option<Instant> {
        self.instances
            .values()
            .map(|known| known.reported_at + self.remind_every)
            .min()
    }

    fn rejected(&mut self, rejection: Rejection) -> Option<DiscoveryEvent> {
        if self.rejections.contains(&rejection) {
            return None;
        }
        if self.rejections.len() == REJECTIONS_REMEMBERED_MAX {
            tracing::debug!(%rejection, "one more, and no room to remember it");
            return None;
        }
        tracing::warn!(instance = ?rejection.instance, reason = %rejection.reason,
            "an advertisement is not a peer's");
        self.rejections.insert(rejection.clone());
        Some(DiscoveryEvent::Rejected(rejection))
    }

    fn overflowed(&mut self) -> Option<DiscoveryEvent> {
        if self.overflow_reported {
            return None;
        }
        self.overflow_reported = true;
        let trouble = Trouble::TooManyInstances;
        tracing::warn!(%trouble);
        Some(DiscoveryEvent::Trouble(trouble))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RejectionReason, SERVICE_TYPE, candidates::HeardAddress};

    const REMIND: Duration = Duration::from_secs(15);

    fn id(n: usize) -> String {
        format!("{n:032x}{n:032x}")
    }

    fn instance(n: usize) -> RawInstance {
        RawInstance {
            fullname: format!("{n:032x}.{SERVICE_TYPE}"),
            port: 47000,
            txt: vec![
                ("id".to_owned(), id(n).into_bytes()),
                ("v".to_owned(), b"1".to_vec()),
                ("rev".to_owned(), b"1".to_vec()),
            ],
            addresses: vec![HeardAddress {
                ip: "10.0.0.5".parse().unwrap(),
                heard_on: vec!["eth0".to_owned()],
            }],
        }
    }

    fn tracker() -> Tracker {
        Tracker::new(id(0), REMIND)
    }

    fn seen(event: Option<DiscoveryEvent>) -> Advertisement {
        match event {
            Some(DiscoveryEvent::Seen(advertisement)) => advertisement,
            other => panic!("expected a peer, got {other:?}"),
        }
    }

    #[test]
    fn the_own_advertisement_is_not_news() {
        let mut tracker = tracker();
        assert_eq!(tracker.resolved(&instance(0), Instant::now()), None);
        assert!(tracker.is_alone());
        assert_eq!(tracker.removed(&instance(0).fullname), None);
    }

    #[test]
    fn a_peer_is_reported_once_until_something_changes() {
        let (mut tracker, now) = (tracker(), Instant::now());
        assert_eq!(seen(tracker.resolved(&instance(1), now)).peer_id, id(1));
        assert_eq!(tracker.resolved(&instance(1), now), None);
        let mut moved = instance(1);
        moved.port = 47001;
        assert_eq!(
            seen(tracker.resolved(&moved, now)).candidates[0].port(),
            47001
        );
        moved.txt[2].1 = b"2".to_vec();
        assert_eq!(seen(tracker.resolved(&moved, now)).library_revision, "2");
    }

    #[test]
    fn a_peer_that_goes_is_reported_once_and_may_come_back() {
        let (mut tracker, now) = (tracker(), Instant::now());
        tracker.resolved(&instance(1), now);
        let fullname = instance(1).fullname.to_uppercase();
        assert_eq!(
            tracker.removed(&fullname),
            Some(DiscoveryEvent::Gone { peer_id: id(1) })
        );
        assert_eq!(tracker.removed(&fullname), None);
        seen(tracker.resolved(&instance(1), now));
    }

    #[test]
    fn a_peer_that_is_still_there_is_repeated_at_the_interval_and_not_before() {
        let (mut tracker, start) = (tracker(), Instant::now());
        assert_eq!(tracker.next_reminder(), None);
        tracker.resolved(&instance(1), start);
        let later = start + Duration::from_secs(1);
        tracker.resolved(&instance(2), later);
        assert_eq!(tracker.next_reminder(), Some(start + REMIND));
        assert_eq!(
            tracker.reminders(start + REMIND.saturating_sub(Duration::from_millis(1))),
            []
        );
        assert_eq!(tracker.reminders(start + REMIND).len(), 1);
        assert_eq!(tracker.next_reminder(), Some(later + REMIND));
        assert_eq!(tracker.reminders(start + REMIND * 2).len(), 2);
    }

    #[test]
    fn rubbish_is_reported_once_per_reason_and_leaves_a_known_peer_alone() {
        let (mut tracker, now) = (tracker(), Instant::now());
        tracker.resolved(&instance(1), now);
        let mut rubbish = instance(1);
        rubbish.txt.clear();
        let rejection = Rejection::new(&rubbish.fullname, RejectionReason::Missing("id"));
        assert_eq!(
            tracker.resolved(&rubbish, now),
            Some(DiscoveryEvent::Rejected(rejection))
        );
        assert_eq!(tracker.resolved(&rubbish, now), None);
        rubbish.txt = vec![("id".to_owned(), b"x".to_vec())];
        assert!(
            tracker.resolved(&rubbish, now).is_some(),
            "another reason is news"
        );
        assert_eq!(
            tracker.resolved(&instance(1), now),
            None,
            "the peer is still known"
        );
    }

    #[test]
    fn only_so_many_rejections_are_remembered() {
        let (mut tracker, now) = (tracker(), Instant::now());
        let rubbish = |n: usize| RawInstance {
            fullname: format!("x{n}"),
            ..instance(1)
        };
        for n in 0..REJECTIONS_REMEMBERED_MAX {
            assert!(tracker.resolved(&rubbish(n), now).is_some(), "{n}");
        }
        assert_eq!(
            tracker.resolved(&rubbish(REJECTIONS_REMEMBERED_MAX), now),
            None
        );
    }

    #[test]
    fn instances_past_the_limit_are_dropped_and_that_is_said_once() {
        let (mut tracker, now) = (tracker(), Instant::now());
        for n in 1..=INSTANCES_TRACKED_MAX {
            seen(tracker.resolved(&instance(n), now));
        }
        let trouble = DiscoveryEvent::Trouble(Trouble::TooManyInstances);
        assert_eq!(
            tracker.resolved(&instance(INSTANCES_TRACKED_MAX + 1), now),
            Some(trouble)
        );
        assert_eq!(
            tracker.resolved(&instance(INSTANCES_TRACKED_MAX + 2), now),
            None
        );
        let mut moved = instance(1);
        moved.port = 47001;
        seen(tracker.resolved(&moved, now));
        assert!(tracker.removed(&instance(1).fullname).is_some());
        seen(tracker.resolved(&instance(INSTANCES_TRACKED_MAX + 1), now));
    }
}
