//! What others are served, and how much at once.

use lanspread_core::uploads::UPLOAD_SLOTS;

use crate::*;

#[test]
fn a_stranger_gets_nothing_but_the_advice_to_say_hello() {
    let mut lone = Lone::ready(vec![root(1)]);
    let chunks = ChunkRequest {
        id: game(1),
        manifest: hash(1),
        chunks: vec![chunk(0)],
    };
    for request in [
        Request::Ping,
        Request::LibrarySnapshot,
        Request::ListGames,
        Request::GetGame { id: game(1) },
        Request::TakeBack(chunks.clone()),
        Request::GetGameFileChunk(chunks),
        Request::LibrarySummary {
            state: state(0, &[]),
        },
    ] {
        assert_eq!(refusal(lone.ask(1, request)), RefusalKind::NotIntroduced);
    }
    assert_eq!(lone.ask(1, Request::Goodbye), Some(Response::Noted));
}

#[test]
fn no_more_than_the_limits_are_served_at_once() {
    let mut lone = Lone::ready(vec![root(1)]);
    let request = || {
        let chunks = vec![chunk(0)];
        Request::GetGameFileChunk(ChunkRequest {
            id: game(1),
            manifest: hash(1),
            chunks,
        })
    };
    let peers = u16::try_from(SERVES_MAX / SERVES_PER_PEER_MAX).unwrap();
    for n in 0..=peers {
        lone.greet(n);
    }
    for n in 0..peers {
        for _ in 0..SERVES_PER_PEER_MAX {
            assert_eq!(lone.ask(n, request()), None);
        }
        assert_eq!(refusal(lone.ask(n, request())), RefusalKind::Overloaded);
    }
    assert_eq!(refusal(lone.ask(peers, request())), RefusalKind::Overloaded);
    let serve = lone.ids(|effect| matches!(effect, Effect::ServeChunks { .. }))[0];
    lone.feed(Input::Served {
        effect: serve,
        sent_bytes: 1,
        result: Ok(()),
    });
    assert_eq!(lone.ask(peers, request()), None);
    assert_eq!(lone.peer.view().outbound.len(), usize::from(peers) + 1);
}

#[test]
fn a_chunk_request_is_held_to_its_rules() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    let request = |count: usize, manifest: u8| {
        let chunks = (0..u32::try_from(count).unwrap()).map(chunk).collect();
        Request::GetGameFileChunk(ChunkRequest {
            id: game(1),
            manifest: hash(manifest),
            chunks,
        })
    };
    assert_eq!(lone.ask(1, request(CHUNKS_PER_REQUEST_MAX, 1)), None);
    let too_many = lone.ask(1, request(CHUNKS_PER_REQUEST_MAX + 1, 1));
    assert_eq!(refusal(too_many), RefusalKind::BadRequest);
    assert_eq!(refusal(lone.ask(1, request(0, 1))), RefusalKind::BadRequest);
    assert_eq!(
        refusal(lone.ask(1, request(1, 2))),
        RefusalKind::NotAvailable
    );
    assert_eq!(
        refusal(lone.ask(1, Request::GetGame { id: game(2) })),
        RefusalKind::NotAvailable
    );
}

#[test]
fn a_game_that_an_operation_changes_or_checks_is_not_served() {
    for command in [
        PeerCommand::RemoveGame { id: game(1) },
        PeerCommand::VerifyGame { id: game(1) },
    ] {
        let mut lone = Lone::ready(vec![root(1)]);
        lone.greet(1);
        assert_eq!(lone.command(command), Some(Ok(())));
        let response = lone.ask(1, Request::GetGame { id: game(1) });
        assert_eq!(refusal(response), RefusalKind::Busy);
    }
}

#[test]
fn a_game_is_served_while_it_is_installed() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    let install = PeerCommand::InstallGame { id: game(1) };
    assert_eq!(lone.command(install), Some(Ok(())));
    assert_eq!(lone.ask(1, Request::GetGame { id: game(1) }), None);
}

#[test]
fn uploads_end_before_the_first_step_of_a_removal() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    assert_eq!(lone.ask(1, Request::GetGame { id: game(1) }), None);
    let serve = lone.ids(|effect| matches!(effect, Effect::ServeManifest { .. }))[0];
    assert_eq!(
        lone.command(PeerCommand::RemoveGame { id: game(1) }),
        Some(Ok(()))
    );
    let observes = |lone: &Lone| {
        lone.ids(|effect| matches!(effect, Effect::ObserveRoot { .. }))
            .len()
    };
    let aborted = lone
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Abort { effect } if *effect == serve));
    assert!(aborted);
    assert_eq!(observes(&lone), 0, "an upload still reads the files");
    lone.feed(Input::Served {
        effect: serve,
        sent_bytes: 0,
        result: Ok(()),
    });
    assert_eq!(observes(&lone), 1);
}

#[test]
fn an_unhashed_game_is_hashed_first_when_somebody_asks_for_it() {
    let unhashed = |n| RootReport {
        manifest: None,
        ..root(n)
    };
    let mut lone = Lone::ready(vec![unhashed(1), unhashed(2), unhashed(3)]);
    lone.greet(1);
    let hashing = |lone: &Lone| {
        lone.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::HashRoot { effect, id, .. } => Some((*effect, id.clone())),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let [(first, hashed)] = &hashing(&lone)[..] else {
        panic!("one at a time")
    };
    assert_eq!(*hashed, game(1));
    let first = *first;
    let response = lone.ask(1, Request::GetGame { id: game(3) });
    assert_eq!(
        response,
        Some(Response::GamePending {
            hashed_bytes: 0,
            total_bytes: 1000
        })
    );
    let failure = lanspread_core::DiskFailure {
        kind: lanspread_core::DiskFailureKind::Aborted,
        message: "aborted".to_owned(),
    };
    lone.feed(Input::RootHashed {
        effect: first,
        result: Err(failure),
        recorded: None,
    });
    assert_eq!(hashing(&lone)[1].1, game(3));
}

/// Asks for these chunks of the only game.
fn chunks_of(of: &[u32]) -> ChunkRequest {
    ChunkRequest {
        id: game(1),
        manifest: hash(1),
        chunks: of.iter().map(|&n| chunk(n)).collect(),
    }
}

#[test]
fn what_a_peer_takes_back_is_refused_if_it_waits_and_goes_on_if_it_runs() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    lone.greet(2);
    let first = lone.next + 1;
    let slots = u32::try_from(UPLOAD_SLOTS).unwrap();
    for n in 0..slots {
        assert_eq!(
            lone.ask(1, Request::GetGameFileChunk(chunks_of(&[n]))),
            None
        );
    }
    let waiting = [
        (1, chunks_of(&[50])),
        (2, chunks_of(&[50])),
        (1, chunks_of(&[50, 51])),
        (1, chunks_of(&[50, 52])),
    ];
    for (peer, request) in waiting {
        assert_eq!(lone.ask(peer, Request::GetGameFileChunk(request)), None);
    }
    let back = Request::TakeBack(chunks_of(&[0, 1, 50, 51]));
    assert_eq!(lone.ask(1, back), Some(Response::Noted));
    let refused: Vec<u64> = lone
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Reply {
                reply,
                response: Response::Refused(refusal),
            } => {
                assert_eq!(refusal.kind, RefusalKind::TakenBack);
                Some(reply.0 - first)
            }
            _ => None,
        })
        .collect();
    let after_slots = u64::from(slots);
    assert_eq!(
        refused,
        [after_slots, after_slots + 2],
        "its own that wait and are taken back whole"
    );
    let is_abort = |effect: &Effect| matches!(effect, Effect::Abort { .. });
    assert!(!lone.effects.iter().any(is_abort), "what runs goes on");
    let requests: usize = lone.peer.view().outbound.iter().map(|it| it.requests).sum();
    assert_eq!(requests, UPLOAD_SLOTS + 2, "they count no more");
}

#[test]
fn as_many_chunks_as_the_limit_are_taken_back_and_not_one_more() {
    let mut lone = Lone::ready(vec![root(1)]);
    lone.greet(1);
    let back = |count: usize| {
        let chunks: Vec<u32> = (0..u32::try_from(count).unwrap()).collect();
        Request::TakeBack(chunks_of(&chunks))
    };
    let most = lone.ask(1, back(CHUNKS_PER_REQUEST_MAX));
    assert_eq!(most, Some(Response::Noted));
    for count in [0, CHUNKS_PER_REQUEST_MAX + 1] {
        assert_eq!(refusal(lone.ask(1, back(count))), RefusalKind::BadRequest);
    }
    // As often as chunks are asked for, and not as rarely as other things.
    for _ in 0..1_000 {
        assert_eq!(lone.ask(1, back(1)), Some(Response::Noted));
    }
}
