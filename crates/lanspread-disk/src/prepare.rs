//! Makes a download ready: finds what is there already, checks that nothing stands in the way and
//! that there is room.
//!
//! Invariant: a chunk counts as stored only after its bytes on this disk were hashed, or belong to a
//! file whose hash is known and that did not change since. What fails before the first byte was
//! fetched leaves the root as it was.

use std::{collections::BTreeSet, io, path::Path, sync::Arc};

use lanspread_core::{
    AfterDownload, DiskFailure, DiskFailureKind, PreparedDownload,
    root::{DownloadIntent, Entry, Goal},
    scan::{fold_keys, is_contract_file},
};
use lanspread_db::{
    ChunkRef, ContentHash, DOWNLOAD_DIR, GameId, Manifest, ManifestFile, RelPath, SENTINEL,
};
use lanspread_unpack::CancelFlag;

use super::{
    download::{ChunkBits, Download, JOURNAL, Place},
    failure::{Doing, aborted, failure},
    files,
    index::RootIndex,
    library::{Library, Root},
    observe::{STAGED_FILES, STAGED_INSTALL, observe},
    obstacles::{obstacles, refuse},
    old::Old,
    parents::{Parents, Stands},
    port::{Access, Folder, Kind, Stamp},
    steps::settle_towards,
};

/// Room that a download leaves on the disk for everything else.
pub(crate) const SPARE_BYTES: u64 = 64 << 20;

/// Makes the download of `manifest` ready.
pub(crate) fn prepare(
    library: &Library,
    manifest: &Arc<Manifest>,
    intent: DownloadIntent,
    then: AfterDownload,
    progress: &dyn Fn(u64, u64),
    abort: &CancelFlag,
) -> Result<PreparedDownload, DiskFailure> {
    let (id, hash) = (manifest.game_id(), manifest.hash());
    library.close_files(id);
    library.drop_download(id);
    let resumed = observe(library, id)?.root.staging == Entry::MarkedDir;
    library.store.known.remember(hash, manifest);
    library.store.save_manifest(hash, manifest)?;
    settle_towards(library, id, &Goal::Stage { manifest: hash })?;
    let prepared = Preparation::new(library, manifest, intent, progress, abort)
        .and_then(|preparation| preparation.keep(then))
        .and_then(Preparation::run);
    if prepared.is_err() && !resumed && !has_given_up(library, id, intent) {
        library.drop_download(id);
        // The failure that led here is what the user has to hear of.
        if let Err(error) = settle_towards(library, id, &Goal::DropDownload) {
            tracing::warn!(game = %id, %error, "an empty staging place could not be removed");
        }
    }
    prepared
}

/// Whether the old version has been given up for the new one: then the staging place is all that says
/// that the game is on its way, and it stays to be resumed.
fn has_given_up(library: &Library, id: &GameId, intent: DownloadIntent) -> bool {
    match intent {
        DownloadIntent::UpdateGivingUpOld => {
            observe(library, id).map_or(true, |observed| observed.root.sentinel == Entry::Absent)
        }
        DownloadIntent::New | DownloadIntent::Update | DownloadIntent::Repair => false,
    }
}

struct Preparation<'a> {
    root: Root<'a>,
    manifest: &'a Arc<Manifest>,
    intent: DownloadIntent,
    staging: Arc<dyn Folder>,
    index: RootIndex,
    old: Old,
    progress: &'a dyn Fn(u64, u64),
    abort: &'a CancelFlag,
    checked_bytes: u64,
    to_check_bytes: u64,
}

/// A file in the root that has some of the chunks of its new version.
struct Reusable {
    file: u32,
    chunks: Vec<u32>,
}

impl<'a> Preparation<'a> {
    fn new(
        library: &'a Library,
        manifest: &'a Arc<Manifest>,
        intent: DownloadIntent,
        progress: &'a dyn Fn(u64, u64),
        abort: &'a CancelFlag,
    ) -> Result<Self, DiskFailure> {
        let id = manifest.game_id();
        let root = library.root(id)?;
        let staging = root
            .folder
            .open_folder(Path::new(DOWNLOAD_DIR))
            .doing("open", DOWNLOAD_DIR)?;
        Ok(Self {
            root,
            manifest,
            intent,
            staging,
            index: library.store.index(id),
            old: Old::of(library, id)?,
            progress,
            abort,
            checked_bytes: 0,
            to_check_bytes: 0,
        })
    }

    /// Keeps what is to follow the download, for a later start.
    fn keep(self, then: AfterDownload) -> Result<Self, DiskFailure> {
        let path = Path::new(STAGED_INSTALL);
        match then {
            AfterDownload::Install => {
                files::write_new(&*self.staging, path, b"").doing("write", path)?;
            }
            AfterDownload::Keep => {
                files::remove_if_there(&*self.staging, path).doing("remove", path)?;
            }
        }
        Ok(self)
    }

    fn run(mut self) -> Result<PreparedDownload, DiskFailure> {
        let there = self.stamps_in_root()?;
        let candidates = self.candidates()?;
        self.to_check_bytes = self.bytes_to_check(&there, candidates.as_deref());
        let (places, reusable) = self.shared(&there)?;
        self.refuse_obstacles(&places)?;
        let mut stored = ChunkBits::none(self.manifest);
        self.check_staged(&places, candidates.as_deref(), &mut stored)?;
        for (file, place) in (0..).zip(&places) {
            if matches!(place, Place::InRoot(_)) {
                self.add_file(file, &mut stored);
            }
        }
        let given_up = self.given_up(&places);
        self.check_space(&there, &stored, &given_up)?;
        // The journal is rewritten so that it names nothing that was found to be wrong.
        files::replace(&*self.staging, Path::new(JOURNAL), stored.as_bytes())
            .doing("write", JOURNAL)?;
        let (library, id) = (self.root.library, self.root.id);
        let download = Arc::new(Download::new(
            Arc::clone(self.manifest),
            self.intent,
            places,
            Arc::clone(&library.games),
            stored,
        ));
        library.add_download(id, Arc::clone(&download));
        match self.intent {
            DownloadIntent::UpdateGivingUpOld => {
                let manifest = download.hash();
                settle_towards(library, id, &Goal::GiveUpOld { manifest })?;
            }
            DownloadIntent::New | DownloadIntent::Update | DownloadIntent::Repair => {
                for reusable in reusable {
                    self.reuse(&download, &reusable)?;
                }
            }
        }
        Ok(PreparedDownload {
            stored: download.stored(),
        })
    }

    fn files(&self) -> impl Iterator<Item = (u32, &'a ManifestFile)> + use<'a> {
        (0..).zip(self.manifest.files())
    }

    /// What stands in the root under the name of each file of the manifest, if it is a file.
    fn stamps_in_root(&self) -> Result<Vec<Option<Stamp>>, DiskFailure> {
        let mut parents = Parents::of(&*self.root.folder);
        self.manifest
            .files()
            .iter()
            .map(|file| {
                let stands = parents.look(&file.path);
                // What stands there instead of a file is looked at with the obstacles.
                let stat = stands.doing("look at", file.path.as_str())?.stat();
                Ok(stat
                    .filter(|stat| stat.kind == Kind::File)
                    .map(|stat| stat.stamp))
            })
            .collect()
    }

    /// The chunks that the journal names.
    fn candidates(&self) -> Result<Option<Vec<u8>>, DiskFailure> {
        let bytes_max = ChunkBits::bytes_for(self.manifest) as u64;
        match files::read_if_there(&*self.staging, Path::new(JOURNAL), bytes_max) {
            Ok(journal) => Ok(journal),
            // A damaged journal names nothing; then every chunk that could be there is looked at.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error).doing("read", JOURNAL),
        }
    }

    fn is_candidate(candidates: Option<&[u8]>, index: u32) -> bool {
        candidates.is_none_or(|bits| {
            bits.get(index as usize / 8)
                .is_some_and(|byte| byte & (1 << (index % 8)) != 0)
        })
    }

    fn bytes_to_check(&self, there: &[Option<Stamp>], candidates: Option<&[u8]>) -> u64 {
        let in_root: u64 = self
            .files()
            .zip(there)
            .filter(|((_, file), stamp)| self.must_read(file, **stamp))
            .map(|((_, file), _)| file.size_bytes)
            .sum();
        let journal = candidates.unwrap_or_default();
        let named: u64 = journal
            .iter()
            .map(|byte| u64::from(byte.count_ones()))
            .sum();
        in_root + named * u64::from(self.manifest.chunk_bytes())
    }

    /// Whether only reading tells which chunks of a file in the root are as they should be.
    fn must_read(&self, file: &ManifestFile, there: Option<Stamp>) -> bool {
        there.is_some_and(|stamp| {
            let comparable =
                stamp.size_bytes == file.size_bytes || self.intent == DownloadIntent::Repair;
            comparable && self.known_chunks(file, stamp).is_none()
        })
    }

    /// The hashes of a file in the root, if they are known and it did not change since.
    fn known_chunks(&self, file: &ManifestFile, there: Stamp) -> Option<&[ContentHash]> {
        let known = self.index.file(&file.path)?;
        let usable = known.stamp == there && self.index.chunk_bytes == self.manifest.chunk_bytes();
        if usable {
            known.chunks.as_deref()
        } else {
            None
        }
    }

    /// Which files need not be fetched at all, and which only in part.
    fn shared(
        &mut self,
        there: &[Option<Stamp>],
    ) -> Result<(Vec<Place>, Vec<Reusable>), DiskFailure> {
        let mut places = Vec::with_capacity(there.len());
        let mut reusable = Vec::new();
        for ((number, file), stamp) in self.files().zip(there) {
            let Some(stamp) = *stamp else {
                places.push(Place::Staged);
                continue;
            };
            let matching = if self.must_read(file, Some(stamp)) {
                self.read_matching(&*Arc::clone(&self.root.folder), &file.path, number, |_| {
                    true
                })?
            } else {
                let known = self.known_chunks(file, stamp).unwrap_or_default();
                let pairs = (0..).zip(known.iter().zip(&file.chunks));
                pairs
                    .filter(|(_, (is, should))| is == should)
                    .map(|(chunk, _)| chunk)
                    .collect()
            };
            let same = stamp.size_bytes == file.size_bytes && matching.len() == file.chunks.len();
            if self.is_given_up_in_any_case(file) {
                places.push(Place::Staged);
            } else if same {
                places.push(Place::InRoot(stamp));
            } else {
                places.push(Place::Staged);
                if !matching.is_empty() {
                    reusable.push(Reusable {
                        file: number,
                        chunks: matching,
                    });
                }
            }
        }
        Ok((places, reusable))
    }

    /// Giving up a version takes its sentinel, also where the new one has the same.
    fn is_given_up_in_any_case(&self, file: &ManifestFile) -> bool {
        self.intent == DownloadIntent::UpdateGivingUpOld && file.path.as_str() == SENTINEL
    }

    /// Reads chunks of a file and says which are as the manifest wants them.
    fn read_matching(
        &mut self,
        folder: &dyn Folder,
        path: &RelPath,
        file: u32,
        wanted: impl Fn(u32) -> bool,
    ) -> Result<Vec<u32>, DiskFailure> {
        let shown = path.as_str();
        let handle = folder
            .open_file(Path::new(shown), Access::Read)
            .doing("open", shown)?;
        let mut buffer = vec![0; self.manifest.chunk_bytes() as usize];
        let mut matching = Vec::new();
        for chunk in 0.. {
            let Some(info) = self.manifest.chunk(ChunkRef { file, chunk }) else {
                break;
            };
            if !wanted(chunk) {
                continue;
            }
            if self.abort.is_cancelled() {
                return Err(aborted());
            }
            let bytes = &mut buffer[..info.len_bytes as usize];
            let upto = info.offset_bytes + u64::from(info.len_bytes);
            let read = self.root.library.readers.in_turn(
                self.manifest.game_id(),
                ((shown, info.offset_bytes), (shown, upto)),
                || handle.read_at(bytes, info.offset_bytes),
            );
            let read = read.doing("read", shown)?;
            if read == bytes.len() && ContentHash::of(bytes) == info.hash {
                matching.push(chunk);
            }
            self.checked_bytes += u64::from(info.len_bytes);
            (self.progress)(
                self.checked_bytes,
                self.to_check_bytes.max(self.checked_bytes),
            );
        }
        Ok(matching)
    }

    /// Hashes what an earlier try left in the staging place.
    fn check_staged(
        &mut self,
        places: &[Place],
        candidates: Option<&[u8]>,
        stored: &mut ChunkBits,
    ) -> Result<(), DiskFailure> {
        let gathered = self
            .staging
            .open_folder(Path::new(STAGED_FILES))
            .doing("open", STAGED_FILES)?;
        let manifest = Arc::clone(self.manifest);
        let mut parents = Parents::of(&*gathered);
        for (number, file) in self.files() {
            let path = Path::new(file.path.as_str());
            let stat = match parents.look(&file.path).doing("look at", path)? {
                Stands::There(stat) => stat,
                Stands::Nothing => continue,
                Stands::InTheWay => {
                    let error = io::Error::from(io::ErrorKind::NotADirectory);
                    return Err(error).doing("look at", path);
                }
            };
            let unwanted = matches!(places[number as usize], Place::InRoot(_))
                || stat.stamp.size_bytes > file.size_bytes;
            if unwanted {
                files::remove_if_there(&*gathered, path).doing("remove", path)?;
                continue;
            }
            let index = |chunk| {
                manifest.chunk_index(ChunkRef {
                    file: number,
                    chunk,
                })
            };
            let wanted = |chunk| index(chunk).is_some_and(|i| Self::is_candidate(candidates, i));
            for chunk in self.read_matching(&*gathered, &file.path, number, wanted)? {
                if let Some(index) = index(chunk) {
                    stored.add(index);
                }
            }
        }
        Ok(())
    }

    fn add_file(&self, file: u32, stored: &mut ChunkBits) {
        for chunk in 0.. {
            match self.manifest.chunk_index(ChunkRef { file, chunk }) {
                Some(index) => stored.add(index),
                None => break,
            }
        }
    }

    /// Refuses to begin what could not be completed without touching somebody else's files.
    fn refuse_obstacles(&self, places: &[Place]) -> Result<(), DiskFailure> {
        let obstacles = obstacles(&self.root, self.manifest, &self.old, |file| {
            places[file as usize] == Place::Staged
        })?;
        refuse(self.root.id.as_str(), &obstacles)
    }

    /// The files of the old version that go first when it is given up, but for the sentinel.
    fn given_up(&self, places: &[Place]) -> Vec<RelPath> {
        list_given_up(&self.old, self.manifest, places)
    }

    fn check_space(
        &self,
        there: &[Option<Stamp>],
        stored: &ChunkBits,
        given_up: &[RelPath],
    ) -> Result<(), DiskFailure> {
        let missing: u64 = self
            .manifest
            .chunk_refs()
            .filter(|chunk| {
                self.manifest
                    .chunk_index(*chunk)
                    .is_some_and(|i| !stored.has(i))
            })
            .filter_map(|chunk| self.manifest.chunk(chunk))
            .map(|info| u64::from(info.len_bytes))
            .sum();
        if missing == 0 {
            return Ok(());
        }
        let library = self.root.library;
        let free = library
            .fs
            .available_bytes(&library.path)
            .doing("find out the free space of", &library.path)?;
        let freed: u64 = given_up
            .iter()
            .filter_map(|path| match self.manifest.file_index(path) {
                Some(file) => there[file as usize].map(|stamp| stamp.size_bytes),
                None => files::stat(&*self.root.folder, Path::new(path.as_str()))
                    .ok()?
                    .map(|stat| stat.stamp.size_bytes),
            })
            .sum();
        let needed = missing.saturating_add(SPARE_BYTES);
        let usable = match self.intent {
            DownloadIntent::UpdateGivingUpOld => free.saturating_add(freed),
            DownloadIntent::New | DownloadIntent::Update | DownloadIntent::Repair => free,
        };
        if usable >= needed {
            return Ok(());
        }
        let mut message = format!(
            "no room for {}: it needs {} and {} is free in {}; {} is missing",
            self.root.id,
            in_words(needed),
            in_words(free),
            library.path.display(),
            in_words(needed - usable)
        );
        if self.intent == DownloadIntent::Update && free.saturating_add(freed) >= needed {
            message.push_str(
                ". Make room, or give up the old version first (`--give-up-old`): then the game \
                 cannot be played until the download is complete",
            );
        } else {
            message.push_str(": make room and try again");
        }
        Err(failure(DiskFailureKind::NoSpace, message))
    }

    /// Copies the chunks that a file in the root has in common with its new version.
    fn reuse(&mut self, download: &Download, reusable: &Reusable) -> Result<(), DiskFailure> {
        let path = self.manifest.files()[reusable.file as usize].path.as_str();
        let handle = self
            .root
            .folder
            .open_file(Path::new(path), Access::Read)
            .doing("open", path)?;
        for &chunk in &reusable.chunks {
            if self.abort.is_cancelled() {
                return Err(aborted());
            }
            let at = ChunkRef {
                file: reusable.file,
                chunk,
            };
            let Some(info) = self.manifest.chunk(at) else {
                continue;
            };
            let mut bytes = vec![0; info.len_bytes as usize];
            let read = handle
                .read_at(&mut bytes, info.offset_bytes)
                .doing("read", path)?;
            if read == bytes.len() && ContentHash::of(&bytes) == info.hash {
                download.store_chunk(at, &bytes)?;
            }
        }
        Ok(())
    }
}

/// The files of the old version that go first when it is given up, but for the sentinel: those that
/// the new version lacks or has otherwise.
pub(crate) fn list_given_up(old: &Old, manifest: &Manifest, places: &[Place]) -> Vec<RelPath> {
    let in_root = manifest.files().iter().zip(places);
    let shared = fold_keys(
        in_root
            .filter(|(_, place)| matches!(place, Place::InRoot(_)))
            .map(|(file, _)| &file.path),
    );
    let mut listed: BTreeSet<RelPath> = match old {
        Old::Downloaded(old) => old.files().iter().map(|file| file.path.clone()).collect(),
        Old::HandPlaced(paths) => paths
            .iter()
            .filter(|path| is_contract_file(path))
            .cloned()
            .collect(),
        Old::NoVersion(_) => BTreeSet::new(),
    };
    listed.retain(|path| path.as_str() != SENTINEL && !shared.contains(&path.fold_key()));
    listed.into_iter().collect()
}

/// An amount of bytes as people read it, rounded up.
fn in_words(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    if bytes >= GIB {
        let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(GIB));
        format!("{}.{} GiB", tenths / 10, tenths % 10)
    } else {
        format!("{} MiB", bytes.div_ceil(MIB))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_so_that_making_that_much_room_is_enough() {
        assert_eq!(in_words(1), "1 MiB");
        assert_eq!(in_words(1 << 20), "1 MiB");
        assert_eq!(in_words((1 << 20) + 1), "2 MiB");
        assert_eq!(in_words(5 << 29), "2.5 GiB");
        assert_eq!(in_words((5 << 29) + 1), "2.6 GiB");
    }
}
