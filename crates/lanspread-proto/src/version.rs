//! The one exchange that peers of different wire versions can have.
//!
//! Invariant: what is defined here never changes, in no version: it is how two builds that agree on
//! nothing else tell each other so. It therefore ignores fields it does not know.

use serde::{Deserialize, Serialize};

use crate::{FrameError, FrameKind, WrongVersion, decode_payload, encode_frame};

/// The TLS application protocol of one wire version, in a party without a code.
#[must_use]
pub fn alpn(protocol_version: u32) -> Vec<u8> {
    format!("lanspread/{protocol_version}").into_bytes()
}

/// The TLS application protocol of one wire version, in a party with a code.
#[must_use]
pub fn alpn_with_code(protocol_version: u32) -> Vec<u8> {
    format!("lanspread/{protocol_version}+code").into_bytes()
}

/// "This is my wire version": the only request on a connection of [`crate::ALPN_ANY_VERSION`].
///
/// Every [`crate::Hello`] of every version reads as one. The only answer is
/// [`crate::Response::WrongVersion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionProbe {
    /// The wire version of the peer that asks.
    pub protocol_version: u32,
}

/// Both messages as they are written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum VersionExchange {
    Hello { protocol_version: u32 },
    WrongVersion { ours: u32, yours: u32 },
}

/// Why a message of the version exchange was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VersionExchangeError {
    /// The frame does not hold a message of this exchange.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The message is the one of the other side.
    #[error("a message of the version exchange came from the wrong side")]
    WrongSide,
}

impl VersionProbe {
    /// Writes the probe as a whole request frame.
    ///
    /// # Errors
    /// None in practice: a probe is far below the limit of its kind.
    pub fn encode(self) -> Result<Vec<u8>, FrameError> {
        let Self { protocol_version } = self;
        encode_frame(
            FrameKind::Request,
            &VersionExchange::Hello { protocol_version },
        )
    }

    /// Reads a probe from the payload of a request frame of any version.
    ///
    /// # Errors
    /// Anything that is not a `hello` with a `protocol_version`.
    pub fn decode(payload: &[u8]) -> Result<Self, VersionExchangeError> {
        match decode_payload(FrameKind::Request, payload)? {
            VersionExchange::Hello { protocol_version } => Ok(Self { protocol_version }),
            VersionExchange::WrongVersion { .. } => Err(VersionExchangeError::WrongSide),
        }
    }
}

impl WrongVersion {
    /// Reads the answer to a [`VersionProbe`] from the payload of a response frame of any version.
    ///
    /// # Errors
    /// Anything that is not a `wrong-version` that names both versions.
    pub fn decode(payload: &[u8]) -> Result<Self, VersionExchangeError> {
        match decode_payload(FrameKind::Response, payload)? {
            VersionExchange::WrongVersion { ours, yours } => Ok(Self { ours, yours }),
            VersionExchange::Hello { .. } => Err(VersionExchangeError::WrongSide),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ALPN, ALPN_WITH_CODE, PROTOCOL_VERSION, Response};

    #[test]
    fn the_alpn_of_this_build_is_the_one_of_its_version() {
        assert_eq!(alpn(PROTOCOL_VERSION), ALPN);
        assert_eq!(alpn_with_code(PROTOCOL_VERSION), ALPN_WITH_CODE);
    }

    #[test]
    fn a_probe_round_trips_and_ignores_what_it_does_not_know() {
        let probe = VersionProbe {
            protocol_version: 7,
        };
        let frame = probe.encode().unwrap();
        assert_eq!(&frame[4..], br#"{"type":"hello","protocol_version":7}"#);
        assert_eq!(VersionProbe::decode(&frame[4..]).unwrap(), probe);

        let from_the_future = br#"{"type":"hello","protocol_version":9,"mood":["new"]}"#;
        assert_eq!(
            VersionProbe::decode(from_the_future)
                .unwrap()
                .protocol_version,
            9
        );
        assert!(VersionProbe::decode(br#"{"type":"ping","protocol_version":9}"#).is_err());
        assert!(VersionProbe::decode(br#"{"type":"hello"}"#).is_err());
    }

    #[test]
    fn the_answer_is_read_from_what_this_version_writes_and_from_what_later_ones_may_add() {
        let answer = WrongVersion { ours: 1, yours: 2 };
        let frame =
            encode_frame(FrameKind::Response, &Response::WrongVersion(answer.clone())).unwrap();
        assert_eq!(WrongVersion::decode(&frame[4..]).unwrap(), answer);

        let from_the_future = br#"{"type":"wrong-version","ours":3,"yours":1,"hint":"update"}"#;
        let read = WrongVersion::decode(from_the_future).unwrap();
        assert_eq!(read, WrongVersion { ours: 3, yours: 1 });
        assert!(WrongVersion::decode(br#"{"type":"pong"}"#).is_err());
    }
}
