//! A game directory in memory: what a core observes there, and what each step does to it.
//!
//! Invariant: a chunk is only ever kept if it belongs to the manifest that is staged; what stands
//! under a sentinel is a whole manifest. Steps change the model exactly as their documentation says.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanspread_core::{
    AfterDownload, DiskFailure, DiskFailureKind, PreparedDownload, RootReport,
    root::{Entry, Goal, Intent, IntentLog, Next, RootObservation, Staged, Step, next_step},
    scan::{RootFacts, report},
};
use lanspread_db::{
    ChunkRef, ContentHash, GameId, Manifest, ManifestFile, ManifestHash, RelPath, Version,
};

/// One game root.
#[derive(Debug, Clone)]
struct Root {
    observed: RootObservation,
    /// What stands under final names.
    files: Option<Arc<Manifest>>,
    hashed: bool,
    /// A file in it is missing.
    damaged: bool,
    /// What is to follow the download.
    after: AfterDownload,
    /// What gathers in the staging place.
    staged: Option<(Arc<Manifest>, BTreeSet<ChunkRef>)>,
}

impl Root {
    fn absent() -> Self {
        Self {
            observed: RootObservation::absent(),
            files: None,
            hashed: false,
            damaged: false,
            after: AfterDownload::Keep,
            staged: None,
        }
    }
}

/// One peer's game directory.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    roots: BTreeMap<GameId, Root>,
    /// Bytes that still fit.
    pub(crate) free_bytes: u64,
    /// Archives are broken: unpacking fails.
    pub(crate) bad_archives: bool,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            roots: BTreeMap::new(),
            free_bytes: u64::MAX,
            bad_archives: false,
        }
    }
}

/// A manifest whose content follows from `salt`: two salts are two different games.
pub(crate) fn manifest(id: &str, version: &str, size_bytes: u64, salt: u64) -> Arc<Manifest> {
    let chunk_bytes = Manifest::chunk_bytes_for(size_bytes);
    let file = |path: &str, size_bytes: u64| ManifestFile {
        path: RelPath::parse(path).unwrap(),
        size_bytes,
        chunks: (0..Manifest::chunks_in(size_bytes, chunk_bytes))
            .map(|chunk| ContentHash::of(format!("{path} {salt} {chunk}").as_bytes()))
            .collect(),
    };
    let mut files = vec![file("game_start.cmd", 300), file("version.ini", 9)];
    files.insert(0, file("data.eti", size_bytes));
    let version = Version::parse(version).unwrap();
    Arc::new(Manifest::new(GameId::parse(id).unwrap(), version, chunk_bytes, files).unwrap())
}

fn failure(kind: DiskFailureKind, message: &str) -> DiskFailure {
    DiskFailure {
        kind,
        message: message.to_owned(),
    }
}

impl Disk {
    /// Puts a whole game there by hand; `hashed` if its hashes are known already.
    pub(crate) fn put(&mut self, manifest: &Arc<Manifest>, hashed: bool) {
        let mut root = Root::absent();
        root.observed.root = Entry::PlainDir;
        root.observed.sentinel = Entry::File;
        root.observed.version = Some(manifest.version());
        root.files = Some(Arc::clone(manifest));
        root.hashed = hashed;
        self.roots.insert(manifest.game_id().clone(), root);
    }

    /// A file of a game is lost, and nothing notices yet.
    pub(crate) fn damage(&mut self, id: &GameId) {
        self.roots.get_mut(id).unwrap().damaged = true;
    }

    pub(crate) fn is_damaged(&self, id: &GameId) -> bool {
        self.roots[id].damaged
    }

    /// Takes a game away by hand.
    pub(crate) fn take(&mut self, id: &GameId) {
        self.roots.remove(id);
    }

    pub(crate) fn installed(&self, id: &GameId) -> Option<Version> {
        self.roots.get(id)?.observed.installed
    }

    pub(crate) fn version(&self, id: &GameId) -> Option<Version> {
        let observed = &self.roots.get(id)?.observed;
        observed
            .version
            .filter(|_| observed.sentinel == Entry::File)
    }

    /// Whether nothing of an operation is left over.
    pub(crate) fn is_settled(&self, id: &GameId) -> bool {
        self.roots.get(id).is_none_or(|root| {
            root.observed.intent == IntentLog::Absent
                && root.observed.staging == Entry::Absent
                && root.observed.installing == Entry::Absent
                && root.observed.backup == Entry::Absent
                && root.observed.parked == Entry::Absent
        })
    }

    pub(crate) fn staged_chunks(&self, id: &GameId) -> usize {
        self.roots
            .get(id)
            .and_then(|root| root.staged.as_ref())
            .map_or(0, |staged| staged.1.len())
    }

    /// What another peer may be served.
    pub(crate) fn serve(&self, id: &GameId, hash: ManifestHash) -> Option<Arc<Manifest>> {
        self.roots
            .get(id)?
            .files
            .clone()
            .filter(|manifest| manifest.hash() == hash)
    }

    pub(crate) fn scan(&self) -> Vec<RootReport> {
        self.roots
            .keys()
            .filter_map(|id| self.scan_root(id))
            .collect()
    }

    pub(crate) fn scan_root(&self, id: &GameId) -> Option<RootReport> {
        let root = self.roots.get(id)?;
        let whole = root
            .files
            .as_ref()
            .filter(|_| root.observed.sentinel == Entry::File);
        Some(report(RootFacts {
            id: id.clone(),
            observed: root.observed.clone(),
            sentinel_problem: None,
            size_bytes: whole.map_or(0, |manifest| manifest.total_bytes()),
            manifest: whole
                .filter(|_| root.hashed)
                .map(|manifest| manifest.hash()),
            files_problem: None,
            after_download: root.after,
        }))
    }

    pub(crate) fn hash(&mut self, id: &GameId) -> Result<Arc<Manifest>, DiskFailure> {
        let root = self.roots.get_mut(id);
        let missing = || failure(DiskFailureKind::NotFound, "the root is gone");
        let root = root.ok_or_else(missing)?;
        if root.damaged {
            return Err(missing());
        }
        root.hashed = true;
        root.files.clone().ok_or_else(missing)
    }

    pub(crate) fn observe(&self, id: &GameId) -> RootObservation {
        self.roots
            .get(id)
            .map_or_else(RootObservation::absent, |root| root.observed.clone())
    }

    pub(crate) fn prepare(
        &mut self,
        manifest: &Arc<Manifest>,
        then: AfterDownload,
    ) -> Result<PreparedDownload, DiskFailure> {
        let id = manifest.game_id();
        if manifest.total_bytes() > self.free_bytes {
            return Err(failure(DiskFailureKind::NoSpace, "the disk is too small"));
        }
        let goal = Goal::Stage {
            manifest: manifest.hash(),
        };
        while let Next::Take(step) = next_step(&goal, &self.observe(id)) {
            self.step(id, &step)?;
        }
        let root = self.roots.get_mut(id).unwrap();
        root.after = then;
        let mut kept = BTreeSet::new();
        if let Some((staged, chunks)) = root.staged.take()
            && staged.hash() == manifest.hash()
        {
            kept = chunks;
        }
        if let Some(old) = root.files.as_ref().filter(|_| !root.damaged) {
            let old: BTreeSet<ContentHash> = old
                .files()
                .iter()
                .flat_map(|file| file.chunks.clone())
                .collect();
            kept.extend(
                manifest
                    .chunk_refs()
                    .filter(|&at| old.contains(&manifest.chunk(at).unwrap().hash)),
            );
        }
        let stored = kept.iter().copied().collect();
        root.staged = Some((Arc::clone(manifest), kept));
        Ok(PreparedDownload { stored })
    }

    /// Chunks arrived for the staged download.
    pub(crate) fn store(&mut self, id: &GameId, chunks: &[ChunkRef]) {
        let (_, kept) = self
            .roots
            .get_mut(id)
            .unwrap()
            .staged
            .as_mut()
            .expect("a prepared download");
        kept.extend(chunks);
    }

    /// What is being downloaded.
    pub(crate) fn staged_manifest(&self, id: &GameId) -> Option<Arc<Manifest>> {
        Some(Arc::clone(&self.roots.get(id)?.staged.as_ref()?.0))
    }

    pub(crate) fn step(&mut self, id: &GameId, step: &Step) -> Result<(), DiskFailure> {
        if matches!(step, Step::Unpack { .. }) && self.bad_archives {
            return Err(failure(DiskFailureKind::BadArchive, "data.eti is broken"));
        }
        let root = self.roots.entry(id.clone()).or_insert_with(Root::absent);
        let it = &mut root.observed;
        match step {
            Step::CreateStaging { manifest } => {
                it.root = Entry::PlainDir;
                it.staging = Entry::MarkedDir;
                it.staged = Staged::Gathering(*manifest);
            }
            Step::BeginGivingUp { manifest } => {
                it.intent = IntentLog::Known(Intent::GivingUp {
                    manifest: *manifest,
                });
            }
            Step::BeginSwitch { manifest } => {
                let (staged, chunks) = root.staged.as_ref().expect("something is staged");
                assert_eq!(
                    chunks.len(),
                    staged.chunk_count() as usize,
                    "switch before the last chunk"
                );
                it.intent = IntentLog::Known(Intent::Switching {
                    manifest: *manifest,
                });
            }
            Step::BeginInstall { version } => {
                it.intent = IntentLog::Known(Intent::Installing { version: *version });
            }
            Step::BeginUninstall => it.intent = IntentLog::Known(Intent::Uninstalling),
            Step::BeginRemove => it.intent = IntentLog::Known(Intent::Removing),
            Step::ParkSentinel => {
                it.sentinel = Entry::Absent;
                it.version = None;
                it.parked = Entry::File;
            }
            Step::RemoveListed => {
                root.files = None;
                root.hashed = false;
                it.parked = Entry::Absent;
            }
            Step::PromoteStaged { manifest } => it.staged = Staged::Promoted(*manifest),
            Step::PublishSentinel { manifest } => {
                let (staged, _) = root.staged.take().expect("something is staged");
                it.sentinel = Entry::File;
                it.version = Some(staged.version());
                it.recorded = Some(*manifest);
                root.files = Some(staged);
                root.hashed = true;
                root.damaged = false;
            }
            Step::Unpack { version } => {
                it.installing = Entry::MarkedDir;
                it.intent = IntentLog::Known(Intent::Unpacked { version: *version });
            }
            Step::CarryOver { version } => {
                it.intent = IntentLog::Known(Intent::Swapping { version: *version });
            }
            Step::BackupLocal => {
                it.local = Entry::Absent;
                it.installed = None;
                it.backup = Entry::MarkedDir;
            }
            Step::PromoteInstalling => {
                it.installing = Entry::Absent;
                it.local = Entry::MarkedDir;
                it.installed = it.version;
            }
            Step::RestoreBackup => {
                it.backup = Entry::Absent;
                it.local = Entry::MarkedDir;
            }
            Step::DropInstalling => it.installing = Entry::Absent,
            Step::DropBackup => it.backup = Entry::Absent,
            Step::DropStaging => {
                it.staging = Entry::Absent;
                it.staged = Staged::Nothing;
                root.staged = None;
            }
            Step::DropParked => it.parked = Entry::Absent,
            Step::SweepTemporaries => it.temporaries = Entry::Absent,
            Step::ClearIntent => it.intent = IntentLog::Absent,
            Step::RemoveRoot => it.root = Entry::Absent,
        }
        let left =
            it.sentinel == Entry::Absent && it.staging == Entry::Absent && !it.local.is_dir();
        if left && root.files.is_none() && it.root == Entry::PlainDir {
            it.root = Entry::EmptyDir;
        }
        if it.root == Entry::Absent {
            self.roots.remove(id);
        }
        Ok(())
    }
}
