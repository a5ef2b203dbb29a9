//! A disk on which one file does not come back from reading: everything else goes on.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use lanspread_core::HashTrust;
use lanspread_db::{ChunkRef, GameId};
use lanspread_unpack::{AnyUnpacker, CancelFlag, UnpackError, UnpackReport, Unpacker};

use crate::{
    Disk, RealFileSystem, Unreadable,
    library::lock,
    port::{Access, FileHandle, FileSystem, Folder, Listed, Stat, UnpackOrder},
};

/// The game that hangs.
const STUCK: &str = "quake";
/// Another one.
const FINE: &str = "doom";

/// Tells that a reading has begun, and ends it when the other end is dropped.
type Hook = Arc<Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>>;

/// This machine's file system, on which the next reading of [`STUCK`] for others hangs once a hook is set.
#[derive(Debug)]
struct Hanging {
    games: PathBuf,
    hook: Hook,
}

impl FileSystem for Hanging {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        let inner = RealFileSystem.open(path)?;
        let hook = Arc::clone(&self.hook);
        Ok(if path == self.games {
            Arc::new(HangingFolder { inner, hook })
        } else {
            inner
        })
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        RealFileSystem.make(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        RealFileSystem.canonical(path)
    }

    fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        RealFileSystem.available_bytes(path)
    }
}

/// The game directory, of which nothing here changes anything.
#[derive(Debug)]
struct HangingFolder {
    inner: Arc<dyn Folder>,
    hook: Hook,
}

impl Folder for HangingFolder {
    fn open_folder(&self, path: &Path) -> io::Result<Arc<dyn Folder>> {
        self.inner.open_folder(path)
    }

    fn list(&self) -> io::Result<Vec<Listed>> {
        self.inner.list()
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.inner.stat(path)
    }

    fn open_file(&self, path: &Path, access: Access) -> io::Result<Arc<dyn FileHandle>> {
        let inner = self.inner.open_file(path, access)?;
        let hook = Arc::clone(&self.hook);
        Ok(if path.starts_with(STUCK) {
            Arc::new(HangingFile { inner, hook })
        } else {
            inner
        })
    }

    fn make_folder(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn rename(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn link_file(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn copy_symlink(&self, _from: &Path, _to: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove_file(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn remove_folder(&self, _path: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_folder(path)
    }

    fn sync_files(&self, paths: &[PathBuf]) -> io::Result<()> {
        self.inner.sync_files(paths)
    }

    fn unpack(
        &self,
        unpacker: &dyn Unpacker,
        order: UnpackOrder<'_>,
    ) -> Result<UnpackReport, UnpackError> {
        self.inner.unpack(unpacker, order)
    }
}

#[derive(Debug)]
struct HangingFile {
    inner: Arc<dyn FileHandle>,
    hook: Hook,
}

impl FileHandle for HangingFile {
    fn stat(&self) -> io::Result<Stat> {
        self.inner.stat()
    }

    fn read_at(&self, into: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        let hook = lock(&self.hook).take();
        if let Some((begun, ends)) = hook {
            begun.send(()).expect("the test listens");
            let _ = ends.recv();
        }
        self.inner.read_at(into, offset_bytes)
    }

    fn write_at(&self, _bytes: &[u8], _offset_bytes: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        self.inner.sync()
    }
}

fn id(name: &str) -> GameId {
    GameId::parse(name).unwrap()
}

#[test]
fn a_reading_that_hangs_holds_up_neither_other_games_nor_the_rest_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let games = place.path().canonicalize().unwrap().join("games");
    for game in [STUCK, FINE] {
        fs::create_dir_all(games.join(game)).unwrap();
        fs::write(games.join(game).join("data.bin"), vec![7; 600_000]).unwrap();
        fs::write(games.join(game).join("version.ini"), "20200101").unwrap();
    }
    let hook = Hook::default();
    let machine = Arc::new(Hanging {
        games: games.clone(),
        hook: Arc::clone(&hook),
    });
    let unpacker = Arc::new(AnyUnpacker);
    let disk = Disk::with_file_system(machine, &place.path().join("state"), unpacker).unwrap();
    disk.open_game_dir(&games, Unreadable::Refused).unwrap();
    let [stuck, fine] = [STUCK, FINE].map(|game| {
        let hashed = disk.hash_root(
            &id(game),
            HashTrust::Unchanged,
            &|_, _| {},
            &CancelFlag::new(),
        );
        hashed.unwrap().hash()
    });
    let read = |disk: &Disk, game, hash, chunk| {
        let mut bytes = vec![0; 256 * 1024];
        let chunk = ChunkRef { file: 0, chunk };
        disk.read_chunks(&id(game), hash, &[chunk], &mut bytes)
    };

    let (begun, has_begun) = mpsc::channel();
    let (release, ends) = mpsc::channel();
    *lock(&hook) = Some((begun, ends));
    thread::scope(|scope| {
        let hanging = scope.spawn(|| read(&disk, STUCK, stuck, 0));
        has_begun.recv().unwrap();
        read(&disk, FINE, fine, 0).unwrap();
        read(&disk, STUCK, stuck, 1).unwrap();
        assert!(disk.scan_root(&id(FINE)).unwrap().is_some());
        assert_eq!(disk.scan_library().unwrap().roots.len(), 2);
        assert!(!hanging.is_finished());
        drop(release);
        hanging.join().unwrap().unwrap();
    });
}
