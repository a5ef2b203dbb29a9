//! A peer of another wire version: both sides say so, and name both versions.

use lanspread_peer::{
    PROTOCOL_VERSION,
    identity::Identity,
    net::{Transport, TransportConfig},
};
use lanspread_proto::{FrameKind, VersionProbe, alpn};
use mdns_sd::{ServiceDaemon, ServiceInfo};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    guest::text,
    scene::Scene,
    stranger::{Stranger, decode_frame, inside},
};

const OTHER_VERSION: u32 = PROTOCOL_VERSION + 6;

fn assert_names_both_versions(event: &Value) {
    assert_eq!(event["kind"], "other-version", "{event}");
    let message = text(&event["message"]);
    assert!(
        message.contains("another version of Lanspread"),
        "{message}"
    );
    for version in [PROTOCOL_VERSION, OTHER_VERSION] {
        assert!(
            message.contains(&version.to_string()),
            "{version} in: {message}"
        );
    }
}

/// A transport that speaks another version, inside the present network.
fn other_transport() -> Transport {
    let mut config = TransportConfig::new("0.0.0.0:0".parse().expect("an address"));
    config.protocol_version = OTHER_VERSION;
    let (sender, mut events) = mpsc::channel(16);
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    Transport::bind(config, &Identity::ephemeral().expect("an identity"), sender).expect("bound")
}

/// Advertises a peer of another version, record by record as `docs/PROTOCOL.md` says.
fn advertise(other: &Transport) -> ServiceDaemon {
    let addr = other.listen_addrs()[0].socket_addr();
    let (peer_id, version) = (other.peer_id().to_string(), OTHER_VERSION.to_string());
    let txt = [
        ("id", peer_id.as_str()),
        ("v", &version),
        ("rev", "1"),
        ("host", "stranger"),
        ("name", "stranger"),
    ];
    let service = "_lanspread._udp.local.";
    let (host, ip) = ("stranger.local.", addr.ip());
    let records = ServiceInfo::new(service, &peer_id[..32], host, ip, addr.port(), &txt[..]);
    let daemon = ServiceDaemon::new().expect("multicast DNS");
    daemon
        .register(records.expect("valid records"))
        .expect("registered");
    daemon
}

#[test]
fn connecting_to_a_peer_of_another_version_says_so() {
    let scene = Scene::of(&["alpha", "stranger"]);
    let alpha = scene.seat("alpha").start();
    let from = alpha.mark();
    let failed = inside(scene.host("stranger"), || async {
        let other = other_transport();
        alpha.tell(json!({ "cmd": "connect", "addr": other.listen_addrs()[0].to_string() }));
        let failed = alpha.wait(from, "connect-failed");
        other.close().await;
        failed
    });
    assert_names_both_versions(&failed);
    assert_eq!(
        alpha.ask("list-peers").expect("answered")["peers"],
        json!([])
    );
}

#[test]
fn a_peer_of_another_version_that_is_discovered_is_told_to_users() {
    let scene = Scene::of(&["alpha", "stranger"]);
    let alpha = scene.seat("alpha").start();
    let from = alpha.mark();
    let (refused, peer_id) = inside(scene.host("stranger"), || async {
        let other = other_transport();
        let peer_id = other.peer_id().to_string();
        let daemon = advertise(&other);
        let refused = alpha.wait(from, "peer-refused");
        daemon.shutdown().expect("it ends");
        other.close().await;
        (refused, peer_id)
    });
    assert_names_both_versions(&refused);
    assert_eq!(refused["peer_id"], peer_id.as_str());
}

#[test]
fn a_peer_of_another_version_that_comes_here_learns_it_and_users_do() {
    let scene = Scene::of(&["alpha", "stranger"]);
    let alpha = scene.seat("alpha").start();
    let from = alpha.mark();
    let (answer, peer_id) = inside(scene.host("stranger"), || async {
        let protocols = [alpn(OTHER_VERSION), b"lanspread".to_vec()];
        let mut other = Stranger::connect(&alpha.addr, &protocols).await;
        let probe = VersionProbe {
            protocol_version: OTHER_VERSION,
        };
        let answer = other
            .send_raw(probe.encode().expect("short"))
            .await
            .expect("an answer");
        (answer, other.peer_id.to_string())
    });
    let payload = &answer[4..];
    let told = lanspread_proto::WrongVersion::decode(payload).expect("it names both");
    assert_eq!((told.ours, told.yours), (PROTOCOL_VERSION, OTHER_VERSION));
    assert_eq!(decode_frame(&answer).kind(), "wrong-version");
    assert!(lanspread_proto::payload_len(FrameKind::Response, [0, 0, 0, 0]).is_ok());
    let refused = alpha.wait(from, "peer-refused");
    assert_names_both_versions(&refused);
    assert_eq!(refused["peer_id"], peer_id.as_str());
}
