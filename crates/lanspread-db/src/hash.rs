//! The names of bytes: BLAKE3 hashes of content and of manifests.
//!
//! Its one invariant: as text a hash is exactly 64 lower-case hexadecimal digits, so that equal
//! hashes are equal texts. It deliberately does not know what was hashed.

use std::{fmt, str::FromStr};

use crate::{excerpt::excerpt, string_serde::string_serde};

const HASH_BYTES: usize = 32;

/// The BLAKE3 hash of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; HASH_BYTES]);

/// The hash of one chunk of a file.
pub type ChunkHash = ContentHash;

/// The name of a manifest: the hash of its canonical encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestHash(pub ContentHash);

/// A text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a hash: write 64 lower-case hexadecimal digits")]
pub struct HashParseError {
    /// The beginning of the text.
    pub text: String,
}

impl ContentHash {
    /// Hashes bytes that are in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }

    /// The hash itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// The first eight hexadecimal digits, for messages and logs.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl ManifestHash {
    /// The hash itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0.0
    }

    /// The first eight hexadecimal digits, for messages and logs.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl From<blake3::Hash> for ContentHash {
    fn from(hash: blake3::Hash) -> Self {
        Self(hash.into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Display for ManifestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({})", self.short())
    }
}

impl fmt::Debug for ManifestHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManifestHash({})", self.0.short())
    }
}

impl FromStr for ContentHash {
    type Err = HashParseError;

    fn from_str(text: &str) -> Result<Self, HashParseError> {
        let refused = || HashParseError {
            text: excerpt(text),
        };
        let mut hash = [0; HASH_BYTES];
        if text.len() != 2 * HASH_BYTES {
            return Err(refused());
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = match (nibble(digits[0]), nibble(digits[1])) {
                (Some(high), Some(low)) => high << 4 | low,
                (None, _) | (_, None) => return Err(refused()),
            };
        }
        Ok(Self(hash))
    }
}

/// The value of one lower-case hexadecimal digit.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl FromStr for ManifestHash {
    type Err = HashParseError;

    fn from_str(text: &str) -> Result<Self, HashParseError> {
        text.parse().map(Self)
    }
}

string_serde!(ContentHash, "a hash: 64 lower-case hexadecimal digits");
string_serde!(ManifestHash, "a hash: 64 lower-case hexadecimal digits");
