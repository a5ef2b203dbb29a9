//! The wire as it is written, and the document that describes it.
//!
//! `docs/PROTOCOL.md` shows every message once, as JSON. Here each is built, written, compared to its
//! golden text, and looked for in the document; every JSON block of the document must be one of
//! them. The binary formats are built a second time from what the document says and compared to the
//! values it shows. Whoever changes the wire changes this file and the document with it.

use std::collections::BTreeSet;

use lanspread_db::{
    ChunkRef, ContentHash, GameId, Manifest, ManifestFile, ManifestHash, RelPath, Version,
};
use lanspread_proto::{
    Admission, AdmissionRefusal, ChunkRequest, ChunkRuns, ExpelledPeer, FrameKind, GameSummary,
    Hello, Holdings, HoldingsLog, HoldingsRequest, LibraryDelta, LibraryEpoch, LibraryRevision,
    LibrarySnapshot, LibraryState, MessageText, PROTOCOL_VERSION, PartyMessage, PeerId, PeerName,
    PeerOperation, PeerSource, PeerStatus, Refusal, RefusalKind, Request, Response, Token,
    VersionProbe, Work, WrongVersion, decode_payload, encode_frame,
};
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../docs/PROTOCOL.md");

/// The public key of the document's example, in DER.
const PUBLIC_KEY_HEX: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004f9d328e6ba2c812\
                              20e5d90cbddda94dc33b6e7d2dca2c08df758470c4ecad20f27b35440a8489cf74829\
                              ac90623813582b79d529dfd605760358a9e256fa877c";

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    let pairs = bytes
        .iter()
        .map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    pairs.flatten().collect()
}

fn ada() -> PeerId {
    PeerId::from_public_key_der(&unhex(PUBLIC_KEY_HEX))
}

fn teeworlds() -> GameId {
    GameId::parse("teeworlds").unwrap()
}

fn version() -> Version {
    Version::parse("20260101").unwrap()
}

/// Two files: a map of 300,000 zero bytes and the sentinel.
fn manifest() -> Manifest {
    const MAP_BYTES: usize = 300_000;
    let chunk_bytes = Manifest::chunk_bytes_for(MAP_BYTES as u64 + 8);
    let map = vec![0; MAP_BYTES];
    let files = vec![
        ManifestFile {
            path: RelPath::parse("data/map.bin").unwrap(),
            size_bytes: MAP_BYTES as u64,
            chunks: map
                .chunks(usize::try_from(chunk_bytes).unwrap())
                .map(ContentHash::of)
                .collect(),
        },
        ManifestFile {
            path: RelPath::parse("version.ini").unwrap(),
            size_bytes: 8,
            chunks: vec![ContentHash::of(b"20260101")],
        },
    ];
    Manifest::new(teeworlds(), version(), chunk_bytes, files).unwrap()
}

fn games() -> Vec<GameSummary> {
    let hashed = GameSummary {
        id: teeworlds(),
        title: "Teeworlds".to_owned(),
        version: version(),
        size_bytes: manifest().total_bytes(),
        manifest: Some(manifest().hash()),
    };
    let unhashed = GameSummary {
        id: GameId::parse("hedgewars").unwrap(),
        title: "Hedgewars".to_owned(),
        version: Version::parse("20251124").unwrap(),
        size_bytes: 167_772_160,
        manifest: None,
    };
    vec![unhashed, hashed]
}

/// The digest of a listing, built from the document's words alone.
fn digest(games: &[GameSummary]) -> ContentHash {
    let mut listing = Vec::new();
    for game in games {
        for text in [game.id.as_str(), &game.title] {
            listing.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
            listing.extend(text.as_bytes());
        }
        listing.extend(game.version.to_string().as_bytes());
        listing.extend(game.size_bytes.to_le_bytes());
        match &game.manifest {
            None => listing.push(0),
            Some(manifest) => {
                listing.push(1);
                listing.extend(unhex(&manifest.to_string()));
            }
        }
    }
    ContentHash::of(&listing)
}

fn state(revision: u64, games: &[GameSummary]) -> LibraryState {
    LibraryState {
        epoch: LibraryEpoch(3_391_824_770_157_312),
        revision: LibraryRevision(revision),
        digest: digest(games),
    }
}

fn hello() -> Hello {
    Hello::new(
        "192.168.1.20:47000".parse().unwrap(),
        ada(),
        PeerName::new("Ada"),
        state(7, &games()),
    )
}

fn requests() -> Vec<(Request, &'static str)> {
    vec![
        (
            Request::Hello(hello()),
            r#"{"type":"hello","protocol_version":7,"peer_id":"{ada}","listen_addr":"192.168.1.20:47000","name":"Ada","library":{"epoch":3391824770157312,"revision":7,"digest":"{digest}"}}"#,
        ),
        (Request::Ping, r#"{"type":"ping"}"#),
        (
            Request::LibrarySummary {
                state: state(7, &games()),
            },
            r#"{"type":"library-summary","state":{"epoch":3391824770157312,"revision":7,"digest":"{digest}"}}"#,
        ),
        (Request::LibrarySnapshot, r#"{"type":"library-snapshot"}"#),
        (
            Request::LibraryDelta {
                epoch: LibraryEpoch(3_391_824_770_157_312),
                since: LibraryRevision(5),
            },
            r#"{"type":"library-delta","epoch":3391824770157312,"since":5}"#,
        ),
        (Request::ListGames, r#"{"type":"list-games"}"#),
        (
            Request::GetGame { id: teeworlds() },
            r#"{"type":"get-game","id":"teeworlds"}"#,
        ),
        (
            Request::GetGameFileChunk(ChunkRequest {
                id: teeworlds(),
                manifest: manifest().hash(),
                chunks: vec![
                    ChunkRef { file: 0, chunk: 0 },
                    ChunkRef { file: 0, chunk: 1 },
                    ChunkRef { file: 1, chunk: 0 },
                ],
            }),
            r#"{"type":"get-game-file-chunk","id":"teeworlds","manifest":"{manifest}","chunks":[{"file":0,"chunk":0},{"file":0,"chunk":1},{"file":1,"chunk":0}]}"#,
        ),
        (
            Request::TakeBack(ChunkRequest {
                id: teeworlds(),
                manifest: manifest().hash(),
                chunks: vec![ChunkRef { file: 0, chunk: 1 }],
            }),
            r#"{"type":"take-back","id":"teeworlds","manifest":"{manifest}","chunks":[{"file":0,"chunk":1}]}"#,
        ),
        (
            Request::Holdings(HoldingsRequest {
                id: teeworlds(),
                manifest: manifest().hash(),
                log: HoldingsLog(5_021_988_433_410_019),
                since: 1,
            }),
            r#"{"type":"holdings","id":"teeworlds","manifest":"{manifest}","log":5021988433410019,"since":1}"#,
        ),
        (
            Request::Expulsions {
                expelled: vec![ExpelledPeer {
                    peer_id: PeerId::from_public_key_der(b"listener"),
                    name: PeerName::new("Mallory"),
                    left_s: 43_200,
                }],
            },
            r#"{"type":"expulsions","expelled":[{"peer_id":"{listener}","name":"Mallory","left_s":43200}]}"#,
        ),
        (
            Request::Status(PeerStatus {
                program: "0.1.0".to_owned(),
                free_bytes: Some(268_435_456_000),
                clock_ms: Some(1_764_000_000_000),
                games_folder: true,
                playing: false,
                player: true,
                installed: Some(vec![teeworlds()]),
                operations: vec![PeerOperation {
                    id: teeworlds(),
                    work: Work::Download,
                    percent: 41,
                    left_s: Some(12),
                    waiting: false,
                    sources: vec![PeerSource {
                        peer: PeerId::from_public_key_der(b"listener"),
                        rate_bytes_per_s: 11_534_336,
                    }],
                }],
            }),
            r#"{"type":"status","program":"0.1.0","free_bytes":268435456000,"clock_ms":1764000000000,"games_folder":true,"playing":false,"player":true,"installed":["teeworlds"],"operations":[{"id":"teeworlds","work":"download","percent":41,"left_s":12,"waiting":false,"sources":[{"peer":"{listener}","rate_bytes_per_s":11534336}]}]}"#,
        ),
        (
            Request::Message(PartyMessage {
                run: LibraryEpoch(3_391_824_770_157_312),
                number: 1,
                age_ms: 40,
                text: MessageText::new("Next: OpenArena, 20:30, the server is Anna's").unwrap(),
            }),
            r#"{"type":"message","run":3391824770157312,"number":1,"age_ms":40,"text":"Next: OpenArena, 20:30, the server is Anna's"}"#,
        ),
        (Request::LaneToken, r#"{"type":"lane-token"}"#),
        (Request::Goodbye, r#"{"type":"goodbye"}"#),
    ]
}

fn responses() -> Vec<(Response, &'static str)> {
    vec![
        (
            Response::HelloAck(hello()),
            r#"{"type":"hello-ack","protocol_version":7,"peer_id":"{ada}","listen_addr":"192.168.1.20:47000","name":"Ada","library":{"epoch":3391824770157312,"revision":7,"digest":"{digest}"}}"#,
        ),
        (Response::Pong, r#"{"type":"pong"}"#),
        (Response::Noted, r#"{"type":"noted"}"#),
        (
            Response::LibrarySnapshot(LibrarySnapshot {
                state: state(7, &games()),
                games: games(),
            }),
            r#"{"type":"library-snapshot","state":{"epoch":3391824770157312,"revision":7,"digest":"{digest}"},"games":[{"id":"hedgewars","title":"Hedgewars","version":"20251124","size_bytes":167772160,"manifest":null},{"id":"teeworlds","title":"Teeworlds","version":"20260101","size_bytes":300008,"manifest":"{manifest}"}]}"#,
        ),
        (
            Response::LibraryDelta(LibraryDelta {
                since: LibraryRevision(5),
                state: state(7, &games()),
                changed: games()[1..].to_vec(),
                removed: vec![GameId::parse("openarena").unwrap()],
            }),
            r#"{"type":"library-delta","since":5,"state":{"epoch":3391824770157312,"revision":7,"digest":"{digest}"},"changed":[{"id":"teeworlds","title":"Teeworlds","version":"20260101","size_bytes":300008,"manifest":"{manifest}"}],"removed":["openarena"]}"#,
        ),
        (
            Response::Games { games: games() },
            r#"{"type":"games","games":[{"id":"hedgewars","title":"Hedgewars","version":"20251124","size_bytes":167772160,"manifest":null},{"id":"teeworlds","title":"Teeworlds","version":"20260101","size_bytes":300008,"manifest":"{manifest}"}]}"#,
        ),
        (
            Response::Game {
                version: version(),
                manifest: manifest().hash(),
                manifest_bytes: manifest().encode().len() as u64,
            },
            r#"{"type":"game","version":"20260101","manifest":"{manifest}","manifest_bytes":170}"#,
        ),
        (
            Response::GamePending {
                hashed_bytes: 41_943_040,
                total_bytes: 167_772_160,
            },
            r#"{"type":"game-pending","hashed_bytes":41943040,"total_bytes":167772160}"#,
        ),
        (
            Response::Chunks {
                data_bytes: manifest().total_bytes(),
            },
            r#"{"type":"chunks","data_bytes":300008}"#,
        ),
        (
            Response::Holdings(Holdings {
                log: HoldingsLog(5_021_988_433_410_019),
                upto: 3,
                chunks: ChunkRuns::new(vec![0..1, 2..3]).unwrap(),
            }),
            r#"{"type":"holdings","log":5021988433410019,"upto":3,"chunks":[[0,1],[2,1]]}"#,
        ),
        (
            Response::LaneToken { token: share() },
            r#"{"type":"lane-token","token":"{share}"}"#,
        ),
        (
            Response::WrongVersion(WrongVersion { ours: 6, yours: 7 }),
            r#"{"type":"wrong-version","ours":6,"yours":7}"#,
        ),
        (
            Response::Refused(Refusal::new(
                RefusalKind::Busy,
                "teeworlds is being changed here: ask again later",
            )),
            r#"{"type":"refused","kind":"busy","message":"teeworlds is being changed here: ask again later"}"#,
        ),
        (
            Response::InternalPeerError {
                message: "local peer listener address is not ready".to_owned(),
            },
            r#"{"type":"internal-peer-error","message":"local peer listener address is not ready"}"#,
        ),
    ]
}

fn admissions() -> Vec<(Admission, &'static str)> {
    vec![
        (
            Admission::AdmissionShare { share: share() },
            r#"{"type":"admission-share","share":"{share}"}"#,
        ),
        (
            Admission::AdmissionProof { proof: proof() },
            r#"{"type":"admission-proof","proof":"{proof}"}"#,
        ),
        (
            Admission::AdmissionRefused {
                reason: AdmissionRefusal::WrongCode,
            },
            r#"{"type":"admission-refused","reason":"wrong-code"}"#,
        ),
    ]
}

/// The share of the document's example: the base point of the curve.
fn share() -> Token {
    let mut point = [0x66; 32];
    point[0] = 0x58;
    Token(point)
}

/// The dialer's proof of the document's example, built from the document's words alone.
fn proof() -> Token {
    let listener = PeerId::from_public_key_der(b"listener");
    let proved = [
        &ada().as_bytes()[..],
        listener.as_bytes(),
        &share().0,
        &share().0,
        &[0x22; 32],
    ]
    .concat();
    let key = blake3::derive_key("lanspread admission 2: proof of the dialer", &[0x11; 32]);
    Token(*blake3::keyed_hash(&key, &proved).as_bytes())
}

/// Puts the example's ids and hashes, which are too long to repeat, into a golden text.
fn golden(text: &str) -> String {
    text.replace("{ada}", &ada().to_string())
        .replace("{digest}", &digest(&games()).to_string())
        .replace("{manifest}", &manifest().hash().to_string())
        .replace(
            "{listener}",
            &PeerId::from_public_key_der(b"listener").to_string(),
        )
        .replace("{share}", &share().to_string())
        .replace("{proof}", &proof().to_string())
}

/// The JSON blocks of the document.
fn shown() -> Vec<Value> {
    let blocks = DOCUMENT.split("```json\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .map(|text| serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

fn assert_shown(golden: &str) {
    let value: Value = serde_json::from_str(golden).unwrap();
    assert!(
        shown().contains(&value),
        "docs/PROTOCOL.md does not show {}",
        serde_json::to_string_pretty(&value).unwrap()
    );
}

#[test]
fn every_request_is_written_as_its_golden_and_shown_in_the_document() {
    for (request, text) in requests() {
        let golden = golden(text);
        let frame = encode_frame(FrameKind::Request, &request).unwrap();
        assert_eq!(std::str::from_utf8(&frame[4..]).unwrap(), golden);
        let read: Request = decode_payload(FrameKind::Request, golden.as_bytes()).unwrap();
        assert_eq!(read, request);
        assert!(golden.starts_with(&format!(r#"{{"type":"{}""#, request.kind())));
        assert_shown(&golden);
    }
}

#[test]
fn every_response_is_written_as_its_golden_and_shown_in_the_document() {
    for (response, text) in responses() {
        let golden = golden(text);
        let frame = encode_frame(FrameKind::Response, &response).unwrap();
        assert_eq!(std::str::from_utf8(&frame[4..]).unwrap(), golden);
        let read: Response = decode_payload(FrameKind::Response, golden.as_bytes()).unwrap();
        assert_eq!(read, response);
        assert!(golden.starts_with(&format!(r#"{{"type":"{}""#, response.kind())));
        assert_shown(&golden);
    }
}

#[test]
fn the_version_probe_is_written_as_its_golden_and_shown_in_the_document() {
    let golden = r#"{"type":"hello","protocol_version":7}"#;
    let frame = VersionProbe {
        protocol_version: 7,
    }
    .encode()
    .unwrap();
    assert_eq!(&frame[4..], golden.as_bytes());
    assert_shown(golden);
}

#[test]
fn every_message_of_the_admission_is_written_as_its_golden_and_shown_in_the_document() {
    for (message, text) in admissions() {
        let golden = golden(text);
        let frame = encode_frame(FrameKind::Admission, &message).unwrap();
        assert_eq!(std::str::from_utf8(&frame[4..]).unwrap(), golden);
        let read: Admission = decode_payload(FrameKind::Admission, golden.as_bytes()).unwrap();
        assert_eq!(read, message);
        assert_shown(&golden);
    }
    assert_hex_shown(
        "the listener of the example",
        PeerId::from_public_key_der(b"listener").as_bytes(),
    );
    for reason in [
        AdmissionRefusal::WrongCode,
        AdmissionRefusal::TooManyAttempts,
    ] {
        let name = serde_json::to_value(reason).unwrap();
        let name = name.as_str().unwrap();
        assert!(DOCUMENT.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn the_goldens_hold_every_kind_of_message_once() {
    let requests = requests();
    let kinds: BTreeSet<&str> = requests.iter().map(|(request, _)| request.kind()).collect();
    assert_eq!(kinds.len(), requests.len());
    assert_eq!(
        kinds.len(),
        15,
        "a request was added: give it a golden and a place in the document"
    );
    let responses = responses();
    let kinds: BTreeSet<&str> = responses
        .iter()
        .map(|(response, _)| response.kind())
        .collect();
    assert_eq!(kinds.len(), responses.len());
    assert_eq!(
        kinds.len(),
        14,
        "a response was added: give it a golden and a place in the document"
    );
}

#[test]
fn every_json_block_of_the_document_is_a_golden() {
    let mut goldens: Vec<String> = vec![r#"{"type":"hello","protocol_version":7}"#.to_owned()];
    goldens.extend(requests().iter().map(|(_, text)| golden(text)));
    goldens.extend(responses().iter().map(|(_, text)| golden(text)));
    goldens.extend(admissions().iter().map(|(_, text)| golden(text)));
    let goldens: Vec<Value> = goldens
        .iter()
        .map(|golden| serde_json::from_str(golden).unwrap())
        .collect();
    for block in shown() {
        assert!(
            goldens.contains(&block),
            "no message is written like {block}"
        );
    }
}

#[test]
fn every_kind_of_refusal_is_named_in_the_document() {
    let kinds = [
        RefusalKind::IdentityMismatch,
        RefusalKind::NotIntroduced,
        RefusalKind::NotAvailable,
        RefusalKind::Busy,
        RefusalKind::BadRequest,
        RefusalKind::Overloaded,
        RefusalKind::TakenBack,
        RefusalKind::NotOrganiser,
    ];
    for kind in kinds {
        let name = serde_json::to_value(kind).unwrap();
        let name = name.as_str().unwrap();
        assert!(DOCUMENT.contains(&format!("| `{name}` |")), "{name}");
    }
}

/// Whether the document shows these bytes, however it breaks the lines.
fn assert_hex_shown(what: &str, bytes: &[u8]) {
    let document: String = DOCUMENT.split_whitespace().collect();
    let hex = hex(bytes);
    assert!(
        document.contains(&hex),
        "docs/PROTOCOL.md does not show {what}: {hex}"
    );
}

#[test]
fn the_document_shows_the_example_of_a_peer_id() {
    assert_hex_shown("the public key", &unhex(PUBLIC_KEY_HEX));
    assert_hex_shown("the peer id", ada().as_bytes());
}

#[test]
fn the_document_shows_the_example_of_a_frame() {
    assert_hex_shown(
        "a frame",
        &encode_frame(FrameKind::Request, &Request::Ping).unwrap(),
    );
}

#[test]
fn the_document_shows_the_example_of_a_digest() {
    assert_hex_shown("the digest of nothing", digest(&[]).as_bytes());
    assert_hex_shown("the digest of two games", digest(&games()).as_bytes());
}

#[test]
fn the_document_shows_the_example_of_a_manifest() {
    // Built from the document's words alone.
    let mut built = b"LSM1".to_vec();
    let text = |text: &str| {
        let len = u16::try_from(text.len()).unwrap().to_le_bytes();
        [&len[..], text.as_bytes()].concat()
    };
    built.extend(text("teeworlds"));
    built.extend(b"20260101");
    built.extend(262_144_u32.to_le_bytes());
    built.extend(2_u32.to_le_bytes());
    built.extend(text("data/map.bin"));
    built.extend(300_000_u64.to_le_bytes());
    built.extend(blake3::hash(&vec![0; 262_144]).as_bytes());
    built.extend(blake3::hash(&vec![0; 300_000 - 262_144]).as_bytes());
    built.extend(text("version.ini"));
    built.extend(8_u64.to_le_bytes());
    built.extend(blake3::hash(b"20260101").as_bytes());

    let manifest = manifest();
    assert_eq!(hex(&manifest.encode()), hex(&built));
    let hash = ManifestHash(ContentHash::of(&built));
    assert_eq!(manifest.hash(), hash);
    assert_hex_shown("the manifest", &built);
    assert_hex_shown("the hash of the manifest", hash.as_bytes());
}

#[test]
fn the_document_is_about_this_version() {
    assert!(DOCUMENT.contains(&format!("This is version {PROTOCOL_VERSION}.")));
    assert!(DOCUMENT.contains(&format!("`lanspread/{PROTOCOL_VERSION}`")));
    assert!(DOCUMENT.contains(&format!("`lanspread/{PROTOCOL_VERSION}+code`")));
}

#[test]
fn unknown_fields_and_kinds_are_refused() {
    for text in [
        r#"{"type":"get-game","id":"teeworlds","colour":"red"}"#,
        r#"{"type":"library-delta","epoch":1,"since":5,"until":9}"#,
        r#"{"type":"get-game"}"#,
        r#"{"type":"GetGame","id":"teeworlds"}"#,
        r#"{"type":"pong"}"#,
        r#"{"id":"teeworlds"}"#,
    ] {
        let read = decode_payload::<Request>(FrameKind::Request, text.as_bytes());
        assert!(read.is_err(), "{text}");
    }
}

#[test]
fn a_hello_may_say_more_than_this_version_knows() {
    let text = golden(requests()[0].1).replacen('{', r#"{"mood":"party","#, 1);
    let read: Request = decode_payload(FrameKind::Request, text.as_bytes()).unwrap();
    assert_eq!(read, Request::Hello(hello()));
}

#[test]
fn values_that_no_type_can_hold_are_refused_when_they_are_read() {
    let hello = golden(requests()[0].1);
    for (good, bad) in [
        ("192.168.1.20:47000", "0.0.0.0:47000"),
        ("192.168.1.20:47000", "192.168.1.20:0"),
        ("192.168.1.20:47000", "party.local:47000"),
        (&*ada().to_string(), "ada"),
        ("\"revision\":7", "\"revision\":-7"),
        ("\"revision\":7", "\"revision\":7.5"),
    ] {
        let text = hello.replace(good, bad);
        assert_ne!(text, hello);
        let read = decode_payload::<Request>(FrameKind::Request, text.as_bytes());
        assert!(read.is_err(), "{text}");
    }
    for id in [
        "",
        "../evil",
        "a/b",
        ".hidden",
        "con",
        "trailing.",
        "nul\\u0000",
    ] {
        let text = format!(r#"{{"type":"get-game","id":"{id}"}}"#);
        let read = decode_payload::<Request>(FrameKind::Request, text.as_bytes());
        assert!(read.is_err(), "{text}");
    }
}
