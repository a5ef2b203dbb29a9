//! Transports that talk to each other on loopback, over real QUIC.
//!
//! Nothing here sleeps: every wait is for a fact, with [`PATIENCE`] as the bound of a failing test.

mod chunks;
mod clear_lanes;
mod close;
mod conduct;
mod connect;
mod exchange;
mod hostile;
mod lanes;
mod manifests;
mod party_code;
mod rates;
mod throughput;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use lanspread_core::{DiskFailure, Route};
use lanspread_db::ChunkRef;
use lanspread_proto::{
    FrameKind, ListenAddr, PROTOCOL_VERSION, Request, Response, alpn, decode_payload,
};
use s2n_quic::{
    Server,
    provider::tls::rustls::Server as TlsServer,
    stream::{ReceiveStream, SendStream},
};
use tokio::{sync::mpsc, time::timeout};

use super::{ChunkSink, IncomingStream, NetEvent, Transport, TransportConfig, stream::Reader, tls};
use crate::identity::Identity;

/// How long a fact may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A wait that is expected to run out.
const SHORT: Duration = Duration::from_millis(200);

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Stores chunk by chunk with `store`.
fn one_by_one(
    store: impl Fn(ChunkRef, &[u8]) -> Result<(), DiskFailure> + Send + Sync + 'static,
) -> ChunkSink {
    std::sync::Arc::new(move |chunks| {
        for (count, (chunk, bytes)) in chunks.iter().enumerate() {
            if let Err(failure) = store(*chunk, bytes) {
                return (count, Err(failure));
            }
        }
        (chunks.len(), Ok(()))
    })
}

/// A transport with what it reports.
struct TestPeer {
    transport: Transport,
    events: mpsc::Receiver<NetEvent>,
}

impl TestPeer {
    fn start() -> Self {
        Self::start_with(TransportConfig::new(LOOPBACK))
    }

    fn start_with(config: TransportConfig) -> Self {
        let (sender, events) = mpsc::channel(16);
        let identity = Identity::ephemeral().unwrap();
        let transport = Transport::bind(config, &identity, sender).unwrap();
        Self { transport, events }
    }

    fn addr(&self) -> ListenAddr {
        self.transport.listen_addrs()[0]
    }

    fn route(&self) -> Route {
        Route {
            peer_id: self.transport.peer_id(),
            listen_addr: self.addr(),
        }
    }

    async fn next_event(&mut self) -> NetEvent {
        timeout(PATIENCE, self.events.recv())
            .await
            .expect("an event in time")
            .expect("an event")
    }

    async fn next_request(&mut self) -> IncomingStream {
        match self.next_event().await {
            NetEvent::Incoming(incoming) => *incoming,
            other => panic!("expected a request, not {other:?}"),
        }
    }

    /// Answers every request with `Pong` until the transport closes.
    fn keep_answering(mut self) -> Transport {
        let transport = self.transport.clone();
        tokio::spawn(async move {
            while let Some(event) = self.events.recv().await {
                if let NetEvent::Incoming(incoming) = event {
                    let _ = incoming.responder.reply(&Response::Pong).await;
                }
            }
        });
        transport
    }
}

/// A server that answers the first stream of its first connection so, whatever is asked.
fn answering<F>(answer: impl FnOnce(SendStream) -> F + Send + 'static) -> Route
where
    F: Future<Output = ()> + Send,
{
    let identity = Identity::ephemeral().unwrap();
    let config = tls::configs(&identity, alpn(PROTOCOL_VERSION))
        .unwrap()
        .server;
    let mut server = Server::builder()
        .with_tls(TlsServer::from(config))
        .unwrap()
        .with_io(LOOPBACK)
        .unwrap()
        .start()
        .unwrap();
    let listen_addr = ListenAddr::new(server.local_addr().unwrap()).unwrap();
    tokio::spawn(async move {
        let mut connection = server.accept().await.unwrap();
        let stream = connection.accept_bidirectional_stream().await;
        let (_receive, send) = stream.unwrap().unwrap().split();
        answer(send).await;
    });
    Route {
        peer_id: identity.peer_id(),
        listen_addr,
    }
}

async fn ping(from: &Transport, to: Route) -> Response {
    from.request(to, &Request::Ping, PATIENCE).await.unwrap()
}

/// A stream to a peer that the test writes byte by byte.
async fn raw_stream(from: &Transport, to: Route) -> (ReceiveStream, SendStream) {
    let link = from
        .shared
        .link_to(to.peer_id, to.listen_addr, PATIENCE)
        .await
        .unwrap();
    link.handle
        .clone()
        .open_bidirectional_stream()
        .await
        .unwrap()
        .split()
}

async fn read_response(receive: ReceiveStream) -> Response {
    let payload = timeout(PATIENCE, Reader::new(receive).frame(FrameKind::Response)).await;
    decode_payload(FrameKind::Response, &payload.unwrap().unwrap()).unwrap()
}
