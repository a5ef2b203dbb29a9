//! The events and answers of the code beside those of `docs/JSONL.md`.

use std::{collections::BTreeMap, sync::Arc};

use lanspread_app::{
    AdapterKind, ClockCheck, Facts, FolderCheck, FolderFault, FolderProblem, Health, MoreGamesDir,
    NetworkAdapter, Running, Script,
};
use lanspread_db::{ContentHash, GameFileDescription, GameId, ManifestHash, RelPath, Version};
use lanspread_peer::{
    AfterDownload, DiscoveryState, DownloadRoom, DropReason, ErrorKind, KeepAwayReason,
    KeptAwayView, ListenAddr, LostReason, MessageText, MessageView, Notice, NoticeAbout, Offence,
    OperationKind, OperationNote, PROTOCOL_VERSION, PeerId, PeerName, PeerOperation, PeerSource,
    PeerStatus, RateLimit, Standing, StepProgress, StepWork, WaitReason, Work,
};

use super::*;
use crate::session::{RunBy, StatusFacts, status};

const DOCUMENTATION: &str = include_str!("../../../../docs/JSONL.md");

const KINDS: [OperationKind; 6] = [
    OperationKind::Download,
    OperationKind::Install,
    OperationKind::Uninstall,
    OperationKind::Remove,
    OperationKind::Verify,
    OperationKind::Recover,
];

fn id() -> GameId {
    GameId::parse("openarena").expect("a valid id")
}

fn version() -> Version {
    Version::parse("20240101").expect("a valid version")
}

fn manifest() -> ManifestHash {
    ManifestHash(ContentHash::of(b"manifest"))
}

fn peer_id() -> PeerId {
    PeerId::from_bytes([7; 32])
}

fn addr() -> ListenAddr {
    "192.168.1.20:47000".parse().expect("a valid address")
}

fn name() -> PeerName {
    PeerName::new("alpha")
}

fn status_of_peer() -> PeerStatus {
    PeerStatus {
        program: "0.1.0".to_owned(),
        free_bytes: Some(1),
        clock_ms: Some(1),
        games_folder: true,
        playing: false,
        player: true,
        installed: Some(vec![id()]),
        operations: vec![PeerOperation {
            id: id(),
            work: Work::Download,
            percent: 41,
            left_s: Some(12),
            waiting: false,
            sources: vec![PeerSource {
                peer: peer_id(),
                rate_bytes_per_s: 11_534_336,
            }],
        }],
    }
}

fn message() -> MessageView {
    MessageView {
        number: 1,
        peer_id: peer_id(),
        name: name(),
        text: MessageText::new("Pizza is here").expect("a text"),
        own: false,
        age: Duration::ZERO,
    }
}

fn share() -> SourceShare {
    SourceShare {
        peer_id: peer_id(),
        name: name(),
        chunks: 12,
        bytes: 1,
        rate_bytes_per_s: 1,
    }
}

fn failure() -> OperationError {
    OperationError {
        kind: ErrorKind::NoSource,
        message: "no peer has it".to_owned(),
    }
}

fn progresses() -> [Progress; 4] {
    [
        Progress::Waiting {
            why: WaitReason::Asking {
                peer: (peer_id(), name()),
            },
        },
        Progress::Checking {
            done_bytes: 1,
            total_bytes: 2,
        },
        Progress::Transferring {
            verified_bytes: 1,
            total_bytes: 2,
            rate_bytes_per_s: 1,
            time_left: Some(Duration::from_secs(1)),
            efficiency_percent: Some(97),
            sources: vec![share()],
        },
        Progress::Step(StepProgress {
            work: StepWork::Unpacking {
                archive: "a.eti".to_owned(),
            },
            index: 1,
            count: 2,
            done_bytes: 3,
            total_bytes: Some(6),
        }),
    ]
}

fn outcomes() -> [Outcome; 3] {
    let report = OperationReport {
        version: Some(version()),
        moved_bytes: 1,
        chunks: 12,
        sources: vec![share()],
        elapsed: Duration::from_secs(4),
        notes: vec![OperationNote::AllRight],
    };
    [
        Outcome::Finished(report),
        Outcome::Failed(failure()),
        Outcome::Cancelled,
    ]
}

fn uploaded() -> PeerEvent {
    PeerEvent::UploadEnded {
        id: id(),
        peer_id: peer_id(),
        name: name(),
        bytes: 1,
        elapsed: Duration::from_secs(1),
    }
}

/// One event of every kind.
fn events() -> Vec<PeerEvent> {
    let kind = OperationKind::Download;
    let mut events = vec![
        PeerEvent::LocalPeerReady {
            peer_id: peer_id(),
            addrs: vec![addr()],
            mode: CatalogMode::Open,
        },
        PeerEvent::PeerConnected {
            peer_id: peer_id(),
            addr: addr(),
            name: name(),
        },
        PeerEvent::PeerMoved {
            peer_id: peer_id(),
            addr: addr(),
        },
        PeerEvent::PeerLost {
            peer_id: peer_id(),
            name: name(),
            reason: LostReason::Goodbye,
        },
        PeerEvent::PeerRefused {
            peer_id: Some(peer_id()),
            who: String::new(),
            kind: ErrorKind::OtherVersion,
            reason: String::new(),
        },
        PeerEvent::ConnectFinished {
            addr: addr(),
            result: Ok(peer_id()),
        },
        PeerEvent::ConnectFinished {
            addr: addr(),
            result: Err(failure()),
        },
        PeerEvent::GamesListUpdated,
        PeerEvent::ActiveOperationsChanged {
            active: vec![(id(), kind)],
        },
        PeerEvent::GotGameFiles {
            id: id(),
            version: version(),
            manifest: manifest(),
            files: vec![GameFileDescription {
                game_id: id(),
                path: RelPath::parse("version.ini").expect("a valid path"),
                size_bytes: 9,
                chunks: 1,
            }],
        },
        PeerEvent::GetGameFailed {
            id: id(),
            error: failure(),
        },
        PeerEvent::ManifestConflict {
            id: id(),
            version: version(),
            offers: vec![Offer {
                manifest: manifest(),
                size_bytes: 1,
                peers: vec![(peer_id(), name())],
            }],
            chosen: Some(manifest()),
            pinned: Some(manifest()),
        },
        PeerEvent::OperationBegan { id: id(), kind },
        PeerEvent::SourceDropped {
            id: id(),
            peer_id: peer_id(),
            name: name(),
            reason: DropReason::Refused(String::new()),
        },
        PeerEvent::HashingProgress {
            id: id(),
            hashed_bytes: 1,
            total_bytes: 2,
        },
        PeerEvent::Notice(Notice {
            about: NoticeAbout::DiscoveryWorks,
            message: String::new(),
        }),
        PeerEvent::RuntimeFailed {
            reason: String::new(),
        },
    ];
    events.push(uploaded());
    events.extend(progresses().map(|progress| PeerEvent::OperationProgress {
        id: id(),
        kind,
        progress,
    }));
    events.extend(outcomes().map(|outcome| PeerEvent::OperationEnded {
        id: id(),
        kind,
        outcome,
    }));
    events.extend(doors());
    events.push(PeerEvent::Message(message()));
    events
}

/// A peer is kept away, and may come again.
fn doors() -> [PeerEvent; 3] {
    [
        PeerEvent::PeerKeptAway {
            peer_id: peer_id(),
            name: name(),
            reason: misconduct(),
        },
        PeerEvent::PeerReadmitted {
            peer_id: peer_id(),
            name: name(),
        },
        PeerEvent::RatesChanged {
            limits: limits(),
            playing: Playing::Yes,
        },
    ]
}

fn limits() -> RateLimits {
    let limit = RateLimit::new(5_000_000).ok();
    RateLimits {
        upload: limit,
        upload_per_peer: limit,
        download: limit,
        download_per_peer: limit,
    }
}

const fn misconduct() -> KeepAwayReason {
    KeepAwayReason::Misconduct {
        offence: Offence::WrongBytes,
        time: Duration::from_mins(10),
    }
}

fn view() -> PeerView {
    let operation = |progress| OperationView {
        id: id(),
        kind: OperationKind::Download,
        after: AfterDownload::Keep,
        room: DownloadRoom::KeepOld,
        progress: Some(progress),
    };
    let [_, _, transferring, _] = progresses();
    PeerView {
        mode: CatalogMode::Open,
        games: Arc::new(vec![GameView {
            id: id(),
            title: "OpenArena".to_owned(),
            version: Some(version()),
            expected_version: Some(version()),
            size_bytes: 1,
            downloaded: true,
            installed: true,
            to_hash: false,
            scripts: [Script::Start].into(),
            peers: vec![peer_id()],
            offers: vec![OfferView {
                version: version(),
                manifest: Some(manifest()),
                size_bytes: 1,
                standing: Standing::Source,
                peers: vec![peer_id()],
            }],
            gathered: None,
            manifest: Some(manifest()),
            pinned: Some(manifest()),
            problem: None,
        }]),
        peers: vec![PeerInfo {
            peer_id: peer_id(),
            addr: addr(),
            name: name(),
            games: 3,
            in_sync: true,
            status: Some(Arc::new(status_of_peer())),
        }],
        messages: vec![Arc::new(message())],
        kept_away: vec![KeptAwayView {
            peer_id: peer_id(),
            name: name(),
            reasons: vec![misconduct()],
        }],
        operations: vec![operation(transferring)],
        outbound: vec![OutboundView {
            peer_id: peer_id(),
            id: id(),
            requests: 1,
            rate_bytes_per_s: 1,
        }],
        hashing: None,
        rate_limits: limits(),
        playing: Playing::No,
        player: true,
        game_dir_problem: None,
        more_game_dirs: Vec::new(),
        free_bytes: None,
        discovery: DiscoveryState::Works,
    }
}

/// The form of a value: which keys it has, and of what type each is. `null` stands for any type.
fn form(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
        Value::Array(items) => items.iter().take(1).map(form).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), form(value)))
            .collect(),
    }
}

/// Whether two forms agree where neither is `null` or an empty list.
fn agree(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::Array(one), Value::Array(other)) => {
            one.iter().zip(other).all(|(one, other)| agree(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys()) && one.iter().all(|(key, value)| agree(value, &other[key]))
        }
        (one, other) => one == other,
    }
}

/// The example lines of the documentation.
fn examples() -> Vec<Value> {
    DOCUMENTATION
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

/// What tells one kind of event from another: its name, and the phase of a progress.
fn label(event: &Value) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("event"), text("phase"))
}

#[test]
fn every_event_is_documented_with_exactly_its_fields() {
    let is_event = |line: &&Value| line["type"] == "event";
    let written = events()
        .iter()
        .map(event)
        .chain([events_lost(3)])
        .map(EventLine::into_json)
        .collect::<Vec<_>>();
    let labels: BTreeMap<String, Value> = written
        .iter()
        .map(|event| (label(event), form(event)))
        .collect();
    let lines = examples();
    for example in lines.iter().filter(is_event) {
        let code = labels.get(&label(example));
        let code = code.unwrap_or_else(|| panic!("the code writes no such event: {example}"));
        assert!(
            agree(code, &form(example)),
            "documented: {example}\nwritten: {code}"
        );
    }
    for known in labels.keys() {
        let shown = lines
            .iter()
            .filter(is_event)
            .any(|example| label(example) == *known);
        assert!(shown, "the documentation lacks the event {known}");
    }
}

#[test]
fn every_kind_of_operation_and_of_error_is_documented() {
    for kind in KINDS {
        let name = format!("`{}`", kind.as_str());
        assert!(
            DOCUMENTATION.contains(&name),
            "the documentation lacks the operation {name}"
        );
    }
    for kind in ERROR_KINDS {
        let name = format!("| `{}` |", kind.as_str());
        assert!(
            DOCUMENTATION.contains(&name),
            "the documentation lacks the error {name}"
        );
    }
}

#[test]
fn the_answers_are_documented_with_exactly_their_fields() {
    let view = view();
    let facts = Facts {
        name: name(),
        party_code: false,
        unencrypted_lanes: false,
        organiser: None,
        state_dir: "/state".into(),
        catalog: Some("/game.db".into()),
    };
    let status = status(&StatusFacts {
        peer_id: peer_id(),
        listen_addrs: vec![addr()],
        run_by: RunBy::Serve,
        facts: &facts,
        games_dir: "/games".into(),
        more_games_dirs: &[
            MoreGamesDir {
                path: "/more".to_owned(),
                problem: None,
                free_bytes: Some(1),
            },
            MoreGamesDir {
                path: "/away".to_owned(),
                problem: Some(FolderProblem {
                    fault: FolderFault::Gone,
                    message: "/away is not there".to_owned(),
                }),
                free_bytes: None,
            },
        ],
        running: &[Running {
            id: id(),
            script: Script::Start,
            since_ms: 1,
        }],
        health: &Health {
            adapters: vec![NetworkAdapter {
                name: "eth0".to_owned(),
                kind: AdapterKind::Network,
                addrs: vec![addr().socket_addr().ip()],
                offered: true,
            }],
            folder: FolderCheck::Writable { at_ms: 1 },
            clock: ClockCheck::Agrees { peers: 1 },
            archive_formats: vec!["RAR"],
        },
        uptime: Duration::from_secs(1),
        view: &view,
    });
    assert_eq!(status["protocol_version"], PROTOCOL_VERSION);
    let lines = examples();
    for data in [status, games(&view), peers(&view)] {
        let data = form(&data);
        let shown = lines
            .iter()
            .filter(|line| line["type"] == "result")
            .any(|line| form(&line["data"]) != json!({}) && agree(&form(&line["data"]), &data));
        assert!(shown, "no documented answer has the form {data}");
    }
}

#[test]
fn whoever_can_run_a_peer_is_documented() {
    for run_by in RUN_BY {
        let name = format!("`{}`", run_by.as_str());
        assert!(DOCUMENTATION.contains(&name), "{name}");
    }
}

/// A window hands names on to a page, which takes no others.
#[test]
fn the_names_of_events_are_small_letters_and_hyphens() {
    for event in events() {
        let name = super::event(&event).name;
        assert!(
            name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{name}"
        );
    }
}

/// Every reason to wait.
fn waits() -> [WaitReason; 9] {
    let peers = || vec![(peer_id(), name())];
    [
        WaitReason::FilesInUse,
        WaitReason::Source { id: id() },
        WaitReason::Asking {
            peer: (peer_id(), name()),
        },
        WaitReason::Retry,
        WaitReason::NoPeer { id: id() },
        WaitReason::NoPeerHasFiles { id: id() },
        WaitReason::NoPeerHasVersion {
            id: id(),
            expected: version(),
            found: vec![(version(), peers())],
        },
        WaitReason::NoPeerHasPinned {
            id: id(),
            version: version(),
            pinned: manifest(),
            others: peers(),
        },
        WaitReason::Hashing {
            id: id(),
            version: version(),
            peers: peers(),
        },
    ]
}

#[test]
fn a_wait_is_told_in_words_and_as_a_fact_whose_kind_is_documented() {
    for why in waits() {
        let words = why.to_string();
        let told = progress(&Progress::Waiting { why });
        assert_eq!(told["what"], words);
        let kind = told["why"]["kind"].as_str().expect("a kind");
        assert!(DOCUMENTATION.contains(&format!("`{kind}`")), "{kind}");
    }
}

#[test]
fn every_standing_of_an_offer_is_documented() {
    for standing in [
        Standing::Source,
        Standing::Tied,
        Standing::Outvoted,
        Standing::NotPinned,
        Standing::Hashing,
        Standing::OtherVersion,
    ] {
        let name = format!("`{}`", standing.as_str());
        assert!(DOCUMENTATION.contains(&name), "{name}");
    }
}

#[test]
fn a_mean_rate_is_rounded_and_never_divides_by_nothing() {
    assert!((mib_per_s(3 * 1_048_576, Duration::from_secs(2)) - 1.5).abs() < f64::EPSILON);
    assert!(mib_per_s(1, Duration::ZERO).abs() < f64::EPSILON);
}

/// Every kind of error.
const ERROR_KINDS: [ErrorKind; 28] = [
    ErrorKind::UnknownGame,
    ErrorKind::NotInCatalog,
    ErrorKind::Busy,
    ErrorKind::NoOperation,
    ErrorKind::NoSource,
    ErrorKind::Conflict,
    ErrorKind::NotDownloaded,
    ErrorKind::NotInstalled,
    ErrorKind::Installed,
    ErrorKind::UpToDate,
    ErrorKind::NoScript,
    ErrorKind::NotReady,
    ErrorKind::FolderAway,
    ErrorKind::FoldersClash,
    ErrorKind::ShuttingDown,
    ErrorKind::Unreachable,
    ErrorKind::OtherVersion,
    ErrorKind::KeptAway,
    ErrorKind::OtherParty,
    ErrorKind::NoSpace,
    ErrorKind::NotAllowed,
    ErrorKind::Foreign,
    ErrorKind::BadArchive,
    ErrorKind::SourcesFailed,
    ErrorKind::Cancelled,
    ErrorKind::Timeout,
    ErrorKind::BadInput,
    ErrorKind::Io,
];

/// Every program that can run a peer.
const RUN_BY: [RunBy; 4] = [RunBy::Serve, RunBy::Jsonl, RunBy::Command, RunBy::Window];
