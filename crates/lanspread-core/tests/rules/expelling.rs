//! Who may expel whom, for how long, how many, and when that is written down and told.

use lanspread_core::{
    Expelled, ExpelledBy,
    limits::{EXPEL_TIME, EXPEL_TIME_MAX, EXPEL_TIME_MIN, EXPULSIONS_MAX},
};
use lanspread_proto::{ExpelledPeer, limits::EXPELLED_MAX};

use crate::*;

const SECOND: Duration = Duration::from_secs(1);

/// A core that takes this peer for the organiser.
fn following(organiser: u16) -> Lone {
    let mut lone = Lone::made_with(|config| config.organiser = Some(id(organiser)));
    lone.take_part(Vec::new());
    lone
}

fn expel(n: u16) -> PeerCommand {
    PeerCommand::Expel {
        peer_id: id(n),
        time: EXPEL_TIME,
    }
}

fn readmit(n: u16) -> PeerCommand {
    PeerCommand::Readmit { peer_id: id(n) }
}

fn listed(n: u16) -> ExpelledPeer {
    ExpelledPeer {
        peer_id: id(n),
        name: PeerName::new("mallory"),
        left_s: 3600,
    }
}

impl Lone {
    fn saves(&self) -> Vec<EffectId> {
        self.ids(|effect| matches!(effect, Effect::KeepExpelled { .. }))
    }

    /// Who is written down by the last save.
    fn written(&self) -> Vec<PeerId> {
        let mut lists = self.effects.iter().filter_map(|effect| match effect {
            Effect::KeepExpelled { expelled, .. } => Some(expelled),
            _ => None,
        });
        let last = lists.next_back().into_iter().flatten();
        last.map(|expelled| expelled.peer_id).collect()
    }

    fn saved(&mut self, result: Result<(), DiskFailure>) {
        let effect = *self.saves().last().unwrap();
        self.feed(Input::ExpelledKept { effect, result });
    }

    fn has_ended(&self) -> bool {
        let is_end = |effect: &Effect| matches!(effect, Effect::Stopped);
        self.effects.iter().any(is_end)
    }

    fn expelled(&mut self) -> Vec<PeerId> {
        let view = self.peer.view();
        view.kept_away.iter().map(|kept| kept.peer_id).collect()
    }

    fn lists(&self) -> Vec<EffectId> {
        self.requests(|request| matches!(request, Request::Expulsions { .. }))
    }

    fn hears(&mut self, from: u16, expelled: Vec<ExpelledPeer>) -> Option<Response> {
        self.pass(SECOND);
        self.ask(from, Request::Expulsions { expelled })
    }

    fn answered(&self, command: u64) -> Option<Result<(), CommandRefused>> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Answer { id, result } if *id == CommandId(command) => Some(result.clone()),
            _ => None,
        })
    }
}

#[test]
fn a_peer_is_out_at_once_and_the_command_is_answered_when_that_is_written_down() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    assert_eq!(lone.command(expel(1)), None);
    let command = lone.next;
    assert_eq!((lone.live(), lone.expelled()), (0, vec![id(1)]));
    assert_eq!(lone.written(), [id(1)]);
    lone.saved(Ok(()));
    assert_eq!(lone.answered(command), Some(Ok(())));
    assert!(
        lone.effects
            .iter()
            .any(|effect| matches!(effect, Effect::KeepAway { peer_id } if *peer_id == id(1)))
    );
    let refused = lone.ask(1, Request::Hello(hello(1)));
    assert_eq!(refusal(refused), RefusalKind::NotIntroduced);
}

#[test]
fn what_cannot_be_written_down_holds_until_the_end_and_is_said() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(expel(1));
    let command = lone.next;
    lone.saved(Err(full_disk()));
    let refused = lone.answered(command).unwrap().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NoSpace);
    assert!(refused.message.contains("the disk is full"), "{refused}");
    assert_eq!(lone.expelled(), [id(1)]);
}

#[test]
fn one_save_is_under_way_at_a_time_and_the_last_one_holds_everything() {
    let mut lone = Lone::ready(Vec::new());
    for n in 1..=3 {
        lone.command(expel(n));
    }
    let last = lone.next;
    assert_eq!(lone.saves().len(), 1);
    lone.saved(Ok(()));
    assert_eq!(lone.saves().len(), 2);
    assert_eq!(lone.answered(last), None);
    assert_eq!(lone.written(), [id(1), id(2), id(3)]);
    lone.saved(Ok(()));
    assert_eq!(lone.answered(last), Some(Ok(())));
}

/// A save that was under way when the peer ended came to its end, and the command was told that the
/// peer shuts down: whoever read that took the expulsion for forgotten, and it was in force.
#[test]
fn a_peer_that_ends_tells_whoever_waits_for_a_save_how_it_went() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(expel(1));
    let first = lone.next;
    lone.command(expel(2));
    let second = lone.next;
    lone.feed(Input::Shutdown);
    let aborted = |lone: &Lone, save| {
        let is_it = |effect: &Effect| matches!(effect, Effect::Abort { effect } if *effect == save);
        lone.effects.iter().any(is_it)
    };
    assert!(!aborted(&lone, lone.saves()[0]));
    assert_eq!((lone.answered(first), lone.answered(second)), (None, None));
    lone.saved(Ok(()));
    assert_eq!(lone.answered(first), Some(Ok(())));
    assert_eq!(lone.answered(second), None);
    lone.saved(Err(full_disk()));
    let refused = lone.answered(second).unwrap().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NoSpace);
    assert!(lone.has_ended());
}

#[test]
fn a_disk_that_does_not_answer_holds_up_no_end() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(expel(1));
    let command = lone.next;
    lone.feed(Input::Shutdown);
    lone.pass(Timing::default().shutdown);
    let refused = lone.answered(command).unwrap().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::ShuttingDown);
    assert!(refused.message.contains("written down"), "{refused}");
    assert!(lone.has_ended());
}

#[test]
fn so_many_peers_can_be_expelled_and_no_more() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..short(EXPULSIONS_MAX) {
        assert_eq!(lone.command(expel(n)), None);
    }
    let refused = lone.command(expel(4_000)).unwrap().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Busy, "{refused}");
    assert_eq!(
        lone.command(expel(0)),
        None,
        "one of them may be expelled anew"
    );
    assert_eq!(lone.command(readmit(0)), None);
    assert_eq!(lone.command(expel(4_000)), None);
    assert_eq!(lone.expelled().len(), EXPULSIONS_MAX);
}

#[test]
fn the_shortest_and_the_longest_time_are_taken_and_nothing_beyond() {
    let mut lone = Lone::ready(Vec::new());
    let time = |time| PeerCommand::Expel {
        peer_id: id(1),
        time,
    };
    for good in [EXPEL_TIME_MIN, EXPEL_TIME_MAX] {
        assert_eq!(lone.command(time(good)), None);
    }
    for bad in [
        EXPEL_TIME_MIN.saturating_sub(SECOND),
        EXPEL_TIME_MAX + SECOND,
    ] {
        let refused = lone.command(time(bad)).unwrap().unwrap_err();
        assert_eq!(refused.kind, ErrorKind::BadInput, "{refused}");
    }
}

#[test]
fn neither_this_peer_nor_the_organiser_can_be_expelled() {
    let mut lone = following(1);
    for n in [ME, 1] {
        let refused = lone.command(expel(n)).unwrap().unwrap_err();
        assert_eq!(refused.kind, ErrorKind::BadInput, "{refused}");
    }
    lone.greet(1);
    let list = vec![listed(ME), listed(1), listed(2)];
    assert_eq!(lone.hears(1, list), Some(Response::Noted));
    assert_eq!(lone.expelled(), [id(2)]);
    assert_eq!(lone.live(), 1);
}

#[test]
fn only_the_list_of_the_organiser_is_heard() {
    let mut lone = following(1);
    lone.greet(1);
    lone.greet(2);
    let refused = lone.hears(2, vec![listed(3)]);
    assert_eq!(refusal(refused), RefusalKind::NotOrganiser);
    assert!(lone.expelled().is_empty());
    let mut nobody = Lone::ready(Vec::new());
    nobody.greet(1);
    let refused = nobody.hears(1, vec![listed(3)]);
    assert_eq!(refusal(refused), RefusalKind::NotOrganiser);
    assert!(nobody.expelled().is_empty());
}

#[test]
fn a_list_of_the_longest_is_heard_and_a_longer_one_is_not() {
    let mut lone = following(1);
    lone.greet(1);
    let mut list: Vec<ExpelledPeer> = (2..).take(EXPELLED_MAX).map(listed).collect();
    assert_eq!(lone.hears(1, list.clone()), Some(Response::Noted));
    assert_eq!(lone.expelled().len(), EXPELLED_MAX);
    list.push(listed(4_000));
    let refused = lone.hears(1, list);
    assert_eq!(refusal(refused), RefusalKind::BadRequest);
    assert_eq!(lone.expelled().len(), EXPELLED_MAX);
}

#[test]
fn each_list_takes_the_place_of_the_one_before_and_the_same_one_again_is_no_news() {
    let mut lone = following(1);
    lone.greet(1);
    lone.hears(1, vec![listed(2), listed(3)]);
    assert_eq!(lone.saves().len(), 1);
    lone.saved(Ok(()));
    let told = |event: &PeerEvent| matches!(event, PeerEvent::PeerKeptAway { .. });
    assert_eq!(lone.count(told), 2);
    lone.hears(1, vec![listed(2), listed(3)]);
    assert_eq!((lone.count(told), lone.saves().len()), (2, 1));
    lone.hears(1, vec![listed(3)]);
    assert_eq!(
        (lone.expelled(), lone.written()),
        (vec![id(3)], vec![id(3)])
    );
    let back = |event: &PeerEvent| matches!(event, PeerEvent::PeerReadmitted { .. });
    assert_eq!(lone.count(back), 1);
}

#[test]
fn no_list_keeps_anybody_out_for_longer_than_the_longest_time() {
    let mut lone = following(1);
    lone.greet(1);
    let forever = ExpelledPeer {
        left_s: u64::MAX,
        ..listed(2)
    };
    assert_eq!(lone.hears(1, vec![forever]), Some(Response::Noted));
    lone.pass(EXPEL_TIME_MAX + SECOND);
    assert!(lone.expelled().is_empty());
}

#[test]
fn the_organiser_tells_each_peer_after_the_greeting_and_again_until_it_is_noted() {
    let mut lone = following(ME);
    lone.command(expel(3));
    lone.saved(Ok(()));
    lone.greet(1);
    assert_eq!(lone.lists().len(), 1);
    let effect = lone.lists()[0];
    let result = Err(RequestFailure::Timeout(Duration::from_secs(5)));
    lone.feed(Input::Responded { effect, result });
    lone.pass(SECOND);
    assert_eq!(lone.lists().len(), 2);
    let effect = lone.lists()[1];
    let result = Ok(Response::Noted);
    lone.feed(Input::Responded { effect, result });
    lone.pass(3 * SECOND);
    assert_eq!(lone.lists().len(), 2);
    lone.command(expel(4));
    assert_eq!(lone.lists().len(), 3, "a change is told at once");
}

#[test]
fn whoever_is_not_the_organiser_tells_nobody() {
    let mut lone = following(1);
    lone.greet(1);
    lone.greet(2);
    lone.command(expel(3));
    assert!(lone.lists().is_empty());
}

#[test]
fn whoever_was_expelled_before_the_start_is_refused_as_soon_as_there_is_a_listener() {
    let expelled = Expelled {
        peer_id: id(1),
        name: PeerName::new("mallory"),
        by: ExpelledBy::Organiser,
        left: EXPEL_TIME,
    };
    let mut lone = Lone::made_with(|config| {
        config.organiser = Some(id(2));
        config.expelled = vec![expelled];
    });
    assert_eq!(lone.expelled(), [id(1)]);
    lone.take_part(Vec::new());
    let refuses = lone
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::KeepAway { peer_id } if *peer_id == id(1)));
    assert!(refuses);
    assert_eq!(lone.peer.view().kept_away[0].name.as_str(), "mallory");
    lone.feed(Input::Discovered(shown(1)));
    lone.pass(Duration::from_mins(1));
    assert!(lone.dials().is_empty());
}

#[test]
fn readmitting_forgives_misconduct_as_well_and_is_refused_where_there_is_nothing_to_forgive() {
    let mut lone = Lone::ready(Vec::new());
    let refused = lone.command(readmit(1)).unwrap().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::BadInput, "{refused}");
    lone.feed(Input::Misbehaved {
        peer_id: id(1),
        transport_addr: TransportAddr::new(([10, 0, 0, 1], 50_000).into()),
        offence: lanspread_core::Offence::SilentStream,
        times: lanspread_core::conduct::POINTS_MAX,
    });
    assert_eq!(lone.expelled(), [id(1)]);
    assert_eq!(lone.command(readmit(1)), None);
    assert!(lone.expelled().is_empty());
    lone.greet(1);
}
