//! Libraries that change while the party goes on: what appears is announced as a change, what goes is
//! gone, and nobody shakes hands again for it.

use lanspread_testbed::fixture::{GameFixture, MIB};

use crate::{
    guest::Guest,
    scene::Scene,
    trace::{Trace, Way},
};

fn game(id: &str) -> GameFixture {
    GameFixture::new(id).random_file("data.bin", 3 * MIB)
}

/// Waits until this guest does not show the game any more.
fn wait_gone(guest: &Guest, id: &str) {
    guest
        .wait_until("list-games", "forget the game", |answer| {
            let games = answer["games"].as_array().into_iter().flatten();
            games.clone().all(|game| game["id"] != id)
        })
        .expect("it is forgotten");
}

#[test]
fn a_game_that_appears_and_goes_travels_as_changes_without_another_handshake() {
    let scene = Scene::of(&["alpha", "bravo"]);
    let seat = scene.seat("alpha");
    seat.place(&game("chess"));
    let alpha = seat.start();
    let bravo = scene.seat("bravo").start();
    bravo.wait_sources("chess", 1);

    let built = seat.place(&game("draughts"));
    bravo.wait_sources("draughts", 1);
    bravo.download("draughts").finished();
    alpha.wait_sources("draughts", 1);
    std::fs::remove_dir_all(&built.root).expect("writable");
    alpha
        .wait_for_game("draughts", "notice the loss of", |game| {
            game["downloaded"] == false
        })
        .expect("it is noticed");
    bravo.wait_sources("draughts", 0);
    std::fs::remove_dir_all(seat.root("chess")).expect("writable");
    wait_gone(&bravo, "chess");

    let trace = Trace::read(bravo.log_path());
    let hellos = trace.count(Way::Sent, "hello", &alpha.peer_id)
        + trace.count(Way::Received, "hello", &alpha.peer_id);
    assert_eq!(hellos, 1);
    assert_eq!(
        trace.count(Way::Sent, "library-snapshot", &alpha.peer_id),
        1
    );
    assert!(trace.count(Way::Sent, "library-delta", &alpha.peer_id) >= 1);
    assert_eq!(trace.count_all("list-games"), 0);
}

#[test]
fn games_that_are_still_hashed_when_the_party_begins_cost_no_second_handshake() {
    let names = ["alpha", "bravo", "charlie"];
    let scene = Scene::of(&names);
    let guests = names.map(|name| {
        let seat = scene.seat(name);
        seat.place(&GameFixture::new("shared").random_file("data.bin", 12 * MIB));
        seat.start()
    });
    for guest in &guests {
        guest.wait_sources("shared", 2);
        guest.wait_hashed("shared");
    }
    for guest in &guests {
        let trace = Trace::read(guest.log_path());
        let others = guests.iter().filter(|other| other.peer_id != guest.peer_id);
        for other in others {
            let hellos = trace.count(Way::Sent, "hello", &other.peer_id)
                + trace.count(Way::Received, "hello", &other.peer_id);
            assert_eq!(hellos, 1, "{} and {}", guest.name(), other.name());
            let snapshots = trace.count(Way::Sent, "library-snapshot", &other.peer_id);
            assert!(
                snapshots <= 1,
                "{snapshots} of {} by {}",
                other.name(),
                guest.name()
            );
        }
        assert_eq!(trace.count_all("list-games"), 0);
    }
}

#[test]
fn a_peer_whose_cable_is_pulled_is_missed_and_found_again_when_it_is_back() {
    let scene = Scene::of(&["alpha", "bravo"]);
    let seat = scene.seat("alpha");
    seat.place(&game("chess"));
    let alpha = seat.start();
    let bravo_seat = scene.seat("bravo");
    let bravo = bravo_seat.start();
    bravo.wait_sources("chess", 1);
    alpha.wait_peers(1);

    let (alpha_from, from) = (alpha.mark(), bravo.mark());
    seat.host.unplug().expect("pulled");
    let lost = bravo.wait(from, "peer-lost");
    assert_eq!(lost["peer_id"], alpha.peer_id.as_str());
    alpha.wait(alpha_from, "peer-lost");
    wait_gone(&bravo, "chess");

    seat.host.plug().expect("plugged in");
    bravo.wait_sources("chess", 1);
    alpha.wait_peers(1);
    bravo.download("chess").finished();
    seat.tree("chess").assert_same(&bravo_seat.tree("chess"));
}
