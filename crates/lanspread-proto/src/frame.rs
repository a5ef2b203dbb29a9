//! Framing: a big-endian `u32` length, then that many bytes of JSON.
//!
//! Invariant: a length is checked against the limit of its kind before a byte of the payload is read
//! or memory for it is reserved.

use serde::{Serialize, de::DeserializeOwned};

use crate::limits::{ADMISSION_FRAME_BYTES_MAX, REQUEST_FRAME_BYTES_MAX, RESPONSE_FRAME_BYTES_MAX};

/// Which limit a frame is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// At most [`REQUEST_FRAME_BYTES_MAX`] bytes.
    Request,
    /// At most [`RESPONSE_FRAME_BYTES_MAX`] bytes.
    Response,
    /// At most [`ADMISSION_FRAME_BYTES_MAX`] bytes.
    Admission,
}

impl FrameKind {
    /// The longest payload of this kind, in bytes.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Request => REQUEST_FRAME_BYTES_MAX,
            Self::Response => RESPONSE_FRAME_BYTES_MAX,
            Self::Admission => ADMISSION_FRAME_BYTES_MAX,
        }
    }
}

/// Why a frame was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The length is over the limit of its kind.
    #[error("a {kind:?} frame of {len} bytes is over the limit of {} bytes", kind.bytes_max())]
    TooLong {
        /// The kind of frame.
        kind: FrameKind,
        /// The length it announced, in bytes.
        len: usize,
    },
    /// The payload is not the JSON that is expected here.
    #[error("a {kind:?} frame does not hold a valid message: {source}")]
    BadMessage {
        /// The kind of frame.
        kind: FrameKind,
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// Reads the length that a frame's first four bytes announce.
///
/// # Errors
/// A length over the limit of `kind`.
pub fn payload_len(kind: FrameKind, header: [u8; 4]) -> Result<usize, FrameError> {
    let len = u32::from_be_bytes(header) as usize;
    if len > kind.bytes_max() {
        return Err(FrameError::TooLong { kind, len });
    }
    Ok(len)
}

/// Parses a frame's payload.
///
/// # Errors
/// Anything but the JSON of exactly one message.
pub fn decode_payload<M: DeserializeOwned>(
    kind: FrameKind,
    payload: &[u8],
) -> Result<M, FrameError> {
    serde_json::from_slice(payload).map_err(|source| FrameError::BadMessage { kind, source })
}

/// Writes a message as a whole frame.
///
/// # Errors
/// A message over the limit of `kind`, which the receiver would refuse.
pub fn encode_frame<M: Serialize>(kind: FrameKind, message: &M) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)
        .map_err(|source| FrameError::BadMessage { kind, source })?;
    let len = frame.len() - 4;
    let header = u32::try_from(len).ok().filter(|_| len <= kind.bytes_max());
    let header = header.ok_or(FrameError::TooLong { kind, len })?;
    frame[..4].copy_from_slice(&header.to_be_bytes());
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, Response};

    const KINDS: [FrameKind; 3] = [
        FrameKind::Request,
        FrameKind::Response,
        FrameKind::Admission,
    ];

    fn header(len: usize) -> [u8; 4] {
        u32::try_from(len).unwrap().to_be_bytes()
    }

    #[test]
    fn a_length_at_the_limit_is_accepted_and_one_past_it_is_not() {
        for kind in KINDS {
            let limit = kind.bytes_max();
            assert_eq!(payload_len(kind, header(limit)).unwrap(), limit);
            let error = payload_len(kind, header(limit + 1)).unwrap_err();
            assert!(matches!(error, FrameError::TooLong { len, .. } if len == limit + 1));
            assert!(payload_len(kind, [0xff; 4]).is_err());
        }
    }

    #[test]
    fn a_message_at_the_limit_is_written_and_one_past_it_is_not() {
        for kind in KINDS {
            // A JSON string has two quotes around it.
            let at_limit = "x".repeat(kind.bytes_max() - 2);
            let frame = encode_frame(kind, &at_limit).unwrap();
            assert_eq!(frame.len(), 4 + kind.bytes_max());
            assert_eq!(frame[..4], header(kind.bytes_max()));
            let error = encode_frame(kind, &format!("{at_limit}x")).unwrap_err();
            assert!(matches!(error, FrameError::TooLong { .. }), "{error}");
        }
    }

    #[test]
    fn a_frame_is_a_big_endian_length_and_json() {
        let frame = encode_frame(FrameKind::Request, &Request::Ping).unwrap();
        assert_eq!(frame, b"\0\0\0\x0f{\"type\":\"ping\"}");
        let read: Request = decode_payload(FrameKind::Request, &frame[4..]).unwrap();
        assert_eq!(read, Request::Ping);
    }

    #[test]
    fn a_payload_holds_exactly_one_message() {
        for payload in [
            "",
            "{",
            "null",
            "{}",
            r#"{"type":"pong"}{"type":"pong"}"#,
            "\u{0}",
        ] {
            let read = decode_payload::<Response>(FrameKind::Response, payload.as_bytes());
            assert!(read.is_err(), "{payload:?}");
        }
        assert!(decode_payload::<Response>(FrameKind::Response, &[0xff, 0xfe]).is_err());
    }

    #[test]
    fn deeply_nested_json_is_refused_and_not_followed() {
        let payload = "[".repeat(60_000);
        assert!(decode_payload::<Request>(FrameKind::Request, payload.as_bytes()).is_err());
    }
}
