//! What strangers may do to a peer's discovery: broken packets, forged packets, too many packets.

mod support;

use std::{net::UdpSocket, time::Duration};

use lanspread_mdns::{Discovery, DiscoveryConfig, DiscoveryEvent, SERVICE_TYPE, Timing};
use mdns_sd::{ServiceDaemon, ServiceInfo};
use support::{
    change_network, config, miss, on_private_loopback, peer_id, see, start, stop, wait_for,
};

/// How many broken packets are sent, in batches that fit into a socket's buffer.
const BROKEN_BATCHES: u16 = 20;
const BROKEN_PACKETS_PER_BATCH: usize = 100;

/// Where mDNS listens on this machine.
const MDNS: &str = "127.0.0.1:5353";

/// Many more changes than `mdns-sd` keeps for a consumer that does not read (1,000): some packets are
/// lost in so short a time.
const UNREAD_CHANGES: usize = 3_000;

/// The response with which a peer announces itself, laid out as in RFC 1035, section 4.
fn announcement(n: u16) -> Vec<u8> {
    let id = peer_id(n);
    let instance = format!("{}.{SERVICE_TYPE}", &id[..32]);
    let mut packet = vec![0, 0, 0x84, 0, 0, 0, 0, 4, 0, 0, 0, 0];
    let mut record = |name: &str, kind: u8, data: &[u8]| {
        packet.extend(dns_name(name));
        packet.extend([0, kind, 0, 1, 0, 0, 0, 120]);
        packet.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        packet.extend(data);
    };
    let host = format!("vandal-{n}.local.");
    let mut srv = vec![0, 0, 0, 0];
    srv.extend((40_000 + n).to_be_bytes());
    srv.extend(dns_name(&host));
    let txt: Vec<u8> = [
        format!("id={id}"),
        "v=1".to_owned(),
        "name=forged".to_owned(),
    ]
    .iter()
    .flat_map(|text| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat())
    .collect();
    record(SERVICE_TYPE, 12, &dns_name(&instance));
    record(&instance, 33, &srv);
    record(&instance, 16, &txt);
    record(&host, 1, &[127, 0, 0, 1]);
    packet
}

fn dns_name(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> = labels
        .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat())
        .collect();
    bytes.push(0);
    bytes
}

/// Numbers that look random and are the same every time (Marsaglia, "Xorshift RNGs", 2003).
fn next_number(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

/// Breaks a packet in one of four ways.
fn broken(mut packet: Vec<u8>, way: usize, state: &mut u64) -> Vec<u8> {
    match way % 4 {
        0 => packet.truncate(next_number(state) % packet.len()),
        1 => packet
            .iter_mut()
            .for_each(|b| *b = next_number(state).to_le_bytes()[0]),
        _ => {
            for _ in 0..=way % 8 {
                let at = next_number(state) % packet.len();
                packet[at] = next_number(state).to_le_bytes()[0];
            }
        }
    }
    packet
}

/// Sends the announcement of the `n`th peer, again and again as UDP demands, until it is seen.
async fn see_forged(discovery: &mut Discovery, socket: &UdpSocket, n: u16) {
    let mut again = tokio::time::interval(Duration::from_millis(50));
    let seen = see(discovery, n, |_| true);
    tokio::pin!(seen);
    loop {
        tokio::select! {
            seen = &mut seen => {
                assert_eq!(seen.name, "forged");
                return;
            }
            _ = again.tick() => {
                socket.send_to(&announcement(n), MDNS).unwrap();
            }
        }
    }
}

#[test]
fn two_thousand_broken_packets_do_no_harm() {
    on_private_loopback("two_thousand_broken_packets_do_no_harm", async {
        // The packets are sent to the mDNS port itself, which must be this test's alone.
        if !change_network(&[]) {
            return;
        }
        let mut a = start(1);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut state = 0x1234_5678_9abc_def0;
        for batch in 0..BROKEN_BATCHES {
            for n in 0..BROKEN_PACKETS_PER_BATCH {
                let packet = broken(announcement(100), n, &mut state);
                socket.send_to(&packet, MDNS).unwrap();
            }
            see_forged(&mut a, &socket, 101 + batch).await;
        }
        let b = start(2);
        see(&mut a, 2, |_| true).await;
        stop(a).await;
        stop(b).await;
    });
}

#[test]
fn a_consumer_that_did_not_read_learns_the_present_state() {
    on_private_loopback(
        "a_consumer_that_did_not_read_learns_the_present_state",
        async {
            let timing = Timing {
                ask_again_in_company: Duration::from_mins(10),
                ..Timing::default()
            };
            let mut reader = Discovery::start(DiscoveryConfig {
                timing,
                ..config(1)
            })
            .unwrap();
            let mut dreamer = Discovery::start(DiscoveryConfig {
                timing,
                ..config(2)
            })
            .unwrap();
            let chatterbox = ServiceDaemon::new().unwrap();
            let id = peer_id(3);
            for change in 0..=UNREAD_CHANGES {
                let txt = [("id", &*id), ("v", "1"), ("rev", &change.to_string())];
                let mut records = ServiceInfo::new(
                    SERVICE_TYPE,
                    &id[..32],
                    "pc.local.",
                    "127.0.0.1",
                    3,
                    &txt[..],
                )
                .unwrap();
                records.set_requires_probe(false);
                while chatterbox.register(records.clone()).is_err() {
                    tokio::task::yield_now().await;
                }
            }
            let last = UNREAD_CHANGES.to_string();
            see(&mut reader, 3, |peer| peer.library_revision == last).await;
            see(&mut dreamer, 3, |peer| peer.library_revision == last).await;
            let late = start(4);
            see(&mut dreamer, 4, |_| true).await;
            stop(late).await;
            miss(&mut dreamer, 4).await;
            chatterbox.shutdown().unwrap();
            stop(reader).await;
            stop(dreamer).await;
        },
    );
}

#[test]
fn somebody_who_claims_to_be_this_peer_is_not_reported() {
    on_private_loopback(
        "somebody_who_claims_to_be_this_peer_is_not_reported",
        async {
            if !change_network(&[]) {
                return;
            }
            let timing = Timing {
                remind_every: Duration::from_millis(20),
                ..Timing::default()
            };
            let mut a = Discovery::start(DiscoveryConfig {
                timing,
                ..config(1)
            })
            .unwrap();
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            see_forged(&mut a, &socket, 101).await;
            socket.send_to(&announcement(1), MDNS).unwrap();
            see_forged(&mut a, &socket, 102).await;
            // Both others are repeated over and over; this peer would be as well.
            for _ in 0..10 {
                let seen = wait_for(&mut a, "a reminder", |event| match event {
                    DiscoveryEvent::Seen(peer) => Some(peer.peer_id),
                    DiscoveryEvent::Gone { .. }
                    | DiscoveryEvent::Rejected(_)
                    | DiscoveryEvent::Works
                    | DiscoveryEvent::Trouble(_) => None,
                })
                .await;
                assert_ne!(seen, peer_id(1));
            }
            stop(a).await;
        },
    );
}
