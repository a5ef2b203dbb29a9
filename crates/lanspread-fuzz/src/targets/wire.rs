//! What peers send each other: frames and messages.
//!
//! Property: a length over the limit of its kind is refused; what is accepted is written again within
//! the limit and read as the same.

use std::fmt::Debug;

use lanspread_proto::{
    Admission, FrameKind, Request, Response, VersionProbe, WrongVersion, decode_payload,
    encode_frame, payload_len,
};
use serde::{Serialize, de::DeserializeOwned};

/// The length of a frame, and the payload that follows.
pub(crate) fn frame(bytes: &[u8]) {
    let Some((header, payload)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    for kind in [
        FrameKind::Request,
        FrameKind::Response,
        FrameKind::Admission,
    ] {
        let announced = u32::from_be_bytes(*header) as usize;
        match payload_len(kind, *header) {
            Ok(len) => assert!(len == announced && len <= kind.bytes_max()),
            Err(_) => assert!(announced > kind.bytes_max()),
        }
    }
    request(payload);
    response(payload);
}

/// A request's payload.
pub(crate) fn request(payload: &[u8]) {
    round_trip::<Request>(FrameKind::Request, payload);
}

/// A response's payload.
pub(crate) fn response(payload: &[u8]) {
    round_trip::<Response>(FrameKind::Response, payload);
}

/// A message of an admission.
pub(crate) fn admission(payload: &[u8]) {
    round_trip::<Admission>(FrameKind::Admission, payload);
}

/// The messages that every version of the wire understands.
pub(crate) fn version_exchange(payload: &[u8]) {
    if let Ok(probe) = VersionProbe::decode(payload) {
        let frame = probe.encode().expect("a probe is short");
        let again = VersionProbe::decode(&frame[4..]).expect("just written");
        assert_eq!(probe, again);
    }
    if let Ok(answer) = WrongVersion::decode(payload) {
        let message = Response::WrongVersion(answer.clone());
        let frame = encode_frame(FrameKind::Response, &message).expect("two numbers are short");
        let again = WrongVersion::decode(&frame[4..]).expect("just written");
        assert_eq!(answer, again);
    }
}

fn round_trip<M: DeserializeOwned + Serialize + PartialEq + Debug>(
    kind: FrameKind,
    payload: &[u8],
) {
    if payload.len() > kind.bytes_max() {
        return;
    }
    let Ok(message) = decode_payload::<M>(kind, payload) else {
        return;
    };
    // Escapes can make a text longer, so that what came within the limit would leave past it.
    let Ok(frame) = encode_frame(kind, &message) else {
        return;
    };
    let again: M = decode_payload(kind, &frame[4..]).expect("just written");
    assert_eq!(message, again, "a message changes when it is written again");
}
