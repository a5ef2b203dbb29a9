//! The side that has the file.
//!
//! The invariant: a buffer is filled again only when nothing of it is in the send buffer any more.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use eyre::{Result, eyre};
use rcgen::{CertificateParams, IsCa, KeyPair};
use rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer, version::TLS13};
use s2n_quic::{
    Connection, Server, provider::tls::rustls as quic_tls, stream::BidirectionalStream,
};

use super::{NAME, PIECE_BYTES, endpoint};

/// Serves `file` to everybody until the program is killed.
pub(super) async fn serve(address: SocketAddr, file: &Path, certificate: &Path) -> Result<()> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([NAME.to_owned()])?;
    params.is_ca = IsCa::ExplicitNoCa;
    let own = params.self_signed(&key)?;
    let mut tls = ServerConfig::builder_with_provider(Arc::new(lanspread_packets::crypto()))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(
            vec![own.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )?;
    tls.alpn_protocols = vec![NAME.as_bytes().to_vec()];
    let mut server = Server::builder()
        .with_tls(quic_tls::Server::from(tls))?
        .with_io(endpoint::io(&endpoint::thread()?, address)?)?
        .with_limits(endpoint::limits()?)?
        .start()?;
    std::fs::write(certificate, own.der())?;
    while let Some(connection) = server.accept().await {
        tokio::spawn(serve_connection(connection, file.to_owned()));
    }
    Err(eyre!("the endpoint ended"))
}

async fn serve_connection(mut connection: Connection, file: PathBuf) {
    while let Ok(Some(stream)) = connection.accept_bidirectional_stream().await {
        let file = file.clone();
        tokio::spawn(async move {
            if let Err(error) = send_part(stream, &file).await {
                eprintln!("a part was not sent: {error}");
            }
        });
    }
}

/// Reads which part is wanted, and sends it.
async fn send_part(stream: BidirectionalStream, file: &Path) -> Result<()> {
    let (mut receive, mut send) = stream.split();
    let mut request = Vec::new();
    while let Some(bytes) = receive.receive().await? {
        request.extend_from_slice(&bytes);
    }
    let (offset, len) = request
        .split_first_chunk()
        .and_then(|(offset, len)| Some((*offset, len.try_into().ok()?)))
        .ok_or_else(|| eyre!("a request has {} bytes", request.len()))?;
    let mut missing = u64::from_le_bytes(len);
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(u64::from_le_bytes(offset)))?;
    let mut lent = VecDeque::new();
    while missing > 0 {
        let len = PIECE_BYTES.min(usize::try_from(missing)?);
        let mut piece = free_buffer(&mut lent);
        piece.resize(len, 0);
        file.read_exact(&mut piece)?;
        let piece = piece.freeze();
        lent.push_back(piece.clone());
        send.send(piece).await?;
        missing -= len as u64;
    }
    send.finish()?;
    Ok(())
}

/// The longest lent buffer, if it has come back, or a new one.
fn free_buffer(lent: &mut VecDeque<Bytes>) -> BytesMut {
    let Some(longest) = lent.pop_front() else {
        return BytesMut::new();
    };
    longest.try_into_mut().unwrap_or_else(|still_lent| {
        lent.push_front(still_lent);
        BytesMut::new()
    })
}
