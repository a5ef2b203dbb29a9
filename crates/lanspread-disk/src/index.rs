//! What is remembered of the files of one game root: sizes, times, and the hashes of their chunks.
//!
//! Invariant: an index either decodes to exactly what was encoded or is refused as a whole; a refused
//! one is made anew from the disk. The format is drawn in `docs/INSTALL.md`. It knows no file system.

use lanspread_db::{ContentHash, Manifest, ManifestFile, ManifestHash, RelPath};

use super::port::Stamp;

/// What an index file begins with. Another format gets another magic.
const MAGIC: &[u8; 4] = b"LSI1";
const HASH_BYTES: usize = 32;
/// The largest index that is read: what a game of the most files and chunks can need.
pub(crate) const INDEX_BYTES_MAX: u64 = 512 << 20;

/// The index of one game root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RootIndex {
    /// The length of the chunks whose hashes are held.
    pub(crate) chunk_bytes: u32,
    /// The manifest of these files, once all are hashed.
    pub(crate) manifest: Option<ManifestHash>,
    /// The files, sorted by path.
    pub(crate) files: Vec<IndexedFile>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexedFile {
    pub(crate) path: RelPath,
    /// What it looked like when it was hashed.
    pub(crate) stamp: Stamp,
    /// The hashes of its chunks, if it is hashed.
    pub(crate) chunks: Option<Vec<ContentHash>>,
}

/// Why an index cannot be used, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadIndex(&'static str);

impl RootIndex {
    /// Whether these are exactly the files that the index knows, with hashes of chunks of this length.
    /// `found` is sorted by path.
    pub(crate) fn describes(&self, found: &[(RelPath, Stamp)], chunk_bytes: u32) -> bool {
        chunk_bytes == self.chunk_bytes
            && found.len() == self.files.len()
            && found
                .iter()
                .zip(&self.files)
                .all(|((path, stamp), known)| *path == known.path && *stamp == known.stamp)
    }

    /// Brings the index up to date with the files that are there: what did not change keeps its
    /// hashes, if they are of chunks of this length. `found` is sorted by path.
    pub(crate) fn refreshed(mut self, found: Vec<(RelPath, Stamp)>, chunk_bytes: u32) -> Self {
        if self.describes(&found, chunk_bytes) {
            return self;
        }
        let same_chunks = chunk_bytes == self.chunk_bytes;
        let files = found
            .into_iter()
            .map(|(path, stamp)| {
                let known = self
                    .files
                    .binary_search_by(|file| file.path.cmp(&path))
                    .ok();
                let chunks = known
                    .map(|at| &mut self.files[at])
                    .filter(|file| same_chunks && file.stamp == stamp)
                    .and_then(|file| file.chunks.take());
                IndexedFile {
                    path,
                    stamp,
                    chunks,
                }
            })
            .collect();
        Self {
            chunk_bytes,
            manifest: None,
            files,
        }
    }

    /// What is known of a file.
    pub(crate) fn file(&self, path: &RelPath) -> Option<&IndexedFile> {
        let at = self
            .files
            .binary_search_by(|file| file.path.cmp(path))
            .ok()?;
        Some(&self.files[at])
    }

    /// Bytes of all files.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.stamp.size_bytes).sum()
    }

    /// The files as a manifest lists them, if all are hashed.
    pub(crate) fn manifest_files(&self) -> Option<Vec<ManifestFile>> {
        // Of a length that is known: one that grows takes up to twice the room.
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            files.push(ManifestFile {
                path: file.path.clone(),
                size_bytes: file.stamp.size_bytes,
                chunks: file.chunks.clone()?,
            });
        }
        Some(files)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.files.len() * 96);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.chunk_bytes.to_le_bytes());
        match &self.manifest {
            None => out.push(0),
            Some(hash) => {
                out.push(1);
                out.extend_from_slice(hash.as_bytes());
            }
        }
        // A manifest holds at most a million files, and no larger root is indexed.
        out.extend_from_slice(
            &u32::try_from(self.files.len())
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        for file in &self.files {
            let path = file.path.as_str().as_bytes();
            // A RelPath has at most 1024 bytes.
            out.extend_from_slice(&u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes());
            out.extend_from_slice(path);
            out.extend_from_slice(&file.stamp.size_bytes.to_le_bytes());
            out.extend_from_slice(&file.stamp.modified_ns.to_le_bytes());
            out.extend_from_slice(&file.stamp.changed_ns.to_le_bytes());
            match &file.chunks {
                None => out.push(0),
                Some(chunks) => {
                    out.push(1);
                    for hash in chunks {
                        out.extend_from_slice(hash.as_bytes());
                    }
                }
            }
        }
        let checksum = ContentHash::of(&out);
        out.extend_from_slice(checksum.as_bytes());
        out
    }

    pub(crate) fn decode(encoded: &[u8]) -> Result<Self, BadIndex> {
        let (body, checksum) = encoded
            .split_last_chunk::<HASH_BYTES>()
            .ok_or(BadIndex("it is cut short"))?;
        let mut reader = Reader(body);
        if reader.array::<4>()? != *MAGIC {
            return Err(BadIndex("it was written by another version of Lanspread"));
        }
        if ContentHash::of(body).as_bytes() != checksum {
            return Err(BadIndex("its checksum does not match"));
        }
        let chunk_bytes = u32::from_le_bytes(reader.array()?);
        let manifest = if reader.flag()? {
            Some(ManifestHash(ContentHash(reader.array()?)))
        } else {
            None
        };
        let count = u32::from_le_bytes(reader.array()?);
        let mut files = Vec::with_capacity((count as usize).min(reader.0.len() / 27 + 1));
        for _ in 0..count {
            files.push(reader.file(chunk_bytes)?);
        }
        if !reader.0.is_empty() {
            return Err(BadIndex("something follows its end"));
        }
        Ok(Self {
            chunk_bytes,
            manifest,
            files,
        })
    }
}

/// Takes values from the front of bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], BadIndex> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or(BadIndex("it is cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadIndex> {
        let (taken, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(BadIndex("it is cut short"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn flag(&mut self) -> Result<bool, BadIndex> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(BadIndex("it contradicts itself")),
        }
    }

    fn file(&mut self, chunk_bytes: u32) -> Result<IndexedFile, BadIndex> {
        let path_bytes = u16::from_le_bytes(self.array()?);
        let path = std::str::from_utf8(self.take(usize::from(path_bytes))?)
            .ok()
            .and_then(|path| RelPath::parse(path).ok())
            .ok_or(BadIndex("it holds a path that is not valid"))?;
        let stamp = Stamp {
            size_bytes: u64::from_le_bytes(self.array()?),
            modified_ns: i64::from_le_bytes(self.array()?),
            changed_ns: i64::from_le_bytes(self.array()?),
        };
        let chunks = if self.flag()? {
            let count = Manifest::chunks_in(stamp.size_bytes, chunk_bytes);
            let bytes = usize::try_from(count)
                .ok()
                .and_then(|count| count.checked_mul(HASH_BYTES))
                .ok_or(BadIndex("it contradicts itself"))?;
            let (hashes, _) = self.take(bytes)?.as_chunks::<HASH_BYTES>();
            Some(hashes.iter().map(|hash| ContentHash(*hash)).collect())
        } else {
            None
        };
        Ok(IndexedFile {
            path,
            stamp,
            chunks,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(size_bytes: u64, modified_ns: i64) -> Stamp {
        Stamp {
            size_bytes,
            modified_ns,
            changed_ns: 7,
        }
    }

    fn path(text: &str) -> RelPath {
        RelPath::parse(text).unwrap()
    }

    fn example() -> RootIndex {
        let hash = ContentHash::of(b"x");
        RootIndex {
            chunk_bytes: 1 << 18,
            manifest: Some(ManifestHash(hash)),
            files: vec![
                IndexedFile {
                    path: path("a.eti"),
                    stamp: stamp((1 << 18) + 1, -5),
                    chunks: Some(vec![hash, ContentHash::of(b"y")]),
                },
                IndexedFile {
                    path: path("b/empty"),
                    stamp: stamp(0, 1),
                    chunks: Some(vec![]),
                },
                IndexedFile {
                    path: path("version.ini"),
                    stamp: stamp(9, 2),
                    chunks: None,
                },
            ],
        }
    }

    #[test]
    fn an_index_comes_back_as_it_was() {
        assert_eq!(RootIndex::decode(&example().encode()), Ok(example()));
        assert_eq!(
            RootIndex::decode(&RootIndex::default().encode()),
            Ok(RootIndex::default())
        );
    }

    #[test]
    fn an_index_that_is_cut_or_changed_anywhere_is_refused() {
        let encoded = example().encode();
        for len in 0..encoded.len() {
            assert!(RootIndex::decode(&encoded[..len]).is_err(), "cut to {len}");
        }
        for at in 0..encoded.len() {
            let mut changed = encoded.clone();
            changed[at] ^= 1;
            assert!(RootIndex::decode(&changed).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn an_unchanged_file_keeps_its_hashes_when_another_changes() {
        let found = vec![
            (path("a.eti"), stamp((1 << 18) + 1, -5)),
            (path("c"), stamp(3, 3)),
            (path("version.ini"), stamp(9, 4)),
        ];
        let refreshed = example().refreshed(found, 1 << 18);
        assert_eq!(refreshed.manifest, None);
        let hashed: Vec<bool> = refreshed.files.iter().map(|f| f.chunks.is_some()).collect();
        assert_eq!(hashed, [true, false, false]);
    }

    #[test]
    fn an_index_of_unchanged_files_stays_as_it_is() {
        let found = example()
            .files
            .iter()
            .map(|f| (f.path.clone(), f.stamp))
            .collect();
        assert_eq!(example().refreshed(found, 1 << 18), example());
    }

    #[test]
    fn hashes_of_another_chunk_length_are_not_kept() {
        let found = example()
            .files
            .iter()
            .map(|f| (f.path.clone(), f.stamp))
            .collect();
        let refreshed = example().refreshed(found, 1 << 20);
        assert!(refreshed.files.iter().all(|file| file.chunks.is_none()));
    }
}
