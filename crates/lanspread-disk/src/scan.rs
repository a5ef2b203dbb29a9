//! Finds out what lies in the game directory, root by root, without reading content.
//!
//! Invariant: a scan never fails because of one root, and what it remembers is the index, which it
//! rewrites only for a root that changed. Whose a file is and what follows from the facts is asked of
//! [`lanspread_core::scan`].

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use lanspread_core::{
    AfterDownload, DiskFailure, DiskFailureKind, GameProblem, GameProblemKind, RootReport,
    root::{Entry, RootObservation},
    scan::{RootFacts, damaged, report},
};
use lanspread_db::{
    DOWNLOAD_DIR, GameId, MANIFEST_FILES_MAX, Manifest, ManifestError, ManifestFile, ManifestHash,
    RelPath, RootEntry, Version,
};

use super::{
    failure::{Doing, failure},
    files::{self, Walk},
    index::RootIndex,
    library::{Library, lock},
    observe::{Observed, STAGED_INSTALL, gathered, observe},
    parents::Parents,
    port::{Folder, Kind, Stamp},
};

/// Looks at every game root.
pub(crate) fn scan_local_library(library: &Library) -> Result<Vec<RootReport>, DiskFailure> {
    // A directory that was moved away or deleted can still be listed by who has it open, and nobody else
    // would find what is put there.
    library
        .fs
        .canonical(&library.path)
        .doing("find the game directory", &library.path)?;
    let mut ids = Vec::new();
    for entry in library
        .games
        .list()
        .doing("read the game directory", &library.path)?
    {
        let Some(id) = entry
            .name
            .to_str()
            .and_then(|name| GameId::parse(name).ok())
        else {
            tracing::debug!(name = ?entry.name, "not a game: the name is no game id");
            continue;
        };
        match entry.stat.kind {
            Kind::Folder => ids.push(id),
            Kind::Symlink => {
                tracing::warn!(game = %id, "not a game: symbolic links are not followed");
            }
            Kind::File | Kind::Other => {}
        }
    }
    ids.sort();
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(Vec::with_capacity(ids.len()));
    let look = || {
        while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(report) = scan_or_say_why_not(library, id) {
                lock(&reports).push(report);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..library.fs.looks_at_once().min(ids.len()) {
            scope.spawn(look);
        }
        // This thread looks too.
        look();
    });
    let mut reports = reports
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    reports.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(reports)
}

/// A root that cannot be read is reported as such; the others do not suffer.
fn scan_or_say_why_not(library: &Library, id: &GameId) -> Option<RootReport> {
    match scan_root(library, id) {
        Ok(report) => report,
        Err(error) => {
            tracing::warn!(game = %id, %error, "a game root cannot be read");
            Some(report(RootFacts {
                id: id.clone(),
                observed: RootObservation::absent(),
                sentinel_problem: None,
                scripts: BTreeSet::new(),
                size_bytes: 0,
                manifest: None,
                files_problem: Some(GameProblem::from(&error)),
                after_download: AfterDownload::Keep,
                gathered: None,
            }))
        }
    }
}

/// Looks at one game root; `None` if there is none.
pub(crate) fn scan_root(library: &Library, id: &GameId) -> Result<Option<RootReport>, DiskFailure> {
    let Observed {
        root: observed,
        sentinel_problem,
        scripts,
    } = observe(library, id)?;
    if !observed.root.is_dir() {
        return Ok(None);
    }
    let mut facts = RootFacts {
        id: id.clone(),
        observed,
        sentinel_problem,
        scripts,
        size_bytes: 0,
        manifest: None,
        files_problem: None,
        after_download: AfterDownload::Keep,
        gathered: None,
    };
    if facts.observed.staging == Entry::MarkedDir {
        let path = Path::new(id.as_str())
            .join(DOWNLOAD_DIR)
            .join(STAGED_INSTALL);
        if files::stat(&*library.games, &path)
            .doing("look at", &path)?
            .is_some()
        {
            facts.after_download = AfterDownload::Install;
        }
        facts.gathered = gathered(library, id);
    }
    if facts.observed.sentinel == Entry::File {
        let looked = look(library, id, facts.observed.version)?;
        facts.size_bytes = looked.index.total_bytes();
        match looked.state {
            FilesState::Hashed(manifest) => facts.manifest = Some(manifest),
            FilesState::NotHashed => {}
            FilesState::Unusable(problem) => facts.files_problem = Some(problem),
        }
    }
    Ok(Some(report(facts)))
}

/// What is known of the files of one downloaded root.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) index: RootIndex,
    pub(crate) state: FilesState,
    /// What this peer downloaded, if the root holds that version.
    pub(crate) recorded: Option<(ManifestHash, Arc<Manifest>)>,
}

/// Whether the files of a root can be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FilesState {
    /// All are hashed, and this is their manifest.
    Hashed(ManifestHash),
    /// Some have to be hashed first.
    NotHashed,
    /// Something is wrong with them.
    Unusable(GameProblem),
}

/// Compares the files of a root with its index and brings the index up to date.
pub(crate) fn look(
    library: &Library,
    id: &GameId,
    version: Option<Version>,
) -> Result<Looked, DiskFailure> {
    let root = library.root(id)?;
    let recorded = library
        .recorded_manifest(id)?
        .filter(|(_, m)| Some(m.version()) == version);
    let found = match &recorded {
        Some((_, manifest)) => find_recorded(&*root.folder, manifest)?,
        None => find_all(&*root.folder).doing("look into", id.as_str())?,
    };
    let chunk_bytes = match &recorded {
        Some((_, manifest)) => manifest.chunk_bytes(),
        None => Manifest::chunk_bytes_for(found.files.iter().map(|(_, s)| s.size_bytes).sum()),
    };
    let known = library.store.index(id);
    let mut is_news = !known.describes(&found.files, chunk_bytes);
    let mut index = known.refreshed(found.files, chunk_bytes);
    let mut problem = found.problem;
    if let (None, Some(version)) = (index.manifest, version) {
        match manifest_of(id, version, &index) {
            Some(Ok(manifest)) => {
                index.manifest = Some(manifest.hash());
                is_news = true;
            }
            Some(Err(error)) => {
                let message = format!("it cannot be shared: {error}");
                problem = problem.or(Some(GameProblem::new(GameProblemKind::Unfit, message)));
            }
            None => {}
        }
    }
    if is_news {
        library.store.save_index(id, &index)?;
    }
    let state = match (problem, index.manifest, &recorded) {
        (Some(problem), _, _) => FilesState::Unusable(problem),
        (None, None, _) => FilesState::NotHashed,
        (None, Some(hash), Some((expected, manifest))) if hash != *expected => {
            FilesState::Unusable(damaged(
                first_difference(&index, manifest),
                manifest.version(),
            ))
        }
        (None, Some(hash), _) => FilesState::Hashed(hash),
    };
    Ok(Looked {
        index,
        state,
        recorded,
    })
}

/// The manifest of what an index knows, if every file is hashed; an error if the files do not make
/// a valid one.
pub(crate) fn manifest_of(
    id: &GameId,
    version: Version,
    index: &RootIndex,
) -> Option<Result<Manifest, ManifestError>> {
    Some(Manifest::new(
        id.clone(),
        version,
        index.chunk_bytes,
        index.manifest_files()?,
    ))
}

/// The first file that is not what the manifest says.
pub(crate) fn first_difference<'a>(index: &RootIndex, manifest: &'a Manifest) -> &'a RelPath {
    let differs = |file: &&ManifestFile| {
        index
            .file(&file.path)
            .is_none_or(|known| known.chunks.as_ref() != Some(&file.chunks))
    };
    // A manifest holds at least the sentinel.
    &manifest
        .files()
        .iter()
        .find(differs)
        .unwrap_or(&manifest.files()[0])
        .path
}

/// Files that were found in a root.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The game's files, sorted by path.
    pub(crate) files: Vec<(RelPath, Stamp)>,
    /// Why they cannot be shared as they are.
    pub(crate) problem: Option<GameProblem>,
}

/// Finds every file that belongs to a game that somebody put there by hand.
pub(crate) fn find_all(root: &dyn Folder) -> io::Result<Found> {
    let mut found = Found::default();
    files::walk(root, Path::new(""), &mut |path, stat| {
        let text = path
            .to_str()
            .map(|text| text.replace(std::path::MAIN_SEPARATOR, "/"));
        let parsed = match text.as_deref().map(RelPath::parse) {
            Some(Ok(parsed)) => parsed,
            unusable @ (Some(Err(_)) | None) => {
                let reason = match unusable {
                    Some(Err(error)) => error.to_string(),
                    Some(Ok(_)) | None => "its name is no Unicode text".to_owned(),
                };
                let path = path.display().to_string();
                found.problem.get_or_insert_with(|| {
                    let message =
                        format!("`{path}` cannot be shared: {reason}; rename it or move it away");
                    GameProblem::of_file(GameProblemKind::BadName, path, message)
                });
                return Ok(Walk::Skip);
            }
        };
        if RootEntry::of(&parsed) != RootEntry::Content {
            return Ok(Walk::Skip);
        }
        if stat.kind == Kind::File {
            if found.files.len() == MANIFEST_FILES_MAX {
                found.problem.get_or_insert_with(|| {
                    let message =
                        format!("it has more than {MANIFEST_FILES_MAX} files and cannot be shared");
                    GameProblem::new(GameProblemKind::Unfit, message)
                });
                return Ok(Walk::Skip);
            }
            found.files.push((parsed, stat.stamp));
        }
        Ok::<_, io::Error>(Walk::Enter)
    })?;
    found.files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// Finds the files of a game that this peer downloaded; others in the root are not the game's.
fn find_recorded(root: &dyn Folder, manifest: &Manifest) -> Result<Found, DiskFailure> {
    let mut found = Found::default();
    let mut parents = Parents::of(root);
    for file in manifest.files() {
        let stands = parents.look(&file.path);
        let stat = stands.doing("look at", file.path.as_str())?.stat();
        let is_as_recorded = stat.is_some_and(|stat| {
            stat.kind == Kind::File && stat.stamp.size_bytes == file.size_bytes
        });
        if !is_as_recorded {
            found
                .problem
                .get_or_insert_with(|| damaged(&file.path, manifest.version()));
        }
        if let Some(stat) = stat.filter(|stat| stat.kind == Kind::File) {
            found.files.push((file.path.clone(), stat.stamp));
        }
    }
    Ok(found)
}

/// The failure of something that needs a downloaded game.
pub(crate) fn not_downloaded(id: &GameId) -> DiskFailure {
    failure(DiskFailureKind::NotFound, format!("{id} is not downloaded"))
}
