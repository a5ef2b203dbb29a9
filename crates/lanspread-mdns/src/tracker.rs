//! Which instances are known, and what of that is news.
//!
//! Invariant: the table never holds more than [`INSTANCES_TRACKED_MAX`] instances, and whatever the
//! network repeats, an instance is reported once when it is new or changed and once per reminder
//! interval. Pure: the time is an argument.
//!
//! A peer answers on each of its interfaces, and for IPv4 and IPv6, with a packet of its own. News is
//! held back for a moment, so that the first report names all addresses and not just that of the
//! adapter whose packet came first, which may be a virtual one.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use crate::{
    Advertisement, DiscoveryEvent, Rejection, RejectionReason, Timing, Trouble,
    advertisement::RawInstance,
    limits::{INSTANCES_TRACKED_MAX, REJECTIONS_REMEMBERED_MAX},
};

/// The table of known instances.
#[derive(Debug)]
pub(crate) struct Tracker {
    own_peer_id: String,
    timing: Timing,
    /// By the instance's full name in lower case.
    instances: BTreeMap<String, Tracked>,
    rejections: BTreeSet<Rejection>,
    overflow_reported: bool,
}

#[derive(Debug)]
struct Tracked {
    advertisement: Advertisement,
    standing: Standing,
}

/// What consumers know of an instance.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// Nothing yet; it is reported at that time.
    New(Instant),
    /// An older state; the present one is reported at that time.
    Changed(Instant),
    /// All; it is repeated at that time.
    Reported(Instant),
}

impl Standing {
    const fn report_at(self) -> Instant {
        match self {
            Self::New(at) | Self::Changed(at) | Self::Reported(at) => at,
        }
    }
}

impl Tracker {
    pub(crate) fn new(own_peer_id: String, timing: Timing) -> Self {
        Self {
            own_peer_id,
            timing,
            instances: BTreeMap::new(),
            rejections: BTreeSet::new(),
            overflow_reported: false,
        }
    }

    /// Whether no other peer is known.
    pub(crate) fn is_alone(&self) -> bool {
        self.instances.is_empty()
    }

    /// The records of an instance are complete, or have changed. What a peer says is reported by
    /// [`Self::reports`] soon; what comes back here is an objection.
    pub(crate) fn resolved(&mut self, raw: &RawInstance, now: Instant) -> Option<DiscoveryEvent> {
        let advertisement = match raw.parse() {
            Ok(advertisement) => advertisement,
            Err(reason) => return self.rejected(raw, reason),
        };
        if advertisement.peer_id == self.own_peer_id {
            return None;
        }
        let report_at = now + self.timing.settle;
        let instances = self.instances.len();
        let key = raw.fullname.to_lowercase();
        match self.instances.get_mut(&key) {
            Some(known) if known.advertisement == advertisement => {}
            Some(known) => {
                known.advertisement = advertisement;
                known.standing = match known.standing {
                    // What waits already does not wait longer.
                    standing @ (Standing::New(_) | Standing::Changed(_)) => standing,
                    Standing::Reported(_) => Standing::Changed(report_at),
                };
            }
            None if instances == INSTANCES_TRACKED_MAX => return self.overflowed(),
            None => {
                let standing = Standing::New(report_at);
                self.instances.insert(
                    key,
                    Tracked {
                        advertisement,
                        standing,
                    },
                );
            }
        }
        None
    }

    /// An instance said goodbye or was not heard of for too long.
    pub(crate) fn removed(&mut self, fullname: &str) -> Option<DiscoveryEvent> {
        let known = self.instances.remove(&fullname.to_lowercase())?;
        match known.standing {
            Standing::New(_) => None,
            Standing::Changed(_) | Standing::Reported(_) => Some(DiscoveryEvent::Gone {
                peer_id: known.advertisement.peer_id,
            }),
        }
    }

    /// Everything that is due: what is new or changed and has settled, and the reminders.
    pub(crate) fn reports(&mut self, now: Instant) -> Vec<DiscoveryEvent> {
        let again_at = now + self.timing.remind_every;
        self.instances
            .values_mut()
            .filter(|known| now >= known.standing.report_at())
            .map(|known| {
                known.standing = Standing::Reported(again_at);
                DiscoveryEvent::Seen(known.advertisement.clone())
            })
            .collect()
    }

    /// When [`Self::reports`] has something next.
    pub(crate) fn next_report(&self) -> Option<Instant> {
        self.instances
            .values()
            .map(|known| known.standing.report_at())
            .min()
    }

    fn rejected(&mut self, raw: &RawInstance, reason: RejectionReason) -> Option<DiscoveryEvent> {
        let rejection = Rejection::new(&raw.fullname, reason);
        if reason == RejectionReason::NoUsableAddress && raw.may_get_more_addresses() {
            tracing::debug!(%rejection, "waiting for its other addresses");
            return None;
        }
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
    use std::time::Duration;

    use super::*;
    use crate::{SERVICE_TYPE, candidates::HeardAddress};

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

    fn timing() -> Timing {
        Timing::default()
    }

    fn tracker() -> Tracker {
        Tracker::new(id(0), timing())
    }

    /// What is reported once everything has settled.
    fn settled(tracker: &mut Tracker, now: Instant) -> Vec<Advertisement> {
        let reports = tracker.reports(now + timing().settle).into_iter();
        reports
            .map(|event| match event {
                DiscoveryEvent::Seen(advertisement) => advertisement,
                other => panic!("expected a peer, got {other:?}"),
            })
            .collect()
    }

    fn just_before(at: Instant) -> Instant {
        at.checked_sub(Duration::from_nanos(1)).unwrap()
    }

    #[test]
    fn the_own_advertisement_is_not_news() {
        let (mut tracker, now) = (tracker(), Instant::now());
        assert_eq!(tracker.resolved(&instance(0), now), None);
        assert_eq!(settled(&mut tracker, now), []);
        assert!(tracker.is_alone());
        assert_eq!(tracker.removed(&instance(0).fullname), None);
    }

    #[test]
    fn a_peer_is_reported_once_until_something_changes() {
        let (mut tracker, now) = (tracker(), Instant::now());
        tracker.resolved(&instance(1), now);
        assert_eq!(settled(&mut tracker, now)[0].peer_id, id(1));
        tracker.resolved(&instance(1), now);
        assert_eq!(settled(&mut tracker, now), []);
        let mut changed = instance(1);
        changed.port = 47001;
        tracker.resolved(&changed, now);
        assert_eq!(settled(&mut tracker, now)[0].candidates[0].port(), 47001);
        changed.txt[2].1 = b"2".to_vec();
        tracker.resolved(&changed, now);
        assert_eq!(settled(&mut tracker, now)[0].library_revision, "2");
    }

    #[test]
    fn the_addresses_of_all_adapters_are_reported_together() {
        let (mut tracker, start) = (tracker(), Instant::now());
        let settled_at = start + timing().settle;
        let mut heard = instance(1);
        heard.addresses = vec![HeardAddress {
            ip: "172.17.0.1".parse().unwrap(),
            heard_on: vec!["docker0".to_owned()],
        }];
        tracker.resolved(&heard, start);
        heard.addresses.extend(instance(1).addresses);
        tracker.resolved(&heard, just_before(settled_at));
        assert_eq!(
            tracker.next_report(),
            Some(settled_at),
            "the second packet delays nothing"
        );
        assert_eq!(tracker.reports(just_before(settled_at)), []);
        let candidates = &settled(&mut tracker, start)[0].candidates;
        assert_eq!(
            candidates,
            &["10.0.0.5:47000", "172.17.0.1:47000"].map(|a| a.parse().unwrap())
        );
    }

    #[test]
    fn a_peer_that_goes_is_reported_once_and_may_come_back() {
        let (mut tracker, now) = (tracker(), Instant::now());
        tracker.resolved(&instance(1), now);
        settled(&mut tracker, now);
        let fullname = instance(1).fullname.to_uppercase();
        assert_eq!(
            tracker.removed(&fullname),
            Some(DiscoveryEvent::Gone { peer_id: id(1) })
        );
        assert_eq!(tracker.removed(&fullname), None);
        tracker.resolved(&instance(1), now);
        assert_eq!(settled(&mut tracker, now).len(), 1);
    }

    #[test]
    fn a_peer_that_goes_before_it_was_reported_was_never_there() {
        let (mut tracker, now) = (tracker(), Instant::now());
        tracker.resolved(&instance(1), now);
        assert_eq!(tracker.removed(&instance(1).fullname), None);
        assert_eq!(settled(&mut tracker, now), []);
    }

    #[test]
    fn a_peer_that_is_still_there_is_repeated_at_the_interval_and_not_before() {
        let (mut tracker, start) = (tracker(), Instant::now());
        assert_eq!(tracker.next_report(), None);
        tracker.resolved(&instance(1), start);
        settled(&mut tracker, start);
        let again_at = start + timing().settle + timing().remind_every;
        assert_eq!(tracker.next_report(), Some(again_at));
        assert_eq!(tracker.reports(just_before(again_at)), []);
        assert_eq!(tracker.reports(again_at).len(), 1);
        assert_eq!(
            tracker.next_report(),
            Some(again_at + timing().remind_every)
        );
    }

    #[test]
    fn rubbish_is_reported_once_per_reason_and_leaves_a_known_peer_alone() {
        let (mut tracker, now) = (tracker(), Instant::now());
        tracker.resolved(&instance(1), now);
        settled(&mut tracker, now);
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
        assert!(
            tracker.removed(&instance(1).fullname).is_some(),
            "the peer was still known"
        );
    }

    #[test]
    fn a_peer_whose_ipv4_addresses_are_still_on_their_way_is_not_rejected() {
        let (mut tracker, now) = (tracker(), Instant::now());
        let mut early = instance(1);
        early.addresses[0].ip = "fe80::1".parse().unwrap();
        assert_eq!(tracker.resolved(&early, now), None);
        tracker.resolved(&instance(1), now);
        assert_eq!(settled(&mut tracker, now).len(), 1);
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
            assert_eq!(tracker.resolved(&instance(n), now), None);
        }
        assert_eq!(settled(&mut tracker, now).len(), INSTANCES_TRACKED_MAX);
        let trouble = DiscoveryEvent::Trouble(Trouble::TooManyInstances);
        assert_eq!(
            tracker.resolved(&instance(INSTANCES_TRACKED_MAX + 1), now),
            Some(trouble)
        );
        assert_eq!(
            tracker.resolved(&instance(INSTANCES_TRACKED_MAX + 2), now),
            None
        );
        assert_eq!(settled(&mut tracker, now), []);
        let mut changed = instance(1);
        changed.port = 47001;
        tracker.resolved(&changed, now);
        assert_eq!(
            settled(&mut tracker, now).len(),
            1,
            "those that are known still change"
        );
        assert!(tracker.removed(&instance(1).fullname).is_some());
        tracker.resolved(&instance(INSTANCES_TRACKED_MAX + 1), now);
        assert_eq!(settled(&mut tracker, now).len(), 1);
    }
}
