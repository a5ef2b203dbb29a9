//! What the user sets of the rates: in force at once, kept before it is answered.

use crate::*;

fn limit(bytes_per_s: u64) -> RateLimit {
    RateLimit::new(bytes_per_s).unwrap()
}

fn upload(bytes_per_s: u64) -> PeerCommand {
    PeerCommand::SetRateLimits {
        changes: LimitChanges {
            upload: LimitChange::To(limit(bytes_per_s)),
            ..LimitChanges::default()
        },
    }
}

fn uploads(bytes_per_s: u64) -> RateLimits {
    RateLimits {
        upload: Some(limit(bytes_per_s)),
        ..RateLimits::default()
    }
}

impl Lone {
    /// What is in force, by the last order.
    fn in_force(&self) -> Option<(RateLimits, Playing)> {
        let mut orders = self.effects.iter().filter_map(|effect| match effect {
            Effect::SetRates { limits, playing } => Some((*limits, *playing)),
            _ => None,
        });
        orders.next_back()
    }

    fn keeps(&self) -> Vec<EffectId> {
        self.ids(|effect| matches!(effect, Effect::KeepRateLimits { .. }))
    }

    fn kept(&mut self, result: Result<(), DiskFailure>) {
        let effect = *self.keeps().last().unwrap();
        self.feed(Input::RateLimitsKept { effect, result });
    }

    fn rate_answer(&self, command: u64) -> Option<Result<(), CommandRefused>> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Answer { id, result } if *id == CommandId(command) => Some(result.clone()),
            _ => None,
        })
    }
}

#[test]
fn a_limit_is_in_force_at_once_and_answered_when_it_is_written_down() {
    let mut lone = Lone::ready(Vec::new());
    assert_eq!(lone.command(upload(1_000_000)), None);
    let command = lone.next;
    assert_eq!(lone.in_force(), Some((uploads(1_000_000), Playing::No)));
    assert_eq!(lone.peer.view().rate_limits, uploads(1_000_000));
    let told = |event: &PeerEvent| matches!(event, PeerEvent::RatesChanged { limits, .. } if *limits == uploads(1_000_000));
    assert_eq!(lone.count(told), 1);
    lone.kept(Ok(()));
    assert_eq!(lone.rate_answer(command), Some(Ok(())));
}

#[test]
fn limits_that_cannot_be_written_down_hold_and_the_user_is_told_for_how_long() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(upload(1_000_000));
    let command = lone.next;
    lone.kept(Err(full_disk()));
    let refusal = lone.rate_answer(command).unwrap().unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::NoSpace);
    assert!(refusal.message.contains("the disk is full"), "{refusal}");
    assert_eq!(lone.peer.view().rate_limits, uploads(1_000_000));
}

#[test]
fn one_save_is_under_way_at_a_time_and_the_last_one_keeps_the_last_limits() {
    let mut lone = Lone::ready(Vec::new());
    for bytes_per_s in [1_000_000, 2_000_000, 3_000_000] {
        lone.command(upload(bytes_per_s));
    }
    assert_eq!(lone.keeps().len(), 1);
    lone.kept(Ok(()));
    assert_eq!(lone.keeps().len(), 2);
    let last = lone.effects.iter().rev().find_map(|effect| match effect {
        Effect::KeepRateLimits { limits, .. } => Some(*limits),
        _ => None,
    });
    assert_eq!(last, Some(uploads(3_000_000)));
    lone.kept(Ok(()));
    assert_eq!(lone.keeps().len(), 2);
    assert_eq!(lone.rate_answer(lone.next), Some(Ok(())));
}

#[test]
fn what_an_earlier_run_kept_is_in_force_before_anything_is_served() {
    let mut lone = Lone::made_with(|config| config.rate_limits = uploads(1_000_000));
    lone.take_part(Vec::new());
    assert_eq!(lone.in_force(), Some((uploads(1_000_000), Playing::No)));
    assert!(lone.keeps().is_empty());
}

#[test]
fn playing_is_answered_at_once_and_not_kept() {
    let mut lone = Lone::ready(Vec::new());
    let playing = Playing::Yes;
    assert_eq!(
        lone.command(PeerCommand::SetPlaying { playing }),
        Some(Ok(()))
    );
    assert_eq!(lone.in_force(), Some((RateLimits::default(), playing)));
    assert_eq!(lone.peer.view().playing, playing);
    assert!(lone.keeps().is_empty());
}

#[test]
fn a_limit_that_is_set_just_before_the_end_is_kept() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(upload(1_000_000));
    let command = lone.next;
    lone.feed(Input::Shutdown);
    let keep = lone.keeps()[0];
    let aborted = |effect: &Effect| matches!(effect, Effect::Abort { effect } if *effect == keep);
    assert!(!lone.effects.iter().any(aborted));
    lone.kept(Ok(()));
    assert_eq!(lone.rate_answer(command), Some(Ok(())));
}
