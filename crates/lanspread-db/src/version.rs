//! The version of a game: the date stamp in its `version.ini`.
//!
//! Its one invariant: exactly eight ASCII digits, so that the order of the text is the order of
//! the numbers. It deliberately does not check that the digits are a date: stamps such as
//! 20160931 exist, and all that is asked of a version is equality and order.

use std::{fmt, str::FromStr};

use crate::{excerpt::excerpt, string_serde::string_serde};

/// How many bytes a version has.
pub const VERSION_BYTES: usize = 8;
/// The largest `version.ini` that is read, in bytes.
pub const VERSION_INI_BYTES_MAX: usize = 4096;

/// A date stamp such as `20160922`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u8; VERSION_BYTES]);

/// Why something is not a [`Version`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The text is not eight ASCII digits.
    #[error("version {text:?} is not a date stamp: write eight digits, such as 20160922")]
    NotAStamp {
        /// The beginning of the text.
        text: String,
    },
    /// The file is larger than [`VERSION_INI_BYTES_MAX`].
    #[error("version.ini has {bytes} bytes: at most {VERSION_INI_BYTES_MAX} are allowed")]
    FileTooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl Version {
    /// Parses exactly eight ASCII digits.
    ///
    /// # Errors
    ///
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        match <[u8; VERSION_BYTES]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            Ok(_) | Err(_) => Err(VersionError::NotAStamp {
                text: excerpt(text),
            }),
        }
    }

    /// Reads the version from the bytes of a `version.ini`: its first line, without the spaces
    /// around it and without a UTF-8 byte order mark. Further lines are ignored.
    ///
    /// # Errors
    ///
    /// When the file is larger than [`VERSION_INI_BYTES_MAX`] or its first line is not a
    /// version.
    pub fn from_version_ini(bytes: &[u8]) -> Result<Self, VersionError> {
        if bytes.len() > VERSION_INI_BYTES_MAX {
            return Err(VersionError::FileTooLarge { bytes: bytes.len() });
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let line = bytes
            .split(|&b| b == b'\n' || b == b'\r')
            .next()
            .unwrap_or_default();
        Self::parse(String::from_utf8_lossy(line).trim())
    }

    /// The eight digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits are UTF-8, so the default is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The eight digits as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; VERSION_BYTES] {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.as_str())
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::parse(text)
    }
}

string_serde!(Version, "a version: eight digits, such as 20160922");
