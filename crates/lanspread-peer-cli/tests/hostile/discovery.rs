//! Lies on the multicast group, where nobody proves anything.

use std::net::{Ipv4Addr, UdpSocket};

use lanspread_testbed::fixture::random_bytes;

use crate::attack::{Attack, CPU_MAX, MEMORY_MIB_MAX, TURNED_AWAY, Table, play};

/// The multicast group of mDNS.
const GROUP: (Ipv4Addr, u16) = (Ipv4Addr::new(224, 0, 0, 251), 5353);

/// The service that peers announce (`docs/PROTOCOL.md`, section 2).
const SERVICE: &str = "_lanspread._udp.local.";

/// How often the services are announced at most.
const ROUNDS_MAX: u32 = 20;

/// Packets that are rubbish.
const RUBBISH: usize = 5_000;

/// Services that nobody offers.
const SERVICES: u16 = 5_000;

#[test]
fn answers_full_of_rubbish() {
    play(&Attack {
        name: "mDNS: 5,000 answers of rubbish",
        blame: TURNED_AWAY,
        log: "an advertisement is not a peer's",
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| send(table, (0..RUBBISH).map(rubbish)),
    });
}

#[test]
fn five_thousand_services() {
    play(&Attack {
        name: "mDNS: 5,000 services",
        blame: TURNED_AWAY,
        log: "peers are advertised; the others are ignored",
        memory_mib_max: MEMORY_MIB_MAX,
        cpu_max: CPU_MAX,
        act: |table| {
            let at = table.seat.address();
            // A busy machine loses packets: whoever wants to be noticed says it again.
            for _ in 0..ROUNDS_MAX {
                let packets = (0..SERVICES).map(|n| announcement(&peer_id(n), n, at));
                send(table, packets);
                if table.is_told("notice") {
                    break;
                }
            }
            // Whoever is not there is dialed first: that belongs to the price.
            table.wait_for("notice");
            table.wait_for("peer-refused");
        },
    });
}

fn send(table: &Table<'_>, packets: impl Iterator<Item = Vec<u8>> + Send) {
    let sent = table.seat.run_inside(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
        packets
            .filter(|packet| socket.send_to(packet, GROUP).is_ok())
            .count()
    });
    assert!(sent.expect("root may enter") > 0);
}

/// Every second packet is noise; the others are well formed and say nonsense.
fn rubbish(n: usize) -> Vec<u8> {
    if n.is_multiple_of(2) {
        return random_bytes("rubbish", &n.to_string(), 40 + n % 1_200);
    }
    announcement("not-a-peer", 1, Ipv4Addr::LOCALHOST)
}

fn peer_id(n: u16) -> String {
    format!("{n:032x}{:032x}", 0)
}

/// The response with which a peer announces itself, laid out as in RFC 1035, section 4.
fn announcement(id: &str, n: u16, at: Ipv4Addr) -> Vec<u8> {
    let label = &id[..id.len().min(32)];
    let instance = format!("{label}.{SERVICE}");
    let mut packet = vec![0, 0, 0x84, 0, 0, 0, 0, 4, 0, 0, 0, 0];
    let mut record = |name: &str, kind: u8, data: &[u8]| {
        packet.extend(dns_name(name));
        packet.extend([0, kind, 0, 1, 0, 0, 0, 120]);
        packet.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        packet.extend(data);
    };
    let host = format!("vandal-{n}.local.");
    let mut srv = vec![0, 0, 0, 0];
    srv.extend((40_000 + n).to_be_bytes());
    srv.extend(dns_name(&host));
    let texts = [
        format!("id={id}"),
        format!("v={}", lanspread_peer::PROTOCOL_VERSION),
        "name=forged".to_owned(),
    ];
    let txt: Vec<u8> = texts
        .iter()
        .flat_map(|text| {
            let len = u8::try_from(text.len()).expect("short");
            [&[len], text.as_bytes()].concat()
        })
        .collect();
    record(SERVICE, 12, &dns_name(&instance));
    record(&instance, 33, &srv);
    record(&instance, 16, &txt);
    record(&host, 1, &at.octets());
    packet
}

fn dns_name(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> = labels
        .flat_map(|label| {
            let len = u8::try_from(label.len()).expect("short");
            [&[len], label.as_bytes()].concat()
        })
        .collect();
    bytes.push(0);
    bytes
}
