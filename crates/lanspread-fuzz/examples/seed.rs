//! Writes the seeds of the corpora: `cargo run -p lanspread-fuzz --example seed`.
//!
//! Invariant: made by the code that writes such bytes in earnest, or taken from the documentation where
//! people write them; and the same every time but for the times of files in the index. It only adds and
//! replaces files that it names itself, so what discovery found stays.

use std::{
    error::Error,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use lanspread_db::{
    ChunkRef, ContentHash, Game, GameId, Manifest, ManifestFile, ManifestHash, Pins, RelPath,
    Version,
    catalog::{build, write_pins},
};
use lanspread_proto::{
    Admission, AdmissionRefusal, ChunkRequest, ChunkRuns, ExpelledPeer, FrameKind, GameSummary,
    Hello, Holdings, HoldingsLog, HoldingsRequest, LibraryDelta, LibraryEpoch, LibraryRevision,
    LibrarySnapshot, LibraryState, MessageText, PartyMessage, PeerId, PeerName, PeerOperation,
    PeerSource, PeerStatus, Refusal, RefusalKind, Request, Response, Token, VersionProbe, Work,
    WrongVersion, encode_frame,
};
use lanspread_sim::expand;
use lanspread_testbed::fixture::{ArchiveFormat, Contents, write_archive};

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    wire()?;
    admissions()?;
    vocabulary()?;
    catalogs()?;
    disk()?;
    discovery()?;
    commands()?;
    archives()?;
    parties()
}

/// Two walks of the simulator.
fn parties() -> Done {
    for seed in [7, 11] {
        put("party", &format!("walk-{seed}"), expand(seed, 30))?;
    }
    Ok(())
}

fn put(target: &str, name: &str, bytes: impl AsRef<[u8]>) -> Done {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&directory)?;
    Ok(fs::write(directory.join(name), bytes)?)
}

fn id(text: &str) -> GameId {
    GameId::parse(text).expect("an id")
}

fn version() -> Version {
    Version::parse("20240101").expect("a version")
}

fn chunks(manifest: ManifestHash, which: &[(u32, u32)]) -> ChunkRequest {
    let which = which.iter();
    ChunkRequest {
        id: id("teeworlds"),
        manifest,
        chunks: which
            .map(|&(file, chunk)| ChunkRef { file, chunk })
            .collect(),
    }
}

fn manifest() -> Manifest {
    let chunk_bytes = Manifest::chunk_bytes_for(0);
    let file = |path: &str, size_bytes: u64| ManifestFile {
        path: RelPath::parse(path).expect("a path"),
        size_bytes,
        chunks: (0..Manifest::chunks_in(size_bytes, chunk_bytes))
            .map(|chunk| ContentHash::of(format!("{path} {chunk}").as_bytes()))
            .collect(),
    };
    let files = vec![
        file("data/maps/dm1.map", 300_000),
        file("data/empty", 0),
        file("teeworlds.eti", 1000),
        file("version.ini", 8),
    ];
    let mut files = files;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Manifest::new(id("teeworlds"), version(), chunk_bytes, files).expect("a manifest")
}

fn what_is_held() -> Response {
    Response::Holdings(Holdings {
        log: HoldingsLog(9),
        upto: 3,
        chunks: ChunkRuns::new(vec![0..1, 2..3]).expect("runs"),
    })
}

fn what_is_held_since(manifest: ManifestHash) -> Request {
    Request::Holdings(HoldingsRequest {
        id: id("teeworlds"),
        manifest,
        log: HoldingsLog(9),
        since: 1,
    })
}

fn expelled(peer_id: PeerId) -> ExpelledPeer {
    ExpelledPeer {
        peer_id,
        name: PeerName::new("Mallory"),
        left_s: 43_200,
    }
}

fn status() -> PeerStatus {
    PeerStatus {
        program: "0.1.0".to_owned(),
        free_bytes: Some(268_435_456_000),
        clock_ms: None,
        games_folder: true,
        playing: false,
        player: true,
        installed: Some(vec![id("teeworlds")]),
        operations: vec![PeerOperation {
            id: id("teeworlds"),
            work: Work::Download,
            percent: 41,
            left_s: Some(12),
            waiting: false,
            sources: vec![PeerSource {
                peer: PeerId::from_bytes([7; 32]),
                rate_bytes_per_s: 11_534_336,
            }],
        }],
    }
}

fn message() -> PartyMessage {
    PartyMessage {
        run: LibraryEpoch(7),
        number: 1,
        age_ms: 40,
        text: MessageText::new("Pizza is here").expect("a text"),
    }
}

fn wire() -> Done {
    let manifest = manifest();
    let peer = PeerId::from_bytes([7; 32]);
    let summary = GameSummary {
        id: id("teeworlds"),
        title: "Teeworlds".to_owned(),
        version: version(),
        size_bytes: manifest.total_bytes(),
        manifest: Some(manifest.hash()),
    };
    let state = LibraryState {
        epoch: LibraryEpoch(3),
        revision: LibraryRevision(5),
        digest: ContentHash::of(b"library"),
    };
    let hello = Hello::new(
        "192.168.1.20:47000".parse()?,
        peer,
        PeerName::new("Ada"),
        state.clone(),
    );
    let requests = [
        Request::Hello(hello.clone()),
        Request::Ping,
        Request::LibrarySummary {
            state: state.clone(),
        },
        Request::LibrarySnapshot,
        Request::LibraryDelta {
            epoch: LibraryEpoch(3),
            since: LibraryRevision(4),
        },
        Request::ListGames,
        Request::GetGame {
            id: id("teeworlds"),
        },
        Request::GetGameFileChunk(chunks(manifest.hash(), &[(0, 0), (1, 1)])),
        Request::TakeBack(chunks(manifest.hash(), &[(1, 1)])),
        what_is_held_since(manifest.hash()),
        Request::Expulsions {
            expelled: vec![expelled(peer)],
        },
        Request::Status(status()),
        Request::Message(message()),
        Request::LaneToken,
        Request::Goodbye,
    ];
    for request in &requests {
        let frame = encode_frame(FrameKind::Request, request)?;
        put("frame", request.kind(), &frame)?;
        put("request", request.kind(), &frame[4..])?;
    }
    let responses = [
        Response::HelloAck(hello),
        Response::Pong,
        Response::LibrarySnapshot(LibrarySnapshot {
            state: state.clone(),
            games: vec![summary.clone()],
        }),
        Response::LibraryDelta(LibraryDelta {
            since: LibraryRevision(4),
            state,
            changed: vec![summary.clone()],
            removed: vec![id("gone")],
        }),
        Response::Games {
            games: vec![summary],
        },
        Response::GamePending {
            hashed_bytes: 1,
            total_bytes: 2,
        },
        what_is_held(),
        Response::WrongVersion(WrongVersion { ours: 1, yours: 2 }),
        Response::Refused(Refusal::new(
            RefusalKind::Busy,
            "ask again \u{e4} \"later\"",
        )),
        Response::LaneToken {
            token: Token([0xa5; 32]),
        },
        Response::Noted,
    ];
    for response in &responses {
        let frame = encode_frame(FrameKind::Response, response)?;
        put("frame", response.kind(), &frame)?;
        put("response", response.kind(), &frame[4..])?;
        if matches!(response, Response::WrongVersion(_)) {
            put("version-exchange", "answer", &frame[4..])?;
        }
    }
    put("frame", "endless", [0xff; 12])?;
    put("request", "nested", "[".repeat(1000))?;
    probe()
}

fn probe() -> Done {
    let probe = VersionProbe {
        protocol_version: lanspread_proto::PROTOCOL_VERSION,
    };
    put("version-exchange", "probe", &probe.encode()?[4..])
}

fn admissions() -> Done {
    let token = Token([0xa5; 32]);
    for (name, message) in [
        ("share", Admission::AdmissionShare { share: token }),
        ("proof", Admission::AdmissionProof { proof: token }),
        (
            "refused",
            Admission::AdmissionRefused {
                reason: AdmissionRefusal::WrongCode,
            },
        ),
    ] {
        let frame = encode_frame(FrameKind::Admission, &message)?;
        put("admission", name, &frame[4..])?;
    }
    Ok(())
}

fn vocabulary() -> Done {
    put("manifest", "teeworlds", manifest().encode())?;
    let paths = [
        ("plain", "data/maps/dm1.map"),
        ("climbing", "../../etc/passwd"),
        ("absolute", "/etc/passwd"),
        ("windows", "C:\\Windows\\win.ini"),
        ("device", "data/CON.txt"),
        ("stream", "file.txt:stream"),
        ("dots", "a/./b/.."),
        ("unicode", "Spiele/\u{e4}rger/a\u{308}.txt"),
        ("joined", "data\nmaps/dm1.map"),
    ];
    for (name, path) in paths {
        put("rel-path", name, path)?;
    }
    let names = [
        ("id", "openarena".to_owned()),
        ("version", "20240101".to_owned()),
        ("version-ini", "\u{feff}20240101 \r\nmore".to_owned()),
        ("hash", ManifestHash::of_encoding(b"x").to_string()),
        ("address", "[fe80::1%2]:47000".to_owned()),
        ("address4", "192.168.1.20:47000".to_owned()),
        ("text", "Line one<br>line\u{202e} two\u{1b}[31m".to_owned()),
    ];
    for (name, text) in names {
        put("names", name, text)?;
    }
    Ok(())
}

fn catalogs() -> Done {
    let directory = tempfile::tempdir()?;
    let games = directory.path().join("games");
    for name in ["chess", "go"] {
        fs::create_dir_all(games.join(name))?;
        fs::write(games.join(name).join("version.ini"), "20240101")?;
    }
    let path = directory.path().join("game.db");
    build(&games, &path)?;
    let connection = rusqlite::Connection::open(&path)?;
    connection.execute_batch(
        "INSERT INTO genre VALUES (1, 'Brett', 'Board', NULL);
         UPDATE games SET genre_id = 1, game_maxplayers = '2 (+ 6 CPU)', game_readme_en = 'a<br>b';
         INSERT INTO games(game_id, game_version) VALUES ('../evil', 'never');
         PRAGMA page_size = 512; VACUUM;",
    )?;
    drop(connection);
    put("catalog", "built", fs::read(&path)?)?;
    let mut pins = Pins::new();
    pins.insert(Game::new(id("chess")).id, version(), manifest().hash());
    write_pins(&path, &pins)?;
    put("catalog", "pinned", fs::read(&path)?)
}

/// The files that a peer writes for itself, as it wrote them for a game that was hashed, and one whose
/// download was interrupted.
fn disk() -> Done {
    let manifest = ManifestHash::of_encoding(b"x");
    let intents = [
        (
            "switching",
            format!(r#"{{"kind":"switching","manifest":"{manifest}"}}"#),
        ),
        (
            "installing",
            r#"{"kind":"installing","version":"20240101"}"#.to_owned(),
        ),
        ("removing", r#"{"kind":"removing"}"#.to_owned()),
    ];
    for (name, intent) in intents {
        let rest = r#""files":["a/b.bin"],"folders":["a"],"version_ini":"32303234""#;
        put(
            "intent",
            name,
            format!(r#"{{"format":1,"intent":{intent},{rest}}}"#),
        )?;
    }
    put("intent", "newer", r#"{"format":2,"what":"ever"}"#)?;
    let directory = tempfile::tempdir()?;
    let games = directory.path().join("games");
    let root = games.join("chess");
    fs::create_dir_all(&root)?;
    fs::write(root.join("version.ini"), "20240101")?;
    fs::write(root.join("chess.eti"), [7; 100])?;
    let state = directory.path().join("state");
    let disk =
        lanspread_disk::Disk::new(&state, std::sync::Arc::new(lanspread_unpack::AnyUnpacker))?;
    disk.open_game_dir(&games, lanspread_disk::Unreadable::Refused)?;
    disk.hash_root(
        &id("chess"),
        lanspread_core::HashTrust::Nothing,
        &|_, _| (),
        &lanspread_unpack::CancelFlag::new(),
    )?;
    for found in below(&state)? {
        let name = found.file_name().unwrap_or_default().to_string_lossy();
        let parent = found.parent().and_then(Path::file_name).unwrap_or_default();
        if parent == "index" {
            let bytes = fs::read(&found)?;
            put("index", &name, &bytes)?;
            put("index", "without-sum", &bytes[..bytes.len() - 32])?;
        }
    }
    put(
        "install-record",
        "two",
        r#"{"format":1,"files":{"bin/game":[100,1700000000000000000]},"links":{"game":"bin/game"}}"#,
    )?;
    let staged = |parts: &[&[u8]]| {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(part);
        }
        bytes
    };
    let marker = b"Lanspread made or took over this directory and may delete it.\n";
    put(
        "resume",
        "complete",
        staged(&[marker, &[0x0f], b"aaaaaaaa", b"cccc", b"d", b"20240101"]),
    )?;
    put(
        "resume",
        "half",
        staged(&[marker, &[0x05], b"aaaaaaaa", b"", b"x", b""]),
    )?;
    put(
        "resume",
        "made-root",
        staged(&[
            b"version 20240101\nmade the game directory too\n",
            &[],
            b"aaaaaaa",
            b"ccccc",
            b"d",
            b"2024",
        ]),
    )
}

/// All files below a directory.
fn below(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn discovery() -> Done {
    let peer_id = "0123456789abcdef".repeat(4);
    let label = &peer_id[..32];
    let text = format!(
        "{label}._lanspread._udp.local.\n47000\n@c0a80114\n@fe800000000000000000000000000001\n\
         id={peer_id}\nv=1\nrev=3.5\nhost=gaming-pc\nname=Ada"
    );
    put("advertisement", "whole", &text)?;
    put(
        "advertisement",
        "upper",
        text.replace("id=", "ID=")
            .replace("name=Ada", "name=\u{1b}"),
    )?;
    put(
        "advertisement",
        "alien",
        "printer._ipp._tcp.local.\n0\ntxtvers=1",
    )
}

/// The commands that the documentation shows, and two lines that are none.
fn commands() -> Done {
    let documentation = include_str!("../../../docs/JSONL.md");
    for line in documentation.lines().filter(|line| line.starts_with('{')) {
        let line_read: serde_json::Value = serde_json::from_str(line)?;
        if let Some(command) = line_read["cmd"].as_str() {
            put("json-command", command, line)?;
        }
    }
    put(
        "json-command",
        "nested",
        format!(r#"{{"seq":{}"#, "[".repeat(1000)),
    )?;
    let text = r#"{"seq":"\u2028\n\ud83d\ude00","cmd":"dance"}"#;
    put("json-command", "text", text)
}

fn archives() -> Done {
    let directory = tempfile::tempdir()?;
    let contents = Contents::new()
        .file("readme.txt", "hello, hello, hello, hello, hello")
        .random_file("seed", "bin/game.bin", 300);
    let linked = Contents::new()
        .file("a/b.txt", "b")
        .link("a/inside", "b.txt")
        .link("a/outside", "../../outside");
    let climbing = Contents::new().file("../evil", "x").file("good", "y");
    let packed = |format, contents: &Contents| -> Result<Vec<u8>, Box<dyn Error>> {
        let path = directory.path().join("game.eti");
        write_archive(format, &path, contents)?;
        Ok(fs::read(path)?)
    };
    put("rar", "stored", packed(ArchiveFormat::Rar, &contents)?)?;
    put("rar", "linked", packed(ArchiveFormat::Rar, &linked)?)?;
    for (name, version) in [
        ("rar5", rars::ArchiveVersion::Rar50),
        ("rar4", rars::ArchiveVersion::Rar40),
        ("rar2", rars::ArchiveVersion::Rar20),
        ("rar7", rars::ArchiveVersion::Rar70),
    ] {
        let mut builder = rars::Builder::new(version).compression_level(Some(1));
        builder.add_bytes(
            b"readme.txt".to_vec(),
            b"hello hello hello".repeat(9),
            None,
            None,
        )?;
        builder.add_bytes(b"bin/game".to_vec(), b"game".repeat(20), None, None)?;
        put("rar", name, builder.to_bytes()?)?;
    }
    put("7z", "stored", packed(ArchiveFormat::SevenZip, &contents)?)?;
    for (name, contents) in [
        ("plain", &contents),
        ("linked", &linked),
        ("climbing", &climbing),
    ] {
        put("zip", name, packed(ArchiveFormat::Zip, contents)?)?;
        let zst = packed(ArchiveFormat::TarZstd, contents)?;
        let tar = zstd::decode_all(zst.as_slice())?;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&tar)?;
        put("tar", name, &tar)?;
        put("tar-gz", name, gzip.finish()?)?;
        put("tar-zst", name, zst)?;
    }
    Ok(())
}
