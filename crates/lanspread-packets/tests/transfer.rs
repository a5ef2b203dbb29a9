//! Bytes between two endpoints on loopback, one or both with our loop.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use lanspread_packets::{crypto, packets};
use rcgen::{CertificateParams, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    version::TLS13,
};
use s2n_quic::{
    Client, Server,
    client::Connect,
    provider::{
        event::{
            ConnectionInfo, ConnectionMeta, Subscriber,
            events::{EndpointMeta, PacketSent, PlatformTx},
        },
        io,
        tls::rustls as quic_tls,
    },
};
use tokio::runtime::Handle;

const NAME: &str = "test";
const MTU_BYTES: u16 = 1500;
const SENT_BYTES: usize = 16 << 20;

fn socket() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Counts packets, and the pieces in which the system was given them.
#[derive(Clone, Default)]
struct Counts {
    packets: Arc<AtomicU64>,
    pieces: Arc<AtomicU64>,
}

impl Subscriber for Counts {
    type ConnectionContext = ();

    fn create_connection_context(&mut self, _: &ConnectionMeta, _: &ConnectionInfo) {}

    fn on_packet_sent(&mut self, (): &mut (), _: &ConnectionMeta, _: &PacketSent) {
        self.packets.fetch_add(1, Ordering::Relaxed);
    }

    fn on_platform_tx(&mut self, _: &EndpointMeta, event: &PlatformTx) {
        self.pieces.fetch_add(event.count as u64, Ordering::Relaxed);
    }
}

/// Serves as many bytes as there are in `SENT_BYTES` on the first stream, and returns where.
fn serve(counts: Counts) -> (SocketAddr, CertificateDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    params.is_ca = IsCa::ExplicitNoCa;
    let own = params.self_signed(&key).unwrap();
    let mut tls = ServerConfig::builder_with_provider(Arc::new(crypto()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![own.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    tls.alpn_protocols = vec![NAME.into()];
    let mut server = Server::builder()
        .with_tls(quic_tls::Server::from(tls))
        .unwrap()
        .with_io(packets(Handle::current(), socket(), MTU_BYTES).unwrap())
        .unwrap()
        .with_event(counts)
        .unwrap()
        .start()
        .unwrap();
    let addr = server.local_addr().unwrap();
    tokio::spawn(async move {
        let mut connection = server.accept().await.unwrap();
        let stream = connection.accept_bidirectional_stream().await;
        let mut stream = stream.unwrap().unwrap();
        let sent: Vec<u8> = (0..SENT_BYTES).map(byte_at).collect();
        stream.send(Bytes::from(sent)).await.unwrap();
        stream.close().await.unwrap();
    });
    (addr, own.der().clone())
}

/// The byte at a place: each packet has others.
fn byte_at(place: usize) -> u8 {
    (place / 1009 % 251).to_le_bytes()[0]
}

/// Fetches what is served and checks each byte.
async fn fetch(from: SocketAddr, certificate: CertificateDer<'static>, io: impl io::Provider) {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let mut tls = ClientConfig::builder_with_provider(Arc::new(crypto()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![NAME.into()];
    let client = Client::builder()
        .with_tls(quic_tls::Client::from(tls))
        .unwrap()
        .with_io(io)
        .unwrap_or_else(|_| unreachable!("a provider is one"))
        .start()
        .unwrap();
    let connect = Connect::new(from).with_server_name(NAME);
    let mut connection = client.connect(connect).await.unwrap();
    let mut stream = connection.open_bidirectional_stream().await.unwrap();
    stream.finish().unwrap();
    let mut place = 0;
    while let Some(bytes) = stream.receive().await.unwrap() {
        let expected = (place..).map(byte_at);
        assert!(
            bytes
                .iter()
                .copied()
                .zip(expected)
                .all(|(is, should)| is == should)
        );
        place += bytes.len();
    }
    assert_eq!(place, SENT_BYTES);
}

/// The library's own loop stops at ten, and offers no setting.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_batch_has_more_packets_than_the_librarys_own_would() {
    let counts = Counts::default();
    let (from, certificate) = serve(counts.clone());
    let own = packets(Handle::current(), socket(), MTU_BYTES).unwrap();
    fetch(from, certificate, own).await;
    let [packets, pieces] = [&counts.packets, &counts.pieces].map(|n| n.load(Ordering::Relaxed));
    assert!(
        packets > 12 * pieces,
        "{packets} packets in {pieces} pieces"
    );
}

#[tokio::test]
async fn the_librarys_own_loop_takes_what_ours_sends() {
    let (from, certificate) = serve(Counts::default());
    let theirs = io::tokio::Provider::new((Ipv4Addr::LOCALHOST, 0)).unwrap();
    fetch(from, certificate, theirs).await;
}

#[tokio::test]
async fn a_size_below_that_of_the_least_packet_is_refused() {
    let least = 1228;
    assert!(packets(Handle::current(), socket(), least).is_ok());
    assert!(packets(Handle::current(), socket(), least - 1).is_err());
}
