//! The only way from an archive into the target: every format hands its entries to an
//! [`Extractor`], which names, counts, limits, places and writes them.
//!
//! The one invariant: no entry reaches the disk before its path, kind and size have been checked
//! here. It knows nothing of formats; they translate, it judges.

use std::io::{self, Read, Write};

use cap_std::fs::File;

use crate::UnpackJob;
use crate::budget::{Budget, Exceeded};
use crate::cancel::CancelFlag;
use crate::entry_path::{EntryPath, fold};
use crate::error::{EntryRefusal, UnpackError};
use crate::links;
use crate::progress::{UnpackPhase, UnpackProgress};
use crate::report::{RespelledEntry, SkipReason, SkippedEntry};
use crate::target::{Executable, Target};
use crate::text::printable;
use crate::tree::{NodeKind, Tree};

/// Bytes read and written at a time. Large enough that system calls do not matter, small enough
/// that a cancelled job ends within milliseconds.
const COPY_BUFFER_BYTES: usize = 256 * 1024;

/// Bytes written between two progress reports.
const PROGRESS_STEP_BYTES: u64 = 1024 * 1024;

/// What an archive says about itself before it is unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArchiveFacts {
    /// File name, that of the first volume if there are several.
    pub(crate) name: String,
    /// Size on disk, of all volumes.
    pub(crate) packed_bytes: u64,
    /// Size unpacked, if the format announces it.
    pub(crate) declared_bytes: Option<u64>,
}

/// What an archive says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileFacts {
    /// Size, if the format announces it before the content.
    pub(crate) declared_bytes: Option<u64>,
    pub(crate) executable: Executable,
}

/// A file whose content is still coming in.
pub(crate) struct OpenFile {
    path: String,
    file: File,
    written: u64,
    declared_bytes: Option<u64>,
}

/// Unpacks one job; see the module's documentation.
pub(crate) struct Extractor<'a> {
    pub(crate) job: UnpackJob<'a>,
    pub(crate) target: Target<'a>,
    pub(crate) tree: Tree,
    pub(crate) archives: Vec<ArchiveFacts>,
    archive_count: usize,
    budget: Budget,
    bytes_total: Option<u64>,
    bytes_reported: u64,
    pub(crate) skipped: Vec<SkippedEntry>,
    pub(crate) respelled: Vec<RespelledEntry>,
    buffer: Vec<u8>,
}

impl<'a> Extractor<'a> {
    pub(crate) fn new(job: UnpackJob<'a>, archive_count: usize, bytes_total: Option<u64>) -> Self {
        Self {
            job,
            target: Target::new(job.target),
            tree: Tree::default(),
            archives: Vec::new(),
            archive_count,
            budget: Budget::new(job.limits),
            bytes_total,
            bytes_reported: 0,
            skipped: Vec::new(),
            respelled: Vec::new(),
            buffer: vec![0; COPY_BUFFER_BYTES],
        }
    }

    /// Starts the next archive. What it announces is held against the limits before anything of it
    /// is written.
    pub(crate) fn begin_archive(&mut self, facts: ArchiveFacts) -> Result<(), UnpackError> {
        self.check_cancelled()?;
        let declared = facts.declared_bytes.unwrap_or(0);
        self.budget.begin_archive(facts.packed_bytes);
        self.archives.push(facts);
        self.report_progress(UnpackPhase::Unpacking);
        self.within(self.budget.check_bytes(declared))
    }

    pub(crate) fn archive_name(&self) -> &str {
        self.archives
            .last()
            .map_or("", |archive| archive.name.as_str())
    }

    /// A clone of the job's flag, for readers that do not come by here while they skip.
    pub(crate) fn cancel_flag(&self) -> CancelFlag {
        self.job.cancel.clone()
    }

    pub(crate) fn check_cancelled(&self) -> Result<(), UnpackError> {
        if self.job.cancel.is_cancelled() {
            Err(UnpackError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Makes a directory.
    pub(crate) fn directory(&mut self, name: &[u8]) -> Result<(), UnpackError> {
        self.count_entry()?;
        let Some(path) = self.parse(name)? else {
            return Ok(());
        };
        let index = self.archive_index();
        let on_disk = self
            .tree
            .place_directory(&path, index)
            .map_err(|refusal| self.refuse(name, refusal))?;
        self.note_spelling(&path, &on_disk);
        let made = self.target.directory(&on_disk).map(|_| ());
        made.map_err(|source| self.write_failed(&on_disk, source))
    }

    /// Starts a file; its content follows by [`Self::write`], and [`Self::end_file`] ends it.
    pub(crate) fn begin_file(
        &mut self,
        name: &[u8],
        facts: FileFacts,
    ) -> Result<OpenFile, UnpackError> {
        self.count_entry()?;
        let declared = facts.declared_bytes.unwrap_or(0);
        self.within(self.budget.check_file(declared))?;
        self.within(self.budget.check_bytes(declared))?;
        let on_disk = self.place_leaf(name, NodeKind::File { size_bytes: 0 })?;
        let file = self
            .target
            .create_file(&on_disk, facts.executable)
            .map_err(|source| self.write_failed(&on_disk, source))?;
        Ok(OpenFile {
            path: on_disk,
            file,
            written: 0,
            declared_bytes: facts.declared_bytes,
        })
    }

    /// Appends content to a file.
    pub(crate) fn write(&mut self, file: &mut OpenFile, content: &[u8]) -> Result<(), UnpackError> {
        self.check_cancelled()?;
        let bytes = content.len() as u64;
        self.within(self.budget.check_file(file.written.saturating_add(bytes)))?;
        self.within(self.budget.check_bytes(bytes))?;
        file.file
            .write_all(content)
            .map_err(|source| self.write_failed(&file.path, source))?;
        file.written += bytes;
        self.budget.count_bytes(bytes);
        if self.budget.bytes() - self.bytes_reported >= PROGRESS_STEP_BYTES {
            self.report_progress(UnpackPhase::Unpacking);
        }
        Ok(())
    }

    /// Ends a file, which must have become as long as announced.
    pub(crate) fn end_file(&mut self, file: OpenFile) -> Result<(), UnpackError> {
        let OpenFile {
            path,
            file,
            written,
            declared_bytes,
        } = file;
        drop(file);
        if let Some(declared) = declared_bytes.filter(|declared| *declared != written) {
            return Err(self.damaged(&format!("{path} has {written} of its {declared} bytes")));
        }
        self.tree.set_size(&path, written);
        Ok(())
    }

    /// Writes a whole file from a reader that decodes it.
    pub(crate) fn file(
        &mut self,
        name: &[u8],
        facts: FileFacts,
        content: &mut dyn Read,
    ) -> Result<(), UnpackError> {
        let mut file = self.begin_file(name, facts)?;
        let mut buffer = std::mem::take(&mut self.buffer);
        let copied = self.copy(&mut file, content, &mut buffer);
        self.buffer = buffer;
        copied?;
        self.end_file(file)
    }

    /// Remembers a symbolic link. Links are made after the last archive, so that nothing is ever
    /// written through one and so that what they lead through is known.
    pub(crate) fn symlink(&mut self, name: &[u8], points_to: &[u8]) -> Result<(), UnpackError> {
        self.count_entry()?;
        let points_to =
            links::parse_target(points_to).map_err(|refusal| self.refuse(name, refusal))?;
        let length_max = self.job.limits.path_bytes_max;
        if points_to.len() > length_max {
            return Err(self.refuse(name, EntryRefusal::PathTooLong(length_max)));
        }
        self.place_leaf(name, NodeKind::Link { points_to })?;
        Ok(())
    }

    /// Gives a file that is already unpacked a second name.
    ///
    /// Where the file system has no hard links, the content is copied. It counts in full against
    /// the limits in either case, so that what an archive may hold does not depend on the disk.
    pub(crate) fn hard_link(&mut self, name: &[u8], existing: &[u8]) -> Result<(), UnpackError> {
        let (source, size_bytes) = self.linked_file(name, existing)?;
        self.begin_copy(size_bytes)?;
        let on_disk = self.place_leaf(name, NodeKind::File { size_bytes })?;
        match self.target.hard_link(&source, &on_disk) {
            Ok(()) => {
                self.budget.count_bytes(size_bytes);
                Ok(())
            }
            Err(error) if is_unavailable(&error) => self.copy_within(&source, on_disk),
            Err(error) => Err(self.write_failed(&on_disk, error)),
        }
    }

    /// Copies a file that is already unpacked.
    pub(crate) fn file_copy(&mut self, name: &[u8], existing: &[u8]) -> Result<(), UnpackError> {
        let (source, size_bytes) = self.linked_file(name, existing)?;
        self.begin_copy(size_bytes)?;
        let on_disk = self.place_leaf(name, NodeKind::File { size_bytes })?;
        self.copy_within(&source, on_disk)
    }

    /// Leaves an entry out.
    pub(crate) fn skip(&mut self, name: &[u8], reason: SkipReason) -> Result<(), UnpackError> {
        self.count_entry()?;
        self.skipped.push(SkippedEntry {
            archive: self.archive_name().to_owned(),
            entry: printable(&String::from_utf8_lossy(name)),
            reason,
        });
        Ok(())
    }

    /// The error for an entry that no archive may hold.
    pub(crate) fn refuse(&self, name: &[u8], refusal: EntryRefusal) -> UnpackError {
        UnpackError::Refused {
            archive: self.archive_name().to_owned(),
            entry: printable(&String::from_utf8_lossy(name)),
            refusal,
        }
    }

    /// The error for content that is not what it should be.
    pub(crate) fn damaged(&self, detail: &str) -> UnpackError {
        UnpackError::Damaged {
            archive: self.archive_name().to_owned(),
            detail: printable(detail),
        }
    }

    /// The file that a hard link or copy names, with its size.
    fn linked_file(&self, name: &[u8], existing: &[u8]) -> Result<(String, u64), UnpackError> {
        let shown = || printable(&String::from_utf8_lossy(existing));
        let path = EntryPath::parse(existing, &self.job.limits)
            .map_err(|_| self.refuse(name, EntryRefusal::LinkLeaves(shown())))?;
        let node = path.as_ref().and_then(|path| self.tree.get(path.as_str()));
        match node.map(|node| (&node.path, &node.kind)) {
            Some((path, NodeKind::File { size_bytes })) => Ok((path.clone(), *size_bytes)),
            Some((_, NodeKind::Directory | NodeKind::Link { .. })) | None => {
                Err(self.refuse(name, EntryRefusal::HardLinkTarget(shown())))
            }
        }
    }

    fn begin_copy(&mut self, size_bytes: u64) -> Result<(), UnpackError> {
        self.count_entry()?;
        self.within(self.budget.check_bytes(size_bytes))
    }

    fn copy_within(&mut self, source: &str, on_disk: String) -> Result<(), UnpackError> {
        let mut content = self
            .target
            .open_file(source)
            .map_err(|error| self.write_failed(source, error))?;
        let file = self
            .target
            .create_file(&on_disk, executable_of(&content))
            .map_err(|error| self.write_failed(&on_disk, error))?;
        let mut file = OpenFile {
            path: on_disk,
            file,
            written: 0,
            declared_bytes: None,
        };
        let mut buffer = std::mem::take(&mut self.buffer);
        let copied = self.copy(&mut file, &mut content, &mut buffer);
        self.buffer = buffer;
        copied?;
        self.end_file(file)
    }

    fn copy(
        &mut self,
        file: &mut OpenFile,
        content: &mut dyn Read,
        buffer: &mut [u8],
    ) -> Result<(), UnpackError> {
        loop {
            match content.read(buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.write(file, &buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // Readers that watch the flag themselves can only fail.
                    self.check_cancelled()?;
                    return Err(read_failed(self.archive_name(), error, Some(&file.path)));
                }
            }
        }
    }

    fn parse(&self, name: &[u8]) -> Result<Option<EntryPath>, UnpackError> {
        let path = EntryPath::parse(name, &self.job.limits)
            .map_err(|refusal| self.refuse(name, refusal))?;
        let reserved = path.as_ref().is_some_and(|path| {
            let first = fold(path.first());
            self.job
                .reserved_names
                .iter()
                .any(|reserved| fold(reserved) == first)
        });
        if reserved {
            Err(self.refuse(name, EntryRefusal::Reserved))
        } else {
            Ok(path)
        }
    }

    fn place_leaf(&mut self, name: &[u8], kind: NodeKind) -> Result<String, UnpackError> {
        let path = self
            .parse(name)?
            .ok_or_else(|| self.refuse(name, EntryRefusal::NoName))?;
        let index = self.archive_index();
        let on_disk = self
            .tree
            .place_leaf(&path, kind, index)
            .map_err(|refusal| self.refuse(name, refusal))?;
        self.note_spelling(&path, &on_disk);
        Ok(on_disk)
    }

    fn note_spelling(&mut self, path: &EntryPath, on_disk: &str) {
        if path.as_str() != on_disk {
            self.respelled.push(RespelledEntry {
                archive: self.archive_name().to_owned(),
                entry: path.as_str().to_owned(),
                written_as: on_disk.to_owned(),
            });
        }
    }

    fn count_entry(&mut self) -> Result<(), UnpackError> {
        self.check_cancelled()?;
        let counted = self.budget.count_entry();
        self.within(counted)
    }

    /// Names the archive that would exceed a limit.
    fn within(&self, checked: Result<(), Exceeded>) -> Result<(), UnpackError> {
        checked.map_err(|Exceeded { limit, allowed }| UnpackError::LimitExceeded {
            archive: self.archive_name().to_owned(),
            limit,
            allowed,
        })
    }

    fn write_failed(&self, path: &str, source: io::Error) -> UnpackError {
        UnpackError::Write {
            archive: self.archive_name().to_owned(),
            path: path.to_owned(),
            source,
        }
    }

    fn archive_index(&self) -> usize {
        self.archives.len().saturating_sub(1)
    }

    pub(crate) fn report_progress(&mut self, phase: UnpackPhase) {
        self.bytes_reported = self.budget.bytes();
        (self.job.progress)(UnpackProgress {
            phase,
            archive_index: self.archive_index(),
            archive_count: self.archive_count,
            archive_name: self.archive_name(),
            bytes_unpacked: self.budget.bytes(),
            bytes_total: self.bytes_total,
        });
    }
}

/// The error for an archive whose bytes could not be read or decoded. An error that carries a code
/// of the operating system is the disk's fault, every other one the content's.
pub(crate) fn read_failed(archive: &str, error: io::Error, entry: Option<&str>) -> UnpackError {
    let archive = archive.to_owned();
    if error.raw_os_error().is_some() {
        return UnpackError::Read {
            archive,
            source: error,
        };
    }
    let detail = match entry {
        Some(entry) => format!("{entry}: {error}"),
        None => error.to_string(),
    };
    UnpackError::Damaged {
        archive,
        detail: printable(&detail),
    }
}

/// Says whether a link could not be made because this system or file system has none for us.
pub(crate) fn is_unavailable(error: &io::Error) -> bool {
    /// What Windows says to users without the right to make symbolic links.
    #[cfg(windows)]
    const ERROR_PRIVILEGE_NOT_HELD: i32 = 1314;
    #[cfg(windows)]
    if error.raw_os_error() == Some(ERROR_PRIVILEGE_NOT_HELD) {
        return true;
    }
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
    )
}

#[cfg(unix)]
fn executable_of(file: &File) -> Executable {
    use cap_std::fs::PermissionsExt;
    file.metadata().map_or(Executable::No, |metadata| {
        Executable::from_mode(metadata.permissions().mode())
    })
}

#[cfg(not(unix))]
fn executable_of(_file: &File) -> Executable {
    Executable::No
}
