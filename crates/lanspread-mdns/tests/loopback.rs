//! Real multicast DNS between several peers, each with its own mDNS thread, on one loopback interface
//! (and, where that is the point, on interfaces the test makes in its own network namespace).

mod support;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use lanspread_mdns::{
    Discovery, DiscoveryConfig, DiscoveryEvent, Interfaces, RejectionReason, SERVICE_TYPE, Timing,
    Trouble,
};
use mdns_sd::{ServiceDaemon, ServiceInfo};
use support::{
    change_network, config, miss, on_private_loopback, peer_id, see, start, stop, wait_for,
};
use tokio::task::JoinSet;

fn loopback(port: u16) -> Vec<SocketAddr> {
    vec![SocketAddr::from(([127, 0, 0, 1], port))]
}

#[test]
fn two_peers_see_each_other_as_they_introduced_themselves() {
    on_private_loopback(
        "two_peers_see_each_other_as_they_introduced_themselves",
        async {
            let mut a = start(1);
            let mut b = start(2);
            let (seen_by_a, seen_by_b) =
                tokio::join!(see(&mut a, 2, |_| true), see(&mut b, 1, |_| true));
            assert_eq!(seen_by_a.candidates, loopback(40_002));
            assert_eq!(seen_by_b.candidates, loopback(40_001));
            assert_eq!(seen_by_a.name, "peer 2");
            assert_eq!(seen_by_a.host_name, "test-pc");
            assert_eq!(seen_by_a.protocol_version, 1);
            assert_eq!(seen_by_a.library_revision, "1");
            stop(a).await;
            stop(b).await;
        },
    );
}

#[test]
fn a_peer_never_sees_itself() {
    on_private_loopback("a_peer_never_sees_itself", async {
        let mut a = start(1);
        let mut b = start(2);
        // What A says reaches A as well as B: once B knows the third revision, A has heard it too.
        for revision in ["2", "3"] {
            a.update(revision).unwrap();
            see(&mut b, 1, |peer| peer.library_revision == revision).await;
        }
        b.update("2").unwrap();
        wait_for(&mut a, "what B said after that", |event| match event {
            DiscoveryEvent::Seen(peer) => {
                assert_ne!(peer.peer_id, peer_id(1), "own advertisement reported");
                (peer.library_revision == "2").then_some(())
            }
            DiscoveryEvent::Gone { .. }
            | DiscoveryEvent::Rejected(_)
            | DiscoveryEvent::Works
            | DiscoveryEvent::Trouble(_) => None,
        })
        .await;
        stop(a).await;
        stop(b).await;
    });
}

#[test]
fn a_new_library_revision_is_seen() {
    on_private_loopback("a_new_library_revision_is_seen", async {
        let mut a = start(1);
        let mut b = start(2);
        see(&mut b, 1, |peer| peer.library_revision == "1").await;
        a.update("2:abc").unwrap();
        see(&mut b, 1, |peer| peer.library_revision == "2:abc").await;
        stop(a).await;
        stop(b).await;
    });
}

#[test]
fn a_peer_that_returns_on_another_port_is_seen_there() {
    on_private_loopback("a_peer_that_returns_on_another_port_is_seen_there", async {
        let a = start(1);
        let mut b = start(2);
        see(&mut b, 1, |peer| peer.candidates == loopback(40_001)).await;
        // It returns while its farewell and its old records are still in B's cache.
        stop(a).await;
        let mut again = config(1);
        again.listen_port = 41_001;
        let a = Discovery::start(again).unwrap();
        see(&mut b, 1, |peer| peer.candidates == loopback(41_001)).await;
        stop(a).await;
        stop(b).await;
    });
}

#[test]
fn a_peer_that_ends_is_gone_and_is_seen_again_when_it_returns() {
    on_private_loopback(
        "a_peer_that_ends_is_gone_and_is_seen_again_when_it_returns",
        async {
            let a = start(1);
            let mut b = start(2);
            see(&mut b, 1, |_| true).await;
            stop(a).await;
            miss(&mut b, 1).await;
            let a = start(1);
            see(&mut b, 1, |_| true).await;
            stop(a).await;
            miss(&mut b, 1).await;
            stop(b).await;
        },
    );
}

#[test]
fn ending_is_prompt_and_leaves_no_thread() {
    on_private_loopback("ending_is_prompt_and_leaves_no_thread", async {
        let discoveries: Vec<_> = (1..=4).map(start).collect();
        await_mdns_threads(4).await;
        for discovery in discoveries {
            stop(discovery).await;
        }
        drop(start(5));
        await_mdns_threads(0).await;
    });
}

async fn await_mdns_threads(expected: usize) {
    let deadline = Instant::now() + support::PATIENCE;
    while mdns_threads().is_some_and(|count| count != expected) {
        assert!(
            Instant::now() < deadline,
            "{:?} threads, not {expected}",
            mdns_threads()
        );
        tokio::task::yield_now().await;
    }
}

/// How many threads of this process belong to mDNS, where the system tells.
fn mdns_threads() -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    Some(names.filter(|name| name.starts_with("mDNS")).count())
}

#[test]
fn rubbish_is_refused_by_name_and_disturbs_nobody() {
    on_private_loopback("rubbish_is_refused_by_name_and_disturbs_nobody", async {
        let mut a = start(1);
        let vandal = ServiceDaemon::new().unwrap();
        let shouting = "x".repeat(250);
        let id = peer_id(9);
        let cases = [
            ("printer", vec![("id", &*id)], RejectionReason::InstanceName),
            (&peer_id(10)[..32], vec![], RejectionReason::Missing("id")),
            (
                &peer_id(11)[..32],
                vec![("id", &id), ("v", "1")],
                RejectionReason::PeerIdMismatch,
            ),
            (
                &peer_id(9)[..32],
                vec![("id", &id), ("v", "one")],
                RejectionReason::Malformed("v"),
            ),
            (
                &peer_id(12)[..32],
                ["a", "b", "c", "d", "e"]
                    .map(|key| (key, &*shouting))
                    .to_vec(),
                RejectionReason::TxtTooLarge,
            ),
        ];
        for (instance, txt, reason) in cases {
            let records = ServiceInfo::new(
                SERVICE_TYPE,
                instance,
                "vandal.local.",
                "127.0.0.1",
                9,
                &txt[..],
            );
            vandal.register(records.unwrap()).unwrap();
            let fullname = format!("{instance}.{SERVICE_TYPE}");
            let rejection = wait_for(
                &mut a,
                &format!("{instance} refused"),
                |event| match event {
                    DiscoveryEvent::Rejected(it) if it.instance == fullname => Some(it),
                    DiscoveryEvent::Seen(_)
                    | DiscoveryEvent::Gone { .. }
                    | DiscoveryEvent::Rejected(_)
                    | DiscoveryEvent::Works
                    | DiscoveryEvent::Trouble(_) => None,
                },
            )
            .await;
            assert_eq!(rejection.reason, reason);
        }
        let b = start(2);
        see(&mut a, 2, |_| true).await;
        vandal.shutdown().unwrap();
        stop(a).await;
        stop(b).await;
    });
}

#[test]
fn eight_peers_started_together_all_see_each_other_within_two_seconds() {
    on_private_loopback(
        "eight_peers_started_together_all_see_each_other_within_two_seconds",
        async {
            const PEERS: u16 = 8;
            let started = Instant::now();
            let mut tasks = JoinSet::new();
            for (me, mut discovery) in (1..=PEERS).map(|n| (n, start(n))).collect::<Vec<_>>() {
                let mut missing: Vec<_> = (1..=PEERS).filter(|n| *n != me).map(peer_id).collect();
                tasks.spawn(async move {
                    wait_for(
                        &mut discovery,
                        &format!("all that peer {me} should see"),
                        |event| {
                            if let DiscoveryEvent::Seen(peer) = event {
                                missing.retain(|id| *id != peer.peer_id);
                            }
                            missing.is_empty().then_some(())
                        },
                    )
                    .await;
                    discovery
                });
            }
            let discoveries = tasks.join_all().await;
            let took = started.elapsed();
            println!("everybody sees everybody after {} ms", took.as_millis());
            assert!(took < Duration::from_secs(2), "took {took:?}");
            for discovery in discoveries {
                stop(discovery).await;
            }
        },
    );
}

#[test]
fn the_others_see_a_late_comer_within_half_a_second() {
    on_private_loopback("the_others_see_a_late_comer_within_half_a_second", async {
        let mut a = start(1);
        let mut b = start(2);
        tokio::join!(see(&mut a, 2, |_| true), see(&mut b, 1, |_| true));
        let started = Instant::now();
        let mut c = start(3);
        tokio::join!(see(&mut a, 3, |_| true), see(&mut b, 3, |_| true));
        let seen_after = started.elapsed();
        see(&mut c, 1, |_| true).await;
        println!(
            "seen after {seen_after:?}, sees after {:?}",
            started.elapsed()
        );
        assert!(
            seen_after < Duration::from_millis(500),
            "took {seen_after:?}"
        );
        stop(a).await;
        stop(b).await;
        stop(c).await;
    });
}

#[test]
fn a_peer_that_is_still_there_is_repeated() {
    on_private_loopback("a_peer_that_is_still_there_is_repeated", async {
        let timing = Timing {
            remind_every: Duration::from_millis(200),
            ..Timing::default()
        };
        let mut a = Discovery::start(DiscoveryConfig {
            timing,
            ..config(1)
        })
        .unwrap();
        let b = start(2);
        let first = see(&mut a, 2, |_| true).await;
        let second = see(&mut a, 2, |_| true).await;
        assert_eq!(first, second);
        stop(a).await;
        stop(b).await;
    });
}

#[test]
fn asking_anew_loses_nothing() {
    on_private_loopback("asking_anew_loses_nothing", async {
        let timing = Timing {
            ask_again_alone: Duration::from_millis(10),
            ask_again_in_company: Duration::from_millis(10),
            ..Timing::default()
        };
        let mut a = Discovery::start(DiscoveryConfig {
            timing,
            ..config(1)
        })
        .unwrap();
        for round in 0..3 {
            let b = start(2);
            see(&mut a, 2, |_| true).await;
            stop(b).await;
            miss(&mut a, 2).await;
            println!("round {round} done");
        }
        stop(a).await;
    });
}

#[test]
fn a_missing_interface_is_said() {
    on_private_loopback("a_missing_interface_is_said", async {
        let mut lost = config(1);
        lost.interfaces = only("192.0.2.77");
        lost.timing.announce_patience = Duration::from_millis(300);
        let mut lost = Discovery::start(lost).unwrap();
        wait_for(&mut lost, "the trouble", |event| {
            matches!(event, DiscoveryEvent::Trouble(Trouble::NoInterface)).then_some(())
        })
        .await;
        stop(lost).await;
    });
}

fn only(ip: &str) -> Interfaces {
    Interfaces::Only(vec![ip.parse().unwrap()])
}

#[test]
fn another_program_that_keeps_the_port_to_itself_is_said() {
    on_private_loopback(
        "another_program_that_keeps_the_port_to_itself_is_said",
        async {
            if !change_network(&[]) {
                return;
            }
            // As some drivers' and players' services do: the port, and no sharing of it.
            let rude = std::net::UdpSocket::bind("0.0.0.0:5353").unwrap();
            let mut lost = config(1);
            lost.timing.announce_patience = Duration::from_millis(300);
            match Discovery::start(lost) {
                // What the caller tells, before it tries again.
                Err(error) => println!("{error}"),
                Ok(mut lost) => {
                    wait_for(&mut lost, "the trouble", |event| {
                        matches!(event, DiscoveryEvent::Trouble(Trouble::NoInterface)).then_some(())
                    })
                    .await;
                    stop(lost).await;
                }
            }
            drop(rude);
            let mut works = start(1);
            wait_for(&mut works, "the free port", |event| {
                (event == DiscoveryEvent::Works).then_some(())
            })
            .await;
            stop(works).await;
        },
    );
}

#[test]
fn a_cable_plugged_later_is_used_and_unplugging_it_is_noticed() {
    on_private_loopback(
        "a_cable_plugged_later_is_used_and_unplugging_it_is_noticed",
        async {
            if !change_network(&["link add cable type veth peer name switch"]) {
                return;
            }
            let on_cable = |n| {
                let timing = Timing {
                    announce_patience: Duration::from_millis(100),
                    check_interfaces_every: Duration::from_secs(1),
                    ..Timing::default()
                };
                Discovery::start(DiscoveryConfig {
                    interfaces: only("10.9.0.1"),
                    timing,
                    ..config(n)
                })
                .unwrap()
            };
            let (mut a, mut b) = (on_cable(1), on_cable(2));
            wait_for(&mut a, "the missing cable", |event| {
                (event == DiscoveryEvent::Trouble(Trouble::NoInterface)).then_some(())
            })
            .await;
            assert!(change_network(&[
                "addr add 10.9.0.1/24 dev cable",
                "link set cable up",
                "link set switch up",
            ]));
            let (seen, _) = tokio::join!(see(&mut a, 2, |_| true), see(&mut b, 1, |_| true));
            assert_eq!(seen.candidates, [SocketAddr::from(([10, 9, 0, 1], 40_002))]);
            assert!(change_network(&["link set switch down"]));
            miss(&mut a, 2).await;
            assert!(change_network(&["link set switch up"]));
            see(&mut a, 2, |_| true).await;
            assert!(change_network(&["addr del 10.9.0.1/24 dev cable"]));
            wait_for(&mut a, "the lost address", |event| {
                (event == DiscoveryEvent::Trouble(Trouble::NoInterface)).then_some(())
            })
            .await;
            assert!(change_network(&["addr add 10.9.0.1/24 dev cable"]));
            wait_for(&mut a, "the address that came back", |event| {
                (event == DiscoveryEvent::Works).then_some(())
            })
            .await;
            stop(a).await;
            stop(b).await;
        },
    );
}

#[test]
fn a_peer_on_loopback_says_nothing_on_other_interfaces() {
    on_private_loopback(
        "a_peer_on_loopback_says_nothing_on_other_interfaces",
        async {
            // A cable with both ends in this machine, which therefore may hear itself on it.
            if !change_network(&[
                "link add near type veth peer name far",
                "addr add 10.9.0.1/24 dev near",
                "addr add 10.9.1.1/24 dev far",
                "link set near up",
                "link set far up",
            ]) {
                return;
            }
            for (name, value) in [
                ("far/accept_local", "1"),
                ("far/rp_filter", "0"),
                ("all/rp_filter", "0"),
            ] {
                std::fs::write(format!("/proc/sys/net/ipv4/conf/{name}"), value).unwrap();
            }
            let on = |n, ip| {
                Discovery::start(DiscoveryConfig {
                    interfaces: only(ip),
                    ..config(n)
                })
                .unwrap()
            };
            let mut eavesdropper = on(1, "10.9.1.1");
            let mut quiet = start(2);
            let mut other = start(3);
            tokio::join!(see(&mut quiet, 3, |_| true), see(&mut other, 2, |_| true));
            let loud = on(4, "10.9.0.1");
            wait_for(
                &mut eavesdropper,
                "the peer on the cable, and only that",
                |event| match event {
                    DiscoveryEvent::Seen(peer) => {
                        assert_eq!(peer.peer_id, peer_id(4), "{peer:?} got out");
                        Some(())
                    }
                    DiscoveryEvent::Gone { .. }
                    | DiscoveryEvent::Rejected(_)
                    | DiscoveryEvent::Works
                    | DiscoveryEvent::Trouble(_) => None,
                },
            )
            .await;
            for discovery in [eavesdropper, quiet, other, loud] {
                stop(discovery).await;
            }
        },
    );
}
