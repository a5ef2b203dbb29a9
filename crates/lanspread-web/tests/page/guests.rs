//! Whoever comes without a token where guests may: looks, fetches games, and changes nothing.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use lanspread_app::App;
use lanspread_jsonl::{Command, SettingsChange};
use lanspread_peer::PeerView;
use lanspread_testbed::fixture::{ArchiveFormat, GameFixture};
use lanspread_web::{ARCHIVES_MAX, CLIENTS_MAX, GUESTS_MAX, Token, WebServer, WhoMayCome};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::browser::{Browser, PATIENCE, get, limit_uploads, page, peer, refusal, request};

/// The same bytes every time, and none like the others.
const BOARD_BYTES: usize = 9 << 20;

fn host() -> TempDir {
    let host = TempDir::new().expect("a directory");
    let games = host.path().join("games");
    fs::create_dir(&games).expect("writable");
    GameFixture::new("chess")
        .version("20240101")
        .file("readme.txt", "black and white\n")
        .random_archive(
            "chess.eti",
            ArchiveFormat::Zip,
            &[("board.bin", BOARD_BYTES)],
        )
        .build(&games)
        .expect("a game");
    host
}

async fn shared(browser: &mut Browser) {
    let hashed = |state: &serde_json::Value| {
        Browser::game(state, "chess").is_some_and(|game| game["downloaded"] == true)
    };
    browser.until("the game is seen", hashed).await;
}

/// Waits until the game can be shared.
async fn hashed(app: &App) {
    let mut views = app.handle().game_db().subscribe();
    let is_hashed = |view: &Arc<PeerView>| view.games.iter().any(|game| game.manifest.is_some());
    let waits = views.wait_for(is_hashed);
    timeout(PATIENCE, waits)
        .await
        .expect("in time")
        .expect("the peer runs");
}

/// A peer that can send the game to whoever comes from this machine.
async fn sharing() -> (TempDir, Arc<App>, WebServer) {
    let host = host();
    let app = peer(host.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    hashed(&app).await;
    (host, app, server)
}

/// Asks for the archive of a game.
async fn ask(server: &WebServer, id: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr()).await.expect("it listens");
    let request = format!(
        "GET /api/games/{id}/archive HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.addr()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

/// The rest of an answer of which something was read: its head, and what followed, if it came to its end.
async fn take(mut stream: TcpStream, mut answer: Vec<u8>) -> (String, Option<Vec<u8>>) {
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    drop(read.expect("in time"));
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let body = answer.split_off(end + 4);
    let whole = promised_bytes(&head) == Some(body.len());
    (head, whole.then_some(body))
}

/// The whole answer to a request for an archive.
async fn fetch(server: &WebServer, id: &str) -> (String, Option<Vec<u8>>) {
    take(ask(server, id).await, Vec::new()).await
}

/// How many bytes a head says that follow.
fn promised_bytes(head: &str) -> Option<usize> {
    let lower = head.to_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    length?.trim().parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_looks_and_fetches_a_game_and_changes_nothing() {
    let host = host();
    let app = peer(host.path());
    app.ready().cancelled().await;
    let who = WhoMayCome::Everybody(Token::draw().expect("random"));
    app.let_guests_in();
    let server = page(&app, who).await;
    let mut guest = Browser::open(&server, "lanspread").await;
    assert_eq!(guest.seat, "guest");
    shared(&mut guest).await;
    let me = &guest.state["me"];
    for private in ["games_dir", "state_dir"] {
        assert_eq!(me[private], "", "{me}");
    }
    for command in [
        json!({ "cmd": "remove", "id": "chess" }),
        json!({ "cmd": "set-playing", "playing": true }),
        json!({ "cmd": "change-settings", "name": "Mallory" }),
    ] {
        let answer = guest.command(command).await;
        assert_eq!(answer["error"]["kind"], "not-allowed", "{answer}");
    }
    let host_header = format!("Host: {}\r\n", server.addr());
    for log in [
        "/api/log",
        "/api/unpack-log",
        "/api/game-log",
        "/api/games/chess/install-size",
    ] {
        assert_eq!(get(&server, log, &host_header).await.0, 403);
    }
    assert_eq!(get(&server, "/api/games/chess", &host_header).await.0, 200);

    hashed(&app).await;
    let (status, files) = get(&server, "/api/games/chess/files", &host_header).await;
    assert!(status == 200 && files.contains(r#""here":true"#), "{files}");
    assert!(files.contains(r#""path":"version.ini""#), "{files}");
    let (status, refusal) = get(&server, "/api/games/go/files", &host_header).await;
    assert!(
        status == 409 && refusal.contains("unknown-game"),
        "{refusal}"
    );
    let (head, body) = fetch(&server, "chess").await;
    assert!(head.contains("content-type: application/zip"), "{head}");
    assert!(head.contains("filename=\"chess.zip\""), "{head}");
    let body = body.expect("it came to its end");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(body)).expect("a zip");
    let mut names: Vec<String> = (0..archive.len())
        .map(|at| {
            let entry = archive.by_index(at).expect("an entry");
            entry.name().expect("Unicode").into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["chess/chess.eti", "chess/readme.txt", "chess/version.ini"]
    );
    for name in names {
        let mut came = Vec::new();
        let mut entry = archive.by_name(&name).expect("an entry");
        entry.read_to_end(&mut came).expect("its checksum fits");
        let lies_here = fs::read(host.path().join("games").join(&name)).expect("the file");
        assert!(came == lies_here, "{name} differs");
    }
    app.handle().shutdown().await;
}

/// Another byte in the middle, the same size and times. In place, as a disk does it: whoever looks meanwhile finds a
/// whole file.
fn rot(path: &Path) {
    let mut file = fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .expect("the file");
    let times = file.metadata().and_then(|file| file.modified());
    let mut byte = [0];
    file.seek(SeekFrom::Start(BOARD_BYTES as u64 / 2))
        .expect("it is as long");
    file.read_exact(&mut byte).expect("readable");
    file.seek(SeekFrom::Start(BOARD_BYTES as u64 / 2))
        .expect("it is as long");
    file.write_all(&[!byte[0]]).expect("writable");
    file.set_modified(times.expect("times")).expect("its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_of_a_game_that_is_damaged_on_the_way_breaks_off() {
    let (host, app, server) = sharing().await;
    // Else all of it may be on its way before anything is damaged.
    limit_uploads(&app, Some(BOARD_BYTES as u64 / 2)).await;
    let mut stream = ask(&server, "chess").await;
    let mut begun = vec![0; 12];
    stream.read_exact(&mut begun).await.expect("a head");
    assert_eq!(begun, b"HTTP/1.1 200");
    rot(&host.path().join("games/chess/chess.eti"));
    let (head, body) = take(stream, begun).await;
    assert!(promised_bytes(&head) > Some(BOARD_BYTES), "{head}");
    assert!(body.is_none(), "half of a game was handed out as a whole");
    app.handle().shutdown().await;
}

/// A browser showed its own page about an empty answer.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_game_that_is_damaged_before_a_guest_reads_why_it_is_not_sent() {
    let (host, app, server) = sharing().await;
    let path = host.path().join("games/chess/chess.eti");
    let refused = async {
        loop {
            rot(&path);
            let (head, body) = fetch(&server, "chess").await;
            if head.contains(" 409 ") {
                return body.expect("whole");
            }
            // It was hashed again before anybody asked, so it is another game, and whole.
        }
    };
    let said = timeout(PATIENCE, refused).await.expect("in time");
    let said = String::from_utf8(said).expect("text");
    assert!(said.contains("chess") && said.ends_with(".\n"), "{said}");
    app.handle().shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_archives_are_sent_at_the_same_time_and_the_next_is_told_so() {
    let (_host, app, server) = sharing().await;
    let mut held = Vec::new();
    for _ in 0..ARCHIVES_MAX {
        let mut stream = ask(&server, "chess").await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("a head");
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    let (answer, _) = fetch(&server, "chess").await;
    assert!(answer.contains(" 503 "), "{answer}");
    app.handle().shutdown().await;
}

#[tokio::test]
async fn guests_come_as_soon_as_the_settings_let_them_and_not_before() {
    let host = host();
    let app = peer(host.path());
    app.ready().cancelled().await;
    let token = Token::draw().expect("random");
    let server = page(&app, WhoMayCome::Everybody(token.clone())).await;
    assert_eq!(refusal(request(&server, None, "lanspread")).await, 403);
    let change = SettingsChange {
        guests: Some(true),
        ..SettingsChange::default()
    };
    app.run(Command::ChangeSettings(change))
        .await
        .expect("it is kept");
    assert_eq!(Browser::open(&server, "lanspread").await.seat, "guest");
    let with_token = format!("lanspread, {}", token.reveal());
    assert_eq!(Browser::open(&server, &with_token).await.seat, "elsewhere");
    app.handle().shutdown().await;
}

/// As many guests as browsers at all could come, and whoever had the token was told that nobody answers.
#[tokio::test]
async fn however_many_guests_come_whoever_has_the_token_finds_a_place() {
    let host = host();
    let app = peer(host.path());
    app.ready().cancelled().await;
    let token = Token::draw().expect("random");
    app.let_guests_in();
    let server = page(&app, WhoMayCome::Everybody(token.clone())).await;
    let host_header = format!("Host: {}\r\n", server.addr());
    assert_eq!(get(&server, "/api/seat", &host_header).await.0, 200);
    let mut browsers = Vec::new();
    for _ in 0..GUESTS_MAX {
        browsers.push(Browser::open(&server, "lanspread").await);
    }
    assert_eq!(refusal(request(&server, None, "lanspread")).await, 503);
    let (status, text) = get(&server, "/api/seat", &host_header).await;
    assert_eq!(status, 503);
    assert!(
        text.contains("browsers look at this peer already"),
        "{text}"
    );

    let with_token = format!("lanspread, {}", token.reveal());
    let authorised = format!("{host_header}Authorization: Bearer {}\r\n", token.reveal());
    for _ in GUESTS_MAX..CLIENTS_MAX {
        assert_eq!(get(&server, "/api/seat", &authorised).await.0, 200);
        browsers.push(Browser::open(&server, &with_token).await);
    }
    assert_eq!(get(&server, "/api/seat", &authorised).await.0, 503);
    app.handle().shutdown().await;
}

#[tokio::test]
async fn the_link_for_guests_is_told_to_whoever_may_invite_them_and_holds_no_token() {
    let host = host();
    let app = peer(host.path());
    app.ready().cancelled().await;
    let token = Token::draw().expect("random");
    app.let_guests_in();
    let server = page(&app, WhoMayCome::Everybody(token.clone())).await;
    let header = format!("Host: {}\r\n", server.addr());
    assert_eq!(get(&server, "/api/guest-links", &header).await.0, 403);
    let header = format!("{header}Authorization: Bearer {}\r\n", token.reveal());
    let (status, text) = get(&server, "/api/guest-links", &header).await;
    assert_eq!(status, 200);
    let body = text.find('{').map_or("", |at| &text[at..]);
    let told: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(told["links"], json!([format!("http://{}/", server.addr())]));
    assert!(
        told["squares"]
            .as_array()
            .is_some_and(|rows| rows.len() > 20)
    );
    assert!(!text.contains(token.reveal()));

    let server = page(&app, WhoMayCome::ThisMachine).await;
    let header = format!("Host: {}\r\n", server.addr());
    let (_, text) = get(&server, "/api/guest-links", &header).await;
    assert!(text.contains(r#"{"links":[],"squares":[]}"#), "{text}");
    app.handle().shutdown().await;
}

#[tokio::test]
async fn guests_who_were_let_in_for_this_run_are_shown_as_such_and_put_out_again_by_the_settings() {
    let host = host();
    let app = peer(host.path());
    app.ready().cancelled().await;
    app.let_guests_in();
    let token = Token::draw().expect("random");
    let server = page(&app, WhoMayCome::Everybody(token.clone())).await;
    assert_eq!(Browser::open(&server, "lanspread").await.seat, "guest");
    let mut user = Browser::open(&server, &format!("lanspread, {}", token.reveal())).await;
    assert_eq!(user.state["settings"]["guests"], true);
    assert!(!app.settings().guests, "it is kept nowhere");
    let other = json!({ "cmd": "change-settings", "language": "de" });
    assert_eq!(user.command(other).await["ok"], true);
    assert!(app.lets_guests_in());
    let out = json!({ "cmd": "change-settings", "guests": false });
    assert_eq!(user.command(out).await["ok"], true);
    user.until("nobody may come", |state| {
        state["settings"]["guests"] == false
    })
    .await;
    assert_eq!(refusal(request(&server, None, "lanspread")).await, 403);
    app.handle().shutdown().await;
}
