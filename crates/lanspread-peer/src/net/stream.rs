//! Reading and writing one request or answer, on a QUIC stream or on a bulk lane: frames with their
//! limits, raw bytes behind them.
//!
//! Invariant: memory for a frame grows with the bytes that came, never with the bytes that were
//! announced; and what is given up half-written is broken off, so that the other side cannot take a
//! part for the whole.

use std::io;

use bytes::{Buf as _, Bytes};
use lanspread_proto::{FrameError, FrameKind, payload_len};
use s2n_quic::stream::{ReceiveStream, SendStream};
use tokio::{sync::oneshot, time};
use tokio_util::sync::CancellationToken;

use super::{
    lane::LaneStream,
    limits::{LANE_WAKE_BYTES, LANE_WAKE_PATIENCE, SEND_PIECE_BYTES, TLS_RECORD_BYTES_MAX},
    pace::Came,
};

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
    /// The lane is gone.
    #[error("{0}")]
    Lane(#[from] io::Error),
    /// A lane carries requests for chunks only.
    #[error("{0} is not asked on a lane")]
    NotForALane(&'static str),
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

/// What comes in one after the other.
#[derive(Debug)]
enum Inlet {
    Stream(Box<Pieces>),
    Lane(LaneStream),
}

/// The receiving half of a stream, and what came of it and was not read yet.
#[derive(Debug)]
struct Pieces {
    stream: ReceiveStream,
    /// `came[at..filled]` are full.
    came: [Bytes; PIECES_AT_ONCE],
    at: usize,
    filled: usize,
    ended: bool,
}

impl Pieces {
    /// Waits for bytes if there are none; says how many came. `None` at the end.
    async fn fill(&mut self) -> Result<Option<usize>, ReadError> {
        loop {
            while self.at < self.filled {
                if self.came[self.at].has_remaining() {
                    return Ok(Some(0));
                }
                self.at += 1;
            }
            if self.ended {
                return Ok(None);
            }
            let (filled, open) = self.stream.receive_vectored(&mut self.came).await?;
            self.at = 0;
            self.filled = filled;
            self.ended = !open;
            if filled > 0 {
                let came = self.came[..filled].iter().map(Bytes::len).sum();
                return Ok(Some(came));
            }
        }
    }

    fn take(&mut self, buffer: &mut Vec<u8>, len: usize) {
        while buffer.len() < len && self.at < self.filled {
            let piece = &mut self.came[self.at];
            let part = piece.split_to(piece.len().min(len - buffer.len()));
            buffer.extend_from_slice(&part);
            if self.came[self.at].is_empty() {
                // Releases the memory of the piece.
                self.came[self.at] = Bytes::new();
                self.at += 1;
            }
        }
    }
}

/// A request or an answer, read frame by frame and byte by byte.
#[derive(Debug)]
pub(super) struct Reader {
    inlet: Inlet,
    came: Came,
    /// For how many bytes at a time the system wakes the reader of a lane.
    wakes_bytes: usize,
}

impl Reader {
    pub(super) fn new(stream: ReceiveStream) -> Self {
        let pieces = Pieces {
            stream,
            came: [const { Bytes::new() }; PIECES_AT_ONCE],
            at: 0,
            filled: 0,
            ended: false,
        };
        Self::of(Inlet::Stream(Box::new(pieces)))
    }

    /// Reads from a lane, which has to be taken out again.
    pub(super) fn lane(stream: LaneStream) -> Self {
        Self::of(Inlet::Lane(stream))
    }

    fn of(inlet: Inlet) -> Self {
        let came = Came::default();
        Self {
            inlet,
            came,
            wakes_bytes: 1,
        }
    }

    /// The lane that was read from, for the next request.
    pub(super) fn into_lane(mut self) -> Option<LaneStream> {
        self.wake_for(1);
        match self.inlet {
            Inlet::Stream(_) => None,
            Inlet::Lane(stream) => Some(stream),
        }
    }

    /// Whether nobody but the peer itself can have written what came.
    pub(super) const fn is_proven(&self) -> bool {
        match &self.inlet {
            Inlet::Stream(_) => true,
            Inlet::Lane(stream) => stream.is_sealed(),
        }
    }

    /// What came so far, whether it was taken or not.
    pub(super) const fn came(&self) -> Came {
        self.came
    }

    /// Whether bytes are at hand; waits for some if there are none. `false` at the end.
    pub(super) async fn fill(&mut self) -> Result<bool, ReadError> {
        let came = match &mut self.inlet {
            Inlet::Stream(pieces) => pieces.fill().await?,
            Inlet::Lane(stream) => {
                let came = fill(stream, &mut self.wakes_bytes).await?;
                Some(came).filter(|came| *came > 0)
            }
        };
        if let Some(came) = came.filter(|came| *came > 0) {
            self.came.more(came);
        }
        Ok(came.is_some())
    }

    /// So many bytes of contents are to come for certain: a lane need not wake its reader for a few of them.
    pub(super) fn expect(&mut self, rest_bytes: usize) {
        self.wake_for(wake_bytes(rest_bytes));
    }

    fn wake_for(&mut self, bytes: usize) {
        if let Inlet::Lane(stream) = &self.inlet
            && bytes != self.wakes_bytes
        {
            stream.wake_for(bytes);
            self.wakes_bytes = bytes;
        }
    }

    /// Moves bytes that are at hand to the end of `buffer`, until it holds `len` bytes or none are
    /// left.
    pub(super) fn take_at_hand(&mut self, buffer: &mut Vec<u8>, len: usize) {
        match &mut self.inlet {
            Inlet::Stream(pieces) => pieces.take(buffer, len),
            Inlet::Lane(stream) => {
                let more = stream.take_at_hand(buffer, len);
                if more > 0 {
                    self.came.more(more);
                }
            }
        }
    }

    /// What it means that the end came so many bytes early: a stream is ended on purpose, a lane breaks.
    pub(super) fn ended_early(&self, missing_bytes: usize) -> ReadError {
        match self.inlet {
            Inlet::Stream(_) => ReadError::EndedEarly { missing_bytes },
            Inlet::Lane(_) => ReadError::Lane(io::ErrorKind::UnexpectedEof.into()),
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
                return Err(self.ended_early(len - buffer.len()));
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

    /// Checks that nothing follows. On a lane that is all the same what is at hand: whoever answers
    /// there waits for the next request.
    pub(super) async fn end(&mut self) -> Result<(), ReadError> {
        let goes_on = match &mut self.inlet {
            Inlet::Stream(_) => self.fill().await?,
            Inlet::Lane(stream) => stream.has_at_hand(),
        };
        if goes_on {
            return Err(ReadError::GoesOn);
        }
        Ok(())
    }
}

/// Waits until a lane that wakes for so many bytes has some, and says how many; none at the end.
async fn fill(lane: &mut LaneStream, wakes_bytes: &mut usize) -> io::Result<usize> {
    if *wakes_bytes > 1 {
        if let Ok(filled) = time::timeout(LANE_WAKE_PATIENCE, lane.fill()).await {
            return filled;
        }
        // What a slow link brought meanwhile is taken as well.
        lane.wake_for(1);
        *wakes_bytes = 1;
    }
    lane.fill().await
}

/// For how many bytes a lane wakes its reader when so many are to come: never for more than must still come
/// behind a part of a TLS record that was read already, or it would not wake at all.
fn wake_bytes(rest_bytes: usize) -> usize {
    let to_come = rest_bytes.saturating_sub(TLS_RECORD_BYTES_MAX);
    to_come.clamp(1, LANE_WAKE_BYTES)
}

/// Why something could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The connection or the stream is gone.
    #[error("{0}")]
    Connection(#[from] s2n_quic::stream::Error),
    /// The lane is gone.
    #[error("{0}")]
    Lane(#[from] io::Error),
    /// The other side closed the lane, is kept away from now on, or has gone.
    #[error("the lane was closed")]
    LaneClosed,
}

/// What goes out one after the other.
#[derive(Debug)]
enum Outlet {
    Stream(SendStream),
    Lane(LentLane),
    /// A lane that was given back; tells when the receiver has everything.
    Returned(oneshot::Receiver<()>),
    /// For the moment in which a lane is given back.
    Nothing,
}

/// A lane that carries an answer, lent by whoever reads the requests on it.
#[derive(Debug)]
pub(super) struct LentLane {
    /// Carries the answer.
    pub(super) stream: LaneStream,
    /// Takes the lane back when the answer is written.
    pub(super) back: oneshot::Sender<LaneStream>,
    /// Tells when the receiver has acknowledged it.
    pub(super) acknowledged: oneshot::Receiver<()>,
    /// Breaks the answer off.
    pub(super) stop: CancellationToken,
}

async fn until_stopped(
    stop: &CancellationToken,
    work: impl Future<Output = io::Result<()>>,
) -> Result<(), WriteError> {
    tokio::select! {
        result = work => Ok(result?),
        () = stop.cancelled() => Err(WriteError::LaneClosed),
    }
}

/// Writes a request or an answer. Dropped before [`Writer::finish`], it breaks off.
#[derive(Debug)]
pub(super) struct Writer {
    outlet: Outlet,
    finished: bool,
}

impl Writer {
    pub(super) const fn new(stream: SendStream) -> Self {
        Self {
            outlet: Outlet::Stream(stream),
            finished: false,
        }
    }

    /// Writes an answer on a lane.
    pub(super) const fn lane(lane: LentLane) -> Self {
        Self {
            outlet: Outlet::Lane(lane),
            finished: false,
        }
    }

    /// Sends bytes; returns when the last of them found room in the send buffer.
    pub(super) async fn send(&mut self, mut bytes: Bytes) -> Result<(), WriteError> {
        while bytes.has_remaining() {
            let piece = bytes.split_to(bytes.len().min(SEND_PIECE_BYTES));
            self.send_piece(piece).await?;
        }
        Ok(())
    }

    /// Sends at most [`SEND_PIECE_BYTES`]: a step whose duration says whether the receiver reads.
    pub(super) async fn send_piece(&mut self, piece: Bytes) -> Result<(), WriteError> {
        match &mut self.outlet {
            Outlet::Stream(stream) => Ok(stream.send(piece).await?),
            Outlet::Lane(LentLane { stream, stop, .. }) => {
                until_stopped(stop, stream.write_all(&piece)).await
            }
            Outlet::Returned(_) | Outlet::Nothing => Err(WriteError::LaneClosed),
        }
    }

    /// Marks the end. What was sent is still delivered.
    pub(super) async fn finish(&mut self) -> Result<(), WriteError> {
        self.finished = true;
        match &mut self.outlet {
            Outlet::Stream(stream) => return Ok(stream.finish()?),
            Outlet::Lane(LentLane { stream, stop, .. }) => {
                until_stopped(stop, stream.flush()).await?;
            }
            Outlet::Returned(_) | Outlet::Nothing => return Err(WriteError::LaneClosed),
        }
        if let Outlet::Lane(lane) = std::mem::replace(&mut self.outlet, Outlet::Nothing) {
            // Whoever lent it may have been stopped meanwhile; then nobody acknowledges anything.
            drop(lane.back.send(lane.stream));
            self.outlet = Outlet::Returned(lane.acknowledged);
        }
        Ok(())
    }

    /// Waits until the receiver has acknowledged everything.
    pub(super) async fn delivered(&mut self) -> Result<(), WriteError> {
        match &mut self.outlet {
            Outlet::Stream(stream) => Ok(stream.close().await?),
            Outlet::Returned(acknowledged) => {
                acknowledged.await.map_err(|_| WriteError::LaneClosed)
            }
            Outlet::Lane(_) | Outlet::Nothing => Err(WriteError::LaneClosed),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A lane is closed by dropping it.
        if let Outlet::Stream(stream) = &mut self.outlet
            && !self.finished
        {
            // A stream that is gone already needs no reset.
            let _ = stream.reset(ABANDONED.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_wakes_for_much_but_never_for_more_than_must_still_come() {
        for (rest_bytes, wakes_bytes) in [
            (0, 1),
            (TLS_RECORD_BYTES_MAX, 1),
            (TLS_RECORD_BYTES_MAX + 2, 2),
            (TLS_RECORD_BYTES_MAX + LANE_WAKE_BYTES, LANE_WAKE_BYTES),
            (TLS_RECORD_BYTES_MAX + LANE_WAKE_BYTES + 1, LANE_WAKE_BYTES),
        ] {
            assert_eq!(wake_bytes(rest_bytes), wakes_bytes);
        }
    }
}
