//! What follows when a peer misbehaves.

use lanspread_core::{
    Offence,
    conduct::{
        ANNOUNCEMENT_EVERY, ANNOUNCEMENTS_BURST_MAX, CONTENTS_BURST_MAX, CONTENTS_EVERY, KEEP_AWAY,
        POINTS_MAX, QUESTIONS_BURST_MAX,
    },
    limits::CHECKS_MAX,
};

use crate::*;

fn from_transport() -> TransportAddr {
    TransportAddr::new(([10, 0, 0, 1], 50_000).into())
}

impl Lone {
    fn misbehaves(&mut self, n: u16, offence: Offence, times: u32) {
        self.feed(Input::Misbehaved {
            peer_id: id(n),
            transport_addr: from_transport(),
            offence,
            times,
        });
    }

    fn kept_away(&mut self) -> Vec<PeerId> {
        let view = self.peer.view();
        view.kept_away.iter().map(|kept| kept.peer_id).collect()
    }

    /// How often the driver was told to keep a peer away and to let it in again.
    fn doors(&self, n: u16) -> (usize, usize) {
        let count = |fits: &dyn Fn(&Effect) -> bool| {
            self.effects.iter().filter(|effect| fits(effect)).count()
        };
        (
            count(&|effect| matches!(effect, Effect::KeepAway { peer_id } if *peer_id == id(n))),
            count(&|effect| matches!(effect, Effect::Readmit { peer_id } if *peer_id == id(n))),
        )
    }
}

#[test]
fn a_peer_that_misbehaves_is_lost_kept_away_and_told_of_once() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.greet(2);
    lone.misbehaves(1, Offence::MalformedRequest, 19);
    assert_eq!((lone.live(), lone.kept_away()), (2, Vec::new()));
    lone.misbehaves(1, Offence::MalformedRequest, 1);
    lone.misbehaves(1, Offence::MalformedRequest, 500);
    assert_eq!((lone.live(), lone.kept_away()), (1, vec![id(1)]));
    assert_eq!(lone.doors(1), (1, 0));
    let told = lone.events().into_iter().filter_map(|event| match event {
        PeerEvent::PeerLost { reason, .. } => Some(reason.to_string()),
        PeerEvent::PeerKeptAway { name, reason, .. } => Some(format!("{name}: {reason}")),
        _ => None,
    });
    let why = "it is kept away for 10 min because it sends requests that are no messages, or over \
               the limits";
    assert_eq!(
        told.collect::<Vec<_>>(),
        [why.to_owned(), format!("peer1: {why}")]
    );
}

#[test]
fn whoever_is_kept_away_is_neither_dialed_nor_greeted_nor_served() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(ME + 1);
    lone.misbehaves(ME + 1, Offence::SilentStream, POINTS_MAX);
    let before = lone.dials().len();
    let mut elsewhere = shown(ME + 1);
    elsewhere.candidates = vec![addr(77)];
    lone.feed(Input::Discovered(elsewhere));
    lone.pass(Duration::from_mins(1));
    assert_eq!(lone.dials().len(), before);
    for request in [
        Request::Hello(hello(ME + 1)),
        Request::Ping,
        Request::LibrarySnapshot,
        Request::Goodbye,
    ] {
        let refused = refusal(lone.ask(ME + 1, request));
        assert_eq!(refused, RefusalKind::NotIntroduced);
    }
    assert_eq!(lone.live(), 0);
}

#[test]
fn the_user_cannot_connect_to_whoever_is_kept_away() {
    let mut lone = Lone::ready(Vec::new());
    lone.misbehaves(1, Offence::SilentStream, POINTS_MAX);
    lone.command(PeerCommand::Connect { addr: addr(1) });
    let dial = lone.dials()[0];
    lone.feed(Input::Dialed {
        effect: dial,
        result: Ok(Dialed {
            peer_id: id(1),
            remote: addr(1),
            local_listen_addr: addr(ME),
        }),
    });
    let failed = |event: &PeerEvent| {
        matches!(event, PeerEvent::ConnectFinished { result: Err(error), .. }
            if error.kind == ErrorKind::KeptAway)
    };
    assert_eq!(lone.count(failed), 1);
    assert_eq!(lone.live(), 0);
}

#[test]
fn when_its_time_is_over_it_is_let_in_and_dialed_where_it_was_seen_last() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(ME + 1);
    lone.misbehaves(ME + 1, Offence::SilentStream, POINTS_MAX);
    lone.pass(KEEP_AWAY.saturating_sub(Duration::from_millis(1)));
    assert_eq!(lone.doors(ME + 1), (1, 0));
    lone.pass(Duration::from_millis(1));
    assert_eq!(lone.doors(ME + 1), (1, 1));
    assert_eq!(lone.kept_away(), []);
    let readmitted = |event: &PeerEvent| matches!(event, PeerEvent::PeerReadmitted { .. });
    assert_eq!(lone.count(readmitted), 1);
    let dialed = lone.effects.iter().any(|effect| {
        matches!(effect, Effect::Dial { candidates, expect, .. }
            if candidates == &[addr(ME + 1)] && *expect == Some(id(ME + 1)))
    });
    assert!(dialed, "it may not try by itself any more");
    lone.greet(ME + 1);
    assert_eq!(lone.live(), 1);
}

#[test]
fn a_hello_that_claims_another_identity_keeps_the_liar_away_and_not_whom_it_claims_to_be() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(2);
    let response = lone.ask(1, Request::Hello(hello(2)));
    assert_eq!(refusal(response), RefusalKind::IdentityMismatch);
    assert_eq!((lone.live(), lone.kept_away()), (1, vec![id(1)]));
}

#[test]
fn announcements_beyond_their_pace_are_refused_and_a_storm_of_them_is_an_offence() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    let summary = |revision| Request::LibrarySummary {
        state: LibraryState {
            digest: ContentHash([7; 32]),
            ..state(revision, &[])
        },
    };
    for revision in 1..u64::from(ANNOUNCEMENTS_BURST_MAX) {
        let response = lone.ask(1, summary(revision));
        assert_eq!(response, Some(Response::Noted), "{revision}");
    }
    assert_eq!(refusal(lone.ask(1, summary(900))), RefusalKind::Overloaded);
    lone.pass(ANNOUNCEMENT_EVERY);
    assert_eq!(lone.ask(1, summary(901)), Some(Response::Noted));
    for revision in 902..1000 {
        lone.ask(1, summary(revision));
    }
    assert_eq!(lone.kept_away(), [id(1)]);
}

#[test]
fn questions_beyond_their_pace_are_refused_and_others_are_answered_meanwhile() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.greet(2);
    for _ in 0..QUESTIONS_BURST_MAX {
        assert_eq!(lone.ask(1, Request::Ping), Some(Response::Pong));
    }
    for _ in 1..POINTS_MAX {
        assert_eq!(refusal(lone.ask(1, Request::Ping)), RefusalKind::Overloaded);
    }
    assert_eq!(lone.kept_away(), []);
    assert_eq!(refusal(lone.ask(1, Request::Ping)), RefusalKind::Overloaded);
    assert_eq!(lone.kept_away(), [id(1)]);
    assert_eq!(lone.ask(2, Request::Ping), Some(Response::Pong));
}

#[test]
fn contents_are_asked_for_as_fast_as_they_can_come_and_no_faster() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    let ask = |lone: &mut Lone| {
        lone.effects.clear();
        let request = ChunkRequest {
            id: game(1),
            manifest: ManifestHash(ContentHash([1; 32])),
            chunks: vec![chunk(0)],
        };
        refusal(lone.ask(1, Request::GetGameFileChunk(request)))
    };
    for _ in 0..CONTENTS_BURST_MAX {
        assert_eq!(ask(&mut lone), RefusalKind::NotAvailable);
    }
    assert_eq!(ask(&mut lone), RefusalKind::Overloaded);
    lone.pass(CONTENTS_EVERY);
    assert_eq!(ask(&mut lone), RefusalKind::NotAvailable);
    assert_eq!(ask(&mut lone), RefusalKind::Overloaded);
}

#[test]
fn a_library_over_the_limits_is_an_offence_and_one_for_which_there_is_no_room_is_not() {
    let mut lone = Lone::ready(Vec::new());
    for n in 1..=short(REMOTE_GAMES_MAX / LIBRARY_GAMES_MAX) {
        lone.greet_with(n, LIBRARY_GAMES_MAX);
    }
    lone.greet_with(100, 10);
    lone.greet_with(100, 10);
    assert_eq!(lone.kept_away(), []);
    lone.greet_with(101, LIBRARY_GAMES_MAX + 1);
    lone.greet_with(102, 0);
    assert_eq!(lone.kept_away(), []);

    let mut lone = Lone::ready(Vec::new());
    lone.greet_with(1, LIBRARY_GAMES_MAX + 1);
    assert_eq!(lone.kept_away(), [], "once");
    let question = *lone
        .requests(|request| *request == Request::LibrarySnapshot)
        .last()
        .unwrap();
    lone.feed(Input::Responded {
        effect: question,
        result: Err(RequestFailure::Protocol("a frame too long".to_owned())),
    });
    assert_eq!(lone.kept_away(), [id(1)], "twice");
}

/// Greets with the address of another machine; returns the dial that looks at it.
fn greet_from_elsewhere(lone: &mut Lone, n: u16) -> Option<EffectId> {
    let before = lone.dials().len();
    let foreign = Hello {
        listen_addr: addr(n + 1_000),
        ..hello(n)
    };
    let response = lone.ask(n, Request::Hello(foreign));
    assert!(matches!(response, Some(Response::HelloAck(_))));
    lone.dials().get(before).copied()
}

#[test]
fn an_address_at_which_somebody_else_answers_is_a_lie() {
    let mut lone = Lone::ready(Vec::new());
    let check = greet_from_elsewhere(&mut lone, 1).unwrap();
    lone.feed(Input::Dialed {
        effect: check,
        result: Err(DialFailure::OtherPeer {
            addr: addr(1_001).socket_addr(),
            found: id(7),
            expected: id(1),
        }),
    });
    assert_eq!((lone.live(), lone.kept_away()), (0, vec![id(1)]));
}

#[test]
fn an_address_at_which_nobody_or_the_peer_itself_answers_is_believed() {
    let mut lone = Lone::ready(Vec::new());
    let check = greet_from_elsewhere(&mut lone, 1).unwrap();
    lone.fail(check);
    let check = greet_from_elsewhere(&mut lone, 2).unwrap();
    lone.feed(Input::Dialed {
        effect: check,
        result: Ok(Dialed {
            peer_id: id(2),
            remote: addr(1_002),
            local_listen_addr: addr(ME),
        }),
    });
    assert_eq!((lone.live(), lone.kept_away()), (2, Vec::new()));
}

#[test]
fn no_more_addresses_are_looked_at_at_once_than_the_limit() {
    let mut lone = Lone::ready(Vec::new());
    for n in 1..=short(CHECKS_MAX) {
        assert!(greet_from_elsewhere(&mut lone, n).is_some());
    }
    assert_eq!(greet_from_elsewhere(&mut lone, 500), None);
    let first = lone.dials()[0];
    lone.fail(first);
    assert!(greet_from_elsewhere(&mut lone, 501).is_some());
}
