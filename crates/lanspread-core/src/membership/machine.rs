//! The handshake and liveness of one peer, as states and transitions.
//!
//! Invariant: [`MemberState::next`] is all there is: what is sent and what users are told follows
//! from the state that is left and the state that is entered. No time, no address, no identity.

use MemberEvent as E;
use MemberState as S;

/// Where this peer stands with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MemberState {
    /// No record.
    Unknown,
    /// Discovered; its `Hello` is awaited, because its id is the smaller one.
    Yielding,
    /// A dial is under way.
    Dialing,
    /// Dialed; `Hello` is sent.
    Greeting,
    /// Not reached; the next dial waits.
    Resting,
    /// It runs another version: users were told, nothing more is tried.
    Refused,
    /// It is of another party: users were told. If the codes differ it is dialed again after a long
    /// rest, because one of them may have been typed wrong.
    Elsewhere,
    /// Introduced and heard of lately.
    Live,
    /// Live, but silent for a while: a `Ping` is sent.
    Pinging,
    /// Live as far as known, but its address is in doubt: the next dial waits.
    Doubtful,
    /// Live as far as known, but its address is in doubt: a dial is under way.
    Redialing,
    /// Live as far as known; dialed again; `Hello` is sent.
    Regreeting,
}

/// What can happen between this peer and another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MemberEvent {
    /// Discovery shows it at an address that is news, and this peer has the smaller id.
    SeenWeDial,
    /// Discovery shows it at an address that is news, and the other peer has the smaller id.
    SeenTheyDial,
    /// Discovery shows it as running another version; nothing proves it.
    SeenOtherVersion,
    /// Discovery shows it as taking part with a party code where this peer has none, or the other way
    /// round; nothing proves it.
    SeenOtherParty,
    /// The pause of this state is over.
    PauseOver,
    /// A dial proved that it is there.
    Reached,
    /// A dial failed.
    Unreached,
    /// A dial or greeting failed for the last time.
    GivenUp,
    /// Its connection proved that it runs another version.
    OtherVersion,
    /// Its connection proved that it is not of this party.
    OtherParty,
    /// Its `HelloAck` is accepted.
    Acked,
    /// `Hello` got no usable answer.
    HelloFailed,
    /// Its `Hello` is accepted.
    Greeted,
    /// It answered something that was asked of it at its recorded address. What it says by itself
    /// proves that it is there, but not that it can be reached.
    Answered,
    /// `Ping` was not answered.
    PingFailed,
    /// It says that it does not know this peer.
    NotKnown,
    /// Nothing was heard of it for `ping_idle`, and `ping_yield` more if its id is smaller.
    Idle,
    /// Nothing was heard of it for `stale_after`, although it was asked.
    Silent,
    /// The last connection with it closed.
    Closed,
    /// It said `Goodbye`.
    Left,
    /// It misbehaved and is kept away.
    KeptAway,
}

impl MemberState {
    /// Whether users see it as connected and its games count.
    pub(crate) const fn is_live(self) -> bool {
        match self {
            Self::Live | Self::Pinging | Self::Doubtful | Self::Redialing | Self::Regreeting => {
                true
            }
            Self::Unknown
            | Self::Yielding
            | Self::Dialing
            | Self::Greeting
            | Self::Resting
            | Self::Refused
            | Self::Elsewhere => false,
        }
    }

    /// The state after `event`; `None` when it changes nothing.
    pub(crate) fn next(self, event: MemberEvent) -> Option<Self> {
        let (_, rows) = TRANSITIONS.iter().find(|(state, _)| *state == self)?;
        rows.iter()
            .find(|(on, _)| *on == event)
            .map(|&(_, next)| next)
    }
}

/// What follows an event in one state.
type Rows = &'static [(E, S)];

/// The machine: for each state the events that change it.
const TRANSITIONS: [(S, Rows); 12] = [
    (
        S::Unknown,
        &[
            (E::SeenWeDial, S::Dialing),
            (E::SeenTheyDial, S::Yielding),
            (E::SeenOtherVersion, S::Refused),
            (E::SeenOtherParty, S::Elsewhere),
            (E::Reached, S::Greeting),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
        ],
    ),
    (
        S::Yielding,
        &[
            (E::SeenOtherVersion, S::Refused),
            (E::SeenOtherParty, S::Elsewhere),
            (E::PauseOver, S::Dialing),
            (E::Reached, S::Greeting),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Dialing,
        &[
            (E::Reached, S::Greeting),
            (E::Unreached, S::Resting),
            (E::GivenUp, S::Unknown),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Greeting,
        &[
            (E::GivenUp, S::Unknown),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Acked, S::Live),
            (E::HelloFailed, S::Resting),
            (E::Greeted, S::Live),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Resting,
        &[
            (E::SeenWeDial, S::Dialing),
            (E::SeenTheyDial, S::Yielding),
            (E::SeenOtherVersion, S::Refused),
            (E::SeenOtherParty, S::Elsewhere),
            (E::PauseOver, S::Dialing),
            (E::Reached, S::Greeting),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Refused,
        &[
            (E::SeenWeDial, S::Dialing),
            (E::SeenTheyDial, S::Yielding),
            (E::SeenOtherParty, S::Elsewhere),
            (E::Reached, S::Greeting),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Elsewhere,
        &[
            (E::SeenWeDial, S::Dialing),
            (E::SeenTheyDial, S::Yielding),
            (E::SeenOtherVersion, S::Refused),
            (E::PauseOver, S::Dialing),
            (E::Reached, S::Greeting),
            (E::OtherVersion, S::Refused),
            (E::Greeted, S::Live),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Live,
        &[
            (E::SeenWeDial, S::Redialing),
            (E::SeenTheyDial, S::Doubtful),
            (E::SeenOtherVersion, S::Pinging),
            (E::SeenOtherParty, S::Pinging),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::NotKnown, S::Regreeting),
            (E::Idle, S::Pinging),
            (E::Closed, S::Pinging),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Pinging,
        &[
            (E::SeenWeDial, S::Redialing),
            (E::SeenTheyDial, S::Doubtful),
            (E::Reached, S::Regreeting),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
            (E::Answered, S::Live),
            (E::PingFailed, S::Redialing),
            (E::NotKnown, S::Regreeting),
            (E::Silent, S::Resting),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Doubtful,
        &[
            (E::SeenWeDial, S::Redialing),
            (E::PauseOver, S::Redialing),
            (E::Reached, S::Regreeting),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
            (E::Answered, S::Live),
            (E::NotKnown, S::Regreeting),
            (E::Silent, S::Resting),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Redialing,
        &[
            (E::Reached, S::Regreeting),
            (E::Unreached, S::Doubtful),
            (E::GivenUp, S::Doubtful),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Greeted, S::Live),
            (E::Silent, S::Resting),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
    (
        S::Regreeting,
        &[
            (E::GivenUp, S::Doubtful),
            (E::OtherVersion, S::Refused),
            (E::OtherParty, S::Elsewhere),
            (E::Acked, S::Live),
            (E::HelloFailed, S::Doubtful),
            (E::Greeted, S::Live),
            (E::Silent, S::Resting),
            (E::Left, S::Unknown),
            (E::KeptAway, S::Unknown),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::{MemberEvent as E, MemberState as S};
    use crate::machine_table::MachineTable;

    const STATES: [(S, &str); 12] = [
        (S::Unknown, "no record"),
        (
            S::Yielding,
            "discovered; its `Hello` is awaited for `hello_yield`, because its id is smaller",
        ),
        (
            S::Dialing,
            "a dial is under way, to all candidate addresses at once",
        ),
        (S::Greeting, "dialed; `Hello` is sent"),
        (S::Resting, "not reached; the next dial waits"),
        (
            S::Refused,
            "runs another version: users were told once, nothing more is tried",
        ),
        (
            S::Elsewhere,
            "of another party: users were told once; dialed again after `other_party_rest`, and only \
             if both have a code",
        ),
        (
            S::Live,
            "introduced and heard of within `ping_idle`, and `ping_yield` more if its id is smaller",
        ),
        (S::Pinging, "live, but silent: `Ping` is sent"),
        (
            S::Doubtful,
            "live as far as known, its address in doubt; the next dial waits",
        ),
        (
            S::Redialing,
            "live as far as known, its address in doubt; a dial is under way",
        ),
        (S::Regreeting, "live as far as known; `Hello` is sent again"),
    ];

    const EVENTS: [(E, &str); 21] = [
        (
            E::SeenWeDial,
            "discovery shows a new address, and this peer has the smaller id",
        ),
        (
            E::SeenTheyDial,
            "discovery shows a new address, and the other peer has the smaller id",
        ),
        (
            E::SeenOtherVersion,
            "discovery shows another wire version; nothing proves it",
        ),
        (
            E::SeenOtherParty,
            "discovery shows that one of the two has a party code and the other has none",
        ),
        (E::PauseOver, "the pause of this state is over"),
        (E::Reached, "a dial proved that it is there"),
        (E::Unreached, "a dial failed"),
        (E::GivenUp, "a dial or greeting failed for the last time"),
        (
            E::OtherVersion,
            "its connection proved that it runs another version",
        ),
        (
            E::OtherParty,
            "its connection proved that it is not of this party",
        ),
        (E::Acked, "its `HelloAck` is accepted"),
        (E::HelloFailed, "`Hello` got no usable answer"),
        (E::Greeted, "its `Hello` is accepted"),
        (
            E::Answered,
            "it answered something that was asked of it at its recorded address",
        ),
        (E::PingFailed, "`Ping` was not answered"),
        (E::NotKnown, "it says that it does not know this peer"),
        (
            E::Idle,
            "nothing was heard of it for `ping_idle`, and `ping_yield` more if its id is smaller",
        ),
        (
            E::Silent,
            "nothing was heard of it for `stale_after`, although it was asked",
        ),
        (E::Closed, "the last connection with it closed: a hint"),
        (E::Left, "it said `Goodbye`"),
        (E::KeptAway, "it misbehaved and is kept away"),
    ];

    fn each(mut check: impl FnMut(S, E, Option<S>)) {
        for (state, _) in STATES {
            for (event, _) in EVENTS {
                check(state, event, state.next(event));
            }
        }
    }

    #[test]
    fn the_documented_machine_is_the_one_that_runs() {
        let table = MachineTable {
            name: "membership",
            intro: "# Membership: handshake and liveness of one peer\n\n\
                Printed by the test `the_documented_machine_is_the_one_that_runs` of \
                `crates/lanspread-core/src/membership/machine.rs`. Users see a peer as connected in \
                `Live`, `Pinging`, `Doubtful`, `Redialing` and `Regreeting`.",
            states: &STATES,
            events: &EVENTS,
            next: &S::next,
        };
        table.assert_documented();
    }

    #[test]
    fn no_transition_leads_to_the_state_it_leaves() {
        each(|state, event, next| assert_ne!(next, Some(state), "{state:?} {event:?}"));
    }

    #[test]
    fn only_a_greeting_makes_a_stranger_live() {
        each(|state, event, next| {
            if next.is_some_and(S::is_live) && !state.is_live() {
                assert!(
                    matches!(event, E::Greeted | E::Acked),
                    "{state:?} {event:?}"
                );
            }
        });
    }

    #[test]
    fn a_live_peer_is_lost_only_by_silence_goodbye_misconduct_or_another_version_or_party() {
        each(|state, event, next| {
            if state.is_live() && next.is_some_and(|next| !next.is_live()) {
                assert!(
                    matches!(
                        event,
                        E::Silent | E::Left | E::KeptAway | E::OtherVersion | E::OtherParty
                    ),
                    "{state:?} {event:?}"
                );
            }
        });
    }

    #[test]
    fn goodbye_and_misconduct_forget_from_every_state() {
        for (state, _) in STATES {
            assert_eq!(state.next(E::KeptAway).unwrap_or(state), S::Unknown);
            assert_eq!(state.next(E::Left).unwrap_or(state), S::Unknown);
        }
    }

    #[test]
    fn every_state_that_waits_has_a_way_out() {
        for (state, _) in STATES {
            let out = match state {
                S::Yielding | S::Resting | S::Doubtful => E::PauseOver,
                S::Dialing | S::Redialing => E::Unreached,
                S::Greeting | S::Regreeting => E::HelloFailed,
                S::Live => E::Idle,
                S::Pinging => E::PingFailed,
                S::Refused | S::Elsewhere => E::Greeted,
                S::Unknown => E::SeenWeDial,
            };
            assert!(state.next(out).is_some(), "{state:?}");
        }
    }
}
