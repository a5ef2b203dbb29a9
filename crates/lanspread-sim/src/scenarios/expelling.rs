//! An organiser expels a peer for the evening: it stays out, wherever and however it comes back.

use super::*;

/// A short evening: its length in virtual pings is what a test takes.
const EVENING: Duration = Duration::from_hours(1);

/// A party of four that takes the first one for the organiser.
fn organised(seed: u64) -> Stage {
    let mut world = party(4, seed);
    for n in 0..4 {
        world.nodes[n].organiser = Some(peer_id(0));
        let name = format!("game{n}");
        world
            .disk(n)
            .put(&manifest(&name, OLD, 3 * MIB, n as u64), true);
    }
    start_all(&mut world);
    world
}

fn expel(peer: usize) -> PeerCommand {
    PeerCommand::Expel {
        peer_id: peer_id(peer),
        time: EVENING,
    }
}

fn readmit(peer: usize) -> PeerCommand {
    PeerCommand::Readmit {
        peer_id: peer_id(peer),
    }
}

/// Gives a command, and lets it be written down.
fn told(world: &mut Stage, n: usize, command: PeerCommand) -> Result<(), CommandRefused> {
    let id = world.send_command(n, command);
    world.pass(Duration::from_secs(1));
    world.answer(n, id)
}

fn restart(world: &mut Stage, n: usize) {
    world.kill(n);
    world.pass(Duration::from_secs(1));
    world.start(n);
    world.pass(Duration::from_secs(3));
}

fn sees(world: &mut Stage, n: usize, other: usize) -> bool {
    world.seen_by(n).contains(&peer_id(other))
}

/// Whether a peer is out: nobody of the others sees it, and the others still see each other.
fn is_out(world: &mut Stage, out: usize) -> bool {
    let others: Vec<usize> = (0..4)
        .filter(|&n| n != out && world.is_running(n))
        .collect();
    others.iter().all(|&n| {
        let party = others.iter().all(|&m| n == m || sees(world, n, m));
        party && !sees(world, n, out)
    })
}

#[test]
fn whoever_the_organiser_expels_is_out_everywhere_at_once() {
    let mut world = organised(61);
    assert_eq!(told(&mut world, 0, expel(3)), Ok(()));
    assert!(is_out(&mut world, 3));
    for n in 0..3 {
        let told = world.events(n).iter().filter(|event| {
            matches!(event, PeerEvent::PeerKeptAway { reason, .. }
                if reason.to_string().contains("expelled"))
        });
        assert_eq!(told.count(), 1, "peer{n}");
        let theirs = game("game3");
        let games = &world.view(n).games;
        let shown = games.iter().find(|shown| shown.id == theirs);
        assert!(shown.is_none_or(|shown| shown.peers.is_empty()));
    }
    world.pass(Duration::from_mins(5));
    assert!(is_out(&mut world, 3));
}

#[test]
fn it_stays_out_when_it_returns_under_another_address_and_when_all_others_start_again() {
    let mut world = organised(62);
    told(&mut world, 0, expel(3)).unwrap();
    restart(&mut world, 3);
    assert!(is_out(&mut world, 3));
    // The organiser is gone; the others start again without it.
    world.kill(0);
    world.pass(Duration::from_secs(30));
    for n in 1..3 {
        restart(&mut world, n);
    }
    assert!(is_out(&mut world, 3));
    world.start(0);
    world.pass(Duration::from_secs(5));
    assert!(is_out(&mut world, 3));
}

#[test]
fn whoever_comes_later_hears_of_it_with_the_greeting() {
    let mut world = organised(63);
    world.kill(2);
    world.pass(Duration::from_secs(30));
    told(&mut world, 0, expel(3)).unwrap();
    world.start(2);
    world.pass(Duration::from_secs(3));
    assert!(is_out(&mut world, 3));
}

#[test]
fn an_expulsion_ends_by_itself() {
    let mut world = organised(64);
    told(&mut world, 0, expel(3)).unwrap();
    world.pass(EVENING.saturating_sub(Duration::from_mins(1)));
    assert!(is_out(&mut world, 3));
    world.pass(Duration::from_mins(2));
    assert!(all_connected(&mut world));
}

#[test]
fn the_time_goes_on_while_a_peer_does_not_run() {
    let mut world = organised(65);
    told(&mut world, 0, expel(3)).unwrap();
    world.kill(1);
    world.pass(EVENING);
    world.start(1);
    world.pass(Duration::from_secs(40));
    assert!(all_connected(&mut world));
}

#[test]
fn whoever_is_readmitted_is_in_everywhere_again() {
    let mut world = organised(66);
    told(&mut world, 0, expel(3)).unwrap();
    let refused = told(&mut world, 1, readmit(3)).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotAllowed, "{refused}");
    assert!(is_out(&mut world, 3));
    world.kill(2);
    world.pass(Duration::from_secs(1));
    assert_eq!(told(&mut world, 0, readmit(3)), Ok(()));
    world.pass(Duration::from_secs(40));
    // Who was not there when it was readmitted hears the present list.
    world.start(2);
    world.pass(Duration::from_secs(40));
    assert!(all_connected(&mut world));
}

#[test]
fn what_anybody_else_says_holds_at_its_own_peer_only() {
    let mut world = organised(67);
    assert_eq!(told(&mut world, 1, expel(3)), Ok(()));
    world.pass(Duration::from_secs(40));
    assert!(!sees(&mut world, 1, 3) && !sees(&mut world, 3, 1));
    for n in [0, 2] {
        assert!(sees(&mut world, n, 3));
    }
    restart(&mut world, 1);
    assert!(!sees(&mut world, 1, 3));
    assert_eq!(told(&mut world, 1, readmit(3)), Ok(()));
    world.pass(Duration::from_secs(40));
    assert!(all_connected(&mut world));
}

#[test]
fn whoever_takes_somebody_else_for_the_organiser_does_not_follow() {
    let mut world = organised(68);
    world.nodes[2].organiser = None;
    restart(&mut world, 2);
    told(&mut world, 0, expel(3)).unwrap();
    assert!(sees(&mut world, 2, 3));
    assert!(!sees(&mut world, 1, 3));
    // It said so once, and is not asked again and again.
    let before = world.count(0, 2, "Expulsions");
    world.pass(Duration::from_mins(1));
    assert_eq!(world.count(0, 2, "Expulsions"), before);
}
