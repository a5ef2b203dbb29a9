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
    Lane(Woken),
}

/// A lane, and for how much of what comes its reader is woken.
#[derive(Debug)]
struct Woken {
    stream: LaneStream,
    bytes: usize,
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
        Self::of(Inlet::Lane(Woken { stream, bytes: 1 }))
    }

    fn of(inlet: Inlet) -> Self {
        let came = Came::default();
        Self { inlet, came }
    }

    /// The lane that was read from, for the next request.
    pub(super) fn into_lane(self) -> Option<LaneStream> {
        match self.inlet {
            Inlet::Stream(_) => None,
            Inlet::Lane(mut lane) => {
                lane.wake_for(1);
                Some(lane.stream)
            }
        }
    }

    /// Whether nobody but the peer itself can have written what came.
    pub(super) const fn is_proven(&self) -> bool {
        match &self.inlet {
            Inlet::Stream(_) => true,
            Inlet::Lane(lane) => lane.stream.is_sealed(),
        }
    }

    /// Whether what came is taken after every few packets: a lane is woken for more, and by then the first of it is in
    /// no core's cache any more.
    pub(super) const fn brings_little_at_a_time(&self) -> bool {
        matches!(self.inlet, Inlet::Stream(_))
    }

    /// What came so far, whether it was taken or not.
    pub(super) const fn came(&self) -> Came {
        self.came
    }

    /// Whether bytes are at hand; waits for some if there are none. `false` at the end.
    pub(super) async fn fill(&mut self) -> Result<bool, ReadError> {
        let came = match &mut self.inlet {
            Inlet::Stream(pieces) => pieces.fill().await?,
            Inlet::Lane(lane) => Some(lane.fill().await?).filter(|came| *came > 0),
        };
        if let Some(came) = came.filter(|came| *came > 0) {
            self.came.more(came);
        }
        Ok(came.is_some())
    }

    /// So many bytes of contents are to come for certain: a lane need not wake its reader for a few of them.
    pub(super) fn expect(&mut self, rest_bytes: usize) {
        if let Inlet::Lane(lane) = &mut self.inlet {
            lane.wake_for(wake_bytes(rest_bytes));
        }
    }

    /// Moves bytes that are at hand to the end of `buffer`, until it holds `len` bytes or none are
    /// left.
    pub(super) fn take_at_hand(&mut self, buffer: &mut Vec<u8>, len: usize) {
        match &mut self.inlet {
            Inlet::Stream(pieces) => pieces.take(buffer, len),
            Inlet::Lane(lane) => {
                let more = lane.stream.take_at_hand(buffer, len);
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
            Inlet::Lane(lane) => lane.stream.has_at_hand(),
        };
        if goes_on {
            return Err(ReadError::GoesOn);
        }
        Ok(())
    }
}

impl Woken {
    fn wake_for(&mut self, bytes: usize) {
        if bytes != self.bytes {
            self.stream.wake_for(bytes);
            self.bytes = bytes;
        }
    }

    /// Waits until bytes are at hand, and says how many; none at the end.
    async fn fill(&mut self) -> io::Result<usize> {
        if self.bytes > 1 {
            if let Ok(filled) = time::timeout(LANE_WAKE_PATIENCE, self.stream.fill()).await {
                return filled;
            }
            // What a slow link brought meanwhile is taken as well.
            self.wake_for(1);
        }
        self.stream.fill().await
    }
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
    use std::{net::Ipv4Addr, time::Duration};

    use tokio::{
        io::AsyncWriteExt as _,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    /// Much longer than anything takes here.
    const PATIENCE: Duration = Duration::from_secs(20);

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

    #[tokio::test]
    async fn what_is_less_than_a_lane_wakes_for_is_read_all_the_same() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let source = TcpStream::connect(listener.local_addr().unwrap());
        let (source, accepted) = tokio::join!(source, listener.accept());
        let (mut source, (tcp, _)) = (source.unwrap(), accepted.unwrap());
        let mut reader = Reader::lane(LaneStream::clear(tcp).unwrap());
        for slow in [b"ten bytes ", b"ten more b"] {
            source.write_all(slow).await.unwrap();
            reader.expect(usize::MAX);
            let filled = time::timeout(PATIENCE, reader.fill()).await;
            assert!(filled.expect("in time").unwrap());
            let mut came = Vec::new();
            reader.take_at_hand(&mut came, slow.len());
            assert_eq!(came, slow);
        }
        // The next request finds a lane that wakes for every byte.
        reader.expect(usize::MAX);
        let mut lane = reader.into_lane().unwrap();
        source.write_all(b"!").await.unwrap();
        let filled = time::timeout(PATIENCE, lane.fill()).await;
        assert_eq!(filled.expect("in time").unwrap(), 1);
    }
}
