//! Two sides of an exchange, alike and different in each thing that counts.

use super::*;

fn peer(n: u8) -> PeerId {
    PeerId::from_bytes([n; 32])
}

fn code(text: &str) -> PartyCode {
    PartyCode::parse(text).unwrap()
}

fn session() -> Session {
    Session {
        dialer: peer(1),
        listener: peer(2),
        exported: [3; 32],
    }
}

/// Runs an exchange in which the listener may see everything differently.
fn run(dialer: (&str, Session), listener: (&str, Session)) -> (Proofs, Proofs) {
    let a = Half::begin(Role::Dialer, &code(dialer.0), dialer.1);
    let b = Half::begin(Role::Listener, &code(listener.0), listener.1);
    let (share_a, share_b) = (a.share(), b.share());
    (a.finish(share_b).unwrap(), b.finish(share_a).unwrap())
}

fn agree((a, b): &(Proofs, Proofs)) -> bool {
    assert_eq!(a.is_theirs(b.own()), b.is_theirs(a.own()));
    a.is_theirs(b.own())
}

#[test]
fn two_who_know_the_code_agree_and_two_who_do_not_do_not() {
    assert!(agree(&run(
        ("7d3k9wqz", session()),
        ("7D3K-9WQZ", session())
    )));
    assert!(!agree(&run(
        ("7d3k9wqz", session()),
        ("7d3k9wqy", session())
    )));
}

#[test]
fn another_dialer_another_listener_or_another_tls_session_fits_no_proof() {
    let others = [
        Session {
            dialer: peer(9),
            ..session()
        },
        Session {
            listener: peer(9),
            ..session()
        },
        Session {
            exported: [9; 32],
            ..session()
        },
        // Both roles turned round.
        Session {
            dialer: peer(2),
            listener: peer(1),
            ..session()
        },
    ];
    for other in others {
        assert!(
            !agree(&run(("7d3k9wqz", session()), ("7d3k9wqz", other))),
            "{other:?}"
        );
    }
}

/// A man in the middle who passes both shares on but has a TLS session of his own with each side.
#[test]
fn a_relay_between_two_who_know_the_code_convinces_neither() {
    let relay = peer(7);
    let to_listener = Session {
        dialer: relay,
        exported: [4; 32],
        ..session()
    };
    let from_dialer = Session {
        listener: relay,
        exported: [5; 32],
        ..session()
    };
    let (a, b) = run(("7d3k9wqz", from_dialer), ("7d3k9wqz", to_listener));
    assert!(!a.is_theirs(b.own()));
    assert!(!b.is_theirs(a.own()));
}

#[test]
fn a_proof_sent_back_to_its_maker_fits_nothing() {
    let (a, b) = run(("7d3k9wqz", session()), ("7d3k9wqz", session()));
    assert!(!a.is_theirs(a.own()));
    assert!(!b.is_theirs(b.own()));
}

#[test]
fn shares_and_proofs_are_others_each_time() {
    let halves = [0; 8].map(|_| Half::begin(Role::Dialer, &code("7d3k9wqz"), session()));
    let mut shares: Vec<String> = halves.iter().map(|half| half.share().to_string()).collect();
    shares.sort();
    shares.dedup();
    assert_eq!(shares.len(), halves.len());
    let (one, _) = run(("7d3k9wqz", session()), ("7d3k9wqz", session()));
    let (two, _) = run(("7d3k9wqz", session()), ("7d3k9wqz", session()));
    assert_ne!(one.own(), two.own());
}

/// Whoever listens sees both shares and both proofs, and knows everything else but the key. No hash of
/// that with the code put anywhere in it is a proof: so no guess can be checked by hashing.
#[test]
fn a_proof_equals_nothing_that_can_be_computed_without_the_key() {
    let right = code("7d3k9wqz");
    let a = Half::begin(Role::Dialer, &right, session());
    let b = Half::begin(Role::Listener, &right, session());
    let (share_a, share_b) = (a.share(), b.share());
    let a = a.finish(share_b).unwrap();
    let public = [
        &session().dialer.as_bytes()[..],
        session().listener.as_bytes(),
        &share_a.0,
        &share_b.0,
        &session().exported,
    ]
    .concat();
    let with_code = [&public[..], right.as_bytes()].concat();
    let code_first = [right.as_bytes(), &public].concat();
    let secrets: [&[u8]; 6] = [
        right.as_bytes(),
        &public,
        &with_code,
        &code_first,
        &share_a.0,
        &session().exported,
    ];
    for secret in secrets {
        for context in [DIALER_PROOF, LISTENER_PROOF] {
            let key = blake3::derive_key(context, secret);
            for hashed in [&public, &with_code, &code_first] {
                assert_ne!(Token(*blake3::keyed_hash(&key, hashed).as_bytes()), a.own());
                assert_ne!(Token(*blake3::hash(hashed).as_bytes()), a.own());
            }
        }
    }
    // The same shares, and the key of a third half that knows the code but made neither of them.
    let listener = Half::begin(Role::Listener, &right, session());
    let outsider = listener.finish(share_a).unwrap();
    assert!(!outsider.is_theirs(a.own()));
}

#[test]
fn what_is_no_point_of_the_curve_is_no_share() {
    let mut refused = 0;
    for n in 0..=u8::MAX {
        let half = Half::begin(Role::Dialer, &code("7d3k9wqz"), session());
        refused += usize::from(half.finish(Token([n; 32])).is_err());
    }
    assert!(
        refused > 64,
        "about half of all strings are no point, not {refused}"
    );
}

/// Points of small order multiply to few values; with them nobody gets around the code.
#[test]
fn a_share_of_small_order_fits_no_proof_without_the_code() {
    let zero = [0; 32];
    let mut neutral = zero;
    neutral[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    for small in [zero, neutral, minus_one] {
        let a = Half::begin(Role::Dialer, &code("7d3k9wqz"), session());
        let share_a = a.share();
        let a = a.finish(Token(small)).unwrap();
        let b = Half::begin(Role::Listener, &code("5x8rtn2c"), session());
        let b = b.finish(share_a).unwrap();
        assert!(!a.is_theirs(b.own()));
        assert!(!b.is_theirs(a.own()));
    }
}

#[test]
fn the_proofs_are_those_that_the_document_describes() {
    let (a, b) = run(("7d3k9wqz", session()), ("7d3k9wqz", session()));
    assert_eq!(a.own.as_bytes().len(), 32);
    assert_eq!(a.theirs, b.own);
    let document = include_str!("../../../../../../docs/PROTOCOL.md");
    assert!(document.contains(DIALER_PROOF));
    assert!(document.contains(LISTENER_PROOF));
}
