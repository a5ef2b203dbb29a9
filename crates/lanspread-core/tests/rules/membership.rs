//! Discovery, greeting, liveness and their limits.

use crate::*;

#[test]
fn a_hello_before_the_bind_is_an_internal_error() {
    let mut lone = Lone::unbound();
    let response = lone.ask(1, Request::Hello(hello(1)));
    let Some(Response::InternalPeerError { message }) = response else {
        panic!("{response:?}")
    };
    assert_eq!(message, "local peer listener address is not ready");
    assert_eq!(lone.live(), 0);
}

#[test]
fn nothing_is_dialed_before_the_bind() {
    let mut lone = Lone::unbound();
    lone.feed(Input::Discovered(shown(ME + 1)));
    lone.pass(Duration::from_secs(10));
    assert!(lone.dials().is_empty());
    lone.bind();
    lone.pass(Duration::from_secs(2));
    assert_eq!(lone.dials().len(), 1);
}

#[test]
fn a_hello_that_claims_another_identity_is_refused() {
    let mut lone = Lone::ready(Vec::new());
    let response = lone.ask(1, Request::Hello(hello(2)));
    assert_eq!(refusal(response), RefusalKind::IdentityMismatch);
    assert_eq!(lone.live(), 0);
}

#[test]
fn a_hello_of_another_version_names_both_and_users_hear_once() {
    let mut lone = Lone::ready(Vec::new());
    let other = Hello {
        protocol_version: PROTOCOL_VERSION + 1,
        ..hello(1)
    };
    for _ in 0..3 {
        let response = lone.ask(1, Request::Hello(other.clone()));
        let Some(Response::WrongVersion(versions)) = response else {
            panic!("{response:?}")
        };
        assert_eq!(
            (versions.ours, versions.yours),
            (PROTOCOL_VERSION, PROTOCOL_VERSION + 1)
        );
    }
    assert_eq!(
        lone.count(|event| matches!(event, PeerEvent::PeerRefused { .. })),
        1
    );
}

#[test]
fn the_smaller_id_dials_at_once() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME + 1)));
    assert_eq!(lone.dials().len(), 1);
}

#[test]
fn the_larger_id_dials_only_when_no_hello_came() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(1)));
    lone.feed(Input::Discovered(shown(2)));
    let moment = Duration::from_millis(1);
    lone.pass(Timing::default().hello_yield.saturating_sub(moment));
    assert!(lone.dials().is_empty());
    lone.greet(2);
    lone.pass(moment);
    let dialed: Vec<_> = lone
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Dial { expect, .. } => *expect,
            _ => None,
        })
        .collect();
    assert_eq!(dialed, [id(1)]);
}

#[test]
fn own_advertisements_are_ignored() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME)));
    lone.pass(Duration::from_secs(5));
    assert!(lone.dials().is_empty());
}

#[test]
fn a_failed_dial_is_told_once_and_repeated_ever_more_seldom_until_it_is_given_up() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME + 1)));
    let mut times = Vec::new();
    for n in 0..REDIALS_MAX {
        let dials = lone.dials();
        assert_eq!(dials.len(), n as usize + 1);
        times.push(lone.now);
        lone.fail(dials[n as usize]);
        lone.pass(Duration::from_secs(30));
    }
    lone.pass(Duration::from_mins(10));
    assert_eq!(lone.dials().len(), REDIALS_MAX as usize, "given up");
    let told = |event: &PeerEvent| {
        matches!(
            event,
            PeerEvent::PeerRefused {
                kind: ErrorKind::Unreachable,
                ..
            }
        )
    };
    assert_eq!(lone.count(told), 1);
    // Whoever discovery shows again gets another chance.
    lone.feed(Input::Discovered(shown(ME + 1)));
    assert_eq!(lone.dials().len(), REDIALS_MAX as usize + 1);
}

#[test]
fn pauses_between_dials_double_up_to_their_limit() {
    let mut lone = Lone::ready(Vec::new());
    lone.feed(Input::Discovered(shown(ME + 1)));
    for pause in [1, 2, 4, 8, 16, 30, 30] {
        let dials = lone.dials();
        lone.fail(*dials.last().unwrap());
        lone.pass(Duration::from_millis(pause * 1_000 - 1));
        assert_eq!(lone.dials().len(), dials.len(), "not before {pause} s");
        lone.pass(Duration::from_millis(1));
        assert_eq!(lone.dials().len(), dials.len() + 1, "after {pause} s");
    }
}

#[test]
fn no_more_than_the_limit_of_candidates_is_dialed() {
    let mut lone = Lone::ready(Vec::new());
    let mut many = shown(ME + 1);
    many.candidates = (0..=short(CANDIDATES_MAX)).map(addr).collect();
    lone.feed(Input::Discovered(many));
    let dialed = lone.effects.iter().find_map(|effect| match effect {
        Effect::Dial { candidates, .. } => Some(candidates.len()),
        _ => None,
    });
    assert_eq!(dialed, Some(CANDIDATES_MAX));
}

#[test]
fn no_more_than_the_limit_of_dials_run_at_once() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..=short(DIALS_MAX) {
        lone.feed(Input::Discovered(shown(ME + 1 + n)));
    }
    assert_eq!(lone.dials().len(), DIALS_MAX);
    let first = lone.dials()[0];
    lone.reach(first, ME + 1);
    lone.pass(Duration::from_secs(1));
    assert_eq!(lone.dials().len(), DIALS_MAX + 1);
}

#[test]
fn no_more_than_the_limit_of_peers_is_known() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..short(PEERS_MAX) {
        lone.greet(n);
    }
    let response = lone.ask(4_000, Request::Hello(hello(4_000)));
    assert_eq!(refusal(response), RefusalKind::Overloaded);
    lone.feed(Input::Discovered(shown(ME + 1)));
    assert!(lone.dials().is_empty());
    assert_eq!(lone.live(), PEERS_MAX);
    assert_eq!(lone.ask(0, Request::Goodbye), Some(Response::Noted));
    lone.greet(4_000);
    assert_eq!(lone.live(), PEERS_MAX);
}

#[test]
fn a_peer_that_is_not_there_makes_room_for_one_that_is() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..short(PEERS_MAX) - 1 {
        lone.greet(n);
    }
    lone.feed(Input::Discovered(shown(ME + 1)));
    let dial = lone.dials()[0];
    lone.fail(dial);
    lone.greet(4_000);
    assert_eq!(lone.live(), PEERS_MAX);
}

#[test]
fn no_more_than_the_limit_of_connects_run_at_once() {
    let mut lone = Lone::ready(Vec::new());
    for n in 0..short(CONNECTS_MAX) {
        assert_eq!(
            lone.command(PeerCommand::Connect { addr: addr(n) }),
            Some(Ok(()))
        );
    }
    let refused = lone
        .command(PeerCommand::Connect { addr: addr(999) })
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Busy);
    let first = lone.dials()[0];
    lone.fail(first);
    assert_eq!(
        lone.command(PeerCommand::Connect { addr: addr(999) }),
        Some(Ok(()))
    );
}

#[test]
fn a_connect_to_this_peer_itself_fails_in_words() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(PeerCommand::Connect { addr: addr(ME) });
    let dial = lone.dials()[0];
    let dialed = Dialed {
        peer_id: id(ME),
        remote: addr(ME),
        local_listen_addr: addr(ME),
    };
    lone.feed(Input::Dialed {
        effect: dial,
        result: Ok(dialed),
    });
    let failed = |event: &PeerEvent| {
        matches!(event, PeerEvent::ConnectFinished { result: Err(error), .. }
            if error.message.contains("itself"))
    };
    assert_eq!(lone.count(failed), 1);
}

#[test]
fn a_connect_that_is_refused_in_the_greeting_ends_too() {
    let mut lone = Lone::ready(Vec::new());
    lone.command(PeerCommand::Connect { addr: addr(7) });
    let dial = lone.dials()[0];
    let dialed = Dialed {
        peer_id: id(7),
        remote: addr(7),
        local_listen_addr: addr(ME),
    };
    lone.feed(Input::Dialed {
        effect: dial,
        result: Ok(dialed),
    });
    let greeting = lone.requests(|request| matches!(request, Request::Hello(_)))[0];
    let result = Err(RequestFailure::Timeout(Duration::from_secs(5)));
    lone.feed(Input::Responded {
        effect: greeting,
        result,
    });
    let ended = |event: &PeerEvent| matches!(event, PeerEvent::ConnectFinished { .. });
    assert_eq!(lone.count(ended), 1);
}

#[test]
fn a_machine_that_slept_asks_before_it_gives_anybody_up() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    // The clock jumps by an hour, as after a suspend, and only then the tick comes.
    lone.now = lone.now + Duration::from_hours(1);
    lone.feed(Input::Tick);
    assert_eq!(lone.live(), 1);
    let ping = *lone
        .requests(|request| *request == Request::Ping)
        .last()
        .unwrap();
    lone.feed(Input::Responded {
        effect: ping,
        result: Ok(Response::Pong),
    });
    lone.pass(Duration::from_secs(4));
    assert_eq!(lone.live(), 1);
}

#[test]
fn a_peer_that_forgot_this_one_is_greeted_again() {
    let mut lone = Lone::ready(Vec::new());
    lone.greet(1);
    lone.feed(Input::Disconnected { peer_id: id(1) });
    let ping = lone.requests(|request| *request == Request::Ping)[0];
    let refusal = lanspread_proto::Refusal::new(RefusalKind::NotIntroduced, "who are you?");
    lone.feed(Input::Responded {
        effect: ping,
        result: Ok(Response::Refused(refusal)),
    });
    assert_eq!(
        lone.requests(|request| matches!(request, Request::Hello(_)))
            .len(),
        1
    );
    assert_eq!(lone.live(), 1);
}

/// Two peers greeted each other at the same moment, and the library of one changed between its `Hello`
/// and its answer to the other's. The `HelloAck` that came after the other `Hello` was thrown away,
/// and with it the newer revision, which was told nowhere else. Found by a random walk.
#[test]
fn what_a_late_answer_to_a_hello_says_of_a_library_is_heard() {
    let mut lone = Lone::ready(Vec::new());
    let other = ME + 1;
    lone.feed(Input::Discovered(shown(other)));
    let dial = lone.dials()[0];
    let dialed = Dialed {
        peer_id: id(other),
        remote: addr(other),
        local_listen_addr: addr(ME),
    };
    lone.feed(Input::Dialed {
        effect: dial,
        result: Ok(dialed),
    });
    let greeting = lone.requests(|request| matches!(request, Request::Hello(_)))[0];
    lone.greet(other);
    let asked = |lone: &Lone| {
        lone.requests(|request| *request == Request::LibrarySnapshot)
            .len()
            + lone
                .requests(|request| matches!(request, Request::LibraryDelta { .. }))
                .len()
    };
    assert_eq!(asked(&lone), 0, "its library is empty");
    let (library, _) = library_of(other, 3);
    let ack = Hello {
        library,
        ..hello(other)
    };
    lone.feed(Input::Responded {
        effect: greeting,
        result: Ok(Response::HelloAck(ack)),
    });
    assert_eq!(asked(&lone), 1);
}

/// A peer moved, and its `HelloAck` from the new address was lost. Its own pings kept its record alive
/// under the old address, where it could never be reached again: each one ended the doubt before the
/// next dial. Found by a random walk.
#[test]
fn a_peer_that_is_heard_but_does_not_answer_is_dialed_again() {
    let mut lone = Lone::ready(Vec::new());
    let other = ME + 1;
    lone.greet(other);
    let mut moved = shown(other);
    moved.candidates = vec![addr(77)];
    lone.feed(Input::Discovered(moved));
    let dialed = Dialed {
        peer_id: id(other),
        remote: addr(77),
        local_listen_addr: addr(ME),
    };
    let dial = lone.dials()[0];
    lone.feed(Input::Dialed {
        effect: dial,
        result: Ok(dialed),
    });
    let greeting = lone.requests(|request| matches!(request, Request::Hello(_)))[0];
    let result = Err(RequestFailure::Timeout(Duration::from_secs(5)));
    lone.feed(Input::Responded {
        effect: greeting,
        result,
    });
    // It is there, says its ping.
    assert_eq!(lone.ask(other, Request::Ping), Some(Response::Pong));
    lone.pass(Duration::from_secs(1));
    assert_eq!(lone.dials().len(), 2, "but not where it is recorded");
    lone.reach(lone.dials()[1], other);
    assert_eq!(lone.live(), 1);
}

#[test]
fn a_peer_that_was_told_its_table_says_so() {
    let table = TableName::new("b2").unwrap();
    let mut lone = Lone::made_with(|config| config.table = Some(table.clone()));
    lone.take_part(vec![]);
    let answer = lone.ask(1, Request::Hello(hello(1)));
    let Some(Response::HelloAck(ack)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(ack.table, Some(table));
}
