//! The steps of a download: the staging place, giving up the old version, the switch.
//!
//! Invariant: the sentinel appears only by a rename, after every file of the manifest stands under
//! its final name, verified and synced.

use std::{path::Path, sync::Arc};

use lanspread_core::{
    DiskFailure, DiskFailureKind, OperationNote, StepProgress, StepWork,
    root::{DownloadIntent, Intent, StepReport},
    scan::{Stale, stale_files},
};
use lanspread_db::{
    ContentHash, DISCARDED_SENTINEL, DOWNLOAD_DIR, GameId, INTENT_FILE, Manifest, ManifestHash,
    OWNER_MARKER, RelPath, SENTINEL, SENTINEL_TMP, VERSION_INI_BYTES_MAX,
};

use super::{
    super::{
        download::{Download, Place},
        failure::{Doing, failure},
        files::{self, Walk},
        hash::hash_file,
        index::{IndexedFile, RootIndex},
        intent_log::IntentRecord,
        library::{Library, Root},
        marker::Marker,
        observe::{STAGED_FILES, STAGED_MANIFEST, staged_manifest},
        obstacles::{NAMES_SHOWN_MAX, is_in_the_way, obstacles, refuse},
        old::Old,
        parents::Parents,
        port::{Folder, Kind, Stamp, Stat},
        prepare::list_given_up,
    },
    Watch, intent, remove, write_intent,
};

pub(super) fn create_staging(
    library: &Library,
    id: &GameId,
    hash: ManifestHash,
) -> Result<StepReport, DiskFailure> {
    let manifest = library.store.manifest(hash)?.ok_or_else(|| {
        failure(
            DiskFailureKind::NotFound,
            format!("the manifest of {id} is not known: try again"),
        )
    })?;
    let name = Path::new(id.as_str());
    let made_root = files::stat(&*library.games, name)
        .doing("look at", name)?
        .is_none();
    files::make_folders(&*library.games, name).doing("make the directory", name)?;
    let root = library.root(id)?;
    let folder = &*root.folder;
    let staging = Path::new(DOWNLOAD_DIR);
    let marked = files::stat(folder, &staging.join(OWNER_MARKER)).doing("look at", staging)?;
    if marked.is_none() {
        Marker {
            version: None,
            made_root,
        }
        .make(folder, staging)
        .doing("make", staging)?;
    }
    files::make_folders(folder, &staging.join(STAGED_FILES)).doing("make", STAGED_FILES)?;
    let opened = folder.open_folder(staging).doing("open", staging)?;
    files::replace(&*opened, Path::new(STAGED_MANIFEST), &manifest.encode())
        .doing("write", STAGED_MANIFEST)?;
    Ok(StepReport::default())
}

pub(super) fn drop_staging(root: Root<'_>) -> Result<StepReport, DiskFailure> {
    let staging = Path::new(DOWNLOAD_DIR);
    root.library.drop_download(root.id);
    let marker = Marker::read(&*root.folder, staging).doing("read the marker in", staging)?;
    // Without its manifest the rest is known to be worthless, should a crash leave it.
    let manifest = staging.join(STAGED_MANIFEST);
    if files::stat(&*root.folder, staging)
        .doing("look at", staging)?
        .is_some()
    {
        files::remove_if_there(&*root.folder, &manifest).doing("remove", &manifest)?;
        root.folder.sync_folder(staging).doing("sync", staging)?;
    }
    files::remove_tree(&*root.folder, staging).doing("delete", staging)?;
    if marker.made_root
        && root
            .folder
            .list()
            .doing("read", root.id.as_str())?
            .is_empty()
    {
        remove::remove_root(root)?;
    }
    Ok(StepReport::default())
}

/// The download that a step is about, as it was prepared.
fn prepared(root: &Root<'_>, hash: ManifestHash) -> Result<Arc<Download>, DiskFailure> {
    let download = root.library.download(root.id)?;
    if download.hash() == hash {
        return Ok(download);
    }
    Err(failure(
        DiskFailureKind::NotFound,
        format!(
            "another download of {} is prepared: start this one again",
            root.id
        ),
    ))
}

pub(super) fn begin_giving_up(
    root: &Root<'_>,
    hash: ManifestHash,
) -> Result<StepReport, DiskFailure> {
    let download = prepared(root, hash)?;
    let old = Old::of(root.library, root.id)?;
    let mut record = IntentRecord::new(Intent::GivingUp { manifest: hash });
    record.files = list_given_up(&old, download.manifest(), &download.places);
    write_intent(root, &record)?;
    Ok(StepReport::default())
}

pub(super) fn begin(root: &Root<'_>, hash: ManifestHash) -> Result<StepReport, DiskFailure> {
    let download = prepared(root, hash)?;
    let manifest = &**download.manifest();
    if !download.is_complete() {
        return Err(failure(
            DiskFailureKind::NotFound,
            format!(
                "the download of {} is not complete: start it again",
                root.id
            ),
        ));
    }
    let staging = root
        .folder
        .open_folder(Path::new(DOWNLOAD_DIR))
        .doing("open", DOWNLOAD_DIR)?;
    files::make_folders(&*staging, Path::new(STAGED_FILES)).doing("make", STAGED_FILES)?;
    let gathered = staging
        .open_folder(Path::new(STAGED_FILES))
        .doing("open", STAGED_FILES)?;
    check_places(root, &download)?;
    let found = sweep_unwanted(&*gathered, &download)?;
    complete_staged(&*gathered, &download, &found)?;
    let old = Old::of(root.library, root.id)?;
    let is_staged = |file: u32| download.places[file as usize] == Place::Staged;
    refuse(
        root.id.as_str(),
        &obstacles(root, manifest, &old, is_staged)?,
    )?;
    let Stale { removed, left } = match download.intent {
        DownloadIntent::Repair => Stale::default(),
        DownloadIntent::New | DownloadIntent::Update | DownloadIntent::UpdateGivingUpOld => {
            stale_files(old.files(), manifest)
        }
    };
    let version_ini = version_ini(root, &*gathered, &download)?;
    // Everything is synced before the intent says that there is only forward.
    files::sync_tree(&*staging).doing("sync", DOWNLOAD_DIR)?;
    let mut record =
        IntentRecord::new(Intent::Switching { manifest: hash }).with_version_ini(&version_ini);
    record.files = removed;
    write_intent(root, &record)?;
    let mut report = StepReport::default();
    if !left.is_empty() {
        let names = left.iter().take(NAMES_SHOWN_MAX);
        report.notes.push(OperationNote::FilesStay {
            names: names.map(|path| path.as_str().to_owned()).collect(),
            more: left.len().saturating_sub(NAMES_SHOWN_MAX),
        });
    }
    Ok(report)
}

/// What stood in the root when the download was prepared must still be as it was.
fn check_places(root: &Root<'_>, download: &Download) -> Result<(), DiskFailure> {
    for (file, place) in download.manifest().files().iter().zip(&download.places) {
        let path = file.path.as_str();
        let Place::InRoot(stamp) = place else {
            continue;
        };
        let stat = files::stat(&*root.folder, Path::new(path)).doing("look at", path)?;
        if stat.is_none_or(|stat| stat.kind != Kind::File || stat.stamp != *stamp) {
            return Err(failure(
                DiskFailureKind::NotFound,
                format!("`{path}` changed during the download: start the download again"),
            ));
        }
    }
    Ok(())
}

/// Removes from the staged files what is not to be promoted; returns what stands there of each file of
/// the manifest that is.
fn sweep_unwanted(
    gathered: &dyn Folder,
    download: &Download,
) -> Result<Vec<Option<Stat>>, DiskFailure> {
    let manifest = download.manifest();
    let mut unwanted = Vec::new();
    let mut found = vec![None; manifest.files().len()];
    files::walk(gathered, Path::new(""), &mut |path, stat| {
        if stat.kind == Kind::Folder {
            return Ok(Walk::Enter);
        }
        let file = rel_path(path)
            .and_then(|path| manifest.file_index(&path))
            .map(|file| file as usize)
            .filter(|file| download.places[*file] == Place::Staged);
        match file {
            Some(file) => found[file] = Some(*stat),
            None => unwanted.push(path.to_owned()),
        }
        Ok::<_, std::io::Error>(Walk::Skip)
    })
    .doing("look into", STAGED_FILES)?;
    for path in unwanted {
        files::remove_if_there(gathered, &path).doing("remove", &path)?;
    }
    Ok(found)
}

/// Makes the files that have no chunks, and checks the sizes of all others, of which `found` says what
/// stands there.
fn complete_staged(
    gathered: &dyn Folder,
    download: &Download,
    found: &[Option<Stat>],
) -> Result<(), DiskFailure> {
    let files = download.manifest().files().iter();
    for ((file, place), stat) in files.zip(&download.places).zip(found) {
        let path = Path::new(file.path.as_str());
        if *place != Place::Staged {
            continue;
        }
        if file.size_bytes == 0 {
            if let Some(parent) = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty())
            {
                files::make_folders(gathered, parent).doing("make", parent)?;
            }
            files::write_new(gathered, path, &[]).doing("write", path)?;
            continue;
        }
        let complete = stat.is_some_and(|stat| {
            stat.kind == Kind::File && stat.stamp.size_bytes == file.size_bytes
        });
        if !complete {
            return Err(failure(
                DiskFailureKind::NotFound,
                format!(
                    "`{}` is not in `{DOWNLOAD_DIR}` as it was stored: start the download again",
                    path.display()
                ),
            ));
        }
    }
    Ok(())
}

/// The bytes of the new `version.ini`, verified once more: they travel in the intent.
fn version_ini(
    root: &Root<'_>,
    gathered: &dyn Folder,
    download: &Download,
) -> Result<Vec<u8>, DiskFailure> {
    let manifest = download.manifest();
    let listed = RelPath::parse(SENTINEL)
        .ok()
        .and_then(|path| manifest.file_index(&path));
    // Every manifest holds the sentinel; `get` says the same to the compiler.
    let at = listed.unwrap_or_default() as usize;
    let folder = match download.places.get(at) {
        Some(Place::InRoot(_)) => &*root.folder,
        Some(Place::Staged) | None => gathered,
    };
    let bytes = files::read(folder, Path::new(SENTINEL), VERSION_INI_BYTES_MAX as u64)
        .doing("read", SENTINEL)?;
    let expected = manifest.files().get(at).map(|file| file.chunks.as_slice());
    let is: Vec<ContentHash> = bytes
        .chunks(manifest.chunk_bytes() as usize)
        .map(ContentHash::of)
        .collect();
    if expected == Some(is.as_slice()) {
        return Ok(bytes);
    }
    Err(failure(
        DiskFailureKind::NotFound,
        format!("`{SENTINEL}` changed during the download: start the download again"),
    ))
}

pub(super) fn staged(root: &Root<'_>) -> Result<(ManifestHash, Arc<Manifest>), DiskFailure> {
    let staging = root
        .folder
        .open_folder(Path::new(DOWNLOAD_DIR))
        .doing("open", DOWNLOAD_DIR)?;
    staged_manifest(&root.library.store.known, &*staging)
        .doing("read", STAGED_MANIFEST)?
        .ok_or_else(|| {
            failure(
                DiskFailureKind::NotFound,
                format!(
                    "`{DOWNLOAD_DIR}` of {} went away in the middle of the switch",
                    root.id
                ),
            )
        })
}

pub(super) fn publish(
    root: &Root<'_>,
    hash: ManifestHash,
    watch: Watch<'_>,
) -> Result<StepReport, DiskFailure> {
    let (_, manifest) = staged(root)?;
    let folder = &*root.folder;
    let record = intent(root)?;
    let stamps = match stamps_of(root, &manifest)? {
        // A switch that another run began was cut off, and a disk that loses names can have kept the
        // old file of the same size in the place of the new one.
        Ok(stamps) if prepared(root, hash).is_err() => {
            match first_different(root, &manifest, watch)? {
                Some(different) => Err(different),
                None => Ok(stamps),
            }
        }
        looked => looked,
    };
    let whole = stamps.as_ref().ok().zip(record.version_ini());
    let Some((stamps, version_ini)) = whole else {
        // There is no way forward, and nothing to go back to: what stands can be fetched again.
        files::remove_if_there(folder, Path::new(DISCARDED_SENTINEL))
            .doing("remove", DISCARDED_SENTINEL)?;
        files::remove_if_there(folder, Path::new(INTENT_FILE)).doing("remove", INTENT_FILE)?;
        folder
            .sync_folder(Path::new(""))
            .doing("sync", root.id.as_str())?;
        let missing = stamps.err();
        let what = missing.map_or(SENTINEL.to_owned(), ToString::to_string);
        return Err(failure(
            DiskFailureKind::NotFound,
            format!(
                "`{what}` of {} was lost in the middle of the switch: download the game again, what \
                 is here is used",
                root.id
            ),
        ));
    };
    let store = &root.library.store;
    store.save_manifest(hash, &manifest)?;
    store.save_owned(root.id, hash)?;
    files::replace_by_way_of(
        folder,
        Path::new(SENTINEL_TMP),
        Path::new(SENTINEL),
        &version_ini,
    )
    .doing("write", SENTINEL)?;
    // Not a part of the switch: without it the files would only be hashed once more.
    if let Err(error) = remember(root, hash, &manifest, stamps) {
        tracing::warn!(game = %root.id, %error, "the hashes of a download were not remembered");
    }
    Ok(StepReport::default())
}

/// The first file of the manifest, the sentinel aside, that does not stand with its content.
fn first_different<'m>(
    root: &Root<'_>,
    manifest: &'m Manifest,
    watch: Watch<'_>,
) -> Result<Option<&'m RelPath>, DiskFailure> {
    let files = manifest.files().iter();
    let count = u32::try_from(manifest.files().len()).unwrap_or(u32::MAX);
    for (index, file) in (1..).zip(files) {
        let path = file.path.as_str();
        if path == SENTINEL {
            continue;
        }
        (watch.progress)(StepProgress {
            work: StepWork::Checking,
            index,
            count,
            done_bytes: 0,
            total_bytes: None,
        });
        let stamp = root
            .folder
            .stat(Path::new(path))
            .doing("look at", path)?
            .stamp;
        let chunks = hash_file(
            root,
            path,
            stamp,
            manifest.chunk_bytes(),
            watch.abort,
            &mut |_| {},
        )?;
        if chunks != file.chunks {
            return Ok(Some(&file.path));
        }
    }
    Ok(None)
}

/// What each file of the manifest looks like, but for the sentinel, which is not there yet; or else the
/// first of them that does not stand with its size.
fn stamps_of<'m>(
    root: &Root<'_>,
    manifest: &'m Manifest,
) -> Result<Result<Vec<Option<Stamp>>, &'m RelPath>, DiskFailure> {
    let mut stamps = Vec::with_capacity(manifest.files().len());
    let mut parents = Parents::of(&*root.folder);
    for file in manifest.files() {
        if file.path.as_str() == SENTINEL {
            stamps.push(None);
            continue;
        }
        // A disk that does not answer says nothing about the file.
        let stands = parents.look(&file.path);
        let stat = stands.doing("look at", file.path.as_str())?.stat();
        let whole =
            stat.filter(|stat| stat.kind == Kind::File && stat.stamp.size_bytes == file.size_bytes);
        match whole {
            Some(stat) => stamps.push(Some(stat.stamp)),
            None => return Ok(Err(&file.path)),
        }
    }
    Ok(Ok(stamps))
}

/// Remembers the hashes of files that were verified on the way. They looked like this before the sentinel
/// was there; one that was changed since will look otherwise, and be hashed again.
fn remember(
    root: &Root<'_>,
    hash: ManifestHash,
    manifest: &Manifest,
    stamps: &[Option<Stamp>],
) -> Result<(), DiskFailure> {
    let mut files = Vec::with_capacity(manifest.files().len());
    for (file, stamp) in manifest.files().iter().zip(stamps) {
        let stamp = match stamp {
            Some(stamp) => *stamp,
            None => {
                root.folder
                    .stat(Path::new(SENTINEL))
                    .doing("look at", SENTINEL)?
                    .stamp
            }
        };
        files.push(IndexedFile {
            path: file.path.clone(),
            stamp,
            chunks: Some(file.chunks.clone()),
        });
    }
    let index = RootIndex {
        chunk_bytes: manifest.chunk_bytes(),
        manifest: Some(hash),
        files,
    };
    root.library.store.save_index(root.id, &index)
}

/// A path of the file system as the manifest spells it.
pub(super) fn rel_path(path: &Path) -> Option<RelPath> {
    RelPath::parse(&path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/")).ok()
}

/// Silences the question whether a path through a file is an error: it means that nothing is there.
pub(super) fn nothing_there(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound || is_in_the_way(error)
}
