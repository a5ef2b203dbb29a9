//! RAR archives: versions 1.3 to 7, stored, solid and in several volumes.
//!
//! The one invariant: entries are decoded in one pass, in the order of the archive, and each is
//! checked against its checksum by the reader, which fails the pass otherwise.
//!
//! The reader pushes decoded content into writers that outlive every borrow, so it runs on a thread
//! of its own and sends what it decodes here. That also lets the disk work while the next bytes are
//! decoded. The thread never outlives the call.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rars::filename::LegacyNameEncoding;
use rars::{
    Archive, ArchiveReadOptions, AttrSource, Error, ErrorKind, ExtractedEntryMeta, ExtractedLink,
    ReadCancellation,
};

use super::rar_volumes::Volume;
use super::{DECODER_MEMORY_BYTES_MAX, ModeKind, OpenArchive, mode_kind};
use crate::error::{EntryRefusal, LimitKind, UnpackError};
use crate::extractor::{ArchiveFacts, Extractor, FileFacts, OpenFile};
use crate::limits::UnpackLimits;
use crate::target::Executable;
use crate::text::printable;

/// Size of the messages that carry content.
const MESSAGE_BYTES: usize = 256 * 1024;

/// Messages that may wait between the decoder and the disk.
const MESSAGE_QUEUE_LEN: usize = 16;

/// Time between two looks at the cancel flag while the decoder has nothing to say.
const CANCEL_LATENCY: Duration = Duration::from_millis(50);

/// Files up to this size are decoded in memory; larger ones stream through the dictionary.
const DECODED_IN_MEMORY_BYTES: u64 = 4 * 1024 * 1024;

/// A RAR archive whose headers have been read, of all its volumes.
pub(crate) struct Rar {
    facts: ArchiveFacts,
    volumes: Vec<Archive>,
    limits: UnpackLimits,
}

impl Rar {
    /// Takes a complete set of volumes in order.
    pub(crate) fn new(set: Vec<Volume>, limits: &UnpackLimits) -> Result<Self, UnpackError> {
        let name = set
            .first()
            .map(|volume| volume.name.clone())
            .unwrap_or_default();
        let packed_bytes = set.iter().map(|volume| volume.packed_bytes).sum();
        let volumes: Vec<Archive> = set.into_iter().map(|volume| volume.archive).collect();
        let mut declared_bytes = 0_u64;
        for member in volumes.iter().flat_map(Archive::members) {
            if member.meta.is_encrypted {
                return Err(UnpackError::Encrypted { archive: name });
            }
            if !member.meta.is_split_before {
                declared_bytes = declared_bytes.saturating_add(member.meta.unpacked_size);
            }
        }
        let declared_bytes = Some(declared_bytes);
        let facts = ArchiveFacts {
            name,
            packed_bytes,
            declared_bytes,
        };
        Ok(Self {
            facts,
            volumes,
            limits: *limits,
        })
    }
}

impl OpenArchive for Rar {
    fn facts(&self) -> &ArchiveFacts {
        &self.facts
    }

    fn unpack_into(self: Box<Self>, out: &mut Extractor<'_>) -> Result<(), UnpackError> {
        let cancellation = ReadCancellation::new();
        thread::scope(|scope| {
            let (sender, receiver) = sync_channel(MESSAGE_QUEUE_LEN);
            let (volumes, cancel) = (&self.volumes, &cancellation);
            let thread = scope.spawn(move || decode(volumes, cancel, &sender));
            let written = write_messages(&receiver, out);
            if written.is_err() {
                // The decoder may be deep in a solid block, or waiting for us to receive.
                cancellation.cancel();
            }
            drop(receiver);
            let decoded = match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            written?;
            decoded.map_err(|error| rar_failed(&self.facts.name, &self.limits, &error))
        })
    }
}

/// What the decoder sends.
enum Message {
    Directory {
        name: Vec<u8>,
    },
    File {
        name: Vec<u8>,
        mode: u32,
    },
    /// Content of the file announced last.
    Content(Vec<u8>),
    Link {
        name: Vec<u8>,
        link: Link,
        points_to: Vec<u8>,
    },
}

#[derive(Clone, Copy)]
enum Link {
    Symbolic,
    Hard,
    Copy,
}

fn decode(
    volumes: &[Archive],
    cancellation: &ReadCancellation,
    sender: &SyncSender<Message>,
) -> rars::Result<()> {
    let options = ArchiveReadOptions::new()
        .with_cancellation(cancellation)
        .with_rar50_dictionary_size_limit(DECODER_MEMORY_BYTES_MAX)
        .with_rar50_buffered_decode_limit(DECODED_IN_MEMORY_BYTES);
    let open = |meta: &ExtractedEntryMeta| -> rars::Result<Box<dyn Write>> {
        let name = entry_name(meta);
        if meta.is_directory {
            send(sender, Message::Directory { name })?;
            return Ok(Box::new(io::sink()));
        }
        let mode = match meta.attr_source {
            // The mode is the lower half; what is above it is not the business of Unix.
            AttrSource::Unix => (meta.file_attr & 0xffff) as u32,
            _ => 0,
        };
        send(sender, Message::File { name, mode })?;
        Ok(Box::new(ContentSender {
            sender: sender.clone(),
            content: Vec::new(),
        }))
    };
    let link = |meta: &ExtractedEntryMeta, link: ExtractedLink<'_>| -> rars::Result<()> {
        let kind = match link {
            ExtractedLink::HardLink { .. } => Link::Hard,
            ExtractedLink::FileCopy { .. } => Link::Copy,
            // Junctions are absolute by nature and will be refused for that.
            _ => Link::Symbolic,
        };
        let points_to = link.target().to_vec();
        Ok(send(
            sender,
            Message::Link {
                name: entry_name(meta),
                link: kind,
                points_to,
            },
        )?)
    };
    rars::extract_volumes_with_links(volumes, options, open, link)
}

/// The name of an entry in UTF-8. Old archives that carry no Unicode were packed in the code page
/// of western European DOS, unless their bytes happen to be UTF-8 already.
fn entry_name(meta: &ExtractedEntryMeta) -> Vec<u8> {
    if meta.name_is_unicode || std::str::from_utf8(&meta.name).is_ok() {
        return meta.name.clone();
    }
    LegacyNameEncoding::Cp850
        .decode(&meta.name)
        .map_or_else(|_| meta.name.clone(), String::into_bytes)
}

fn send(sender: &SyncSender<Message>, message: Message) -> io::Result<()> {
    sender
        .send(message)
        .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
}

/// Collects what the decoder writes into messages of a good size.
struct ContentSender {
    sender: SyncSender<Message>,
    content: Vec<u8>,
}

impl Write for ContentSender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.content.capacity() == 0 {
            self.content.reserve_exact(MESSAGE_BYTES);
        }
        let room = MESSAGE_BYTES - self.content.len();
        let taken = &bytes[..bytes.len().min(room)];
        self.content.extend_from_slice(taken);
        if self.content.len() == MESSAGE_BYTES {
            self.flush()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.content.is_empty() {
            return Ok(());
        }
        send(
            &self.sender,
            Message::Content(std::mem::take(&mut self.content)),
        )
    }
}

impl Drop for ContentSender {
    fn drop(&mut self) {
        // Fails only when the receiver has given up, and then the content does not matter.
        let _ = self.flush();
    }
}

fn write_messages(
    receiver: &Receiver<Message>,
    out: &mut Extractor<'_>,
) -> Result<(), UnpackError> {
    let mut current: Option<OpenFile> = None;
    loop {
        let message = match receiver.recv_timeout(CANCEL_LATENCY) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => {
                out.check_cancelled()?;
                continue;
            }
            // The decoder is done, well or not; its result says which.
            Err(RecvTimeoutError::Disconnected) => return end_file(&mut current, out),
        };
        match message {
            Message::Content(content) => {
                if let Some(file) = &mut current {
                    out.write(file, &content)?;
                }
            }
            Message::Directory { name } => {
                end_file(&mut current, out)?;
                out.directory(&name)?;
            }
            Message::File { name, mode } => {
                end_file(&mut current, out)?;
                if mode_kind(mode) == ModeKind::Special {
                    return Err(out.refuse(&name, EntryRefusal::SpecialFile));
                }
                let executable = Executable::from_mode(mode);
                let facts = FileFacts {
                    declared_bytes: None,
                    executable,
                };
                current = Some(out.begin_file(&name, facts)?);
            }
            Message::Link {
                name,
                link,
                points_to,
            } => {
                end_file(&mut current, out)?;
                match link {
                    Link::Symbolic => out.symlink(&name, &points_to)?,
                    Link::Hard => out.hard_link(&name, &points_to)?,
                    Link::Copy => out.file_copy(&name, &points_to)?,
                }
            }
        }
    }
}

fn end_file(current: &mut Option<OpenFile>, out: &mut Extractor<'_>) -> Result<(), UnpackError> {
    current.take().map_or(Ok(()), |file| out.end_file(file))
}

/// Translates an error of the reader.
pub(crate) fn rar_failed(archive: &str, limits: &UnpackLimits, error: &Error) -> UnpackError {
    let archive = archive.to_owned();
    let detail = printable(&error.to_string());
    match error.kind() {
        ErrorKind::Cancelled => UnpackError::Cancelled,
        ErrorKind::PasswordRequired | ErrorKind::BadPassword => UnpackError::Encrypted { archive },
        // This crate is built without decryption.
        ErrorKind::UnsupportedFeature if detail.contains("encrypt") => {
            UnpackError::Encrypted { archive }
        }
        ErrorKind::UnsupportedFeature | ErrorKind::UnsupportedFormat => {
            UnpackError::Unsupported { archive, detail }
        }
        ErrorKind::ResourceLimit => match error.root_cause() {
            Error::HeaderCountLimitExceeded { .. } => UnpackError::LimitExceeded {
                archive,
                limit: LimitKind::Entries,
                allowed: limits.entries_max,
            },
            _ => UnpackError::LimitExceeded {
                archive,
                limit: LimitKind::DecoderMemory,
                allowed: DECODER_MEMORY_BYTES_MAX,
            },
        },
        ErrorKind::Io => match error.root_cause() {
            Error::Io(error) if error.kind != io::ErrorKind::UnexpectedEof => UnpackError::Read {
                archive,
                source: io::Error::new(error.kind, error.message.clone()),
            },
            _ => UnpackError::Damaged { archive, detail },
        },
        _ => UnpackError::Damaged { archive, detail },
    }
}
