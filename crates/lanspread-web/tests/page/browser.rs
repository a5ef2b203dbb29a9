//! A browser, as far as these tests need one, and a peer with a page for it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use lanspread_app::{App, AppOptions, ApplicationLog, Chosen, IfAway, Scripts, Settings, Stay};
use lanspread_jsonl::Command;
use lanspread_peer::{DiscoveryMode, LimitChange, PartyCode, PeerOptions, RateLimit};
use lanspread_web::{WebOptions, WebServer, WhoMayCome};
use serde_json::{Value, json};
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
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A peer on loopback that knows only whom it is told of.
pub(crate) fn peer(dir: &Path) -> Arc<App> {
    peer_with(dir, None)
}

pub(crate) fn peer_with(dir: &Path, catalog: Option<Chosen<PathBuf>>) -> Arc<App> {
    peer_of(dir, catalog, None)
}

pub(crate) fn peer_of(
    dir: &Path,
    catalog: Option<Chosen<PathBuf>>,
    party_code: Option<PartyCode>,
) -> Arc<App> {
    let (app, _events) = App::start(AppOptions {
        games_dir: dir.join("games"),
        if_away: IfAway::Made,
        catalog,
        stay: Stay::On,
        settings: Settings::default(),
        log: ApplicationLog::default(),
        scripts: Scripts::default(),
        peer: PeerOptions {
            state_dir: dir.join("state"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            discovery: DiscoveryMode::ConnectOnly,
            party_code,
            ..PeerOptions::default()
        },
    })
    .expect("a peer starts");
    app
}

/// Limits what a peer sends, or lifts the limit.
pub(crate) async fn limit_uploads(app: &Arc<App>, bytes_per_s: Option<u64>) {
    let upload = bytes_per_s.map_or(LimitChange::Lift, |rate| {
        LimitChange::To(RateLimit::new(rate).expect("fast enough"))
    });
    let command = Command::SetRateLimits {
        upload_bytes_per_s: upload,
        upload_per_peer_bytes_per_s: LimitChange::Keep,
        download_bytes_per_s: LimitChange::Keep,
        download_per_peer_bytes_per_s: LimitChange::Keep,
    };
    app.run(command).await.expect("it is kept");
}

pub(crate) async fn page(app: &Arc<App>, who: WhoMayCome) -> WebServer {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    WebServer::start(Arc::clone(app), WebOptions { addr, who })
        .await
        .expect("the page is served")
}

/// What a browser asks for, from a page of this origin.
pub(crate) fn request(server: &WebServer, origin: Option<&str>, protocols: &str) -> Request {
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
pub(crate) async fn refusal(request: Request) -> u16 {
    match connect_async(request).await {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("it was not refused: {other:?}"),
    }
}

pub(crate) struct Browser {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seq: u64,
    sequence: u64,
    pub(crate) state: Value,
    pub(crate) seat: String,
}

impl Browser {
    pub(crate) async fn open(server: &WebServer, protocols: &str) -> Self {
        let origin = format!("http://{}", server.addr());
        let request = request(server, Some(&origin), protocols);
        let (socket, response) = connect_async(request).await.expect("let in");
        assert_eq!(response.headers()["sec-websocket-protocol"], "lanspread");
        let mut browser = Self {
            socket,
            seq: 0,
            sequence: 0,
            state: Value::Null,
            seat: String::new(),
        };
        let first = browser.message().await;
        assert_eq!(first["type"], "snapshot");
        assert_eq!(first["sequence"], 0);
        browser.state = first["snapshot"].clone();
        first["seat"]
            .as_str()
            .expect("a seat")
            .clone_into(&mut browser.seat);
        browser
    }

    pub(crate) async fn message(&mut self) -> Value {
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
    pub(crate) fn take(&mut self, message: Value) -> Option<Value> {
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

    pub(crate) fn take_games(&mut self, patch: &Value) {
        let games = self.state["games"].as_array_mut().expect("games");
        let replaced = |game: &Value| {
            let is = |other: &Value| other["id"] == game["id"];
            patch["changed"].as_array().expect("games").iter().any(is)
                || patch["gone"].as_array().expect("ids").contains(&game["id"])
        };
        games.retain(|game| !replaced(game));
        games.extend(patch["changed"].as_array().expect("games").iter().cloned());
    }

    pub(crate) async fn command(&mut self, mut command: Value) -> Value {
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
    pub(crate) async fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) {
        while !is(&self.state) {
            let message = self.message().await;
            let answer = self.take(message);
            assert_eq!(answer, None, "while waiting until {what}");
        }
    }

    pub(crate) fn game<'a>(state: &'a Value, id: &str) -> Option<&'a Value> {
        let games = state["games"].as_array()?;
        games.iter().find(|game| game["id"] == id)
    }
}

/// The answer to a request of a browser, without its head's details.
pub(crate) async fn get(server: &WebServer, path: &str, headers: &str) -> (u16, String) {
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
