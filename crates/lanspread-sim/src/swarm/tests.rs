//! Small swarms that must come close to the bound; the large ones are for the command line.

use super::{Kind, Outcome};

fn play(kind: Kind, receivers: usize) -> Outcome {
    kind.party(receivers, 1).run()
}

#[test]
fn equal_links_come_close_to_the_bound() {
    for (receivers, most) in [(4, 1.03), (8, 1.04), (16, 1.06)] {
        let outcome = play(Kind::Equal, receivers);
        assert!(outcome.ratio() <= most, "{receivers}: {outcome:?}");
        assert!(outcome.seeder_games <= 1.15, "{receivers}: {outcome:?}");
    }
}

#[test]
fn who_comes_late_and_who_leaves_costs_little() {
    let outcome = play(Kind::Churn, 8);
    assert!(outcome.ratio() <= 1.10, "{outcome:?}");
}

#[test]
fn each_byte_crosses_the_uplink_of_two_tables_about_once() {
    let outcome = play(Kind::Tables(2), 8);
    assert!(outcome.uplink_games <= 1.1, "{outcome:?}");
    assert!(outcome.ratio() <= 1.10, "{outcome:?}");
}

#[test]
fn the_same_swarm_ends_in_the_same_time() {
    let (first, second) = (play(Kind::Equal, 4), play(Kind::Equal, 4));
    assert_eq!(first.seconds, second.seconds);
}

#[test]
fn links_half_as_fast_take_twice_as_long_at_best() {
    for kind in Kind::ALL {
        let mut party = kind.party(8, 1);
        let bound = party.bound_seconds();
        party.scale_links(0.5);
        let ratio = party.bound_seconds() / bound;
        assert!((ratio - 2.0).abs() < 1e-6, "{kind}: {ratio}");
    }
}
