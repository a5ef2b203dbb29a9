//! The server: which addresses, which requests, until when.
//!
//! Invariant: it ends when the peer ends. Beyond this machine it serves nothing but the page's own files and
//! pictures without the token, unless guests may come: they may look, and fetch games.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use lanspread_app::{App, GuestLinks, Seat};
use lanspread_db::GameId;
use lanspread_jsonl::LINE_BYTES_MAX;
use lanspread_peer::{Adapter, AdapterKind};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    archive::{self, ARCHIVES_MAX},
    assets,
    bounded::{Bounded, CONNECTIONS_MAX, Caller, SILENCE_MAX},
    converse::{CLIENTS_MAX, GUESTS_MAX, converse},
    guard::{self, Refusal, Said},
    squares,
    token::Token,
};

/// The name of the WebSocket's protocol; a token stands behind it in the list, since a browser can send no
/// other header with a WebSocket.
const PROTOCOL: &str = "lanspread";

/// The port of a page unless another one is named: LANS on a telephone's keys.
pub const WEB_PORT: u16 = 5267;

/// How long browsers have for their last answers after the peer has ended.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// Where the page is served, and to whom.
#[derive(Debug, Clone)]
pub struct WebOptions {
    /// The address.
    pub addr: SocketAddr,
    /// To whom. Whether guests may come as well, [the peer](App::lets_guests_in) says.
    pub who: WhoMayCome,
}

/// To whom a page is served.
#[derive(Debug, Clone)]
pub enum WhoMayCome {
    /// Browsers on this machine.
    ThisMachine,
    /// Everybody who has the token.
    Everybody(Token),
}

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address is not one of this machine alone, and nobody said that others may come.
    #[error(
        "the page would be open to the network at {addr}: say --web-lan if others may control this peer \
         with the link that is printed then, or choose 127.0.0.1"
    )]
    NotLoopback {
        /// The address.
        addr: SocketAddr,
    },
    /// The address cannot be used.
    #[error(
        "the page cannot be served at {addr}: {source}; choose another address with --web ADDR"
    )]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A page that is served.
#[derive(Debug)]
pub struct WebServer {
    app: Arc<App>,
    addr: SocketAddr,
    who: WhoMayCome,
    task: JoinHandle<()>,
    close: CancellationToken,
}

#[derive(Debug, Clone)]
struct Shared {
    app: Arc<App>,
    addr: SocketAddr,
    token: Option<Token>,
    room: Arc<Semaphore>,
    room_for_guests: Arc<Semaphore>,
    archives: Arc<Semaphore>,
}

impl Shared {
    /// Where whoever asks this sits.
    fn seat(&self, headers: &HeaderMap) -> Result<Seat, Refusal> {
        let guests = self.app.lets_guests_in();
        guard::seat(said(headers), self.token.as_ref(), guests)
    }

    /// A place to look from; what is told instead if there is none.
    fn place(&self, seat: Seat) -> Result<Place, String> {
        let full = |max| {
            format!("{max} browsers look at this peer already; try again when one has closed it.\n")
        };
        let among_guests = match seat {
            Seat::Here | Seat::Elsewhere => None,
            Seat::Guest => {
                let permit = Arc::clone(&self.room_for_guests).try_acquire_owned();
                Some(permit.map_err(|_| full(GUESTS_MAX))?)
            }
        };
        let permit = Arc::clone(&self.room).try_acquire_owned();
        Ok(Place {
            _in_all: permit.map_err(|_| full(CLIENTS_MAX))?,
            _among_guests: among_guests,
        })
    }
}

/// A place to look from, until it is dropped.
struct Place {
    _in_all: OwnedSemaphorePermit,
    _among_guests: Option<OwnedSemaphorePermit>,
}

impl WebServer {
    /// Serves the page until the peer ends.
    ///
    /// # Errors
    /// See [`WebError`].
    pub async fn start(app: Arc<App>, options: WebOptions) -> Result<Self, WebError> {
        let WebOptions { addr, who } = options;
        let token = match &who {
            WhoMayCome::ThisMachine if !addr.ip().is_loopback() => {
                return Err(WebError::NotLoopback { addr });
            }
            WhoMayCome::ThisMachine => None,
            WhoMayCome::Everybody(token) => Some(token.clone()),
        };
        let failed = |source| WebError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let router = router(Shared {
            app: Arc::clone(&app),
            addr,
            token,
            room: Arc::new(Semaphore::new(CLIENTS_MAX)),
            room_for_guests: Arc::new(Semaphore::new(GUESTS_MAX)),
            archives: Arc::new(Semaphore::new(ARCHIVES_MAX)),
        });
        let serving = Arc::clone(&app);
        let close = CancellationToken::new();
        let closed = close.clone();
        let task = tokio::spawn(async move {
            let closing = closed.clone();
            let end = async move {
                tokio::select! {
                    () = serving.ended().cancelled() => closing.cancel(),
                    () = closing.cancelled() => {}
                }
            };
            let late = async move {
                closed.cancelled().await;
                tokio::time::sleep(LAST_ANSWERS).await;
            };
            let listener = Bounded::new(listener, CONNECTIONS_MAX, SILENCE_MAX);
            let service = router.into_make_service_with_connect_info::<Caller>();
            let served = axum::serve(listener, service).with_graceful_shutdown(end);
            tokio::select! {
                served = served.into_future() => if let Err(error) = served {
                    tracing::error!(%error, "the page is not served any more");
                },
                () = late => tracing::debug!("a browser did not take its last answer"),
            }
        });
        Ok(Self {
            app,
            addr,
            who,
            task,
            close,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The links that open the page, one for each address of this machine that others may use, the most
    /// promising first.
    #[must_use]
    pub fn links(&self) -> Vec<String> {
        match &self.who {
            WhoMayCome::ThisMachine => self.links_with(""),
            WhoMayCome::Everybody(token) => self.links_with(&format!("#token={}", token.reveal())),
        }
    }

    /// How guests reach it, as long as they may come; no link where only this machine may open it.
    #[must_use]
    pub fn guest_links(&self) -> GuestLinks {
        let is_open = matches!(self.who, WhoMayCome::Everybody(_));
        guest_links_of(&self.app, self.addr, is_open)
    }

    fn links_with(&self, fragment: &str) -> Vec<String> {
        links(&self.app, self.addr, fragment)
    }

    /// Ends it before the peer ends, and waits for that. Guests that look are sent away by the peer, when it lets
    /// them in no more.
    pub async fn close(self) {
        self.close.cancel();
        self.ended().await;
    }

    /// Waits until it has ended, after the peer.
    pub async fn ended(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the page's task failed");
        }
    }
}

/// The links to a page at this address.
fn links(app: &App, addr: SocketAddr, fragment: &str) -> Vec<String> {
    let addrs = reached_at(addr, &app.handle().adapters().borrow());
    addrs
        .iter()
        .map(|addr| format!("http://{addr}/{fragment}"))
        .collect()
}

fn guest_links_of(app: &App, addr: SocketAddr, is_open: bool) -> GuestLinks {
    let links = if is_open {
        links(app, addr, "")
    } else {
        Vec::new()
    };
    let squares = links.first().map(|link| squares::rows(link));
    GuestLinks {
        squares: squares.unwrap_or_default(),
        links,
    }
}

/// Where a page at this address is reached, in the order of the adapters: the most promising first. Link-local
/// addresses are left out, since another machine has to say more than them.
fn reached_at(addr: SocketAddr, adapters: &[Adapter]) -> Vec<SocketAddr> {
    if !addr.ip().is_unspecified() {
        return vec![addr];
    }
    let can_be_typed = |adapter: &&Adapter| {
        let is_far = match adapter.ip {
            IpAddr::V4(ip) => !ip.is_link_local(),
            IpAddr::V6(ip) => addr.is_ipv6() && !ip.is_unicast_link_local(),
        };
        is_far && adapter.kind != AdapterKind::Loopback
    };
    let found = adapters.iter().filter(can_be_typed);
    let mut addrs: Vec<SocketAddr> = found
        .map(|adapter| SocketAddr::new(adapter.ip, addr.port()))
        .collect();
    if addrs.is_empty() {
        let here: IpAddr = match addr {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        addrs.push(SocketAddr::new(here, addr.port()));
    }
    addrs
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/api/live", get(live))
        .route("/api/seat", get(seat))
        .route("/api/guest-links", get(guest_links))
        .route("/api/games/{id}", get(details))
        .route("/api/games/{id}/files", get(files))
        .route("/api/games/{id}/archive", get(archive))
        .route("/api/games/{id}/install-size", get(install_size))
        .route("/api/covers/{id}", get(cover))
        .route("/api/log", get(log))
        .route("/api/unpack-log", get(unpack_log))
        .route("/api/game-log", get(game_log))
        .fallback(page)
        .layer(DefaultBodyLimit::max(0))
        .with_state(shared)
}

async fn page(headers: HeaderMap, uri: axum::http::Uri) -> Response {
    // A link on another page may lead here, so only the name counts.
    let said = Said {
        origin: None,
        site: None,
        ..said(&headers)
    };
    match guard::check_page(said) {
        Ok(()) => assets::file(&uri),
        Err(refusal) => refuse(refusal),
    }
}

async fn details(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Err(refusal) = shared.seat(&headers) {
        return refuse(refusal);
    }
    let known = GameId::parse(&id).ok();
    match known.and_then(|id| shared.app.details(&id)) {
        Some(details) => Json(details).into_response(),
        None => (StatusCode::NOT_FOUND, "Nobody here knows this game.\n").into_response(),
    }
}

async fn install_size(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Err(refusal) = shared.seat(&headers).and_then(guard::may_see_machine) {
        return refuse(refusal);
    }
    let counted = match GameId::parse(&id) {
        Ok(id) => shared.app.install_size(&id).await,
        Err(_) => None,
    };
    match counted {
        Some(size) => Json(size).into_response(),
        None => (StatusCode::NOT_FOUND, "It cannot be counted.\n").into_response(),
    }
}

async fn files(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let seat = match shared.seat(&headers) {
        Ok(seat) => seat,
        Err(refusal) => return refuse(refusal),
    };
    let Ok(id) = GameId::parse(&id) else {
        return (StatusCode::NOT_FOUND, "Nobody here knows this game.\n").into_response();
    };
    match shared.app.files(&id, seat).await {
        Ok(files) => Json(files).into_response(),
        Err(refused) => {
            let told = json!({ "kind": refused.kind.as_str(), "message": refused.message });
            (StatusCode::CONFLICT, Json(told)).into_response()
        }
    }
}

/// A browser sends no token with a link, so beyond this machine a game is fetched as guests fetch it.
async fn archive(
    State(shared): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Err(refusal) = shared.seat(&headers) {
        return refuse(refusal);
    }
    let Ok(id) = GameId::parse(&id) else {
        return (StatusCode::NOT_FOUND, "Nobody here knows this game.\n").into_response();
    };
    let Ok(place) = shared.archives.try_acquire_owned() else {
        let text = format!("{ARCHIVES_MAX} games are being fetched already; try again later.\n");
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    match shared.app.handle().shared_game(&id, caller.addr.ip()).await {
        Ok(game) => archive::send(&id, game, (place, caller.in_use.begin())).await,
        Err(refusal) => (StatusCode::CONFLICT, format!("{refusal}.\n")).into_response(),
    }
}

/// From where a log is read.
#[derive(Debug, Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn log(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Query(After { after }): Query<After>,
) -> Response {
    match shared.seat(&headers).and_then(guard::may_see_machine) {
        Ok(()) => Json(shared.app.log(after)).into_response(),
        Err(refusal) => refuse(refusal),
    }
}

async fn unpack_log(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Query(After { after }): Query<After>,
) -> Response {
    match shared.seat(&headers).and_then(guard::may_see_machine) {
        Ok(()) => Json(shared.app.unpack_log(after)).into_response(),
        Err(refusal) => refuse(refusal),
    }
}

async fn game_log(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Query(After { after }): Query<After>,
) -> Response {
    match shared.seat(&headers).and_then(guard::may_see_machine) {
        Ok(()) => Json(shared.app.game_log(after)).into_response(),
        Err(refusal) => refuse(refusal),
    }
}

/// Pictures are shown without the token, since a page cannot send it with a picture: whoever knows a game's id
/// learns whether the party has a picture of it.
async fn cover(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    if let Err(refusal) = guard::check_page(said(&headers)) {
        return refuse(refusal);
    }
    let found = match GameId::parse(&id) {
        Ok(id) => shared.app.cover(&id).await,
        Err(_) => None,
    };
    match found {
        Some(cover) => (
            [
                (header::CONTENT_TYPE, cover.kind),
                (header::CACHE_CONTROL, "private, max-age=3600"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            cover.bytes,
        )
            .into_response(),
        None => (StatusCode::NOT_FOUND, "There is no picture of this game.\n").into_response(),
    }
}

async fn guest_links(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Err(refusal) = shared.seat(&headers).and_then(guard::may_invite) {
        return refuse(refusal);
    }
    let links = guest_links_of(&shared.app, shared.addr, shared.token.is_some());
    Json(links).into_response()
}

/// Whether `/api/live` would be opened: a browser does not tell its page why a WebSocket was refused.
async fn seat(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    match shared.seat(&headers) {
        Err(refusal) => refuse(refusal),
        Ok(seat) => match shared.place(seat) {
            Ok(_) => Json(seat).into_response(),
            Err(full) => (StatusCode::SERVICE_UNAVAILABLE, full).into_response(),
        },
    }
}

async fn live(
    State(shared): State<Shared>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let seat = match shared.seat(&headers) {
        Ok(seat) => seat,
        Err(refusal) => return refuse(refusal),
    };
    let place = match shared.place(seat) {
        Ok(place) => place,
        Err(full) => return (StatusCode::SERVICE_UNAVAILABLE, full).into_response(),
    };
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(LINE_BYTES_MAX + 1)
        .on_upgrade(async move |socket| {
            converse(socket, shared.app, seat).await;
            drop(place);
        })
}

fn said(headers: &HeaderMap) -> Said<'_> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Said {
        host: text(header::HOST),
        origin: text(header::ORIGIN),
        site: headers
            .get("sec-fetch-site")
            .and_then(|value| value.to_str().ok()),
        token: text(header::AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer "))
            .or_else(|| text(header::SEC_WEBSOCKET_PROTOCOL).and_then(protocol_token)),
    }
}

/// The token in a list of protocols: what stands behind our own name.
fn protocol_token(list: &str) -> Option<&str> {
    let mut names = list.split(',').map(str::trim);
    names.find(|name| *name == PROTOCOL)?;
    names.next()
}

fn refuse(refusal: Refusal) -> Response {
    (StatusCode::FORBIDDEN, format!("{refusal}.\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(ip: &str, kind: AdapterKind) -> Adapter {
        Adapter {
            name: String::new(),
            ip: ip.parse().expect("an address"),
            kind,
            offered: true,
        }
    }

    /// The links stood in the order of their numbers, and the first, often a virtual one, was drawn.
    #[test]
    fn links_stand_in_the_order_of_the_adapters_and_nobody_is_sent_where_he_cannot_come() {
        let adapters = [
            adapter("192.168.1.20", AdapterKind::Network),
            adapter("169.254.7.7", AdapterKind::Network),
            adapter("fd00::20", AdapterKind::Network),
            adapter("fe80::1", AdapterKind::Network),
            adapter("10.0.0.1", AdapterKind::Virtual),
            adapter("127.0.0.1", AdapterKind::Loopback),
        ];
        let reached = |addr: &str, adapters: &[Adapter]| {
            let addrs = reached_at(addr.parse().expect("an address"), adapters);
            addrs.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            reached("0.0.0.0:80", &adapters),
            ["192.168.1.20:80", "10.0.0.1:80"]
        );
        assert_eq!(
            reached("[::]:80", &adapters),
            ["192.168.1.20:80", "[fd00::20]:80", "10.0.0.1:80"]
        );
        assert_eq!(reached("10.0.0.1:80", &adapters), ["10.0.0.1:80"]);
        assert_eq!(reached("0.0.0.0:80", &adapters[5..]), ["127.0.0.1:80"]);
    }

    #[test]
    fn the_token_of_a_websocket_stands_behind_our_name() {
        assert_eq!(protocol_token("lanspread, abc"), Some("abc"));
        assert_eq!(protocol_token("lanspread"), None);
        assert_eq!(protocol_token("abc, lanspread"), None);
        assert_eq!(protocol_token(""), None);
    }
}
