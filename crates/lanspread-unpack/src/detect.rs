//! Recognises the format of an archive by its first bytes. Names are never looked at: players
//! rename, and `.eti` says nothing.

use std::io::{self, Read};

/// Bytes at the start of a file that tell its format: one tar header.
pub(crate) const HEAD_BYTES: usize = 512;

/// A format that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Rar,
    Zip,
    SevenZ,
    Tar,
    /// Gzip data, which should hold a tar archive.
    Gzip,
    /// Zstandard data, which should hold a tar archive.
    Zstd,
}

/// What archives are read, by the usual names of their formats.
pub const FORMAT_NAMES: [&str; 6] = ["RAR", "ZIP", "7z", "tar", "tar.gz", "tar.zst"];

const MAGICS: [(&[u8], Format); 8] = [
    (b"Rar!\x1a\x07\x00", Format::Rar),
    (b"Rar!\x1a\x07\x01\x00", Format::Rar),
    (b"RE\x7e\x5e", Format::Rar),
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"7z\xbc\xaf\x27\x1c", Format::SevenZ),
    (b"\x1f\x8b", Format::Gzip),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
];

/// Formats that we name although we do not read them, because players meet them.
const KNOWN_MAGICS: [(&[u8], &str); 8] = [
    (b"\xfd7zXZ\x00", "it is xz data"),
    (b"BZh", "it is bzip2 data"),
    (b"MZ", "it is a Windows program"),
    (b"\x7fELF", "it is a Linux program"),
    (b"PK\x07\x08", "it is one part of a split zip archive"),
    (b"MSCF", "it is a Windows cabinet"),
    (b"<!DOC", "it is a web page"),
    (b"<html", "it is a web page"),
];

/// Reads the first [`HEAD_BYTES`], or fewer if there are no more.
pub(crate) fn read_head(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Says which format the first bytes of a file have.
pub(crate) fn detect(head: &[u8]) -> Option<Format> {
    MAGICS
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, format)| *format)
        .or_else(|| is_tar_header(head).then_some(Format::Tar))
}

/// Says whether a block is the header of a tar entry. Tar had no magic bytes for its first decade,
/// but every header carries a checksum of itself.
pub(crate) fn is_tar_header(head: &[u8]) -> bool {
    let Ok(block) = <&[u8; HEAD_BYTES]>::try_from(head) else {
        return false;
    };
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    let stored = header.cksum();
    header.set_cksum();
    // An all-zero block reads as a checksum of zero, which no header has.
    matches!((stored, header.cksum()), (Ok(stored), Ok(computed)) if stored == computed)
}

/// Describes the first bytes of a file of no known format.
pub(crate) fn describe(head: &[u8]) -> String {
    if head.is_empty() {
        return "it is empty".to_owned();
    }
    if let Some((_, name)) = KNOWN_MAGICS
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
    {
        return (*name).to_owned();
    }
    if head.iter().all(|byte| *byte == 0) {
        return "it starts with zeros, like a file whose download broke off".to_owned();
    }
    let bytes: Vec<String> = head
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("it starts with the bytes {}", bytes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        for (magic, format) in MAGICS {
            assert_eq!(detect(magic), Some(format));
            assert_eq!(detect(&magic[..magic.len() - 1]), None, "{format:?}");
        }
        let mut header = tar::Header::new_old();
        header.set_size(0);
        header.set_cksum();
        assert_eq!(detect(header.as_bytes()), Some(Format::Tar));
        header.as_mut_bytes()[0] ^= 1;
        assert_eq!(detect(header.as_bytes()), None);
        assert_eq!(detect(&[0; HEAD_BYTES]), None);
        assert_eq!(detect(b""), None);
    }

    #[test]
    fn every_format_that_is_told_apart_has_its_name() {
        let mut formats = vec![Format::Tar];
        for (_, format) in MAGICS {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        assert_eq!(formats.len(), FORMAT_NAMES.len());
    }

    #[test]
    fn what_is_not_an_archive_is_described() {
        assert_eq!(describe(b""), "it is empty");
        assert_eq!(describe(b"MZ\x90"), "it is a Windows program");
        assert_eq!(describe(b"\x01\x02"), "it starts with the bytes 01 02");
        assert!(describe(&[0; 64]).contains("zeros"));
    }
}
