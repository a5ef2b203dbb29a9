//! What a peer tells, as events of the window.
//!
//! Invariant: names and fields are those of `docs/JSONL.md`; what happens to a game has `game-` before it. The
//! state itself does not travel like this: it is followed, and these say only what moved.

use lanspread_control::EventLine;
use lanspread_peer::PeerEvent;

/// The event under its name in the window.
pub(crate) fn told(event: &PeerEvent) -> EventLine {
    let told = lanspread_control::event(event);
    let is_of_a_game = matches!(
        event,
        PeerEvent::OperationBegan { .. }
            | PeerEvent::OperationProgress { .. }
            | PeerEvent::OperationEnded { .. }
    );
    if is_of_a_game {
        EventLine {
            name: format!("game-{}", told.name),
            ..told
        }
    } else {
        told
    }
}

#[cfg(test)]
mod tests {
    use lanspread_db::GameId;
    use lanspread_peer::{OperationKind, Outcome, Progress, WaitReason};

    use super::*;

    #[test]
    fn what_happens_to_a_game_has_a_name_that_says_so_and_all_else_keeps_its_own() {
        let id = GameId::parse("chess").expect("a valid id");
        let kind = OperationKind::Install;
        let events = [
            PeerEvent::OperationBegan {
                id: id.clone(),
                kind,
            },
            PeerEvent::OperationProgress {
                id: id.clone(),
                kind,
                progress: Progress::Waiting {
                    why: WaitReason::Retry,
                },
            },
            PeerEvent::OperationEnded {
                id,
                kind,
                outcome: Outcome::Cancelled,
            },
        ];
        let names = events.each_ref().map(|event| told(event).name);
        assert_eq!(
            names,
            [
                "game-install-began",
                "game-install-progress",
                "game-install-cancelled"
            ]
        );
        assert_eq!(told(&events[0]).fields["id"], "chess");
        assert_eq!(
            told(&PeerEvent::GamesListUpdated).name,
            "games-list-updated"
        );
    }
}
