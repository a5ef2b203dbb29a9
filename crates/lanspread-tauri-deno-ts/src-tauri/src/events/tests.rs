//! Every event has a name that Tauri can carry, and the fields that are promised.

use std::{collections::BTreeSet, time::Duration};

use lanspread_db::{CatalogMode, GameId, ManifestHash, Version};
use lanspread_peer::{
    ErrorKind, ExpelledBy, KeepAwayReason, OperationError, OperationKind, OperationReport, PeerId,
    PeerName, RateLimits,
};

use super::*;

const KINDS: [OperationKind; 6] = [
    OperationKind::Download,
    OperationKind::Install,
    OperationKind::Uninstall,
    OperationKind::Remove,
    OperationKind::Verify,
    OperationKind::Recover,
];

fn error() -> OperationError {
    OperationError {
        kind: ErrorKind::Io,
        message: "why".to_owned(),
    }
}

fn id() -> GameId {
    GameId::parse("chess").expect("a valid id")
}

fn peer_id() -> PeerId {
    PeerId::from_bytes([7; 32])
}

fn events() -> Vec<PeerEvent> {
    [of_peers(), of_games(), of_operations()].concat()
}

fn of_peers() -> Vec<PeerEvent> {
    let peer_id = peer_id();
    let name = PeerName::new("anna");
    let addr = "192.168.1.4:7000".parse().expect("an address");
    vec![
        PeerEvent::LocalPeerReady {
            peer_id,
            addrs: vec![addr],
            mode: CatalogMode::Open,
        },
        PeerEvent::PeerConnected {
            peer_id,
            addr,
            name: name.clone(),
        },
        PeerEvent::PeerMoved { peer_id, addr },
        PeerEvent::PeerLost {
            peer_id,
            name: name.clone(),
            reason: "gone".to_owned(),
        },
        PeerEvent::PeerRefused {
            peer_id: None,
            who: "somebody".to_owned(),
            kind: ErrorKind::Io,
            reason: "why".to_owned(),
        },
        PeerEvent::PeerKeptAway {
            peer_id,
            name: name.clone(),
            reason: KeepAwayReason::Expelled {
                by: ExpelledBy::ThisPeer,
                time: Duration::from_mins(1),
            },
        },
        PeerEvent::PeerReadmitted { peer_id, name },
        PeerEvent::RatesChanged {
            limits: RateLimits::default(),
            playing: Playing::Yes,
        },
        PeerEvent::ConnectFinished {
            addr,
            result: Ok(peer_id),
        },
        PeerEvent::ConnectFinished {
            addr,
            result: Err(error()),
        },
        PeerEvent::Notice {
            message: "x".to_owned(),
        },
        PeerEvent::RuntimeFailed {
            reason: "x".to_owned(),
        },
    ]
}

fn of_games() -> Vec<PeerEvent> {
    let id = id();
    let version = Version::parse("20240101").expect("a version");
    vec![
        PeerEvent::GamesListUpdated,
        PeerEvent::ActiveOperationsChanged {
            active: vec![(id.clone(), OperationKind::Install)],
        },
        PeerEvent::GotGameFiles {
            id: id.clone(),
            version,
            manifest: ManifestHash::of_encoding(b"x"),
            files: Vec::new(),
        },
        PeerEvent::GetGameFailed {
            id: id.clone(),
            error: error(),
        },
        PeerEvent::ManifestConflict {
            id: id.clone(),
            version,
            offers: Vec::new(),
            chosen: None,
            pinned: None,
        },
        PeerEvent::SourceDropped {
            id: id.clone(),
            peer_id: peer_id(),
            name: PeerName::new("anna"),
            reason: "why".to_owned(),
        },
        PeerEvent::UploadEnded {
            id: id.clone(),
            peer_id: peer_id(),
            name: PeerName::new("anna"),
            bytes: 1,
            elapsed: Duration::from_secs(1),
        },
        PeerEvent::HashingProgress {
            id,
            hashed_bytes: 1,
            total_bytes: 2,
        },
    ]
}

fn of_operations() -> Vec<PeerEvent> {
    let id = id();
    let mut events = Vec::new();
    for kind in KINDS {
        let id = id.clone();
        events.push(PeerEvent::OperationBegan {
            id: id.clone(),
            kind,
        });
        events.push(PeerEvent::OperationProgress {
            id: id.clone(),
            kind,
            progress: lanspread_peer::Progress::Waiting {
                what: "others".to_owned(),
            },
        });
        for outcome in [
            Outcome::Finished(OperationReport::default()),
            Outcome::Failed(error()),
            Outcome::Cancelled,
        ] {
            let id = id.clone();
            events.push(PeerEvent::OperationEnded { id, kind, outcome });
        }
    }
    events
}

#[test]
fn every_event_has_a_name_of_its_own_that_can_be_carried() {
    let names: Vec<String> = events()
        .iter()
        .map(|event| told(event).0.into_owned())
        .collect();
    for name in &names {
        assert!(
            name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{name}"
        );
    }
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!(different.len(), names.len());
    for promised in [
        "games-list-updated",
        "peer-connected",
        "peer-lost",
        "peer-refused",
    ] {
        assert!(names.iter().any(|name| name == promised), "{promised}");
    }
    for what in ["download", "install", "uninstall", "remove", "verify"] {
        for how in ["began", "progress", "finished", "failed", "cancelled"] {
            let promised = format!("game-{what}-{how}");
            assert!(names.contains(&promised), "{promised}");
        }
    }
}

#[test]
fn what_happens_to_a_game_names_the_game_and_a_failure_says_why() {
    for event in events() {
        let (name, fields) = told(&event);
        if name.starts_with("game-") {
            assert_eq!(fields["id"], "chess", "{name}");
        }
        if name.ends_with("-failed") {
            assert!(fields["message"].is_string(), "{name}: {fields}");
        }
    }
}
