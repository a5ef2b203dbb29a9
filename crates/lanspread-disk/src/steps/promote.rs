//! The step that moves staged files to their places.
//!
//! Invariant: it only moves what the manifest names and what was verified and synced before; it may be
//! cut off anywhere and goes on with what is still staged. A directory that the root does not have is
//! moved with everything in it.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use lanspread_core::{DiskFailure, DiskFailureKind, StepProgress, StepWork, root::StepReport};
use lanspread_db::{DOWNLOAD_DIR, Manifest, ManifestHash, SENTINEL};

use super::{
    super::{
        failure::{Doing, failure},
        files,
        library::Root,
        observe::STAGED_FILES,
        port::{Folder, Kind},
    },
    Watch, intent, remove,
    switch::{rel_path, staged},
};

pub(super) fn promote(
    root: &Root<'_>,
    hash: ManifestHash,
    watch: Watch<'_>,
) -> Result<StepReport, DiskFailure> {
    let (staged, manifest) = staged(root)?;
    if staged != hash {
        return Err(failure(
            DiskFailureKind::NotFound,
            format!("`{DOWNLOAD_DIR}` holds another download than the one that becomes the game"),
        ));
    }
    let record = intent(root)?;
    remove::remove_files(root, &record.files, &[])?;
    let base = Path::new(DOWNLOAD_DIR).join(STAGED_FILES);
    let gathered = root.folder.open_folder(&base).doing("open", &base)?;
    let tree = Tree::sift(&*gathered, Path::new(""), &manifest)?;
    // Windows moves and removes no directory that is open.
    drop(gathered);
    let mut mover = Mover {
        root,
        base: &base,
        watch,
        count: tree.file_count(),
        moved: 0,
        changed: BTreeSet::from([PathBuf::new()]),
        emptied: vec![base.clone()],
    };
    mover.move_all(&tree, Path::new(""))?;
    let Mover {
        changed, emptied, ..
    } = mover;
    // The new names are durable before the old ones go.
    for folder in &changed {
        root.folder.sync_folder(folder).doing("sync", folder)?;
    }
    for folder in emptied.iter().rev() {
        root.folder.remove_folder(folder).doing("remove", folder)?;
    }
    root.folder
        .sync_folder(Path::new(DOWNLOAD_DIR))
        .doing("sync", DOWNLOAD_DIR)?;
    Ok(StepReport {
        bytes: manifest.total_bytes(),
        notes: Vec::new(),
    })
}

/// The staged files of one directory that are to be moved, and the directories in it that hold such.
#[derive(Debug, Default)]
struct Tree {
    files: Vec<OsString>,
    folders: Vec<(OsString, Tree)>,
}

impl Tree {
    /// Looks what there is to move, and removes everything else: files that the manifest does not name,
    /// the sentinel, which is written last, and directories with nothing to move in them.
    fn sift(folder: &dyn Folder, path: &Path, manifest: &Manifest) -> Result<Self, DiskFailure> {
        let mut tree = Self::default();
        for (name, kind) in files::sorted_names(folder).doing("read", path)? {
            let path = path.join(&name);
            if kind == Kind::Folder {
                let opened = folder.open_folder(Path::new(&name)).doing("open", &path)?;
                let below = Self::sift(&*opened, &path, manifest)?;
                drop(opened);
                if below.is_empty() {
                    let removed = folder.remove_folder(Path::new(&name));
                    removed.doing("remove", &path)?;
                } else {
                    tree.folders.push((name, below));
                }
                continue;
            }
            let wanted = rel_path(&path).is_some_and(|path| manifest.file_index(&path).is_some());
            if wanted && path != Path::new(SENTINEL) {
                tree.files.push(name);
            } else {
                files::remove_if_there(folder, Path::new(&name)).doing("remove", &path)?;
            }
        }
        Ok(tree)
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }

    fn file_count(&self) -> u32 {
        let own = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let below = self.folders.iter().map(|(_, tree)| tree.file_count());
        below.fold(own, u32::saturating_add)
    }
}

struct Mover<'a> {
    root: &'a Root<'a>,
    /// Where the staged files lie, below the root.
    base: &'a Path,
    watch: Watch<'a>,
    /// Files to move, and how many are where they belong.
    count: u32,
    moved: u32,
    /// Directories of the root in which names were made.
    changed: BTreeSet<PathBuf>,
    /// Staged directories whose content was moved, each before those in it.
    emptied: Vec<PathBuf>,
}

impl Mover<'_> {
    /// Moves what is staged below `path` to that place, whose directory is there.
    fn move_all(&mut self, tree: &Tree, path: &Path) -> Result<(), DiskFailure> {
        for name in &tree.files {
            let to = path.join(name);
            self.tell(1);
            self.changed.insert(path.to_owned());
            self.move_file(&to)?;
        }
        for (name, below) in &tree.folders {
            let to = path.join(name);
            if self.moved_whole(&to)? {
                self.tell(below.file_count());
                self.changed.insert(path.to_owned());
                continue;
            }
            files::make_folders(&*self.root.folder, &to).doing("make", &to)?;
            self.emptied.push(self.base.join(&to));
            self.move_all(below, &to)?;
        }
        Ok(())
    }

    fn tell(&mut self, files: u32) {
        self.moved = self.moved.saturating_add(files);
        (self.watch.progress)(StepProgress {
            work: StepWork::Moving,
            index: self.moved,
            count: self.count,
            done_bytes: 0,
            total_bytes: None,
        });
    }

    /// Moves a staged directory as a whole, if nothing stands in its place and the system lets it.
    fn moved_whole(&self, to: &Path) -> Result<bool, DiskFailure> {
        let folder = &*self.root.folder;
        if files::stat(folder, to).doing("look at", to)?.is_some() {
            return Ok(false);
        }
        match folder.rename(&self.base.join(to), to) {
            Ok(()) => Ok(true),
            // Windows moves no directory in which somebody has a file open; the files one by one it does.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(error).doing("move into place", to),
        }
    }

    /// Moves a staged file to its place, whose directory is there.
    fn move_file(&self, to: &Path) -> Result<(), DiskFailure> {
        let folder = &*self.root.folder;
        let from = self.base.join(to);
        let stat = files::stat(folder, to).doing("look at", to)?;
        if stat.is_some_and(|stat| stat.kind == Kind::Folder) {
            // What was in it went before; a directory with anything else in it stays and stops us.
            remove::remove_empty_folders(folder, to).doing("remove", to)?;
        }
        folder.rename(&from, to).doing("move into place", to)?;
        if stat.is_some_and(|stat| stat.kind == Kind::File) {
            // A power cut can leave a moved file under both names, and renaming one to the other does
            // nothing then.
            files::remove_if_there(folder, &from).doing("remove", from)?;
        }
        Ok(())
    }
}
