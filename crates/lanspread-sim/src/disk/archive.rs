//! The simulator's own archives: what game roots on virtual disks hold instead of RAR files, and how
//! they are unpacked there.
//!
//! Invariant: unpacking goes through the virtual disk's own operations, so that each of them can fail,
//! stop the machine, and be lost; and an archive that is cut or changed anywhere ends in `Damaged`.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use lanspread_db::{ContentHash, RelPath};
use lanspread_disk::port::{Access, FileSystem, Folder, UnpackOrder};
use lanspread_unpack::{
    EntryRefusal, UnpackError, UnpackJob, UnpackPhase, UnpackProgress, UnpackReport, UnpackedFile,
    Unpacker,
};

/// What an archive begins with.
const MAGIC: &[u8] = b"lanspread-sim archive\n";
/// The most that is written at a time.
const WRITE_BYTES: usize = 256 << 10;

/// Packs files, which stand in the archive in this order.
#[must_use]
pub fn pack<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut packed = MAGIC.to_vec();
    for (path, content) in files {
        let mut entry = Vec::with_capacity(16 + path.len() + content.len());
        entry.extend((path.len() as u64).to_le_bytes());
        entry.extend((content.len() as u64).to_le_bytes());
        entry.extend(path.as_bytes());
        entry.extend(content);
        packed.extend(ContentHash::of(&entry).as_bytes());
        packed.extend(entry);
    }
    // The end is marked, so that an archive cut between two entries is known to be.
    packed.extend(ContentHash::of(MAGIC).as_bytes());
    packed
}

/// One entry of an archive.
struct Entry<'a> {
    path: &'a str,
    content: &'a [u8],
}

/// Reads the next entry from the front; `None` at the end.
fn next<'a>(packed: &mut &'a [u8]) -> Result<Option<Entry<'a>>, String> {
    let mut take = |len: usize| {
        let cut = || "it is cut short".to_owned();
        let (taken, rest) = packed.split_at_checked(len).ok_or_else(cut)?;
        *packed = rest;
        Ok::<&'a [u8], String>(taken)
    };
    let hash = take(32)?;
    if hash == ContentHash::of(MAGIC).as_bytes() {
        return Ok(None);
    }
    let head = take(16)?;
    let (path_len, content_len) = head.split_at(8);
    let len = |bytes: &[u8]| {
        let bytes: [u8; 8] = bytes.try_into().unwrap_or([0xff; 8]);
        usize::try_from(u64::from_le_bytes(bytes)).unwrap_or(usize::MAX)
    };
    let path = take(len(path_len))?;
    let content = take(len(content_len))?;
    if ContentHash::of(&[head, path, content].concat()).as_bytes() != hash {
        return Err("the checksum of an entry does not match".to_owned());
    }
    let path = std::str::from_utf8(path).map_err(|error| error.to_string())?;
    Ok(Some(Entry { path, content }))
}

/// Unpacks into a directory of the virtual disk.
pub(super) fn unpack(
    fs: &dyn FileSystem,
    target: &dyn Folder,
    order: UnpackOrder<'_>,
) -> Result<UnpackReport, UnpackError> {
    let mut job = Job {
        target,
        order,
        report: UnpackReport::default(),
        folders: BTreeSet::new(),
        bytes: 0,
    };
    for (index, path) in order.archives.iter().enumerate() {
        let name = file_name(path);
        let packed = read(fs, path).map_err(|source| UnpackError::Read {
            archive: name.clone(),
            source,
        })?;
        job.tell(UnpackPhase::Unpacking, index, &name);
        job.unpack_one(&name, &packed)?;
        job.tell(UnpackPhase::Unpacking, index, &name);
    }
    job.finish()
}

struct Job<'a> {
    target: &'a dyn Folder,
    order: UnpackOrder<'a>,
    report: UnpackReport,
    folders: BTreeSet<String>,
    bytes: u64,
}

impl Job<'_> {
    fn tell(&self, phase: UnpackPhase, archive_index: usize, archive_name: &str) {
        (self.order.progress)(UnpackProgress {
            phase,
            archive_index,
            archive_count: self.order.archives.len(),
            archive_name,
            bytes_unpacked: self.bytes,
            bytes_total: None,
        });
    }

    fn proceed(&self) -> Result<(), UnpackError> {
        if self.order.cancel.is_cancelled() {
            return Err(UnpackError::Cancelled);
        }
        Ok(())
    }

    fn unpack_one(&mut self, archive: &str, packed: &[u8]) -> Result<(), UnpackError> {
        let damaged = |detail: String| UnpackError::Damaged {
            archive: archive.to_owned(),
            detail,
        };
        let mut rest = packed
            .strip_prefix(MAGIC)
            .ok_or_else(|| damaged("it does not begin as an archive does".to_owned()))?;
        while let Some(entry) = next(&mut rest).map_err(damaged)? {
            self.proceed()?;
            let path = self.check(archive, entry.path)?;
            self.write(&path, entry.content)
                .map_err(|source| UnpackError::Write {
                    archive: archive.to_owned(),
                    path: path.as_str().to_owned(),
                    source,
                })?;
        }
        Ok(())
    }

    fn check(&self, archive: &str, entry: &str) -> Result<RelPath, UnpackError> {
        let refused = |refusal| UnpackError::Refused {
            archive: archive.to_owned(),
            entry: entry.escape_default().to_string(),
            refusal,
        };
        let path = RelPath::parse(entry).map_err(|_| refused(EntryRefusal::ParentComponent))?;
        let first = path.components().next().unwrap_or_default();
        let reserved = self.order.reserved_names.iter();
        if reserved
            .into_iter()
            .any(|name| name.eq_ignore_ascii_case(first))
        {
            return Err(refused(EntryRefusal::Reserved));
        }
        Ok(path)
    }

    fn write(&mut self, path: &RelPath, content: &[u8]) -> io::Result<()> {
        let mut above = Vec::new();
        let mut folder = path.parent();
        while let Some(next) = folder {
            folder = next.parent();
            above.push(next.as_str().to_owned());
        }
        for folder in above.into_iter().rev() {
            if self.folders.contains(&folder) {
                continue;
            }
            match self.target.make_folder(Path::new(&folder)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
            self.folders.insert(folder);
        }
        let at = Path::new(path.as_str());
        let file = match self.target.open_file(at, Access::New) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.target.remove_file(at)?;
                self.target.open_file(at, Access::New)?
            }
            opened => opened?,
        };
        for (number, part) in content.chunks(WRITE_BYTES).enumerate() {
            file.write_at(part, (number * WRITE_BYTES) as u64)?;
        }
        self.bytes += content.len() as u64;
        self.report.files.retain(|file| file.path != path.as_str());
        self.report.files.push(UnpackedFile {
            path: path.as_str().to_owned(),
            size_bytes: content.len() as u64,
        });
        Ok(())
    }

    /// Syncs every file and directory.
    fn finish(mut self) -> Result<UnpackReport, UnpackError> {
        let last = self.order.archives.len().saturating_sub(1);
        let name = self.order.archives.last().map(|path| file_name(path));
        self.tell(UnpackPhase::Syncing, last, name.as_deref().unwrap_or(""));
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |source| UnpackError::Sync { path, source }
        };
        self.report
            .files
            .sort_unstable_by(|a, b| a.path.cmp(&b.path));
        for file in &self.report.files {
            self.proceed()?;
            let path = PathBuf::from(&file.path);
            self.target
                .sync_files(std::slice::from_ref(&path))
                .map_err(failed(&path))?;
        }
        for folder in self.folders.iter().map(String::as_str).chain([""]) {
            let path = Path::new(folder);
            self.target.sync_folder(path).map_err(failed(path))?;
        }
        self.report.directories = self.folders.into_iter().collect();
        Ok(self.report)
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Reads a whole file by its full path.
fn read(fs: &dyn FileSystem, path: &Path) -> io::Result<Vec<u8>> {
    let folder = fs.open(path.parent().unwrap_or(Path::new("/")))?;
    let name = Path::new(path.file_name().unwrap_or_default());
    let file = folder.open_file(name, Access::Read)?;
    let len = usize::try_from(file.stat()?.stamp.size_bytes).unwrap_or(usize::MAX);
    let mut bytes = vec![0; len];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// The unpacker that the disk side of a simulated peer is given. A virtual disk unpacks by itself and
/// never asks it.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnpacksItself;

impl Unpacker for UnpacksItself {
    fn unpack(&self, job: UnpackJob<'_>) -> Result<UnpackReport, UnpackError> {
        Err(UnpackError::Unsupported {
            archive: job
                .archives
                .first()
                .map(|path| file_name(path))
                .unwrap_or_default(),
            detail: "it lies on a real disk".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(mut packed: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut found = Vec::new();
        packed = packed.strip_prefix(MAGIC).ok_or("no archive")?;
        while let Some(entry) = next(&mut packed)? {
            found.push((entry.path.to_owned(), entry.content.to_vec()));
        }
        Ok(found)
    }

    #[test]
    fn what_is_packed_comes_out_and_a_cut_or_changed_archive_does_not() {
        let packed = pack([("bin/game", &b"v1"[..]), ("config", b"")]);
        let out = entries(&packed).unwrap();
        assert_eq!(
            out,
            [
                ("bin/game".into(), b"v1".to_vec()),
                ("config".into(), vec![])
            ]
        );
        for len in 0..packed.len() {
            assert!(entries(&packed[..len]).is_err(), "cut to {len}");
        }
        for at in 0..packed.len() {
            let mut changed = packed.clone();
            changed[at] ^= 1;
            assert!(entries(&changed).is_err(), "changed at {at}");
        }
    }
}
