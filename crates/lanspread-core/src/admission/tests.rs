//! The door at each of its limits, and what an evening of guessing comes to.

use super::*;

fn peer(n: usize) -> PeerId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    PeerId::from_bytes(bytes)
}

fn host(n: usize) -> IpAddr {
    IpAddr::from([
        10,
        0,
        u8::try_from(n / 250).unwrap(),
        u8::try_from(n % 250).unwrap(),
    ])
}

fn at(seconds: u64) -> Now {
    Now(Duration::from_secs(seconds))
}

#[test]
fn an_identity_may_guess_up_to_its_limit_and_then_waits_for_the_window_to_pass() {
    let mut door = Doorkeeper::default();
    for n in 0..FAILED_ATTEMPTS_PER_IDENTITY_MAX {
        door.books(at(n as u64), peer(1), host(n)).unwrap();
    }
    let full = at(100);
    assert_eq!(
        door.books(full, peer(1), host(99)),
        Err(TooMany::OfIdentity(Duration::from_secs(500)))
    );
    assert!(door.books(full, peer(2), host(99)).is_ok());
    assert!(door.books(Now(ATTEMPTS_WINDOW), peer(1), host(99)).is_ok());
    assert!(door.books(Now(ATTEMPTS_WINDOW), peer(1), host(99)).is_err());
}

#[test]
fn an_address_may_guess_up_to_its_limit_under_however_many_names() {
    let mut door = Doorkeeper::default();
    for n in 0..FAILED_ATTEMPTS_PER_ADDRESS_MAX {
        door.books(at(0), peer(n), host(1)).unwrap();
    }
    assert_eq!(
        door.books(at(0), peer(900), host(1)),
        Err(TooMany::OfAddress(ATTEMPTS_WINDOW))
    );
    assert!(door.books(at(0), peer(900), host(2)).is_ok());
}

#[test]
fn all_strangers_together_may_guess_up_to_the_limit_in_all() {
    let mut door = Doorkeeper::default();
    for n in 0..FAILED_ATTEMPTS_MAX {
        door.books(at(0), peer(n), host(n)).unwrap();
    }
    assert_eq!(
        door.books(at(0), peer(900), host(900)),
        Err(TooMany::InAll(ATTEMPTS_WINDOW))
    );
    assert_eq!(door.guesses.len(), FAILED_ATTEMPTS_MAX);
    assert!(
        door.books(Now(ATTEMPTS_WINDOW), peer(900), host(900))
            .is_ok()
    );
    assert_eq!(door.guesses.len(), 1, "what is past is forgotten");
}

#[test]
fn whoever_knows_the_code_comes_and_goes_as_often_as_it_likes() {
    let mut door = Doorkeeper::default();
    for _ in 0..10 * FAILED_ATTEMPTS_MAX {
        let guess = door.books(at(0), peer(1), host(1)).unwrap();
        door.was_right(guess);
    }
    assert!(door.guesses.is_empty());
    assert_eq!(door.proved.len(), 1);
}

#[test]
fn strangers_cannot_use_up_the_chance_of_a_peer_that_proved_the_code() {
    let mut door = Doorkeeper::default();
    let guess = door.books(at(0), peer(7777), host(1)).unwrap();
    door.was_right(guess);
    for n in 0..FAILED_ATTEMPTS_MAX {
        door.books(at(0), peer(n), host(n / 20)).unwrap();
    }
    assert!(door.books(at(0), peer(900), host(1)).is_err());
    let again = door.books(at(0), peer(7777), host(1)).unwrap();
    door.was_right(again);
    // Should it fail from here on, it uses up nobody else's chance either.
    for _ in 0..FAILED_ATTEMPTS_PER_IDENTITY_MAX {
        door.books(Now(ATTEMPTS_WINDOW), peer(7777), host(1))
            .unwrap();
    }
    assert!(matches!(
        door.books(Now(ATTEMPTS_WINDOW), peer(7777), host(1)),
        Err(TooMany::OfIdentity(_))
    ));
    for n in 0..FAILED_ATTEMPTS_PER_ADDRESS_MAX {
        assert!(door.books(Now(ATTEMPTS_WINDOW), peer(n), host(1)).is_ok());
    }
}

#[test]
fn peers_that_proved_the_code_are_remembered_up_to_the_limit_and_the_oldest_goes_past_it() {
    let mut door = Doorkeeper::default();
    let prove = |door: &mut Doorkeeper, n| {
        let guess = door.books(at(0), peer(n), host(n)).unwrap();
        door.was_right(guess);
    };
    for n in 0..PROVED_REMEMBERED_MAX {
        prove(&mut door, n);
    }
    assert!(door.proved.contains(&peer(0)));
    prove(&mut door, PROVED_REMEMBERED_MAX);
    assert_eq!(door.proved.len(), PROVED_REMEMBERED_MAX);
    assert!(!door.proved.contains(&peer(0)));
}

#[test]
fn so_many_may_stand_at_the_door_and_no_more() {
    let mut door = Doorkeeper::default();
    for n in 0..ADMISSIONS_AT_ONCE_MAX {
        door.comes(host(n)).unwrap();
    }
    assert_eq!(door.comes(host(99)), Err(TooMany::AtOnce));
    door.leaves(host(0));
    assert!(door.comes(host(99)).is_ok());
}

#[test]
fn so_many_from_one_address_may_stand_at_the_door_and_no_more() {
    let mut door = Doorkeeper::default();
    for _ in 0..ADMISSIONS_PER_ADDRESS_MAX {
        door.comes(host(1)).unwrap();
    }
    assert_eq!(door.comes(host(1)), Err(TooMany::AtOnce));
    assert!(door.comes(host(2)).is_ok());
    door.leaves(host(1));
    assert!(door.comes(host(1)).is_ok());
    for _ in 0..ADMISSIONS_PER_ADDRESS_MAX {
        door.leaves(host(1));
    }
    door.leaves(host(2));
    assert!(door.at_the_door.is_empty());
}

/// The number that `docs/SECURITY.md` states: an evening of twelve hours, as many identities and
/// addresses as somebody likes, a guess at every moment one is judged.
#[test]
fn an_evening_of_guessing_comes_to_no_more_than_the_documented_number() {
    let mut door = Doorkeeper::default();
    let mut judged = 0;
    let (mut name, evening) = (0, 12 * 3600);
    for second in 0..evening {
        while door
            .books(at(second), peer(name), host(name % 15_000))
            .is_ok()
        {
            judged += 1;
            name += 1;
        }
    }
    assert_eq!(judged, 21_600);
    let document = include_str!("../../../../docs/SECURITY.md");
    assert!(document.contains("21,600 guesses"));
}
