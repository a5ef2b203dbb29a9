//! One open game directory: its roots, the memories that belong to it, the downloads that gather.
//!
//! Invariant: a game root is a real directory directly in the game directory; nothing else is ever
//! opened as one.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lanspread_core::{DiskFailure, DiskFailureKind};
use lanspread_db::{GameId, Manifest, ManifestHash};
use lanspread_unpack::Unpacker;

use super::{
    download::Download,
    failure::{Doing, failure},
    port::{FileSystem, Folder},
    readers::{Queues, Readers},
    serve::ServeCache,
    store::Store,
};

/// One open game directory.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) fs: Arc<dyn FileSystem>,
    /// The directory's one full path.
    pub(crate) path: PathBuf,
    pub(crate) games: Arc<dyn Folder>,
    pub(crate) store: Store,
    pub(crate) unpacker: SharedUnpacker,
    downloads: Mutex<BTreeMap<GameId, Arc<Download>>>,
    pub(crate) served: ServeCache,
    pub(crate) readers: Readers,
}

/// What every game directory is opened with.
#[derive(Debug)]
pub(crate) struct Opener {
    fs: Arc<dyn FileSystem>,
    state_dir: PathBuf,
    unpacker: SharedUnpacker,
    queues: Arc<Queues>,
}

impl Opener {
    pub(crate) fn new(fs: Arc<dyn FileSystem>, state_dir: &Path, unpacker: SharedUnpacker) -> Self {
        Self {
            fs,
            state_dir: state_dir.to_owned(),
            unpacker,
            queues: Arc::default(),
        }
    }

    pub(crate) fn open(&self, games: &Path) -> Result<Library, DiskFailure> {
        let queues = Arc::clone(&self.queues);
        let (fs, unpacker) = (Arc::clone(&self.fs), self.unpacker.clone());
        Library::open(fs, &self.state_dir, games, (unpacker, queues))
    }

    /// The game directory, opened anew if another stands at its path: it was deleted or moved away, or is on a
    /// disk that was unplugged, and is there again. What already runs in the old one ends there.
    pub(crate) fn open_anew_if_replaced(
        &self,
        library: Option<&Arc<Library>>,
        path: &Path,
    ) -> Result<Arc<Library>, DiskFailure> {
        let Some(library) = library else {
            return self.open(path).map(Arc::new);
        };
        // Where nothing can be told, the look itself says what is wrong.
        if library.games.stands_at(&library.path).unwrap_or(true) {
            return Ok(Arc::clone(library));
        }
        tracing::info!(dir = %library.path.display(), "the game directory is another one: it is opened anew");
        self.open(&library.path).map(Arc::new)
    }

    /// The games that an earlier run found in a directory that cannot be read.
    pub(crate) fn remembered(&self, games: &Path) -> BTreeSet<GameId> {
        Store::games_in(&*self.fs, &self.state_dir, games)
    }

    /// Whether the state directory lies in a directory, by full paths.
    pub(crate) fn state_dir_lies_in(&self, dir: &Path) -> bool {
        let state_dir = self.fs.canonical(&self.state_dir);
        state_dir.is_ok_and(|state_dir| state_dir.starts_with(dir))
    }
}

/// The unpacker that the embedder gave.
#[derive(Clone)]
pub(crate) struct SharedUnpacker(pub(crate) Arc<dyn Unpacker>);

impl std::fmt::Debug for SharedUnpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unpacker")
    }
}

/// One game root that exists.
#[derive(Debug)]
pub(crate) struct Root<'a> {
    pub(crate) library: &'a Library,
    pub(crate) id: &'a GameId,
    pub(crate) folder: Arc<dyn Folder>,
}

impl Library {
    fn open(
        fs: Arc<dyn FileSystem>,
        state_dir: &Path,
        games: &Path,
        (unpacker, queues): (SharedUnpacker, Arc<Queues>),
    ) -> Result<Self, DiskFailure> {
        let path = fs
            .canonical(games)
            .doing("find the game directory", games)?;
        let opened = fs.open(&path).doing("open the game directory", &path)?;
        // Listing tells early whether the directory may be read.
        opened.list().doing("read the game directory", &path)?;
        let store = Store::open(&*fs, state_dir, &path)?;
        let readers = Readers::new(Arc::clone(&fs), path.clone(), queues);
        Ok(Self {
            readers,
            fs,
            path,
            games: opened,
            store,
            unpacker,
            downloads: Mutex::default(),
            served: ServeCache::default(),
        })
    }

    /// Opens a game root.
    pub(crate) fn root<'a>(&'a self, id: &'a GameId) -> Result<Root<'a>, DiskFailure> {
        let folder = self
            .games
            .open_folder(Path::new(id.as_str()))
            .doing("open the game", id.as_str())?;
        Ok(Root {
            library: self,
            id,
            folder,
        })
    }

    /// The prepared download of a game.
    pub(crate) fn download(&self, id: &GameId) -> Result<Arc<Download>, DiskFailure> {
        lock(&self.downloads).get(id).cloned().ok_or_else(|| {
            failure(
                DiskFailureKind::NotFound,
                format!("no download of {id} is prepared: start it again"),
            )
        })
    }

    /// The download that gathers this very manifest of a game, if one does.
    pub(crate) fn gathering(&self, id: &GameId, hash: ManifestHash) -> Option<Arc<Download>> {
        let downloads = lock(&self.downloads);
        downloads
            .get(id)
            .filter(|download| download.hash() == hash)
            .cloned()
    }

    /// Makes a download known; one of the same game that was known is forgotten.
    pub(crate) fn add_download(&self, id: &GameId, download: Arc<Download>) {
        lock(&self.downloads).insert(id.clone(), download);
    }

    /// Lets go of every open file of a game, so that they can be moved and deleted everywhere.
    pub(crate) fn close_files(&self, id: &GameId) {
        self.served.forget(id);
        if let Some(download) = lock(&self.downloads).get(id) {
            download.close_files();
        }
    }

    /// Forgets the download of a game.
    pub(crate) fn drop_download(&self, id: &GameId) {
        lock(&self.downloads).remove(id);
    }

    /// The manifest of what this peer downloaded for a game, if it is known in full.
    pub(crate) fn recorded_manifest(
        &self,
        id: &GameId,
    ) -> Result<Option<(ManifestHash, Arc<Manifest>)>, DiskFailure> {
        let Some(hash) = self.store.owned(id)? else {
            return Ok(None);
        };
        let manifest = self.store.manifest(hash)?;
        Ok(manifest
            .filter(|manifest| manifest.game_id() == id)
            .map(|manifest| (hash, manifest)))
    }
}

/// Locks a mutex of the disk side. None of them guards anything that a panic leaves half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
