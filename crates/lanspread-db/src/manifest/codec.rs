//! The canonical encoding of a manifest: one manifest, one sequence of bytes, one hash.
//!
//! ```text
//! magic            4 bytes   "LSM1"
//! game id          u16 length, then that many bytes of UTF-8
//! version          8 bytes   ASCII digits
//! chunk size       u32
//! number of files  u32
//! per file, in the order of the bytes of the paths:
//!   path           u16 length, then that many bytes of UTF-8
//!   size           u64
//!   chunk hashes   32 bytes each, ceil(size / chunk size) of them
//! ```
//!
//! All integers are little-endian. Its one invariant: `decode` accepts exactly what `write`
//! produces, and it never allocates more than a small multiple of the bytes it was given.

use super::{
    MANIFEST_BYTES_MAX, Manifest, ManifestError, ManifestFile,
    check::{self, Totals},
};
use crate::{ContentHash, GameId, RelPath, VERSION_BYTES, Version};

/// What an encoded manifest begins with.
pub const MANIFEST_MAGIC: [u8; 4] = *b"LSM1";

const HASH_BYTES: usize = 32;
/// The shortest encoding of a file: a path of one byte, no chunk.
const FILE_BYTES_MIN: usize = 2 + 1 + 8;

/// The length of the encoding, in bytes.
pub(super) fn encoded_bytes(game_id: &GameId, files: &[ManifestFile]) -> usize {
    let head = MANIFEST_MAGIC.len() + 2 + game_id.as_str().len() + VERSION_BYTES + 4 + 4;
    let file =
        |file: &ManifestFile| 2 + file.path.as_str().len() + 8 + HASH_BYTES * file.chunks.len();
    head + files.iter().map(file).sum::<usize>()
}

/// Hands the encoding to `sink` piece by piece.
pub(super) fn write(manifest: &Manifest, mut sink: impl FnMut(&[u8])) {
    sink(&MANIFEST_MAGIC);
    write_text(manifest.game_id.as_str(), &mut sink);
    sink(manifest.version.as_bytes());
    sink(&manifest.chunk_bytes.to_le_bytes());
    sink(&super::len_u32(manifest.files.len()).to_le_bytes());
    for file in &manifest.files {
        write_text(file.path.as_str(), &mut sink);
        sink(&file.size_bytes.to_le_bytes());
        for hash in &file.chunks {
            sink(hash.as_bytes());
        }
    }
}

/// Writes a text whose type bounds its length far below the range of `u16`.
fn write_text(text: &str, sink: &mut impl FnMut(&[u8])) {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    sink(&len.to_le_bytes());
    sink(text.as_bytes());
}

/// See [`Manifest::decode`].
pub(super) fn decode(encoded: &[u8]) -> Result<Manifest, ManifestError> {
    if encoded.len() > MANIFEST_BYTES_MAX {
        return Err(ManifestError::EncodingTooLong {
            bytes: encoded.len(),
        });
    }
    let (mut reader, header) = Header::read(encoded)?;
    let Header {
        game_id,
        version,
        chunk_bytes,
        file_count,
    } = header;
    reader.expect(file_count.saturating_mul(FILE_BYTES_MIN) as u64)?;

    let mut files = Vec::with_capacity(file_count);
    let mut totals = Totals {
        bytes: 0,
        chunks: 0,
    };
    for _ in 0..file_count {
        files.push(reader.file(chunk_bytes, &mut totals)?);
    }
    if !reader.rest.is_empty() {
        return Err(ManifestError::TrailingBytes {
            bytes: reader.rest.len(),
        });
    }
    Manifest::new(game_id, version, chunk_bytes, files)
}

/// See [`Manifest::check_beginning`].
pub(super) fn check_beginning(beginning: &[u8]) -> Result<(), ManifestError> {
    match Header::read(beginning) {
        Ok(_) | Err(ManifestError::CutOff { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What stands before the files.
struct Header {
    game_id: GameId,
    version: Version,
    chunk_bytes: u32,
    file_count: usize,
}

impl Header {
    /// Reads it, and leaves the reader behind it.
    fn read(encoded: &[u8]) -> Result<(Reader<'_>, Self), ManifestError> {
        let Some(rest) = encoded.strip_prefix(&MANIFEST_MAGIC) else {
            return Err(ManifestError::Magic);
        };
        let mut reader = Reader {
            rest,
            total: encoded.len(),
        };
        let game_id = GameId::parse(reader.text()?)?;
        let version = Version::parse(&String::from_utf8_lossy(reader.take(VERSION_BYTES)?))?;
        let chunk_bytes = u32::from_le_bytes(reader.array()?);
        check::check_chunk_bytes(chunk_bytes)?;
        let file_count = u32::from_le_bytes(reader.array()?);
        check::check_file_count(file_count.into())?;
        let header = Self {
            game_id,
            version,
            chunk_bytes,
            file_count: super::len_usize(file_count),
        };
        Ok((reader, header))
    }
}

/// What is left to read of an encoding.
struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    fn at(&self) -> usize {
        self.total - self.rest.len()
    }

    /// Refuses unless at least `needed` bytes are left.
    fn expect(&self, needed: u64) -> Result<(), ManifestError> {
        if needed > self.rest.len() as u64 {
            return Err(ManifestError::CutOff {
                at: self.at(),
                needed,
            });
        }
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], ManifestError> {
        self.expect(len as u64)?;
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ManifestError> {
        let cut_off = ManifestError::CutOff {
            at: self.at(),
            needed: N as u64,
        };
        let (taken, rest) = self.rest.split_first_chunk().ok_or(cut_off)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn text(&mut self) -> Result<&'a str, ManifestError> {
        let len = u16::from_le_bytes(self.array()?);
        let at = self.at();
        let bytes = self.take(len.into())?;
        std::str::from_utf8(bytes).map_err(|_| ManifestError::NotUtf8 { at })
    }

    fn file(
        &mut self,
        chunk_bytes: u32,
        totals: &mut Totals,
    ) -> Result<ManifestFile, ManifestError> {
        let path = RelPath::parse(self.text()?)?;
        let size_bytes = u64::from_le_bytes(self.array()?);
        totals.add(chunk_bytes, &path, size_bytes)?;
        let chunks = Manifest::chunks_in(size_bytes, chunk_bytes);
        let hashes_bytes = chunks.saturating_mul(HASH_BYTES as u64);
        self.expect(hashes_bytes)?;
        // What is left is in memory, so that it can be counted like that.
        let hashes_bytes = usize::try_from(hashes_bytes).unwrap_or(usize::MAX);
        let (hashes, _) = self.take(hashes_bytes)?.as_chunks::<HASH_BYTES>();
        // Of a length that is known: one that grows would take room for four in each small file.
        let chunks = hashes.iter().copied().map(ContentHash).collect();
        Ok(ManifestFile {
            path,
            size_bytes,
            chunks,
        })
    }
}
