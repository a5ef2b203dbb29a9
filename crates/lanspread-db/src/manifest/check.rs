//! The rules that the files of a manifest keep.
//!
//! Its one invariant: what passes here can be written to the disk of any platform without one
//! file landing on another or on anything that is not the game's. It deliberately does not
//! reorder or repair: a manifest is right or refused.

use super::{
    CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, GAME_BYTES_MAX, MANIFEST_BYTES_MAX, MANIFEST_CHUNKS_MAX,
    MANIFEST_FILES_MAX, Manifest, ManifestError, ManifestFile, codec,
};
use crate::{GameId, RelPath, RootEntry, SENTINEL, VERSION_INI_BYTES_MAX};

/// What the files add up to.
pub(super) struct Totals {
    pub(super) bytes: u64,
    pub(super) chunks: u64,
}

/// Checks all rules. `game_id` counts only for the length of the encoding.
pub(super) fn check(
    game_id: &GameId,
    chunk_bytes: u32,
    files: &[ManifestFile],
) -> Result<Totals, ManifestError> {
    check_chunk_bytes(chunk_bytes)?;
    check_file_count(files.len() as u64)?;
    let mut totals = Totals {
        bytes: 0,
        chunks: 0,
    };
    for file in files {
        totals.add(chunk_bytes, &file.path, file.size_bytes)?;
        check_file(chunk_bytes, file)?;
    }
    let encoded_bytes = codec::encoded_bytes(game_id, files);
    if encoded_bytes > MANIFEST_BYTES_MAX {
        return Err(ManifestError::EncodingTooLong {
            bytes: encoded_bytes,
        });
    }
    check_order(files)?;
    check_sentinel(files)?;
    check_collisions(files)?;
    Ok(totals)
}

pub(super) fn check_chunk_bytes(chunk_bytes: u32) -> Result<(), ManifestError> {
    let in_range = (CHUNK_BYTES_MIN..=CHUNK_BYTES_MAX).contains(&chunk_bytes);
    if in_range && chunk_bytes.is_power_of_two() {
        Ok(())
    } else {
        Err(ManifestError::ChunkSize { chunk_bytes })
    }
}

pub(super) fn check_file_count(files: u64) -> Result<(), ManifestError> {
    if files > MANIFEST_FILES_MAX as u64 {
        return Err(ManifestError::TooManyFiles { files });
    }
    Ok(())
}

impl Totals {
    /// Counts one more file and refuses the one that is too much.
    pub(super) fn add(
        &mut self,
        chunk_bytes: u32,
        path: &RelPath,
        size_bytes: u64,
    ) -> Result<(), ManifestError> {
        let bytes = self
            .bytes
            .checked_add(size_bytes)
            .filter(|&bytes| bytes <= GAME_BYTES_MAX);
        self.bytes = bytes.ok_or_else(|| ManifestError::TooLarge { path: path.clone() })?;
        self.chunks += Manifest::chunks_in(size_bytes, chunk_bytes);
        if self.chunks > MANIFEST_CHUNKS_MAX as u64 {
            return Err(ManifestError::TooManyChunks {
                chunks: self.chunks,
            });
        }
        Ok(())
    }
}

fn check_file(chunk_bytes: u32, file: &ManifestFile) -> Result<(), ManifestError> {
    match RootEntry::of(&file.path) {
        RootEntry::Content => {}
        entry @ (RootEntry::Install | RootEntry::Transient | RootEntry::Foreign) => {
            return Err(ManifestError::NotContent {
                path: file.path.clone(),
                entry,
            });
        }
    }
    let expected = Manifest::chunks_in(file.size_bytes, chunk_bytes);
    let chunks = file.chunks.len() as u64;
    if chunks != expected {
        return Err(ManifestError::ChunkCount {
            path: file.path.clone(),
            chunks,
            expected,
        });
    }
    Ok(())
}

fn check_order(files: &[ManifestFile]) -> Result<(), ManifestError> {
    match files
        .array_windows()
        .find(|[previous, file]| previous.path >= file.path)
    {
        None => Ok(()),
        Some([previous, file]) => Err(ManifestError::OutOfOrder {
            previous: previous.path.clone(),
            path: file.path.clone(),
        }),
    }
}

fn check_sentinel(files: &[ManifestFile]) -> Result<(), ManifestError> {
    let sentinel = files.iter().find(|file| file.path.as_str() == SENTINEL);
    let bytes = sentinel.ok_or(ManifestError::NoSentinel)?.size_bytes;
    if bytes > VERSION_INI_BYTES_MAX as u64 {
        return Err(ManifestError::SentinelTooLarge { bytes });
    }
    Ok(())
}

/// Refuses paths of which some file system takes one for the other, or the directory of one
/// for the other's.
///
/// The paths are sorted by their folded components. Then all paths below one folded directory
/// are neighbours, a file and the directory of the same name are neighbours too, and looking at
/// each pair of neighbours is enough; memory stays proportional to the paths themselves.
fn check_collisions(files: &[ManifestFile]) -> Result<(), ManifestError> {
    let mut folded: Vec<(String, &RelPath)> = files
        .iter()
        .map(|file| (hierarchical_key(&file.path), &file.path))
        .collect();
    folded.sort_unstable();
    let collision = folded
        .array_windows()
        .find(|[(one_key, one), (other_key, other)]| collide(one_key, one, other_key, other));
    match collision {
        None => Ok(()),
        Some([(_, one), (_, other)]) => Err(ManifestError::Collision {
            one: (*one).clone(),
            other: (*other).clone(),
        }),
    }
}

/// The fold key with a separator that sorts before every character of a name, so that what
/// stands below a directory directly follows a file of its name.
fn hierarchical_key(path: &RelPath) -> String {
    path.fold_key().replace('/', "\0")
}

/// Whether two paths, neighbours in the order of their keys, collide: the keys are equal as far
/// as both go, or a directory that both fold to is spelled in two ways.
fn collide(one_key: &str, one: &RelPath, other_key: &str, other: &RelPath) -> bool {
    let mut one_names = one_key.split('\0').zip(one.components());
    let mut other_names = other_key.split('\0').zip(other.components());
    loop {
        match (one_names.next(), other_names.next()) {
            (Some((one_fold, one_name)), Some((other_fold, other_name))) => {
                if one_fold != other_fold {
                    return false;
                }
                if one_name != other_name {
                    return true;
                }
            }
            (None, _) | (_, None) => return true,
        }
    }
}
