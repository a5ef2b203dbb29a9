//! Who a peer is: the fingerprint of its public key.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A peer's identity: BLAKE3 of the DER-encoded `SubjectPublicKeyInfo` of its certificate.
///
/// Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PeerId([u8; 32]);

/// Why a text is not a peer id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a peer id is 64 lower-case hexadecimal digits, this is not: {0:?}")]
pub struct PeerIdError(String);

impl PeerId {
    /// Derives the id of whoever owns this public key.
    #[must_use]
    pub fn from_public_key_der(spki_der: &[u8]) -> Self {
        Self(*blake3::hash(spki_der).as_bytes())
    }

    /// Wraps a fingerprint that is already known.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw fingerprint.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight hexadecimal digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        hex(&self.0[..4])
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({})", self.short())
    }
}

impl FromStr for PeerId {
    type Err = PeerIdError;

    fn from_str(text: &str) -> Result<Self, PeerIdError> {
        let refuse = || PeerIdError(text.chars().take(80).collect());
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(refuse());
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = hex_digit(pair[0]).ok_or_else(refuse)?;
            let low = hex_digit(pair[1]).ok_or_else(refuse)?;
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl TryFrom<String> for PeerId {
    type Error = PeerIdError;

    fn try_from(text: String) -> Result<Self, PeerIdError> {
        text.parse()
    }
}

impl From<PeerId> for String {
    fn from(id: PeerId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_hash_of_the_public_key_and_round_trips_as_text() {
        let id = PeerId::from_public_key_der(b"key");
        assert_eq!(id.as_bytes(), blake3::hash(b"key").as_bytes());
        assert_eq!(id.to_string(), blake3::hash(b"key").to_hex().as_str());
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.short(), id.to_string()[..8]);
        assert_eq!(format!("{id:?}"), format!("PeerId({})", id.short()));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<PeerId>(&json).unwrap(), id);
    }

    #[test]
    fn anything_but_64_lower_case_hexadecimal_digits_is_no_id() {
        let text = PeerId::from_bytes([0xa5; 32]).to_string();
        assert!(text.parse::<PeerId>().is_ok());
        for bad in [
            text[1..].to_owned(),
            format!("{text}a"),
            text.to_uppercase(),
            text.replace('5', "g"),
            format!("{}é", &text[2..]),
            String::new(),
        ] {
            assert!(bad.parse::<PeerId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_error_quotes_no_more_than_the_beginning_of_a_long_text() {
        let error = "x".repeat(10_000).parse::<PeerId>().unwrap_err();
        assert!(error.to_string().len() < 200);
    }
}
