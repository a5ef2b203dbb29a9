//! What this peer asks of others.
//!
//! Invariant: one stream carries one request and one answer, and an answer that does not follow the
//! protocol is an error that blames the other side, never a value.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use lanspread_core::{Inbound, ManifestAnswer, Offence, RequestFailure, Route};
use lanspread_db::{GameId, MANIFEST_BEGINNING_BYTES, MANIFEST_BYTES_MAX, Manifest, ManifestHash};
use lanspread_proto::{FrameKind, Request, Response, decode_payload, encode_frame};
use s2n_quic::stream::BidirectionalStream;
use tokio::time::{self, Instant};

use super::{
    beside::Beside,
    limits::SMALL_ANSWER_BYTES_MAX,
    link::Link,
    pace::{Came, manifest_time_max},
    stream::{ReadError, Reader, WriteError, Writer},
    trace,
    transport::{Shared, Transport},
};

impl Transport {
    /// Asks a peer something whose answer is one message, over a live connection if there is one.
    ///
    /// # Errors
    /// No connection, no answer in time, or an answer that breaks the protocol.
    pub async fn request(
        &self,
        to: Route,
        request: &Request,
        timeout: Duration,
    ) -> Result<Response, RequestFailure> {
        if matches!(request, Request::Holdings(_)) {
            self.shared.prepare_lanes(to);
        }
        self.shared.request(to, request, timeout).await
    }

    /// Asks a peer for a manifest and checks it against the hash it is wanted by.
    ///
    /// `timeout` limits each wait for more bytes. The whole may take as long as its announced size
    /// allows at the slowest pace.
    ///
    /// # Errors
    /// No connection, silence for `timeout`, or an answer that breaks the protocol. One with bytes of
    /// another hash does.
    pub async fn fetch_manifest(
        &self,
        from: Route,
        id: GameId,
        expect: ManifestHash,
        timeout: Duration,
    ) -> Result<ManifestAnswer, RequestFailure> {
        self.shared.prepare_lanes(from);
        let request = Request::GetGame { id };
        let asked = self.shared.ask(from, &request, timeout);
        let mut answer = in_time(timeout, asked).await?;
        let response = in_time(timeout, self.shared.message(&mut answer)).await;
        self.shared.judge(&answer, Came::default(), &response);
        let (manifest, manifest_bytes) = match response? {
            Response::Game {
                manifest,
                manifest_bytes,
                ..
            } => (manifest, manifest_bytes),
            Response::GamePending {
                hashed_bytes,
                total_bytes,
            } => {
                return Ok(ManifestAnswer::Pending {
                    hashed_bytes,
                    total_bytes,
                });
            }
            Response::Refused(refusal) => return Ok(ManifestAnswer::Refused(refusal.message)),
            Response::InternalPeerError { message } => {
                return Ok(ManifestAnswer::Refused(message));
            }
            other => return Err(unexpected(&request, &other)),
        };
        if manifest != expect {
            let reason = "its files have changed since it announced them".to_owned();
            return Ok(ManifestAnswer::Refused(reason));
        }
        let len = usize::try_from(manifest_bytes).unwrap_or(usize::MAX);
        if len as u64 > MANIFEST_BYTES_MAX as u64 {
            return Err(RequestFailure::Protocol(format!(
                "a manifest of {manifest_bytes} bytes is over the limit of {MANIFEST_BYTES_MAX}"
            )));
        }
        let whole = manifest_time_max(timeout, manifest_bytes);
        let before = answer.reader.came();
        let read = self.read_manifest(&mut answer.reader, len, expect, timeout);
        let result = in_time(whole, read).await;
        self.shared.judge(&answer, before, &result);
        result
    }

    async fn read_manifest(
        &self,
        reader: &mut Reader,
        len: usize,
        expect: ManifestHash,
        timeout: Duration,
    ) -> Result<ManifestAnswer, RequestFailure> {
        let _place = self.shared.room.for_bytes(len).await;
        let mut encoded = Vec::new();
        let mut is_checked = false;
        while encoded.len() < len {
            if !is_checked && encoded.len() >= MANIFEST_BEGINNING_BYTES {
                is_checked = true;
                Manifest::check_beginning(&encoded)
                    .map_err(|error| RequestFailure::Protocol(error.to_string()))?;
            }
            let missing_bytes = len - encoded.len();
            let filled = async { reader.fill().await.map_err(|error| read_failure(&error)) };
            if !in_time(timeout, filled).await? {
                return Err(read_failure(&ReadError::EndedEarly { missing_bytes }));
            }
            reader.take_at_hand(&mut encoded, len);
        }
        in_time(timeout, async {
            reader.end().await.map_err(|error| read_failure(&error))
        })
        .await?;
        decode_manifest(encoded, expect).await
    }
}

async fn in_time<T>(
    timeout: Duration,
    step: impl Future<Output = Result<T, RequestFailure>>,
) -> Result<T, RequestFailure> {
    match time::timeout(timeout, step).await {
        Ok(result) => result,
        Err(_) => Err(RequestFailure::Timeout(timeout)),
    }
}

/// Checks and reads a manifest, which can be large, away from the async workers.
async fn decode_manifest(
    encoded: Vec<u8>,
    expect: ManifestHash,
) -> Result<ManifestAnswer, RequestFailure> {
    let decoded = tokio::task::spawn_blocking(move || {
        if blake3::hash(&encoded).as_bytes() != expect.0.as_bytes() {
            return Err("the bytes of the manifest do not have the hash that names it".to_owned());
        }
        Manifest::decode(&encoded).map_err(|error| error.to_string())
    });
    match decoded.await {
        Ok(Ok(manifest)) => Ok(ManifestAnswer::Manifest(Arc::new(manifest))),
        Ok(Err(reason)) => Err(RequestFailure::Protocol(reason)),
        Err(_) => Err(RequestFailure::Aborted),
    }
}

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answer {
    /// What comes of it.
    pub(super) reader: Reader,
    /// Who gives it, over which connection or lane.
    pub(super) from: Inbound,
    /// The thread that its bytes come in on.
    pub(super) beside: Beside,
    /// Whether this side has no room for it yet.
    waits_for_room: bool,
}

impl Answer {
    pub(super) const fn new(reader: Reader, from: Inbound, beside: Beside) -> Self {
        Self {
            reader,
            from,
            beside,
            waits_for_room: false,
        }
    }
}

impl Shared {
    /// Asks a peer something whose answer is one message.
    pub(super) async fn request(
        self: &Arc<Self>,
        to: Route,
        request: &Request,
        timeout: Duration,
    ) -> Result<Response, RequestFailure> {
        let until = Instant::now() + timeout;
        let late = |_| RequestFailure::Timeout(timeout);
        let asked = self.ask(to, request, timeout);
        let mut answer = time::timeout_at(until, asked).await.map_err(late)??;
        let whole = async {
            let response = self.message(&mut answer).await?;
            let end = answer.reader.end().await;
            end.map_err(|error| read_failure(&error))?;
            Ok(response)
        };
        let result = time::timeout_at(until, whole).await.map_err(late).flatten();
        self.judge(&answer, Came::default(), &result);
        result
    }

    /// Sends a request; the answer is still to come.
    pub(super) async fn ask(
        self: &Arc<Self>,
        to: Route,
        request: &Request,
        dial_timeout: Duration,
    ) -> Result<Answer, RequestFailure> {
        let frame = encode_frame(FrameKind::Request, request)
            .map_err(|error| RequestFailure::Connection(error.to_string()))?;
        let (stream, link) = self.open_stream(to, dial_timeout).await?;
        let (receive, send) = stream.split();
        trace::sent(to.peer_id, request);
        let mut writer = Writer::new(send);
        writer
            .send(Bytes::from(frame))
            .await
            .map_err(|error| write_failure(&error))?;
        writer
            .finish()
            .await
            .map_err(|error| write_failure(&error))?;
        Ok(Answer::new(Reader::new(receive), link.ends, link.beside))
    }

    /// Reads the message of an answer; bytes may follow it.
    pub(super) async fn message(&self, answer: &mut Answer) -> Result<Response, RequestFailure> {
        let len = answer
            .reader
            .frame_len(FrameKind::Response)
            .await
            .map_err(|error| read_failure(&error))?;
        answer.waits_for_room = true;
        let place = self.room.for_bytes(len).await;
        answer.waits_for_room = false;
        let payload = answer
            .reader
            .payload(len)
            .await
            .map_err(|error| read_failure(&error))?;
        let response = self.decode(payload).await?;
        drop(place);
        Ok(response)
    }

    /// Blames whoever trickles: the time for an answer is over of which `before` had come when it
    /// began.
    pub(super) fn too_slow(&self, answer: &Answer, before: Came) {
        let is_to_blame = !answer.waits_for_room && answer.reader.is_proven();
        if is_to_blame && answer.reader.came().is_trickle_since(before) {
            self.misconduct.count(answer.from, Offence::TrickledAnswer);
        }
    }

    /// The same, if the time is over.
    fn judge<T>(&self, answer: &Answer, before: Came, result: &Result<T, RequestFailure>) {
        if matches!(result, Err(RequestFailure::Timeout(_))) {
            self.too_slow(answer, before);
        }
    }

    /// Parses an answer; a large one away from the async workers, and when it is its turn.
    async fn decode(&self, payload: Vec<u8>) -> Result<Response, RequestFailure> {
        let decode = |payload: &[u8]| {
            decode_payload(FrameKind::Response, payload)
                .map_err(|error| RequestFailure::Protocol(error.to_string()))
        };
        if payload.len() <= SMALL_ANSWER_BYTES_MAX {
            return decode(&payload);
        }
        let _turn = self.room.to_parse().await;
        let decoded = tokio::task::spawn_blocking(move || decode(&payload));
        decoded.await.unwrap_or(Err(RequestFailure::Aborted))
    }

    /// Opens a stream on a live connection, or on a new one; says which.
    async fn open_stream(
        self: &Arc<Self>,
        to: Route,
        dial_timeout: Duration,
    ) -> Result<(BidirectionalStream, Link), RequestFailure> {
        let links = self.links().with_peer(to.peer_id);
        for mut link in links {
            match link.handle.open_bidirectional_stream().await {
                Ok(stream) => return Ok((stream, link)),
                // It closed a moment ago; its own task takes it off the list.
                Err(error) => tracing::debug!(%error, "a connection was gone"),
            }
        }
        let connection = |reason: String| RequestFailure::Connection(reason);
        let mut link = self
            .link_to(to.peer_id, to.listen_addr, dial_timeout)
            .await
            .map_err(|failure| connection(failure.to_string()))?;
        let opened = link.handle.open_bidirectional_stream().await;
        let stream = opened.map_err(|error| connection(error.to_string()))?;
        Ok((stream, link))
    }
}

/// What a stream that cannot be read means for a request.
pub(super) fn read_failure(error: &ReadError) -> RequestFailure {
    match error {
        ReadError::Connection(error) => RequestFailure::Connection(error.to_string()),
        ReadError::Lane(error) => RequestFailure::Connection(error.to_string()),
        ReadError::EndedEarly { .. }
        | ReadError::GoesOn
        | ReadError::NotForALane(_)
        | ReadError::Frame(_) => RequestFailure::Protocol(error.to_string()),
    }
}

/// What it means for a request that it could not be written.
pub(super) fn write_failure(error: &WriteError) -> RequestFailure {
    RequestFailure::Connection(error.to_string())
}

/// An answer of the wrong kind.
pub(super) fn unexpected(request: &Request, response: &Response) -> RequestFailure {
    RequestFailure::Protocol(format!(
        "{} was answered with {}",
        request.kind(),
        response.kind()
    ))
}
