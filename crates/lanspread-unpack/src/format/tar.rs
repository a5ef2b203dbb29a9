//! Tar archives, plain or within gzip or Zstandard.
//!
//! The one invariant: success means that the end of the archive has been seen, of the tar stream as
//! of the compressed stream around it. Tar itself carries no checksum of content; gzip does, and
//! Zstandard does where its writer asked for one.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::rc::Rc;

use tar::EntryType;

use super::{DECODER_MEMORY_BYTES_MAX, OpenArchive};
use crate::cancel::CancelFlag;
use crate::detect::{is_tar_header, read_head};
use crate::error::{EntryRefusal, UnpackError};
use crate::extractor::{ArchiveFacts, Extractor, FileFacts, read_failed};
use crate::report::SkipReason;
use crate::target::Executable;

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// Bytes of a tar block; everything in a tar archive is a multiple of it.
const BLOCK_BYTES: u64 = 512;

/// Zero bytes that end a tar archive: two blocks.
const END_BYTES: u64 = 2 * BLOCK_BYTES;

/// Bytes between the content of two entries: headers with long names and extended attributes, which
/// the reader keeps in memory.
const BETWEEN_ENTRIES_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of padding behind the two blocks that end a tar archive; tape drives wanted some.
const PADDING_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What is around the tar stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    Plain,
    Gzip,
    Zstd,
}

impl Wrapping {
    fn describe(self) -> &'static str {
        match self {
            Self::Plain => "it is no tar archive",
            Self::Gzip => "it is gzip data that holds no tar archive",
            Self::Zstd => "it is Zstandard data that holds no tar archive",
        }
    }

    fn reader(self, file: File) -> io::Result<Box<dyn Read>> {
        let file = BufReader::with_capacity(READ_BUFFER_BYTES, file);
        Ok(match self {
            Self::Plain => Box::new(file),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(file)?;
                decoder.window_log_max(DECODER_MEMORY_BYTES_MAX.ilog2())?;
                Box::new(decoder)
            }
        })
    }
}

/// A tar archive, known to start like one.
pub(crate) struct TarArchive {
    facts: ArchiveFacts,
    file: File,
    wrapping: Wrapping,
}

impl TarArchive {
    pub(crate) fn open(
        name: String,
        mut file: File,
        wrapping: Wrapping,
    ) -> Result<Self, UnpackError> {
        let failed = |error| read_failed(&name, error, None);
        let packed_bytes = file.metadata().map_err(failed)?.len();
        let probe = file.try_clone().map_err(failed)?;
        let head = wrapping
            .reader(probe)
            .and_then(|mut reader| read_head(&mut *reader))
            .map_err(failed)?;
        if !is_tar_header(&head) {
            let found = wrapping.describe().to_owned();
            return Err(UnpackError::UnknownFormat {
                archive: name,
                found,
            });
        }
        file.rewind().map_err(failed)?;
        let declared_bytes = None;
        Ok(Self {
            facts: ArchiveFacts {
                name,
                packed_bytes,
                declared_bytes,
            },
            file,
            wrapping,
        })
    }
}

impl OpenArchive for TarArchive {
    fn facts(&self) -> &ArchiveFacts {
        &self.facts
    }

    fn unpack_into(self: Box<Self>, out: &mut Extractor<'_>) -> Result<(), UnpackError> {
        let reader = self
            .wrapping
            .reader(self.file)
            .map_err(|error| read_failed(&self.facts.name, error, None))?;
        let meter = Rc::new(Meter::new(out.cancel_flag()));
        let mut archive = tar::Archive::new(Metered {
            inner: reader,
            meter: Rc::clone(&meter),
        });
        let content_end = unpack_entries(&mut archive, &meter, out)?;
        let mut rest = archive.into_inner();
        // How much of the end was read to recognise it is the reader's business.
        let whole = content_end + END_BYTES + PADDING_BYTES_MAX;
        meter.allow(Some(whole.saturating_sub(meter.position.get())));
        drain(&mut rest, out)?;
        if meter.position.get() < content_end + END_BYTES {
            return Err(out.damaged("it ends before the end of its last entry is marked"));
        }
        if meter.nonzero_end.get() > content_end {
            return Err(out.damaged("there is something after its end"));
        }
        Ok(())
    }
}

/// Unpacks all entries and answers with the position at which the last one ends.
fn unpack_entries(
    archive: &mut tar::Archive<Metered>,
    meter: &Meter,
    out: &mut Extractor<'_>,
) -> Result<u64, UnpackError> {
    let mut content_end = 0;
    let mut entries = archive
        .entries()
        .map_err(|error| stream_failed(out, error, None))?;
    loop {
        meter.allow(Some(BETWEEN_ENTRIES_BYTES_MAX));
        let Some(entry) = entries.next() else {
            return Ok(content_end);
        };
        let mut entry = entry.map_err(|error| stream_failed(out, error, None))?;
        meter.allow(None);
        unpack_entry(&mut entry, out)?;
        // Entries that are no files can have content too; it means nothing to us.
        meter.allow(Some(BETWEEN_ENTRIES_BYTES_MAX));
        drain(&mut entry, out)?;
        content_end = meter.position.get().next_multiple_of(BLOCK_BYTES);
    }
}

fn unpack_entry(
    entry: &mut tar::Entry<'_, Metered>,
    out: &mut Extractor<'_>,
) -> Result<(), UnpackError> {
    let name = entry.path_bytes().into_owned();
    let kind = entry.header().entry_type();
    match kind {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
            // Before tar knew kinds, a slash at the end was all that told a directory.
            if name.ends_with(b"/") {
                return out.directory(&name);
            }
            refuse_pax_sparse(entry, out)?;
            let facts = FileFacts {
                declared_bytes: Some(entry.size()),
                executable: Executable::from_mode(entry.header().mode().unwrap_or(0)),
            };
            out.file(&name, facts, entry)
        }
        EntryType::Directory => out.directory(&name),
        EntryType::Symlink | EntryType::Link => {
            let points_to = entry.link_name_bytes().unwrap_or_default().into_owned();
            if kind == EntryType::Symlink {
                out.symlink(&name, &points_to)
            } else {
                out.hard_link(&name, &points_to)
            }
        }
        EntryType::Char | EntryType::Block | EntryType::Fifo => {
            Err(out.refuse(&name, EntryRefusal::SpecialFile))
        }
        EntryType::XGlobalHeader => Ok(()),
        other => match other.as_byte() {
            // GNU tar's volume label and list of names in a directory.
            b'V' | b'D' => out.skip(&name, SkipReason::NotAFile),
            byte => Err(UnpackError::Unsupported {
                archive: out.archive_name().to_owned(),
                detail: format!("it holds records of the kind {:?}", char::from(byte)),
            }),
        },
    }
}

/// Sparse files of the newer kind look like plain files whose content starts with a map. Unpacking
/// them as they are would put the map into the file.
fn refuse_pax_sparse(
    entry: &mut tar::Entry<'_, Metered>,
    out: &Extractor<'_>,
) -> Result<(), UnpackError> {
    let extensions = entry
        .pax_extensions()
        .map_err(|error| stream_failed(out, error, None))?;
    for extension in extensions.into_iter().flatten() {
        let extension = extension.map_err(|error| stream_failed(out, error, None))?;
        if extension.key_bytes().starts_with(b"GNU.sparse.") {
            return Err(UnpackError::Unsupported {
                archive: out.archive_name().to_owned(),
                detail: "it holds sparse files".to_owned(),
            });
        }
    }
    Ok(())
}

fn drain(reader: &mut dyn Read, out: &Extractor<'_>) -> Result<(), UnpackError> {
    io::copy(reader, &mut io::sink()).map_err(|error| stream_failed(out, error, None))?;
    Ok(())
}

fn stream_failed(out: &Extractor<'_>, error: io::Error, entry: Option<&str>) -> UnpackError {
    match out.check_cancelled() {
        Ok(()) => read_failed(out.archive_name(), error, entry),
        Err(cancelled) => cancelled,
    }
}

/// What is known about the stream while someone else reads it.
struct Meter {
    /// Bytes read.
    position: Cell<u64>,
    /// Position after the last byte that is not zero.
    nonzero_end: Cell<u64>,
    /// Bytes that may still be read, if that is limited.
    allowance: Cell<Option<u64>>,
    cancel: CancelFlag,
}

impl Meter {
    fn new(cancel: CancelFlag) -> Self {
        Self {
            position: Cell::new(0),
            nonzero_end: Cell::new(0),
            allowance: Cell::new(None),
            cancel,
        }
    }

    fn allow(&self, bytes: Option<u64>) {
        self.allowance.set(bytes);
    }
}

struct Metered {
    inner: Box<dyn Read>,
    meter: Rc<Meter>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let meter = &*self.meter;
        if meter.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let count = self.inner.read(buffer)?;
        let content = &buffer[..count];
        if let Some(last) = content.iter().rposition(|byte| *byte != 0) {
            meter
                .nonzero_end
                .set(meter.position.get() + last as u64 + 1);
        }
        meter.position.set(meter.position.get() + count as u64);
        if let Some(allowance) = meter.allowance.get() {
            let left = allowance.checked_sub(count as u64).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    "there is too much between its entries or after its end",
                )
            })?;
            meter.allowance.set(Some(left));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_entries_is_read_up_to_the_limit_and_not_one_byte_more() {
        let read = |bytes: u64| {
            let meter = Rc::new(Meter::new(CancelFlag::new()));
            meter.allow(Some(BETWEEN_ENTRIES_BYTES_MAX));
            let mut reader = Metered {
                inner: Box::new(io::repeat(1).take(bytes)),
                meter,
            };
            io::copy(&mut reader, &mut io::sink())
        };
        assert!(read(BETWEEN_ENTRIES_BYTES_MAX).is_ok());
        assert!(read(BETWEEN_ENTRIES_BYTES_MAX + 1).is_err());
    }
}
