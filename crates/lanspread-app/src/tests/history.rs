//! The history is bounded and numbers what it holds.

use std::{sync::Arc, time::Duration};

use lanspread_db::GameId;
use lanspread_peer::{
    MessageText, MessageView, Notice, NoticeAbout, OperationKind, Outcome as PeerOutcome,
    PeerEvent, PeerId, PeerName,
};

use crate::history::{FINISHED_MAX, History, NOTICES_MAX, UPLOADS_ENDED_MAX};

fn ended() -> PeerEvent {
    PeerEvent::OperationEnded {
        id: GameId::parse("chess").expect("a valid id"),
        kind: OperationKind::Download,
        outcome: PeerOutcome::Cancelled,
    }
}

fn uploaded() -> PeerEvent {
    PeerEvent::UploadEnded {
        id: GameId::parse("chess").expect("a valid id"),
        peer_id: PeerId::from_bytes([2; 32]),
        name: PeerName::new("den"),
        bytes: 42,
        elapsed: Duration::from_secs(3),
    }
}

fn notice() -> PeerEvent {
    PeerEvent::Notice(Notice {
        about: NoticeAbout::DiscoveryWorks,
        message: "something".to_owned(),
    })
}

#[test]
fn at_the_limit_everything_is_kept_and_one_past_it_the_oldest_goes() {
    let mut history = History::default();
    for _ in 0..FINISHED_MAX {
        assert!(history.note(7, &ended()));
    }
    for _ in 0..NOTICES_MAX {
        assert!(history.note(7, &notice()));
    }
    assert_eq!(history.finished().len(), FINISHED_MAX);
    assert_eq!(history.finished()[0].number, 1);
    assert_eq!(history.notices()[0].number, 1);
    history.note(8, &ended());
    history.note(8, &notice());
    assert_eq!(history.finished().len(), FINISHED_MAX);
    assert_eq!(history.finished()[0].number, 2);
    assert_eq!(history.notices().len(), NOTICES_MAX);
    assert_eq!(history.notices()[0].number, 2);
    assert_eq!(history.notices().last().map(|last| last.at_ms), Some(8));
}

#[test]
fn uploads_that_ended_are_kept_up_to_the_limit_and_then_the_oldest_goes() {
    let mut history = History::default();
    for _ in 0..UPLOADS_ENDED_MAX {
        assert!(history.note(7, &uploaded()));
    }
    let [first, ..] = &history.uploads()[..] else {
        panic!("they are kept");
    };
    assert_eq!(
        (first.number, first.bytes, first.elapsed_ms),
        (1, 42, 3_000)
    );
    history.note(8, &uploaded());
    assert_eq!(history.uploads().len(), UPLOADS_ENDED_MAX);
    assert_eq!(history.uploads()[0].number, 2);
    assert!(history.finished().is_empty() && history.notices().is_empty());
}

#[test]
fn what_only_goes_on_is_not_remembered() {
    let mut history = History::default();
    assert!(!history.note(7, &PeerEvent::GamesListUpdated));
    assert!(history.finished().is_empty() && history.notices().is_empty());
}

fn message(number: u64, age: Duration) -> Arc<MessageView> {
    Arc::new(MessageView {
        number,
        peer_id: PeerId::from_bytes([2; 32]),
        name: PeerName::new("Anna"),
        text: MessageText::new("Pizza is here").expect("a text"),
        own: false,
        age,
    })
}

#[test]
fn a_message_was_said_so_long_before_it_was_heard_and_that_is_forgotten_with_it() {
    let mut history = History::default();
    let heard = [(1, 0), (2, 2), (3, 0), (4, 90)];
    let messages: Vec<_> = heard
        .map(|(number, seconds)| message(number, Duration::from_secs(seconds)))
        .into();
    for message in &messages {
        assert!(history.note(60_000, &PeerEvent::Message((**message).clone())));
    }
    assert_eq!(history.said_at_ms(1), Some(60_000));
    assert_eq!(history.said_at_ms(2), Some(58_000));
    assert_eq!(history.said_at_ms(4), Some(0), "before all time");
    assert_eq!(history.said_at_ms(5), None);
    // The second was dropped, and the fourth is told before it is shown.
    history.keep_shown(&[Arc::clone(&messages[0]), Arc::clone(&messages[2])]);
    assert_eq!(history.said_at_ms(2), None);
    for kept in [1, 3, 4] {
        assert!(history.said_at_ms(kept).is_some(), "{kept}");
    }
}
