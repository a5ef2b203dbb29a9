//! The network of a party does what it says: hosts reach each other, cables are slow, lossy, deaf
//! and cut as told, and nothing is left afterwards.
//!
//! These tests need namespaces; without the right to make them they fail with the reason.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use lanspread_testbed::net::{Host, Link, Loss, Multicast, Party, Rate, Table};

const PROBE: &str = env!("CARGO_BIN_EXE_testbed-probe");

struct Listener {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Listener {
    /// Returns when the listener is bound.
    fn start(host: &Host, arguments: &[&str]) -> Self {
        let mut child = host
            .command(PROBE)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the probe starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("readable");
        assert_eq!(line.trim(), "ready");
        Self { child, output }
    }

    /// How many packets came.
    fn count(mut self) -> u32 {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("readable");
        self.child.wait().expect("the probe ends");
        line.trim().parse().expect("a number")
    }
}

fn send(from: &Host, to: &Host, count: u32) {
    let to = to.socket_addr(7000).to_string();
    let sent = from
        .command(PROBE)
        .args(["send", &to, &count.to_string()])
        .status();
    assert!(sent.expect("the probe starts").success());
}

fn received(from: &Host, to: &Host, count: u32) -> u32 {
    let listener = Listener::start(to, &["listen", "0.0.0.0:7000"]);
    send(from, to, count);
    listener.count()
}

fn heard_by_group(from: &Host, to: &Host) -> u32 {
    let listener = Listener::start(to, &["hear-group", &to.address().to_string()]);
    let own = from.address().to_string();
    let sent = from.command(PROBE).args(["send-group", &own]).status();
    assert!(sent.expect("the probe starts").success());
    listener.count()
}

fn namespaces() -> String {
    let listed = std::process::Command::new("ip")
        .args(["netns", "list"])
        .output();
    String::from_utf8(listed.expect("ip is installed").stdout).expect("text")
}

#[test]
fn hosts_reach_each_other_by_unicast_and_multicast() {
    let party = Party::of(&["alpha", "bravo", "charlie"]).expect("a party");
    let [alpha, bravo, charlie] = party.hosts() else {
        panic!("three hosts");
    };
    assert_eq!(received(alpha, bravo, 5), 5);
    assert_eq!(received(charlie, alpha, 5), 5);
    assert_eq!(heard_by_group(alpha, charlie), 1);
    assert_eq!(heard_by_group(bravo, alpha), 1);
}

#[test]
fn a_host_without_multicast_still_has_unicast() {
    let party = Party::builder()
        .host("alpha")
        .host_with("bravo", Link::new().multicast(Multicast::Blocked))
        .build()
        .expect("a party");
    let [alpha, bravo] = party.hosts() else {
        panic!("two hosts");
    };
    assert_eq!(heard_by_group(alpha, bravo), 0);
    assert_eq!(received(alpha, bravo, 5), 5);
    bravo.set_link(Link::new()).expect("changeable");
    assert_eq!(heard_by_group(alpha, bravo), 1);
}

#[test]
fn a_slow_cable_takes_its_time_in_each_direction() {
    let slow = Link::new().upload(Rate::mbit(8));
    let party = Party::builder()
        .host_with("alpha", slow)
        .host("bravo")
        .build()
        .expect("a party");
    let [alpha, bravo] = party.hosts() else {
        panic!("two hosts");
    };
    // A full cable holds the sender back, so packets are late and not lost. Of 1000 packets of
    // 1000 bytes the bucket lets 256 KiB pass at once; the rest takes 0.74 s at 8 Mbit/s.
    let start = Instant::now();
    // On a busy machine the first portion can overflow the receiver, after it passed the cable.
    let through = received(alpha, bravo, 1000);
    assert!(
        through >= 500,
        "{through} of 1000 came through a slow cable"
    );
    let slow_way = start.elapsed();
    assert!(
        slow_way >= Duration::from_millis(700),
        "it took only {slow_way:?}"
    );
    // The time of the other direction says nothing on a busy machine, but all of it comes.
    assert_eq!(received(bravo, alpha, 50), 50);
}

#[test]
fn a_lossy_cable_loses_about_what_it_should() {
    let party = Party::of(&["alpha", "bravo"]).expect("a party");
    let [alpha, bravo] = party.hosts() else {
        panic!("two hosts");
    };
    // A receive buffer holds some 90 packets of this size, so many are sent in portions.
    let portions = || (0..20).map(|_| received(alpha, bravo, 50)).sum::<u32>();
    assert_eq!(received(alpha, bravo, 50), 50, "before there is a loss");
    bravo
        .set_link(Link::new().loss(Loss::per_mille(300)))
        .expect("changeable");
    let through = portions();
    assert!(
        (550..850).contains(&through),
        "{through} of 1000 came through a loss of 30 %"
    );
    bravo.set_link(Link::new()).expect("changeable");
    assert_eq!(
        received(alpha, bravo, 50),
        50,
        "after the loss was taken away"
    );
}

#[test]
fn a_pulled_cable_carries_nothing_until_it_is_plugged_in() {
    let party = Party::of(&["alpha", "bravo"]).expect("a party");
    let [alpha, bravo] = party.hosts() else {
        panic!("two hosts");
    };
    assert_eq!(received(alpha, bravo, 3), 3);
    bravo.unplug().expect("changeable");
    assert_eq!(received(alpha, bravo, 3), 0);
    bravo.plug().expect("changeable");
    assert_eq!(received(alpha, bravo, 3), 3);
}

#[test]
fn a_host_that_moves_is_reached_at_its_new_address_only() {
    let party = Party::of(&["alpha", "bravo"]).expect("a party");
    let [alpha, bravo] = party.hosts() else {
        panic!("two hosts");
    };
    let old = bravo.address();
    let new = party
        .move_to_new_address(bravo)
        .expect("an address is left");
    assert_ne!(old, new);
    assert_eq!(bravo.address(), new);
    assert_eq!(received(alpha, bravo, 3), 3);
    assert_eq!(heard_by_group(alpha, bravo), 1);
}

#[test]
fn nothing_is_left_of_a_party_that_has_gone_and_no_process_in_it_lives_on() {
    let party = Party::of(&["alpha"]).expect("a party");
    let host = party.host("alpha").expect("named so");
    let name = host.namespace().to_owned();
    let mut listener = Listener::start(host, &["listen", "0.0.0.0:7000"]);
    let start = Instant::now();
    drop(party);
    let status = listener.child.wait().expect("it was our child");
    assert!(!status.success(), "killed after {:?}", start.elapsed());
    assert!(!namespaces().contains(&name));
}

#[test]
fn what_a_killed_run_left_is_swept_by_the_next() {
    let leftover = "lanspread-4999999-0-alpha";
    let made = std::process::Command::new("ip")
        .args(["netns", "add", leftover])
        .status();
    if !made.is_ok_and(|status| status.success()) {
        // As an ordinary user the keeper takes everything with it, and there is nothing to sweep.
        return;
    }
    let _party = Party::of(&["alpha"]).expect("a party");
    assert!(!namespaces().contains(leftover));
}

#[test]
fn sixteen_hosts_fit_on_one_switch() {
    let names: Vec<String> = (0..16).map(|index| format!("host{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let party = Party::of(&names).expect("a party");
    let first = &party.hosts()[0];
    let last = &party.hosts()[15];
    assert_eq!(received(first, last, 3), 3);
}

#[test]
fn a_thread_works_inside_a_host_and_the_host_knows_its_processes() {
    let party = Party::of(&["alpha", "bravo"]).expect("a party");
    let alpha = party.host("alpha").expect("named so");
    let address = alpha.address();
    let bound = alpha
        .run_inside(|| std::net::UdpSocket::bind((address, 0)).is_ok())
        .expect("root may join");
    assert!(bound, "the address of alpha exists inside alpha");
    assert!(
        std::net::UdpSocket::bind((address, 0)).is_err(),
        "and outside it does not"
    );
    assert!(alpha.process_ids().expect("listed").is_empty());
    let listener = Listener::start(alpha, &["listen", "0.0.0.0:7000"]);
    assert_eq!(alpha.process_ids().expect("listed"), [listener.child.id()]);
    send(alpha, alpha, 1);
    assert_eq!(listener.count(), 1);
}

#[test]
fn two_tables_share_one_uplink_and_what_crosses_it_is_counted() {
    let cable = Link::new().rate(Rate::mbit(100));
    let party = Party::builder()
        .host_at(Table::First, "alpha", cable)
        .host_at(Table::Second, "bravo", cable)
        .host_at(Table::Second, "charlie", cable)
        .uplink(Rate::mbit(100))
        .build()
        .expect("a party");
    let [alpha, bravo, charlie] = party.hosts() else {
        panic!("three hosts");
    };
    assert_eq!(heard_by_group(alpha, charlie), 1);
    let before = party.uplink_bytes().expect("counted");
    let sent_before = alpha.sent_bytes().expect("counted");
    assert_eq!(received(alpha, bravo, 50), 50);
    let after = party.uplink_bytes().expect("counted");
    // Each packet holds 1000 bytes and 42 of headers; some more are about addresses and the end.
    let sent = alpha.sent_bytes().expect("counted") - sent_before;
    assert!((52_100..60_000).contains(&sent), "{sent}");
    assert!((52_100..60_000).contains(&(after[0] - before[0])));
    assert!(after[1] - before[1] < 5_000);

    let before = party.uplink_bytes().expect("counted");
    assert_eq!(received(bravo, charlie, 50), 50);
    let after = party.uplink_bytes().expect("counted");
    assert!(after[0] - before[0] < 5_000 && after[1] - before[1] < 5_000);
}

#[test]
fn only_a_limited_cable_is_counted() {
    let party = Party::of(&["alpha"]).expect("a party");
    assert!(party.hosts()[0].sent_bytes().is_err());
    assert!(party.uplink_bytes().is_err());
}
