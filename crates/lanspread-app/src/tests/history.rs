//! The history is bounded and numbers what it holds.

use lanspread_db::GameId;
use lanspread_peer::{OperationKind, Outcome as PeerOutcome, PeerEvent};

use crate::history::{FINISHED_MAX, History, NOTICES_MAX};

fn ended() -> PeerEvent {
    PeerEvent::OperationEnded {
        id: GameId::parse("chess").expect("a valid id"),
        kind: OperationKind::Download,
        outcome: PeerOutcome::Cancelled,
    }
}

fn notice() -> PeerEvent {
    PeerEvent::Notice {
        message: "something".to_owned(),
    }
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
fn what_only_goes_on_is_not_remembered() {
    let mut history = History::default();
    assert!(!history.note(7, &PeerEvent::GamesListUpdated));
    assert!(history.finished().is_empty() && history.notices().is_empty());
}
