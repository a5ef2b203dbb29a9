//! What this peer asks of others.
//!
//! Invariant: one stream carries one request and one answer, and an answer that does not follow the
//! protocol is an error that blames the other side, never a value.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use lanspread_core::{ManifestAnswer, RequestFailure, Route};
use lanspread_db::{GameId, MANIFEST_BEGINNING_BYTES, MANIFEST_BYTES_MAX, Manifest, ManifestHash};
use lanspread_proto::{FrameKind, Request, Response, decode_payload, encode_frame};
use s2n_quic::stream::BidirectionalStream;
use tokio::time;

use super::{
    limits::SMALL_ANSWER_BYTES_MAX,
    pace::manifest_time_max,
    stream::{ReadError, Reader, Writer},
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
        let exchange = async {
            let (mut reader, response) = self.shared.ask(to, request, timeout).await?;
            reader.end().await.map_err(|error| read_failure(&error))?;
            Ok(response)
        };
        match time::timeout(timeout, exchange).await {
            Ok(result) => result,
            Err(_) => Err(RequestFailure::Timeout(timeout)),
        }
    }

    /// Asks a peer for a manifest and checks it against the hash it is wanted by.
    ///
    /// `timeout` limits each wait for more bytes; the whole may take longer, but no longer than its
    /// announced size allows at the slowest pace.
    ///
    /// # Errors
    /// No connection, silence for `timeout`, or an answer that breaks the protocol, which includes
    /// bytes of another hash.
    pub async fn fetch_manifest(
        &self,
        from: Route,
        id: GameId,
        expect: ManifestHash,
        timeout: Duration,
    ) -> Result<ManifestAnswer, RequestFailure> {
        let request = Request::GetGame { id };
        let asked = self.shared.ask(from, &request, timeout);
        let (reader, response) = in_time(timeout, asked).await?;
        let (manifest, manifest_bytes) = match response {
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
        in_time(whole, self.read_manifest(reader, len, expect, timeout)).await
    }

    async fn read_manifest(
        &self,
        mut reader: Reader,
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

impl Shared {
    /// Sends a request and reads the answer's message; bytes may follow on the reader.
    pub(super) async fn ask(
        self: &Arc<Self>,
        to: Route,
        request: &Request,
        dial_timeout: Duration,
    ) -> Result<(Reader, Response), RequestFailure> {
        let frame = encode_frame(FrameKind::Request, request)
            .map_err(|error| RequestFailure::Connection(error.to_string()))?;
        let (receive, send) = self.open_stream(to, dial_timeout).await?.split();
        trace::sent(to.peer_id, request);
        let mut writer = Writer::new(send);
        writer
            .send(Bytes::from(frame))
            .await
            .map_err(|error| read_failure(&error.into()))?;
        writer
            .finish()
            .map_err(|error| read_failure(&error.into()))?;
        let mut reader = Reader::new(receive);
        let len = reader
            .frame_len(FrameKind::Response)
            .await
            .map_err(|error| read_failure(&error))?;
        let place = self.room.for_bytes(len).await;
        let payload = reader
            .payload(len)
            .await
            .map_err(|error| read_failure(&error))?;
        let response = self.decode(payload).await?;
        drop(place);
        Ok((reader, response))
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

    /// Opens a stream on a live connection, or on a new one.
    async fn open_stream(
        self: &Arc<Self>,
        to: Route,
        dial_timeout: Duration,
    ) -> Result<BidirectionalStream, RequestFailure> {
        let links = self.links().with_peer(to.peer_id);
        for mut link in links {
            match link.handle.open_bidirectional_stream().await {
                Ok(stream) => return Ok(stream),
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
        opened.map_err(|error| connection(error.to_string()))
    }
}

/// What a stream that cannot be read means for a request.
pub(super) fn read_failure(error: &ReadError) -> RequestFailure {
    match error {
        ReadError::Connection(error) => RequestFailure::Connection(error.to_string()),
        ReadError::EndedEarly { .. } | ReadError::GoesOn | ReadError::Frame(_) => {
            RequestFailure::Protocol(error.to_string())
        }
    }
}

/// An answer of the wrong kind.
pub(super) fn unexpected(request: &Request, response: &Response) -> RequestFailure {
    RequestFailure::Protocol(format!(
        "{} was answered with {}",
        request.kind(),
        response.kind()
    ))
}
