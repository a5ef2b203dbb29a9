//! Somebody at the party who is not the program under test: speaks QUIC and the wire from inside a
//! host's network, correctly or not.
//!
//! Invariant: it is built from what `docs/PROTOCOL.md` says (TLS, ALPN, frames, messages) and not from
//! the transport of the program, so that both would have to be wrong in the same way to agree.

use std::{net::SocketAddr, sync::Arc};

use lanspread_db::ContentHash;
use lanspread_peer::{ListenAddr, PeerId, PeerName, identity::Identity};
use lanspread_proto::{
    FrameKind, Hello, LibraryEpoch, LibraryRevision, LibraryState, Request, Response, alpn,
    decode_payload, encode_frame, payload_len,
};
use lanspread_testbed::net::Host;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::TLS13,
};
use s2n_quic::{
    Client, Connection, client::Connect, connection, provider::tls::rustls::Client as Tls,
    stream::BidirectionalStream,
};
use tokio::time::timeout;

use crate::scene::PATIENCE;

/// Runs async work on a runtime inside a host's network. The work may also wait for guests: the
/// runtime has threads of its own.
pub(crate) fn inside<T, F>(host: &Host, work: impl FnOnce() -> F + Send) -> T
where
    T: Send,
    F: Future<Output = T>,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(work())
    };
    host.run_inside(run)
        .expect("these tests enter namespaces: run as root")
}

/// A connection to a peer, with an identity of its own.
pub(crate) struct Stranger {
    /// Who it is.
    pub(crate) peer_id: PeerId,
    // The connection lives as long as its endpoint.
    _client: Client,
    connection: Connection,
}

impl Stranger {
    /// Connects to a peer, offering these application protocols.
    pub(crate) async fn connect(to: &str, protocols: &[Vec<u8>]) -> Self {
        let identity = Identity::ephemeral().expect("a new identity");
        let (client, connected) = connect(to, &identity, protocols).await;
        Self {
            peer_id: identity.peer_id(),
            _client: client,
            connection: connected.expect("it accepts"),
        }
    }

    /// Connects as a peer of the same version does.
    pub(crate) async fn connect_as_peer(to: &str) -> Self {
        Self::connect(
            to,
            &[
                alpn(lanspread_peer::PROTOCOL_VERSION),
                b"lanspread".to_vec(),
            ],
        )
        .await
    }

    /// Introduces itself, as a peer with nothing to share that listens at `listen`.
    pub(crate) async fn hello(&mut self, listen: SocketAddr) -> Response {
        let listen = ListenAddr::new(listen).expect("a listener address");
        let library = LibraryState {
            epoch: LibraryEpoch(1),
            revision: LibraryRevision(0),
            digest: ContentHash::of(b"nothing to share"),
        };
        let hello = Hello::new(listen, self.peer_id, PeerName::new("stranger"), library);
        self.ask(&Request::Hello(hello)).await
    }

    /// Asks something whose answer is a message.
    pub(crate) async fn ask(&mut self, request: &Request) -> Response {
        let frame = encode_frame(FrameKind::Request, request).expect("within its limit");
        let answer = self.send_raw(frame).await.expect("an answer");
        decode_frame(&answer)
    }

    /// Sends bytes on a stream of their own and returns all that comes back; `None` if the stream
    /// breaks off.
    pub(crate) async fn send_raw(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let opened = timeout(PATIENCE, self.connection.open_bidirectional_stream()).await;
        let stream = opened.expect("a stream in time").ok()?;
        timeout(PATIENCE, exchange(stream, bytes))
            .await
            .expect("an end in time")
    }
}

/// Connects to a peer or is turned away. The connection lives as long as the endpoint.
pub(crate) async fn connect(
    to: &str,
    identity: &Identity,
    protocols: &[Vec<u8>],
) -> (Client, Result<Connection, connection::Error>) {
    let tls = Tls::from(client_config(identity, protocols));
    let client = Client::builder().with_tls(tls).expect("TLS");
    let client = client
        .with_io("0.0.0.0:0")
        .expect("a socket")
        .start()
        .expect("a client");
    let to: SocketAddr = to.parse().expect("an address");
    let connecting = client.connect(Connect::new(to).with_server_name("lanspread"));
    let connected = timeout(PATIENCE, connecting).await.expect("an end in time");
    (client, connected)
}

async fn exchange(mut stream: BidirectionalStream, bytes: Vec<u8>) -> Option<Vec<u8>> {
    // The other side may have refused before all was taken.
    let _ = stream.send(bytes.into()).await;
    let _ = stream.finish();
    let mut answer = Vec::new();
    while let Some(part) = stream.receive().await.ok()? {
        answer.extend_from_slice(&part);
    }
    Some(answer)
}

/// The message of a response frame; bytes may follow it.
pub(crate) fn decode_frame(bytes: &[u8]) -> Response {
    let (header, rest) = bytes.split_first_chunk::<4>().expect("a frame");
    let len = payload_len(FrameKind::Response, *header).expect("within its limit");
    decode_payload(FrameKind::Response, &rest[..len]).expect("a message")
}

fn client_config(identity: &Identity, protocols: &[Vec<u8>]) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_client_auth_cert(vec![identity.certificate().clone()], identity.private_key())
        .expect("a certificate");
    config.alpn_protocols = protocols.to_vec();
    config
}

/// Peers sign their own certificates: who they are is asked elsewhere.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
