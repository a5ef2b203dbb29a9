//! One download whose staging place is ready.
//!
//! Invariant: only bytes that the caller has verified are written, only below the staging place, and
//! never is a file cut or filled with zeros beforehand; and only bytes of chunks that are stored are
//! given out, hashed again, so that what never came is never taken for content. The journal of stored
//! chunks is a hint for resuming: whatever it names is hashed again before it counts.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use lanspread_core::{DiskFailure, DiskFailureKind, root::DownloadIntent};
use lanspread_db::{ChunkRef, ContentHash, DOWNLOAD_DIR, Manifest, ManifestHash};

use super::{
    failure::{Doing, failure},
    files,
    handles::Handles,
    library::lock,
    observe::STAGED_FILES,
    port::{Access, FileHandle, Folder, Stamp},
    serve::{chunk_of, fits},
};

/// The journal of stored chunks in the staging place: one bit for each, in the manifest's order.
pub const JOURNAL: &str = "verified";

/// One download whose staging place is ready: takes verified chunks, from any thread.
#[derive(Debug)]
pub struct Download {
    hash: ManifestHash,
    manifest: Arc<Manifest>,
    pub(crate) intent: DownloadIntent,
    /// Where each file of the manifest gathers.
    pub(crate) places: Vec<Place>,
    games: Arc<dyn Folder>,
    /// The staging place, below the game directory. It is not kept open, because Windows removes no
    /// directory that is.
    staging: PathBuf,
    stored: Mutex<ChunkBits>,
    handles: Handles<Handle>,
    /// Files that are open for others to read.
    readers: Handles<u32>,
}

/// Where a file of the manifest gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It stands in the root already, looking like this when it was checked.
    InRoot(Stamp),
    /// In the staging place.
    Staged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handle {
    Journal,
    File(u32),
}

impl Download {
    pub(crate) fn new(
        manifest: Arc<Manifest>,
        intent: DownloadIntent,
        places: Vec<Place>,
        games: Arc<dyn Folder>,
        stored: ChunkBits,
    ) -> Self {
        let staging = Path::new(manifest.game_id().as_str()).join(DOWNLOAD_DIR);
        Self {
            hash: manifest.hash(),
            manifest,
            intent,
            places,
            games,
            staging,
            stored: Mutex::new(stored),
            handles: Handles::default(),
            readers: Handles::default(),
        }
    }

    /// What is gathered.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// The hash that names the manifest.
    #[must_use]
    pub fn hash(&self) -> ManifestHash {
        self.hash
    }

    /// Stores a chunk whose hash the caller has verified. Storing it again does nothing.
    ///
    /// # Errors
    ///
    /// When the manifest has no such chunk, its length is another, or the disk does not take it.
    pub fn store_chunk(&self, chunk: ChunkRef, bytes: &[u8]) -> Result<(), DiskFailure> {
        self.store_chunks(&[(chunk, bytes)]).1
    }

    /// Stores several, one after the other, and says how many of the first of them are stored; it ends at the
    /// first failure. That is what many small files cost least with: each is made, written and closed, and
    /// the journal hears of all of them together.
    pub fn store_chunks(&self, chunks: &[(ChunkRef, &[u8])]) -> (usize, Result<(), DiskFailure>) {
        let mut writer = Writer::new(self);
        let mut written = Vec::with_capacity(chunks.len());
        let mut result = Ok(());
        for (chunk, bytes) in chunks {
            match writer.write(*chunk, bytes) {
                Ok(index) => written.push(index),
                Err(failure) => {
                    result = Err(failure);
                    break;
                }
            }
        }
        let count = written.len();
        written.retain(|index| !lock(&self.stored).has(*index));
        match self.note(written) {
            Ok(()) => (count, result),
            Err(failure) => (0, Err(failure)),
        }
    }

    /// Whether a chunk is stored.
    pub(crate) fn has(&self, chunk: ChunkRef) -> bool {
        let index = self.manifest.chunk_index(chunk);
        index.is_some_and(|index| lock(&self.stored).has(index))
    }

    /// Reads a chunk that is stored, for others, to `into`, which is as long as the chunk.
    ///
    /// # Errors
    ///
    /// When it is not stored, cannot be read, or somebody else changed it since.
    pub(crate) fn read_chunk(&self, chunk: ChunkRef, into: &mut [u8]) -> Result<(), DiskFailure> {
        let id = self.manifest.game_id();
        let listed = chunk_of(&self.manifest, chunk)?;
        fits(&listed, into)?;
        if !self.has(chunk) {
            let (chunk, file) = (chunk.chunk, chunk.file);
            return Err(failure(
                DiskFailureKind::NotFound,
                format!("chunk {chunk} of file {file} of {id} is not stored yet"),
            ));
        }
        let path = self.place_of(chunk.file, listed.path.as_str());
        let file = self
            .readers
            .get(chunk.file, || self.games.open_file(&path, Access::Read))
            .doing("open", &path)?;
        let read = file
            .read_at(into, listed.offset_bytes)
            .doing("read", &path)?;
        if read < into.len() || ContentHash::of(into) != listed.hash {
            self.readers.close(|open| *open == chunk.file);
            return Err(failure(
                DiskFailureKind::NotFound,
                format!(
                    "`{}` changed while {id} is being downloaded: its bytes are not passed on",
                    path.display()
                ),
            ));
        }
        Ok(())
    }

    /// Where a file of the manifest lies while it gathers, below the game directory.
    fn place_of(&self, file: u32, path: &str) -> PathBuf {
        match self.places.get(file as usize) {
            Some(Place::InRoot(_)) => Path::new(self.manifest.game_id().as_str()).join(path),
            Some(Place::Staged) | None => self.staging.join(STAGED_FILES).join(path),
        }
    }

    fn staged_file(&self, file: u32, path: &str) -> Result<Arc<dyn FileHandle>, DiskFailure> {
        let path = self.staging.join(STAGED_FILES).join(path);
        self.handles
            .get(Handle::File(file), || {
                match self.games.open_file(&path, Access::Write) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    result => return result,
                }
                // The first file of its directory.
                if let Some(parent) = path.parent() {
                    files::make_folders(&*self.games, parent)?;
                }
                self.games.open_file(&path, Access::Write)
            })
            .doing("open", path)
    }

    /// Notes that chunks are stored, in memory and in the journal.
    fn note(&self, mut indices: Vec<u32>) -> Result<(), DiskFailure> {
        if indices.is_empty() {
            return Ok(());
        }
        indices.sort_unstable();
        let journal = self
            .handles
            .get(Handle::Journal, || {
                self.games
                    .open_file(&self.staging.join(JOURNAL), Access::Write)
            })
            .doing("open", JOURNAL)?;
        let mut stored = lock(&self.stored);
        for index in &indices {
            stored.add(*index);
        }
        // What others noted meanwhile in the same bytes is stored as well.
        for run in indices.chunk_by(|a, b| b / 8 - a / 8 <= 1) {
            let (first, last) = (run[0] / 8, run[run.len() - 1] / 8);
            let bytes = &stored.as_bytes()[first as usize..=last as usize];
            journal
                .write_at(bytes, u64::from(first))
                .doing("write", JOURNAL)?;
        }
        Ok(())
    }

    /// Whether nothing is missing.
    pub(crate) fn is_complete(&self) -> bool {
        lock(&self.stored).count() == self.manifest.chunk_count()
    }

    /// The chunks that are stored.
    pub(crate) fn stored(&self) -> Vec<ChunkRef> {
        let stored = lock(&self.stored);
        (0..self.manifest.chunk_count())
            .filter(|index| stored.has(*index))
            .filter_map(|index| self.manifest.chunk_at(index))
            .collect()
    }

    pub(crate) fn close_files(&self) {
        self.handles.close(|_| true);
        self.readers.close(|_| true);
    }
}

/// Writes chunks that follow one another. What it opens is closed when it goes.
struct Writer<'a> {
    download: &'a Download,
    /// The directory of the last file.
    folder: Option<(&'a str, Arc<dyn Folder>)>,
}

impl<'a> Writer<'a> {
    fn new(download: &'a Download) -> Self {
        Self {
            download,
            folder: None,
        }
    }

    /// Writes a chunk, unless it is stored already, and returns its place in the manifest's order.
    fn write(&mut self, chunk: ChunkRef, bytes: &[u8]) -> Result<u32, DiskFailure> {
        let manifest: &'a Manifest = &self.download.manifest;
        let info = chunk_of(manifest, chunk)?;
        fits(&info, bytes)?;
        let path = info.path.as_str();
        let index = manifest.chunk_index(chunk).ok_or_else(|| {
            failure(
                DiskFailureKind::NotFound,
                format!("chunk {} of `{path}` has no place", chunk.chunk),
            )
        })?;
        if lock(&self.download.stored).has(index) {
            return Ok(index);
        }
        let is_whole_file = manifest
            .files()
            .get(chunk.file as usize)
            .is_some_and(|file| file.chunks.len() == 1);
        let file = if is_whole_file {
            // Nothing else will be written to it.
            self.open(path).doing("open", path)?
        } else {
            self.download.staged_file(chunk.file, path)?
        };
        file.write_at(bytes, info.offset_bytes)
            .doing("write", path)?;
        Ok(index)
    }

    fn open(&mut self, path: &'a str) -> io::Result<Arc<dyn FileHandle>> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if self.folder.as_ref().is_none_or(|(open, _)| *open != parent) {
            // Let go of first: one open directory is enough.
            self.folder = None;
            self.folder = Some((parent, self.open_folder(parent)?));
        }
        let folder = self.folder.as_ref().map(|(_, folder)| folder);
        let folder = folder.ok_or(io::ErrorKind::NotFound)?;
        folder.open_file(Path::new(name), Access::Write)
    }

    fn open_folder(&self, path: &str) -> io::Result<Arc<dyn Folder>> {
        let games = &*self.download.games;
        let path = self.download.staging.join(STAGED_FILES).join(path);
        match games.open_folder(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result,
        }
        // The first file of its directory.
        files::make_folders(games, &path)?;
        games.open_folder(&path)
    }
}

/// A set of chunks, one bit for each, in the manifest's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkBits {
    bytes: Vec<u8>,
    count: u32,
}

impl ChunkBits {
    pub(crate) fn none(manifest: &Manifest) -> Self {
        Self {
            bytes: vec![0; Self::bytes_for(manifest)],
            count: 0,
        }
    }

    /// The journal's length for a manifest.
    pub(crate) fn bytes_for(manifest: &Manifest) -> usize {
        manifest.chunk_count().div_ceil(8) as usize
    }

    pub(crate) fn has(&self, index: u32) -> bool {
        self.bytes
            .get(index as usize / 8)
            .is_some_and(|byte| byte & (1 << (index % 8)) != 0)
    }

    pub(crate) fn add(&mut self, index: u32) {
        if !self.has(index) {
            self.count += 1;
        }
        self.bytes[index as usize / 8] |= 1 << (index % 8);
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
