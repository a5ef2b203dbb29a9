//! A browser's side of the conversation, over real sockets, with real peers behind it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use lanspread_app::{App, AppOptions, Chosen};
use lanspread_peer::{DiscoveryMode, PeerOptions};
use lanspread_testbed::fixture::{ArchiveFormat, Contents, GameFixture};
use lanspread_web::{CLIENTS_MAX, Token, WebError, WebOptions, WebServer, WhoMayCome};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, handshake::client::Request},
};

/// Longest wait for anything here.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer on loopback that knows only whom it is told of.
fn peer(dir: &Path) -> Arc<App> {
    peer_with(dir, None)
}

fn peer_with(dir: &Path, catalog: Option<Chosen<PathBuf>>) -> Arc<App> {
    let (app, _events) = App::start(AppOptions {
        games_dir: dir.join("games"),
        catalog,
        peer: PeerOptions {
            state_dir: dir.join("state"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            discovery: DiscoveryMode::ConnectOnly,
            ..PeerOptions::default()
        },
    })
    .expect("a peer starts");
    app
}

async fn page(app: &Arc<App>, who: WhoMayCome) -> WebServer {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    WebServer::start(Arc::clone(app), WebOptions { addr, who })
        .await
        .expect("the page is served")
}

/// What a browser asks for, from a page of this origin.
fn request(server: &WebServer, origin: Option<&str>, protocols: &str) -> Request {
    let mut request = format!("ws://{}/api/live", server.addr())
        .into_client_request()
        .expect("a valid address");
    let headers = request.headers_mut();
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().expect("a header"));
    }
    headers.insert(
        "sec-websocket-protocol",
        protocols.parse().expect("a header"),
    );
    request
}

/// The status of a refusal.
async fn refusal(request: Request) -> u16 {
    match connect_async(request).await {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("it was not refused: {other:?}"),
    }
}

struct Browser {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seq: u64,
    sequence: u64,
    state: Value,
}

impl Browser {
    async fn open(server: &WebServer, protocols: &str) -> Self {
        let origin = format!("http://{}", server.addr());
        let request = request(server, Some(&origin), protocols);
        let (socket, response) = connect_async(request).await.expect("let in");
        assert_eq!(response.headers()["sec-websocket-protocol"], "lanspread");
        let mut browser = Self {
            socket,
            seq: 0,
            sequence: 0,
            state: Value::Null,
        };
        let first = browser.message().await;
        assert_eq!(first["type"], "snapshot");
        assert_eq!(first["sequence"], 0);
        browser.state = first["snapshot"].clone();
        browser
    }

    async fn message(&mut self) -> Value {
        loop {
            let next = timeout(PATIENCE, self.socket.next());
            match next.await.expect("in time").expect("open").expect("sound") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) => {}
                other => panic!("{other:?} was not expected"),
            }
        }
    }

    /// Takes an update as the front end does; `None` if the message is an answer, which is handed back.
    fn take(&mut self, message: Value) -> Option<Value> {
        if message["type"] != "patch" {
            return Some(message);
        }
        self.sequence += 1;
        assert_eq!(message["sequence"], self.sequence, "no update is missing");
        let parts = message["patch"].as_object().expect("an object").clone();
        for (name, value) in parts {
            if name == "games" {
                self.take_games(&value);
            } else {
                self.state[name] = value;
            }
        }
        None
    }

    fn take_games(&mut self, patch: &Value) {
        let games = self.state["games"].as_array_mut().expect("games");
        let replaced = |game: &Value| {
            let is = |other: &Value| other["id"] == game["id"];
            patch["changed"].as_array().expect("games").iter().any(is)
                || patch["gone"].as_array().expect("ids").contains(&game["id"])
        };
        games.retain(|game| !replaced(game));
        games.extend(patch["changed"].as_array().expect("games").iter().cloned());
    }

    async fn command(&mut self, mut command: Value) -> Value {
        self.seq += 1;
        command["seq"] = json!(self.seq);
        let sent = self.socket.send(Message::text(command.to_string()));
        sent.await.expect("open");
        loop {
            let message = self.message().await;
            if let Some(answer) = self.take(message) {
                assert_eq!(answer["seq"], self.seq);
                return answer;
            }
        }
    }

    /// Waits until the state looks like this.
    async fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) {
        while !is(&self.state) {
            let message = self.message().await;
            let answer = self.take(message);
            assert_eq!(answer, None, "while waiting until {what}");
        }
    }

    fn game<'a>(state: &'a Value, id: &str) -> Option<&'a Value> {
        let games = state["games"].as_array()?;
        games.iter().find(|game| game["id"] == id)
    }
}

/// The answer to a request of a browser, without its head's details.
async fn get(server: &WebServer, path: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.addr()).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer));
    read.await.expect("in time").expect("read");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.expect("a status"), answer)
}

#[tokio::test]
async fn a_game_is_fetched_installed_and_deleted_from_a_browser() {
    let (host, guest) = (
        TempDir::new().expect("a directory"),
        TempDir::new().expect("a directory"),
    );
    std::fs::create_dir(host.path().join("games")).expect("writable");
    GameFixture::new("chess")
        .version("20240101")
        .random_archive("chess.eti", ArchiveFormat::Zip, &[("board.bin", 3 << 20)])
        .build(&host.path().join("games"))
        .expect("a game");
    let (alpha, bravo) = (peer(host.path()), peer(guest.path()));
    alpha.ready().cancelled().await;
    bravo.ready().cancelled().await;
    let server = page(&bravo, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    assert_eq!(browser.state["games"], json!([]));

    let addr = alpha.handle().listen_addrs()[0];
    let connected = browser
        .command(json!({ "cmd": "connect", "addr": addr }))
        .await;
    assert_eq!(connected["ok"], true, "{connected}");
    browser
        .until("the game is seen at the other", |state| {
            Browser::game(state, "chess").is_some_and(|game| game["action"] == "download")
        })
        .await;
    assert_eq!(browser.state["peers"].as_array().map(Vec::len), Some(1));

    let begun = browser
        .command(json!({ "cmd": "download", "id": "chess" }))
        .await;
    assert_eq!(begun["ok"], true, "{begun}");
    browser
        .until("it is ready to play", |state| {
            let ready = |game: &Value| game["state"] == "ready";
            Browser::game(state, "chess").is_some_and(ready)
                && state["operations"] == json!([])
                && state["finished"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty())
        })
        .await;
    let finished = browser.state["finished"][0].clone();
    assert_eq!(finished["outcome"]["result"], "finished", "{finished}");
    assert!(guest.path().join("games/chess/local/board.bin").is_file());

    let kept = browser
        .command(json!({ "cmd": "remove", "id": "chess" }))
        .await;
    assert_eq!(kept["ok"], false);
    assert_eq!(kept["error"]["kind"], "installed", "{kept}");

    let gone = browser
        .command(json!({ "cmd": "uninstall", "id": "chess" }))
        .await;
    assert_eq!(gone["ok"], true, "{gone}");
    browser
        .until("it is not unpacked any more", |state| {
            let packed =
                |game: &Value| game["state"] == "downloaded" && game["action"] == "install";
            Browser::game(state, "chess").is_some_and(packed) && state["operations"] == json!([])
        })
        .await;

    // Whoever comes late is shown what the first was shown step by step.
    let late = Browser::open(&server, "lanspread").await;
    let mut seen = browser.state.clone();
    seen["games"]
        .as_array_mut()
        .expect("games")
        .sort_by_key(|game| game["id"].to_string());
    assert_eq!(late.state, seen);

    bravo.handle().shutdown().await;
    timeout(PATIENCE, server.ended())
        .await
        .expect("the page ends with its peer");
}

#[cfg(unix)]
#[tokio::test]
async fn a_game_is_set_up_once_and_played_from_a_browser() {
    let dir = TempDir::new().expect("a directory");
    let games = dir.path().join("games");
    std::fs::create_dir(&games).expect("writable");
    // The script waits for a file, so that it can be seen to run.
    GameFixture::new("chess")
        .file("game_setup.sh", "echo set up >> ../setups\n")
        .file(
            "game_start.sh",
            "echo \"$2 $3 $4\" >> ../starts; while [ ! -e ../over ]; do sleep 0.05; done; echo bye; exit 3\n",
        )
        .archive(
            "chess.eti",
            ArchiveFormat::Zip,
            Contents::new().file("cfg/account_name.txt", "nobody"),
        )
        .build(&games)
        .expect("a game");
    let app = peer(dir.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    let early = browser
        .command(json!({ "cmd": "play", "id": "chess" }))
        .await;
    assert_eq!(early["error"]["kind"], "not-installed", "{early}");
    browser
        .command(json!({ "cmd": "install", "id": "chess" }))
        .await;
    let play = json!({ "cmd": "play", "id": "chess", "player": "Änna", "language": "de" });
    browser
        .until("it can be played", |state| {
            Browser::game(state, "chess").is_some_and(|game| game["action"] == "play")
                && state["operations"] == json!([])
        })
        .await;
    for _ in 0..2 {
        drop(std::fs::remove_file(games.join("over")));
        let begun = browser.command(play.clone()).await;
        assert_eq!(begun["ok"], true, "{begun}");
        let again = browser.command(play.clone()).await;
        assert_eq!(again["error"]["kind"], "busy", "{again}");
        browser
            .until("it runs", |state| state["running"][0]["script"] == "start")
            .await;
        std::fs::write(games.join("over"), "").expect("writable");
        browser
            .until("it has ended", |state| state["running"] == json!([]))
            .await;
    }
    browser
        .until("its failure is told", |state| {
            state["notices"].as_array().is_some_and(|all| {
                all.iter()
                    .filter(|notice| notice["kind"] == "script-failed")
                    .count()
                    == 2
            })
        })
        .await;
    let read = |path: &str| std::fs::read_to_string(games.join(path)).expect("written");
    assert_eq!(read("starts"), "chess de Änna\nchess de Änna\n");
    assert_eq!(read("setups"), "set up\n");
    assert_eq!(read("chess/local/cfg/account_name.txt"), "Änna");
    let server_script = browser
        .command(json!({ "cmd": "start-server", "id": "chess" }))
        .await;
    assert_eq!(
        server_script["error"]["kind"], "no-script",
        "{server_script}"
    );
}

#[tokio::test]
async fn other_pages_and_other_names_are_refused() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    let server = page(&app, WhoMayCome::ThisMachine).await;
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(
            refusal(request(&server, Some(origin), "lanspread")).await,
            403,
            "{origin}"
        );
    }
    let mut rebound = request(&server, Some("http://evil.example"), "lanspread");
    rebound
        .headers_mut()
        .insert("host", "evil.example".parse().expect("a header"));
    assert_eq!(refusal(rebound).await, 403);

    let details = "/api/games/chess";
    assert_eq!(get(&server, details, "Host: evil.example\r\n").await.0, 403);
    assert_eq!(get(&server, "/", "Host: evil.example\r\n").await.0, 403);
    let cross = "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n";
    assert_eq!(get(&server, details, cross).await.0, 403);
    assert_eq!(get(&server, details, "").await.0, 403);
    let (status, answer) = get(&server, "/api/games/..%2fevil", "Host: 127.0.0.1\r\n").await;
    assert_eq!(status, 404, "{answer}");
}

#[tokio::test]
async fn the_picture_of_a_game_lies_beside_the_catalog() {
    let dir = TempDir::new().expect("a directory");
    let games = dir.path().join("games");
    std::fs::create_dir(&games).expect("writable");
    for id in ["chess", "go"] {
        GameFixture::new(id)
            .file("board.bin", id)
            .build(&games)
            .expect("a game");
    }
    let catalog = dir.path().join("game.db");
    lanspread_db::catalog::build(&games, &catalog).expect("a catalog");
    std::fs::create_dir(dir.path().join("covers")).expect("writable");
    std::fs::write(dir.path().join("covers/chess.png"), b"\x89PNG\r\n\x1a\n").expect("writable");
    let app = peer_with(dir.path(), Some(Chosen::ByUser(catalog)));
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    browser
        .until("both games are seen", |state| {
            state["games"]
                .as_array()
                .is_some_and(|games| games.len() == 2)
        })
        .await;
    let has = |id| Browser::game(&browser.state, id).map(|game| game["cover"].clone());
    assert_eq!(
        (has("chess"), has("go")),
        (Some(json!(true)), Some(json!(false)))
    );
    let host = "Host: 127.0.0.1\r\n";
    let (status, answer) = get(&server, "/api/covers/chess", host).await;
    assert_eq!(status, 200);
    assert!(
        answer.to_lowercase().contains("content-type: image/png"),
        "{answer}"
    );
    assert_eq!(get(&server, "/api/covers/go", host).await.0, 404);
    assert_eq!(get(&server, "/api/covers/..%2fgame", host).await.0, 404);
    assert_eq!(
        get(&server, "/api/covers/chess", "Host: evil.example\r\n")
            .await
            .0,
        403
    );
}

/// A connection on which nothing was asked yet held up the end of the program for a minute, and a browser that
/// takes nothing for 20 s.
#[tokio::test]
async fn a_silent_connection_does_not_hold_up_the_end_of_the_peer() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut silent = TcpStream::connect(server.addr()).await.expect("it listens");
    silent.write_all(b"GET / HTTP").await.expect("sent");
    // It is let in before this one is.
    let _browser = Browser::open(&server, "lanspread").await;
    app.handle().shutdown().await;
    timeout(PATIENCE, server.ended())
        .await
        .expect("the page ends with its peer");
}

#[tokio::test]
async fn beyond_this_machine_the_token_is_needed() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    let anywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let who = WhoMayCome::ThisMachine;
    let open = WebServer::start(
        Arc::clone(&app),
        WebOptions {
            addr: anywhere,
            who,
        },
    )
    .await;
    assert!(
        matches!(open, Err(WebError::NotLoopback { .. })),
        "{open:?}"
    );

    let token = Token::draw().expect("random");
    let server = page(&app, WhoMayCome::Everybody(token.clone())).await;
    let link = &server.links()[0];
    assert!(
        link.ends_with(&format!("#token={}", token.reveal())),
        "{link}"
    );
    assert_eq!(refusal(request(&server, None, "lanspread")).await, 403);
    assert_eq!(refusal(request(&server, None, "lanspread, 00")).await, 403);
    let host = "Host: 127.0.0.1\r\n";
    assert_eq!(get(&server, "/api/games/chess", host).await.0, 403);
    let bearer = format!("{host}Authorization: Bearer {}\r\n", token.reveal());
    assert_eq!(get(&server, "/api/games/chess", &bearer).await.0, 404);

    let protocols = format!("lanspread, {}", token.reveal());
    let mut browser = Browser::open(&server, &protocols).await;
    for command in [
        json!({ "cmd": "set-game-dir", "path": "/" }),
        json!({ "cmd": "play", "id": "chess" }),
        json!({ "cmd": "start-server", "id": "chess" }),
    ] {
        let refused = browser.command(command.clone()).await;
        assert_eq!(
            refused["error"]["kind"], "not-allowed",
            "{command}: {refused}"
        );
    }
}

#[tokio::test]
async fn nonsense_is_answered_and_questions_for_scripts_are_not_for_pages() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    app.ready().cancelled().await;
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browser = Browser::open(&server, "lanspread").await;
    for command in [
        json!({ "cmd": "shutdown" }),
        json!({ "cmd": "status" }),
        json!({ "cmd": "fly" }),
        json!({ "cmd": "download", "id": "../evil" }),
        json!({ "cmd": "cancel", "id": "chess", "force": true }),
    ] {
        let answer = browser.command(command.clone()).await;
        assert_eq!(answer["error"]["kind"], "bad-input", "{command}: {answer}");
    }
    let cancelled = browser
        .command(json!({ "cmd": "cancel", "id": "chess" }))
        .await;
    assert_eq!(cancelled["ok"], false);
    assert!(!app.leave().is_cancelled());
}

#[tokio::test]
async fn as_many_browsers_are_served_as_the_limit_allows_and_the_next_is_told() {
    let dir = TempDir::new().expect("a directory");
    let app = peer(dir.path());
    let server = page(&app, WhoMayCome::ThisMachine).await;
    let mut browsers = Vec::new();
    for _ in 0..CLIENTS_MAX {
        browsers.push(Browser::open(&server, "lanspread").await);
    }
    assert_eq!(refusal(request(&server, None, "lanspread")).await, 503);
    browsers.pop();
    // The server notices within its own time that one has gone.
    let again = async {
        while connect_async(request(&server, None, "lanspread"))
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, again).await.expect("there is room again");
}
