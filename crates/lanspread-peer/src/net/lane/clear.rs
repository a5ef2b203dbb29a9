//! How a lane without encryption begins: its asker shows a token that it got over QUIC, and is let in.
//!
//! Invariant: whoever shows no token that was given to the peer it says it is gets not one byte, and
//! blames nobody: anybody can write here.

use std::io;

use lanspread_proto::{PeerId, Token};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The first byte of such a lane; that of TLS is 0x16.
const MARK: u8 = b'L';

/// What the listening side writes to let it in: ACK in ASCII.
const ADMITTED: u8 = 0x06;

/// Asks to be let in.
///
/// # Errors
/// The other side does not.
pub(super) async fn enter(tcp: &mut TcpStream, own_id: PeerId, token: Token) -> io::Result<()> {
    let opening = [&[MARK][..], own_id.as_bytes(), &token.0].concat();
    tcp.write_all(&opening).await?;
    match tcp.read_u8().await? {
        ADMITTED => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Whether a lane without encryption is opened, and not one with.
///
/// # Errors
/// Nothing came.
pub(super) async fn is_begun(tcp: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    Ok(tcp.peek(&mut first).await? == 1 && first == [MARK])
}

/// Lets a peer in whose token fits, and says who it is.
///
/// # Errors
/// It broke off, or shows no token of its own.
pub(super) async fn admit(
    tcp: &mut TcpStream,
    fits: impl FnOnce(PeerId, Token) -> bool,
) -> io::Result<PeerId> {
    let _mark = tcp.read_u8().await?;
    let mut peer_id = [0; 32];
    tcp.read_exact(&mut peer_id).await?;
    let mut token = Token([0; 32]);
    tcp.read_exact(&mut token.0).await?;
    let peer_id = PeerId::from_bytes(peer_id);
    if !fits(peer_id, token) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    tcp.write_u8(ADMITTED).await?;
    Ok(peer_id)
}
