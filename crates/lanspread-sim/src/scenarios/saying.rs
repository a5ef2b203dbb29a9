//! Somebody says something to the party: whoever is there hears it, and so does whoever comes, or comes
//! back, within the hour.

use lanspread_core::MessageView;

use super::*;

/// A party of so many that sees everybody.
fn gathered(n: usize, seed: u64) -> Stage {
    let mut world = party(n, seed);
    start_all(&mut world);
    world
}

/// Who said what, as a peer shows it: the numbers of the authors and what each counts.
fn shown(world: &mut Stage, n: usize) -> Vec<(usize, String)> {
    let view = world.view(n);
    let by = |message: &MessageView| world.number_of(message.peer_id).expect("a guest");
    view.messages
        .iter()
        .map(|it| (by(it), it.text.to_string()))
        .collect()
}

/// The same, sorted: peers learn of what others say at the same moment in different orders.
fn known(world: &mut Stage, n: usize) -> BTreeSet<(usize, String)> {
    let shown = shown(world, n);
    let known: BTreeSet<_> = shown.iter().cloned().collect();
    assert_eq!(known.len(), shown.len(), "peer{n} shows something twice");
    known
}

fn unplug(world: &mut Stage, n: usize, is_out: bool) {
    world.network.cables[n].is_out = is_out;
    world.watch_links(n);
}

#[test]
fn everybody_hears_everybody_at_once_and_each_is_told_once() {
    let mut world = gathered(5, 81);
    world.forget_sent();
    for n in 0..5 {
        world.say(n);
    }
    world.pass(Duration::from_secs(1));
    let all = known(&mut world, 0);
    assert_eq!(all.len(), 5);
    for n in 0..5 {
        assert_eq!(known(&mut world, n), all, "peer{n}");
        for other in (0..5).filter(|&other| other != n) {
            assert_eq!(world.count(n, other, "Message"), 1);
        }
        let events = world.events(n).iter();
        let told = events.filter(|event| matches!(event, PeerEvent::Message(_)));
        assert_eq!(told.count(), 5);
    }
    world.pass(Duration::from_mins(5));
    assert_eq!(world.count(0, 1, "Message"), 1, "and never again");
    world.assert_at_rest();
}

#[test]
fn whoever_comes_within_the_hour_hears_of_it_and_how_long_ago_it_was() {
    let mut world = party(3, 82);
    for n in 0..2 {
        world.start(n);
    }
    world.say(0);
    world.pass(Duration::from_mins(40));
    world.say(1);
    world.pass(Duration::from_mins(10));
    world.start(2);
    world.pass(Duration::from_secs(3));
    assert_eq!(known(&mut world, 2), known(&mut world, 0));
    let ages: Vec<u64> = world
        .view(2)
        .messages
        .iter()
        .map(|it| it.age.as_secs() / 60)
        .collect();
    assert_eq!(ages.iter().max(), Some(&50));
    assert_eq!(ages.iter().min(), Some(&10));
    // What is older is not told any more.
    world.kill(2);
    world.pass(Duration::from_mins(15));
    world.start(2);
    world.pass(Duration::from_secs(3));
    assert_eq!(shown(&mut world, 2).len(), 1);
}

#[test]
fn whoever_was_cut_off_hears_what_it_missed_and_nothing_twice() {
    let mut world = gathered(3, 83);
    world.say(0);
    world.pass(Duration::from_secs(1));
    unplug(&mut world, 2, true);
    for n in [0, 1, 2, 0] {
        world.say(n);
        // Long enough for the others to give up on the one that is cut off.
        world.pass(Duration::from_secs(20));
    }
    unplug(&mut world, 2, false);
    world.pass(Duration::from_mins(1));
    let all = known(&mut world, 0);
    assert_eq!(all.len(), 5);
    for n in 1..3 {
        assert_eq!(known(&mut world, n), all, "peer{n}");
    }
}

#[test]
fn what_one_author_says_is_heard_in_its_order() {
    let mut world = gathered(2, 84);
    unplug(&mut world, 1, true);
    for _ in 0..6 {
        world.say(0);
        world.pass(Duration::from_secs(3));
    }
    unplug(&mut world, 1, false);
    world.pass(Duration::from_mins(1));
    assert_eq!(shown(&mut world, 1), shown(&mut world, 0));
}

/// Walks play this as well, with everything else that can happen; here is nothing but people who come, go,
/// are cut off, and talk.
#[test]
fn however_people_come_and_go_everybody_hears_what_those_who_are_there_said() {
    let mut world = party(6, 85);
    world.network.weather.loss_permille = 100;
    for n in 0..6 {
        world.start(n);
    }
    for round in 0_usize..60 {
        let n = round * 7 % 6;
        match (round % 5, world.is_running(n)) {
            (_, false) => world.start(n),
            (1, true) => world.kill(n),
            (2, true) => unplug(&mut world, n, true),
            (3, true) => unplug(&mut world, n, false),
            (_, true) => world.say(n),
        }
        let talks = (n + round) % 6;
        if world.is_running(talks) {
            world.say(talks);
        }
        world.pass(Duration::from_secs([0, 1, 7, 25][round % 4]));
    }
    for n in 0..6 {
        if !world.is_running(n) {
            world.start(n);
        }
        unplug(&mut world, n, false);
    }
    world.pass(Duration::from_mins(2));
    assert!(all_connected(&mut world));
    let runs: Vec<u32> = world.nodes.iter().map(|node| node.run).collect();
    let due = world.sayings.due(world.now, &runs);
    assert!(due.len() > 10, "{}", due.len());
    for n in 0..6 {
        let known = known(&mut world, n);
        for saying in &due {
            let heard = known.contains(&(saying.by, saying.text.clone()));
            assert!(heard, "peer{n}: {saying:?}");
        }
    }
}
