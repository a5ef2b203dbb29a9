//! Looks at the parts of a game root that operations may change.
//!
//! Invariant: it changes nothing, and it follows no link. What the observation means is the machine's
//! business.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::Arc,
};

use lanspread_core::{
    DiskFailure, Gathered,
    root::{Entry, IntentLog, RootObservation, Staged},
};
use lanspread_db::{
    BACKUP_DIR, DISCARDED_SENTINEL, DOWNLOAD_DIR, GameId, INSTALL_DIR, INSTALLING_DIR, INTENT_FILE,
    MANIFEST_BYTES_MAX, Manifest, ManifestHash, OWNER_MARKER, SENTINEL, SENTINEL_TMP, Script,
    VERSION_INI_BYTES_MAX, Version,
};

use super::{
    download::{ChunkBits, JOURNAL},
    failure::Doing,
    files::{self, TMP_SUFFIX},
    intent_log,
    known::KnownManifests,
    library::Library,
    marker::Marker,
    port::{Folder, Kind},
};

/// The manifest in the staging place.
pub(crate) const STAGED_MANIFEST: &str = "manifest";
/// In the staging place: there if the game is to be installed when its download is complete.
pub(crate) const STAGED_INSTALL: &str = "install";
/// The directory in the staging place where files gather.
pub const STAGED_FILES: &str = "files";

/// An observation and what only people want to know.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) root: RootObservation,
    /// Why the sentinel holds no version, if it is a file that does not.
    pub(crate) sentinel_problem: Option<String>,
    /// The scripts directly in it. A link is none, since it could lead anywhere.
    pub(crate) scripts: BTreeSet<Script>,
}

/// Looks at the root of a game.
pub(crate) fn observe(library: &Library, id: &GameId) -> Result<Observed, DiskFailure> {
    let name = Path::new(id.as_str());
    let mut root = RootObservation {
        recorded: library.store.owned(id)?,
        ..RootObservation::absent()
    };
    match files::stat(&*library.games, name)
        .doing("look at", name)?
        .map(|stat| stat.kind)
    {
        None => {
            return Ok(Observed {
                root,
                sentinel_problem: None,
                scripts: BTreeSet::new(),
            });
        }
        Some(Kind::File) => root.root = Entry::File,
        Some(Kind::Symlink | Kind::Other) => root.root = Entry::Other,
        Some(Kind::Folder) => {
            let folder = library.games.open_folder(name).doing("open", name)?;
            return observe_folder(&library.store.known, &*folder, root).doing("look into", name);
        }
    }
    Ok(Observed {
        root,
        sentinel_problem: None,
        scripts: BTreeSet::new(),
    })
}

fn observe_folder(
    known: &KnownManifests,
    folder: &dyn Folder,
    mut root: RootObservation,
) -> io::Result<Observed> {
    let listed: BTreeMap<String, Kind> = folder
        .list()?
        .into_iter()
        .filter_map(|entry| Some((entry.name.into_string().ok()?, entry.stat.kind)))
        .collect();
    let entry = |name: &str| entry(folder, name, listed.get(name).copied());
    root.root = if listed.is_empty() {
        Entry::EmptyDir
    } else {
        Entry::PlainDir
    };
    root.intent = match intent_log::read(folder)? {
        Ok(None) => IntentLog::Absent,
        Ok(Some(record)) => IntentLog::Known(record.intent),
        Err(unreadable) => unreadable,
    };
    root.sentinel = entry(SENTINEL)?;
    root.parked = entry(DISCARDED_SENTINEL)?;
    root.local = entry(INSTALL_DIR)?;
    root.installing = entry(INSTALLING_DIR)?;
    root.backup = entry(BACKUP_DIR)?;
    root.staging = entry(DOWNLOAD_DIR)?;
    let intent_tmp = format!("{INTENT_FILE}{TMP_SUFFIX}");
    let is_file = |name: &str| listed.get(name) == Some(&Kind::File);
    if is_file(SENTINEL_TMP) || is_file(&intent_tmp) {
        root.temporaries = Entry::File;
    }
    let mut sentinel_problem = None;
    if root.sentinel == Entry::File {
        match read_version(folder)? {
            Ok(version) => root.version = Some(version),
            Err(problem) => sentinel_problem = Some(problem),
        }
    }
    if root.local == Entry::MarkedDir {
        root.installed = Marker::read(folder, Path::new(INSTALL_DIR))?.version;
    }
    if root.staging == Entry::MarkedDir {
        root.staged = staged(known, &*folder.open_folder(Path::new(DOWNLOAD_DIR))?)?;
    }
    let files = listed.iter().filter(|(_, kind)| **kind == Kind::File);
    let scripts = files
        .filter_map(|(name, _)| Script::of_file(name))
        .collect();
    Ok(Observed {
        root,
        sentinel_problem,
        scripts,
    })
}

fn entry(folder: &dyn Folder, name: &str, kind: Option<Kind>) -> io::Result<Entry> {
    Ok(match kind {
        None => Entry::Absent,
        Some(Kind::File) => Entry::File,
        Some(Kind::Symlink | Kind::Other) => Entry::Other,
        Some(Kind::Folder) => {
            let below = folder.open_folder(Path::new(name))?;
            let marker = files::stat(&*below, Path::new(OWNER_MARKER))?;
            if marker.is_some_and(|stat| stat.kind == Kind::File) {
                Entry::MarkedDir
            } else if below.list()?.is_empty() {
                Entry::EmptyDir
            } else {
                Entry::PlainDir
            }
        }
    })
}

/// The version in `version.ini`, or why there is none.
fn read_version(folder: &dyn Folder) -> io::Result<Result<Version, String>> {
    match files::read(folder, Path::new(SENTINEL), VERSION_INI_BYTES_MAX as u64) {
        Ok(bytes) => Ok(Version::from_version_ini(&bytes).map_err(|error| error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Ok(Err(format!("{SENTINEL} cannot be read: {error}")))
        }
        Err(error) => Err(error),
    }
}

fn staged(known: &KnownManifests, staging: &dyn Folder) -> io::Result<Staged> {
    let Some(manifest) = staged_manifest(known, staging)? else {
        return Ok(Staged::Nothing);
    };
    let hash = manifest.0;
    let files = files::stat(staging, Path::new(STAGED_FILES))?;
    Ok(if files.is_some_and(|stat| stat.kind == Kind::Folder) {
        Staged::Gathering(hash)
    } else {
        Staged::Promoted(hash)
    })
}

/// How much of the download in the staging place of a game is there, if that can be read: only people want
/// to know it, so what cannot be read costs nothing else.
pub(crate) fn gathered(library: &Library, id: &GameId) -> Option<Gathered> {
    let path = Path::new(id.as_str()).join(DOWNLOAD_DIR);
    let read = || {
        let staging = library.games.open_folder(&path)?;
        let Some((_, manifest)) = staged_manifest(&library.store.known, &*staging)? else {
            return Ok(None);
        };
        let bytes_max = ChunkBits::bytes_for(&manifest) as u64;
        let journal = files::read_if_there(&*staging, Path::new(JOURNAL), bytes_max)?;
        Ok::<_, io::Error>(Some(Gathered {
            stored_bytes: noted_bytes(&manifest, &journal.unwrap_or_default()),
            total_bytes: manifest.total_bytes(),
        }))
    };
    read().unwrap_or_else(|error| {
        tracing::debug!(game = %id, %error, "what was gathered of a download is not known");
        None
    })
}

/// Bytes of the chunks that a journal names.
fn noted_bytes(manifest: &Manifest, journal: &[u8]) -> u64 {
    let is_noted = |index: &u32| {
        let byte = journal.get(*index as usize / 8);
        byte.is_some_and(|byte| byte & (1 << (index % 8)) != 0)
    };
    (0..manifest.chunk_count())
        .filter(is_noted)
        .filter_map(|index| manifest.chunk(manifest.chunk_at(index)?))
        .map(|chunk| u64::from(chunk.len_bytes))
        .sum()
}

/// The manifest in a staging place, if a valid one is there.
pub(crate) fn staged_manifest(
    known: &KnownManifests,
    staging: &dyn Folder,
) -> io::Result<Option<(ManifestHash, Arc<Manifest>)>> {
    let path = Path::new(STAGED_MANIFEST);
    let encoded = match files::read_if_there(staging, path, MANIFEST_BYTES_MAX as u64) {
        Ok(Some(encoded)) => encoded,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(known.read(&encoded).ok())
}
