//! The steps that delete the files of a game.
//!
//! Invariant: only files that are listed in the intent and that are the game's by name go, and only
//! directories that are empty.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use lanspread_core::{
    DiskFailure, DiskFailureKind,
    root::{Intent, StepReport},
    scan::{Role, role},
};
use lanspread_db::{DISCARDED_SENTINEL, DOWNLOAD_DIR, RelPath, SENTINEL};

use super::{
    super::{
        failure::{Doing, failure},
        files::{self, Walk},
        intent_log::IntentRecord,
        library::Root,
        obstacles::listed,
        old::Old,
        port::{Folder, Kind},
    },
    intent,
    switch::nothing_there,
    write_intent,
};

pub(super) fn begin(root: &Root<'_>) -> Result<StepReport, DiskFailure> {
    let old = Old::of(root.library, root.id)?;
    let own: BTreeSet<&RelPath> = old.paths().into_iter().collect();
    let mut record = IntentRecord::new(Intent::Removing);
    let mut foreign = Vec::new();
    files::walk(&*root.folder, Path::new(""), &mut |path, stat| {
        let text = path
            .to_str()
            .map(|text| text.replace(std::path::MAIN_SEPARATOR, "/"));
        let parsed = text.and_then(|text| RelPath::parse(&text).ok());
        let walk = match (parsed, stat.kind) {
            (Some(path), Kind::Folder) if role(&path) == Role::GameFile => {
                record.folders.push(path);
                return Ok(Walk::Enter);
            }
            // The download goes with the game, if it is ours; the machine has looked.
            (Some(path), Kind::Folder) if path.as_str() == DOWNLOAD_DIR => return Ok(Walk::Skip),
            (Some(path), Kind::File) if path.as_str() == SENTINEL => return Ok(Walk::Skip),
            (Some(path), Kind::File) if own.contains(&path) => {
                record.files.push(path);
                return Ok(Walk::Skip);
            }
            (_, Kind::File | Kind::Folder | Kind::Symlink | Kind::Other) => Walk::Skip,
        };
        foreign.push(path.display().to_string());
        Ok::<_, io::Error>(walk)
    })
    .doing("look into", root.id.as_str())?;
    if !foreign.is_empty() {
        return Err(failure(
            DiskFailureKind::Foreign,
            format!(
                "{} is not removed because there is something in it that is not the game's: {}; \
                 move it away or delete it",
                root.id,
                listed(&foreign)
            ),
        ));
    }
    write_intent(root, &record)?;
    Ok(StepReport::default())
}

pub(super) fn remove_listed_and_parked(root: &Root<'_>) -> Result<StepReport, DiskFailure> {
    let record = intent(root)?;
    remove_files(root, &record.files, &record.folders)?;
    files::remove_if_there(&*root.folder, Path::new(DISCARDED_SENTINEL))
        .doing("remove", DISCARDED_SENTINEL)?;
    root.folder
        .sync_folder(Path::new(""))
        .doing("sync", root.id.as_str())?;
    Ok(StepReport::default())
}

/// Removes files, and the directories that this leaves empty.
pub(super) fn remove_files(
    root: &Root<'_>,
    paths: &[RelPath],
    folders: &[RelPath],
) -> Result<(), DiskFailure> {
    let mut emptied: BTreeSet<PathBuf> = folders
        .iter()
        .map(|folder| PathBuf::from(folder.as_str()))
        .collect();
    for path in paths.iter().filter(|path| role(path) == Role::GameFile) {
        let path = Path::new(path.as_str());
        match root.folder.stat(path) {
            Ok(stat) if stat.kind == Kind::File => {
                root.folder.remove_file(path).doing("remove", path)?;
            }
            // Something else took the name since the list was made.
            Ok(_) => continue,
            Err(error) if nothing_there(&error) => {}
            Err(error) => return Err(error).doing("look at", path),
        }
        let above = path
            .ancestors()
            .skip(1)
            .filter(|above| !above.as_os_str().is_empty());
        emptied.extend(above.map(Path::to_owned));
    }
    // Deeper directories sort after those that hold them.
    for folder in emptied.iter().rev() {
        match root.folder.remove_folder(folder) {
            Ok(()) => {}
            Err(error) if nothing_there(&error) => {}
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                root.folder.sync_folder(folder).doing("sync", folder)?;
            }
            Err(error) => return Err(error).doing("remove", folder),
        }
    }
    root.folder
        .sync_folder(Path::new(""))
        .doing("sync", root.id.as_str())
}

/// Removes a directory that holds nothing but empty directories.
pub(super) fn remove_empty_folders(folder: &dyn Folder, path: &Path) -> io::Result<()> {
    let mut below = vec![path.to_owned()];
    files::walk(&*folder.open_folder(path)?, path, &mut |path, stat| {
        if stat.kind == Kind::Folder {
            below.push(path.to_owned());
        }
        Ok::<_, io::Error>(Walk::Enter)
    })?;
    for path in below.iter().rev() {
        folder.remove_folder(path)?;
    }
    Ok(())
}

/// Removes the root if it is empty; whatever else is in it keeps it there.
pub(super) fn remove_root(root: Root<'_>) -> Result<StepReport, DiskFailure> {
    let Root {
        library,
        id,
        folder,
    } = root;
    // Windows removes no directory that is open.
    drop(folder);
    let name = Path::new(id.as_str());
    match library.games.remove_folder(name) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty || nothing_there(&error) => {
        }
        result => result.doing("remove", name)?,
    }
    library
        .games
        .sync_folder(Path::new(""))
        .doing("sync the game directory", &library.path)?;
    Ok(StepReport::default())
}
