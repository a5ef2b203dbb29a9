//! Who is kept away, for how long, and who is forgotten.

use super::*;
use proptest::prelude::*;

fn id(n: u16) -> PeerId {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&n.to_be_bytes());
    PeerId::from_bytes(bytes)
}

fn at(time: Duration) -> Now {
    Now(time)
}

const START: Now = Now(Duration::ZERO);

/// Commits `offence` until the peer is kept away; returns how often and for how long.
fn provoke(conduct: &mut Conduct, now: Now, peer: PeerId, offence: Offence) -> (u32, Duration) {
    let pause = offence.counts_once_in().unwrap_or_default();
    for nth in 1..=POINTS_MAX {
        let now = now + pause * (nth - 1);
        if let Some(KeepAwayReason::Misconduct { time, .. }) =
            conduct.offended(now, peer, offence, 1)
        {
            return (nth, time);
        }
    }
    panic!("{offence:?} is never enough");
}

fn readmitted(conduct: &mut Conduct, now: Now) -> Vec<PeerId> {
    conduct.tick(now);
    std::iter::from_fn(|| conduct.next_readmitted())
        .map(|(peer, _)| peer)
        .collect()
}

#[test]
fn a_peer_is_kept_away_at_the_measure_and_not_one_point_below() {
    let mut conduct = Conduct::default();
    let below = POINTS_MAX - 1;
    assert_eq!(
        conduct.offended(START, id(1), Offence::SilentStream, below),
        None
    );
    assert!(!conduct.is_kept_away(id(1)));
    let reason = conduct.offended(START, id(1), Offence::SilentStream, 1);
    assert_eq!(
        reason,
        Some(KeepAwayReason::Misconduct {
            offence: Offence::SilentStream,
            time: KEEP_AWAY,
        })
    );
    assert!(conduct.is_kept_away(id(1)));
    assert!(!conduct.is_kept_away(id(2)), "nobody else is");
}

#[test]
fn every_kind_of_offence_is_enough_when_it_is_repeated() {
    for offence in Offence::ALL {
        let (times, _) = provoke(&mut Conduct::default(), START, id(1), offence);
        // What has to pass between two of them forgives a little.
        let forgiven = u32::from(offence.counts_once_in().is_some());
        let enough = POINTS_MAX.div_ceil(offence.weight()) + forgiven;
        assert_eq!(times, enough, "{offence:?}");
    }
}

#[test]
fn answers_that_trickle_at_the_same_time_count_once() {
    let mut conduct = Conduct::default();
    let moment = Duration::from_millis(1);
    for time in [Duration::ZERO, TRICKLE_PAUSE.saturating_sub(moment)] {
        for _ in 0..POINTS_MAX {
            let reason = conduct.offended(at(time), id(1), Offence::TrickledAnswer, 64);
            assert_eq!(reason, None);
        }
    }
    for nth in 1..4 {
        let now = at(TRICKLE_PAUSE * nth);
        assert_eq!(
            conduct.offended(now, id(1), Offence::TrickledAnswer, 1),
            None
        );
    }
    let now = at(TRICKLE_PAUSE * 4);
    let reason = conduct.offended(now, id(1), Offence::TrickledAnswer, 1);
    assert!(reason.is_some(), "five bad moments in a row are too many");
}

#[test]
fn what_is_repeated_more_slowly_than_it_is_forgiven_is_never_enough() {
    for offence in Offence::ALL {
        if offence.weight() >= POINTS_MAX {
            continue;
        }
        let mut conduct = Conduct::default();
        let pause = FORGIVEN_EVERY * offence.weight();
        for nth in 0..1000 {
            let reason = conduct.offended(START + pause * nth, id(1), offence, 1);
            assert_eq!(reason, None, "{offence:?}");
        }
    }
}

#[test]
fn it_is_let_in_again_when_its_time_is_over_and_told_so_once() {
    let mut conduct = Conduct::default();
    provoke(&mut conduct, START, id(1), Offence::Impersonation);
    assert_eq!(conduct.deadline(), Some(at(KEEP_AWAY)));
    let moment = Duration::from_millis(1);
    assert_eq!(
        readmitted(&mut conduct, at(KEEP_AWAY.saturating_sub(moment))),
        []
    );
    assert!(conduct.is_kept_away(id(1)));
    assert_eq!(readmitted(&mut conduct, at(KEEP_AWAY)), [id(1)]);
    assert!(!conduct.is_kept_away(id(1)));
    assert_eq!(readmitted(&mut conduct, at(KEEP_AWAY)), []);
    assert_eq!(conduct.deadline(), None);
}

#[test]
fn each_time_is_twice_as_long_up_to_the_limit_until_it_behaved_for_long_enough() {
    let mut conduct = Conduct::default();
    let mut now = START;
    let mut times = Vec::new();
    for _ in 0..6 {
        let (_, time) = provoke(&mut conduct, now, id(1), Offence::Impersonation);
        times.push(time.as_secs() / 60);
        now = now + time;
        conduct.tick(now);
    }
    assert_eq!(times, [10, 20, 40, 80, 120, 120]);
    now = now + FORGOTTEN_AFTER;
    conduct.tick(now);
    let (_, time) = provoke(&mut conduct, now, id(1), Offence::Impersonation);
    assert_eq!(time, KEEP_AWAY);
}

#[test]
fn what_it_does_while_it_is_kept_away_changes_nothing() {
    let mut conduct = Conduct::default();
    provoke(&mut conduct, START, id(1), Offence::Impersonation);
    let again = conduct.offended(at(Duration::from_mins(9)), id(1), Offence::Impersonation, 9);
    assert_eq!(again, None);
    assert_eq!(readmitted(&mut conduct, at(KEEP_AWAY)), [id(1)]);
}

#[test]
fn it_is_shown_again_as_discovery_showed_it_last() {
    let shown = |peer, host: &str| Advertisement {
        peer_id: peer,
        candidates: Vec::new(),
        protocol_version: 1,
        door: crate::Door::Open,
        host_name: host.to_owned(),
    };
    let mut conduct = Conduct::default();
    assert!(!conduct.shown(&shown(id(1), "before")));
    provoke(&mut conduct, START, id(1), Offence::Impersonation);
    conduct.describe(id(1), PeerName::new("liar"), shown(id(1), "then"));
    assert!(conduct.shown(&shown(id(1), "last")));
    conduct.tick(at(KEEP_AWAY));
    let (peer, kept) = conduct.next_readmitted().unwrap();
    assert_eq!((peer, kept.name.as_str()), (id(1), "liar"));
    assert_eq!(kept.shown.unwrap().host_name, "last");
}

#[test]
fn the_toll_is_paid_up_to_its_burst_and_then_at_its_pace() {
    for toll in [Toll::Announcement, Toll::Question, Toll::Contents] {
        let mut conduct = Conduct::default();
        for _ in 0..toll.burst_max() {
            assert!(conduct.pays(START, id(1), toll), "{toll:?}");
        }
        assert!(!conduct.pays(START, id(1), toll), "{toll:?}");
        assert!(conduct.pays(START, id(2), toll), "others pay their own");
        assert!(conduct.pays(at(toll.every()), id(1), toll), "{toll:?}");
        assert!(!conduct.pays(at(toll.every()), id(1), toll), "{toll:?}");
    }
}

#[test]
fn the_last_record_has_room_and_one_more_pushes_out_who_did_least() {
    let mut conduct = Conduct::default();
    provoke(&mut conduct, START, id(0), Offence::Impersonation);
    conduct.offended(START, id(1), Offence::MalformedRequest, 1);
    let last = u16::try_from(RECORDS_MAX).unwrap();
    for n in 2..last {
        conduct.pays(at(Duration::from_secs(1)), id(n), Toll::Question);
    }
    assert_eq!(conduct.records.len(), RECORDS_MAX);
    assert!(conduct.records.contains_key(&id(2)));
    conduct.pays(at(Duration::from_secs(2)), id(last), Toll::Question);
    assert_eq!(conduct.records.len(), RECORDS_MAX);
    assert!(!conduct.records.contains_key(&id(2)), "it did nothing");
    assert!(conduct.records.contains_key(&id(1)), "it has points");
    assert!(conduct.is_kept_away(id(0)));
}

#[test]
fn when_all_that_are_remembered_are_kept_away_one_of_them_is_let_in_to_make_room() {
    let mut conduct = Conduct::default();
    for n in 0..=u16::try_from(RECORDS_MAX).unwrap() {
        let now = at(Duration::from_secs(u64::from(n)));
        provoke(&mut conduct, now, id(n), Offence::Impersonation);
    }
    assert_eq!(conduct.all_kept().count(), RECORDS_MAX);
    assert!(!conduct.is_kept_away(id(0)), "its time was over first");
    let let_in: Vec<_> = std::iter::from_fn(|| conduct.next_readmitted()).collect();
    assert_eq!(let_in.len(), 1, "and it is told");
}

#[test]
fn what_people_read_names_the_offence_and_the_time() {
    let reason = KeepAwayReason::Misconduct {
        offence: Offence::Impersonation,
        time: KEEP_AWAY,
    };
    assert_eq!(
        reason.to_string(),
        "it is kept away for 10 min because it claimed to be another peer"
    );
}

proptest! {
    /// However many peers do whatever: the table is bounded, whoever is kept away has a reason, and
    /// everybody is let in again exactly as often as kept away.
    #[test]
    fn everybody_that_is_kept_away_is_let_in_once(
        acts in prop::collection::vec((0_u16..6, 0_usize..11, 0_u64..400, 1_u32..60), 0..200)
    ) {
        let mut conduct = Conduct::default();
        let mut now = START;
        let mut balance: BTreeMap<PeerId, i32> = BTreeMap::new();
        for (peer, offence, pause, times) in acts {
            now = now + Duration::from_secs(pause);
            conduct.tick(now);
            while let Some((peer, _)) = conduct.next_readmitted() {
                *balance.entry(peer).or_default() -= 1;
            }
            if conduct.offended(now, id(peer), Offence::ALL[offence], times).is_some() {
                *balance.entry(id(peer)).or_default() += 1;
            }
            for (&peer, &count) in &balance {
                prop_assert_eq!(count == 1, conduct.is_kept_away(peer));
                prop_assert!((0..=1).contains(&count));
            }
            prop_assert!(conduct.all_kept().all(|(_, kept)| !kept.reasons().is_empty()));
        }
        conduct.tick(now + KEEP_AWAY_MAX);
        prop_assert_eq!(conduct.all_kept().count(), 0);
    }
}

#[test]
fn a_peer_is_out_until_the_last_of_its_reasons_is_over() {
    let mut conduct = Conduct::default();
    let (_, time) = provoke(&mut conduct, START, id(1), Offence::Impersonation);
    conduct.expelled_for(START, id(1), ExpelledBy::ThisPeer, 2 * time);
    conduct.expelled_for(START, id(1), ExpelledBy::Organiser, 3 * time);
    let reasons = |conduct: &Conduct| {
        let kept = conduct.all_kept().next();
        kept.map_or(0, |(_, kept)| kept.reasons().len())
    };
    for (passed, left) in [(0, 3), (1, 2), (2, 1)] {
        let now = at(time * passed);
        assert_eq!(readmitted(&mut conduct, now), []);
        assert_eq!(reasons(&conduct), left);
    }
    assert_eq!(conduct.deadline(), Some(at(3 * time)));
    assert_eq!(readmitted(&mut conduct, at(3 * time)), [id(1)]);
}

#[test]
fn whom_people_put_out_does_not_come_back_because_others_misbehave() {
    let mut conduct = Conduct::default();
    conduct.expelled_for(START, id(0), ExpelledBy::ThisPeer, KEEP_AWAY);
    for n in 1..=u16::try_from(RECORDS_MAX).unwrap() {
        provoke(&mut conduct, START, id(n), Offence::Impersonation);
    }
    assert_eq!(conduct.records.len(), RECORDS_MAX);
    assert!(conduct.is_expelled(id(0), ExpelledBy::ThisPeer));
}
