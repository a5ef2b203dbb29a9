//! A game directory and a state directory for one test, and short ways to fill and read them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::fs::Dir;
use lanspread_core::{
    AfterDownload, DiskFailure, HashTrust, PreparedDownload,
    root::{DownloadIntent, Goal, Next, Step, StepReport, next_step},
};
use lanspread_db::{ChunkRef, ContentHash, GameId, Manifest, ManifestFile, RelPath, Version};
use lanspread_unpack::{CancelFlag, UnpackError, UnpackJob, UnpackReport, UnpackedFile, Unpacker};

use super::{
    super::{Disk, Unreadable},
    crash_fs::{Crash, CrashFileSystem, Plan},
};

/// Content of files by path.
pub(super) type Tree = BTreeMap<String, Vec<u8>>;

/// Directories that vanish with the test.
pub(super) struct World {
    /// Held until the end.
    _temp: tempfile::TempDir,
    base: PathBuf,
    /// What the disk says is free.
    pub(super) free_bytes: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let temp = memory_or_temporary();
        let base = temp.path().canonicalize().unwrap();
        fs::create_dir(base.join("games")).unwrap();
        Self {
            _temp: temp,
            base,
            free_bytes: u64::MAX,
        }
    }

    pub(super) fn games(&self) -> PathBuf {
        self.base.join("games")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.base.join("state")
    }

    pub(super) fn root(&self) -> PathBuf {
        self.games().join(id().as_str())
    }

    /// A file system on these directories under a plan.
    pub(super) fn file_system(&self, plan: &Arc<Plan>) -> CrashFileSystem {
        plan.watch(&self.base);
        CrashFileSystem {
            plan: Arc::clone(plan),
            free_bytes: self.free_bytes,
        }
    }

    /// A disk on these directories that stops when the plan says so.
    pub(super) fn disk(&self, plan: &Arc<Plan>) -> Result<Disk, DiskFailure> {
        let fs = self.file_system(plan);
        let unpacker = Arc::new(TestUnpacker(Arc::clone(plan)));
        let disk = Disk::with_file_system(Arc::new(fs), &self.state(), unpacker)?;
        disk.open_game_dir(&self.games(), Unreadable::Refused)?;
        Ok(disk)
    }

    /// A disk on these directories that never stops.
    pub(super) fn steady(&self) -> Disk {
        self.disk(&Plan::endless(Crash::Kill)).unwrap()
    }

    pub(super) fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(super) fn put_all(&self, tree: &Tree) {
        for (path, content) in tree {
            self.put(path, content);
        }
    }

    /// Every file in the root.
    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        read_into(&self.root(), "", &mut tree);
        tree
    }

    /// Every file in the root, the staging place aside.
    pub(super) fn tree_without_staging(&self) -> Tree {
        let mut tree = self.tree();
        tree.retain(|path, _| !path.starts_with(".lanspread.download/"));
        tree
    }
}

/// The path of every file below a directory, with `/` between names.
pub(super) fn files_below(folder: &Path) -> Vec<String> {
    let mut tree = Tree::new();
    read_into(folder, "", &mut tree);
    tree.into_keys().collect()
}

/// A directory in memory, where there is such a place: crash tests make and drop very many files.
fn memory_or_temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

fn read_into(folder: &Path, prefix: &str, tree: &mut Tree) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read_into(&entry.path(), &format!("{path}/"), tree);
        } else {
            tree.insert(path, fs::read(entry.path()).unwrap_or_default());
        }
    }
}

pub(super) fn id() -> GameId {
    GameId::parse("quake").unwrap()
}

pub(super) fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

pub(super) fn tree<const N: usize>(files: [(&str, Vec<u8>); N]) -> Tree {
    files
        .into_iter()
        .map(|(path, content)| (path.to_owned(), content))
        .collect()
}

/// Bytes that differ from chunk to chunk and from seed to seed.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// An archive that the tests' unpacker reads, of at least `len` bytes.
pub(super) fn archive(files: &[(&str, &str)], len: usize) -> Vec<u8> {
    let map: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut bytes = serde_json::to_vec(&map).unwrap();
    while bytes.len() < len {
        // Blanks that depend on the place, so that chunks differ.
        let odd = (bytes.len() / 977) % 2 == 1;
        bytes.push(if odd { b'\n' } else { b' ' });
    }
    bytes
}

/// The manifest of files.
pub(super) fn manifest(files: &Tree) -> Arc<Manifest> {
    let total = files.values().map(|content| content.len() as u64).sum();
    let chunk_bytes = Manifest::chunk_bytes_for(total);
    let version = Version::from_version_ini(&files["version.ini"]).unwrap();
    let files = files
        .iter()
        .map(|(path, content)| ManifestFile {
            path: RelPath::parse(path).unwrap(),
            size_bytes: content.len() as u64,
            chunks: content
                .chunks(chunk_bytes as usize)
                .map(ContentHash::of)
                .collect(),
        })
        .collect();
    Arc::new(Manifest::new(id(), version, chunk_bytes, files).unwrap())
}

pub(super) fn step(disk: &Disk, step: &Step) -> Result<StepReport, DiskFailure> {
    disk.run_step(&id(), step, &|_| {}, &CancelFlag::new())
}

/// Takes steps until the goal is reached; says which.
pub(super) fn reach(disk: &Disk, goal: &Goal) -> Result<Vec<Step>, DiskFailure> {
    let mut steps = Vec::new();
    loop {
        match next_step(goal, &disk.observe_root(&id())?) {
            Next::Take(next) => {
                step(disk, &next)?;
                steps.push(next);
            }
            Next::Done => return Ok(steps),
            Next::Blocked(blocked) => {
                return Err(DiskFailure {
                    kind: lanspread_core::DiskFailureKind::Foreign,
                    message: blocked.message,
                });
            }
        }
        assert!(steps.len() < 50, "does not end: {steps:?}");
    }
}

pub(super) fn prepare(
    disk: &Disk,
    manifest: &Arc<Manifest>,
    intent: DownloadIntent,
) -> Result<PreparedDownload, DiskFailure> {
    disk.prepare_download(
        manifest,
        intent,
        AfterDownload::Keep,
        &|_, _| {},
        &CancelFlag::new(),
    )
}

/// Downloads `files`: prepares, stores every chunk that is missing, switches. Says how many chunks
/// were "fetched".
pub(super) fn download(
    disk: &Disk,
    files: &Tree,
    intent: DownloadIntent,
) -> Result<usize, DiskFailure> {
    let fetched = gather(disk, files, intent, usize::MAX)?;
    let manifest = manifest(files).hash();
    reach(disk, &Goal::Switch { manifest })?;
    Ok(fetched)
}

/// Chunks that are stored together, as they come in.
const CHUNKS_TOGETHER: usize = 3;

/// The same without the switch, and with no more than `chunks_max` chunks "fetched".
pub(super) fn gather(
    disk: &Disk,
    files: &Tree,
    intent: DownloadIntent,
    chunks_max: usize,
) -> Result<usize, DiskFailure> {
    let manifest = manifest(files);
    let prepared = prepare(disk, &manifest, intent)?;
    let download = disk.download(&id())?;
    let missing = manifest
        .chunk_refs()
        .filter(|chunk| !prepared.stored.contains(chunk));
    let fetched: Vec<(ChunkRef, &[u8])> = missing
        .take(chunks_max)
        .map(|chunk| (chunk, content(files, &manifest, chunk)))
        .collect();
    for together in fetched.chunks(CHUNKS_TOGETHER) {
        download.store_chunks(together).1?;
    }
    Ok(fetched.len())
}

/// The bytes of a chunk.
pub(super) fn content<'a>(files: &'a Tree, manifest: &Manifest, chunk: ChunkRef) -> &'a [u8] {
    let info = manifest.chunk(chunk).unwrap();
    let from = usize::try_from(info.offset_bytes).unwrap();
    &files[info.path.as_str()][from..from + info.len_bytes as usize]
}

/// Hashes the root.
pub(super) fn hash(disk: &Disk) -> Result<Arc<Manifest>, DiskFailure> {
    disk.hash_root(&id(), HashTrust::Unchanged, &|_, _| {}, &CancelFlag::new())
}

/// Unpacks archives of [`archive`], counting each file as an operation.
struct TestUnpacker(Arc<Plan>);

impl Unpacker for TestUnpacker {
    fn unpack(&self, job: UnpackJob<'_>) -> Result<UnpackReport, UnpackError> {
        let mut report = UnpackReport::default();
        for path in job.archives {
            let archive = path.file_name().unwrap().to_str().unwrap().to_owned();
            let bytes = fs::read(path).map_err(|source| UnpackError::Read {
                archive: archive.clone(),
                source,
            })?;
            let files: BTreeMap<String, String> =
                serde_json::from_slice(&bytes).map_err(|error| UnpackError::Damaged {
                    archive: archive.clone(),
                    detail: error.to_string(),
                })?;
            for (path, content) in files {
                if job.cancel.is_cancelled() {
                    return Err(UnpackError::Cancelled);
                }
                self.write(job.target, &path, &content)
                    .map_err(|source| UnpackError::Write {
                        archive: archive.clone(),
                        path: path.clone(),
                        source,
                    })?;
                report.files.retain(|file: &UnpackedFile| file.path != path);
                report.files.push(UnpackedFile {
                    path,
                    size_bytes: content.len() as u64,
                });
            }
        }
        Ok(report)
    }
}

impl TestUnpacker {
    fn write(&self, target: &Dir, path: &str, content: &str) -> std::io::Result<()> {
        self.0.unpacks()?;
        if let Some(parent) = Path::new(path).parent() {
            target.create_dir_all(parent)?;
        }
        target.write(path, content)
    }
}
