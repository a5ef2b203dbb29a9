//! The manifest: which files one version of one game consists of, down to the hash of each
//! chunk.
//!
//! Its one invariant: a [`Manifest`] that exists is valid by every rule of [`ManifestError`],
//! whether it was made from a scan or decoded from a peer, and equal manifests have equal
//! encodings and therefore equal hashes. It deliberately does not know who has it.

mod check;
mod codec;
mod error;

use serde::{Deserialize, Serialize};

pub use codec::MANIFEST_MAGIC;
pub use error::ManifestError;

use crate::{ContentHash, GameFileDescription, GameId, ManifestHash, RelPath, Version};

/// The smallest chunk size, in bytes.
pub const CHUNK_BYTES_MIN: u32 = 256 * 1024;
/// The largest chunk size, in bytes.
pub const CHUNK_BYTES_MAX: u32 = 4 * 1024 * 1024;
/// About how many chunks a game is cut into where the limits on the chunk size allow it.
pub const CHUNKS_AIMED_AT: u64 = 4096;
/// The most files of one game.
pub const MANIFEST_FILES_MAX: usize = 1_000_000;
/// The most chunks of one game.
pub const MANIFEST_CHUNKS_MAX: usize = 2_000_000;
/// The largest encoding of a manifest, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 128 * 1024 * 1024;
/// How many of the first bytes of an encoding hold all that stands before the files.
pub const MANIFEST_BEGINNING_BYTES: usize = 512;
/// The largest game, in bytes.
pub const GAME_BYTES_MAX: u64 = 1 << 44;

/// The files of one version of one game. See the module for its invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    game_id: GameId,
    version: Version,
    chunk_bytes: u32,
    files: Vec<ManifestFile>,
    /// For each file, how many chunks the files before it have; derived from `files`.
    first_chunks: Vec<u32>,
    total_bytes: u64,
    chunk_count: u32,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFile {
    /// Where it stands, relative to the game root.
    pub path: RelPath,
    /// Its size.
    pub size_bytes: u64,
    /// The hashes of its chunks in order; none for an empty file. All chunks have the
    /// manifest's chunk size but the last, which has what remains.
    pub chunks: Vec<ContentHash>,
}

/// Names one chunk within a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChunkRef {
    /// The position of the file in the manifest.
    pub file: u32,
    /// The position of the chunk in the file.
    pub chunk: u32,
}

/// Where one chunk stands and what it must hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkInfo<'a> {
    /// The file it belongs to.
    pub path: &'a RelPath,
    /// Where in the file it begins.
    pub offset_bytes: u64,
    /// How long it is; never zero.
    pub len_bytes: u32,
    /// The BLAKE3 hash of its bytes.
    pub hash: ContentHash,
}

impl Manifest {
    /// Looks at the first bytes of an encoding, before the rest is there: whether what they announce
    /// breaks a rule already. [`MANIFEST_BEGINNING_BYTES`] of them are enough.
    ///
    /// # Errors
    ///
    /// Says which rule the beginning breaks. One that is too short to say breaks none.
    pub fn check_beginning(beginning: &[u8]) -> Result<(), ManifestError> {
        codec::check_beginning(beginning)
    }

    /// Makes a manifest of files that are already in the order of their paths' bytes.
    ///
    /// # Errors
    ///
    /// Says which rule the files break and names the file.
    pub fn new(
        game_id: GameId,
        version: Version,
        chunk_bytes: u32,
        files: Vec<ManifestFile>,
    ) -> Result<Self, ManifestError> {
        let totals = check::check(&game_id, chunk_bytes, &files)?;
        let mut first_chunks = Vec::with_capacity(files.len());
        let mut chunk_count: u32 = 0;
        for file in &files {
            first_chunks.push(chunk_count);
            // The check has bounded the sum far below the range of the type.
            chunk_count = chunk_count.saturating_add(len_u32(file.chunks.len()));
        }
        debug_assert_eq!(totals.chunks, u64::from(chunk_count));
        Ok(Self {
            game_id,
            version,
            chunk_bytes,
            files,
            first_chunks,
            total_bytes: totals.bytes,
            chunk_count,
        })
    }

    /// The chunk size for a game of `total_bytes`, in bytes: the power of two that cuts it into
    /// about [`CHUNKS_AIMED_AT`] chunks, within [`CHUNK_BYTES_MIN`] and [`CHUNK_BYTES_MAX`].
    ///
    /// It depends on nothing else, so that all who hash the same bytes get the same manifest.
    #[must_use]
    pub fn chunk_bytes_for(total_bytes: u64) -> u32 {
        let wanted = u32::try_from(total_bytes / CHUNKS_AIMED_AT).unwrap_or(CHUNK_BYTES_MAX);
        wanted
            .clamp(CHUNK_BYTES_MIN, CHUNK_BYTES_MAX)
            .next_power_of_two()
    }

    /// Into how many chunks a file of `size_bytes` is cut.
    #[must_use]
    pub fn chunks_in(size_bytes: u64, chunk_bytes: u32) -> u64 {
        size_bytes.div_ceil(u64::from(chunk_bytes.max(1)))
    }

    /// The game.
    #[must_use]
    pub fn game_id(&self) -> &GameId {
        &self.game_id
    }

    /// The version of the game.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The chunk size, in bytes.
    #[must_use]
    pub fn chunk_bytes(&self) -> u32 {
        self.chunk_bytes
    }

    /// The files in the order of their paths' bytes; at least the sentinel.
    #[must_use]
    pub fn files(&self) -> &[ManifestFile] {
        &self.files
    }

    /// The sizes of all files together.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// How many chunks all files have together.
    #[must_use]
    pub fn chunk_count(&self) -> u32 {
        self.chunk_count
    }

    /// What stands behind a chunk's name; `None` if the manifest has no such chunk.
    #[must_use]
    pub fn chunk(&self, at: ChunkRef) -> Option<ChunkInfo<'_>> {
        let file = self.files.get(usize::try_from(at.file).ok()?)?;
        let hash = *file.chunks.get(usize::try_from(at.chunk).ok()?)?;
        let offset_bytes = u64::from(at.chunk) * u64::from(self.chunk_bytes);
        let rest_bytes = u32::try_from(file.size_bytes - offset_bytes).unwrap_or(u32::MAX);
        let len_bytes = rest_bytes.min(self.chunk_bytes);
        Some(ChunkInfo {
            path: &file.path,
            offset_bytes,
            len_bytes,
            hash,
        })
    }

    /// The names of all chunks in their order.
    pub fn chunk_refs(&self) -> impl Iterator<Item = ChunkRef> + '_ {
        (0..).zip(&self.files).flat_map(|(file, listed)| {
            (0..len_u32(listed.chunks.len())).map(move |chunk| ChunkRef { file, chunk })
        })
    }

    /// The position of a chunk among all chunks of the manifest, for bitmaps.
    #[must_use]
    pub fn chunk_index(&self, at: ChunkRef) -> Option<u32> {
        let file = usize::try_from(at.file).ok()?;
        let known = at.chunk < len_u32(self.files.get(file)?.chunks.len());
        known.then(|| self.first_chunks[file] + at.chunk)
    }

    /// The chunk at a position among all chunks; the inverse of [`Manifest::chunk_index`].
    #[must_use]
    pub fn chunk_at(&self, index: u32) -> Option<ChunkRef> {
        if index >= self.chunk_count {
            return None;
        }
        // Empty files share their first chunk's number with the file after them: the last file
        // that begins at or before the index is the one that holds it.
        let file = self
            .first_chunks
            .partition_point(|&first| first <= index)
            .checked_sub(1)?;
        Some(ChunkRef {
            file: len_u32(file),
            chunk: index - self.first_chunks[file],
        })
    }

    /// The position of the file at `path`.
    #[must_use]
    pub fn file_index(&self, path: &RelPath) -> Option<u32> {
        self.files
            .binary_search_by(|file| file.path.cmp(path))
            .ok()
            .map(len_u32)
    }

    /// The name of the manifest: the BLAKE3 hash of its encoding. It is computed anew at each
    /// call, in time proportional to the encoding.
    #[must_use]
    pub fn hash(&self) -> ManifestHash {
        let mut hasher = blake3::Hasher::new();
        codec::write(self, |bytes| {
            hasher.update(bytes);
        });
        ManifestHash(hasher.finalize().into())
    }

    /// The canonical encoding, at most [`MANIFEST_BYTES_MAX`] bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut encoded = Vec::with_capacity(codec::encoded_bytes(&self.game_id, &self.files));
        codec::write(self, |bytes| encoded.extend_from_slice(bytes));
        encoded
    }

    /// Reads a canonical encoding. No length in it is believed before the bytes are there.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the encoding or which rule its content breaks.
    pub fn decode(encoded: &[u8]) -> Result<Self, ManifestError> {
        codec::decode(encoded)
    }

    /// The files as shown to a caller, without the hashes.
    pub fn descriptions(&self) -> impl Iterator<Item = GameFileDescription> + '_ {
        self.files.iter().map(|file| GameFileDescription {
            game_id: self.game_id.clone(),
            path: file.path.clone(),
            size_bytes: file.size_bytes,
            chunks: len_u32(file.chunks.len()),
        })
    }
}

impl ManifestHash {
    /// The name of the manifest that `encoded` is the canonical encoding of.
    #[must_use]
    pub fn of_encoding(encoded: &[u8]) -> Self {
        Self(ContentHash::of(encoded))
    }
}

/// A length that a limit has bounded far below the range of `u32`.
fn len_u32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// A count that was read as `u32`; the platforms Lanspread runs on have at least 32 bits.
fn len_usize(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
