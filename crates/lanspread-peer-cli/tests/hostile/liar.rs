//! The hostile peer itself: proves an identity of its own, introduces itself as it likes, and answers
//! what the victim asks with whatever its script says.
//!
//! Invariant: it never panics because the victim turned it away: that is what it is here for.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use lanspread_db::ContentHash;
use lanspread_peer::{ListenAddr, PROTOCOL_VERSION, PeerId, PeerName, identity::Identity};
use lanspread_proto::{
    FrameKind, GameSummary, Hello, LibraryEpoch, LibraryRevision, LibraryState, Request, Response,
    alpn, decode_payload, encode_frame,
};
use s2n_quic::{
    Client,
    connection::{Handle, StreamAcceptor},
    stream::{BidirectionalStream, SendStream},
};
use tokio::time::{interval, timeout};

use crate::{
    attack::LONG,
    stranger::{self, decode_frame},
};

/// What the liar answers.
pub(crate) enum Lie {
    /// A message, and what follows it.
    Answer(Response, Vec<u8>),
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// Another lie, of which a byte comes each second.
    Trickled(Box<Lie>),
    /// Nothing, for as long as it is waited for.
    Silence,
}

impl Lie {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Answer(response, more) => {
                let frame = encode_frame(FrameKind::Response, &response).expect("within its limit");
                [frame, more].concat()
            }
            Self::Raw(bytes) => bytes,
            Self::Trickled(lie) => lie.bytes(),
            Self::Silence => Vec::new(),
        }
    }
}

/// What the liar answers to which request.
pub(crate) type Script = Arc<dyn Fn(&Request) -> Lie + Send + Sync>;

/// A connection with the victim.
pub(crate) struct Liar {
    peer_id: PeerId,
    // The connection lives as long as its endpoint.
    _client: Client,
    handle: Option<Handle>,
    acceptor: Option<StreamAcceptor>,
    revision: AtomicU64,
}

impl Liar {
    /// Connects, or is refused: [`Liar::is_received`] says which.
    pub(crate) async fn connect(to: &str, identity: &Identity) -> Self {
        let protocols = [alpn(PROTOCOL_VERSION)];
        let (client, connected) = stranger::connect(to, identity, &protocols).await;
        let parts = connected.ok().map(|mut connection| {
            // An attacker does not leave because nothing is said.
            let _ = connection.keep_alive(true);
            connection.split()
        });
        let (handle, acceptor) = parts.unzip();
        Self {
            peer_id: identity.peer_id(),
            _client: client,
            handle,
            acceptor,
            revision: AtomicU64::new(0),
        }
    }

    /// Whether the victim takes its `Hello`.
    pub(crate) async fn is_received(&self) -> bool {
        let answer = self.hello(self.listen_addr(), self.peer_id, &[]).await;
        matches!(answer, Some(Response::HelloAck(_)))
    }

    /// The address it is reached at, with a port at which nobody listens.
    pub(crate) fn listen_addr(&self) -> SocketAddr {
        let local = self.handle.as_ref().and_then(|it| it.local_addr().ok());
        let ip = local.map_or_else(|| [127, 0, 0, 1].into(), |local| local.ip());
        SocketAddr::new(ip, 47_999)
    }

    /// A stream of its own, if the victim still takes one.
    pub(crate) async fn open(&self) -> Option<BidirectionalStream> {
        let mut handle = self.handle.clone()?;
        let opened = timeout(LONG, handle.open_bidirectional_stream()).await;
        opened.expect("an end in time").ok()
    }

    /// Sends bytes on a stream and returns all that comes back; `None` if it breaks off.
    pub(crate) async fn send_raw(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let mut stream = self.open().await?;
        let exchange = async {
            let _ = stream.send(bytes.into()).await;
            let _ = stream.finish();
            let mut answer = Vec::new();
            while let Some(part) = stream.receive().await.ok()? {
                answer.extend_from_slice(&part);
            }
            (!answer.is_empty()).then_some(answer)
        };
        timeout(LONG, exchange).await.expect("an end in time")
    }

    /// Asks something whose answer is a message.
    pub(crate) async fn ask(&self, request: &Request) -> Option<Response> {
        let frame = encode_frame(FrameKind::Request, request).expect("within its limit");
        self.send_raw(frame)
            .await
            .map(|answer| decode_frame(&answer))
    }

    /// Introduces itself, as whoever it likes and with a library of these games.
    pub(crate) async fn hello(
        &self,
        listen: SocketAddr,
        as_whom: PeerId,
        games: &[GameSummary],
    ) -> Option<Response> {
        let listen = ListenAddr::new(listen).expect("a listener address");
        let state = self.state(games);
        let hello = Hello::new(listen, as_whom, PeerName::new("mallory"), state);
        self.ask(&Request::Hello(hello)).await
    }

    /// Answers by the script from here on.
    pub(crate) fn follow(&mut self, script: Script) {
        if let Some(mut acceptor) = self.acceptor.take() {
            tokio::spawn(async move {
                while let Ok(Some(stream)) = acceptor.accept_bidirectional_stream().await {
                    tokio::spawn(answer(stream, Arc::clone(&script)));
                }
            });
        }
    }

    /// Introduces itself with a library of these games, and answers by the script from then on.
    pub(crate) async fn sit_down(&mut self, games: Vec<GameSummary>, script: Script) {
        self.follow(script);
        let addr = self.listen_addr();
        let answer = self.hello(addr, self.peer_id, &games).await;
        assert!(
            matches!(answer, Some(Response::HelloAck(_))),
            "it is received at first: {answer:?}"
        );
    }

    /// The next state of its library; says of itself whatever it likes.
    pub(crate) fn state(&self, games: &[GameSummary]) -> LibraryState {
        LibraryState {
            epoch: LibraryEpoch(1),
            revision: LibraryRevision(self.revision.fetch_add(1, Ordering::Relaxed)),
            digest: digest(games),
        }
    }
}

async fn answer(stream: BidirectionalStream, script: Script) {
    let (mut receive, mut send) = stream.split();
    let mut bytes = Vec::new();
    while let Ok(Some(part)) = receive.receive().await {
        bytes.extend_from_slice(&part);
    }
    let Some(payload) = bytes.get(4..) else {
        return;
    };
    let Ok(request) = decode_payload::<Request>(FrameKind::Request, payload) else {
        return;
    };
    match script(&request) {
        // The stream stays open as long as the liar is there.
        Lie::Silence => std::future::pending().await,
        lie => drop(tell(&mut send, lie).await),
    }
}

async fn tell(send: &mut SendStream, lie: Lie) -> Result<(), s2n_quic::stream::Error> {
    if matches!(lie, Lie::Trickled(_)) {
        let mut second = interval(Duration::from_secs(1));
        for byte in lie.bytes() {
            second.tick().await;
            send.send(vec![byte].into()).await?;
        }
    } else {
        send.send(lie.bytes().into()).await?;
    }
    send.close().await
}

/// The digest of a library, as `docs/PROTOCOL.md` says (section 8).
pub(crate) fn digest(games: &[GameSummary]) -> ContentHash {
    let mut listing = Vec::new();
    for game in games {
        for text in [game.id.as_str(), &game.title] {
            let len = u16::try_from(text.len()).expect("short");
            listing.extend_from_slice(&len.to_le_bytes());
            listing.extend_from_slice(text.as_bytes());
        }
        listing.extend_from_slice(game.version.to_string().as_bytes());
        listing.extend_from_slice(&game.size_bytes.to_le_bytes());
        listing.push(u8::from(game.manifest.is_some()));
        if let Some(manifest) = game.manifest {
            listing.extend_from_slice(manifest.as_bytes());
        }
    }
    ContentHash::of(&listing)
}
