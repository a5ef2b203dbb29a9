//! Zip archives.
//!
//! The one invariant: the central directory decides what is in the archive, and the local header in
//! front of each content must agree with it about the name. Content is checked against its CRC-32.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use ::zip::ZipArchive;
use ::zip::read::{ArchiveOffset, Config};
use ::zip::result::ZipError;

use super::{ModeKind, OpenArchive, mode_kind, read_link_target};
use crate::error::{EntryRefusal, UnpackError};
use crate::extractor::{ArchiveFacts, Extractor, FileFacts, read_failed};
use crate::target::Executable;

const READ_BUFFER_BYTES: usize = 128 * 1024;

/// Bytes of a local header in front of the name, and where in them the name's length is.
const LOCAL_HEADER_BYTES: usize = 30;
const LOCAL_HEADER_MAGIC: [u8; 4] = *b"PK\x03\x04";
const LOCAL_HEADER_NAME_BYTES_AT: usize = 26;

/// A zip archive whose central directory has been read.
pub(crate) struct Zip {
    facts: ArchiveFacts,
    archive: ZipArchive<BufReader<File>>,
    /// A second handle, to look at local headers.
    headers: BufReader<File>,
}

/// What the central directory says about an entry.
struct Listed {
    name: Vec<u8>,
    raw_name: Vec<u8>,
    header_start: u64,
    mode: Option<u32>,
    directory: bool,
    bytes: u64,
}

impl Zip {
    pub(crate) fn open(name: String, file: File) -> Result<Self, UnpackError> {
        let failed = |error| read_failed(&name, error, None);
        let packed_bytes = file.metadata().map_err(failed)?.len();
        let headers = BufReader::with_capacity(1024, file.try_clone().map_err(failed)?);
        // A fixed offset: the archive starts where the file does, not where it claims to.
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let reader = BufReader::with_capacity(READ_BUFFER_BYTES, file);
        let mut archive =
            ZipArchive::with_config(config, reader).map_err(|error| zip_failed(&name, error))?;
        let damaged = |detail: &str| UnpackError::Damaged {
            archive: name.clone(),
            detail: detail.to_owned(),
        };
        if archive.has_duplicate_names() {
            return Err(damaged("two of its entries have the same name"));
        }
        let mut declared_bytes = 0_u64;
        for index in 0..archive.len() {
            let entry = archive
                .by_index_data(index)
                .map_err(|error| zip_failed(&name, error))?;
            if entry.encrypted() {
                return Err(UnpackError::Encrypted { archive: name });
            }
            declared_bytes = declared_bytes.saturating_add(entry.size());
        }
        if archive
            .has_overlapping_files()
            .map_err(|error| zip_failed(&name, error))?
        {
            return Err(damaged("two of its entries share their content"));
        }
        let declared_bytes = Some(declared_bytes);
        Ok(Self {
            facts: ArchiveFacts {
                name,
                packed_bytes,
                declared_bytes,
            },
            archive,
            headers,
        })
    }

    fn listed(&self, index: usize) -> Result<Listed, UnpackError> {
        let failed = |error| zip_failed(&self.facts.name, error);
        let entry = self.archive.by_index_data(index).map_err(failed)?;
        Ok(Listed {
            name: entry.name().map_err(failed)?.as_bytes().to_vec(),
            raw_name: entry.name_raw().to_vec(),
            header_start: entry.header_start(),
            mode: entry.unix_mode(),
            directory: entry.is_dir(),
            bytes: entry.size(),
        })
    }

    /// Says whether the local header of an entry has the same name as the central directory.
    fn local_name_agrees(&mut self, listed: &Listed) -> std::io::Result<bool> {
        self.headers.seek(SeekFrom::Start(listed.header_start))?;
        let mut header = [0; LOCAL_HEADER_BYTES];
        self.headers.read_exact(&mut header)?;
        let name_bytes = u16::from_le_bytes([
            header[LOCAL_HEADER_NAME_BYTES_AT],
            header[LOCAL_HEADER_NAME_BYTES_AT + 1],
        ]);
        let mut name = vec![0; usize::from(name_bytes)];
        self.headers.read_exact(&mut name)?;
        Ok(header.starts_with(&LOCAL_HEADER_MAGIC) && name == listed.raw_name)
    }

    fn unpack_entry(&mut self, index: usize, out: &mut Extractor<'_>) -> Result<(), UnpackError> {
        let listed = self.listed(index)?;
        let agrees = self
            .local_name_agrees(&listed)
            .map_err(|error| read_failed(&self.facts.name, error, None))?;
        if !agrees {
            let shown = String::from_utf8_lossy(&listed.name).into_owned();
            return Err(out.damaged(&format!("{shown}: its two headers disagree")));
        }
        // A name that ends in a separator is a directory, whichever separator the packer used.
        if listed.directory || listed.name.ends_with(b"\\") {
            return out.directory(&listed.name);
        }
        let mode = listed.mode.unwrap_or(0);
        match mode_kind(mode) {
            ModeKind::Directory => return out.directory(&listed.name),
            ModeKind::Special => {
                return Err(out.refuse(&listed.name, EntryRefusal::SpecialFile));
            }
            ModeKind::File | ModeKind::Link => {}
        }
        let mut entry = self
            .archive
            .by_index(index)
            .map_err(|error| zip_failed(&self.facts.name, error))?;
        if mode_kind(mode) == ModeKind::Link {
            let points_to = read_link_target(&mut entry)
                .map_err(|error| read_failed(&self.facts.name, error, None))?;
            return out.symlink(&listed.name, &points_to);
        }
        let facts = FileFacts {
            declared_bytes: Some(listed.bytes),
            executable: Executable::from_mode(mode),
        };
        out.file(&listed.name, facts, &mut entry)
    }
}

impl OpenArchive for Zip {
    fn facts(&self) -> &ArchiveFacts {
        &self.facts
    }

    fn unpack_into(mut self: Box<Self>, out: &mut Extractor<'_>) -> Result<(), UnpackError> {
        for index in 0..self.archive.len() {
            self.unpack_entry(index, out)?;
        }
        Ok(())
    }
}

fn zip_failed(archive: &str, error: ZipError) -> UnpackError {
    let archive = archive.to_owned();
    match error {
        ZipError::Io(error) => read_failed(&archive, error, None),
        ZipError::UnsupportedArchive(detail) if detail == ZipError::PASSWORD_REQUIRED => {
            UnpackError::Encrypted { archive }
        }
        ZipError::UnsupportedArchive(detail) => UnpackError::Unsupported {
            archive,
            detail: detail.to_owned(),
        },
        ZipError::InvalidPassword => UnpackError::Encrypted { archive },
        ZipError::CompressionMethodNotSupported(method) => UnpackError::Unsupported {
            archive,
            detail: format!("it is compressed with method {method} of the zip specification"),
        },
        other => UnpackError::Damaged {
            archive,
            detail: crate::text::printable(&other.to_string()),
        },
    }
}
