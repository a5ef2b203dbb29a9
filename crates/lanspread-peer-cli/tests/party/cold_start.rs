//! Peers that start at the same moment: all see all, by one handshake and one snapshot each way.

use std::time::{Duration, Instant};

use lanspread_testbed::fixture::{GameFixture, MIB};
use serde_json::json;

use crate::{
    guest::Guest,
    scene::{PATIENCE, Scene, Seat},
    trace::{Trace, Way},
};

/// The game that everyone has.
const SHARED: &str = "shared";

/// How long nobody else may turn up until the party counts as settled.
const SETTLED_MS: u64 = 3000;

/// Generous for a busy machine; the aim is two seconds, and the time is printed.
const MESH_MAX: Duration = Duration::from_secs(30);

fn own_game(name: &str) -> String {
    format!("game-of-{name}")
}

fn furnish(seat: &Seat<'_>, name: &str) {
    seat.place(&GameFixture::new(SHARED).random_file("data.bin", 2 * MIB));
    seat.place(&GameFixture::new(&own_game(name)).random_file("data.bin", 2 * MIB));
    seat.hash_alone(&[SHARED, &own_game(name)]);
}

/// Starts a peer, and tells when it knew all others.
fn arrive(seat: &Seat<'_>, others: usize) -> (Guest, Instant) {
    let guest = seat.start();
    guest.wait_peers(others);
    (guest, Instant::now())
}

fn assert_sees_all(guest: &Guest, names: &[&str]) {
    let others = names.len() - 1;
    let mut expected: Vec<String> = names.iter().map(|name| own_game(name)).collect();
    expected.push(SHARED.to_owned());
    expected.sort();
    assert_eq!(guest.game_ids(), expected, "what {} sees", guest.name());
    assert_eq!(
        guest.game(SHARED)["peers"],
        others,
        "holders that {} sees",
        guest.name()
    );
    for name in names {
        let holders = usize::from(*name != guest.name());
        assert_eq!(
            guest.game(&own_game(name))["peers"],
            holders,
            "{name} by {}",
            guest.name()
        );
    }
}

/// One Hello for each pair, one library for each direction, and no list.
fn assert_one_handshake_each(guests: &[Guest]) {
    let traces: Vec<Trace> = guests
        .iter()
        .map(|guest| Trace::read(guest.log_path()))
        .collect();
    for (index, guest) in guests.iter().enumerate() {
        let mine = &traces[index];
        assert_eq!(
            mine.count_all("list-games"),
            0,
            "{} was asked for a list",
            guest.name()
        );
        for (other_index, other) in guests.iter().enumerate().filter(|(at, _)| *at != index) {
            let pair = format!("{} and {}", guest.name(), other.name());
            let hellos = mine.count(Way::Sent, "hello", &other.peer_id)
                + mine.count(Way::Received, "hello", &other.peer_id);
            assert_eq!(hellos, 1, "handshakes of {pair}");
            let theirs = &traces[other_index];
            for trace in [
                (mine, Way::Sent, &other.peer_id),
                (theirs, Way::Received, &guest.peer_id),
            ] {
                let (trace, way, peer_id) = trace;
                let pulls = trace.count(way, "library-snapshot", peer_id)
                    + trace.count(way, "library-delta", peer_id);
                assert_eq!(pulls, 1, "libraries asked for between {pair}, {way:?}");
            }
        }
    }
}

fn cold_start(names: &[&str]) {
    let scene = Scene::of(names);
    let seats: Vec<Seat<'_>> = names.iter().map(|name| scene.seat(name)).collect();
    std::thread::scope(|scope| {
        for (seat, name) in seats.iter().zip(names) {
            scope.spawn(move || furnish(seat, name));
        }
    });

    let others = names.len() - 1;
    let arrived: Vec<(Guest, Instant)> = std::thread::scope(|scope| {
        let arriving: Vec<_> = seats
            .iter()
            .map(|seat| scope.spawn(move || arrive(seat, others)))
            .collect();
        arriving
            .into_iter()
            .map(|guest| guest.join().expect("it arrives"))
            .collect()
    });
    let (guests, known_at): (Vec<Guest>, Vec<Instant>) = arrived.into_iter().unzip();
    for guest in &guests {
        assert_sees_all(guest, names);
    }

    let last_bind = guests
        .iter()
        .map(|guest| guest.ready_at)
        .max()
        .expect("there are some");
    let full_mesh = known_at.into_iter().max().expect("there are some");
    let took = full_mesh.saturating_duration_since(last_bind);
    println!(
        "full mesh of {} peers {} ms after the last bind",
        names.len(),
        took.as_millis()
    );
    assert!(took < MESH_MAX, "the mesh took {took:?}");

    std::thread::scope(|scope| {
        for guest in &guests {
            scope.spawn(move || {
                let one_more = json!({
                    "cmd": "wait-peers", "count": names.len(), "timeout_ms": SETTLED_MS
                });
                let refusal = guest
                    .call_within(one_more, PATIENCE)
                    .expect_err("nobody else is there");
                assert_eq!(refusal.refusal_kind(), Some("timeout"));
            });
        }
    });
    assert_one_handshake_each(&guests);
    for guest in &guests {
        assert_sees_all(guest, names);
    }
}

#[test]
fn three_peers_that_start_at_once_all_see_all_after_one_handshake_each() {
    cold_start(&["alpha", "bravo", "charlie"]);
}

#[test]
fn eight_peers_that_start_at_once_all_see_all_after_one_handshake_each() {
    cold_start(&[
        "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel",
    ]);
}
