//! The side that wants the file: four streams, each for a part of it.
//!
//! The invariant: it ends well only when every byte is written. Bytes are gathered where they are
//! decrypted, on the endpoint's thread, and written on others.

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use eyre::{Result, ensure};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, version::TLS13};
use s2n_quic::{
    Client, client::Connect, provider::tls::rustls as quic_tls, stream::BidirectionalStream,
};

use super::{NAME, PIECE_BYTES, endpoint};

/// Streams at a time.
const STREAMS: u64 = 4;

/// Pieces taken from a stream at once.
const PIECES_AT_ONCE: usize = 32;

/// Fetches a file of so many bytes.
pub(super) async fn fetch(
    from: SocketAddr,
    size_bytes: u64,
    certificate: &Path,
    file: &Path,
) -> Result<()> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(std::fs::read(certificate)?))?;
    let mut tls = ClientConfig::builder_with_provider(Arc::new(lanspread_packets::crypto()))
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![NAME.as_bytes().to_vec()];
    let thread = endpoint::thread()?;
    let client = Client::builder()
        .with_tls(quic_tls::Client::from(tls))?
        .with_io(endpoint::io(&thread, (Ipv4Addr::UNSPECIFIED, 0).into())?)?
        .with_limits(endpoint::limits()?)?
        .start()?;
    let mut connection = client
        .connect(Connect::new(from).with_server_name(NAME))
        .await?;
    File::create(file)?;
    let part_bytes = size_bytes.div_ceil(STREAMS);
    let mut parts = Vec::new();
    for part in 0..STREAMS {
        let offset = size_bytes.min(part * part_bytes);
        let len = part_bytes.min(size_bytes - offset);
        let mut file = OpenOptions::new().write(true).open(file)?;
        file.seek(SeekFrom::Start(offset))?;
        let stream = connection.open_bidirectional_stream().await?;
        parts.push(thread.spawn(receive_part(stream, offset, len, file)));
    }
    for part in parts {
        part.await??;
    }
    Ok(())
}

/// Asks for a part and writes it.
async fn receive_part(
    stream: BidirectionalStream,
    offset: u64,
    len: u64,
    mut file: File,
) -> Result<()> {
    let (mut receive, mut send) = stream.split();
    let request = [offset.to_le_bytes(), len.to_le_bytes()].concat();
    send.send(Bytes::from(request)).await?;
    send.finish()?;
    let mut received = 0;
    let mut gathered = Vec::with_capacity(2 * PIECE_BYTES);
    let mut pieces = [const { Bytes::new() }; PIECES_AT_ONCE];
    let mut is_open = true;
    while is_open {
        let (filled, open) = receive.receive_vectored(&mut pieces).await?;
        is_open = open;
        for piece in &mut pieces[..filled] {
            gathered.extend_from_slice(piece);
            *piece = Bytes::new();
        }
        if gathered.len() >= PIECE_BYTES || !is_open {
            received += gathered.len() as u64;
            let written = tokio::task::spawn_blocking(move || {
                let result = file.write_all(&gathered);
                gathered.clear();
                (file, gathered, result)
            });
            let result;
            (file, gathered, result) = written.await?;
            result?;
        }
    }
    ensure!(received == len, "{received} of {len} bytes came");
    Ok(())
}
