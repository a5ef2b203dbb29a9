//! Reads chunks of games for other peers.
//!
//! Invariant: bytes are given out only from a file that looks exactly as it did when it was hashed, or
//! from a download in progress that has stored and checked them; from any other it is an error, so
//! that a changed file never travels under its old name. Whether a chunk may be served at all is
//! decided elsewhere.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use lanspread_core::{DiskFailure, DiskFailureKind};
use lanspread_db::{ChunkInfo, ChunkRef, GameId, Manifest, ManifestHash};

use super::{
    failure::{Doing, failure},
    handles::Handles,
    index::RootIndex,
    library::{Library, lock},
    observe::observe,
    port::{Access, Stamp},
    scan::manifest_of,
};

/// Most games whose manifest is kept in memory for serving.
const SERVED_GAMES_MAX: usize = 16;

/// What serving keeps at hand.
#[derive(Debug, Default)]
pub(crate) struct ServeCache {
    /// The most recently served last.
    games: Mutex<Vec<Arc<ServedGame>>>,
    files: Handles<(GameId, u32)>,
}

#[derive(Debug)]
struct ServedGame {
    id: GameId,
    hash: ManifestHash,
    manifest: Arc<Manifest>,
    /// What each file of the manifest looked like when it was hashed.
    stamps: Vec<Stamp>,
}

impl ServeCache {
    /// Lets go of everything of a game.
    pub(crate) fn forget(&self, id: &GameId) {
        lock(&self.games).retain(|game| game.id != *id);
        self.files.close(|(game, _)| game == id);
    }

    fn find(&self, id: &GameId, hash: ManifestHash) -> Option<Arc<ServedGame>> {
        let mut games = lock(&self.games);
        let at = games
            .iter()
            .position(|game| game.id == *id && game.hash == hash)?;
        let game = games.remove(at);
        games.push(Arc::clone(&game));
        Some(game)
    }

    fn keep(&self, game: Arc<ServedGame>) {
        let mut games = lock(&self.games);
        games.retain(|known| known.id != game.id);
        if games.len() == SERVED_GAMES_MAX {
            games.remove(0);
        }
        games.push(game);
    }
}

/// The manifest of a hashed game that lies here, or of one that is being downloaded.
pub(crate) fn manifest(
    library: &Library,
    id: &GameId,
    hash: ManifestHash,
) -> Result<Arc<Manifest>, DiskFailure> {
    if let Some(download) = library.gathering(id, hash) {
        return Ok(Arc::clone(download.manifest()));
    }
    served_game(library, id, hash).map(|game| Arc::clone(&game.manifest))
}

/// Reads chunks of a hashed game that lies here, or of one that a download has stored, one behind the
/// other to `into`, which is as long as they are together. On a hard disk they are read in one turn.
pub(crate) fn read_chunks(
    library: &Library,
    id: &GameId,
    hash: ManifestHash,
    chunks: &[ChunkRef],
    into: &mut [u8],
) -> Result<(), DiskFailure> {
    let manifest = manifest(library, id, hash)?;
    let listed = chunks.iter().map(|&chunk| chunk_of(&manifest, chunk));
    let listed = listed.collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (listed.first(), listed.last()) else {
        return Ok(());
    };
    let from = (first.path.as_str(), first.offset_bytes);
    let upto = last.offset_bytes + u64::from(last.len_bytes);
    let readers = &library.readers;
    let read = || {
        let mut left = into;
        for (nth, (&chunk, info)) in chunks.iter().zip(&listed).enumerate() {
            let len = info.len_bytes as usize;
            let is_last = nth + 1 == chunks.len();
            let here = if is_last {
                left.len()
            } else {
                len.min(left.len())
            };
            let (here, later) = left.split_at_mut(here);
            read_chunk(library, id, hash, (chunk, info), here)?;
            left = later;
        }
        Ok(())
    };
    readers.read_for_others(id, || {
        readers.in_turn(id, (from, (last.path.as_str(), upto)), read)
    })
}

/// Reads chunks of a hashed game that lies here as [`read_chunks`] does, if all of it is in memory and nothing is
/// wrong with it. `false`, after which `into` holds anything, in every other case: [`read_chunks`] then
/// reads them, or says why not.
pub(crate) fn read_chunks_from_memory(
    library: &Library,
    id: &GameId,
    hash: ManifestHash,
    chunks: &[ChunkRef],
    into: &mut [u8],
) -> bool {
    let Some(game) = library.served.find(id, hash) else {
        return false;
    };
    let mut left = into;
    for &chunk in chunks {
        let Some(listed) = game.manifest.chunk(chunk) else {
            return false;
        };
        let Some((here, later)) = left.split_at_mut_checked(listed.len_bytes as usize) else {
            return false;
        };
        let Some(file) = library.served.files.known(&(id.clone(), chunk.file)) else {
            return false;
        };
        if !file.read_from_memory(here, listed.offset_bytes) {
            return false;
        }
        // Looking afterwards also catches a change that happened while reading.
        let stat = file.stat();
        if !stat.is_ok_and(|stat| stat.stamp == game.stamps[chunk.file as usize]) {
            return false;
        }
        left = later;
    }
    left.is_empty()
}

fn read_chunk(
    library: &Library,
    id: &GameId,
    hash: ManifestHash,
    (chunk, listed): (ChunkRef, &ChunkInfo<'_>),
    into: &mut [u8],
) -> Result<(), DiskFailure> {
    let gathering = library.gathering(id, hash);
    if let Some(download) = gathering.filter(|download| download.has(chunk)) {
        return download.read_chunk(chunk, into);
    }
    let game = served_game(library, id, hash)?;
    fits(listed, into)?;
    let path = Path::new(id.as_str()).join(listed.path.as_str());
    let file = library
        .served
        .files
        .get((id.clone(), chunk.file), || {
            library.games.open_file(&path, Access::Read)
        })
        .doing("open", &path)?;
    let read = file
        .read_at(into, listed.offset_bytes)
        .doing("read", &path)?;
    // Looking afterwards also catches a change that happened while reading.
    let stat = file.stat().doing("look at", &path)?;
    if read < into.len() || stat.stamp != game.stamps[chunk.file as usize] {
        library.served.forget(id);
        return Err(failure(
            DiskFailureKind::NotFound,
            format!(
                "`{}` changed since it was hashed and is not shared until it is again",
                path.display()
            ),
        ));
    }
    Ok(())
}

/// What a manifest says of a chunk.
pub(crate) fn chunk_of(manifest: &Manifest, chunk: ChunkRef) -> Result<ChunkInfo<'_>, DiskFailure> {
    manifest.chunk(chunk).ok_or_else(|| {
        let id = manifest.game_id();
        failure(
            DiskFailureKind::NotFound,
            format!("{id} has no chunk {} of file {}", chunk.chunk, chunk.file),
        )
    })
}

/// Fails unless there is room for exactly this chunk.
pub(crate) fn fits(info: &ChunkInfo<'_>, bytes: &[u8]) -> Result<(), DiskFailure> {
    if bytes.len() == info.len_bytes as usize {
        return Ok(());
    }
    let (is, should) = (bytes.len(), info.len_bytes);
    Err(failure(
        DiskFailureKind::Io,
        format!(
            "a chunk of `{}` has {is} bytes and should have {should}",
            info.path
        ),
    ))
}

fn served_game(
    library: &Library,
    id: &GameId,
    hash: ManifestHash,
) -> Result<Arc<ServedGame>, DiskFailure> {
    if let Some(game) = library.served.find(id, hash) {
        return Ok(game);
    }
    let index = library.store.index(id);
    let gone = || {
        failure(
            DiskFailureKind::NotFound,
            format!("{id} is not here as manifest {}", hash.short()),
        )
    };
    if index.manifest != Some(hash) {
        return Err(gone());
    }
    let manifest = match library.store.manifest(hash)? {
        Some(manifest) => manifest,
        None => rebuilt(library, id, &index)?
            .filter(|m| m.hash() == hash)
            .map(Arc::new)
            .ok_or_else(gone)?,
    };
    let mut stamps = Vec::with_capacity(manifest.files().len());
    for file in manifest.files() {
        stamps.push(index.file(&file.path).ok_or_else(gone)?.stamp);
    }
    let game = Arc::new(ServedGame {
        id: id.clone(),
        hash,
        manifest,
        stamps,
    });
    library.served.keep(Arc::clone(&game));
    Ok(game)
}

/// The manifest of a game that was not downloaded here: its index holds all it takes.
fn rebuilt(
    library: &Library,
    id: &GameId,
    index: &RootIndex,
) -> Result<Option<Manifest>, DiskFailure> {
    let version = observe(library, id)?.root.version;
    Ok(version.and_then(|version| manifest_of(id, version, index)?.ok()))
}

#[cfg(test)]
mod tests {
    use lanspread_db::{ContentHash, ManifestFile, RelPath, Version};

    use super::*;

    fn game(n: usize) -> Arc<ServedGame> {
        let id = GameId::parse(&format!("game{n}")).unwrap();
        let sentinel = ManifestFile {
            path: RelPath::parse("version.ini").unwrap(),
            size_bytes: 8,
            chunks: vec![ContentHash::of(b"20200101")],
        };
        let version = Version::parse("20200101").unwrap();
        let manifest = Manifest::new(id.clone(), version, 256 * 1024, vec![sentinel]).unwrap();
        Arc::new(ServedGame {
            id,
            hash: manifest.hash(),
            manifest: Arc::new(manifest),
            stamps: Vec::new(),
        })
    }

    #[test]
    fn games_are_kept_up_to_the_limit_and_past_it_the_one_longest_not_served_goes() {
        let cache = ServeCache::default();
        let games: Vec<_> = (0..=SERVED_GAMES_MAX).map(game).collect();
        let is_kept = |game: &ServedGame| cache.find(&game.id, game.hash).is_some();
        let (past, up_to) = games.split_last().unwrap();
        for game in up_to {
            cache.keep(Arc::clone(game));
        }
        assert!(up_to.iter().all(|game| is_kept(game)));
        // Served again, the first is not the one to go.
        assert!(is_kept(&games[0]));
        cache.keep(Arc::clone(past));
        let gone: Vec<_> = games.iter().filter(|game| !is_kept(game)).collect();
        assert_eq!(gone.len(), 1);
        assert_eq!(gone[0].id, games[1].id);
    }
}
