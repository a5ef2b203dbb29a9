//! Reading and writing one QUIC stream: frames with their limits, raw bytes behind them.
//!
//! Invariant: memory for a frame grows with the bytes that came, never with the bytes that were
//! announced; and a stream that is given up half-written is reset, so that the other side cannot
//! take a part for the whole.

use bytes::{Buf as _, Bytes};
use lanspread_proto::{FrameError, FrameKind, payload_len};
use s2n_quic::stream::{ReceiveStream, SendStream};

use super::{limits::SEND_PIECE_BYTES, pace::Came};

/// Pieces taken from a stream at once.
const PIECES_AT_ONCE: usize = 32;

/// The code of a stream that its sender gave up.
const ABANDONED: u32 = 1;

/// Why a stream could not be read as expected.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The connection or the stream is gone.
    #[error("{0}")]
    Connection(#[from] s2n_quic::stream::Error),
    /// The stream ended before its content did.
    #[error("the stream ended {missing_bytes} bytes early")]
    EndedEarly {
        /// How much is missing, at least.
        missing_bytes: usize,
    },
    /// The stream goes on after its content ended.
    #[error("the stream goes on after its end")]
    GoesOn,
    /// A frame is too long or not a message.
    #[error("{0}")]
    Frame(#[from] FrameError),
}

/// The receiving half of a stream, read frame by frame and byte by byte.
#[derive(Debug)]
pub(super) struct Reader {
    stream: ReceiveStream,
    /// Pieces that came and were not read yet; `pieces[at..filled]` are full.
    pieces: [Bytes; PIECES_AT_ONCE],
    at: usize,
    filled: usize,
    came: Came,
    ended: bool,
}

impl Reader {
    pub(super) fn new(stream: ReceiveStream) -> Self {
        let pieces = [const { Bytes::new() }; PIECES_AT_ONCE];
        Self {
            stream,
            pieces,
            at: 0,
            filled: 0,
            came: Came::default(),
            ended: false,
        }
    }

    /// What came so far, whether it was taken or not.
    pub(super) const fn came(&self) -> Came {
        self.came
    }

    /// Whether bytes are at hand; waits for some if there are none. `false` at the end.
    pub(super) async fn fill(&mut self) -> Result<bool, ReadError> {
        loop {
            while self.at < self.filled {
                if self.pieces[self.at].has_remaining() {
                    return Ok(true);
                }
                self.at += 1;
            }
            if self.ended {
                return Ok(false);
            }
            let (filled, open) = self.stream.receive_vectored(&mut self.pieces).await?;
            self.at = 0;
            self.filled = filled;
            self.ended = !open;
            if filled > 0 {
                self.came
                    .more(self.pieces[..filled].iter().map(Bytes::len).sum());
            }
        }
    }

    /// Moves bytes that are at hand to the end of `buffer`, until it holds `len` bytes or none are
    /// left.
    pub(super) fn take_at_hand(&mut self, buffer: &mut Vec<u8>, len: usize) {
        while buffer.len() < len && self.at < self.filled {
            let piece = &mut self.pieces[self.at];
            let part = piece.split_to(piece.len().min(len - buffer.len()));
            buffer.extend_from_slice(&part);
            if self.pieces[self.at].is_empty() {
                // Releases the memory of the piece.
                self.pieces[self.at] = Bytes::new();
                self.at += 1;
            }
        }
    }

    /// Reads until `buffer` holds `len` bytes.
    pub(super) async fn read_to(
        &mut self,
        buffer: &mut Vec<u8>,
        len: usize,
    ) -> Result<(), ReadError> {
        while buffer.len() < len {
            if !self.fill().await? {
                return Err(ReadError::EndedEarly {
                    missing_bytes: len - buffer.len(),
                });
            }
            self.take_at_hand(buffer, len);
        }
        Ok(())
    }

    /// Reads one frame's payload.
    pub(super) async fn frame(&mut self, kind: FrameKind) -> Result<Vec<u8>, ReadError> {
        let len = self.frame_len(kind).await?;
        self.payload(len).await
    }

    /// Reads the length of one frame's payload.
    pub(super) async fn frame_len(&mut self, kind: FrameKind) -> Result<usize, ReadError> {
        let mut header = Vec::with_capacity(4);
        self.read_to(&mut header, 4).await?;
        let len = payload_len(kind, [header[0], header[1], header[2], header[3]])?;
        Ok(len)
    }

    /// Reads the payload behind its length.
    pub(super) async fn payload(&mut self, len: usize) -> Result<Vec<u8>, ReadError> {
        let mut payload = Vec::new();
        self.read_to(&mut payload, len).await?;
        Ok(payload)
    }

    /// Checks that nothing follows.
    pub(super) async fn end(&mut self) -> Result<(), ReadError> {
        if self.fill().await? {
            Err(ReadError::GoesOn)
        } else {
            Ok(())
        }
    }
}

/// The sending half of a stream. Dropped before [`Writer::finish`], it resets the stream.
#[derive(Debug)]
pub(super) struct Writer {
    stream: SendStream,
    finished: bool,
}

impl Writer {
    pub(super) const fn new(stream: SendStream) -> Self {
        Self {
            stream,
            finished: false,
        }
    }

    /// Sends bytes; returns when the last of them found room in the send buffer.
    pub(super) async fn send(&mut self, mut bytes: Bytes) -> Result<(), s2n_quic::stream::Error> {
        while bytes.has_remaining() {
            let piece = bytes.split_to(bytes.len().min(SEND_PIECE_BYTES));
            self.send_piece(piece).await?;
        }
        Ok(())
    }

    /// Sends at most [`SEND_PIECE_BYTES`]: a step whose duration says whether the receiver reads.
    pub(super) async fn send_piece(&mut self, piece: Bytes) -> Result<(), s2n_quic::stream::Error> {
        self.stream.send(piece).await
    }

    /// Marks the end of the stream. What was sent is still delivered.
    pub(super) fn finish(&mut self) -> Result<(), s2n_quic::stream::Error> {
        self.finished = true;
        self.stream.finish()
    }

    /// Waits until the receiver has acknowledged everything.
    pub(super) async fn delivered(&mut self) -> Result<(), s2n_quic::stream::Error> {
        self.stream.close().await
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished {
            // A stream that is gone already needs no reset.
            let _ = self.stream.reset(ABANDONED.into());
        }
    }
}
