//! The synchronisation of one other peer's library, as states and transitions.
//!
//! Invariant: one question at a time; whatever is announced meanwhile is compared when its answer is
//! here. Entering an asking state is asking, also when it is entered from itself.

use SyncEvent as E;
use SyncState as S;

/// Where this peer stands with another one's library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SyncState {
    /// What is held is what is announced.
    UpToDate,
    /// The difference is asked.
    AskDelta,
    /// Everything is asked.
    AskSnapshot,
    /// The last question failed: what is held may be old.
    Pausing,
}

/// What can happen to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SyncEvent {
    /// What is announced has the digest of what is held.
    Same,
    /// A later revision of the run that is held is announced.
    Ahead,
    /// Something is announced that no delta leads to.
    Other,
    /// An answer is applied: what is announced is held.
    Completed,
    /// An answer is applied, but a later revision was announced meanwhile.
    Behind,
    /// An answer is applied, but another run was announced meanwhile.
    Elsewhere,
    /// An answer does not fit: it starts past what is held, or its digest is wrong.
    Mismatch,
    /// A question was not answered, or wrongly too often.
    Failed,
    /// The peer is gone; what is held is kept for its return.
    Lost,
}

/// The machine: for each state the events that lead on.
const TRANSITIONS: [(S, &[(E, S)]); 4] = [
    (
        S::UpToDate,
        &[
            (E::Ahead, S::AskDelta),
            (E::Other, S::AskSnapshot),
            (E::Lost, S::Pausing),
        ],
    ),
    (
        S::AskDelta,
        &[
            (E::Completed, S::UpToDate),
            (E::Behind, S::AskDelta),
            (E::Elsewhere, S::AskSnapshot),
            (E::Mismatch, S::AskSnapshot),
            (E::Failed, S::Pausing),
            (E::Lost, S::Pausing),
        ],
    ),
    (
        S::AskSnapshot,
        &[
            (E::Completed, S::UpToDate),
            (E::Behind, S::AskDelta),
            (E::Elsewhere, S::AskSnapshot),
            (E::Mismatch, S::AskSnapshot),
            (E::Failed, S::Pausing),
            (E::Lost, S::Pausing),
        ],
    ),
    (
        S::Pausing,
        &[
            (E::Same, S::UpToDate),
            (E::Ahead, S::AskDelta),
            (E::Other, S::AskSnapshot),
        ],
    ),
];

impl SyncState {
    /// The state after `event`; `None` when it changes nothing.
    pub(crate) fn next(self, event: SyncEvent) -> Option<Self> {
        let (_, rows) = TRANSITIONS.iter().find(|(state, _)| *state == self)?;
        rows.iter()
            .find(|(on, _)| *on == event)
            .map(|&(_, next)| next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine_table::MachineTable;

    const STATES: [(S, &str); 4] = [
        (
            S::UpToDate,
            "what is held is what is announced: nothing is asked",
        ),
        (
            S::AskDelta,
            "the difference since the held revision is asked",
        ),
        (S::AskSnapshot, "the whole library is asked"),
        (
            S::Pausing,
            "the last question failed, or the peer is gone: what is held may be old",
        ),
    ];

    const EVENTS: [(E, &str); 9] = [
        (E::Same, "what is announced has the digest of what is held"),
        (
            E::Ahead,
            "a later revision of the run that is held is announced",
        ),
        (E::Other, "something is announced that no delta leads to"),
        (
            E::Completed,
            "an answer is applied: what is announced is held",
        ),
        (
            E::Behind,
            "an answer is applied, but a later revision was announced meanwhile",
        ),
        (
            E::Elsewhere,
            "an answer is applied, but another run was announced meanwhile",
        ),
        (
            E::Mismatch,
            "an answer starts past what is held, or its digest is wrong",
        ),
        (
            E::Failed,
            "a question was not answered, or wrongly too often",
        ),
        (
            E::Lost,
            "the peer is gone; what is held is kept for its return",
        ),
    ];

    #[test]
    fn the_documented_machine_is_the_one_that_runs() {
        let table = MachineTable {
            name: "sync",
            intro: "# Library sync: what this peer knows of another one's library\n\n\
                Printed by the test `the_documented_machine_is_the_one_that_runs` of \
                `crates/lanspread-core/src/sync/machine.rs`. A new record is `Pausing` and holds the \
                empty library. When the pause after a failure is over, what was announced last is \
                compared again, as `Same`, `Ahead` or `Other`.",
            states: &STATES,
            events: &EVENTS,
            next: &S::next,
        };
        table.assert_documented();
    }

    #[test]
    fn a_wrong_delta_falls_back_to_the_snapshot() {
        assert_eq!(S::AskDelta.next(E::Mismatch), Some(S::AskSnapshot));
    }

    #[test]
    fn an_equal_digest_asks_nothing() {
        for (state, _) in STATES {
            let next = state.next(E::Same).unwrap_or(state);
            assert!(next == state || next == S::UpToDate);
        }
    }

    #[test]
    fn an_announcement_never_starts_a_second_question() {
        for state in [S::AskDelta, S::AskSnapshot] {
            for event in [E::Same, E::Ahead, E::Other] {
                assert_eq!(state.next(event), None);
            }
        }
    }
}
