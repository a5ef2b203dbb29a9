//! What people say to the party: who is told, in which order, how often, and what is not taken.

use lanspread_core::{
    MessageView,
    limits::{
        EXPEL_TIME, MESSAGE_EVERY, MESSAGES_BURST_MAX, MESSAGES_MAX, MESSAGES_PER_PEER_MAX,
        SAY_EVERY, SAYS_BURST_MAX,
    },
};
use lanspread_proto::{MessageText, PartyMessage, Refusal, limits::MESSAGE_AGE_MS_MAX};

use crate::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_millis(MESSAGE_AGE_MS_MAX);

fn text(text: &str) -> MessageText {
    MessageText::new(text).unwrap()
}

/// What another peer says as its message of this number, in its run 1.
fn says(number: u64) -> PartyMessage {
    PartyMessage {
        run: LibraryEpoch(1),
        number,
        age_ms: 0,
        text: text(&format!("message {number}")),
    }
}

impl Lone {
    fn say(&mut self, what: &str) -> Result<(), CommandRefused> {
        let said = self.command(PeerCommand::Say { text: text(what) });
        said.expect("it is answered at once")
    }

    fn tells(&self) -> Vec<EffectId> {
        self.requests(|request| matches!(request, Request::Message(_)))
    }

    /// Whom it tells what, in the order in which it does.
    fn told_messages(&self) -> Vec<(PeerId, &PartyMessage)> {
        let told = self.effects.iter().filter_map(|effect| match effect {
            Effect::Request {
                to,
                request: Request::Message(message),
                ..
            } => Some((to.peer_id, message)),
            _ => None,
        });
        told.collect()
    }

    fn last_message(&self) -> &PartyMessage {
        self.told_messages().last().expect("somebody was told").1
    }

    fn answers(&mut self, effect: EffectId, response: Response) {
        let result = Ok(response);
        self.feed(Input::Responded { effect, result });
    }

    /// The peer that was told last notes it.
    fn notes(&mut self) {
        self.answers(*self.tells().last().unwrap(), Response::Noted);
    }

    fn refuses(&mut self, kind: RefusalKind) {
        let refused = Response::Refused(Refusal::new(kind, "no"));
        self.answers(*self.tells().last().unwrap(), refused);
    }

    fn hears_message(&mut self, from: u16, message: PartyMessage) -> Response {
        self.ask(from, Request::Message(message))
            .expect("it is answered")
    }

    fn shown(&mut self) -> Vec<String> {
        let view = self.peer.view();
        let texts = view.messages.iter().map(|it| it.text.to_string());
        texts.collect()
    }

    fn told_users(&self) -> Vec<&MessageView> {
        let told = self.events().into_iter().filter_map(|event| match event {
            PeerEvent::Message(message) => Some(message),
            _ => None,
        });
        told.collect()
    }

    /// A peer of another run greets.
    fn greet_anew(&mut self, n: u16) {
        let mut hello = hello(n);
        hello.library.epoch = LibraryEpoch(2);
        self.ask(n, Request::Hello(hello));
    }
}

#[test]
fn what_is_said_is_told_to_every_live_peer_and_shown_here() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.greet(2);
    assert_eq!(lone.say("Pizza is here"), Ok(()));
    let told = lone.told_messages();
    let whom: Vec<PeerId> = told.iter().map(|(peer, _)| *peer).collect();
    assert_eq!(whom, [id(1), id(2)]);
    for (_, message) in told {
        assert_eq!(message.text.as_str(), "Pizza is here");
        assert_eq!(
            (message.run, message.number, message.age_ms),
            (LibraryEpoch(9), 1, 0)
        );
    }
    let view = lone.peer.view();
    let [shown] = &view.messages[..] else {
        panic!("{:?}", view.messages);
    };
    assert_eq!((shown.number, shown.peer_id, shown.own), (1, id(ME), true));
    assert_eq!(lone.told_users(), [&**shown]);
}

#[test]
fn a_peer_is_told_one_thing_after_the_other_and_nothing_twice() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    for what in ["one", "two", "three"] {
        lone.say(what).unwrap();
    }
    for what in ["one", "two", "three"] {
        assert_eq!(lone.last_message().text.as_str(), what);
        lone.notes();
    }
    lone.pass(10 * SECOND);
    assert_eq!(lone.tells().len(), 3);
}

#[test]
fn whoever_did_not_note_it_is_told_again_after_a_pause() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.say("one").unwrap();
    lone.say("two").unwrap();
    lone.refuses(RefusalKind::Overloaded);
    assert_eq!(lone.tells().len(), 1, "not in a circle");
    lone.pass(2 * SECOND);
    assert_eq!(lone.tells().len(), 2);
    assert_eq!(lone.last_message().text.as_str(), "one");
    assert!(lone.last_message().age_ms >= 1000, "it says how long ago");
    let effect = *lone.tells().last().unwrap();
    let result = Err(RequestFailure::Timeout(SECOND));
    lone.feed(Input::Responded { effect, result });
    lone.pass(2 * SECOND);
    lone.notes();
    assert_eq!(lone.last_message().text.as_str(), "two");
}

/// A peer of another build may know a rule more: it would refuse the same again for an hour, and nothing
/// that is said later would ever reach it.
#[test]
fn what_a_peer_will_never_take_does_not_keep_the_rest_from_it() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.say("one").unwrap();
    lone.say("two").unwrap();
    lone.refuses(RefusalKind::BadRequest);
    assert_eq!(lone.last_message().text.as_str(), "two");
    lone.notes();
    lone.pass(10 * SECOND);
    assert_eq!(lone.tells().len(), 2);
}

#[test]
fn whoever_comes_within_the_hour_is_told_and_nobody_after_it() {
    let mut lone = Lone::ready(Vec::new());
    lone.say("early").unwrap();
    lone.pass(HOUR / 2);
    lone.say("late").unwrap();
    lone.pass(HOUR / 2);
    lone.greet(1);
    assert_eq!(lone.last_message().text.as_str(), "early");
    assert_eq!(lone.last_message().age_ms, MESSAGE_AGE_MS_MAX);
    lone.notes();
    assert_eq!(lone.last_message().age_ms, MESSAGE_AGE_MS_MAX / 2);
    lone.notes();
    lone.pass(Duration::from_millis(1));
    lone.greet(2);
    assert_eq!(lone.last_message().text.as_str(), "late");
    lone.notes();
    assert_eq!(lone.tells().len(), 3);
}

#[test]
fn a_peer_that_returns_is_told_what_it_missed_and_one_that_began_anew_everything() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.say("one").unwrap();
    lone.notes();
    lone.ask(1, Request::Goodbye);
    lone.say("two").unwrap();
    assert_eq!(lone.tells().len(), 1);
    lone.greet(1);
    assert_eq!(lone.last_message().text.as_str(), "two");
    lone.notes();
    assert_eq!(lone.tells().len(), 2);
    lone.ask(1, Request::Goodbye);
    lone.greet_anew(1);
    assert_eq!(lone.last_message().text.as_str(), "one");
    lone.notes();
    assert_eq!(lone.last_message().text.as_str(), "two");
}

#[test]
fn what_is_heard_twice_is_noted_and_shown_once() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    for number in [1, 1, 2, 1, 2] {
        assert_eq!(lone.hears_message(1, says(number)), Response::Noted);
    }
    assert_eq!(lone.shown(), ["message 1", "message 2"]);
    assert_eq!(lone.told_users().len(), 2);
    // After a restart its numbers begin anew, and what of the run before comes late is known.
    let mut anew = says(1);
    anew.run = LibraryEpoch(2);
    assert_eq!(lone.hears_message(1, anew.clone()), Response::Noted);
    assert_eq!(lone.hears_message(1, says(2)), Response::Noted);
    assert_eq!(lone.hears_message(1, anew), Response::Noted);
    assert_eq!(lone.shown(), ["message 1", "message 2", "message 1"]);
}

#[test]
fn a_message_says_who_when_and_under_which_number_here() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.say("own").unwrap();
    let mut message = says(7);
    message.age_ms = 61_000;
    lone.hears_message(1, message);
    let shown = MessageView {
        number: 2,
        peer_id: id(1),
        name: PeerName::new("peer1"),
        text: text("message 7"),
        own: false,
        age: Duration::from_secs(61),
    };
    assert_eq!(lone.told_users()[1], &shown);
    // It stays when its author leaves.
    lone.ask(1, Request::Goodbye);
    assert_eq!(lone.shown(), ["own", "message 7"]);
}

#[test]
fn what_is_too_old_or_has_no_number_is_refused() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    let aged = |number, age_ms| PartyMessage {
        age_ms,
        ..says(number)
    };
    let refused = lone.hears_message(1, aged(1, MESSAGE_AGE_MS_MAX + 1));
    assert_eq!(refusal(Some(refused)), RefusalKind::BadRequest);
    let refused = lone.hears_message(1, says(0));
    assert_eq!(refusal(Some(refused)), RefusalKind::BadRequest);
    assert!(lone.shown().is_empty());
    assert_eq!(
        lone.hears_message(1, aged(1, MESSAGE_AGE_MS_MAX)),
        Response::Noted
    );
}

#[test]
fn a_stranger_says_nothing_here() {
    let mut lone = Lone::ready(Vec::new());
    let refused = lone.hears_message(1, says(1));
    assert_eq!(refusal(Some(refused)), RefusalKind::NotIntroduced);
    assert!(lone.shown().is_empty());
}

#[test]
fn of_an_expelled_peer_nothing_is_shown() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.greet(2);
    lone.hears_message(1, says(1));
    lone.hears_message(2, says(2));
    lone.command(PeerCommand::Expel {
        peer_id: id(1),
        time: EXPEL_TIME,
    });
    assert_eq!(lone.shown(), ["message 2"]);
    let refused = lone.hears_message(1, says(3));
    assert_eq!(refusal(Some(refused)), RefusalKind::NotIntroduced);
    assert_eq!(lone.shown(), ["message 2"]);
}

#[test]
fn a_user_says_so_much_in_one_go_and_then_has_to_wait() {
    let mut lone = Lone::ready(Vec::new());
    for _ in 0..SAYS_BURST_MAX {
        assert_eq!(lone.say("hello"), Ok(()));
    }
    let refused = lone.say("hello").unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Busy);
    assert!(refused.message.contains("every 2 s"), "{refused}");
    assert_eq!(lone.shown().len(), SAYS_BURST_MAX as usize);
    lone.pass(SAY_EVERY);
    assert_eq!(lone.say("again"), Ok(()));
    assert!(lone.say("and again").is_err());
}

/// What is too much is refused and costs the peer nothing else: it says it again, and is heard then.
#[test]
fn a_peer_says_so_much_in_one_go_and_the_rest_is_heard_later() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    for number in 1..=u64::from(MESSAGES_BURST_MAX) {
        assert_eq!(lone.hears_message(1, says(number)), Response::Noted);
    }
    let next = u64::from(MESSAGES_BURST_MAX) + 1;
    for _ in 0..20 {
        let refused = lone.hears_message(1, says(next));
        assert_eq!(refusal(Some(refused)), RefusalKind::Overloaded);
    }
    assert_eq!(
        lone.hears_message(1, says(1)),
        Response::Noted,
        "known is free"
    );
    lone.pass(MESSAGE_EVERY);
    assert_eq!(lone.hears_message(1, says(next)), Response::Noted);
    assert_eq!(lone.live(), 1);
    assert!(lone.peer.view().kept_away.is_empty());
}

#[test]
fn so_many_messages_of_one_peer_are_kept_the_newest() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.greet(2);
    lone.hears_message(2, says(1));
    for number in 1..=MESSAGES_PER_PEER_MAX as u64 {
        lone.hears_message(1, says(number));
    }
    assert_eq!(lone.shown().len(), MESSAGES_PER_PEER_MAX + 1);
    lone.hears_message(1, says(MESSAGES_PER_PEER_MAX as u64 + 1));
    let shown = lone.shown();
    assert_eq!(shown.len(), MESSAGES_PER_PEER_MAX + 1);
    assert_eq!(shown[..2], ["message 1", "message 2"], "of 2, then of 1");
    // What is shown no more is still known.
    assert_eq!(lone.hears_message(1, says(1)), Response::Noted);
    assert_eq!(lone.shown(), shown);
}

#[test]
fn so_many_messages_are_kept_in_all_the_newest() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..=MESSAGES_MAX {
        let peer = short(n) + 1;
        lone.greet(peer);
        lone.hears_message(peer, says(n as u64 + 1));
    }
    let shown = lone.shown();
    assert_eq!(shown.len(), MESSAGES_MAX);
    assert_eq!(shown[0], "message 2");
}

#[test]
fn so_many_of_the_own_messages_are_told_to_those_who_come_later() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..=MESSAGES_PER_PEER_MAX {
        lone.say(&format!("own {n}")).unwrap();
        lone.pass(SAY_EVERY);
    }
    lone.greet(1);
    assert_eq!(lone.last_message().text.as_str(), "own 1");
    for _ in 0..MESSAGES_PER_PEER_MAX {
        lone.notes();
    }
    assert_eq!(lone.tells().len(), MESSAGES_PER_PEER_MAX);
}

#[test]
fn somebody_new_is_told_although_as_many_are_remembered_as_there_may_be() {
    let mut lone = Lone::ready(Vec::new());
    lone.say("hello").unwrap();
    for n in 1..=short(PEERS_MAX) + 1 {
        lone.greet(n);
        lone.notes();
        lone.ask(n, Request::Goodbye);
        lone.pass(SECOND);
    }
    assert_eq!(lone.tells().len(), PEERS_MAX + 1);
    lone.greet(short(PEERS_MAX) + 1);
    assert_eq!(lone.tells().len(), PEERS_MAX + 1, "it is remembered");
}
