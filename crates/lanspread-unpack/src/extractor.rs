//! The only way from an archive into the target: every format hands its entries to an
//! [`Extractor`], which names, counts, limits, places and writes them.
//!
//! The one invariant: no entry reaches the disk before its path, kind and size have been checked
//! here. It knows nothing of formats; they translate, it judges.

use std::io::{self, Read, Write};

use cap_std::fs::File;

use crate::cancel::CancelFlag;
use crate::durable;
use crate::entry_path::{EntryPath, fold};
use crate::error::{EntryRefusal, LimitKind, UnpackError};
use crate::links::{self, Destination};
use crate::progress::{UnpackPhase, UnpackProgress};
use crate::report::{
    RespelledEntry, SkipReason, SkippedEntry, UnpackReport, UnpackedFile, UnpackedLink,
};
use crate::target::{Executable, Target};
use crate::text::printable;
use crate::tree::{NodeKind, Tree};
use crate::{Durability, UnpackJob};

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
    job: UnpackJob<'a>,
    target: Target<'a>,
    tree: Tree,
    archives: Vec<ArchiveFacts>,
    archive_count: usize,
    entries: u64,
    bytes: u64,
    archive_bytes: u64,
    bytes_total: Option<u64>,
    bytes_reported: u64,
    skipped: Vec<SkippedEntry>,
    respelled: Vec<RespelledEntry>,
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
            entries: 0,
            bytes: 0,
            archive_bytes: 0,
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
        self.archives.push(facts);
        self.archive_bytes = 0;
        self.report_progress(UnpackPhase::Unpacking);
        self.check_bytes(declared)
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
        self.check_file_bytes(facts.declared_bytes.unwrap_or(0))?;
        self.check_bytes(facts.declared_bytes.unwrap_or(0))?;
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
        self.check_file_bytes(file.written.saturating_add(bytes))?;
        self.check_bytes(bytes)?;
        file.file
            .write_all(content)
            .map_err(|source| self.write_failed(&file.path, source))?;
        file.written += bytes;
        self.bytes += bytes;
        self.archive_bytes += bytes;
        if self.bytes - self.bytes_reported >= PROGRESS_STEP_BYTES {
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
                self.bytes += size_bytes;
                self.archive_bytes += size_bytes;
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

    /// Makes the links, syncs if asked to, and reports.
    pub(crate) fn finish(mut self) -> Result<UnpackReport, UnpackError> {
        let links = self.make_links()?;
        self.report_progress(UnpackPhase::Unpacking);
        let mut report = UnpackReport {
            links,
            skipped: std::mem::take(&mut self.skipped),
            respelled: std::mem::take(&mut self.respelled),
            ..UnpackReport::default()
        };
        for node in self.tree.nodes() {
            match &node.kind {
                NodeKind::Directory => report.directories.push(node.path.clone()),
                NodeKind::File { size_bytes } => report.files.push(UnpackedFile {
                    path: node.path.clone(),
                    size_bytes: *size_bytes,
                }),
                NodeKind::Link { .. } => {}
            }
        }
        report.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        report.links.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        report.directories.sort_unstable();
        if self.job.durability == Durability::Synced {
            self.report_progress(UnpackPhase::Syncing);
            durable::sync(self.job.target, &report, || self.check_cancelled())?;
        }
        Ok(report)
    }

    fn make_links(&mut self) -> Result<Vec<UnpackedLink>, UnpackError> {
        let mut pending = Vec::new();
        for node in self.tree.nodes() {
            if let NodeKind::Link { points_to } = &node.kind {
                let archive = self.archives[node.archive].name.clone();
                let destination =
                    links::resolve(&self.tree, &node.path, points_to).map_err(|refusal| {
                        UnpackError::Refused {
                            archive: archive.clone(),
                            entry: printable(&node.path),
                            refusal,
                        }
                    })?;
                let link = UnpackedLink {
                    path: node.path.clone(),
                    points_to: points_to.clone(),
                };
                pending.push((archive, link, destination));
            }
        }
        let mut made = Vec::new();
        for (archive, link, destination) in pending {
            self.check_cancelled()?;
            match self.make_link(&archive, &link, destination)? {
                None => made.push(link),
                Some(reason) => {
                    self.skipped.push(SkippedEntry {
                        archive,
                        entry: link.path,
                        reason,
                    });
                }
            }
        }
        Ok(made)
    }

    /// Makes one link, or answers why it is left out.
    fn make_link(
        &mut self,
        archive: &str,
        link: &UnpackedLink,
        destination: Destination,
    ) -> Result<Option<SkipReason>, UnpackError> {
        let write_failed = |source| UnpackError::Write {
            archive: archive.to_owned(),
            path: link.path.clone(),
            source,
        };
        if destination == Destination::Nothing {
            // The link may stand where an earlier archive has put a file.
            self.target.remove(&link.path).map_err(write_failed)?;
            return Ok(Some(SkipReason::DanglingLink));
        }
        match self
            .target
            .symlink(&link.points_to, &link.path, destination)
        {
            Ok(()) => Ok(None),
            Err(error) if is_unavailable(&error) => Ok(Some(SkipReason::LinksUnavailable)),
            Err(error) => Err(write_failed(error)),
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
        self.check_bytes(size_bytes)
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
        self.entries += 1;
        if self.entries > self.job.limits.entries_max {
            return Err(self.limit(LimitKind::Entries, self.job.limits.entries_max));
        }
        Ok(())
    }

    fn check_file_bytes(&self, bytes: u64) -> Result<(), UnpackError> {
        let allowed = self.job.limits.file_bytes_max;
        if bytes > allowed {
            Err(self.limit(LimitKind::FileBytes, allowed))
        } else {
            Ok(())
        }
    }

    /// Checks whether `more` bytes would exceed the limits of the job or of the archive.
    fn check_bytes(&self, more: u64) -> Result<(), UnpackError> {
        let limits = &self.job.limits;
        if self.bytes.saturating_add(more) > limits.total_bytes_max {
            return Err(self.limit(LimitKind::TotalBytes, limits.total_bytes_max));
        }
        let packed = self
            .archives
            .last()
            .map_or(0, |archive| archive.packed_bytes);
        let allowed = packed
            .saturating_mul(limits.ratio_max)
            .max(limits.ratio_free_bytes);
        if self.archive_bytes.saturating_add(more) > allowed {
            return Err(self.limit(LimitKind::Ratio, limits.ratio_max));
        }
        Ok(())
    }

    fn limit(&self, limit: LimitKind, allowed: u64) -> UnpackError {
        UnpackError::LimitExceeded {
            archive: self.archive_name().to_owned(),
            limit,
            allowed,
        }
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

    fn report_progress(&mut self, phase: UnpackPhase) {
        self.bytes_reported = self.bytes;
        (self.job.progress)(UnpackProgress {
            phase,
            archive_index: self.archive_index(),
            archive_count: self.archive_count,
            archive_name: self.archive_name(),
            bytes_unpacked: self.bytes,
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
fn is_unavailable(error: &io::Error) -> bool {
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
