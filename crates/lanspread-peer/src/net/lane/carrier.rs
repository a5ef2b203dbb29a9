//! The bytes of one lane: sealed by TLS, or in the clear.
//!
//! Invariant: reading and writing are the same for both, and whoever asks can tell them apart: what
//! comes on a sealed lane was written by its peer, what comes in the clear by somebody on the way
//! perhaps.

use std::io::{self, BufRead as _};

use bytes::BufMut as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsStream;

use crate::net::limits::{CLEAR_LANE_READ_BYTES, LANE_READ_BYTES};

/// What carries the bytes of one lane.
#[derive(Debug)]
pub(in crate::net) enum LaneStream {
    /// TLS 1.3 under the identities of both sides.
    Sealed(Box<TlsStream<BufReader<TcpStream>>>),
    /// TCP as it is, admitted by a token.
    Clear(BufReader<TcpStream>),
}

/// TCP as TLS uses it: nothing waits to be sent, and much is taken from the system at once.
pub(super) fn to_be_sealed(tcp: TcpStream) -> io::Result<BufReader<TcpStream>> {
    tcp.set_nodelay(true)?;
    Ok(BufReader::with_capacity(LANE_READ_BYTES, tcp))
}

impl LaneStream {
    /// A lane whose opening was read from `tcp` already.
    pub(in crate::net) fn clear(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        // Only what tells of the bytes behind it goes through this buffer; those are read to where they belong.
        let read = BufReader::with_capacity(CLEAR_LANE_READ_BYTES, tcp);
        Ok(Self::Clear(read))
    }

    /// Whether only the peer at the other end can have written what comes.
    pub(in crate::net) const fn is_sealed(&self) -> bool {
        matches!(self, Self::Sealed(_))
    }

    /// Has the system wake whoever waits for bytes only when so many have come, or the end; elsewhere than on Linux
    /// for every byte.
    pub(in crate::net) fn wake_for(&self, bytes: usize) {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd as _;
            let tcp = match self {
                Self::Sealed(stream) => stream.get_ref().0.get_ref(),
                Self::Clear(tcp) => tcp.get_ref(),
            };
            let bytes = i32::try_from(bytes).unwrap_or(1);
            let (level, name) = (uapi::c::SOL_SOCKET, uapi::c::SO_RCVLOWAT);
            // A system that does not do this wakes for every byte.
            let _ = uapi::setsockopt(tcp.as_raw_fd(), level, name, &bytes);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = bytes;
    }

    /// Waits until bytes are at hand, and says how many; none at the end.
    pub(in crate::net) async fn fill(&mut self) -> io::Result<usize> {
        let at_hand = match self {
            Self::Sealed(stream) => stream.fill_buf().await?,
            Self::Clear(tcp) => tcp.fill_buf().await?,
        };
        Ok(at_hand.len())
    }

    /// Moves bytes that are at hand to the end of `buffer`, until it holds `len` bytes or none are left;
    /// says how many of them came beyond what [`Self::fill`] told.
    pub(in crate::net) fn take_at_hand(&mut self, buffer: &mut Vec<u8>, len: usize) -> usize {
        match self {
            Self::Sealed(stream) => {
                take_decrypted(stream, buffer, len);
                0
            }
            Self::Clear(tcp) => take_clear(tcp, buffer, len),
        }
    }

    /// Whether bytes are at hand.
    pub(in crate::net) fn has_at_hand(&mut self) -> bool {
        match self {
            Self::Sealed(stream) => {
                let bytes = decrypted(stream).fill_buf().map(<[u8]>::len);
                bytes.is_ok_and(|len| len > 0)
            }
            Self::Clear(tcp) => !tcp.buffer().is_empty(),
        }
    }

    /// Reads one byte.
    pub(super) async fn read_u8(&mut self) -> io::Result<u8> {
        match self {
            Self::Sealed(stream) => stream.read_u8().await,
            Self::Clear(tcp) => tcp.read_u8().await,
        }
    }

    /// Writes all of these bytes, some of them perhaps only at the next [`Self::flush`].
    pub(in crate::net) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Sealed(stream) => stream.write_all(bytes).await,
            Self::Clear(tcp) => tcp.write_all(bytes).await,
        }
    }

    /// Hands everything that was written to the system.
    pub(in crate::net) async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Sealed(stream) => stream.flush().await,
            Self::Clear(tcp) => tcp.flush().await,
        }
    }
}

/// Moves what a lane has decrypted to the end of `buffer`.
fn take_decrypted(stream: &mut TlsStream<BufReader<TcpStream>>, buffer: &mut Vec<u8>, len: usize) {
    let mut decrypted = decrypted(stream);
    while buffer.len() < len {
        // An error is that there is nothing at the moment; one that lasts is met when more is waited for.
        let Ok(bytes) = decrypted.fill_buf() else {
            return;
        };
        let part = bytes.len().min(len - buffer.len());
        if part == 0 {
            return;
        }
        buffer.extend_from_slice(&bytes[..part]);
        decrypted.consume(part);
    }
}

fn decrypted(stream: &mut TlsStream<BufReader<TcpStream>>) -> rustls::Reader<'_> {
    match stream {
        TlsStream::Client(stream) => stream.get_mut().1.reader(),
        TlsStream::Server(stream) => stream.get_mut().1.reader(),
    }
}

/// Moves what was read already to the end of `buffer`, and what the system has behind it; says how much
/// the latter is.
fn take_clear(tcp: &mut BufReader<TcpStream>, buffer: &mut Vec<u8>, len: usize) -> usize {
    let read = tcp.buffer();
    let part = read.len().min(len.saturating_sub(buffer.len()));
    buffer.extend_from_slice(&read[..part]);
    tcp.consume(part);
    let before = buffer.len();
    while buffer.len() < len {
        let left = len - buffer.len();
        // The end, and an error that lasts, are met when more is waited for.
        match tcp.get_ref().try_read_buf(&mut (&mut *buffer).limit(left)) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    buffer.len() - before
}
