//! What other peers ask, and how they are answered.
//!
//! Invariant: a request reaches the user only whole, valid and within its limits; whatever else
//! comes is answered or dropped here and disturbs nobody else. A responder that is dropped
//! unanswered resets its stream.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use lanspread_core::{DiskFailure, DiskFailureKind, Inbound, Offence, ServeFailure};
use lanspread_db::{ManifestHash, Version};
use lanspread_proto::{
    FrameKind, Refusal, RefusalKind, Request, Response, VersionProbe, WrongVersion, decode_payload,
    encode_frame,
};
use s2n_quic::{
    Connection,
    connection::StreamAcceptor,
    stream::{BidirectionalStream, ReceiveStream},
};
use tokio::{runtime::Handle, time};

use super::{
    beside::Beside,
    limits::{READ_STALL_TIMEOUT, SEND_PIECE_BYTES, SERVE_STALL_TIMEOUT},
    link::{CloseReason, Link},
    rates::Toll,
    stream::{ReadError, Reader, WriteError, Writer},
    trace,
    transport::{NetEvent, Shared},
};

/// A request that another peer made and that waits for its answer.
#[derive(Debug)]
pub struct IncomingStream {
    /// Who asks.
    pub from: Inbound,
    /// What is asked.
    pub request: Request,
    /// Takes the answer.
    pub responder: Responder,
}

/// Takes the answer to one request. Dropped unused, the asker learns that there will be none.
#[derive(Debug)]
pub struct Responder {
    writer: Writer,
    beside: Beside,
    toll: Toll,
}

/// Where the bytes behind an answer come from.
pub trait ChunkSource: Send + 'static {
    /// The next bytes, if they are in memory; asked on the thread that sends them, which may not wait.
    fn at_hand(&mut self) -> AtHand {
        AtHand::Elsewhere
    }

    /// The next bytes, or nothing after the last; asked on a blocking thread.
    ///
    /// # Errors
    /// A disk that does not give them.
    fn next(&mut self) -> Result<Option<Bytes>, DiskFailure>;
}

/// What a source has without waiting for a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtHand {
    /// The next bytes.
    Bytes(Bytes),
    /// The last were given.
    End,
    /// The next bytes are on a disk, as far as is known.
    Elsewhere,
}

impl Responder {
    pub(super) const fn new(writer: Writer, beside: Beside, toll: Toll) -> Self {
        Self {
            writer,
            beside,
            toll,
        }
    }

    /// Answers with a message that no bytes follow.
    ///
    /// # Errors
    /// An asker that is gone; a message over the limit of its kind.
    pub async fn reply(mut self, response: &Response) -> Result<(), ServeFailure> {
        self.send_header(response).await?;
        stalls(SERVE_STALL_TIMEOUT, self.writer.finish()).await
    }

    /// Answers a `GetGame` with a manifest in its canonical encoding; returns the bytes sent.
    ///
    /// # Errors
    /// An asker that is gone or stopped reading.
    pub async fn manifest(
        self,
        version: Version,
        manifest: ManifestHash,
        encoded: Bytes,
    ) -> Result<u64, ServeFailure> {
        let manifest_bytes = encoded.len() as u64;
        let response = Response::Game {
            version,
            manifest,
            manifest_bytes,
        };
        let mut sender = self.start(&response, manifest_bytes).await?;
        // Not slowed by a limit of uploads: without it nothing else goes on.
        sender.toll = Toll::free();
        sender.send(encoded).await?;
        sender.finish().await
    }

    /// Answers a `GetGameFileChunk` with exactly `data_bytes` bytes, which are given to the sender
    /// that this returns.
    ///
    /// # Errors
    /// An asker that is gone or stopped reading.
    pub async fn chunks(self, data_bytes: u64) -> Result<ChunkSender, ServeFailure> {
        self.start(&Response::Chunks { data_bytes }, data_bytes)
            .await
    }

    async fn start(
        mut self,
        response: &Response,
        announced_bytes: u64,
    ) -> Result<ChunkSender, ServeFailure> {
        self.send_header(response).await?;
        Ok(ChunkSender {
            writer: self.writer,
            beside: self.beside,
            toll: self.toll,
            announced_bytes,
            sent_bytes: 0,
        })
    }

    async fn send_header(&mut self, response: &Response) -> Result<(), ServeFailure> {
        let frame = encode_frame(FrameKind::Response, response)
            .map_err(|error| ServeFailure::Connection(error.to_string()))?;
        let mut frame = Bytes::from(frame);
        while !frame.is_empty() {
            let piece = frame.split_to(frame.len().min(SEND_PIECE_BYTES));
            send_piece(&mut self.writer, piece).await?;
        }
        Ok(())
    }
}

/// Sends the bytes behind a response. Dropped before [`ChunkSender::finish`], it tells the receiver
/// that the rest will not come.
#[derive(Debug)]
pub struct ChunkSender {
    writer: Writer,
    beside: Beside,
    toll: Toll,
    announced_bytes: u64,
    sent_bytes: u64,
}

impl ChunkSender {
    /// Sends the next bytes, no faster than the limits of uploads; returns when they have left or
    /// found room in the send buffer.
    ///
    /// # Errors
    /// A receiver that is gone or took nothing for [`SERVE_STALL_TIMEOUT`].
    ///
    /// # Panics
    /// More bytes than were announced.
    pub async fn send(&mut self, mut bytes: Bytes) -> Result<(), ServeFailure> {
        let total = self.sent_bytes + bytes.len() as u64;
        assert!(
            total <= self.announced_bytes,
            "more bytes than the response announced"
        );
        while !bytes.is_empty() {
            // However long a limit holds it up: the receiver is to blame for none of that.
            let len = self.toll.pass(bytes.len().min(SEND_PIECE_BYTES)).await;
            send_piece(&mut self.writer, bytes.split_to(len)).await?;
            self.sent_bytes += len as u64;
        }
        Ok(())
    }

    /// Sends `first` and all that `source` gives, and ends the answer; returns the bytes sent. What is in memory is read
    /// where it is sent, so that it is still in that core's cache; from the first bytes on that are not, the next
    /// are read while those before are sent.
    ///
    /// # Errors
    /// A source that fails; a receiver that is gone or took nothing for [`SERVE_STALL_TIMEOUT`].
    ///
    /// # Panics
    /// Other bytes than were announced.
    pub async fn send_all(
        self,
        first: Bytes,
        source: impl ChunkSource,
    ) -> Result<u64, ServeFailure> {
        let beside = self.beside.clone();
        let sent = beside.run(self.pass_on(first, source, Handle::current()));
        sent.await.unwrap_or(Err(ServeFailure::Aborted))
    }

    async fn pass_on(
        mut self,
        first: Bytes,
        mut source: impl ChunkSource,
        blocking: Handle,
    ) -> Result<u64, ServeFailure> {
        let mut bytes = first;
        loop {
            match source.at_hand() {
                AtHand::Bytes(next) => self.send(std::mem::replace(&mut bytes, next)).await?,
                AtHand::End => {
                    self.send(bytes).await?;
                    return self.finish().await;
                }
                AtHand::Elsewhere => break,
            }
        }
        loop {
            let read = blocking.spawn_blocking(move || {
                let next = source.next();
                (source, next)
            });
            // What a disk that hangs holds up is a thread for blocking work, and this upload for a while.
            let read = time::timeout(READ_STALL_TIMEOUT, read);
            let (sent, read) = tokio::join!(self.send(bytes), read);
            sent?;
            let read = read.map_err(|_| ServeFailure::Disk(no_answer_of_disk()))?;
            let Ok((same_source, next)) = read else {
                return Err(ServeFailure::Aborted);
            };
            source = same_source;
            match next.map_err(ServeFailure::Disk)? {
                Some(next) => bytes = next,
                None => return self.finish().await,
            }
        }
    }

    /// Bytes sent so far.
    #[must_use]
    pub const fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Ends the answer and waits until the receiver has all of it; returns the bytes sent.
    ///
    /// # Errors
    /// A receiver that is gone or took nothing for [`SERVE_STALL_TIMEOUT`].
    ///
    /// # Panics
    /// Fewer bytes than were announced.
    pub async fn finish(mut self) -> Result<u64, ServeFailure> {
        assert_eq!(
            self.sent_bytes, self.announced_bytes,
            "the response announced other bytes"
        );
        stalls(SERVE_STALL_TIMEOUT, self.writer.finish()).await?;
        stalls(SERVE_STALL_TIMEOUT, self.writer.delivered()).await?;
        Ok(self.sent_bytes)
    }
}

/// The failure of a disk that gave nothing for [`READ_STALL_TIMEOUT`].
pub(crate) fn no_answer_of_disk() -> DiskFailure {
    DiskFailure {
        kind: DiskFailureKind::Io,
        message: format!(
            "the disk gave nothing for {READ_STALL_TIMEOUT:?}: look whether it still works"
        ),
    }
}

async fn send_piece(writer: &mut Writer, piece: Bytes) -> Result<(), ServeFailure> {
    stalls(SERVE_STALL_TIMEOUT, writer.send_piece(piece)).await
}

async fn stalls(
    limit: Duration,
    step: impl Future<Output = Result<(), WriteError>>,
) -> Result<(), ServeFailure> {
    match time::timeout(limit, step).await {
        Ok(result) => result.map_err(|error| ServeFailure::Connection(error.to_string())),
        Err(_) => Err(ServeFailure::Connection(format!(
            "it took nothing for {limit:?}"
        ))),
    }
}

/// Accepts the streams of one connection until it closes. The first has to come within `patience`,
/// if there is such a limit.
pub(super) async fn serve_link(
    shared: Arc<Shared>,
    link: Link,
    mut acceptor: StreamAcceptor,
    mut patience: Option<Duration>,
) {
    loop {
        let stream = tokio::select! {
            stream = acceptor.accept_bidirectional_stream() => stream,
            () = out_of(patience) => {
                tracing::debug!(peer_id = %link.ends.peer_id.short(), "asks nothing");
                shared.misconduct.count(link.ends, Offence::SilentStream);
                link.handle.close(CloseReason::Silent.code());
                patience = None;
                continue;
            }
            () = shared.stop.cancelled() => break,
        };
        patience = None;
        match stream {
            Ok(Some(stream)) => {
                let shared_by_stream = Arc::clone(&shared);
                let (from, beside) = (link.ends, link.beside.clone());
                shared.tasks.spawn(async move {
                    tokio::select! {
                        () = serve_stream(&shared_by_stream, from, beside, stream) => {}
                        () = shared_by_stream.stop.cancelled() => {}
                    }
                });
            }
            Ok(None) => break,
            Err(error) => {
                tracing::debug!(peer_id = %link.ends.peer_id.short(), %error, "connection ended");
                break;
            }
        }
    }
    let was_last = shared.links().remove(&link);
    if was_last {
        shared.close_lanes(link.ends.peer_id);
        shared
            .report(NetEvent::Disconnected(link.ends.peer_id))
            .await;
    }
}

async fn out_of(patience: Option<Duration>) {
    match patience {
        Some(patience) => time::sleep(patience).await,
        None => std::future::pending().await,
    }
}

/// Reads one request and hands it to the user.
async fn serve_stream(shared: &Shared, from: Inbound, beside: Beside, stream: BidirectionalStream) {
    let (receive, send) = stream.split();
    let toll = shared.config.rates.uploads_to(from.peer_id);
    let responder = Responder::new(Writer::new(send), beside, toll);
    let limit = shared.config.request_read_timeout;
    let Ok(request) = time::timeout(limit, read_request(receive)).await else {
        shared
            .counters
            .silent_streams
            .fetch_add(1, Ordering::Relaxed);
        shared.misconduct.count(from, Offence::SilentStream);
        tracing::debug!(peer_id = %from.peer_id.short(), "dropped a stream without a request");
        return;
    };
    match request {
        Ok(request) => {
            trace::received(from.peer_id, &request);
            if let Some(response) = shared.lane_token_for(from.peer_id, &request) {
                // An asker that is gone opens no lane.
                let _ = responder.reply(&response).await;
                return;
            }
            let incoming = IncomingStream {
                from,
                request,
                responder,
            };
            shared.report(NetEvent::Incoming(Box::new(incoming))).await;
        }
        Err(ReadError::Connection(error)) => {
            if matches!(error, s2n_quic::stream::Error::StreamReset { .. }) {
                shared.misconduct.count(from, Offence::AbandonedStream);
            }
            tracing::debug!(peer_id = %from.peer_id.short(), %error, "a request broke off");
        }
        Err(error) => {
            shared.malformed(from);
            tracing::debug!(
                peer_id = %from.peer_id.short(), from = %from.transport_addr, %error,
                "refused a malformed request"
            );
            let refusal = Refusal::new(RefusalKind::BadRequest, error.to_string());
            // A sender of nonsense need not stay to hear about it.
            let _ = responder.reply(&Response::Refused(refusal)).await;
        }
    }
}

async fn read_request(receive: ReceiveStream) -> Result<Request, ReadError> {
    let mut reader = Reader::new(receive);
    let payload = reader.frame(FrameKind::Request).await?;
    let request = decode_payload(FrameKind::Request, &payload)?;
    reader.end().await?;
    Ok(request)
}

/// Has the only talk that peers of different versions can have.
pub(super) async fn tell_version(shared: Arc<Shared>, mut connection: Connection, from: Inbound) {
    let handle = connection.handle();
    let limit = shared.config.request_read_timeout;
    let talk = async {
        let stream = connection
            .accept_bidirectional_stream()
            .await
            .ok()
            .flatten()?;
        let (receive, send) = stream.split();
        let payload = Reader::new(receive).frame(FrameKind::Request).await.ok()?;
        let theirs = VersionProbe::decode(&payload).ok()?.protocol_version;
        let answer = WrongVersion {
            ours: shared.config.protocol_version,
            yours: theirs,
        };
        let beside = shared.beside(&connection.handle());
        let mut responder = Responder::new(Writer::new(send), beside, Toll::free());
        responder
            .send_header(&Response::WrongVersion(answer))
            .await
            .ok()?;
        responder.writer.finish().await.ok()?;
        Some((theirs, responder.writer))
    };
    let told = tokio::select! {
        told = time::timeout(limit, talk) => told.ok().flatten(),
        () = shared.stop.cancelled() => None,
    };
    if let Some((theirs, mut writer)) = told {
        let Inbound {
            peer_id,
            transport_addr,
            ..
        } = from;
        let event = if theirs == shared.config.protocol_version {
            NetEvent::OtherParty {
                peer_id,
                transport_addr,
                mismatch: shared.other_door(),
            }
        } else {
            NetEvent::OtherVersion {
                peer_id,
                transport_addr,
                theirs,
            }
        };
        // Users hear of it also if the asker is gone before it confirms the answer.
        shared.report(event).await;
        // The connection must not close before the answer is there.
        tokio::select! {
            _ = time::timeout(limit, writer.delivered()) => {}
            () = shared.stop.cancelled() => {}
        }
    }
    handle.close(CloseReason::OtherVersion.code());
}
