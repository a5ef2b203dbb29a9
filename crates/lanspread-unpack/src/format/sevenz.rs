//! 7z archives.
//!
//! The one invariant: solid blocks are decoded once, from front to back, each entry read to its end
//! so that its CRC-32 is verified.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use sevenz_rust2::{ArchiveEntry, ArchiveReader, EncoderMethod, Error, Password};

use super::{DECODER_MEMORY_BYTES_MAX, ModeKind, OpenArchive, mode_kind, read_link_target};
use crate::error::{EntryRefusal, LimitKind, UnpackError};
use crate::extractor::{ArchiveFacts, Extractor, FileFacts, read_failed};
use crate::report::SkipReason;
use crate::target::Executable;
use crate::text::printable;

const READ_BUFFER_BYTES: usize = 128 * 1024;

/// Bytes of the header at the start of the file, and where its parts are.
const START_HEADER_BYTES: usize = 32;
const START_HEADER_CRC_AT: usize = 8;
const START_HEADER_FIELDS_AT: usize = 12;
const END_HEADER_BYTES_AT: usize = 20;

/// Bytes of the list of entries at the end of the file, as packed there. The reader unpacks it into
/// memory; 32 MiB list several million entries.
const END_HEADER_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Set in the attributes of an entry when their upper half is a Unix mode.
const ATTRIBUTE_UNIX: u32 = 0x8000;
/// Set for links and other special files made on Windows.
const ATTRIBUTE_REPARSE_POINT: u32 = 0x400;

/// A 7z archive whose list of entries has been read.
pub(crate) struct SevenZ {
    facts: ArchiveFacts,
    reader: ArchiveReader<BufReader<File>>,
}

impl SevenZ {
    pub(crate) fn open(name: String, mut file: File) -> Result<Self, UnpackError> {
        let failed = |error| read_failed(&name, error, None);
        let packed_bytes = file.metadata().map_err(failed)?.len();
        check_start_header(&name, &mut file)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let file = BufReader::with_capacity(READ_BUFFER_BYTES, file);
        let mut reader = ArchiveReader::new(file, Password::empty())
            .map_err(|error| sevenz_failed(&name, error))?;
        // With several threads the decoder holds as many pieces of the archive in memory, and an
        // archive that is one piece as a whole.
        reader.set_thread_count(1);
        check_coders(&name, &reader)?;
        let mut declared_bytes = 0_u64;
        for entry in &reader.archive().files {
            declared_bytes = declared_bytes.saturating_add(entry.size());
        }
        let declared_bytes = Some(declared_bytes);
        Ok(Self {
            facts: ArchiveFacts {
                name,
                packed_bytes,
                declared_bytes,
            },
            reader,
        })
    }
}

impl OpenArchive for SevenZ {
    fn facts(&self) -> &ArchiveFacts {
        &self.facts
    }

    fn unpack_into(mut self: Box<Self>, out: &mut Extractor<'_>) -> Result<(), UnpackError> {
        let mut failure = None;
        let outcome = self.reader.for_each_entries(|entry, content| {
            unpack_entry(entry, content, out)
                .map(|()| true)
                .map_err(|error| {
                    failure = Some(error);
                    Error::Other("the entry was refused".into())
                })
        });
        match (failure, outcome) {
            (Some(failure), _) => Err(failure),
            (None, Err(error)) => Err(sevenz_failed(&self.facts.name, error)),
            (None, Ok(())) => Ok(()),
        }
    }
}

fn unpack_entry(
    entry: &ArchiveEntry,
    content: &mut dyn Read,
    out: &mut Extractor<'_>,
) -> Result<(), UnpackError> {
    let name = entry.name().as_bytes();
    if entry.is_anti_item() {
        return out.skip(name, SkipReason::NotAFile);
    }
    if entry.is_directory() {
        return out.directory(name);
    }
    let attributes = if entry.has_windows_attributes {
        entry.windows_attributes()
    } else {
        0
    };
    let mode = if attributes & ATTRIBUTE_UNIX == 0 {
        0
    } else {
        attributes >> 16
    };
    match mode_kind(mode) {
        ModeKind::Directory => out.directory(name),
        ModeKind::Special => Err(out.refuse(name, EntryRefusal::SpecialFile)),
        ModeKind::Link => {
            let points_to = read_link_target(content)
                .map_err(|error| read_failed(out.archive_name(), error, Some(entry.name())))?;
            out.symlink(name, &points_to)
        }
        ModeKind::File if attributes & ATTRIBUTE_REPARSE_POINT != 0 => {
            Err(out.refuse(name, EntryRefusal::SpecialFile))
        }
        ModeKind::File => {
            let facts = FileFacts {
                declared_bytes: Some(entry.size()),
                executable: Executable::from_mode(mode),
            };
            out.file(name, facts, content)
        }
    }
}

/// Checks the header at the start of the file. The reader would accept one that was never filled
/// in, which is what an interrupted packer leaves, and guess.
fn check_start_header(archive: &str, file: &mut File) -> Result<(), UnpackError> {
    let mut header = [0; START_HEADER_BYTES];
    file.read_exact(&mut header)
        .map_err(|error| read_failed(archive, error, None))?;
    let stored = u32::from_le_bytes(field(&header, START_HEADER_CRC_AT));
    let mut computed = flate2::Crc::new();
    computed.update(&header[START_HEADER_FIELDS_AT..]);
    if stored != computed.sum() {
        return Err(UnpackError::Damaged {
            archive: archive.to_owned(),
            detail: "the checksum of its first header does not match".to_owned(),
        });
    }
    if u64::from_le_bytes(field(&header, END_HEADER_BYTES_AT)) > END_HEADER_BYTES_MAX {
        return Err(UnpackError::LimitExceeded {
            archive: archive.to_owned(),
            limit: LimitKind::DecoderMemory,
            allowed: END_HEADER_BYTES_MAX,
        });
    }
    Ok(())
}

fn field<const N: usize>(header: &[u8; START_HEADER_BYTES], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&header[at..at + N]);
    bytes
}

/// Refuses encrypted archives and dictionaries beyond the limit, before anything is decoded.
fn check_coders(archive: &str, reader: &ArchiveReader<BufReader<File>>) -> Result<(), UnpackError> {
    for coder in reader
        .archive()
        .blocks
        .iter()
        .flat_map(|block| &block.coders)
    {
        let method = coder.encoder_method_id();
        if method == EncoderMethod::ID_AES256_SHA256 {
            return Err(UnpackError::Encrypted {
                archive: archive.to_owned(),
            });
        }
        if dictionary_bytes(method, coder.properties()) > DECODER_MEMORY_BYTES_MAX {
            return Err(UnpackError::LimitExceeded {
                archive: archive.to_owned(),
                limit: LimitKind::DecoderMemory,
                allowed: DECODER_MEMORY_BYTES_MAX,
            });
        }
    }
    Ok(())
}

/// The memory that a method takes for its dictionary or model, as its properties announce it.
fn dictionary_bytes(method: &[u8], properties: &[u8]) -> u64 {
    match method {
        // The size follows a byte of other settings.
        EncoderMethod::ID_LZMA | EncoderMethod::ID_PPMD => match properties {
            [_, a, b, c, d, ..] => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => 0,
        },
        // A mantissa of one bit (2 or 3) and an exponent.
        EncoderMethod::ID_LZMA2 => properties.first().map_or(0, |bits| {
            let mantissa = 2 | u64::from(bits & 1);
            mantissa
                .checked_shl(u32::from(bits / 2) + 11)
                .unwrap_or(u64::MAX)
        }),
        _ => 0,
    }
}

fn sevenz_failed(archive: &str, error: Error) -> UnpackError {
    let archive = archive.to_owned();
    let damaged = |detail: &str| UnpackError::Damaged {
        archive: archive.clone(),
        detail: printable(detail),
    };
    match error {
        Error::Io(error, _) | Error::MaybeBadPassword(error) => read_failed(&archive, error, None),
        Error::PasswordRequired => UnpackError::Encrypted { archive },
        Error::UnsupportedCompressionMethod(method)
            if method == EncoderMethod::AES256_SHA256.name() =>
        {
            UnpackError::Encrypted { archive }
        }
        Error::UnsupportedCompressionMethod(method) => UnpackError::Unsupported {
            archive,
            detail: format!("it is compressed with the method {}", printable(&method)),
        },
        Error::Unsupported(detail) => UnpackError::Unsupported {
            archive,
            detail: detail.into_owned(),
        },
        Error::ExternalUnsupported => UnpackError::Unsupported {
            archive,
            detail: "its list of entries lies outside of it".to_owned(),
        },
        Error::UnsupportedVersion { major, minor } => UnpackError::Unsupported {
            archive,
            detail: format!("it is of the 7z version {major}.{minor}"),
        },
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => {
            damaged("a checksum does not match")
        }
        Error::Other(detail) => damaged(&detail),
        other => damaged(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn dictionaries_are_measured_at_the_limit_and_past_it() {
        let size = |bytes: u32| {
            let mut properties = vec![0x5d];
            properties.extend(bytes.to_le_bytes());
            dictionary_bytes(EncoderMethod::ID_LZMA, &properties)
        };
        assert_eq!(size(1 << 30), DECODER_MEMORY_BYTES_MAX);
        assert_eq!(size((1 << 30) + 1), DECODER_MEMORY_BYTES_MAX + 1);
        let lzma2 = |bits: u8| dictionary_bytes(EncoderMethod::ID_LZMA2, &[bits]);
        assert_eq!(lzma2(0), 4096);
        assert_eq!(lzma2(36), DECODER_MEMORY_BYTES_MAX);
        assert!(lzma2(37) > DECODER_MEMORY_BYTES_MAX);
        assert_eq!(lzma2(255), u64::MAX);
        assert_eq!(dictionary_bytes(EncoderMethod::ID_LZMA, &[]), 0);
        assert_eq!(dictionary_bytes(EncoderMethod::ID_COPY, &[]), 0);
    }

    #[test]
    fn the_list_of_entries_is_accepted_at_the_limit_and_refused_one_past_it() {
        let check = |bytes: u64| {
            let mut header = [0; START_HEADER_BYTES];
            header[END_HEADER_BYTES_AT..END_HEADER_BYTES_AT + 8]
                .copy_from_slice(&bytes.to_le_bytes());
            let mut crc = flate2::Crc::new();
            crc.update(&header[START_HEADER_FIELDS_AT..]);
            header[START_HEADER_CRC_AT..START_HEADER_FIELDS_AT]
                .copy_from_slice(&crc.sum().to_le_bytes());
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&header).unwrap();
            file.rewind().unwrap();
            check_start_header("game.7z", &mut file)
        };
        assert!(check(END_HEADER_BYTES_MAX).is_ok());
        assert!(matches!(
            check(END_HEADER_BYTES_MAX + 1),
            Err(UnpackError::LimitExceeded { .. })
        ));
    }
}
