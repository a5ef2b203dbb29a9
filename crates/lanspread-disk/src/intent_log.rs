//! The intent log of a game root, `.lanspread.json`.
//!
//! Invariant: it is replaced atomically and durably, so that after a crash it says either what it
//! said before or what it says now. What a damaged one means is not decided here.

use std::{io, path::Path};

use lanspread_core::root::{Intent, IntentLog};
use lanspread_db::{INTENT_FILE, RelPath};
use serde::{Deserialize, Serialize};

use super::{
    files,
    port::{Folder, Kind},
};

/// The form of the intent log that this program writes.
pub(crate) const INTENT_FORMAT: u32 = 1;
/// The largest intent log that is read: the longest list of files that a manifest can cause.
pub(crate) const INTENT_BYTES_MAX: u64 = 1 << 30;

/// What is written: the intent, and what carrying it out needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntentRecord {
    format: u32,
    /// What is about to happen.
    pub(crate) intent: Intent,
    /// Files that go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<RelPath>,
    /// Directories that go once they are empty, apart from those the files lie in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) folders: Vec<RelPath>,
    /// The bytes of the new `version.ini`, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version_ini: Option<String>,
}

/// Only the form, which every version of the log has.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl IntentRecord {
    pub(crate) fn new(intent: Intent) -> Self {
        Self {
            format: INTENT_FORMAT,
            intent,
            files: Vec::new(),
            folders: Vec::new(),
            version_ini: None,
        }
    }

    pub(crate) fn with_version_ini(mut self, bytes: &[u8]) -> Self {
        use std::fmt::Write;
        let mut hex = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            // Writing to a String does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        self.version_ini = Some(hex);
        self
    }

    /// The bytes of the new `version.ini`.
    pub(crate) fn version_ini(&self) -> Option<Vec<u8>> {
        let hex = self.version_ini.as_deref()?;
        if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
            return None;
        }
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
            .collect()
    }
}

/// Reads the intent log of the root that `root` is.
pub(crate) fn read(root: &dyn Folder) -> io::Result<Result<Option<IntentRecord>, IntentLog>> {
    let path = Path::new(INTENT_FILE);
    if files::stat(root, path)?.is_none_or(|stat| stat.kind != Kind::File) {
        return Ok(Ok(None));
    }
    let bytes = match files::read(root, path, INTENT_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Ok(Err(IntentLog::Damaged {
                reason: error.to_string(),
            }));
        }
        Err(error) => return Err(error),
    };
    Ok(parse(&bytes).map(Some))
}

/// Reads the bytes of an intent log.
pub(crate) fn parse(bytes: &[u8]) -> Result<IntentRecord, IntentLog> {
    let damaged = |error: serde_json::Error| IntentLog::Damaged {
        reason: error.to_string(),
    };
    let FormatOnly { format } = serde_json::from_slice(bytes).map_err(damaged)?;
    if format > INTENT_FORMAT {
        return Err(IntentLog::Newer { format });
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

/// Writes the intent log of the root that `root` is.
pub(crate) fn write(root: &dyn Folder, record: &IntentRecord) -> io::Result<()> {
    let json = serde_json::to_vec(record).map_err(io::Error::other)?;
    files::replace(root, Path::new(INTENT_FILE), &json)
}

#[cfg(test)]
mod tests {
    use lanspread_db::{ContentHash, ManifestHash, Version};

    use super::*;

    #[test]
    fn every_intent_comes_back_as_it_was() {
        let manifest = ManifestHash(ContentHash::of(b"m"));
        let version = Version::parse("20200101").unwrap();
        for intent in [
            Intent::GivingUp { manifest },
            Intent::Switching { manifest },
            Intent::Installing { version },
            Intent::Unpacked { version },
            Intent::Swapping { version },
            Intent::Uninstalling,
            Intent::Removing,
        ] {
            let mut record = IntentRecord::new(intent).with_version_ini(b"\xef20200101\r\n");
            record.files = vec![RelPath::parse("a/b").unwrap()];
            let json = serde_json::to_vec(&record).unwrap();
            assert_eq!(parse(&json), Ok(record.clone()));
            assert_eq!(record.version_ini().unwrap(), b"\xef20200101\r\n");
        }
    }

    #[test]
    fn a_newer_log_is_told_from_a_damaged_one() {
        let newer = br#"{"format":2,"what":"unknown"}"#;
        assert_eq!(parse(newer), Err(IntentLog::Newer { format: 2 }));
        for damaged in [
            &b""[..],
            b"\0\0\0",
            br#"{"format":1}"#,
            br#"{"format":1,"intent":"#,
        ] {
            assert!(
                matches!(parse(damaged), Err(IntentLog::Damaged { .. })),
                "{damaged:?}"
            );
        }
        let unknown = br#"{"format":1,"intent":{"kind":"dancing"}}"#;
        assert!(matches!(parse(unknown), Err(IntentLog::Damaged { .. })));
        let climbing = br#"{"format":1,"intent":{"kind":"removing"},"files":["../x"]}"#;
        assert!(matches!(parse(climbing), Err(IntentLog::Damaged { .. })));
    }
}
